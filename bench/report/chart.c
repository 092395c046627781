/*
 * chart - see chart.h.
 */
#include "chart.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "family.h"
#include "number_json.h"

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

static void finish_panel(struct chart_panel *panel)
{
    size_t kept = 0;

    for (size_t i = 0; i < panel->count; i++) {
        if (panel->series[i].count == 0) {
            free(panel->series[i].points);
            continue;
        }
        qsort(panel->series[i].points, panel->series[i].count, sizeof(struct chart_point), compare_points);
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
            free(chart->panels[i].series);
    }
    chart->count = kept;
    if (kept == 0)
        snprintf(chart->missing, sizeof(chart->missing), "%s", missing);
}

void chart_free(struct chart *chart)
{
    for (size_t i = 0; i < chart->count; i++) {
        for (size_t j = 0; j < chart->panels[i].count; j++)
            free(chart->panels[i].series[j].points);
        free(chart->panels[i].series);
    }
    free(chart->panels);
    *chart = (struct chart){0};
}

/* ---- many models: a panel per family ---- */

static void copy_series(struct chart *chart, struct chart_panel *into, const struct chart_series *from,
                        bool context)
{
    struct chart_series *series = chart_add_series(chart, into, from->name);

    if (!series)
        return;
    series->context = context;
    for (size_t i = 0; i < from->count; i++) {
        struct chart_point *point = chart_add_point(series, 0, 0);

        if (point)
            *point = from->points[i];
    }
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
                into = chart_add_panel(chart, title);
            }
        for (unsigned context = 2; into && context-- > 0;) /* what is grey is drawn first */
            for (size_t i = 0; i < panel->count; i++)
                if ((panel->series[i].family != family) == context)
                    copy_series(chart, into, &panel->series[i], context);
    }
}

void chart_spread_families(struct chart *chart)
{
    struct chart narrow = *chart, wide = *chart;

    wide.panels = NULL;
    wide.count = wide.capacity = 0;
    for (size_t i = 0; i < narrow.count; i++)
        if (narrow.panels[i].count > CHART_TOGETHER_MAX) {
            spread_panel(&wide, &narrow.panels[i]);
            if (!wide.note[0])
                snprintf(wide.note, sizeof(wide.note), "Grey: all the others, for comparison.");
        } else {
            struct chart_panel *panel = chart_add_panel(&wide, narrow.panels[i].title);

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

struct chart_range chart_range_x(const struct chart *chart)
{
    struct chart_range range = {INFINITY, -INFINITY};

    for (size_t i = 0; i < chart->count; i++)
        for (size_t j = 0; j < chart->panels[i].count; j++)
            for (size_t k = 0; k < chart->panels[i].series[j].count; k++)
                widen(&range, chart->panels[i].series[j].points[k].x, chart->x_log);
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
}

struct chart_range chart_range_y(const struct chart *chart, const struct chart_panel *panel)
{
    struct chart_range range = {INFINITY, -INFINITY};

    if (chart->apart && panel)
        widen_panel(&range, panel, chart->y_log);
    else
        for (size_t i = 0; i < chart->count; i++)
            widen_panel(&range, &chart->panels[i], chart->y_log);
    return range;
}

/* ---- JSON ---- */

static json_t *series_json(const struct chart_series *series)
{
    json_t *points = json_array();

    for (size_t i = 0; i < series->count; i++) {
        const struct chart_point *point = &series->points[i];

        json_array_append_new(points,
                              json_pack("[o, o, o, o, o, b, s]", number_json(point->x), number_json(point->y),
                                        number_json(point->low), number_json(point->high),
                                        number_json(point->part), point->hollow, point->note));
    }
    return json_pack("{s:s, s:i, s:i, s:b, s:o}", "name", series->name, "family", (int)series->family, "dash",
                     (int)series->dash, "context", series->context, "points", points);
}

static json_t *panel_json(const struct chart_panel *panel)
{
    json_t *series = json_array();

    for (size_t i = 0; i < panel->count; i++)
        json_array_append_new(series, series_json(&panel->series[i]));
    return json_pack("{s:s, s:s?, s:o, s:o}", "title", panel->title, "unit", panel->unit, "floor",
                     number_json(panel->floor), "series", series);
}

static json_t *chart_json(const struct chart *chart)
{
    static const char *const kinds[] = {"lines", "bars", "dots"};
    json_t *panels = json_array();

    for (size_t i = 0; i < chart->count; i++)
        json_array_append_new(panels, panel_json(&chart->panels[i]));
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:b, s:b, s:b, s:o}", "id", chart->id, "title", chart->title,
                     "kind", kinds[chart->kind], "x", chart->x_label, "y", chart->y_label, "xlog",
                     chart->x_log, "ylog", chart->y_log, "apart", chart->apart, "panels", panels);
}

json_t *charts_to_json(const struct chart *charts, size_t count)
{
    json_t *list = json_array();

    for (size_t i = 0; i < count; i++)
        if (charts[i].count > 0)
            json_array_append_new(list, chart_json(&charts[i]));
    return list;
}
