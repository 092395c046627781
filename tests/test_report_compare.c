/*
 * tenk-report of two runs, or of a duet: what the page says of them is what tenk-compare says, because one
 * rule judges.
 */
#include <criterion/criterion.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "made_run.h"
#include "program.h"
#include "report_runs.h"

enum { TIMEOUT_S = 60, COMPARE_DEADLINE_MS = 30000 };

TestSuite(report_compare, .init = report_enter, .fini = report_leave, .timeout = TIMEOUT_S);

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

static const char result[] =
    "{\"groups\":[{\"scenario\":\"made\",\"client\":\"tenk-load\",\"connections\":64,"
    "\"control\":\"ceiling\",\"cells\":[]}]}";

static void write_run(const char *name, const struct made_run *made)
{
    char file[64];

    made_run_write(report_path(name), made);
    snprintf(file, sizeof(file), "%s/results.json", name);
    report_write(report_path(file), result);
}

/* BASE is as made_run_default; the page of both. The caller frees it. */
static char *render_beside(const struct made_run *made)
{
    struct made_run base = made_run_default();

    write_run("base", &base);
    write_run("new", made);
    cr_assert_eq(
        report_run(WORDS(report_path("base"), report_path("new"), "--no-plots", "-o", report_path("out"))), 0,
        "%s", report_errors());
    return report_page();
}

/* What tenk-compare says of the same two; without NEW of one duet. */
static json_t *compare(const char *base, const char *new)
{
    struct program program;
    struct program_end end;
    json_t *root;

    cr_assert_eq(
        program_start(&program,
                      WORDS(program_path("tenk-compare"), base, new ? new : "--json", new ? "--json" : NULL),
                      0),
        0);
    program_wait(&program, &end, COMPARE_DEADLINE_MS);
    program_forget(&program);
    root = json_loads(end.out, 0, NULL);
    cr_assert_not_null(root, "%.200s", end.out);
    return root;
}

/* Row by row: model, the ends of the interval and the words. */
static void expect_same_rows(const char *page, const json_t *list)
{
    const char *at = strstr(strstr(page, "class=\"compared\""), "<tbody>"), *last = strstr(at, "</tbody>");
    size_t i;
    json_t *row;
    char text[320];

    cr_assert_gt(json_array_size(list), 0);
    json_array_foreach(list, i, row)
    {
        const char *end;

        at = strstr(at, "<tr><th");
        cr_assert_not_null(at, "row %zu is missing", i);
        end = strstr(at, "</tr>");
        snprintf(text, sizeof(text), "scope=\"row\">%s<", json_string_value(json_object_get(row, "model")));
        cr_assert(strstr(at, text) && strstr(at, text) < end, "row %zu is not of %s", i, text);
        for (const char *word = json_string_value(json_object_get(row, "words")); *word; word++)
            if (strncmp(word, ">=", 2) == 0) {
                snprintf(text, sizeof(text), "&gt;%s</td>", word + 1);
                cr_assert(strstr(at, text) && strstr(at, text) < end, "row %zu does not say %s", i, text);
            }
        if (json_is_number(json_object_get(row, "ratio_high"))) {
            double high = (json_number_value(json_object_get(row, "ratio_high")) - 1) * 100;
            bool found = false;

            for (const char *v = at; (v = strstr(v, "data-v=\"")) && v < end; v++)
                found |= fabs(strtod(v + 8, NULL) - high) < 1e-5; /* the JSON has nine digits */
            cr_assert(found, "row %zu has no %.17g", i, high);
        }
        at = end;
    }
    at = strstr(at, "<tr><th");
    cr_assert(!at || at > last, "the page has more rows");
}

Test(report_compare, rows_are_those_of_tenk_compare)
{
    struct made_run made = made_run_default();
    json_t *compared;
    char *page;

    made.seed = 2;
    made.epoll_cpu = 1.2;
    page = render_beside(&made);
    compared = compare(report_path("base"), report_path("new"));
    expect_same_rows(page, json_object_get(compared, "comparisons"));
    json_decref(compared);
    free(page);
}

