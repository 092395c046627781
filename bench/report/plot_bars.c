/*
 * plot_bars - a row per model: zero-based bars, or dots with their interval beside a line at 1.
 */
#include "plot_panel.h"

#include <math.h>
#include <string.h>

#include "family.h"

enum { NAME_CHARS = 24 };

static void write_names(FILE *out, const struct chart_panel *panel)
{
    fputs("set ytics (", out);
    for (size_t j = 0; j < panel->count; j++) {
        char name[CHART_NAME_MAX];

        snprintf(name, sizeof(name), "%.*s", NAME_CHARS, panel->series[j].name);
        fputs(j > 0 ? ", " : "", out);
        plot_quote(out, name);
        fprintf(out, " %zu", panel->count - j);
    }
    fputs(") scale 0\n", out);
}

static void write_whisker(FILE *out, const struct chart_point *point, double row)
{
    fprintf(out,
            "set arrow from %.9g, %.2f to %.9g, %.2f heads size screen 0.003,90 front lw 1 lc rgb '%s'\n",
            point->low, row, point->high, row, PLOT_TEXT);
}

/* Three digits, as in the page's tables. */
static int decimals(double value)
{
    return fabs(value) >= 99.95 || value == trunc(value) ? 0
           : fabs(value) >= 9.995                        ? 1
           : fabs(value) >= 0.095                        ? 2
                                                         : 3;
}

static void write_bar(FILE *out, const struct chart_series *series, double row)
{
    const struct chart_point *point = &series->points[0];
    const char *colour = families[series->family].colour;
    double part = isnan(point->part) ? 0 : point->part;

    fprintf(out, "set object rectangle from %.9g, %.2f to %.9g, %.2f fc rgb '%s' fs solid %s noborder\n",
            part, row - 0.32, point->y, row + 0.32, colour,
            point->hollow ? "0.25"
            : part > 0    ? "0.55"
                          : "0.85");
    if (part > 0)
        fprintf(out, "set object rectangle from 0, %.2f to %.9g, %.2f fc rgb '%s' fs solid 1 noborder\n",
                row - 0.32, part, row + 0.32, colour);
    if (point->high > point->low)
        write_whisker(out, point, row);
    fprintf(out,
            "set label '%.*f' at %.9g, %.2f left offset 0.6,0 tc rgb '" PLOT_TEXT "' font 'sans-serif,11'\n",
            decimals(point->y), point->y, fmax(point->y, isnan(point->high) ? 0 : point->high), row);
}

static void write_dot(FILE *out, const struct chart_series *series, double row)
{
    const struct chart_point *point = &series->points[0];
    const char *colour = families[series->family].colour;
    char interval[CHART_NAME_MAX] = "";

    if (!isnan(point->low) && !isnan(point->high))
        fprintf(out, "set arrow from %.9g, %.2f to %.9g, %.2f nohead lw 2.5 lc rgb '%s'\n", point->low, row,
                point->high, row, colour);
    fprintf(out, "set label '' at %.9g, %.2f point pt %d ps 0.7 lc rgb '%s'\n", point->y, row,
            point->hollow ? 6 : 7, colour);
    if (!isnan(point->low) && !isnan(point->high))
        snprintf(interval, sizeof(interval), " [%.2f, %.2f]", point->low, point->high);
    fprintf(out,
            "set label '%.2f%s' at graph 1, first %.2f left offset 1,0 tc rgb '" PLOT_TEXT
            "' font 'sans-serif,11'\n",
            point->y, interval, row);
}

/* Bars begin at 0; dots lie around 1. */
static struct chart_range scale(const struct chart *chart, const struct chart_panel *panel)
{
    struct chart_range range = chart_range_y(chart, panel);

    if (chart->y_log)
        return (struct chart_range){fmin(range.low, 1) / 1.15, fmax(range.high, 1) * 1.15};
    return (struct chart_range){0, range.high > 0 ? range.high * 1.05 : 1};
}

void plot_bars(FILE *out, const struct chart *chart, const struct chart_panel *panel, size_t index)
{
    struct chart_range range = scale(chart, panel);

    (void)index;
    fprintf(out, "unset logscale\n%sset xrange [%.9g:%.9g]\nset yrange [0.4:%.1f]\n",
            chart->y_log ? "set logscale x\n" : "", range.low, range.high, (double)panel->count + 0.6);
    write_names(out, panel);
    fputs("unset grid\nset grid xtics lc rgb '" PLOT_GRID "' lw 0.5\n", out);
    fputs(chart->y_log ? "set xtics (0.02, 0.05, 0.1, 0.2, 0.5, 0.7, 1, 1.5, 2, 3, 5, 10, 20, 50, 100)\n"
                       : "set xtics autofreq\n",
          out);
    fputs("set format x '%.3g'\nset xlabel ", out);
    plot_quote(out, panel->unit ? panel->unit : chart->y_label);
    fputs(" tc rgb '" PLOT_TEXT "' offset 0,0.4\nset label ", out);
    plot_quote(out, panel->title);
    fputs(" at graph 0, graph 1 left offset 0,0.8 tc rgb '" PLOT_TEXT "'\n", out);
    if (chart->kind == CHART_DOTS) {
        double floor = isnan(panel->floor) ? 0 : panel->floor;

        fprintf(out,
                "set object rectangle from %.9g, graph 0 to %.9g, graph 1 fc rgb '#808080' fs solid 0.15 "
                "noborder behind\n",
                fmax(range.low, 1 - floor), fmin(range.high, 1 + floor));
        fputs("set arrow from 1, graph 0 to 1, graph 1 nohead lc rgb '#808080' lw 1\n", out);
    }
    for (size_t j = 0; j < panel->count; j++) {
        if (chart->kind == CHART_DOTS)
            write_dot(out, &panel->series[j], (double)(panel->count - j));
        else
            write_bar(out, &panel->series[j], (double)(panel->count - j));
    }
    fputs("plot NaN notitle\n", out);
}
