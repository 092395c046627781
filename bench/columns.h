/*
 * columns - the one table of columns, and rows of values under them.
 *
 * columns.def lists every field of the result files once; here it becomes enums (SAMPLE_… for a slice,
 * CELL_… for a summarised cell, CAPACITY_… for what the searches of a model found), tables, and rows that
 * can be written as JSON and CSV and read back. A value that is not set is null: nothing in the files is ever
 * a made-up zero.
 */
#ifndef COLUMNS_H
#define COLUMNS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

enum column_type { COLUMN_TEXT, COLUMN_COUNT, COLUMN_NUMBER };

struct column {
    const char *name;
    enum column_type type;
    const char *text; /* what it means, one line of Markdown */
};

struct column_set {
    const char *title;
    const struct column *columns;
    unsigned count;
};

#define SAMPLE(name, type, text) SAMPLE_##name,
enum sample_column {
#include "columns.def"
    SAMPLE_COLUMNS,
};

#define CELL(name, type, text) CELL_##name,
enum cell_column {
#include "columns.def"
    CELL_COLUMNS,
};

#define CAPACITY(name, type, text) CAPACITY_##name,
enum capacity_column {
#include "columns.def"
    CAPACITY_COLUMNS,
};

extern const struct column_set sample_columns, cell_columns, capacity_columns;

/* ---- rows ---- */

struct row_value {
    char *text;    /* COLUMN_TEXT: owned by the row; NULL = null */
    double number; /* the others; NaN = null. Whole numbers are exact up to 2^53 */
};

struct row {
    const struct column_set *set;
    struct row_value *values;
};

/* All values null. 0, or -1 with ENOMEM. */
int row_open(struct row *row, const struct column_set *set);
void row_close(struct row *row);

/* Setters. Numbers: NaN sets null. Text: NULL sets null; it is copied. */
void row_set(struct row *row, unsigned column, double number);
void row_set_text(struct row *row, unsigned column, const char *text);
void row_format(struct row *row, unsigned column, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

bool row_has(const struct row *row, unsigned column);
double row_number(const struct row *row, unsigned column);    /* NaN when null */
const char *row_text(const struct row *row, unsigned column); /* "" when null */
bool row_is(const struct row *row, unsigned column, const char *text);

/* ---- files ---- */

/* A new JSON object with every column of the set; the caller owns it. NULL: no memory. */
json_t *row_to_json(const struct row *row);

/* Fills an opened row; unknown names are ignored, missing ones stay null. -1: not an object, or a wrong type.
 */
int row_from_json(struct row *row, const json_t *object);

void columns_csv_quoted(FILE *out, const char *text); /* one field, in quotes whatever is in it */
void columns_csv_header(FILE *out, const struct column_set *set);
void row_to_csv(FILE *out, const struct row *row);

/* The dictionary as a Markdown table: what results/README.md holds. */
void columns_markdown(FILE *out, const struct column_set *set);

#endif
