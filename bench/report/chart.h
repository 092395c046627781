/*
 * chart - what is drawn, before anybody draws it: plot.c hands a chart to gnuplot, page_charts.c puts it into
 * the page together with a table of the same values. So a plot, a chart and its table cannot differ.
 *
 *     chart  = panels side by side that share their scales (small multiples), those of one scenario at least
 *     panel  = series: one per model
 *     series = points; a point may carry its spread (low, high)
 */
#ifndef CHART_H
#define CHART_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "past_run.h"

enum {
    CHART_PANELS_MAX = 64,  /* seven scenarios, each spread over all families, and some */
    CHART_SERIES_MAX = 32,  /* lines or bars in one panel; more cannot be told apart */
    CHART_TOGETHER_MAX = 8, /* lines in one panel; more are spread over one panel per family */
    CHART_TEXT_MAX = 400,
    CHART_CAPTION_MAX = 1000,
    CHART_NAME_MAX = 64,
};

enum chart_kind {
    CHART_LINES, /* y over x */
    CHART_BARS,  /* zero-based, one bar per series, of its first point; `part` of it is filled darker */
    CHART_DOTS,  /* a dot and its interval per series, beside a line at 1 */
};

struct chart_point {
    double x, y, low, high; /* low, high: NaN when unknown */
    double part;            /* bars: the first segment; NaN: the bar is one piece */
    bool hollow;            /* not ranked: the figure is the client's or a share of the clients was served */
    char note[CHART_NAME_MAX];
};

struct chart_series {
    char name[CHART_NAME_MAX];
    unsigned family, dash;
    bool context; /* drawn in grey behind the others: for comparison with other panels */
    struct chart_point *points;
    size_t count, capacity;
};

struct chart_panel {
    char title[CHART_NAME_MAX * 2];
    const char *unit; /* of y, where panels differ; NULL: the chart's */
    unsigned scale;   /* panels of the same number have one scale: workloads may be far from each other */
    double floor;     /* dots: differences up to this from 1 prove nothing; NaN: unknown */
    struct chart_series
        band; /* lines: what cannot be told from the control, low to high; may have no points */
    struct chart_series *series;
    size_t count, capacity;
};

struct chart {
    const char *id; /* name of the file and of the anchor */
    const char *title;
    const char
        *spread; /* how to read it: which way is better, what low and high are; "" when that is plain */
    const char *hollow; /* what a hollow point or a pale bar says; NULL: there are none */
    enum chart_kind kind;
    const char *x_label, *y_label;
    bool x_log, y_log; /* y is the axis along which bars and dots lie; a 0 of x stands at chart_zero_x */
    bool apart;        /* panels have scales of their own */
    char note[CHART_TEXT_MAX];    /* whole sentences */
    char missing[CHART_TEXT_MAX]; /* why there is nothing to draw; "" when there is */
    struct chart_panel *panels;
    size_t count, capacity;
};

/* Copies a text and cuts it between two characters of UTF-8, never within one: JSON takes no broken ones. */
void chart_copy_text(char *into, size_t size, const char *text);

/* ---- building; NULL: no memory, or at the limit (then the chart's note says so) ---- */

struct chart_panel *chart_add_panel(struct chart *chart, const char *title);
struct chart_series *chart_add_series(struct chart *chart, struct chart_panel *panel, const char *model);
struct chart_point *chart_add_point(struct chart_series *series, double x, double y);

/* A panel for a group: "quick, 64 connections", with the load where it has one. */
struct chart_panel *chart_add_group_panel(struct chart *chart, const struct past_run *run,
                                          const struct past_group *group);

/* The series of that name in the panel, made when it is not there. */
struct chart_series *chart_series_of(struct chart *chart, struct chart_panel *panel, const char *model);

/* Adds a sentence to the chart's note. */
void chart_add_note(struct chart *chart, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Sorts points by x, drops series without points and panels without series; sets `missing` if nothing is
 * left. */
void chart_finish(struct chart *chart, const char *missing);

/* Panels with more lines than CHART_TOGETHER_MAX become one panel per family, the others in grey behind. */
void chart_spread_families(struct chart *chart);
void chart_free(struct chart *chart);

/* ---- what it takes to draw one ---- */

/* The greatest and (log scale: greater than 0) smallest value of an axis over all panels, or over one. */
struct chart_range {
    double low, high;
};
struct chart_range chart_range_x(const struct chart *chart);
struct chart_range chart_range_y(const struct chart *chart, const struct chart_panel *panel);

/* What stands under the title: spread, what of hollow and shaded is there, and the note. */
void chart_caption(char caption[CHART_CAPTION_MAX], const struct chart *chart);

/* Where 0 stands on a logarithmic x axis: a step left of the smallest value. NaN: nothing is at 0. */
double chart_zero_x(const struct chart *chart);

/* A new JSON array of the charts, as report.js wants them. NULL: no memory. */
json_t *charts_to_json(const struct chart *charts, size_t count);

/* ---- the charts of a run ---- */

enum { CHARTS = 13 };

/* Fills charts[0 ... CHARTS-1], in the order in which they are shown. */
void charts_make(struct chart charts[CHARTS], const struct past_run *run);
void charts_free(struct chart charts[CHARTS]);

/* Gives thread_pool@4 and thread_pool@16 dashes that differ, the same in all charts: one model has one
 * colour. */
void charts_tell_variants(struct chart charts[CHARTS]);

/* The builders, one file per kind of question. */
void charts_over_connections(struct chart charts[3],
                             const struct past_run *run); /* cpu, throughput, fairness */
void charts_at_main(struct chart charts[5],
                    const struct past_run *run); /* ratio, split, memory, syscalls, switches */
void charts_over_settings(struct chart charts[3], const struct past_run *run); /* wait, workers, idle */
void charts_offered(struct chart *chart, const struct past_run *run);
void charts_percentiles(struct chart *chart, const struct past_run *run);

#endif
