/*
 * report_layout - a table of words as aligned text or Markdown; on a terminal with the best figures in bold,
 * what is not ranked in grey, no wider than the window, and bars below.
 */
#ifndef REPORT_LAYOUT_H
#define REPORT_LAYOUT_H

#include <stdbool.h>
#include <stdio.h>

#include "terminal.h"

enum report_style { REPORT_TEXT, REPORT_EXPLAINED, REPORT_MARKDOWN }; /* explained: what bound each cell */

/* What a style writes: "us" where a terminal may know no more than ASCII, "µs" in files; likewise "x", "×".
 */
struct report_signs {
    const char *us, *times;
    const char *heading, *bullet; /* before a title; before each note */
    const char *apart;            /* before a paragraph that follows a title */
};
const struct report_signs *report_signs(enum report_style style);

enum { REPORT_FIELDS = 11, REPORT_FIELD_MAX = 160 };

enum report_field { MODEL, CPU, RATIO, RATE, P50, P99, SERVED, WRK, SYSCALLS, VERDICT, WHY };

/* The first line of a table is its head. */
struct report_line {
    char fields[REPORT_FIELDS][REPORT_FIELD_MAX];
    double values[REPORT_FIELDS]; /* what is ranked: CPU, RATE, P50, P99; NaN: it is not */
    bool ranked;
};

/* A rate with its thousands together, "112 840": people compare digits. In parentheses unless it is ranked;
 * "-" for NaN. */
void report_put_rate(char field[REPORT_FIELD_MAX], double rate, bool ranked);

/* Columns in which no model has anything to say are not shown. */
void report_find_shown(const struct report_line *lines, unsigned count, bool shown[REPORT_FIELDS]);

void report_layout_text(FILE *out, const struct report_line *lines, unsigned count, bool shown[REPORT_FIELDS],
                        const struct terminal *terminal);
void report_layout_markdown(FILE *out, const struct report_line *lines, unsigned count,
                            const bool shown[REPORT_FIELDS]);

/* A paragraph, with lines no longer than the window where words allow it; bold if that is asked for. One that
 * begins with spaces is a note: its other lines stand two columns further in. */
void report_layout_paragraph(FILE *out, const char *text, const struct terminal *terminal, bool bold);

/* A line about a table, put together as by printf(3), at most REPORT_SAID_MAX - 1 bytes: on a terminal a
 * paragraph. */
enum { REPORT_SAID_MAX = 600 };
void report_say(FILE *out, enum report_style style, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* One of the two, as the style wants it. */
void report_layout(FILE *out, const struct report_line *lines, unsigned count, bool shown[REPORT_FIELDS],
                   enum report_style style);

/* CPU time per request as zero-based bars. Nothing when the terminal is narrow, or `out` is none. */
void report_layout_bars(FILE *out, const struct report_line *lines, unsigned count,
                        const struct terminal *terminal);

#endif
