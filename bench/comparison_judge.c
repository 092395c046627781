/*
 * comparison_judge - see comparison_judge.h.
 */
#include "comparison_judge.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ranks.h"

static const double risk = 0.05;

/* ---- what the two samples say ---- */

static void logs_of(const struct comparison_series *series, double *logs)
{
    for (size_t i = 0; i < series->count; i++)
        logs[i] = series->items[i].log_ratio;
}

/* How far two copies of one server were apart in that run; NaN: not known. */
static double floor_of(const struct comparison_place *place, const struct metric *metric, uint64_t seed)
{
    struct comparison_series same;
    struct estimate estimate;

    comparison_series_same(&same, place, metric);
    estimate = statistics_paired(same.items, same.count, seed);
    return statistics_floor(&estimate);
}

static void judge_pairs(struct comparison *c, const struct comparison_cell *cell, uint64_t seed)
{
    struct comparison_series pairs;
    double logs[SCENARIO_ROUNDS_MAX];

    comparison_series_paired(&pairs, &cell->after, &cell->before, c->metric);
    logs_of(&pairs, logs);
    c->change = statistics_paired(pairs.items, pairs.count, seed);
    c->p = pairs.count < STATISTICS_PAIRS_MIN ? NAN : ranks_wilcoxon(logs, pairs.count);
    c->least_p = ranks_wilcoxon_least(pairs.count);
    c->before_count = c->after_count = pairs.count;
    c->floor = floor_of(&cell->before, c->metric, seed);
}

/* How far the control itself moved from one run to the other. */
static double drift_of(const struct comparison_cell *cell, const struct metric *metric, uint64_t seed)
{
    struct comparison_place before = cell->before, after = cell->after;
    struct comparison_series then, now;
    struct estimate estimate;

    before.model = before.control;
    after.model = after.control;
    comparison_series_of(&then, &before, metric, false);
    comparison_series_of(&now, &after, metric, false);
    estimate = statistics_unpaired(then.items, then.count, now.items, now.count, seed);
    return fabs(estimate.ratio - 1);
}

static void judge_controlled(struct comparison *c, const struct comparison_cell *cell, uint64_t seed)
{
    struct comparison_series then, now;
    double logs_then[SCENARIO_ROUNDS_MAX], logs_now[SCENARIO_ROUNDS_MAX];
    double floors[] = {floor_of(&cell->before, c->metric, seed), floor_of(&cell->after, c->metric, seed),
                       drift_of(cell, c->metric, seed)};

    comparison_series_of(&then, &cell->before, c->metric, true);
    comparison_series_of(&now, &cell->after, c->metric, true);
    logs_of(&then, logs_then);
    logs_of(&now, logs_now);
    c->change = statistics_unpaired(then.items, then.count, now.items, now.count, seed);
    c->before_count = then.count;
    c->after_count = now.count;
    if (!isnan(c->change.ratio)) {
        c->p = ranks_mann_whitney(logs_then, then.count, logs_now, now.count);
        c->least_p = ranks_mann_whitney_least(then.count, now.count);
    }
    c->floor = 0;
    for (unsigned i = 0; i < sizeof(floors) / sizeof(floors[0]); i++) /* not fmax: it would swallow a NaN */
        c->floor = isnan(floors[i]) || floors[i] > c->floor ? floors[i] : c->floor;
}

static void judge_counts(struct comparison *c)
{
    double ratio = c->after / c->before;

    c->change = (struct estimate){.ratio = ratio, .low = ratio, .high = ratio, .pairs = 1};
    c->floor = fmax(c->metric->claim, c->metric->step / c->before);
    c->detectable = c->floor;
}

/* ---- whether they can be compared at all ---- */

static bool impossible(struct comparison *c, const char *side, const char *reason)
{
    c->verdict = COMPARISON_IMPOSSIBLE;
    snprintf(c->why, sizeof(c->why), "%s%s%s", side, side[0] ? ": " : "", reason);
    return false;
}

