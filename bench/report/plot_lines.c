/*
 * plot_lines - lines over an axis, each with its name at its end instead of a legend.
 */
#include "plot_panel.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "family.h"

enum { LABEL_PIXELS = 14, NAME_CHARS = 24, TICK_PIXELS = 38 };

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
        range.low /= 1.15;
        range.high *= 1.15;
    } else {
        range.high = range.high > 0 ? range.high * 1.06 : 1;
    }
    return range;
}

/* Where x stands: a logarithmic axis has a place for 0, too. */
static double on_x(const struct chart *chart, double x)
{
    return chart->x_log && x <= 0 ? chart_zero_x(chart) : x;
}

static struct chart_range scale_x(const struct chart *chart)
{
    struct chart_range range = chart_range_x(chart);

    if (chart->x_log) {
        double margin = fmin(1.1, pow(range.high / range.low, 0.03));

        range.low /= fmax(margin, 1.01);
        range.high *= fmax(margin, 1.01);
    } else if (range.high <= range.low) {
        range.high = range.low + 1;
    }
    return range;
}

/* ---- ticks ---- */

struct tick {
    double x, at; /* at: 0 to 1 */
    unsigned points;
    bool shown;
};

enum { TICKS_MAX = 64 };

/* What many points stand at comes first, then what is less. */
static int compare_ticks(const void *a, const void *b)
{
    const struct tick *left = a, *right = b;

    if (left->points != right->points)
        return left->points < right->points ? 1 : -1;
    return (left->x > right->x) - (left->x < right->x);
}

static size_t count_tick(struct tick *ticks, size_t count, double x)
{
    size_t t = 0;

    while (t < count && ticks[t].x != x)
        t++;
    if (t == TICKS_MAX)
        return count;
    if (t == count)
        ticks[count++] = (struct tick){.x = x};
    ticks[t].points++;
    return count;
}

static size_t find_ticks(struct tick *ticks, const struct chart *chart)
{
    size_t count = 0;

    for (size_t i = 0; i < chart->count; i++)
        for (size_t j = 0; j < chart->panels[i].count; j++)
            for (size_t k = 0; k < chart->panels[i].series[j].count; k++)
                count = count_tick(ticks, count, chart->panels[i].series[j].points[k].x);
    return count;
}

static void write_tick(FILE *out, double value, double at, bool first)
{
    bool kilo = fabs(value) >= 10000, mega = fabs(value) >= 1e6;

    fprintf(out, "%s'%.4g%s' %.9g", first ? "" : ", ",
            value / (mega   ? 1e6
                     : kilo ? 1e3
                            : 1),
            mega   ? "M"
            : kilo ? "k"
                   : "",
            at);
}

/* Logarithmic: a tick at every value that was measured, as far as they do not touch. Else round ones. */
static void write_x_ticks(FILE *out, const struct chart *chart, const struct chart_range *range, double width)
{
    struct tick ticks[TICKS_MAX] = {0};
    size_t count = find_ticks(ticks, chart);
    bool first = true;

    if (!chart->x_log) {
        fputs("set xtics autofreq\nset format x '%.0s%c'\n", out);
        return;
    }
    qsort(ticks, count, sizeof(*ticks), compare_ticks);
    fputs("set xtics (", out);
    for (size_t t = 0; t < count; t++) {
        ticks[t].at = place(on_x(chart, ticks[t].x), range, true);
        ticks[t].shown = true;
        for (size_t other = 0; other < t; other++)
            if (ticks[other].shown && fabs(ticks[other].at - ticks[t].at) * width < TICK_PIXELS)
                ticks[t].shown = false;
        if (ticks[t].shown) {
            write_tick(out, ticks[t].x, on_x(chart, ticks[t].x), first);
            first = false;
        }
    }
    fputs(")\n", out);
}

