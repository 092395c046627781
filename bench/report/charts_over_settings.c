/*
 * charts_over_settings - what changes when the workload does: latency over the offered rate (the knee), and
 * the effect of waiting handlers and of the number of workers.
 */
#include "chart.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "statistics.h"
#include "selection.h"
#include "summary.h"

enum { RATES_MAX = 64 };

/* ---- p99 over the offered rate ---- */

/* A client may round the rate it was asked for: 1 % apart is the same. */
static bool is_same_rate(double a, double b)
{
    return fabs(a - b) <= 0.01 * fmax(a, b);
}

static unsigned find_rates(const struct row **slices, unsigned count, double rates[RATES_MAX])
{
    unsigned found = 0;

    for (unsigned i = 0; i < count; i++) {
        double rate = row_number(slices[i], SAMPLE_rate_offered_per_s);
        bool known = isnan(rate);

        for (unsigned j = 0; j < found && !known; j++)
            known = is_same_rate(rates[j], rate);
        if (!known && found < RATES_MAX)
            rates[found++] = rate;
    }
    return found;
}

/* The quartiles of p99 over the slices at one rate. A run that offers one rate has the cell's own p99. */
static void add_rate(struct chart_series *series, const struct row **slices, unsigned count, double rate,
                     double merged_us)
{
    double *values = calloc(count + 1u, sizeof(*values));
    struct chart_point *point = NULL;
    bool overloaded = false;
    unsigned found = 0;

    for (unsigned i = 0; values && i < count; i++)
        if (is_same_rate(row_number(slices[i], SAMPLE_rate_offered_per_s), rate) &&
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

    rate_count = find_rates(slices, count, rates);
    if (rate_count == 0 || summary_standing(cell) == STANDING_INVALID)
        return;
    panel = panel_of(chart, row_number(cell, CELL_connections), past_run_text(run, cell, SAMPLE_target));
    if (panel)
        series = chart_series_of(chart, panel, row_text(cell, CELL_model));
    for (unsigned i = 0; series && i < rate_count; i++)
        add_rate(series, slices, count, rates[i],
                 rate_count == 1 ? row_number(cell, CELL_latency_p99_us) : (double)NAN);
}

/* The steps of the searches for one capacity: `row` is one of results.json. Where a scenario has loads as
 * well they tell more. */
static void add_searches(struct chart *chart, const struct past_run *run, const json_t *row)
{
    const char *model = json_string_value(json_object_get(row, "model")),
               *scenario = json_string_value(json_object_get(row, "scenario"));
    double connections = json_number_value(json_object_get(row, "connections")), rates[RATES_MAX];
    const struct row **steps = calloc(run->samples.count + 1u, sizeof(*steps));
    struct chart_series *series = NULL;
    unsigned count = 0, rate_count;

    for (unsigned i = 0; steps && model && scenario && i < run->samples.count; i++) {
        const struct row *step = &run->samples.rows[i];

        if (row_is(step, SAMPLE_kind, "search") && row_is(step, SAMPLE_model, model) &&
            row_is(step, SAMPLE_scenario, scenario) && row_number(step, SAMPLE_connections) == connections)
            steps[count++] = step;
    }
    rate_count = count > 0 ? find_rates(steps, count, rates) : 0;
    if (rate_count > 0) {
        struct chart_panel *panel = panel_of(chart, connections, row_text(steps[0], SAMPLE_target));

        series = panel ? chart_series_of(chart, panel, model) : NULL;
    }
    for (unsigned i = 0; series && i < rate_count; i++)
        add_rate(series, steps, count, rates[i], NAN);
    free(steps);
}

static void add_capacities(struct chart *chart, const struct past_run *run)
{
    const json_t *groups = json_object_get(run->results, "capacities");

    for (size_t g = 0; g < json_array_size(groups); g++) {
        const json_t *group = json_array_get(groups, g), *models = json_object_get(group, "models");
        const char *scenario = json_string_value(json_object_get(group, "scenario"));

        for (size_t i = 0; scenario && !past_run_main_group(run, scenario) && i < json_array_size(models);
             i++)
            add_searches(chart, run, json_array_get(models, i));
    }
}

static void make_offered(struct chart *chart, const struct past_run *run)
{
    *chart = (struct chart){
        .id = "offered",
        .title = "Latency over the offered rate: 99th percentile",
        .spread = "from the intended time of each request; whiskers: the middle half of the slices; hollow: "
                  "overloaded, less was answered than offered",
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

/* ---- waiting, workers ---- */

/* Microseconds a target waits: "/wait/5000". NaN when it is not such a target. */
static double wait_of(const struct past_run *run, const struct row *cell)
{
    const char *target = past_run_text(run, cell, SAMPLE_target);
    double us;

    return sscanf(target, "/wait/%lf", &us) == 1 && us >= 0 ? us : (double)NAN;
}

static double workers_of(const struct past_run *run, const struct row *cell)
{
    return past_run_number(run, cell, SAMPLE_workers);
}

/* A setting of a whole group: the largest that any of its cells has. */
static double setting_of(const struct past_run *run, const struct past_group *group,
                         double (*setting)(const struct past_run *, const struct row *))
{
    double most = NAN;

    for (unsigned c = 0; c < group->count; c++)
        most = fmax(most, setting(run, &run->cells[group->first + c]));
    return most;
}

/* What a chart is about, and what has to stay the same along its lines. */
struct setting {
    double (*varies)(const struct past_run *, const struct row *);
    bool same_target, same_workers;
    bool variants; /* one scenario may hold several, as models called NAME@SETTING */
};

static bool is_comparable(const struct past_run *run, const struct past_group *a, const struct past_group *b,
                          const struct setting *setting)
{
    const struct row *left = &run->cells[a->first], *right = &run->cells[b->first];

    if (a->connections != b->connections ||
        strcmp(past_run_text(run, left, SAMPLE_transport), past_run_text(run, right, SAMPLE_transport)) != 0)
        return false;
    if (setting->same_target &&
        strcmp(past_run_text(run, left, SAMPLE_target), past_run_text(run, right, SAMPLE_target)) != 0)
        return false;
    return !setting->same_workers || setting_of(run, a, workers_of) == setting_of(run, b, workers_of);
}

/* The group with the most others that differ from it in the setting only, or most variants. NULL: none. */
static const struct past_group *find_base(const struct past_run *run, const struct past_group **groups,
                                          unsigned count, const struct setting *setting)
{
    const struct past_group *base = NULL;
    unsigned most = 0;

    for (unsigned i = 0; i < count; i++) {
        unsigned others = 0;

        for (unsigned j = 0; j < count; j++) {
            double a = setting_of(run, groups[i], setting->varies),
                   b = setting_of(run, groups[j], setting->varies);

            others += !isnan(a) && !isnan(b) && a != b && is_comparable(run, groups[i], groups[j], setting);
        }
        for (unsigned c = 0; setting->variants && c < groups[i]->count; c++)
            others += strchr(row_text(&run->cells[groups[i]->first + c], CELL_model), '@') != NULL;
        if (others > most) {
            most = others;
            base = groups[i];
        }
    }
    return base;
}

/* Two panels over the same setting: what was got, and what it cost. */
static void add_setting(struct chart *chart, const struct past_run *run, const struct row *cell, double x,
                        bool variants)
{
    static const unsigned columns[] = {CELL_requests_per_s, CELL_server_cpu_us_per_request};
    static const unsigned samples[] = {SAMPLE_requests_per_s, SAMPLE_server_cpu_us_per_request};
    bool partly = summary_standing(cell) == STANDING_PARTLY_SERVED;
    char name[CHART_NAME_MAX];

    chart_copy_text(name, sizeof(name), row_text(cell, CELL_model));
    if (variants)
        name[strcspn(name, "@")] = '\0'; /* "thread_pool@16": the line of thread_pool */
    for (unsigned i = 0; i < 2; i++) {
        struct chart_series *series = chart_series_of(chart, &chart->panels[i], name);
        struct spread spread = past_run_spread(run, cell, samples[i]);
        struct chart_point *point = NULL;

        if (series && row_has(cell, columns[i]))
            point = chart_add_point(series, x, row_number(cell, columns[i]));
        if (!point)
            continue;
        point->low = spread.low;
        point->high = spread.high;
        point->hollow = partly;
        if (partly)
            snprintf(point->note, sizeof(point->note), "served %.0f of %.0f",
                     row_number(cell, CELL_connections_served), row_number(cell, CELL_connections));
    }
}

static void add_group(struct chart *chart, const struct past_run *run, const struct past_group *group,
                      const struct setting *setting)
{
    for (unsigned c = 0; c < group->count; c++) {
        const struct row *cell = &run->cells[group->first + c];
        double x = setting->varies(run, cell);

        if (!isnan(x) && summary_standing(cell) != STANDING_INVALID)
            add_setting(chart, run, cell, x, setting->variants);
    }
}

static void make_settings(struct chart *chart, const struct past_run *run, const struct setting *setting,
                          const char *missing)
{
    static const char *const titles[] = {"requests per second", "server CPU time per request"};
    static const char *const units[] = {"requests per second", "µs per request"};
    const struct past_group *groups[CHART_PANELS_MAX], *base;
    unsigned count = past_run_scenarios(run, groups, CHART_PANELS_MAX);

    chart->apart = true;
    for (unsigned i = 0; i < 2; i++)
        if (chart_add_panel(chart, titles[i]))
            chart->panels[i].unit = units[i];
    for (unsigned s = 0; s < count; s++)
        groups[s] = past_run_main_group(run, groups[s]->scenario);
    base = find_base(run, groups, count, setting);
    for (unsigned s = 0; base && chart->count == 2 && s < count; s++)
        if (is_comparable(run, base, groups[s], setting))
            add_group(chart, run, groups[s], setting);
    chart_finish(chart, missing);
}

void charts_over_settings(struct chart charts[3], const struct past_run *run)
{
    static const struct setting waits = {.varies = wait_of, .same_workers = true};
    static const struct setting workers = {.varies = workers_of, .same_target = true, .variants = true};

    make_offered(&charts[0], run);
    charts[1] = (struct chart){
        .id = "wait",
        .title = "Handlers that wait, as for a database",
        .spread = "whiskers: the middle half of the slices; hollow: not everyone was served",
        .kind = CHART_LINES,
        .x_label = "wait, µs",
        .y_label = "",
    };
    make_settings(
        &charts[1], run, &waits,
        "The run has no two scenarios that differ only in how long handlers wait (target = /wait/USEC).");
    charts[2] = (struct chart){
        .id = "workers",
        .title = "Number of workers",
        .spread = "whiskers: the middle half of the slices; hollow: not everyone was served",
        .kind = CHART_LINES,
        .x_label = "workers",
        .y_label = "",
        .x_log = true,
    };
    make_settings(&charts[2], run, &workers,
                  "The run has no scenarios, and no variants of a model, that differ only in their workers.");
}
