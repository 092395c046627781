/*
 * chart_json - charts as report.js wants them.
 */
#include "chart.h"
#include "number_json.h"

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

static json_t *band_json(const struct chart_series *band)
{
    json_t *points = json_array();

    for (size_t i = 0; i < band->count; i++)
        json_array_append_new(points,
                              json_pack("[o, o, o]", number_json(band->points[i].x),
                                        number_json(band->points[i].low), number_json(band->points[i].high)));
    return points;
}

static json_t *panel_json(const struct chart_panel *panel)
{
    json_t *series = json_array();

    for (size_t i = 0; i < panel->count; i++)
        json_array_append_new(series, series_json(&panel->series[i]));
    return json_pack("{s:s, s:s?, s:i, s:o, s:o, s:o}", "title", panel->title, "unit", panel->unit, "scale",
                     (int)panel->scale, "floor", number_json(panel->floor), "band", band_json(&panel->band),
                     "series", series);
}

static json_t *chart_json(const struct chart *chart)
{
    static const char *const kinds[] = {"lines", "bars", "dots"};
    json_t *panels = json_array();

    for (size_t i = 0; i < chart->count; i++)
        json_array_append_new(panels, panel_json(&chart->panels[i]));
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:b, s:b, s:o, s:b, s:o}", "id", chart->id, "title",
                     chart->title, "kind", kinds[chart->kind], "x", chart->x_label, "y", chart->y_label,
                     "xlog", chart->x_log, "ylog", chart->y_log, "zero", number_json(chart_zero_x(chart)),
                     "apart", chart->apart, "panels", panels);
}

json_t *charts_to_json(const struct chart *charts, size_t count)
{
    json_t *list = json_array();

    for (size_t i = 0; i < count; i++)
        if (charts[i].count > 0)
            json_array_append_new(list, chart_json(&charts[i]));
    return list;
}
