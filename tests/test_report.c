/*
 * tenk-report: what it writes is what the run says, number by number and in words, whatever the run holds.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "program.h"
#include "report_runs.h"

enum { TIMEOUT_S = 90, COLUMNS_MAX = 32, NAME_SIZE = 64, USAGE = 2, CANNOT = 3 };

TestSuite(report, .init = report_enter, .fini = report_leave, .timeout = TIMEOUT_S);

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

static char *read_page(void)
{
    return report_read(report_path("out/report.html"));
}

static void expect_in(const char *page, const char *text)
{
    cr_assert_not_null(strstr(page, text), "not in the page: %s", text);
}

static void expect_not_in(const char *page, const char *text)
{
    const char *at = strstr(page, text);

    cr_assert_null(at, "in the page: %.80s", at);
}

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
    page = read_page();
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

Test(report, numbers_of_equal_models)
{
    expect_numbers("alike");
}

Test(report, numbers_of_every_standing)
{
    expect_numbers("invalid");
}

Test(report, numbers_of_one_model)
{
    expect_numbers("one_model");
}

Test(report, numbers_with_missing_columns)
{
    expect_numbers("missing");
}

Test(report, numbers_under_hostile_names)
{
    expect_numbers("hostile");
}

/* The values under the charts come from the same cells. */
Test(report, values_under_a_chart)
{
    char *page;

    report_render("alike");
    page = read_page();
    const char *figure = strstr(page, "id=\"run-0-throughput\""),
               *table = figure ? strstr(figure, "<tbody>") : NULL;

    cr_assert_not_null(table);
    expect_in(table,
              "<th class=\"t\" scope=\"row\">poll</th><td data-v=\"64\">64</td><td data-v=\"198739.5\">");
    free(page);
}

/* Variants of a model, thread_pool@4 and thread_pool@16, are one line over the number of workers. */
Test(report, variants_are_a_line_over_workers)
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
    page = read_page();
    expect_in(page, "id=\"run-0-workers\"");
    expect_in(page, "row\">thread_pool</th><td data-v=\"4\">4</td><td data-v=\"400.5\">");
    expect_in(page, "row\">thread_pool</th><td data-v=\"16\">16</td><td data-v=\"1600.5\">");
    free(page);
}

/* epoll, epoll+1000 and epoll+10000 are one line over the idle connections; a transport is a line of its own.
 */
