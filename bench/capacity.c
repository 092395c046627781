/*
 * capacity - see capacity.h.
 */
#include "capacity.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "statistics.h"
#include "verdict.h"

int capacity_column(const struct objective *objective)
{
    static const struct {
        double percent;
        unsigned column;
    } percentiles[] = {
        {50, SAMPLE_latency_p50_us},
        {90, SAMPLE_latency_p90_us},
        {99, SAMPLE_latency_p99_us},
        {99.9, SAMPLE_latency_p999_us},
    };

    if (objective->kind == OBJECTIVE_MEAN)
        return SAMPLE_latency_mean_us;
    if (objective->kind == OBJECTIVE_MAX)
        return SAMPLE_latency_max_us;
    for (unsigned i = 0; i < sizeof(percentiles) / sizeof(percentiles[0]); i++)
        if (fabs(percentiles[i].percent - objective->percent) < 1e-9)
            return (int)percentiles[i].column;
    return -1;
}

/* ---- one step ---- */

enum step { STEP_KEPT, STEP_MISSED, STEP_UNKNOWN, STEP_FAULT };

static double latency_us(const struct capacity_search *search, const struct row *row)
{
    return row_number(row, (unsigned)capacity_column(&search->objective));
}

/* Other programs took the server so much of its CPUs at most: would it have answered everything with that? */
static bool explained_by_noise(const struct row *row)
{
    double foreign = row_number(row, SAMPLE_foreign_cpu_share), steal = row_number(row, SAMPLE_steal_share);
    double lost = fmax(0, foreign) + fmax(0, steal);

    return lost >= 1 || row_number(row, SAMPLE_requests_per_s) / (1 - lost) >=
                            verdict_achieved_min * row_number(row, SAMPLE_rate_offered_per_s);
}

static enum step judge(const struct capacity_search *search, const struct row *row)
{
    enum verdict_reason reason = verdict_from_name(row_text(row, SAMPLE_reason));
    bool low = latency_us(search, row) * 1e3 < (double)search->objective.limit_ns;
    bool answered = row_number(row, SAMPLE_requests_per_s) >=
                    verdict_achieved_min * row_number(row, SAMPLE_rate_offered_per_s);

    if (verdict_is_fault(reason))
        return STEP_FAULT;
    if (verdict_is_finding(reason))
        return STEP_MISSED;
    if (low && answered)
        return STEP_KEPT;
    return verdict_is_circumstance(reason) && explained_by_noise(row) ? STEP_UNKNOWN : STEP_MISSED;
}

/* The closed loop says where to begin, and whether everybody is served at all. */
static void begin(struct capacity_search *search, const struct row *row)
{
    double first = row_number(row, SAMPLE_requests_per_s) * RATE_SEARCH_FIRST_SHARE;

    if (verdict_is_fault(verdict_from_name(row_text(row, SAMPLE_reason))))
        search->state = CAPACITY_BROKEN;
    else if (row_number(row, SAMPLE_connections_served) < row_number(row, SAMPLE_connections))
        search->state = CAPACITY_PARTLY;
    else if (!(first >= 1))
        search->state = CAPACITY_MISSED;
    else
        rate_search_open(&search->rates, (uint64_t)first, (uint64_t)first / CAPACITY_LEAST_SHARE + 1,
                         (uint64_t)first * CAPACITY_MOST);
}

/* The rate that was asked for is the one the search comes to anew; the client counts whole requests in its
 * time. */
static void note(struct capacity_search *search, const struct row *row)
{
    double rate = (double)rate_search_next(&search->rates),
           offered = row_number(row, SAMPLE_rate_offered_per_s);
    enum step step = judge(search, row);

    if (step == STEP_FAULT) {
        search->state = CAPACITY_BROKEN;
        return;
    }
    if (step == STEP_UNKNOWN || isnan(offered))
        return;
    rate_search_note(&search->rates, (uint64_t)rate, step == STEP_KEPT);
    if (!search->lowest || latency_us(search, row) < latency_us(search, search->lowest))
        search->lowest = row;
    if (step == STEP_MISSED &&
        (!search->limit || offered <= row_number(search->limit, SAMPLE_rate_offered_per_s)))
        search->limit = row;
}

