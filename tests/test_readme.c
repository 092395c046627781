/*
 * bench/readme/splice: what stands in README and docs is what the run says, and doing it twice changes
 * nothing.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "program.h"
#include "report_runs.h"

enum { TIMEOUT_S = 60, USAGE = 2 };

static struct program_end end;
static char errors[PROGRAM_TEXT_MAX], run[256], file[256];

static void enter(void)
{
    report_enter();
    strcpy(run, report_path("run"));
    strcpy(file, report_path("page.md"));
    mkdir(run, 0777);
    report_write(
        report_path("run/results.md"),
        "# Results\n\n### other: 64 connections, tenk-load, http "
        "over tcp\n\n| model | vs c [95 %] |\n|---|---|\n"
        "| fork | 9 |\n| forks | 8 |\n\n* a/b: 1\n* a/bc: 2\n\n### quick: 64 connections, tenk-load, http "
        "over tcp\n\n| model | vs ceiling [95 %] |\n"
        "|---|---|\n| fork | 2.13 [2.01, 2.30] |\n\n**A "
        "finding.**\n\n### quick: 64 connections, wrk\n\n| wrk |\n");
    report_write(report_path("run/results.json"),
                 "{\n  \"findings\": {\n    \"quick\": \"At 64 \\\"all\\\" is well.\"\n  }\n}\n");
}

TestSuite(readme, .init = enter, .fini = report_leave, .timeout = TIMEOUT_S);

static int splice(const char *text, const char *with_run)
{
    report_write(file, text);
    program_run((const char *const[]){"bench/readme/splice", file, with_run, NULL}, &end, errors);
    return end.status;
}

static void expect_spliced(const char *marker, const char *with_run, const char *content)
{
    char before[1024], after[1024], *page;

    snprintf(before, sizeof(before), "above\n<!-- run: %s -->\nold\n<!-- end -->\nbelow\n", marker);
    snprintf(after, sizeof(after), "above\n<!-- run: %s -->\n%s<!-- end -->\nbelow\n", marker, content);
    for (unsigned i = 0; i < 2; i++) {
        cr_assert_eq(splice(i == 0 ? before : after, with_run), 0, "%s", errors);
        page = report_read(file);
        cr_assert_str_eq(page, after);
        free(page);
    }
}

static const char *marker(const char *format)
{
    static char text[512];

    snprintf(text, sizeof(text), "%.*s %s %s", (int)strcspn(format, " "), format, run,
             strchr(format, ' ') + 1);
    return text;
}

Test(readme, blocks_of_named_runs)
{
    expect_spliced(marker("table quick 64"), NULL,
                   "| model | vs ceiling [95 %] |\n|---|---|\n| fork | 2.13 [2.01, 2.30] |\n");
    expect_spliced(marker("finding quick"), NULL, "At 64 \"all\" is well.\n");
    expect_spliced(marker("ratio quick 64 fork"), NULL, "2.13 × ceiling [2.01, 2.30]\n");
}

Test(readme, lines_of_some_models)
{
    expect_spliced(marker("rows quick 64 fork"), NULL,
                   "| model | vs ceiling [95 %] |\n|---|---|\n| fork | 2.13 [2.01, 2.30] |\n");
    expect_spliced(marker("rows other 64 fork"), NULL, "| model | vs c [95 %] |\n|---|---|\n| fork | 9 |\n");
    expect_spliced(marker("pairs other 64 a/b"), NULL, "* a/b: 1\n");
}

Test(readme, a_new_run_takes_over_the_blocks_about_its_scenarios)
{
    static const char before[] =
        "<!-- run: table results/old quick 64 -->\n<!-- run: finding results/old quick -->\n"
        "<!-- run: table results/old quicker 64 -->\n<!-- run: table -->\n";
    char after[1024], *page;

    mkdir(report_path("run/scenarios"), 0777);
    report_write(report_path("run/scenarios/quick.ini"), "");
    report_write(file, before);
    program_run((const char *const[]){"bench/readme/retarget", run, file, NULL}, &end, errors);
    cr_assert_eq(end.status, 0, "%s", errors);
    snprintf(after, sizeof(after),
             "<!-- run: table %s quick 64 -->\n<!-- run: finding %s quick -->\n"
             "<!-- run: table results/old quicker 64 -->\n<!-- run: table -->\n",
             run, run);
    page = report_read(file);
    cr_assert_str_eq(page, after);
    free(page);
}

/* What stands in the pages is what their runs say: filling them again changes nothing. */
Test(readme, the_pages_are_as_their_runs_say)
{
    static const char command[] = "for page in README.md bench/README.md docs/*.md; do cp $page $0; "
                                  "bench/readme/splice $0 && cmp $page $0 || "
                                  "exit 1; done";

    if (program_run((const char *const[]){"/bin/sh", "-c", command, file, NULL}, &end, errors),
        end.status != 0)
        cr_assert_fail("%s%s: run `make docs`", end.out, errors);
}

