/*
 * chart - see chart.h.
 */
#include "chart.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "family.h"

void chart_copy_text(char *into, size_t size, const char *text)
{
    size_t length = strlen(text);

    if (length >= size)
        length = size - 1;
    while (length > 0 && text[length] && ((unsigned char)text[length] & 0xc0) == 0x80)
        length--;
    memcpy(into, text, length);
    into[length] = '\0';
}

void chart_add_note(struct chart *chart, const char *format, ...)
{
    size_t used = strlen(chart->note);
    va_list values;

    if (used > 0 && used + 1 < sizeof(chart->note))
        chart->note[used++] = ' ';
    va_start(values, format);
    vsnprintf(chart->note + used, sizeof(chart->note) - used, format, values);
    va_end(values);
}

/* ---- building ---- */

struct chart_panel *chart_add_panel(struct chart *chart, const char *title)
{
    struct chart_panel *panel;

    if (chart->count == CHART_PANELS_MAX) {
        snprintf(chart->note, sizeof(chart->note), "Only the first %d of the panels are drawn.",
                 CHART_PANELS_MAX);
        return NULL;
    }
    if (array_reserve((void **)&chart->panels, &chart->capacity, chart->count + 1, sizeof(*panel)) < 0)
        return NULL;
    panel = &chart->panels[chart->count++];
    *panel = (struct chart_panel){.floor = NAN};
    chart_copy_text(panel->title, sizeof(panel->title), title);
    return panel;
}

struct chart_panel *chart_add_group_panel(struct chart *chart, const struct past_run *run,
                                          const struct past_group *group)
{
    double load = past_run_load(run, group);
    char title[CHART_NAME_MAX * 2], at[32] = "";

    if (!isnan(load))
        snprintf(at, sizeof(at), ", %.3g %% load", load * 100);
    snprintf(title, sizeof(title), "%.80s, %u connection%s%s", group->scenario, group->connections,
             group->connections == 1 ? "" : "s", at);
    return chart_add_panel(chart, title);
}

struct chart_series *chart_add_series(struct chart *chart, struct chart_panel *panel, const char *model)
{
    struct chart_series *series;

    if (panel->count == CHART_SERIES_MAX) {
        snprintf(chart->note, sizeof(chart->note),
                 "Only the first %d models of a panel are drawn; the table below has all.", CHART_SERIES_MAX);
        return NULL;
    }
    if (array_reserve((void **)&panel->series, &panel->capacity, panel->count + 1, sizeof(*series)) < 0)
        return NULL;
    series = &panel->series[panel->count++];
    *series = (struct chart_series){0};
    chart_copy_text(series->name, sizeof(series->name), model);
    series->family = family_of(model, &series->dash);
    return series;
}

struct chart_series *chart_series_of(struct chart *chart, struct chart_panel *panel, const char *model)
{
    char name[CHART_NAME_MAX];

    chart_copy_text(name, sizeof(name), model);
    for (size_t i = 0; i < panel->count; i++)
        if (strcmp(panel->series[i].name, name) == 0)
            return &panel->series[i];
    return chart_add_series(chart, panel, model);
}

struct chart_point *chart_add_point(struct chart_series *series, double x, double y)
{
    struct chart_point *point;

    if (array_reserve((void **)&series->points, &series->capacity, series->count + 1, sizeof(*point)) < 0)
        return NULL;
    point = &series->points[series->count++];
    *point = (struct chart_point){.x = x, .y = y, .low = NAN, .high = NAN, .part = NAN};
    return point;
}

/* ---- finishing ---- */

static int compare_points(const void *a, const void *b)
{
    double left = ((const struct chart_point *)a)->x, right = ((const struct chart_point *)b)->x;

    return (left > right) - (left < right);
}

static void free_panel(struct chart_panel *panel)
{
    for (size_t i = 0; i < panel->count; i++)
        free(panel->series[i].points);
    free(panel->series);
    free(panel->band.points);
}

static void sort_points(struct chart_series *series)
{
    if (series->count > 0)
        qsort(series->points, series->count, sizeof(struct chart_point), compare_points);
}

static void finish_panel(struct chart_panel *panel)
{
    size_t kept = 0;

    sort_points(&panel->band);
    for (size_t i = 0; i < panel->count; i++) {
        if (panel->series[i].count == 0) {
            free(panel->series[i].points);
            continue;
        }
        sort_points(&panel->series[i]);
        panel->series[kept++] = panel->series[i];
    }
    panel->count = kept;
}

void chart_finish(struct chart *chart, const char *missing)
{
    size_t kept = 0;

    for (size_t i = 0; i < chart->count; i++) {
        finish_panel(&chart->panels[i]);
        if (chart->panels[i].count > 0)
            chart->panels[kept++] = chart->panels[i];
        else
            free_panel(&chart->panels[i]);
    }
    chart->count = kept;
    if (kept == 0)
        snprintf(chart->missing, sizeof(chart->missing), "%s", missing);
}

void chart_free(struct chart *chart)
{
    for (size_t i = 0; i < chart->count; i++)
        free_panel(&chart->panels[i]);
    free(chart->panels);
    *chart = (struct chart){0};
}

/* ---- many models: a panel per family ---- */

static void copy_points(struct chart_series *into, const struct chart_series *from)
{
    for (size_t i = 0; i < from->count; i++) {
        struct chart_point *point = chart_add_point(into, 0, 0);

        if (point)
            *point = from->points[i];
    }
}

static void copy_series(struct chart *chart, struct chart_panel *into, const struct chart_series *from,
                        bool context)
{
    struct chart_series *series = chart_add_series(chart, into, from->name);

    if (!series)
        return;
    series->context = context;
    copy_points(series, from);
}

