/*
 * tenk-report: the numbers of the page and the values under its charts are those of the run.
 */
#include <criterion/criterion.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report_runs.h"

enum { TIMEOUT_S = 90, COLUMNS_MAX = 32, NAME_SIZE = 64 };

TestSuite(report_numbers, .init = report_enter, .fini = report_leave, .timeout = TIMEOUT_S);

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

/* ---- numbers ---- */

/* The columns of results.json that the table shows, in its order. */
static unsigned read_columns(const char *table, char names[COLUMNS_MAX][NAME_SIZE])
{
    const char *end = strstr(table, "</thead>");
    unsigned count = 0;

    for (const char *at = table; (at = strstr(at, "data-column=\"")) && at < end; count++) {
        at += strlen("data-column=\"");
        cr_assert_lt(count, COLUMNS_MAX);
        snprintf(names[count], NAME_SIZE, "%.*s", (int)strcspn(at, "\""), at);
    }
    return count;
}

static bool is_latency(const char *name)
{
    return strncmp(name, "latency_", 8) == 0;
}

static bool partly_served(const json_t *cell)
{
    const json_t *served = json_object_get(cell, "connections_served");

    return json_is_number(served) &&
           json_number_value(served) < json_number_value(json_object_get(cell, "connections"));
}

/* The next data-v of the page must be the number, exactly; empty for null. Returns what follows it. */
static const char *expect_number(const char *at, const json_t *value, const char *name)
{
    at = strstr(at, "data-v=\"");
    cr_assert_not_null(at, "%s is not in the table", name);
    at += strlen("data-v=\"");
    if (!json_is_number(value))
        cr_assert_eq(*at, '"', "%s is null, the page says %.20s", name, at);
    else
        cr_assert(*at != '"' && strtod(at, NULL) == json_number_value(value),
                  "%s is %.17g, the page says %.24s", name, json_number_value(value), at);
    return at;
}

static const char *expect_cell(const char *row, const json_t *group, const json_t *cell,
                               char names[COLUMNS_MAX][NAME_SIZE], unsigned count)
{
    row = strstr(row, "<tr class=\"");
    cr_assert_not_null(row, "a cell is missing in the table");
    row = expect_number(row, json_object_get(group, "connections"), "connections");
    for (unsigned i = 0; i < count; i++)
        row = expect_number(
            row, is_latency(names[i]) && partly_served(cell) ? NULL : json_object_get(cell, names[i]),
            names[i]);
    return row;
}

static void expect_numbers(const char *fixture)
{
    char path[256], names[COLUMNS_MAX][NAME_SIZE], *page;
    json_t *results, *group, *cell;
    const char *row;
    unsigned count;

    report_render(fixture);
    snprintf(path, sizeof(path), "%s/results.json", report_fixture(fixture));
    results = json_load_file(path, 0, NULL);
    page = report_page();
    row = strstr(page, "id=\"cells-0\"");
    cr_assert(results && row);
    count = read_columns(row, names);
    for (size_t g = 0; (group = json_array_get(json_object_get(results, "groups"), g)); g++)
        for (size_t c = 0; (cell = json_array_get(json_object_get(group, "cells"), c)); c++)
            row = expect_cell(row, group, cell, names, count);
    cr_assert_null(strstr(row, "<tr class=\""), "the table has more rows than the run has cells");
    free(page);
    json_decref(results);
}

Test(report_numbers, numbers_of_equal_models)
{
    expect_numbers("alike");
}

Test(report_numbers, numbers_of_every_standing)
{
    expect_numbers("invalid");
}

Test(report_numbers, numbers_of_one_model)
{
    expect_numbers("one_model");
}

Test(report_numbers, numbers_with_missing_columns)
{
    expect_numbers("missing");
}

Test(report_numbers, numbers_under_hostile_names)
{
    expect_numbers("hostile");
}

