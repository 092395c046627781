/*
 * The one table of columns: rows survive JSON, nulls stay nulls, and the dictionary people read is the
 * table the code uses.
 */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../bench/columns.c"

enum { TIMEOUT_S = 30, TEXT_SIZE = 65536 };

TestSuite(bench_columns, .timeout = TIMEOUT_S);

static char *read_stream(FILE *in)
{
    char *text = calloc(1, TEXT_SIZE);

    cr_assert_not_null(text);
    rewind(in);
    cr_assert_lt(fread(text, 1, TEXT_SIZE - 1, in), (size_t)TEXT_SIZE - 1);
    fclose(in);
    return text;
}

static char *dictionary(const struct column_set *set)
{
    FILE *out = tmpfile();

    cr_assert_not_null(out);
    columns_markdown(out, set);
    return read_stream(out);
}

static void expect_in_readme(const struct column_set *set)
{
    FILE *in = fopen("results/README.md", "r");
    char *readme, *table = dictionary(set);

    cr_assert_not_null(in, "results/README.md is missing: run the tests from the top of the tree");
    readme = read_stream(in);
    cr_assert_not_null(strstr(readme, table),
                       "results/README.md does not hold this table (`tenk-bench --columns`):\n%s", table);
    free(readme);
    free(table);
}

Test(bench_columns, readme_holds_the_columns_of_a_slice)
{
    expect_in_readme(&sample_columns);
}

Test(bench_columns, readme_holds_the_columns_of_a_cell)
{
    expect_in_readme(&cell_columns);
}

Test(bench_columns, readme_holds_the_columns_of_a_capacity)
{
    expect_in_readme(&capacity_columns);
}

static void expect_sound(const struct column_set *set)
{
    for (unsigned i = 0; i < set->count; i++) {
        cr_assert_null(strchr(set->columns[i].text, '|'), "%s would break its table", set->columns[i].name);
        cr_assert_eq(strspn(set->columns[i].name, "abcdefghijklmnopqrstuvwxyz0123456789_"),
                     strlen(set->columns[i].name));
        for (unsigned k = 0; k < i; k++)
            cr_assert_str_neq(set->columns[i].name, set->columns[k].name);
    }
}

Test(bench_columns, names_are_distinct_and_plain)
{
    expect_sound(&sample_columns);
    expect_sound(&cell_columns);
    expect_sound(&capacity_columns);
}

Test(bench_columns, json_there_and_back)
{
    struct row row, back;
    json_t *object;

    cr_assert_eq(row_open(&row, &sample_columns), 0);
    cr_assert_eq(row_open(&back, &sample_columns), 0);
    row_set_text(&row, SAMPLE_model, "epoll");
    row_set_text(&row, SAMPLE_detail, "a \"quoted\" word,\nand a line");
    row_set(&row, SAMPLE_requests, 9007199254740992.0);
    row_set(&row, SAMPLE_server_cpu_us_per_request, 4.25);
    object = row_to_json(&row);
    cr_assert_eq(json_object_size(object), (size_t)SAMPLE_COLUMNS);
    cr_assert(json_is_integer(json_object_get(object, "requests")));
    cr_assert(json_is_null(json_object_get(object, "syscalls_per_request")),
              "what was not measured must be null");
    cr_assert_eq(row_from_json(&back, object), 0);
    for (unsigned i = 0; i < SAMPLE_COLUMNS; i++)
        cr_assert_eq(row_has(&row, i), row_has(&back, i), "%s", sample_columns.columns[i].name);
    cr_assert_str_eq(row_text(&back, SAMPLE_detail), row_text(&row, SAMPLE_detail));
    cr_assert_eq(row_number(&back, SAMPLE_requests), 9007199254740992.0);
    cr_assert_eq(row_number(&back, SAMPLE_server_cpu_us_per_request), 4.25);
    json_decref(object);
    row_close(&row);
    row_close(&back);
}

Test(bench_columns, wrong_types_are_refused)
{
    json_t *number_as_text = json_pack("{s:s}", "requests", "many"), *list = json_array();
    struct row row;

    cr_assert_eq(row_open(&row, &sample_columns), 0);
    cr_assert_eq(row_from_json(&row, number_as_text), -1);
    cr_assert_eq(row_from_json(&row, list), -1);
    json_decref(number_as_text);
    json_decref(list);
    row_close(&row);
}

Test(bench_columns, not_a_number_is_null)
{
    struct row row;
    json_t *object;

    cr_assert_eq(row_open(&row, &cell_columns), 0);
    row_set(&row, CELL_cpu_ratio, NAN);
    row_set(&row, CELL_rate_ratio, INFINITY);
    object = row_to_json(&row);
    cr_assert(json_is_null(json_object_get(object, "cpu_ratio")));
    cr_assert(json_is_null(json_object_get(object, "rate_ratio")));
    json_decref(object);
    row_close(&row);
}

Test(bench_columns, csv_has_a_field_per_column_and_quotes)
{
    FILE *out = tmpfile();
    struct row row;
    unsigned commas = 0;
    char *text, *line;
    bool quoted = false;

    cr_assert_not_null(out);
    cr_assert_eq(row_open(&row, &sample_columns), 0);
    row_set_text(&row, SAMPLE_model, "a,b \"c\"");
    row_set(&row, SAMPLE_requests, 123456789012.0);
    columns_csv_header(out, &sample_columns);
    row_to_csv(out, &row);
    text = read_stream(out);
    line = strchr(text, '\n');
    cr_assert_not_null(line);
    line++;
    cr_assert_not_null(strstr(line, "\"a,b \"\"c\"\"\""), "%s", line);
    cr_assert_not_null(strstr(line, ",123456789012,"), "%s", line);
    for (; *line != '\n'; line++) {
        quoted ^= *line == '"';
        commas += *line == ',' && !quoted;
    }
    cr_assert_eq(commas, (unsigned)SAMPLE_COLUMNS - 1);
    free(text);
    row_close(&row);
}
