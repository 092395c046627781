/*
 * plot_lines - lines over an axis, each with its name at its end instead of a legend.
 */
#include "plot_panel.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "family.h"

enum { LABEL_PIXELS = 14, NAME_CHARS = 24 };

static const char *const dashes[FAMILY_DASHES] = {"solid",      "(10,4)", "(3,3)",
                                                  "(10,3,3,3)", "(16,4)", "(6,6)"};

/* ---- scales ---- */

/* Where a value stands on the axis, 0 to 1. */
static double place(double value, const struct chart_range *range, bool log_scale)
{
    if (log_scale)
        return log(value / range->low) / log(range->high / range->low);
    return (value - range->low) / (range->high - range->low);
}

static struct chart_range scale_y(const struct chart *chart, const struct chart_panel *panel)
{
    struct chart_range range = chart_range_y(chart, panel);

    if (!chart->y_log)
        range.low = 0;
    if (chart->y_log) {
        range.low /= 1.3;
        range.high *= 1.3;
    } else {
        range.high = range.high > 0 ? range.high * 1.06 : 1;
    }
    return range;
}

static struct chart_range scale_x(const struct chart *chart)
{
    struct chart_range range = chart_range_x(chart);

    if (chart->x_log) {
        range.low /= 1.1;
        range.high *= 1.1;
    } else if (range.high <= range.low) {
        range.high = range.low + 1;
    }
    return range;
}

static int compare_doubles(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;

    return (left > right) - (left < right);
}

/* A tick at every value that was measured, as long as they are few and far enough from each other. */
static void write_x_ticks(FILE *out, const struct chart *chart, const struct chart_range *range)
{
    enum { TICKS_MAX = 64 };
    double ticks[TICKS_MAX] = {0}, last = -1;
    size_t count = 0;

    for (size_t i = 0; i < chart->count; i++)
        for (size_t j = 0; j < chart->panels[i].count; j++)
            for (size_t k = 0; k < chart->panels[i].series[j].count && count < TICKS_MAX; k++) {
                double x = chart->panels[i].series[j].points[k].x;
                bool known = false;

                for (size_t t = 0; t < count && !known; t++)
                    known = ticks[t] == x;
                if (!known)
                    ticks[count++] = x;
            }
    qsort(ticks, count, sizeof(*ticks), compare_doubles);
    fputs("set xtics (", out);
    for (size_t t = 0; t < count; t++) {
        double at = place(ticks[t], range, chart->x_log);

        if (last >= 0 && at - last < 0.11)
            continue;
        fprintf(out, "%s'%.4g%s' %.9g", last >= 0 ? ", " : "", ticks[t] >= 10000 ? ticks[t] / 1000 : ticks[t],
                ticks[t] >= 10000 ? "k" : "", ticks[t]);
        last = at;
    }
    fputs(")\n", out);
}

/* ---- names at the ends ---- */

struct end {
    const struct chart_series *series;
    double at, moved; /* height of the line's end and of its name, 0 to 1 */
    double x;
};

static int compare_ends(const void *a, const void *b)
{
    double left = ((const struct end *)a)->at, right = ((const struct end *)b)->at;

    return (left > right) - (left < right);
}

/* Pushes names apart, upwards first; what would leave the panel at the top pushes the others down. */
static void push_apart(struct end *ends, size_t count, double gap)
{
    for (size_t i = 1; i < count; i++)
        ends[i].moved = fmax(ends[i].moved, ends[i - 1].moved + gap);
    if (count > 0)
        ends[count - 1].moved = fmin(ends[count - 1].moved, 1.0);
    for (size_t i = count; i-- > 1;)
        ends[i - 1].moved = fmin(ends[i - 1].moved, ends[i].moved - gap);
}

