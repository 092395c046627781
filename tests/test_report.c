/*
 * tenk-report: it writes a page that needs nothing else and plots, whatever the run holds, or says why not.
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

enum { TIMEOUT_S = 90, USAGE = 2, CANNOT = 3 };

TestSuite(report, .init = report_enter, .fini = report_leave, .timeout = TIMEOUT_S);

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

/* ---- torn runs ---- */

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

/* ---- hostile names ---- */

Test(report, hostile_names_are_text)
{
    char *page, *markdown;

    cr_assert_eq(report_run(WORDS(report_fixture("hostile"), "--title", "<script>alert(9)</script>",
                                  "--no-plots", "-o", report_path("out"))),
                 0, "%s", report_errors());
    page = report_page();
    markdown = report_read(report_path("out/report.md"));
    report_expect_not_in(page, "<script>alert");
    report_expect_not_in(page, "<img");
    report_expect_not_in(page, "</script><script>alert");
    report_expect_not_in(page, "<i>host</i>");
    report_expect_not_in(page, "<u>");
    report_expect_not_in(page, "etc/passwd\"");
    report_expect_in(page, "&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;");
    report_expect_in(page, "{{title}} %s");
    report_expect_not_in(markdown, "<script>");
    report_expect_in(markdown, "\\|a\\*b\\_c");
    free(page);
    free(markdown);
}

/* Offline: no address of any kind but the name of the SVG namespace, and a policy that forbids to fetch. */
Test(report, page_needs_nothing_else)
{
    char *page;

    report_render("alike");
    page = report_page();
    for (const char *at = page; (at = strstr(at, "://")); at += 3)
        cr_assert(at - page > 4 && strncmp(at - 4, "http://www.w3.org/2000/svg\"", 27) == 0, "%.60s", at - 8);
    report_expect_not_in(page, " src=");
    report_expect_not_in(page, "@import");
    report_expect_not_in(page, "url(");
    report_expect_in(page, "default-src 'none'");
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
    page = report_page();
    for (const char *at = strstr(page, "id=\"cells-0\""); (at = strstr(at, "<tr class=\"")); at++)
        rows++;
    cr_assert_eq(rows, 10000);
    report_expect_in(page, "1000 of 10000 cells are INVALID");
    report_expect_in(page, "Only the first 32 models of a panel are drawn");
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
    report_expect_in(first, "</svg>");
    report_expect_not_in(first, "<script");
    report_expect_not_in(first, "' color='white'"); /* a halo that is ugly on dark */
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
