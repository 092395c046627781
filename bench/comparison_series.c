/*
 * comparison_series - see comparison_series.h.
 */
#include "comparison_series.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "capacity.h"
#include "selection.h"
#include "verdict.h"

/* ---- rows ---- */

static int by_slice_and_attempt(const void *a, const void *b)
{
    const struct row *left = *(const struct row *const *)a, *right = *(const struct row *const *)b;
    int order = strcmp(row_text(left, SAMPLE_scenario), row_text(right, SAMPLE_scenario));
    static const unsigned columns[] = {SAMPLE_slice, SAMPLE_attempt};

    for (unsigned i = 0; order == 0 && i < 2; i++) {
        double x = row_number(left, columns[i]), y = row_number(right, columns[i]);

        order = (x > y) - (x < y);
    }
    return order;
}

static bool same_slice(const struct row *a, const struct row *b)
{
    return row_number(a, SAMPLE_slice) == row_number(b, SAMPLE_slice) &&
           row_is(a, SAMPLE_scenario, row_text(b, SAMPLE_scenario));
}

int comparison_rows_open(struct comparison_rows *rows, const struct recorded *run)
{
    const struct samples *samples = &run->samples;
    unsigned kept = 0;

    *rows = (struct comparison_rows){.run = run, .rows = calloc(samples->count + 1, sizeof(*rows->rows))};
    if (!rows->rows)
        return -1;
    for (unsigned i = 0; i < samples->count; i++)
        if (row_has(&samples->rows[i], SAMPLE_slice))
            rows->rows[rows->count++] = &samples->rows[i];
    qsort(rows->rows, rows->count, sizeof(*rows->rows), by_slice_and_attempt);
    for (unsigned i = 0; i < rows->count; i++) /* the last of equals stays */
        if (i + 1 == rows->count || !same_slice(rows->rows[i], rows->rows[i + 1]))
            rows->rows[kept++] = rows->rows[i];
    rows->count = kept;
    return 0;
}

void comparison_rows_close(struct comparison_rows *rows)
{
    free(rows->rows);
    *rows = (struct comparison_rows){0};
}

static bool belongs(const struct row *row, const struct comparison_place *place, const char *kind,
                    const char *model)
{
    return row_is(row, SAMPLE_model, model) && row_is(row, SAMPLE_kind, kind) &&
           row_number(row, SAMPLE_connections) == place->group->connections &&
           row_is(row, SAMPLE_client, place->group->client) &&
           row_is(row, SAMPLE_scenario, place->group->scenario) &&
           selection_has_load(row, place->group->load);
}

static enum verdict_reason reason_of(const struct row *row)
{
    return verdict_from_name(row_text(row, SAMPLE_reason));
}

/*
 * Whether a row's figure for the metric may be believed. What a search found does not hang on how its last
 * step went; and how late answers are where more is offered than answered grows with the slice.
 */
static bool usable(const struct row *row, const struct metric *metric)
{
    if (metric->column == SAMPLE_capacity_per_s)
        return row_number(row, metric->column) > 0;
    if (metric->needs == METRIC_LATENCY && reason_of(row) == VERDICT_OVERLOADED)
        return false;
    return (metric->needs == METRIC_RATE ? reason_of(row) == VERDICT_VALID : selection_usable(row)) &&
           row_number(row, metric->column) > 0;
}

/* ---- what became of a model ---- */

/* A server that ended badly is broken, whatever its slices say. */
static void look_at_end(const struct comparison_place *place, struct comparison_state *state)
{
    const struct samples *samples = &place->rows->run->samples;

    for (unsigned i = 0; i < samples->count; i++) {
        const struct row *row = &samples->rows[i];

        if (!row_is(row, SAMPLE_kind, "stop") || !row_is(row, SAMPLE_model, place->model) ||
            !row_is(row, SAMPLE_scenario, place->group->scenario) || row_is(row, SAMPLE_verdict, "VALID"))
            continue;
        state->fault = true;
        snprintf(state->reason, sizeof(state->reason), "%s", row_text(row, SAMPLE_reason));
    }
}

/* Of searches: how many there were, found something, and had the server for a limit. */
static void look_at_searches(const struct comparison_place *place, struct comparison_state *state)
{
    const struct recorded *run = place->rows->run;
    struct capacity_searches all;
    unsigned of_client = 0;

    if (capacity_look_at_all(&all, recorded_scenario(run, place->group->scenario), &run->samples,
                             place->model, place->group->connections) < 0)
        return;
    for (unsigned i = 0; i < all.count; i++) {
        const struct capacity_search *search = &all.items[i];

        state->fault |= search->state == CAPACITY_BROKEN;
        of_client += search->state == CAPACITY_FOUND && search->limit && verdict_client_late(search->limit);
        if (search->state == CAPACITY_BROKEN || (search->state != CAPACITY_FOUND && !state->reason[0]))
            snprintf(state->reason, sizeof(state->reason), "%s", capacity_reason(search));
    }
    state->slices = all.count;
    state->usable = all.found;
    state->server_bound = of_client * 2 <= all.found;
    free(all.items);
}

static void look_at_slices(const struct comparison_place *place, struct comparison_state *state)
{
    unsigned for_rate = 0;

    for (unsigned i = 0; i < place->rows->count; i++) {
        const struct row *row = place->rows->rows[i];

        if (!belongs(row, place, place->group->kind, place->model))
            continue;
        state->slices++;
        for_rate += reason_of(row) == VERDICT_VALID;
        state->fault |= verdict_is_fault(reason_of(row));
        if (selection_usable(row)) {
            state->usable++;
            state->all_served &= !(row_number(row, SAMPLE_connections_served) < place->group->connections);
        } else if (!state->reason[0] || verdict_is_fault(reason_of(row))) {
            snprintf(state->reason, sizeof(state->reason), "%s", row_text(row, SAMPLE_reason));
        }
    }
    state->server_bound = for_rate * 2 > state->slices;
}

