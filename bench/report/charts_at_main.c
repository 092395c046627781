/*
 * charts_at_main - the models side by side at the connection count a reader looks at first: CPU time beside
 * the control, user and kernel, memory, system calls and switches.
 */
#include "chart.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "summary.h"

static struct chart_point *add_bar(struct chart *chart, struct chart_panel *panel, const struct row *cell,
                                   double y)
{
    struct chart_series *series;

    if (isnan(y) || summary_standing(cell) == STANDING_INVALID)
        return NULL;
    series = chart_series_of(chart, panel, row_text(cell, CELL_model));
    return series ? chart_add_point(series, row_number(cell, CELL_connections), y) : NULL;
}

static void mark_partly_served(struct chart_point *point, const struct row *cell)
{
    if (!point || summary_standing(cell) != STANDING_PARTLY_SERVED)
        return;
    point->hollow = true;
    snprintf(point->note, sizeof(point->note), "served %.0f of %.0f",
             row_number(cell, CELL_connections_served), row_number(cell, CELL_connections));
}

static void add_ratio(struct chart *chart, struct chart_panel *panel, const struct past_run *run,
                      const struct row *cell)
{
    struct chart_point *point = add_bar(chart, panel, cell, row_number(cell, CELL_cpu_ratio));

    (void)run;
    if (!point)
        return;
    point->low = row_number(cell, CELL_cpu_ratio_low);
    point->high = row_number(cell, CELL_cpu_ratio_high);
    chart_copy_text(point->note, sizeof(point->note), row_text(cell, CELL_cpu_words));
    mark_partly_served(point, cell);
}

/* The kernel splits user and system time by sampling: only the mean over many slices says something. */
static void add_split(struct chart *chart, struct chart_panel *panel, const struct past_run *run,
                      const struct row *cell)
{
    struct spread user = past_run_spread(run, cell, SAMPLE_server_cpu_user_us_per_request);
    struct spread kernel = past_run_spread(run, cell, SAMPLE_server_cpu_system_us_per_request);
    struct spread both = past_run_spread(run, cell, SAMPLE_server_cpu_us_per_request);
    double all = row_number(cell, CELL_server_cpu_us_per_request), sum = user.mean + kernel.mean;
    struct chart_point *point = add_bar(chart, panel, cell, all);

    if (!point)
        return;
    point->part = sum > 0 ? all * user.mean / sum : NAN;
    point->low = both.low;
    point->high = both.high;
    mark_partly_served(point, cell);
}

static void add_memory(struct chart *chart, struct chart_panel *panel, const struct past_run *run,
                       const struct row *cell)
{
    double kib = past_run_spread(run, cell, SAMPLE_memory_pss_kib_per_connection).middle;

    mark_partly_served(add_bar(chart, panel, cell, kib < 0 ? 0 : kib), cell);
}

static void add_syscalls(struct chart *chart, struct chart_panel *panel, const struct past_run *run,
                         const struct row *cell)
{
    (void)run;
    mark_partly_served(add_bar(chart, panel, cell, row_number(cell, CELL_syscalls_per_request)), cell);
}

static void add_switches(struct chart *chart, struct chart_panel *panel, const struct past_run *run,
                         const struct row *cell)
{
    (void)run;
    mark_partly_served(add_bar(chart, panel, cell, row_number(cell, CELL_switches_per_request)), cell);
}

static const struct question {
    struct chart chart;
    void (*add)(struct chart *, struct chart_panel *, const struct past_run *, const struct row *);
    const char *missing;
    bool own_scale; /* per scenario */
} questions[] = {
    {{.id = "ratio",
      .title = "Server CPU time per request, beside the control",
      .spread = "Left is better, the scale is logarithmic; dot: median of the pairs; line: its 95 % "
                "interval; shaded: differences this run cannot tell",
      .hollow = "hollow: not everyone was served",
      .kind = CHART_DOTS,
      .x_label = "",
      .y_label = "times the control's",
      .y_log = true}, /* twice and half are equally far from 1 */
     add_ratio,
     "No cell has a ratio to its control: too few rounds, or none valid.",
     false},
    {{.id = "split",
      .title = "Where the CPU time goes: user space and kernel",
      .spread = "Solid: user space; pale: kernel; whiskers: the middle half of the slices",
      .hollow = "very pale: not everyone was served",
      .kind = CHART_BARS,
      .x_label = "",
      .y_label = "µs per request"},
     add_split,
     "No valid cell has a CPU time.",
     true},
    {{.id = "memory",
      .title = "Memory per connection",
      .spread = "Counted in one slice of each model, so without spread",
      .hollow = "pale: not everyone was served",
      .kind = CHART_BARS,
      .x_label = "",
      .y_label = "KiB per connection"},
     add_memory,
     "Memory was not measured: the run has no cost slices.",
     false},
    {{.id = "syscalls",
      .title = "System calls per request",
      .spread = "Counted in one slice of each model, so without spread",
      .hollow = "pale: not everyone was served",
      .kind = CHART_BARS,
      .x_label = "",
      .y_label = "system calls"},
     add_syscalls,
     "System calls were not counted: no cost slices, or no right to the tracepoint.",
     false},
    {{.id = "switches",
      .title = "Context switches per request",
      .spread = "Counted in one slice of each model, so without spread",
      .hollow = "pale: not everyone was served",
      .kind = CHART_BARS,
      .x_label = "",
      .y_label = "switches"},
     add_switches,
     "Context switches were not counted: the run has no cost slices, or tasks came and went in them.",
     false},
};

static void name_control(struct chart_panel *panel, const struct past_group *group)
{
    size_t used = strlen(panel->title);

    panel->floor = group->smallest;
    snprintf(panel->title + used, sizeof(panel->title) - used, ", beside %.40s", group->control);
}

void charts_at_main(struct chart charts[5], const struct past_run *run)
{
    const struct past_group *scenarios[CHART_PANELS_MAX];
    unsigned count = past_run_scenarios(run, scenarios, CHART_PANELS_MAX);

    for (unsigned q = 0; q < 5; q++) {
        charts[q] = questions[q].chart;
        for (unsigned i = 0; i < count; i++) {
            const struct past_group *group = past_run_main_group(run, scenarios[i]->scenario);
            struct chart_panel *panel = chart_add_group_panel(&charts[q], run, group);

            if (panel && questions[q].own_scale)
                panel->scale = i;
            if (panel && questions[q].chart.kind == CHART_DOTS)
                name_control(panel, group);
            for (unsigned c = 0; panel && c < group->count; c++)
                questions[q].add(&charts[q], panel, run, &run->cells[group->first + c]);
        }
        chart_finish(&charts[q], questions[q].missing);
    }
}
