/*
 * capacity_table - see capacity_table.h.
 */
#include "capacity_table.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capacity.h"
#include "verdict.h"

const double capacity_claim = RATE_SEARCH_PRECISION - 1;

/* ---- pairs ---- */

/* The mean logarithm of what one search of a model found, over its copies or (copy >= 0) of one. */
static double search_log(const struct session *session, const struct capacity_group *group, const char *model,
                         int copy, unsigned number, unsigned *start)
{
    const struct scenario *scenario = &group->part->scenario;
    struct capacity_place place = {
        .scenario = scenario, .model = model, .connections = group->connections, .search = number};
    double sum = 0;
    unsigned found = 0;

    for (place.copy = 0; place.copy < CAPACITY_COPIES; place.copy++) {
        struct capacity_search search;

        if (copy >= 0 && place.copy != (unsigned)copy)
            continue;
        capacity_look(&search, &session->samples, &place);
        if (search.state != CAPACITY_FOUND)
            continue;
        sum += log(search.found_per_s);
        *start = search.start;
        found++;
    }
    return found > 0 ? sum / found : NAN;
}

static struct estimate compare_copies(const struct session *session, const struct capacity_group *group,
                                      const char *a, int copy_a, const char *b, int copy_b)
{
    struct pair pairs[SCENARIO_SEARCHES_MAX] = {0};
    size_t count = 0;
    unsigned start = 0;

    for (unsigned i = 0; i < group->part->scenario.searches && i < SCENARIO_SEARCHES_MAX; i++) {
        double below = search_log(session, group, b, copy_b, i, &start);
        double above = search_log(session, group, a, copy_a, i, &start);

        if (!isnan(above) && !isnan(below))
            pairs[count++] = (struct pair){.log_ratio = above - below, .start = start};
    }
    return statistics_paired(pairs, count, session->seed);
}

struct estimate capacity_compare(const struct session *session, const struct capacity_group *group,
                                 const char *a, const char *b)
{
    return compare_copies(session, group, a, -1, b, -1);
}

/* The interval of one model's capacity alone. */
static void fill_interval(struct row *row, const struct session *session, const struct capacity_searches *all)
{
    struct pair values[SCENARIO_SEARCHES_MAX * CAPACITY_COPIES] = {0};
    struct estimate estimate;
    size_t count = 0;

    for (unsigned i = 0; i < all->count; i++)
        if (all->items[i].state == CAPACITY_FOUND) {
            values[count++] =
                (struct pair){.log_ratio = log(all->items[i].found_per_s), .start = all->items[i].start};
        }
    estimate = statistics_paired(values, count, session->seed);
    row_set(row, CAPACITY_capacity_per_s, capacity_median(all));
    row_set(row, CAPACITY_capacity_low_per_s, estimate.low);
    row_set(row, CAPACITY_capacity_high_per_s, estimate.high);
}

/* ---- the latency, and the verdict ---- */

static double median_found(const struct capacity_searches *all, unsigned column)
{
    double values[SCENARIO_SEARCHES_MAX * CAPACITY_COPIES];
    size_t count = 0;

    for (unsigned i = 0; i < all->count; i++)
        if (all->items[i].state == CAPACITY_FOUND && all->items[i].best &&
            row_has(all->items[i].best, column))
            values[count++] = row_number(all->items[i].best, column);
    return statistics_median(values, count);
}

/* Where nothing kept the objective: how near it came. */
static void fill_lowest(struct row *row, const struct capacity_searches *all, unsigned column)
{
    for (unsigned i = 0; i < all->count; i++) {
        const struct row *lowest = all->items[i].lowest;

        if (!lowest || !row_has(lowest, column) ||
            row_number(row, CAPACITY_latency_us) <= row_number(lowest, column))
            continue;
        row_set(row, CAPACITY_latency_us, row_number(lowest, column));
        row_set(row, CAPACITY_latency_rate_per_s, row_number(lowest, SAMPLE_rate_offered_per_s));
    }
}