/* gnuplot's own ticks of a logarithmic axis are the powers of ten: often one, or none. */
static void write_y_ticks(FILE *out, const struct chart *chart, const struct chart_range *range)
{
    static const double one[] = {1}, two[] = {1, 3}, three[] = {1, 2, 5}, five[] = {1, 1.5, 2, 3, 5, 7};
    double decades = log10(range->high / range->low);
    const double *factors = decades < 1.4 ? five : decades < 2.2 ? three : decades < 4 ? two : one;
    size_t count = decades < 1.4 ? 6 : decades < 2.2 ? 3 : decades < 4 ? 2 : 1;
    bool first = true;

    if (!chart->y_log) {
        fputs("set ytics autofreq\nset format y '%.0s%c'\n", out);
        return;
    }
    fputs("set ytics (", out);
    for (double power = pow(10, floor(log10(range->low))); power <= range->high; power *= 10)
        for (size_t f = 0; f < count; f++)
            if (power * factors[f] >= range->low && power * factors[f] <= range->high) {
                write_tick(out, power * factors[f], power * factors[f], first);
                first = false;
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

            ends[count++] = (struct end){series, at, at, place(on_x(chart, last->x), x, chart->x_log)};
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
        fprintf(out, " at graph 1.03, graph %.5f left tc rgb '%s' font 'sans-serif,12'\n", ends[i].moved,
                colour);
        fprintf(
            out,
            "set arrow from graph %.5f, graph %.5f to graph 1.025, graph %.5f nohead lc rgb '%s' lw 0.5\n",
            ends[i].x, ends[i].at, ends[i].moved, colour);
    }
}

/* ---- data ---- */

static void write_band(FILE *out, const struct chart *chart, const struct chart_panel *panel, size_t index)
{
    fprintf(out, "$band%zu << EOD\n", index);
    for (size_t k = 0; k < panel->band.count; k++)
        fprintf(out, "%.9g %.9g %.9g\n", on_x(chart, panel->band.points[k].x), panel->band.points[k].low,
                panel->band.points[k].high);
    fputs("EOD\n", out);
}

static void write_data(FILE *out, const struct chart *chart, const struct chart_panel *panel, size_t index)
{
    if (panel->band.count > 0)
        write_band(out, chart, panel, index);
    for (size_t j = 0; j < panel->count; j++) {
        const struct chart_series *series = &panel->series[j];

        fprintf(out, "$d%zu_%zu << EOD\n", index, j);
        for (size_t k = 0; k < series->count; k++) {
            const struct chart_point *point = &series->points[k];

            fprintf(out, "%.9g %.9g %.9g %.9g %d\n", on_x(chart, point->x), point->y,
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
    fprintf(out,
            ", $d%zu_%zu using 1:3:(0):($4 > $3 ? $4-$3 : NaN) with vectors heads size screen 0.003,90 lw 1 "
            "lc rgb "
            "'%s'",
            index, j, colour);
    fprintf(out, ", $d%zu_%zu using 1:($5 == 0 ? $2 : NaN) with points pt 7 ps 0.6 lc rgb '%s'", index, j,
            colour);
    fprintf(out, ", $d%zu_%zu using 1:($5 != 0 ? $2 : NaN) with points pt 6 ps 0.8 lw 1.5 lc rgb '%s'", index,
            j, colour);
}

void plot_lines(FILE *out, const struct chart *chart, const struct chart_panel *panel, size_t index,
                const struct plot_layout *layout)
{
    struct chart_range x = scale_x(chart), y = scale_y(chart, panel);

    write_data(out, chart, panel, index);
    fprintf(out, "%sset logscale x\n%sset logscale y\n", chart->x_log ? "" : "un", chart->y_log ? "" : "un");
    fprintf(out, "set xrange [%.9g:%.9g]\nset yrange [%.9g:%.9g]\n", x.low, x.high, y.low, y.high);
    write_x_ticks(out, chart, &x, layout->width - layout->left - layout->right);
    write_y_ticks(out, chart, &y);
    fputs("set label ", out);
    plot_quote(out, panel->title);
    fputs(" at graph 0, graph 1 left offset 0,0.8 tc rgb '" PLOT_TEXT "'\nset xlabel ", out);
    plot_quote(out, chart->x_label);
    fputs(" tc rgb '" PLOT_TEXT "' offset 0,0.4\nset ylabel ", out);
    plot_quote(out, index % (size_t)layout->columns == 0 || chart->apart
                        ? panel->unit ? panel->unit : chart->y_label
                        : "");
    fputs(" tc rgb '" PLOT_TEXT "' offset 1,0\n", out);
    write_names(out, chart, panel, &x, &y, layout->height - layout->top - layout->bottom);
    fputs("plot ", out);
    if (panel->band.count > 0)
        fprintf(out, "$band%zu using 1:2:3 with filledcurves fs solid 0.15 noborder fc rgb '#808080', ",
                index);
    for (size_t j = 0; j < panel->count; j++) {
        fputs(j > 0 ? ", " : "", out);
        write_series(out, &panel->series[j], index, j);
    }
    fputs("\n", out);
}
