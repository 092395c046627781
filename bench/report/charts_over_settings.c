/*
 * charts_over_settings - what changes when the workload does: the effect of waiting handlers, of the number
 * of workers and of idle connections.
 */
#include "chart.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "summary.h"

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
    const char *title, *unit, *missing;
    unsigned cell_column, sample_column; /* cell_column CELL_COLUMNS: only the slices know it */
} panels[] = {
    {"requests per second", "requests per second", "no cell has a rate", CELL_requests_per_s,
     SAMPLE_requests_per_s},
    {"server CPU time per request", "µs per request", "no cell has a CPU time",
     CELL_server_cpu_us_per_request, SAMPLE_server_cpu_us_per_request},
    {"memory, idle ones included", "KiB per connection", "it was not measured (the run has no cost slices)",
     CELL_COLUMNS, SAMPLE_memory_pss_kib_per_connection},
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

/* One setting alone shows no effect of it. */
static void drop_single_settings(struct chart *chart, struct chart_panel *panel)
{
    static const char why[] = "Models measured at one setting only are left out.";

    for (size_t i = 0; i < panel->count; i++) {
        struct chart_series *series = &panel->series[i];
        bool varies = false;

        for (size_t k = 1; k < series->count && !varies; k++)
            varies = series->points[k].x != series->points[0].x;
        if (varies || series->count == 0)
            continue;
        series->count = 0;
        if (!strstr(chart->note, why))
            chart_add_note(chart, "%s", why);
    }
}

static bool has_points(const struct chart_panel *panel)
{
    for (size_t i = 0; i < panel->count; i++)
        if (panel->series[i].count > 0)
            return true;
    return false;
}

/* A panel beside others that does not come says why. */
static void note_lost_panels(struct chart *chart)
{
    for (size_t i = 1; i < chart->count; i++)
        if (has_points(&chart->panels[0]) && !has_points(&chart->panels[i]))
            chart_add_note(chart, "No panel of %s: %s.", panels[i].title, panels[i].missing);
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
    for (size_t i = 0; i < chart->count; i++)
        drop_single_settings(chart, &chart->panels[i]);
    note_lost_panels(chart);
    chart_finish(chart, missing);
}

void charts_over_settings(struct chart charts[3], const struct past_run *run)
{
    static const struct setting waits = {.varies = wait_of, .same_workers = true, .panels = 2};
    static const struct setting workers = {
        .varies = workers_of, .same_target = true, .sign = '@', .panels = 2};
    static const struct setting idle = {.varies = idle_of, .sign = '+', .within = true, .panels = 3};

    charts[0] = (struct chart){
        .id = "wait",
        .title = "Handlers that wait, as for a database",
        .spread = "The scale of waits is logarithmic, but for 0; whiskers: the middle half of the slices",
        .hollow = "hollow: not everyone was served",
        .kind = CHART_LINES,
        .x_label = "wait, µs",
        .y_label = "",
        .x_log = true,
    };
    make_settings(
        &charts[0], run, &waits,
        "The run has no two scenarios that differ only in how long handlers wait (target = /wait/USEC).");
    charts[1] = (struct chart){
        .id = "workers",
        .title = "Number of workers",
        .spread = "The scale of workers is logarithmic; whiskers: the middle half of the slices",
        .hollow = "hollow: not everyone was served",
        .kind = CHART_LINES,
        .x_label = "workers",
        .y_label = "",
        .x_log = true,
    };
    make_settings(&charts[1], run, &workers,
                  "The run has no scenarios, and no variants of a model, that differ only in their workers.");
    charts[2] = (struct chart){
        .id = "idle",
        .title = "Connections that say nothing, beside those that ask",
        .spread =
            "Scales are logarithmic, but for 0; whiskers: the middle half of the slices; memory: from one "
            "slice, without spread",
        .hollow = "hollow: not everyone was served",
        .kind = CHART_LINES,
        .x_label = "idle connections",
        .y_label = "",
        .x_log = true,
        .y_log = true,
    };
    make_settings(&charts[2], run, &idle,
                  "No scenario of this run holds idle connections beside the others (models = epoll+1000).");
}
