/*
 * charts_over_connections - how the models answer to more clients: CPU time, throughput and fairness, over
 * the number of connections.
 */
#include "chart.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "summary.h"
#include "verdict.h"

struct question {
    struct chart chart;
    unsigned cell_column, sample_column; /* cell_column CELL_COLUMNS: only the slices know it */
    bool rate, band;
    const char *missing;
};

static const char no_counts[] = "Every scenario of this run has one connection count only.";

static const struct question questions[] = {
    {{.id = "cpu",
      .title = "Server CPU time per request, over connections",
      .spread = "Less is better, scales are logarithmic; whiskers: the middle half of the slices",
      .hollow = "hollow: not everyone was served",
      .kind = CHART_LINES,
      .x_label = "connections",
      .y_label = "µs per request",
      .x_log = true,
      .y_log = true}, /* one model that scans or serves one client would flatten all others */
     CELL_server_cpu_us_per_request,
     SAMPLE_server_cpu_us_per_request,
     false,
     true,
     no_counts},
    {{.id = "throughput",
      .title = "Throughput, over connections",
      .spread = "More is better; whiskers: the middle half of the slices",
      .hollow = "hollow: the client was the limit, or not everyone was served",
      .kind = CHART_LINES,
      .x_label = "connections",
      .y_label = "requests per second",
      .x_log = true},
     CELL_requests_per_s,
     SAMPLE_requests_per_s,
     true,
     false,
     no_counts},
    {{.id = "fairness",
      .title = "Fairness: Jain's index over the requests each connection got",
      .spread = "1: all alike; 1/N: one of N has all; whiskers: the middle half of the slices",
      .hollow = "hollow: not everyone was served",
      .kind = CHART_LINES,
      .x_label = "connections",
      .y_label = "index",
      .x_log = true},
     CELL_COLUMNS,
     SAMPLE_fairness_jain,
     false,
     false,
     "No slice of more than one connection count says how evenly connections were served."},
};

/* Whether the scenario has several connection counts under that client. */
static bool has_counts(const struct past_run *run, const struct past_group *group)
{
    for (unsigned i = 0; i < run->group_count; i++)
        if (strcmp(run->groups[i].scenario, group->scenario) == 0 &&
            strcmp(run->groups[i].client, group->client) == 0 &&
            run->groups[i].connections != group->connections)
            return true;
    return false;
}

static void add_cell(struct chart *chart, struct chart_panel *panel, const struct past_run *run,
                     const struct row *cell, const struct question *question)
{
    struct spread spread = past_run_spread(run, cell, question->sample_column);
    double y =
        question->cell_column == CELL_COLUMNS ? spread.middle : row_number(cell, question->cell_column);
    enum standing standing = summary_standing(cell);
    struct chart_series *series;
    struct chart_point *point;

    if (standing == STANDING_INVALID || isnan(y))
        return;
    series = chart_series_of(chart, panel, row_text(cell, CELL_model));
    point = series ? chart_add_point(series, row_number(cell, CELL_connections), y) : NULL;
    if (!point)
        return;
    point->low = spread.low;
    point->high = spread.high;
    point->hollow = standing == STANDING_PARTLY_SERVED ||
                    (question->rate && verdict_is_rate_only(verdict_from_name(row_text(cell, CELL_reason))));
    if (standing == STANDING_PARTLY_SERVED)
        snprintf(point->note, sizeof(point->note), "served %.0f of %.0f",
                 row_number(cell, CELL_connections_served), row_number(cell, CELL_connections));
    else if (point->hollow)
        chart_copy_text(point->note, sizeof(point->note), row_text(cell, CELL_reason));
}

/* What two copies of the control differed by, around the control. */
static void add_band(struct chart_panel *panel, const struct past_group *group, const struct row *cell,
                     const struct question *question)
{
    double y = question->band ? row_number(cell, question->cell_column) : (double)NAN;
    struct chart_point *point;

    if (isnan(y) || isnan(group->smallest) || !row_is(cell, CELL_model, group->control) ||
        summary_standing(cell) != STANDING_RANKED)
        return;
    point = chart_add_point(&panel->band, group->connections, y);
    if (!point)
        return;
    point->low = y * fmax(0, 1 - group->smallest);
    point->high = y * (1 + group->smallest);
}

/* "quick", or "quick (control: ceiling)". */
static struct chart_panel *add_panel(struct chart *chart, const struct past_group *group,
                                     const struct question *question)
{
    char title[CHART_NAME_MAX * 2];

    snprintf(title, sizeof(title), "%.60s%s%.40s%s", group->scenario, question->band ? " (control: " : "",
             question->band ? group->control : "", question->band ? ")" : "");
    return chart_add_panel(chart, title);
}

static void add_scenario(struct chart *chart, const struct past_run *run, const struct past_group *main_group,
                         unsigned scale, const struct question *question)
{
    struct chart_panel *panel = add_panel(chart, main_group, question);

    if (panel)
        panel->scale = scale;
    for (unsigned i = 0; panel && i < run->group_count; i++) {
        const struct past_group *group = &run->groups[i];

        if (strcmp(group->scenario, main_group->scenario) == 0 &&
            strcmp(group->client, main_group->client) == 0)
            for (unsigned c = 0; c < group->count; c++) {
                add_cell(chart, panel, run, &run->cells[group->first + c], question);
                add_band(panel, group, &run->cells[group->first + c], question);
            }
    }
}

void charts_over_connections(struct chart charts[3], const struct past_run *run)
{
    const struct past_group *scenarios[CHART_PANELS_MAX];
    unsigned count = past_run_scenarios(run, scenarios, CHART_PANELS_MAX);

    for (unsigned q = 0; q < 3; q++) {
        charts[q] = questions[q].chart;
        for (unsigned i = 0; i < count; i++) {
            const struct past_group *group = past_run_main_group(run, scenarios[i]->scenario);

            if (has_counts(run, group))
                add_scenario(&charts[q], run, group, i, &questions[q]);
        }
        chart_finish(&charts[q], questions[q].missing);
        chart_spread_families(&charts[q]);
    }
}
