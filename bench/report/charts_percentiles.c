/*
 * charts_percentiles - the whole distribution of latencies, from the histograms of the cells.
 *
 * x is how rare: 1/(1-p), so that the tail has as much room as the rest (10: the 90th percentile, 1000: the
 * 99.9th). A point stands only where at least TAIL_MIN answers lie beyond it.
 */
#include "chart.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "histogram.h"
#include "summary.h"

enum { TAIL_MIN = 10 };

static const double rarities[] = {1.25, 1.5, 2,   3,   4,    6,    10,   15,    20,    30,    50,
                                  100,  200, 300, 500, 1000, 2000, 5000, 10000, 20000, 50000, 100000};

/* All intervals of a log added up. 0, or -1 when there is none, or it cannot be read. */
static int read_log(const char *path, struct histogram *sum)
{
    FILE *in = fopen(path, "re");
    unsigned line = 0;
    int status;

    if (!in)
        return -1;
    while ((status = histogram_hlog_read(in, sum, NULL, &line)) == 1)
        ;
    fclose(in);
    return status == 0 && sum->total > 0 ? 0 : -1;
}

static void add_curve(struct chart_series *series, const struct histogram *sum)
{
    for (size_t i = 0; i < sizeof(rarities) / sizeof(rarities[0]); i++) {
        double percent = 100 - 100 / rarities[i];
        struct chart_point *point;

        if ((double)sum->total / rarities[i] < TAIL_MIN)
            break;
        point = chart_add_point(series, rarities[i], (double)histogram_percentile_ns(sum, percent) / 1e3);
        if (point)
            snprintf(point->note, sizeof(point->note), "p%.6g", percent);
    }
}

static void add_cell(struct chart *chart, struct chart_panel *panel, const struct past_run *run,
                     const struct row *cell, struct histogram *sum)
{
    char path[LAUNCH_PATH_MAX], name[SUMMARY_LOG_NAME_MAX];
    struct chart_series *series;

    /* The names come from a file somebody gave us: they must not lead out of the run. */
    if (summary_standing(cell) != STANDING_RANKED || strchr(row_text(cell, CELL_model), '/') ||
        strchr(row_text(cell, CELL_scenario), '/'))
        return;
    snprintf(path, sizeof(path), "%.3500s/%s", run->path, summary_log_name(cell, name));
    histogram_clear(sum);
    if (read_log(path, sum) < 0)
        return;
    series = chart_series_of(chart, panel, row_text(cell, CELL_model));
    if (series)
        add_curve(series, sum);
}

/* A panel of the scenario, or one per load: at each all models answer the same share of what they can. */
static void add_scenario(struct chart *chart, const struct past_run *run, const struct past_group *main_group,
                         unsigned scale, struct histogram *sum)
{
    if (strcmp(main_group->client, "wrk") == 0)
        return;
    for (unsigned i = 0; i < run->group_count; i++) {
        const struct past_group *group = &run->groups[i];
        struct chart_panel *panel;

        if (group != main_group &&
            (isnan(past_run_load(run, group)) || strcmp(group->scenario, main_group->scenario) != 0 ||
             group->connections != main_group->connections))
            continue;
        panel = chart_add_group_panel(chart, run, group);
        if (panel)
            panel->scale = scale;
        for (unsigned c = 0; panel && c < group->count; c++)
            add_cell(chart, panel, run, &run->cells[group->first + c], sum);
    }
}

void charts_percentiles(struct chart *chart, const struct past_run *run)
{
    const struct past_group *scenarios[CHART_PANELS_MAX];
    unsigned count = past_run_scenarios(run, scenarios, CHART_PANELS_MAX);
    struct histogram sum;

    *chart = (struct chart){
        .id = "percentiles",
        .title = "Latency, the whole distribution",
        .spread =
            "Less is better, scales are logarithmic; 10 on the axis below is the 90th percentile, 100 the "
            "99th, 1000 the 99.9th",
        .kind = CHART_LINES,
        .x_label = "one answer in … is slower",
        .y_label = "µs",
        .x_log = true,
        .y_log = true,
    };
    if (histogram_open(&sum) < 0)
        return;
    for (unsigned i = 0; i < count; i++)
        add_scenario(chart, run, past_run_main_group(run, scenarios[i]->scenario), i, &sum);
    histogram_close(&sum);
    chart_finish(chart, "The run keeps no histograms (cells/*.hlog) of valid cells.");
    chart_spread_families(chart);
}

void charts_make(struct chart charts[CHARTS], const struct past_run *run)
{
    struct chart over_connections[3], at_main[5], over_settings[3], offered, percentiles;

    charts_over_connections(over_connections, run);
    charts_at_main(at_main, run);
    charts_over_settings(over_settings, run);
    charts_offered(&offered, run);
    charts_percentiles(&percentiles, run);
    charts[0] = at_main[0];
    charts[1] = over_connections[0];
    charts[2] = over_connections[1];
    charts[3] = offered;
    charts[4] = percentiles;
    charts[5] = at_main[1];
    charts[6] = at_main[2];
    charts[7] = at_main[3];
    charts[8] = at_main[4];
    charts[9] = over_settings[0];
    charts[10] = over_settings[1];
    charts[11] = over_settings[2];
    charts[12] = over_connections[2];
    charts_tell_variants(charts);
}

void charts_free(struct chart charts[CHARTS])
{
    for (unsigned i = 0; i < CHARTS; i++)
        chart_free(&charts[i]);
}