/* epoll costs a fifth more: CPU time, rate and latency are judged, each by itself. */
Test(report_compare, rate_and_latency_are_judged_as_well)
{
    struct made_run made = made_run_default();
    char *page;

    made.seed = 2;
    made.epoll_cpu = 1.2;
    page = render_beside(&made);
    report_expect_in(
        page,
        "<b>cpu</b> (server CPU time per request): 0 better, 1 worse, 1 with no difference shown, 0 that");
    report_expect_in(page,
                     "<b>req/s</b> (requests per second, where the server was the limit): 0 better, 1 worse");
    report_expect_in(page, "<b>p99</b> (99th percentile of latency, likewise): 0 better, 1 worse");
    report_expect_in(page, "<td class=\"t more\">worse</td>");
    report_expect_in(page, "<li>Worse in NEW: epoll cpu +"); /* said first, in a sentence */
    report_expect_in(page, "; epoll req/s -");
    report_expect_in(page, " (made, 64 connections)");
    report_expect_not_in(page, "Better in NEW");
    free(page);
}

Test(report_compare, a_slower_machine_is_no_difference)
{
    struct made_run made = made_run_default();
    char *page;

    made.seed = 3;
    made.drift = 1.3;
    made.kernel = "<6.2>";
    page = render_beside(&made);
    report_expect_in(
        page,
        "<b>cpu</b> (server CPU time per request): 0 better, 0 worse, 2 with no difference shown, 0 that");
    report_expect_in(page, "Compared although kernel: 6.1.0 in BASE, &lt;6.2&gt; in NEW.");
    free(page);
}

/* ---- a duet ---- */

/* What tenk-bench --duet leaves of the made run. */
static char *render_duet(double new_cpu)
{
    static const char duet[] =
        "{\"groups\":[{\"scenario\":\"made\",\"client\":\"tenk-load\",\"connections\":64,\"control\":"
        "\"epoll@base\",\"cells\":[{\"model\":\"epoll@base\"},{\"model\":\"epoll@new\"}]}]}";
    struct made_run made = made_run_default();

    made.epoll_cpu = new_cpu;
    made_duet_write(report_path("duet"), &made);
    report_write(report_path("duet/results.json"), duet);
    cr_assert_eq(report_run(WORDS(report_path("duet"), "--no-plots", "-o", report_path("out"))), 0, "%s",
                 report_errors());
    return report_page();
}

Test(report_compare, a_duet_is_compared_with_itself)
{
    char *page = render_duet(1.2);
    json_t *compared = compare(report_path("duet"), NULL);

    report_expect_in(page, "<h2>duet: NEW beside BASE</h2>\n<p>BASE is /made, NEW is /made.");
    report_expect_in(page, "<b>cpu</b> (server CPU time per request): 0 better, 2 worse");
    report_expect_in(page, "cpu at the same time, ");
    report_expect_not_in(page, "what the control moved by");
    expect_same_rows(page, json_object_get(compared, "comparisons"));
    json_decref(compared);
    free(page);
}

Test(report_compare, a_duet_of_equals_shows_no_difference)
{
    char *page = render_duet(1);

    report_expect_in(page, "<b>cpu</b> (server CPU time per request): 0 better, 0 worse, 2 with no");
    report_expect_in(page, "<li>No difference between BASE and NEW is shown.</li>");
    free(page);
}

Test(report_compare, what_cannot_be_compared_says_why)
{
    struct made_run base = made_run_default();
    char *page;

    write_run("base", &base);
    cr_assert_eq(report_run(WORDS(report_path("base"), report_fixture("missing"), report_fixture("alike"),
                                  "--no-plots", "-o", report_path("out"))),
                 0, "%s", report_errors());
    page = report_read(report_path("out/report.html"));
    report_expect_not_in(page, "NEW beside BASE"); /* none of them is a duet */
    report_expect_in(page, "<h2>missing (NEW) beside base (BASE)</h2>\n<p>Not compared: ");
    report_expect_in(page, "<h2>alike (NEW) beside base (BASE)</h2>\n<p>Not compared: ");
    report_expect_in(page, "id=\"run-2\"");
    free(page);
}
