/*
 * tenk-report: what it says in words is what the run shows, and no more.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "report_runs.h"

enum { TIMEOUT_S = 90 };

TestSuite(report_words, .init = report_enter, .fini = report_leave, .timeout = TIMEOUT_S);

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

/* ---- words ---- */

Test(report_words, says_when_no_difference_is_shown)
{
    char *page;

    report_render("alike");
    page = report_page();
    report_expect_in(page, "No difference from ceiling shown (this run sees none below 3.0 %): poll, epoll.");
    report_expect_not_in(page, "Dearer than");
    report_expect_in(page, "All 9 cells are valid.");
    report_expect_in(page, "2 of 48 slices were run again for noise; 1 is still noisy.");
    free(page);
}

Test(report_words, says_why_cells_are_not_ranked)
{
    char *page;

    report_render("invalid");
    page = report_page();
    report_expect_in(page, "Cheaper than ceiling: io_uring 0.90 ×. Dearer than ceiling: thread 1.56 ×.");
    report_expect_in(page, "2 of 6 cells are INVALID, shown and not ranked: starved 1, noisy 1.");
    report_expect_in(page, "In 1 cell the model by its nature served fewer clients");
    report_expect_in(page, "In 1 cell the client was the limit");
    report_expect_in(page, "INVALID (starved)");
    report_expect_in(page, "12 of 64 clients were never served");
    report_expect_in(page, "served 1 of 64");
    report_expect_in(
        page, "<span class=\"paren\" title=\"the client's rate, not the server's\">210\u202f000</span>");
    free(page);
}

Test(report_words, says_that_one_model_is_no_comparison)
{
    char *page;

    report_render("one_model");
    page = report_page();
    report_expect_in(page, "No model can be compared with another");
    report_expect_not_in(page, "Nothing can be ranked");
    report_expect_in(page, "<li>The cell is valid.</li>");
    free(page);
}

Test(report_words, words_without_the_columns_they_come_from)
{
    char *page;

    report_render("missing");
    page = report_page();
    report_expect_in(page, "1 of 3 cells is INVALID, shown and not ranked: no reason given 1.");
    report_expect_in(
        page, "How far two copies of one server differ was not measured: no difference can be claimed.");
    report_expect_in(page, "The machine is not known: the run has no run.json.");
    report_expect_not_in(page, "nan");
    free(page);
}

/* By tenk-bench if it did, else from the samples by the same rules. */
Test(report_words, says_what_bound_each_cell)
{
    const char *run = report_path("explained");
    char *page, *markdown;

    report_render("alike");
    page = report_page();
    report_expect_in(page, "not known</td><td class=\"t extra detail\">listen_overflows missing");
    free(page);
    cr_assert_eq(mkdir(run, 0777), 0);
    report_write(
        report_path("explained/results.json"),
        "{\"groups\":[{\"scenario\":\"s\",\"client\":\"tenk-load\",\"connections\":64,\"control\":\"c\","
        "\"cells\":[{\"model\":\"epoll\",\"why\":\"server CPU, kernel\",\"why_detail\":\"1.00 of a <core>\"},"
        "{\"model\":\"poll\"}]}]}");
    cr_assert_eq(report_run(WORDS(run, "--no-plots", "-o", report_path("out"))), 0, "%s", report_errors());
    page = report_page();
    markdown = report_read(report_path("out/report.md"));
    report_expect_in(page, "server CPU, kernel</td><td class=\"t extra detail\">1.00 of a &lt;core&gt;</td>");
    report_expect_in(page, "not known</td><td class=\"t extra detail\">samples.jsonl missing</td>");
    report_expect_in(markdown, "| server CPU, kernel |\n");
    free(page);
    free(markdown);
}