Test(readme, a_generated_file_is_taken_whole)
{
    char block[300];

    report_write(report_path("counted.md"), "| model | bytes |\n|---|---:|\n| epoll | 224 |\n");
    snprintf(block, sizeof(block), "file %s", report_path("counted.md"));
    expect_spliced(block, NULL, "| model | bytes |\n|---|---:|\n| epoll | 224 |\n");
}

/* The limit of each model comes from the table that stands above in the page itself. */
Test(readme, what_suites_said_of_each_model)
{
    static const char above[] = "| [epoll](../servers/epoll.c) | the loop | O(ready) |\n";
    char text[512], *page;

    report_write(report_path("suites.tsv"), "model\tp\tr\tp\tr\tc\nepoll\t7\t8\t5\t6\t99\n");
    snprintf(text, sizeof(text), "%s<!-- run: suites %s -->\n<!-- end -->\n", above,
             report_path("suites.tsv"));
    cr_assert_eq(splice(text, NULL), 0, "%s", errors);
    page = report_read(file);
    cr_assert_not_null(strstr(page, "\n| epoll | 7 of 8 | 5 of 6 | 99 | O(ready) |\n<!-- end -->"), "%s",
                       page);
    free(page);
    cr_assert_eq(splice(text + strlen(above), NULL), USAGE);
    cr_assert_not_null(strstr(errors, "says no limit"), "%s", errors);
}

static void expect_survived(const char *rows, const char *model)
{
    unsigned protocol[2], faults[2], calls;
    char start[64];
    const char *row;

    snprintf(start, sizeof(start), "\n%s\t", model);
    row = strstr(rows, start);
    cr_assert_not_null(row, "no row of %s: run `make suites`, then `make docs`", model);
    cr_assert_eq(sscanf(row + strlen(start), "%u %u %u %u %u", &protocol[0], &protocol[1], &faults[0],
                        &faults[1], &calls),
                 5, "%s", model);
    cr_assert(protocol[0] > 0 && protocol[0] == protocol[1] && faults[0] > 0 && faults[0] == faults[1] &&
                  calls > 0,
              "%s has not survived every suite", model);
}

/* docs/models.md takes its table from there. */
Test(readme, every_model_has_survived_the_suites)
{
    char *rows = report_read("tests/baseline/suites.tsv");

#define MODEL(model) expect_survived(rows, #model);
#define REFERENCE(model)
#include "models.def"
#undef MODEL
#undef REFERENCE
    free(rows);
}

Test(readme, block_of_the_given_run)
{
    expect_spliced(
        "table", run,
        "| model | vs c [95 %] |\n|---|---|\n| fork | 9 |\n| forks | 8 |\n\n* a/b: 1\n* a/bc: 2\n");
    expect_spliced("table", NULL, "old\n");
}

/* What a reader needs to know how far to trust a figure: the difference that proves nothing, and the machine.
 */
Test(readme, doubts_and_machine)
{
    char content[512];

    report_write(report_path("run/results.md"),
                 "# Results\n\nA processor, Linux 1.  \nMade by: x\n\n### quick: 64 connections, tenk-load, "
                 "http\n\nTwo copies of c differed by +1.0 %: no.\n\n| model |\n|---|\n| a |\n");
    expect_spliced(marker("same quick 64"), NULL, "Two copies of c differed by +1.0 %: no.\n");
    snprintf(content, sizeof(content), "A processor, Linux 1. The run with all raw samples: [run](%s).\n",
             run);
    expect_spliced("machine", run, content);
    expect_spliced("machine", NULL, "old\n");
}

Test(readme, refusals_change_nothing)
{
    static const char *const bad[] = {"table nowhere quick 64", "ratio",           "colour",
                                      "rows nowhere quick 64",  "file nowhere.md", "same nowhere quick 64"};
    char text[512], *page;

    for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++) {
        snprintf(text, sizeof(text), "<!-- run: %s -->\n<!-- end -->\n", bad[i]);
        cr_assert_eq(splice(text, NULL), USAGE, "%s: %s", bad[i], errors);
        cr_assert_eq(strncmp(errors, "splice: ", 8), 0, "%s", errors);
        page = report_read(file);
        cr_assert_str_eq(page, text);
        free(page);
    }
    cr_assert_eq(splice("<!-- run: table -->\n", run), USAGE);
    cr_assert_not_null(strstr(errors, "has no <!-- end -->"), "%s", errors);
}
