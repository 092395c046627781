/*
 * load_draw - a histogram as bars on a terminal.
 */
#ifndef LOAD_DRAW_H
#define LOAD_DRAW_H

#include <stdbool.h>
#include <stdio.h>

#include "histogram.h"

enum { LOAD_DRAW_ROWS_MAX = 12, LOAD_DRAW_WIDTH_MAX = 100, LOAD_DRAW_WIDTH_MIN = 40 };

struct load_draw_style {
    int width;   /* columns of the terminal; 0: not a terminal, nothing is drawn */
    bool blocks; /* may use the block characters of Unicode, else # */
    bool colour;
};

/*
 * What the terminal behind `fd` can do: TIOCGWINSZ, else $COLUMNS, else 80 columns; blocks when the locale
 * of the environment is UTF-8; no colour with NO_COLOR (no-color.org) or TERM=dumb. isatty(3), ioctl_tty(2)
 */
struct load_draw_style load_draw_style_of(int fd);

/*
 * A row per range of latency, with the share of values in it. Ranges grow by a constant factor (1-2-5 or
 * finer) and are at most LOAD_DRAW_ROWS_MAX. A range that holds anything shows at least a mark.
 */
void load_draw(FILE *out, const struct load_draw_style *style, const struct histogram *histogram);

#endif