/* The page says what to type to measure the same again, as a shell takes it. */
Test(report_words, says_how_to_measure_again)
{
    const char *run = report_path("again");
    char *page;

    cr_assert_eq(mkdir(run, 0777), 0);
    report_write(report_path("again/results.json"),
                 "{\"groups\":[{\"scenario\":\"s\",\"client\":\"tenk-load\",\"connections\":64,\"control\":"
                 "\"epoll\",\"cells\":[{\"model\":\"epoll\",\"verdict\":\"VALID\"}]}]}");
    report_write(report_path("again/run.json"),
                 "{\"command\":[\"build/tenk-bench\",\"-c\",\"64 1000\",\"it's\"],\"environment\":{\"build\":"
                 "{\"revision\":\"abc123\"}},\"before\":{\"load\":\"123.40 9.00 1.00\"}}");
    cr_assert_eq(report_run(WORDS(run, "--no-plots", "-o", report_path("out"))), 0, "%s", report_errors());
    page = report_page();
    report_expect_in(page, "In the source tree of tenk (revision abc123):");
    report_expect_in(page,
                     "<code>make\nbuild/tenk-bench -c &#39;64 1000&#39; &#39;it&#39;\\&#39;&#39;s&#39;\n");
    report_expect_in(page, "build/tenk-compare again NEW</code>");
    report_expect_in(page, "busy before the run began: load 123.4.");
    report_expect_in(page, "<td class=\"t\">the control</td>");
    free(page);
}

Test(report_words, explains_and_writes_nothing)
{
    cr_assert_eq(report_run(WORDS(report_fixture("alike"), "--explain", "-o", report_path("out"))), 0, "%s",
                 report_errors());
    report_expect_in(report_printed(), "64 connections, tenk-load\n  ceiling  not known: ");
    cr_assert_neq(access(report_path("out"), F_OK), 0, "it wrote something");
}

Test(report_words, says_when_nothing_can_be_said)
{
    char *page;

    report_render("missing");
    page = report_page();
    report_expect_in(page, "Nothing can be ranked");
    report_expect_in(page, "The machine is not known: the run has no run.json.");
    report_expect_in(page, "no difference can be claimed");
    report_expect_in(page, "Memory per connection: Memory was not measured");
    free(page);
}

/* A cell that is not ranked has figures, which are shown, and makes no claim. */
Test(report_words, an_invalid_cell_claims_nothing)
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
    page = report_page();
    report_expect_in(page, "<td data-v=\"0.5\">");
    report_expect_in(page, "INVALID (noisy)");
    report_expect_not_in(page, ">cheaper<");
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
    return report_page();
}

Test(report_words, capacities_are_a_table_with_their_words)
{
    char *page = render_capacities(false), *markdown = report_read(report_path("out/report.md"));

    report_expect_in(page, "epoll keeps it. Less than epoll: poll 0.71 ×.</li>");
    report_expect_in(page, "Capacity: the highest rate with p99&lt;10ms, peak, 64 connections");
    report_expect_in(page, "scope=\"row\">epoll</th><td data-v=\"141000.5\">");
    report_expect_in(page, "<td data-v=\"0.70999999999999996\">0.71</td>");
    report_expect_in(page, "<td class=\"t more\">lower</td>");
    report_expect_in(page, "scope=\"row\">&lt;b&gt;</th>");
    report_expect_in(page, "INVALID (noisy): <span class=\"quiet\">disturbed &amp; more</span>");
    report_expect_in(page, "1 of 3 capacities are not ranked");
    report_expect_in(page, "Two copies of one server differed by up to 17.4 %");
    report_expect_not_in(page, "Nothing can be ranked");
    report_expect_not_in(page, "Every cell");
    report_expect_in(markdown, "| poll | 99250 | 0.71 [0.62, 0.75] | - | 4 of 4 | VALID |");
    free(page);
    free(markdown);
}

Test(report_words, a_load_is_told_wherever_its_cells_are)
{
    char *page = render_capacities(true), *markdown = report_read(report_path("out/report.md"));

    report_expect_in(page, "<td class=\"t\">peak, 64 connections, 25 % load</td>");
    report_expect_in(page, "<button>load</button>");
    report_expect_in(markdown, "tenk-load, at 25 % of each model's own capacity");
    free(page);
    free(markdown);
}
