/*
 * stop_rule - see stop_rule.h.
 */
#include "stop_rule.h"

#include <math.h>
#include <string.h>

#include "clock.h"
#include "comparison_series.h"
#include "units.h"

/* How many starts of the servers the rounds so far come from. */
static unsigned starts_of(const struct comparison_series *series)
{
    unsigned starts = 0;

    for (size_t i = 0; i < series->count; i++)
        starts += i == 0 || series->items[i].start != series->items[i - 1].start;
    return starts;
}

/* Half of the widest interval over the models at one connection count; NaN: not known yet. */
static double widest_at(const struct stop_rule *rule, const struct scenario *scenario,
                        const struct comparison_rows *rows, unsigned connections)
{
    struct comparison_group group = {scenario->name, "timing", "tenk-load", connections};
    const struct metric *cpu = metric_find("cpu");
    double widest = 0;

    for (unsigned i = 0; i < scenario->models.count; i++) {
        struct comparison_place place = {rows, &group, scenario->models.items[i], scenario->control};
        struct comparison_series series;
        struct estimate estimate;

        if (strcmp(place.model, scenario->control) == 0)
            continue;
        comparison_series_of(&series, &place, cpu, true);
        if (series.count == 0)
            continue; /* it cannot run here, or is broken: more rounds do not help */
        if (series.count < STOP_ROUNDS_MIN || starts_of(&series) < STOP_STARTS_MIN)
            return NAN;
        estimate = statistics_paired(series.items, series.count, rule->seed);
        if (isnan(estimate.low))
            return NAN;
        widest = fmax(widest, (estimate.high - estimate.low) / 2 / estimate.ratio);
    }
    return widest;
}

static double widest_interval(const struct stop_rule *rule, const struct scenario *scenario,
                              const struct samples *samples)
{
    struct recorded view = {.samples = *samples}; /* looked at, not owned */
    struct comparison_rows rows;
    double widest = 0;

    if (comparison_rows_open(&rows, &view) < 0)
        return NAN;
    for (unsigned i = 0; i < scenario->connections.count && !isnan(widest); i++) {
        double here = widest_at(rule, scenario, &rows, scenario->connections.items[i]);

        widest = isnan(here) || here > widest ? here : widest;
    }
    comparison_rows_close(&rows);
    return widest;
}

bool stop_rule_met(const struct stop_rule *rule, const struct scenario *scenario,
                   const struct samples *samples, unsigned round, unsigned together, int64_t next_ns,
                   char *why, size_t size)
{
    double widest;

    if (round == 0 || round % together != 0)
        return false;
    if (rule->deadline_ns > 0 && clock_now_ns() + next_ns > rule->deadline_ns) {
        snprintf(why, size, "its time is spent");
        return true;
    }
    if (!(rule->width > 0) || round < STOP_ROUNDS_MIN || strcmp(scenario->control, "none") == 0)
        return false;
    widest = widest_interval(rule, scenario, samples);
    if (!(widest > 0 && widest <= rule->width))
        return false;
    snprintf(why, size, "no interval of CPU time is wider than +-%.2g %%", widest * 100);
    return true;
}