static void fill_latency(struct row *row, const struct capacity_searches *all)
{
    unsigned column = (unsigned)capacity_column(&all->items[0].objective);

    row_set(row, CAPACITY_latency_us, median_found(all, column));
    row_set(row, CAPACITY_latency_rate_per_s, median_found(all, SAMPLE_rate_offered_per_s));
    row_set(row, CAPACITY_server_cpu_share, median_found(all, SAMPLE_server_cpu_share));
    if (all->found == 0)
        fill_lowest(row, all, column);
}

static const struct capacity_search *first_in_state(const struct capacity_searches *all,
                                                    enum capacity_state state)
{
    for (unsigned i = 0; i < all->count; i++)
        if (all->items[i].state == state)
            return &all->items[i];
    return NULL;
}

/* In how many searches the client was the limit: its capacity, not the server's. */
static unsigned count_client_bound(const struct capacity_searches *all)
{
    unsigned count = 0;

    for (unsigned i = 0; i < all->count; i++)
        count += all->items[i].state == CAPACITY_FOUND && all->items[i].limit &&
                 verdict_client_late(all->items[i].limit);
    return count;
}

static void set_invalid(struct row *row, const char *reason)
{
    row_set_text(row, CAPACITY_verdict, "INVALID");
    row_set_text(row, CAPACITY_reason, reason);
}

static void decide_without(struct row *row, const struct capacity_searches *all)
{
    const struct capacity_search *partly = first_in_state(all, CAPACITY_PARTLY);

    if (partly) {
        set_invalid(row, "partly-served");
        row_format(row, CAPACITY_detail, "%.0f of %.0f clients were served in closed loop, the others wait",
                   row_number(partly->last, SAMPLE_connections_served),
                   row_number(partly->last, SAMPLE_connections));
    } else if (first_in_state(all, CAPACITY_MISSED)) {
        set_invalid(row, "objective-missed");
        row_format(row, CAPACITY_detail, "no rate kept %s", row_text(row, CAPACITY_objective));
    } else if (first_in_state(all, CAPACITY_UNKNOWN)) {
        set_invalid(row, verdict_name(VERDICT_NOISY));
        row_format(row, CAPACITY_detail,
                   "%u of %u searches did not come to an end in %d steps, which other programs disturbed",
                   all->count - all->found, all->count, PLAN_SEARCH_STEPS);
    } else {
        set_invalid(row, "not-measured");
    }
}

static void decide(struct row *row, const struct capacity_searches *all)
{
    const struct capacity_search *broken = first_in_state(all, CAPACITY_BROKEN);

    row_set_text(row, CAPACITY_verdict, "VALID");
    if (broken) {
        set_invalid(row, row_text(broken->last, SAMPLE_reason));
        row_set_text(row, CAPACITY_detail, row_text(broken->last, SAMPLE_detail));
    } else if (all->found * 2 <= all->count) {
        decide_without(row, all);
    } else if (count_client_bound(all) * 2 > all->found) {
        set_invalid(row, verdict_name(VERDICT_CLIENT_BOUND));
        row_format(row, CAPACITY_detail, "above it the client was busy in %u of %u searches",
                   count_client_bound(all), all->found);
    }
}

/* A model that cannot run here stays in the table, with the reason. */
static void explain_absence(struct row *row, const struct capacity_group *group)
{
    const struct model *model = registry_find(&group->part->registry, row_text(row, CAPACITY_model));

    if (!model || !model->unavailable[0])
        return;
    set_invalid(row, "unavailable");
    row_set_text(row, CAPACITY_detail, model->unavailable);
}

/* ---- a group ---- */

static void compare_with_control(struct row *row, const struct session *session,
                                 const struct capacity_group *group)
{
    static const char *const words[] = {NULL, "no difference", "lower", "higher"};
    const char *model = row_text(row, CAPACITY_model), *control = group->part->scenario.control;
    struct estimate ratio;

    if (strcmp(model, control) == 0)
        return;
    ratio = capacity_compare(session, group, model, control);
    row_set(row, CAPACITY_capacity_ratio, ratio.ratio);
    row_set(row, CAPACITY_capacity_ratio_low, ratio.low);
    row_set(row, CAPACITY_capacity_ratio_high, ratio.high);
    row_set_text(row, CAPACITY_capacity_words, words[statistics_verdict(&ratio, group->floor)]);
}