Test(report, variants_are_a_line_over_idle_connections)
{
    static const char *const models[] = {"poll", "poll+900", "poll+unix", "poll+unix+900"};
    char *page, samples[4096] = "", cells[2048] = "", groups[4096];

    report_make_large("idle", 1, 1);
    for (unsigned i = 0; i < 4; i++) {
        snprintf(cells + strlen(cells), sizeof(cells) - strlen(cells),
                 "%s{\"model\":\"%s\",\"verdict\":\"VALID\",\"requests_per_s\":%u.5}", i > 0 ? "," : "",
                 models[i], i + 100);
        for (unsigned cost = 0; cost < 2; cost++)
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
    page = read_page();
    expect_in(page, "id=\"run-0-idle\"");
    expect_in(page, "row\">poll</th><td data-v=\"0\">0</td><td data-v=\"100.5\">");
    expect_in(page, "row\">poll</th><td data-v=\"900\">900</td><td data-v=\"101.5\">");
    expect_in(page, "row\">poll+unix</th><td data-v=\"900\">900</td><td data-v=\"103.5\">");
    expect_in(page, "row\">poll+unix</th><td data-v=\"900\">900</td><td data-v=\"0.25\">");
    free(page);
}

/* ---- capacities ---- */

/* A run of searches: two that found a rate, one that did not, and a load at a quarter of the capacity. */
static char *render_capacities(bool with_load)
{
    static const char load[] =
        "{\"scenario\":\"peak\",\"client\":\"tenk-load\",\"connections\":64,\"control\":\"epoll\","
        "\"smallest_difference\":0.05,\"cells\":[{\"model\":\"poll\",\"load_fraction\":0.25,"
        "\"verdict\":\"VALID\",\"server_cpu_us_per_request\":7.5,\"cpu_ratio\":1.25,"
        "\"cpu_ratio_low\":1.2,\"cpu_ratio_high\":1.3,\"cpu_words\":\"dearer\"}]}";
    static const char *const rows[] = {
        "{\"model\":\"epoll\",\"searches\":8,\"searches_found\":8,\"capacity_per_s\":141000.5,"
        "\"verdict\":\"VALID\"}",
        "{\"model\":\"poll\",\"searches\":4,\"searches_found\":4,\"capacity_per_s\":99250,"
        "\"capacity_ratio\":0.71,\"capacity_ratio_low\":0.62,\"capacity_ratio_high\":0.75,"
        "\"capacity_words\":\"lower\",\"verdict\":\"VALID\"}",
        "{\"model\":\"<b>\",\"searches\":4,\"searches_found\":1,\"capacity_per_s\":500,"
        "\"capacity_words\":\"lower\",\"verdict\":\"INVALID\",\"reason\":\"noisy\","
        "\"detail\":\"disturbed & more\"}",
    };
    char text[4096];

    cr_assert(mkdir(report_path("peak"), 0777) == 0 || errno == EEXIST);
    snprintf(text, sizeof(text),
             "{\"findings\":{\"peak\":\"epoll keeps it.\"},\"groups\":[%s],\"capacities\":[{\"scenario\":"
             "\"peak\",\"connections\":64,\"objective\":\"p99<10ms\",\"control\":\"epoll\","
             "\"smallest_difference\":0.174,\"models\":[%s,%s,%s]}]}",
             with_load ? load : "", rows[0], rows[1], rows[2]);
    report_write(report_path("peak/results.json"), text);
    cr_assert_eq(report_run(WORDS(report_path("peak"), "--no-plots", "-o", report_path("out"))), 0, "%s",
                 report_errors());
    return read_page();
}

Test(report, capacities_are_a_table_with_their_words)
{
    char *page = render_capacities(false), *markdown = report_read(report_path("out/report.md"));

    expect_in(page, "epoll keeps it. Less than epoll: poll 0.71 ×.</li>");
    expect_in(page, "Capacity: the highest rate with p99&lt;10ms, peak, 64 connections");
    expect_in(page, "scope=\"row\">epoll</th><td data-v=\"141000.5\">");
    expect_in(page, "<td data-v=\"0.70999999999999996\">0.71</td>");
    expect_in(page, "<td class=\"t more\">lower</td>");
    expect_in(page, "scope=\"row\">&lt;b&gt;</th>");
    expect_in(page, "INVALID (noisy): <span class=\"quiet\">disturbed &amp; more</span>");
    expect_in(page, "1 of 3 capacities are not ranked");
    expect_in(page, "Two copies of one server differed by up to 17.4 %");
    expect_not_in(page, "Nothing can be ranked");
    expect_not_in(page, "Every cell");
    expect_in(markdown, "| poll | 99250 | 0.71 [0.62, 0.75] | - | 4 of 4 | VALID |");
    free(page);
    free(markdown);
}

Test(report, a_load_is_told_wherever_its_cells_are)
{
    char *page = render_capacities(true), *markdown = report_read(report_path("out/report.md"));

    expect_in(page, "<td class=\"t\">peak, 64 connections, 25 % load</td>");
    expect_in(page, "<button>load</button>");
    expect_in(markdown, "tenk-load, at 25 % of each model's own capacity");
    free(page);
    free(markdown);
}

/* ---- words ---- */

Test(report, says_when_no_difference_is_shown)
{
    char *page;

    report_render("alike");
    page = read_page();
    expect_in(page, "No difference from ceiling shown (this run sees none below 3.0 %): poll, epoll.");
    expect_not_in(page, "Dearer than");
    expect_in(page, "All 9 cells are valid.");
    expect_in(page, "2 of 48 slices were run again for noise; 1 is still noisy.");
    free(page);
}

Test(report, says_why_cells_are_not_ranked)
{
    char *page;

    report_render("invalid");
    page = read_page();
    expect_in(page, "Cheaper than ceiling: io_uring 0.90 ×. Dearer than ceiling: thread 1.56 ×.");
    expect_in(page, "2 of 6 cells are INVALID, shown and not ranked: starved 1, noisy 1.");
    expect_in(page, "In 1 cell the model by its nature served fewer clients");
    expect_in(page, "In 1 cell the client was the limit");
    expect_in(page, "INVALID (starved)");
    expect_in(page, "12 of 64 clients were never served");
    expect_in(page, "served 1 of 64");
    expect_in(page,
              "<span class=\"paren\" title=\"the client's rate, not the server's\">210\u202f000</span>");
    free(page);
}

Test(report, says_that_one_model_is_no_comparison)
{
    char *page;

    report_render("one_model");
    page = read_page();
    expect_in(page, "No model can be compared with another");
    expect_not_in(page, "Nothing can be ranked");
    expect_in(page, "<li>The cell is valid.</li>");
    free(page);
}

Test(report, words_without_the_columns_they_come_from)
{
    char *page;

    report_render("missing");
    page = read_page();
    expect_in(page, "1 of 3 cells is INVALID, shown and not ranked: no reason given 1.");
    expect_in(page,
              "How far two copies of one server differ was not measured: no difference can be claimed.");
    expect_in(page, "The machine is not known: the run has no run.json.");
    expect_not_in(page, "nan");
    free(page);
}

/* By tenk-bench if it did, else from the samples by the same rules. */
Test(report, says_what_bound_each_cell)
{
    const char *run = report_path("explained");
    char *page, *markdown;

    report_render("alike");
    page = read_page();
    expect_in(page, "not known</td><td class=\"t extra detail\">listen_overflows missing");
    free(page);
    cr_assert_eq(mkdir(run, 0777), 0);
    report_write(
        report_path("explained/results.json"),
        "{\"groups\":[{\"scenario\":\"s\",\"client\":\"tenk-load\",\"connections\":64,\"control\":\"c\","
        "\"cells\":[{\"model\":\"epoll\",\"why\":\"server CPU, kernel\",\"why_detail\":\"1.00 of a <core>\"},"
        "{\"model\":\"poll\"}]}]}");
    cr_assert_eq(report_run(WORDS(run, "--no-plots", "-o", report_path("out"))), 0, "%s", report_errors());
    page = read_page();
    markdown = report_read(report_path("out/report.md"));
    expect_in(page, "server CPU, kernel</td><td class=\"t extra detail\">1.00 of a &lt;core&gt;</td>");
    expect_in(page, "not known</td><td class=\"t extra detail\">samples.jsonl missing</td>");
    expect_in(markdown, "| server CPU, kernel |\n");
    free(page);
    free(markdown);
}

Test(report, explains_and_writes_nothing)
{
    cr_assert_eq(report_run(WORDS(report_fixture("alike"), "--explain", "-o", report_path("out"))), 0, "%s",
                 report_errors());
    expect_in(report_printed(), "64 connections, tenk-load\n  ceiling  not known: ");
    cr_assert_neq(access(report_path("out"), F_OK), 0, "it wrote something");
}

Test(report, says_when_nothing_can_be_said)
{
    char *page;

    report_render("missing");
    page = read_page();
    expect_in(page, "Nothing can be ranked");
    expect_in(page, "The machine is not known: the run has no run.json.");
    expect_in(page, "no difference can be claimed");
    expect_in(page, "Memory per connection: Memory was not measured");
    free(page);
}

/* An earlier line of samples.jsonl that is no row is an error; a last one torn by a crash is not. */
Test(report, samples_torn_by_a_crash)
{
    char *results = report_read("tests/fixtures/runs/one_model/results.json");
    const char *run = report_path("torn"), *samples = report_path("torn/samples.jsonl");

    cr_assert_eq(report_run(WORDS(report_fixture("one_model"), "--no-plots", "-o", run)), 0);
    report_write(report_path("torn/results.json"), results);
    report_write(samples, "{\"kind\":\"timing\"}\n{\"kind\":\"ti");
    cr_assert_eq(report_run(WORDS(run, "--no-plots")), 0, "%s", report_errors());
    report_write(samples, "{\"kind\":\"ti\n{\"kind\":\"timing\"}\n");
    cr_assert_eq(report_run(WORDS(run, "--no-plots")), USAGE);
    cr_assert_not_null(strstr(report_errors(), "samples.jsonl, line 1: not a row"), "%s", report_errors());
    free(results);
}

/* ---- two runs ---- */

/* ---- hostile names ---- */

Test(report, hostile_names_are_text)
{
    char *page, *markdown;

    cr_assert_eq(report_run(WORDS(report_fixture("hostile"), "--title", "<script>alert(9)</script>",
                                  "--no-plots", "-o", report_path("out"))),
                 0, "%s", report_errors());
    page = read_page();
    markdown = report_read(report_path("out/report.md"));
    expect_not_in(page, "<script>alert");
    expect_not_in(page, "<img");
    expect_not_in(page, "</script><script>alert");
    expect_not_in(page, "<i>host</i>");
    expect_not_in(page, "<u>");
    expect_not_in(page, "etc/passwd\"");
    expect_in(page, "&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;");
    expect_in(page, "{{title}} %s");
    expect_not_in(markdown, "<script>");
    expect_in(markdown, "\\|a\\*b\\_c");
    free(page);
    free(markdown);
}

/* Offline: no address of any kind but the name of the SVG namespace, and a policy that forbids to fetch. */
Test(report, page_needs_nothing_else)
{
    char *page;

    report_render("alike");
    page = read_page();
    for (const char *at = page; (at = strstr(at, "://")); at += 3)
        cr_assert(at - page > 4 && strncmp(at - 4, "http://www.w3.org/2000/svg\"", 27) == 0, "%.60s", at - 8);
    expect_not_in(page, " src=");
    expect_not_in(page, "@import");
    expect_not_in(page, "url(");
    expect_in(page, "default-src 'none'");
    free(page);
}

/* ---- size ---- */

Test(report, ten_thousand_cells)
{
    unsigned rows = 0;
    char *page;

    report_make_large("large", 100, 100);
    cr_assert_eq(report_run(WORDS(report_path("large"), "--no-plots", "-o", report_path("out"))), 0, "%s",
                 report_errors());
    page = read_page();
    for (const char *at = strstr(page, "id=\"cells-0\""); (at = strstr(at, "<tr class=\"")); at++)
        rows++;
    cr_assert_eq(rows, 10000);
    expect_in(page, "1000 of 10000 cells are INVALID");
    expect_in(page, "Only the first 32 models of a panel are drawn");
    free(page);
}

/* ---- plots ---- */

static void draw_twice(const char *fixture)
{
    for (unsigned i = 0; i < 2; i++)
        cr_assert_eq(report_run(WORDS(report_fixture(fixture), "-o", report_path(i == 0 ? "out" : "again"))),
                     0, "%s", report_errors());
}

static void expect_same_plot(const char *chart)
{
    char name[64], again[64], *first, *second;

    snprintf(name, sizeof(name), "out/plots/%s.svg", chart);
    snprintf(again, sizeof(again), "again/plots/%s.svg", chart);
    first = report_read(report_path(name));
    second = report_read(report_path(again));
    cr_assert_str_eq(first, second, "%s is another plot each time", chart);
    expect_in(first, "</svg>");
    expect_not_in(first, "<script");
    expect_not_in(first, "' color='white'"); /* a halo that is ugly on dark */
    free(first);
    free(second);
}

Test(report, plots_are_the_same_every_time)
{
    if (!program_installed("gnuplot"))
        cr_skip_test("gnuplot is not installed");
    draw_twice("alike");
    expect_same_plot("throughput");
    expect_same_plot("ratio");
    expect_same_plot("split");
}

Test(report, plots_of_hostile_names)
{
    if (!program_installed("gnuplot"))
        cr_skip_test("gnuplot is not installed");
    draw_twice("hostile");
    expect_same_plot("ratio");
    cr_assert_eq(access("/tmp/tenk-hostile", F_OK), -1, "a name was run as a command");
}

/* ---- refusals ---- */

static void expect_refusal(int status, const char *part)
{
    cr_assert_not_null(strstr(report_errors(), part), "\"%s\" is not in: %s", part, report_errors());
    cr_assert_eq(strncmp(report_errors(), "tenk-report: ", 13), 0);
    cr_assert_eq(strchr(report_errors(), '\n'), report_errors() + strlen(report_errors()) - 1);
    (void)status;
}

#define EXPECT_REFUSAL(expected, part, ...)                                                                  \
    do {                                                                                                     \
        cr_assert_eq(report_run(WORDS(__VA_ARGS__)), expected, "%s", report_errors());                       \
        expect_refusal(expected, part);                                                                      \
    } while (0)

Test(report, refusals)
{
    static const char *const no_run[] = {NULL};

    cr_assert_eq(report_run(no_run), USAGE);
    expect_refusal(USAGE, "which run?");
    EXPECT_REFUSAL(USAGE, "is it a run?", "/tmp");
    EXPECT_REFUSAL(USAGE, "there is no option --colour", "--colour");
    report_make_large("broken", 1, 1);
    report_write(report_path("broken/results.json"), "{\"groups\": [");
    EXPECT_REFUSAL(USAGE, "broken/results.json is not what tenk-bench writes: line 1", report_path("broken"));
    report_write(report_path("broken/results.json"), "{\"groups\": []}");
    EXPECT_REFUSAL(USAGE, "nothing was measured", report_path("broken"));
    report_write(report_path("broken/results.json"), "{\"groups\": [{\"cells\": [{\"model\": 3}]}]}");
    EXPECT_REFUSAL(USAGE, "a field is of the wrong type", report_path("broken"));
    EXPECT_REFUSAL(CANNOT, "cannot make the directory", report_fixture("alike"), "-o", "/proc/no/such");
    EXPECT_REFUSAL(CANNOT, "cannot write", report_fixture("alike"), "--no-plots", "-o", "/proc/self");
}

/* ---- colours ---- */

/* A model that nobody has given a family would be drawn among the strangers. */
Test(report, every_model_is_of_a_family)
{
    struct program_end end;
    char errors[PROGRAM_TEXT_MAX], *colours = report_read("bench/report/family.c");
    json_t *list, *model;
    size_t i;

    program_run(WORDS(program_path("tenk-serve"), "--list", "--json"), &end, errors);
    list = json_loads(end.out, 0, NULL);
    cr_assert_gt(json_array_size(list), 0, "%s", errors);
    json_array_foreach(list, i, model)
    {
        char entry[128];

        snprintf(entry, sizeof(entry), "{\"%.60s\", \"#",
                 json_string_value(json_object_get(model, "family")));
        cr_assert_not_null(strstr(colours, entry), "no colours for %s of %s", entry,
                           json_string_value(json_object_get(model, "name")));
    }
    json_decref(list);
    free(colours);
}

/* A cell that is not ranked has figures, which are shown, and makes no claim. */
Test(report, an_invalid_cell_claims_nothing)
{
    char *page;

    cr_assert_eq(mkdir(report_path("claim"), 0777), 0);
    report_write(
        report_path("claim/results.json"),
        "{\"groups\":[{\"scenario\":\"s\",\"client\":\"tenk-load\",\"connections\":64,\"control\":\"c\","
        "\"cells\":[{\"model\":\"m\",\"verdict\":\"INVALID\",\"reason\":\"noisy\",\"cpu_ratio\":0.5,"
        "\"cpu_words\":\"cheaper\"}]}]}");
    cr_assert_eq(report_run(WORDS(report_path("claim"), "--no-plots", "-o", report_path("out"))), 0, "%s",
                 report_errors());
    page = read_page();
    expect_in(page, "<td data-v=\"0.5\">");
    expect_in(page, "INVALID (noisy)");
    expect_not_in(page, ">cheaper<");
    free(page);
}
