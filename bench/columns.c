/*
 * columns - see columns.h.
 */
#include "columns.h"

#include <assert.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define SAMPLE(name, type, text) {#name, COLUMN_##type, text},
static const struct column sample_table[] = {
#include "columns.def"
};

#define CELL(name, type, text) {#name, COLUMN_##type, text},
static const struct column cell_table[] = {
#include "columns.def"
};

#define CAPACITY(name, type, text) {#name, COLUMN_##type, text},
static const struct column capacity_table[] = {
#include "columns.def"
};

const struct column_set sample_columns = {"A slice", sample_table, SAMPLE_COLUMNS};
const struct column_set cell_columns = {"A cell", cell_table, CELL_COLUMNS};
const struct column_set capacity_columns = {"A capacity", capacity_table, CAPACITY_COLUMNS};

int row_open(struct row *row, const struct column_set *set)
{
    row->set = set;
    row->values = calloc(set->count, sizeof(*row->values));
    if (!row->values)
        return -1;
    for (unsigned i = 0; i < set->count; i++)
        row->values[i].number = NAN;
    return 0;
}

void row_close(struct row *row)
{
    for (unsigned i = 0; row->values && i < row->set->count; i++)
        free(row->values[i].text);
    free(row->values);
    row->values = NULL;
}

void row_set(struct row *row, unsigned column, double number)
{
    assert(column < row->set->count && row->set->columns[column].type != COLUMN_TEXT);
    row->values[column].number = number;
}

void row_set_text(struct row *row, unsigned column, const char *text)
{
    char *copy = text ? strdup(text) : NULL; /* copied first: it may be the old value itself */

    assert(column < row->set->count && row->set->columns[column].type == COLUMN_TEXT);
    free(row->values[column].text);
    row->values[column].text = copy;
}

void row_format(struct row *row, unsigned column, const char *format, ...)
{
    char text[512];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    row_set_text(row, column, text);
}

bool row_has(const struct row *row, unsigned column)
{
    return row->values[column].text || !isnan(row->values[column].number);
}

double row_number(const struct row *row, unsigned column)
{
    assert(row->set->columns[column].type != COLUMN_TEXT);
    return row->values[column].number;
}

const char *row_text(const struct row *row, unsigned column)
{
    assert(row->set->columns[column].type == COLUMN_TEXT);
    return row->values[column].text ? row->values[column].text : "";
}

bool row_is(const struct row *row, unsigned column, const char *text)
{
    return strcmp(row_text(row, column), text) == 0;
}

/* ---- JSON ---- */

static json_t *value_to_json(const struct column *column, const struct row_value *value)
{
    if (column->type == COLUMN_TEXT)
        return value->text ? json_string(value->text) : json_null();
    if (isnan(value->number) || isinf(value->number))
        return json_null();
    if (column->type == COLUMN_COUNT)
        return json_integer((json_int_t)value->number);
    return json_real(value->number);
}

json_t *row_to_json(const struct row *row)
{
    json_t *object = json_object();

    for (unsigned i = 0; object && i < row->set->count; i++)
        if (json_object_set_new(object, row->set->columns[i].name,
                                value_to_json(&row->set->columns[i], &row->values[i])) < 0) {
            json_decref(object);
            return NULL;
        }
    return object;
}

static int value_from_json(struct row *row, unsigned column, const json_t *value)
{
    if (!value || json_is_null(value))
        return 0;
    if (row->set->columns[column].type == COLUMN_TEXT) {
        row_set_text(row, column, json_string_value(value));
        return json_is_string(value) ? 0 : -1;
    }
    row_set(row, column, json_number_value(value));
    return json_is_number(value) ? 0 : -1;
}

int row_from_json(struct row *row, const json_t *object)
{
    if (!json_is_object(object))
        return -1;
    for (unsigned i = 0; i < row->set->count; i++)
        if (value_from_json(row, i, json_object_get(object, row->set->columns[i].name)) < 0)
            return -1;
    return 0;
}

/* ---- CSV (RFC 4180 quoting, Unix line ends) and Markdown ---- */

void columns_csv_quoted(FILE *out, const char *text)
{
    putc('"', out);
    for (; *text; text++) {
        if (*text == '"')
            putc('"', out);
        putc(*text, out);
    }
    putc('"', out);
}

static void csv_text(FILE *out, const char *text)
{
    if (strpbrk(text, ",\"\r\n"))
        columns_csv_quoted(out, text);
    else
        fputs(text, out);
}

void columns_csv_header(FILE *out, const struct column_set *set)
{
    for (unsigned i = 0; i < set->count; i++)
        fprintf(out, "%s%s", i > 0 ? "," : "", set->columns[i].name);
    putc('\n', out);
}

void row_to_csv(FILE *out, const struct row *row)
{
    for (unsigned i = 0; i < row->set->count; i++) {
        if (i > 0)
            putc(',', out);
        if (!row_has(row, i))
            continue;
        if (row->set->columns[i].type == COLUMN_TEXT)
            csv_text(out, row->values[i].text);
        else if (row->set->columns[i].type == COLUMN_COUNT)
            fprintf(out, "%.0f", row->values[i].number);
        else
            fprintf(out, "%.9g", row->values[i].number);
    }
    putc('\n', out);
}

void columns_markdown(FILE *out, const struct column_set *set)
{
    static const char *const types[] = {"text", "whole number", "number"};

    fprintf(out, "| column | type | meaning |\n|---|---|---|\n");
    for (unsigned i = 0; i < set->count; i++)
        fprintf(out, "| `%s` | %s | %s |\n", set->columns[i].name, types[set->columns[i].type],
                set->columns[i].text);
}
