/*
 * plot_panel - one panel of a plot, as lines of a gnuplot script. For plot.c only.
 */
#ifndef PLOT_PANEL_H
#define PLOT_PANEL_H

#include <stdio.h>

#include "chart.h"

/* Grey that can be read on white and on near-black. */
#define PLOT_TEXT "#767676"
#define PLOT_GRID "#80808055"

/* Pixels. */
struct plot_layout {
    int columns, rows;
    int width, height;            /* of a panel, its margins included; of bars: of one without any */
    int bar;                      /* what each bar adds to the height of its row of panels */
    int left, right, top, bottom; /* margins of a panel */
    int title;                    /* of the whole */
};

void plot_quote(FILE *out, const char *text);
void plot_lines(FILE *out, const struct chart *chart, const struct chart_panel *panel, size_t index,
                const struct plot_layout *layout);
void plot_bars(FILE *out, const struct chart *chart, const struct chart_panel *panel, size_t index);

#endif