static bool belongs(const struct row *row, const struct capacity_place *place)
{
    return row_number(row, SAMPLE_search) == place->search && row_number(row, SAMPLE_copy) == place->copy &&
           row_number(row, SAMPLE_connections) == place->connections &&
           row_is(row, SAMPLE_model, place->model) && row_is(row, SAMPLE_scenario, place->scenario->name);
}

static const double rounded = 0.015; /* the client's rate may differ so much from what it was asked for */

/* What holds below the lowest rate that fails: one that held once and failed twice is not the answer. */
static void find_best(struct capacity_search *search, const struct samples *samples,
                      const struct capacity_place *place)
{
    search->found_per_s = (double)rate_search_holds(&search->rates);
    search->best = NULL;
    for (unsigned i = 0; i < samples->count && search->found_per_s > 0; i++)
        if (belongs(&samples->rows[i], place) && samples_counts(samples, i) &&
            fabs(row_number(&samples->rows[i], SAMPLE_rate_offered_per_s) / search->found_per_s - 1) <
                rounded &&
            judge(search, &samples->rows[i]) == STEP_KEPT)
            search->best = &samples->rows[i];
}

/* Its steps are spent: is the bracket narrow all the same? */
static enum capacity_state spent(const struct capacity_search *search)
{
    double fails = (double)rate_search_fails(&search->rates);

    return fails > 0 && fails <= search->found_per_s * CAPACITY_BRACKET ? CAPACITY_FOUND : CAPACITY_UNKNOWN;
}

/* After its steps: what comes next. */
static void conclude(struct capacity_search *search)
{
    if (search->state != CAPACITY_SEARCHING || search->steps == 0)
        return;
    search->rate_per_s = (double)rate_search_next(&search->rates);
    if (search->rate_per_s > 0 && search->steps >= PLAN_SEARCH_STEPS)
        search->state = spent(search);
    else if (search->rate_per_s == 0)
        search->state = search->found_per_s > 0 ? CAPACITY_FOUND : CAPACITY_MISSED;
}

void capacity_look(struct capacity_search *search, const struct samples *samples,
                   const struct capacity_place *place)
{
    *search = (struct capacity_search){.state = CAPACITY_SEARCHING};
    objective_parse(place->scenario->capacity, &search->objective);
    for (unsigned i = 0; i < samples->count && search->state == CAPACITY_SEARCHING; i++) {
        const struct row *row = &samples->rows[i];

        if (!belongs(row, place) || !samples_counts(samples, i))
            continue;
        search->last = row;
        search->start = (unsigned)row_number(row, SAMPLE_start);
        if (search->steps++ == 0)
            begin(search, row);
        else
            note(search, row);
    }
    if (search->rates.from > 0)
        find_best(search, samples, place);
    conclude(search);
}

static struct capacity_place place_of(const struct scenario *scenario, const struct slice *slice)
{
    return (struct capacity_place){
        .scenario = scenario,
        .model = scenario->models.items[slice->model],
        .copy = slice->copy,
        .connections = slice->connections,
        .search = slice->round,
    };
}

int capacity_look_at_all(struct capacity_searches *all, const struct scenario *scenario,
                         const struct samples *samples, const char *model, unsigned connections)
{
    unsigned copies = strcmp(model, scenario->control) == 0 ? CAPACITY_COPIES : 1;
    struct capacity_place place = {.scenario = scenario, .model = model, .connections = connections};

    *all = (struct capacity_searches){.items = calloc(scenario->searches * copies, sizeof(*all->items))};
    if (!all->items)
        return -1;
    for (place.search = 0; place.search < scenario->searches; place.search++)
        for (place.copy = 0; place.copy < copies; place.copy++) {
            struct capacity_search *search = &all->items[all->count];

            capacity_look(search, samples, &place);
            all->open += search->state == CAPACITY_SEARCHING;
            all->count += search->steps > 0;
            all->found += search->state == CAPACITY_FOUND;
        }
    return 0;
}