/* An empty panel with the title, and with what stands behind the lines of the other. NULL: no room. */
static struct chart_panel *copy_panel(struct chart *chart, const struct chart_panel *from, const char *title)
{
    struct chart_panel *into = chart_add_panel(chart, title);

    if (!into)
        return NULL;
    into->scale = from->scale;
    copy_points(&into->band, &from->band);
    return into;
}

static void spread_panel(struct chart *chart, const struct chart_panel *panel)
{
    for (unsigned family = 0; family < family_count; family++) {
        struct chart_panel *into = NULL;
        char title[CHART_NAME_MAX * 2];

        for (size_t i = 0; i < panel->count && !into; i++)
            if (panel->series[i].family == family) {
                snprintf(title, sizeof(title), "%s%s%s", panel->title, panel->title[0] ? ": " : "",
                         families[family].name);
                into = copy_panel(chart, panel, title);
            }
        for (unsigned context = 2; into && context-- > 0;) /* what is grey is drawn first */
            for (size_t i = 0; i < panel->count; i++)
                if ((panel->series[i].family != family) == context)
                    copy_series(chart, into, &panel->series[i], context);
    }
}

void chart_spread_families(struct chart *chart)
{
    static const char grey_lines[] = "Grey lines: all the others, for comparison.";
    struct chart narrow = *chart, wide = *chart;

    wide.panels = NULL;
    wide.count = wide.capacity = 0;
    for (size_t i = 0; i < narrow.count; i++)
        if (narrow.panels[i].count > CHART_TOGETHER_MAX) {
            spread_panel(&wide, &narrow.panels[i]);
            if (!strstr(wide.note, grey_lines))
                chart_add_note(&wide, "%s", grey_lines);
        } else {
            struct chart_panel *panel = copy_panel(&wide, &narrow.panels[i], narrow.panels[i].title);

            for (size_t j = 0; panel && j < narrow.panels[i].count; j++)
                copy_series(&wide, panel, &narrow.panels[i].series[j], false);
        }
    chart_free(&narrow);
    *chart = wide;
}

/* ---- ranges ---- */

static void widen(struct chart_range *range, double value, bool log)
{
    if (isnan(value) || isinf(value) || (log && value <= 0))
        return;
    range->low = fmin(range->low, value);
    range->high = fmax(range->high, value);
}

/* The range of x as it was measured, with what is greater than 0 only, or with all. */
static struct chart_range measured_x(const struct chart *chart, bool above_zero)
{
    struct chart_range range = {INFINITY, -INFINITY};

    for (size_t i = 0; i < chart->count; i++)
        for (size_t j = 0; j < chart->panels[i].count; j++)
            for (size_t k = 0; k < chart->panels[i].series[j].count; k++)
                widen(&range, chart->panels[i].series[j].points[k].x, above_zero);
    return range;
}

double chart_zero_x(const struct chart *chart)
{
    struct chart_range all = measured_x(chart, false), above = measured_x(chart, true);

    if (!chart->x_log || all.low > 0 || above.high < above.low)
        return NAN;
    return above.low / fmin(10, fmax(2, sqrt(above.high / above.low)));
}

struct chart_range chart_range_x(const struct chart *chart)
{
    struct chart_range range = measured_x(chart, chart->x_log);
    double zero = chart_zero_x(chart);

    if (!isnan(zero))
        range.low = zero;
    return range;
}

static void widen_panel(struct chart_range *range, const struct chart_panel *panel, bool log)
{
    for (size_t j = 0; j < panel->count; j++)
        for (size_t k = 0; k < panel->series[j].count; k++) {
            widen(range, panel->series[j].points[k].y, log);
            widen(range, panel->series[j].points[k].low, log);
            widen(range, panel->series[j].points[k].high, log);
        }
    for (size_t k = 0; k < panel->band.count; k++) {
        widen(range, panel->band.points[k].low, log);
        widen(range, panel->band.points[k].high, log);
    }
}

struct chart_range chart_range_y(const struct chart *chart, const struct chart_panel *panel)
{
    struct chart_range range = {INFINITY, -INFINITY};

    for (size_t i = 0; i < chart->count; i++)
        if (chart->apart ? &chart->panels[i] == panel : chart->panels[i].scale == panel->scale)
            widen_panel(&range, &chart->panels[i], chart->y_log);
    return range;
}

/* ---- caption ---- */

static bool has_hollow(const struct chart *chart)
{
    for (size_t i = 0; i < chart->count; i++)
        for (size_t j = 0; j < chart->panels[i].count; j++)
            for (size_t k = 0; k < chart->panels[i].series[j].count; k++)
                if (chart->panels[i].series[j].points[k].hollow)
                    return true;
    return false;
}

static bool has_band(const struct chart *chart)
{
    for (size_t i = 0; i < chart->count; i++)
        if (chart->panels[i].band.count > 0)
            return true;
    return false;
}

static bool has_scales(const struct chart *chart)
{
    for (size_t i = 1; i < chart->count; i++)
        if (chart->panels[i].scale != chart->panels[0].scale)
            return true;
    return false;
}

void chart_caption(char caption[CHART_CAPTION_MAX], const struct chart *chart)
{
    const char *hollow = chart->hollow && has_hollow(chart) ? chart->hollow : "";
    const char *band = has_band(chart) ? "; shaded: what this run cannot tell from the control" : "";
    const char *scales = has_scales(chart) ? "; each scenario has a scale of its own" : "";

    snprintf(caption, CHART_CAPTION_MAX, "%.*s%s%s%s%s%s%s%s", CHART_TEXT_MAX, chart->spread,
             chart->spread[0] && hollow[0] ? "; " : "", hollow, band, scales,
             chart->spread[0] || hollow[0] ? "." : "", chart->note[0] ? " " : "", chart->note);
}
