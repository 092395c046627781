/*
 * charts_offered - latency over the offered rate: where the knee is. From scenarios that offer a rate, or
 * from the steps of the searches for a capacity.
 */
#include "chart.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "selection.h"
#include "statistics.h"
#include "summary.h"

enum { RATES_MAX = 64 };

/* What counts as the same rate: a client may round what it was asked for; a search looks to 5 %. */
static const double asked_rates = 0.01, searched_rates = 0.05;

static bool is_same_rate(double a, double b, double apart)
{
    return fabs(a - b) <= apart * fmax(a, b);
}

static unsigned find_rates(const struct row **slices, unsigned count, double apart, double rates[RATES_MAX])
{
    unsigned found = 0;

    for (unsigned i = 0; i < count; i++) {
        double rate = row_number(slices[i], SAMPLE_rate_offered_per_s);
        bool known = isnan(rate);

        for (unsigned j = 0; j < found && !known; j++)
            known = is_same_rate(rates[j], rate, apart);
        if (!known && found < RATES_MAX)
            rates[found++] = rate;
    }
    return found;
}

/* The quartiles of p99 over the slices at one rate. A run that offers one rate has the cell's own p99. */
static void add_rate(struct chart_series *series, const struct row **slices, unsigned count, double rate,
                     double apart, double merged_us)
{
    double *values = calloc(count + 1u, sizeof(*values));
    struct chart_point *point = NULL;
    bool overloaded = false;
    unsigned found = 0;

    if (!values)
        return;
    for (unsigned i = 0; i < count; i++)
        if (is_same_rate(row_number(slices[i], SAMPLE_rate_offered_per_s), rate, apart) &&
            selection_usable(slices[i]) && row_has(slices[i], SAMPLE_latency_p99_us)) {
            values[found++] = row_number(slices[i], SAMPLE_latency_p99_us);
            overloaded |= row_is(slices[i], SAMPLE_reason, "overloaded");
        }
    if (found > 0)
        point =
            chart_add_point(series, rate, isnan(merged_us) ? statistics_median(values, found) : merged_us);
    if (point) {
        point->low = statistics_quantile(values, found, 0.25);
        point->high = statistics_quantile(values, found, 0.75);
        point->hollow = overloaded;
        snprintf(point->note, sizeof(point->note), "%s", overloaded ? "overloaded" : "");
    }
    free(values);
}

/* The panel of a connection count and a target, made when it is new. NULL: no room. */
static struct chart_panel *panel_of(struct chart *chart, double connections, const char *target)
{
    struct chart_panel *panel = NULL;
    char title[CHART_NAME_MAX * 2];

    snprintf(title, sizeof(title), "%.0f connections, %.60s", connections, target);
    for (size_t i = 0; i < chart->count && !panel; i++)
        if (strcmp(chart->panels[i].title, title) == 0)
            panel = &chart->panels[i];
    return panel ? panel : chart_add_panel(chart, title);
}

static void add_offered(struct chart *chart, const struct past_run *run, const struct row *cell)
{
    double rates[RATES_MAX];
    unsigned count, rate_count;
    const struct row **slices = past_run_slices(run, cell, &count);
    struct chart_series *series = NULL;
    struct chart_panel *panel;

    rate_count = find_rates(slices, count, asked_rates, rates);
    if (rate_count == 0 || summary_standing(cell) == STANDING_INVALID)
        return;
    panel = panel_of(chart, row_number(cell, CELL_connections), past_run_text(run, cell, SAMPLE_target));
    if (panel)
        series = chart_series_of(chart, panel, row_text(cell, CELL_model));
    for (unsigned i = 0; series && i < rate_count; i++)
        add_rate(series, slices, count, rates[i], asked_rates,
                 rate_count == 1 ? row_number(cell, CELL_latency_p99_us) : (double)NAN);
}

/* The steps of the searches for one capacity. Where a scenario has loads as well they tell more. */
static void add_searches(struct chart *chart, const struct past_run *run, const struct past_capacities *table,
                         const char *model)
{
    double rates[RATES_MAX];
    const struct row **steps = calloc(run->samples.count + 1u, sizeof(*steps));
    struct chart_series *series = NULL;
    unsigned count = 0, rate_count;

    for (unsigned i = 0; steps && i < run->samples.count; i++) {
        const struct row *step = &run->samples.rows[i];

        if (row_is(step, SAMPLE_kind, "search") && row_is(step, SAMPLE_model, model) &&
            row_is(step, SAMPLE_scenario, table->scenario) &&
            row_number(step, SAMPLE_connections) == table->connections)
            steps[count++] = step;
    }
    rate_count = count > 0 ? find_rates(steps, count, searched_rates, rates) : 0;
    if (rate_count > 0) {
        struct chart_panel *panel = panel_of(chart, table->connections, row_text(steps[0], SAMPLE_target));

        series = panel ? chart_series_of(chart, panel, model) : NULL;
    }
    for (unsigned i = 0; series && i < rate_count; i++)
        add_rate(series, steps, count, rates[i], searched_rates, NAN);
    free(steps);
}

static void add_capacities(struct chart *chart, const struct past_run *run)
{
    for (unsigned i = 0; i < run->capacities_count; i++) {
        const struct past_capacities *table = &run->capacities[i];

        for (unsigned r = 0; !past_run_main_group(run, table->scenario) && r < table->count; r++)
            add_searches(chart, run, table, row_text(&table->rows[r], CAPACITY_model));
    }
}

void charts_offered(struct chart *chart, const struct past_run *run)
{
    *chart = (struct chart){
        .id = "offered",
        .title = "Latency over the offered rate: 99th percentile",
        .spread = "Less is better; from the intended time of each request, over all answers; whiskers: the "
                  "middle half of the slices, each for itself",
        .hollow = "hollow: overloaded, less was answered than offered",
        .kind = CHART_LINES,
        .x_label = "requests offered per second",
        .y_label = "p99, µs",
        .y_log = true,
    };
    for (unsigned i = 0; i < run->cell_count; i++)
        add_offered(chart, run, &run->cells[i]);
    add_capacities(chart, run);
    chart_finish(chart, "No scenario of this run offers load at a rate (open loop).");
    chart_spread_families(chart);
}