bool capacity_ranked(const struct row *row)
{
    return row_is(row, CAPACITY_verdict, "VALID") && row_has(row, CAPACITY_capacity_per_s);
}

static int by_capacity(const void *a, const void *b)
{
    const struct row *left = a, *right = b;
    int order = capacity_ranked(right) - capacity_ranked(left);
    double left_per_s = row_number(left, CAPACITY_capacity_per_s),
           right_per_s = row_number(right, CAPACITY_capacity_per_s);

    if (order != 0)
        return order;
    if (isnan(left_per_s) || isnan(right_per_s))
        return isnan(left_per_s) - isnan(right_per_s);
    return (left_per_s < right_per_s) - (left_per_s > right_per_s);
}

static int add_row(struct capacity_group *group, const struct session *session, const char *model)
{
    const struct scenario *scenario = &group->part->scenario;
    struct row *row = &group->rows[group->count];
    struct capacity_searches all;

    if (row_open(row, &capacity_columns) < 0)
        return -1;
    group->count++;
    if (capacity_look_at_all(&all, scenario, &session->samples, model, group->connections) < 0)
        return -1;
    row_set_text(row, CAPACITY_scenario, scenario->name);
    row_set(row, CAPACITY_connections, group->connections);
    row_set_text(row, CAPACITY_model, model);
    row_set_text(row, CAPACITY_objective, scenario->capacity);
    row_set(row, CAPACITY_searches, all.count);
    row_set(row, CAPACITY_searches_found, all.found);
    fill_interval(row, session, &all);
    if (all.count > 0)
        fill_latency(row, &all);
    decide(row, &all);
    explain_absence(row, group);
    compare_with_control(row, session, group);
    free(all.items);
    return 0;
}

static int make_group(struct capacity_group *group, const struct session *session,
                      const struct session_part *part, unsigned connections)
{
    const struct name_list *models = &part->scenario.models;
    const char *control = part->scenario.control;
    int status = 0;

    *group = (struct capacity_group){.part = part, .connections = connections};
    group->rows = calloc(models->count + 1, sizeof(*group->rows));
    if (!group->rows)
        return -1;
    group->same = compare_copies(session, group, control, 1, control, 0);
    group->floor = statistics_floor(&group->same);
    if (!isnan(group->floor))
        group->floor = fmax(group->floor, capacity_claim);
    for (unsigned i = 0; i < models->count && status == 0; i++)
        status = add_row(group, session, models->items[i]);
    qsort(group->rows, group->count, sizeof(*group->rows), by_capacity);
    return status;
}

int capacity_table_make(struct capacity_table *table, const struct session *session, struct failure *failure)
{
    int status = 0;

    *table = (struct capacity_table){0};
    table->groups = calloc((size_t)session->part_count * SCENARIO_LIST_MAX, sizeof(*table->groups));
    for (unsigned p = 0; table->groups && p < session->part_count; p++) {
        const struct session_part *part = &session->parts[p];

        for (unsigned i = 0; part->scenario.capacity[0] && i < part->scenario.connections.count; i++)
            if (status == 0)
                status = make_group(&table->groups[table->count++], session, part,
                                    part->scenario.connections.items[i]);
    }
    if (!table->groups || status < 0)
        return failure_set(failure, EXIT_HERE, "out of memory for the capacities; the samples are kept");
    return 0;
}

void capacity_table_free(struct capacity_table *table)
{
    for (unsigned g = 0; g < table->count; g++) {
        for (unsigned i = 0; i < table->groups[g].count; i++)
            row_close(&table->groups[g].rows[i]);
        free(table->groups[g].rows);
    }
    free(table->groups);
    *table = (struct capacity_table){0};
}