const char *capacity_reason(const struct capacity_search *search)
{
    switch (search->state) {
    case CAPACITY_BROKEN:
        return row_text(search->last, SAMPLE_reason);
    case CAPACITY_MISSED:
        return "objective-missed";
    case CAPACITY_PARTLY:
        return "partly-served";
    case CAPACITY_UNKNOWN:
        return verdict_name(VERDICT_NOISY);
    case CAPACITY_SEARCHING:
    case CAPACITY_FOUND:
        break;
    }
    return "not-measured";
}

double capacity_median(const struct capacity_searches *all)
{
    double values[SCENARIO_SEARCHES_MAX * CAPACITY_COPIES];
    size_t count = 0;

    for (unsigned i = 0; i < all->count; i++)
        if (all->items[i].state == CAPACITY_FOUND)
            values[count++] = all->items[i].found_per_s;
    return statistics_median(values, count);
}

/* The capacity that a load is a part of; NaN: there is none, or (*open) it is not known yet. */
static double capacity_at(const struct scenario *scenario, const struct samples *samples,
                          const struct slice *slice, bool *open)
{
    struct capacity_searches all;
    double capacity_per_s;

    *open = false;
    if (capacity_look_at_all(&all, scenario, samples, scenario->models.items[slice->model],
                             slice->connections) < 0)
        return NAN;
    *open = all.open > 0;
    capacity_per_s = capacity_median(&all);
    free(all.items);
    return capacity_per_s;
}

static enum capacity_need load_need(const struct scenario *scenario, const struct samples *samples,
                                    const struct slice *slice, double *rate_per_s)
{
    bool open;
    double capacity_per_s = capacity_at(scenario, samples, slice, &open);

    if (isnan(capacity_per_s))
        return open ? CAPACITY_NOT_YET : CAPACITY_NEEDLESS;
    *rate_per_s = fmax(1, round(slice->load * capacity_per_s));
    return CAPACITY_RUN;
}

enum capacity_need capacity_need(const struct scenario *scenario, const struct samples *samples,
                                 const struct slice *slice, double *rate_per_s)
{
    struct capacity_place place = place_of(scenario, slice);
    struct capacity_search search;

    *rate_per_s = scenario->rate;
    if (slice->load > 0)
        return load_need(scenario, samples, slice, rate_per_s);
    if (!slice->search)
        return CAPACITY_RUN;
    capacity_look(&search, samples, &place);
    *rate_per_s = search.rate_per_s;
    return search.state == CAPACITY_SEARCHING ? CAPACITY_RUN : CAPACITY_NEEDLESS;
}

void capacity_note(const struct scenario *scenario, const struct samples *samples, const struct slice *slice,
                   struct row *row)
{
    struct capacity_place place = place_of(scenario, slice);
    struct capacity_search search;
    bool open;

    if (slice->load > 0)
        row_set(row, SAMPLE_capacity_per_s, capacity_at(scenario, samples, slice, &open));
    if (!slice->search)
        return;
    capacity_look(&search, samples, &place);
    row_set(row, SAMPLE_capacity_per_s, search.state == CAPACITY_FOUND ? search.found_per_s : NAN);
}

void capacity_mark_needless(const struct scenario *scenario, const struct samples *samples,
                            const struct plan *plan, bool *done)
{
    double rate_per_s;

    for (unsigned i = 0; i < plan->count; i++)
        if (!done[i] && capacity_need(scenario, samples, &plan->slices[i], &rate_per_s) == CAPACITY_NEEDLESS)
            done[i] = true;
}