/* The values under the charts come from the same cells. */
Test(report_numbers, values_under_a_chart)
{
    char *page;

    report_render("alike");
    page = report_page();
    const char *figure = strstr(page, "id=\"run-0-throughput\""),
               *table = figure ? strstr(figure, "<tbody>") : NULL;

    cr_assert_not_null(table);
    report_expect_in(
        table, "<th class=\"t\" scope=\"row\">poll</th><td data-v=\"64\">64</td><td data-v=\"198739.5\">");
    free(page);
}

/* Variants of a model, thread_pool@4 and thread_pool@16, are one line over the number of workers. */
Test(report_numbers, variants_are_a_line_over_workers)
{
    char *page, samples[1024];

    report_make_large("pool", 1, 1);
    report_write(report_path("pool/results.json"),
                 "{\"groups\":[{\"scenario\":\"s\",\"client\":\"tenk-load\",\"connections\":64,\"control\":"
                 "\"c\",\"cells\":["
                 "{\"model\":\"thread_pool@4\",\"verdict\":\"VALID\",\"requests_per_s\":400.5},"
                 "{\"model\":\"thread_pool@16\",\"verdict\":\"VALID\",\"requests_per_s\":1600.5}]}]}");
    samples[0] = '\0';
    for (unsigned workers = 4; workers <= 16; workers += 12)
        snprintf(
            samples + strlen(samples), sizeof(samples) - strlen(samples),
            "{\"kind\":\"timing\",\"scenario\":\"s\",\"client\":\"tenk-load\",\"model\":\"thread_pool@%u\","
            "\"connections\":64,\"slice\":%u,\"attempt\":0,\"workers\":%u,\"target\":\"/"
            "\",\"verdict\":\"VALID\"}\n",
            workers, workers, workers);
    report_write(report_path("pool/samples.jsonl"), samples);
    cr_assert_eq(report_run(WORDS(report_path("pool"), "--no-plots", "-o", report_path("out"))), 0, "%s",
                 report_errors());
    page = report_page();
    report_expect_in(page, "id=\"run-0-workers\"");
    report_expect_in(page, "row\">thread_pool</th><td data-v=\"4\">4</td><td data-v=\"400.5\">");
    report_expect_in(page, "row\">thread_pool</th><td data-v=\"16\">16</td><td data-v=\"1600.5\">");
    free(page);
}

/* The page of a run of these models at 64 connections, each second beside 900 idle ones. Kinds of slices: 1,
 * timing; 2, and a cost slice of each, in which memory was read. free() it. */
static char *page_of_idle(const char *const *models, unsigned count, unsigned kinds)
{
    char samples[4096] = "", cells[2048] = "", groups[4096];

    report_make_large("idle", 1, 1);
    for (unsigned i = 0; i < count; i++) {
        snprintf(cells + strlen(cells), sizeof(cells) - strlen(cells),
                 "%s{\"model\":\"%s\",\"verdict\":\"VALID\",\"requests_per_s\":%u.5}", i > 0 ? "," : "",
                 models[i], i + 100);
        for (unsigned cost = 0; cost < kinds; cost++)
            snprintf(samples + strlen(samples), sizeof(samples) - strlen(samples),
                     "{\"kind\":\"%s\",\"scenario\":\"s\",\"client\":\"tenk-load\",\"model\":\"%s\","
                     "\"connections\":64,\"slice\":%u,\"attempt\":0,\"idle_connections\":%u,\"target\":\"/\","
                     "\"memory_pss_kib_per_connection\":%s,\"verdict\":\"VALID\"}\n",
                     cost ? "cost" : "timing", models[i], i * 2 + cost, i % 2 * 900, cost ? "0.25" : "null");
    }
    snprintf(groups, sizeof(groups),
             "{\"groups\":[{\"scenario\":\"s\",\"client\":\"tenk-load\",\"connections\":64,\"control\":\"c\","
             "\"cells\":[%s]}]}",
             cells);
    report_write(report_path("idle/results.json"), groups);
    report_write(report_path("idle/samples.jsonl"), samples);
    cr_assert_eq(report_run(WORDS(report_path("idle"), "--no-plots", "-o", report_path("out"))), 0, "%s",
                 report_errors());
    return report_page();
}