void comparison_state(const struct comparison_place *place, struct comparison_state *state)
{
    *state = (struct comparison_state){.all_served = true};
    if (strcmp(place->group->kind, "search") == 0)
        look_at_searches(place, state);
    else
        look_at_slices(place, state);
    look_at_end(place, state);
}

/* ---- series ---- */

/* The logarithms of a model's rows, summed up per round. */
struct rounds {
    double sum[SCENARIO_ROUNDS_MAX];
    unsigned found[SCENARIO_ROUNDS_MAX], start[SCENARIO_ROUNDS_MAX];
};

enum { ANY_COPY = -1 };

static void collect(struct rounds *rounds, const struct comparison_place *place, const char *model, int copy,
                    const struct metric *metric)
{
    memset(rounds, 0, sizeof(*rounds));
    for (unsigned i = 0; i < place->rows->count; i++) {
        const struct row *row = place->rows->rows[i];
        unsigned round;

        if (!belongs(row, place, place->group->kind, model) || !usable(row, metric) ||
            (copy != ANY_COPY && row_number(row, SAMPLE_copy) != copy) ||
            !(row_number(row, SAMPLE_round) < SCENARIO_ROUNDS_MAX))
            continue;
        round = (unsigned)row_number(row, SAMPLE_round);
        rounds->sum[round] += log(row_number(row, metric->column));
        rounds->start[round] = (unsigned)row_number(row, SAMPLE_start);
        rounds->found[round]++;
    }
}

/* Pairs by round; without `below` the logarithms as they are. */
static void join(struct comparison_series *series, const struct rounds *above, const struct rounds *below)
{
    series->count = 0;
    for (unsigned round = 0; round < SCENARIO_ROUNDS_MAX; round++)
        if (above->found[round] > 0 && (!below || below->found[round] > 0))
            series->items[series->count++] = (struct pair){
                .log_ratio = above->sum[round] / above->found[round] -
                             (below ? below->sum[round] / below->found[round] : 0),
                .start = above->start[round],
                .round = round,
            };
}

/* Of two servers under load at the same time: the two rows that stand at one place of a round. */
static void join_simultaneous(struct comparison_series *series, const struct comparison_place *place,
                              const char *above, int above_copy, const char *below,
                              const struct metric *metric)
{
    const struct comparison_rows *rows = place->rows;

    series->count = 0;
    for (unsigned i = 0; i < rows->count && series->count < SCENARIO_ROUNDS_MAX; i++) {
        const struct row *a = rows->rows[i];

        if (!belongs(a, place, "duet", above) || row_number(a, SAMPLE_copy) != above_copy ||
            !usable(a, metric))
            continue;
        for (unsigned k = 0; k < rows->count; k++) {
            const struct row *b = rows->rows[k];

            if (k == i || !belongs(b, place, "duet", below) || row_number(b, SAMPLE_copy) != 0 ||
                row_number(a, SAMPLE_round) != row_number(b, SAMPLE_round) ||
                row_number(a, SAMPLE_position) != row_number(b, SAMPLE_position) || !usable(b, metric))
                continue;
            series->items[series->count++] = (struct pair){
                .log_ratio = log(row_number(a, metric->column)) - log(row_number(b, metric->column)),
                .start = (unsigned)row_number(a, SAMPLE_start),
                .round = (unsigned)row_number(a, SAMPLE_round),
            };
        }
    }
}

static bool is_simultaneous(const struct comparison_place *place)
{
    return strcmp(place->group->kind, "duet") == 0;
}

void comparison_series_of(struct comparison_series *series, const struct comparison_place *place,
                          const struct metric *metric, bool over_control)
{
    struct rounds model, control;

    collect(&model, place, place->model, ANY_COPY, metric);
    collect(&control, place, place->control, ANY_COPY, metric);
    join(series, &model, over_control ? &control : NULL);
}

void comparison_series_same(struct comparison_series *series, const struct comparison_place *place,
                            const struct metric *metric)
{
    struct rounds first, second;

    if (is_simultaneous(place)) {
        join_simultaneous(series, place, place->control, 1, place->control, metric);
        return;
    }
    collect(&first, place, place->control, 0, metric);
    collect(&second, place, place->control, 1, metric);
    join(series, &second, &first);
}

void comparison_series_paired(struct comparison_series *series, const struct comparison_place *after,
                              const struct comparison_place *before, const struct metric *metric)
{
    struct rounds above, below;

    if (is_simultaneous(after)) {
        join_simultaneous(series, after, after->model, 0, before->model, metric);
        return;
    }
    collect(&above, after, after->model, ANY_COPY, metric);
    collect(&below, before, before->model, ANY_COPY, metric);
    join(series, &above, &below);
}

double comparison_median(const struct comparison_place *place, const struct metric *metric)
{
    const char *kind = metric->source == METRIC_COUNTED ? "cost" : place->group->kind;
    double *values = calloc(place->rows->count + 1, sizeof(*values)), median;
    size_t count = 0;

    if (!values)
        return NAN;
    for (unsigned i = 0; i < place->rows->count; i++)
        if (belongs(place->rows->rows[i], place, kind, place->model) && usable(place->rows->rows[i], metric))
            values[count++] = row_number(place->rows->rows[i], metric->column);
    median = statistics_median(values, count);
    free(values);
    return median;
}
