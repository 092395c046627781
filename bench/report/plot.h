/*
 * plot - a chart as an SVG file, drawn by gnuplot.
 *
 * The file is the same every time for the same chart: no date, no random order. Its colours keep a contrast
 * of 3:1 (text 4:1) on white and on near-black, and it has no background of its own.
 */
#ifndef PLOT_H
#define PLOT_H

#include <stdio.h>

#include "chart.h"

/* Whether gnuplot is installed; writes where. */
bool plot_available(char gnuplot[LAUNCH_PATH_MAX]);

/* Draws the chart into the file `path`. 0; -1 with a sentence. */
int plot_draw(const char *gnuplot, const struct chart *chart, const char *path, struct failure *failure);

/* The script gnuplot is given: for plot_draw, and for tests. */
void plot_script(FILE *out, const struct chart *chart);

#endif
