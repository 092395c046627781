/*
 * charts_over_settings - what changes when the workload does: latency over the offered rate (the knee), and
 * the effect of waiting handlers and of the number of workers.
 */
#include "chart.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "statistics.h"
#include "selection.h"
#include "summary.h"

enum { RATES_MAX = 64 };

/* ---- p99 over the offered rate ---- */

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

static void make_offered(struct chart *chart, const struct past_run *run)
{
    *chart = (struct chart){
        .id = "offered",
        .title = "Latency over the offered rate: 99th percentile",
        .spread =
            "from the intended time of each request, over all answers; whiskers: the middle half of the "
            "slices, each for itself; hollow: overloaded, less was answered than offered",
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

static double idle_of(const struct past_run *run, const struct row *cell)
{
    return past_run_number(run, cell, SAMPLE_idle_connections);
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
    char sign;       /* one scenario may hold several, as models called NAME@SETTING; 0: none does */
    bool within;     /* one scenario alone: others have nothing to add */
    unsigned panels; /* how many of the ones below */
};

/* Where a model's name says the setting: "@16" in "prethread@16+unix". NULL: it does not. */
static char *find_sign(const char *name, char sign)
{
    char *at = sign ? strchr(name, sign) : NULL;

    while (at && !isdigit((unsigned char)at[1]))
        at = strchr(at + 1, sign);
    return at;
}

/* What is drawn over the setting. */
static const struct {
    const char *title, *unit;
    unsigned cell_column, sample_column; /* cell_column CELL_COLUMNS: only the slices know it */
} panels[] = {
    {"requests per second", "requests per second", CELL_requests_per_s, SAMPLE_requests_per_s},
    {"server CPU time per request", "µs per request", CELL_server_cpu_us_per_request,
     SAMPLE_server_cpu_us_per_request},
    {"memory, idle ones included", "KiB per connection", CELL_COLUMNS, SAMPLE_memory_pss_kib_per_connection},
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
        for (unsigned c = 0; c < groups[i]->count; c++)
            others +=
                find_sign(row_text(&run->cells[groups[i]->first + c], CELL_model), setting->sign) != NULL;
        if (others > most) {
            most = others;
            base = groups[i];
        }
    }
    return base;
}

/* "thread_pool@16" is on the line of thread_pool, "prethread@16+unix" on that of prethread+unix. */
static void name_line(char name[CHART_NAME_MAX], const char *model, char sign)
{
    char *at;

    chart_copy_text(name, CHART_NAME_MAX, model);
    at = find_sign(name, sign);
    if (at)
        memmove(at, at + 1 + strcspn(at + 1, "@+"), strlen(at + 1 + strcspn(at + 1, "@+")) + 1);
}

/* The panels over the same setting: what was got, what it cost, and what it holds. */
static void add_setting(struct chart *chart, const struct past_run *run, const struct row *cell, double x,
                        const struct setting *setting)
{
    bool partly = summary_standing(cell) == STANDING_PARTLY_SERVED;
    char name[CHART_NAME_MAX];

    name_line(name, row_text(cell, CELL_model), setting->sign);
    for (unsigned i = 0; i < setting->panels; i++) {
        struct chart_series *series = chart_series_of(chart, &chart->panels[i], name);
        struct spread spread = past_run_spread(run, cell, panels[i].sample_column);
        bool known = panels[i].cell_column != CELL_COLUMNS;
        double y = known ? row_number(cell, panels[i].cell_column) : spread.middle;
        struct chart_point *point = series && !isnan(y) ? chart_add_point(series, x, y) : NULL;

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
            add_setting(chart, run, cell, x, setting);
    }
}

static void make_settings(struct chart *chart, const struct past_run *run, const struct setting *setting,
                          const char *missing)
{
    const struct past_group *groups[CHART_PANELS_MAX], *base;
    unsigned count = past_run_scenarios(run, groups, CHART_PANELS_MAX);

    chart->apart = true;
    for (unsigned i = 0; i < setting->panels; i++)
        if (chart_add_panel(chart, panels[i].title))
            chart->panels[i].unit = panels[i].unit;
    for (unsigned s = 0; s < count; s++)
        groups[s] = past_run_main_group(run, groups[s]->scenario);
    base = find_base(run, groups, count, setting);
    for (unsigned s = 0; base && chart->count == setting->panels && s < count; s++)
        if (setting->within ? groups[s] == base : is_comparable(run, base, groups[s], setting))
            add_group(chart, run, groups[s], setting);
    chart_finish(chart, missing);
}

void charts_over_settings(struct chart charts[4], const struct past_run *run)
{
    static const struct setting waits = {.varies = wait_of, .same_workers = true, .panels = 2};
    static const struct setting workers = {
        .varies = workers_of, .same_target = true, .sign = '@', .panels = 2};
    static const struct setting idle = {.varies = idle_of, .sign = '+', .within = true, .panels = 3};

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
    charts[3] = (struct chart){
        .id = "idle",
        .title = "Connections that say nothing, beside those that ask",
        .spread = "whiskers: the middle half of the slices; memory: from the cost slices",
        .kind = CHART_LINES,
        .x_label = "idle connections",
        .y_label = "",
        .y_log = true,
    };
    make_settings(&charts[3], run, &idle,
                  "No scenario of this run holds idle connections beside the others (models = epoll+1000).");
}