/* epoll, epoll+1000 and epoll+10000 are one line over the idle connections; a transport is a line of its own.
 */
Test(report_numbers, variants_are_a_line_over_idle_connections)
{
    static const char *const models[] = {"poll", "poll+900", "poll+unix", "poll+unix+900"};
    char *page = page_of_idle(models, 4, 2);

    report_expect_in(page, "id=\"run-0-idle\"");
    report_expect_in(page, "row\">poll</th><td data-v=\"0\">0</td><td data-v=\"100.5\">");
    report_expect_in(page, "row\">poll</th><td data-v=\"900\">900</td><td data-v=\"101.5\">");
    report_expect_in(page, "row\">poll+unix</th><td data-v=\"900\">900</td><td data-v=\"103.5\">");
    report_expect_in(page, "row\">poll+unix</th><td data-v=\"900\">900</td><td data-v=\"0.25\">");
    report_expect_in(page, "\"xlog\":true,\"ylog\":true,\"zero\":450.0"); /* 0 has its place on the axis */
    report_expect_in(page, "\"name\":\"poll\",\"family\":3,\"dash\":1,");
    report_expect_in(page, "\"name\":\"poll+900\",\"family\":3,\"dash\":2,"); /* its colour, not its dash */
    free(page);
}

/* What was measured at one setting shows no effect of it; a panel that does not come says why. */
Test(report_numbers, one_setting_is_no_line)
{
    static const char *const models[] = {"poll", "poll+900", "epoll"};
    char *page = page_of_idle(models, 3, 1);

    report_expect_in(page, "Models measured at one setting only are left out.");
    report_expect_in(page, "No panel of memory, idle ones included: it was not measured");
    report_expect_not_in(page, "row\">epoll</th><td data-v=\"0\">");
    free(page);
}

/* One scenario answers in microseconds, another in milliseconds: on one scale neither could be read. */
Test(report_numbers, each_scenario_has_its_scale)
{
    char *page, groups[2048] = "";

    report_make_large("two", 1, 1);
    for (unsigned i = 0; i < 4; i++)
        snprintf(
            groups + strlen(groups), sizeof(groups) - strlen(groups),
            "%s{\"scenario\":\"%s\",\"client\":\"tenk-load\",\"connections\":%u,\"control\":\"epoll\","
            "\"cells\":[{\"model\":\"epoll\",\"verdict\":\"VALID\",\"server_cpu_us_per_request\":%u.5}]}",
            i > 0 ? "," : "{\"groups\":[", i < 2 ? "small" : "large", i % 2 * 63 + 1, i < 2 ? 5U : 5000U);
    strcat(groups, "]}");
    report_write(report_path("two/results.json"), groups);
    cr_assert_eq(report_run(WORDS(report_path("two"), "--no-plots", "-o", report_path("out"))), 0, "%s",
                 report_errors());
    page = report_page();
    report_expect_in(page, "; each scenario has a scale of its own.");
    report_expect_in(page, "\"title\":\"small (control: epoll)\",\"unit\":null,\"scale\":0");
    report_expect_in(page, "\"title\":\"large (control: epoll)\",\"unit\":null,\"scale\":1");
    free(page);
}

/* What two copies of the control differed by lies around it, at each connection count. */
Test(report_numbers, noise_around_the_control)
{
    char *page;

    report_render("alike");
    page = report_page();
    report_expect_in(page, "; shaded: what this run cannot tell from the control.");
    report_expect_in(page, "(control: ceiling)\",\"unit\":null,\"scale\":0,\"floor\":null,\"band\":[[1");
    free(page);
}