static void write_names(FILE *out, const struct chart *chart, const struct chart_panel *panel,
                        const struct chart_range *x, const struct chart_range *y, double height)
{
    struct end ends[CHART_SERIES_MAX] = {0};
    size_t count = 0;

    for (size_t j = 0; j < panel->count; j++) {
        const struct chart_series *series = &panel->series[j];
        const struct chart_point *last = &series->points[series->count - 1];

        if (!series->context) {
            double at = place(last->y, y, chart->y_log);

            ends[count++] = (struct end){series, at, at, place(last->x, x, chart->x_log)};
        }
    }
    qsort(ends, count, sizeof(*ends), compare_ends);
    push_apart(ends, count, LABEL_PIXELS / height);
    for (size_t i = 0; i < count; i++) {
        const char *colour = families[ends[i].series->family].colour;

        char name[CHART_NAME_MAX];

        snprintf(name, sizeof(name), "%.*s", NAME_CHARS, ends[i].series->name);
        fputs("set label ", out);
        plot_quote(out, name);
        fprintf(out, " at graph 1.03, graph %.5f left tc rgb '%s' font 'sans-serif,11'\n", ends[i].moved,
                colour);
        fprintf(
            out,
            "set arrow from graph %.5f, graph %.5f to graph 1.025, graph %.5f nohead lc rgb '%s' lw 0.5\n",
            ends[i].x, ends[i].at, ends[i].moved, colour);
    }
}

/* ---- data ---- */

static void write_data(FILE *out, const struct chart_panel *panel, size_t index)
{
    for (size_t j = 0; j < panel->count; j++) {
        const struct chart_series *series = &panel->series[j];

        fprintf(out, "$d%zu_%zu << EOD\n", index, j);
        for (size_t k = 0; k < series->count; k++) {
            const struct chart_point *point = &series->points[k];

            fprintf(out, "%.9g %.9g %.9g %.9g %d\n", point->x, point->y,
                    isnan(point->low) ? point->y : point->low, isnan(point->high) ? point->y : point->high,
                    point->hollow);
        }
        fputs("EOD\n", out);
    }
}

static void write_series(FILE *out, const struct chart_series *series, size_t index, size_t j)
{
    const char *colour = families[series->family].colour;

    if (series->context) {
        fprintf(out, "$d%zu_%zu using 1:2 with lines lw 1 lc rgb '#80808070'", index, j);
        return;
    }
    fprintf(out, "$d%zu_%zu using 1:2 with lines lw 2 dt %s lc rgb '%s'", index, j, dashes[series->dash],
            colour);
    fprintf(out, ", $d%zu_%zu using 1:3:(0):($4-$3) with vectors nohead lw 1 lc rgb '%s'", index, j, colour);
    fprintf(out, ", $d%zu_%zu using 1:($5 == 0 ? $2 : NaN) with points pt 7 ps 0.5 lc rgb '%s'", index, j,
            colour);
    fprintf(out, ", $d%zu_%zu using 1:($5 != 0 ? $2 : NaN) with points pt 6 ps 0.6 lc rgb '%s'", index, j,
            colour);
}

void plot_lines(FILE *out, const struct chart *chart, const struct chart_panel *panel, size_t index,
                const struct plot_layout *layout)
{
    struct chart_range x = scale_x(chart), y = scale_y(chart, panel);

    write_data(out, panel, index);
    fprintf(out, "%sset logscale x\n%sset logscale y\n", chart->x_log ? "" : "un", chart->y_log ? "" : "un");
    fprintf(out, "set xrange [%.9g:%.9g]\nset yrange [%.9g:%.9g]\n", x.low, x.high, y.low, y.high);
    write_x_ticks(out, chart, &x);
    fputs("set format y '%.0s%c'\nset label ", out);
    plot_quote(out, panel->title);
    fputs(" at graph 0, graph 1.07 left tc rgb '" PLOT_TEXT "'\nset xlabel ", out);
    plot_quote(out, chart->x_label);
    fputs(" tc rgb '" PLOT_TEXT "' offset 0,0.4\nset ylabel ", out);
    plot_quote(out, index % (size_t)layout->columns == 0 || chart->apart
                        ? panel->unit ? panel->unit : chart->y_label
                        : "");
    fputs(" tc rgb '" PLOT_TEXT "' offset 1,0\n", out);
    write_names(out, chart, panel, &x, &y, layout->height - layout->top - layout->bottom);
    fputs("plot ", out);
    for (size_t j = 0; j < panel->count; j++) {
        fputs(j > 0 ? ", " : "", out);
        write_series(out, &panel->series[j], index, j);
    }
    fputs("\n", out);
}