static bool state_allows(struct comparison *c, const struct comparison_state *state, const char *side)
{
    if (state->slices == 0)
        return impossible(c, side, "not measured");
    if (state->fault || state->usable * 2 <= state->slices)
        return impossible(c, side, state->reason);
    if (c->metric->needs == METRIC_RATE && !state->server_bound)
        return impossible(c, side, "the server was not the limit");
    if (c->metric->needs == METRIC_LATENCY && !state->all_served)
        return impossible(c, side, "not every client was served");
    return true;
}

static bool can_be_compared(struct comparison *c, const struct comparison_cell *cell)
{
    if (!state_allows(c, &cell->state_before, "BASE") || !state_allows(c, &cell->state_after, "NEW"))
        return false;
    if (isnan(c->before) || isnan(c->after))
        return impossible(c, isnan(c->before) ? "BASE" : "NEW", "no figure");
    if (c->way == COMPARISON_CONTROLLED && strcmp(cell->before.control, "none") == 0)
        return impossible(c, "", "two runs without a control cannot be told from the machine's drift");
    return true;
}

void comparison_judge(struct comparison *c, const struct comparison_cell *cell, uint64_t seed)
{
    if (!can_be_compared(c, cell))
        return;
    if (c->way == COMPARISON_COUNTED)
        judge_counts(c);
    else if (c->way == COMPARISON_PAIRED)
        judge_pairs(c, cell, seed);
    else
        judge_controlled(c, cell, seed);
}

/* ---- verdicts, when all is known ---- */

static void holm(struct comparison_table *table)
{
    double *p = calloc(table->count + 1, sizeof(*p));

    for (size_t i = 0; i < table->count; i++) {
        table->tests += !isnan(table->items[i].p);
        if (p)
            p[i] = table->items[i].p;
    }
    if (p)
        ranks_holm(p, table->count);
    for (size_t i = 0; i < table->count; i++)
        table->items[i].p_holm = p ? p[i] : NAN;
    free(p);
}

static double claim_of(const struct comparison *c)
{
    return strcmp(c->group.kind, "duet") == 0 ? metric_duet_claim : c->metric->claim;
}

static bool is_shown(const struct comparison *c)
{
    return c->way == COMPARISON_COUNTED ? fabs(c->change.ratio - 1) > c->floor
                                        : statistics_shows(&c->change, c->p_holm, c->floor, claim_of(c));
}

static void decide(struct comparison *c, size_t tests)
{
    bool more = c->change.ratio > 1;

    if (c->verdict == COMPARISON_IMPOSSIBLE)
        return;
    if (isnan(c->change.low) || isnan(c->floor)) {
        impossible(c, "",
                   isnan(c->change.low) ? "fewer than 3 rounds that both could be judged by"
                                        : "no two copies of a control: the floor is not known");
        return;
    }
    if (c->way != COMPARISON_COUNTED)
        c->detectable = c->least_p * (double)tests < risk
                            ? fmax(fmax(claim_of(c), c->floor), statistics_detectable(&c->change, tests))
                            : INFINITY;
    if (is_shown(c))
        c->verdict = more == c->metric->more_is_better ? COMPARISON_BETTER : COMPARISON_WORSE;
}

static void apply_limits(struct comparison *c, const struct comparison_setting *setting)
{
    c->regression = c->fault || (setting->limit_count == 0 && c->verdict == COMPARISON_WORSE);
    for (unsigned i = 0; i < setting->limit_count; i++) {
        const struct metric_limit *limit = &setting->limits[i];
        bool shown = c->verdict == COMPARISON_BETTER || c->verdict == COMPARISON_WORSE;
        double allowed = limit->relative ? limit->value : limit->value / c->before;

        if (limit->metric != c->metric)
            continue;
        if (shown && metric_limit_broken(limit, c->before, c->change.ratio)) {
            c->regression = true;
            c->broken = c->broken ? c->broken : limit;
        }
        c->blind |= !shown && !(c->detectable <= fmax(fabs(allowed), claim_of(c)));
    }
}

void comparison_conclude(struct comparison_table *table, const struct comparison_setting *setting)
{
    holm(table);
    for (size_t i = 0; i < table->count; i++) {
        struct comparison *c = &table->items[i];

        decide(c, table->tests);
        apply_limits(c, setting);
        table->regressions += c->regression;
        table->impossible += c->verdict == COMPARISON_IMPOSSIBLE;
        table->blind += c->blind;
    }
}
