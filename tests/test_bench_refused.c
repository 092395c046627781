/*
 * What tenk-bench refuses, with one clear sentence for each; and what the scenarios that are shipped make of
 * it.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench_directory.h"
#include "program.h"

enum { TIMEOUT_S = 120, USAGE = 2, CANNOT_RUN = 3 };

TestSuite(bench_refused, .init = bench_directory_enter, .fini = bench_directory_leave, .timeout = TIMEOUT_S);

/* ---- scenarios ---- */

static void expect_scenario_error(const char *text, unsigned line, const char *part)
{
    char where[BENCH_PATH_MAX + 16];

    bench_write_scenario(text);
    bench_run_program("tenk-bench", BENCH_WORDS(bench_scenario, "--plan"));
    if (line > 0)
        snprintf(where, sizeof(where), "%s:%u: ", bench_scenario, line);
    else
        snprintf(where, sizeof(where), "%s: ", bench_scenario);
    bench_expect_sentence(USAGE, where);
    cr_assert_not_null(strstr(bench_errors, part), "\"%s\" is not in: %s", part, bench_errors);
}

Test(bench_refused, unknown_key)
{
    expect_scenario_error("[scenario]\nname = x\n; a comment\nconections = 1\n", 4,
                          "unknown key \"conections\"; known are: name");
}

Test(bench_refused, unknown_section)
{
    expect_scenario_error("[scenario]\nname = x\n[sever nginx]\ncommand = x\n", 4, "[sever nginx]");
}

Test(bench_refused, unknown_key_of_a_server)
{
    expect_scenario_error("[scenario]\nname = x\n[server nginx]\nport = 80\n", 4,
                          "unknown key \"port\" in [server nginx]");
}

Test(bench_refused, line_that_is_none)
{
    expect_scenario_error("[scenario]\nname = x\nrounds\n", 3, "expected [section] or key = value");
}

Test(bench_refused, first_of_two_wrong_lines_is_named)
{
    expect_scenario_error("[scenario]\nname = x\nrounds\nslice = long\n", 3, "expected");
    expect_scenario_error("[scenario]\nname = x\nslice = long\nrounds\n", 3, "slice takes a duration");
}

Test(bench_refused, values_of_the_wrong_kind)
{
    expect_scenario_error("[scenario]\nname = x\nslice = 10 parsecs\n", 3,
                          "slice takes a duration such as 500ms or 2s, not \"10 parsecs\"");
    expect_scenario_error("[scenario]\nname = x\nrounds = -3\n", 3, "rounds takes a whole number");
    expect_scenario_error("[scenario]\nname = x\nconnections = 1 0\n", 3, "connections takes numbers from 1");
    expect_scenario_error("[scenario]\nname = x\nconnections = 100001\n", 3, "to 100000");
    expect_scenario_error("[scenario]\nname = x\nrate = fast\n", 3, "rate takes a number");
    expect_scenario_error("[scenario]\nname = x\nmodels = epoll epoll\n", 3, "each once");
}

Test(bench_refused, key_given_twice)
{
    expect_scenario_error("[scenario]\nname = x\nrounds = 3\nrounds = 4\n", 4, "rounds is given twice");
}

Test(bench_refused, line_too_long)
{
    char text[400];

    snprintf(text, sizeof(text), "[scenario]\nname = x\ndescription = %0*d\n", 250, 0);
    expect_scenario_error(text, 3, "longer than");
}

Test(bench_refused, values_that_do_not_go_together)
{
    expect_scenario_error("[scenario]\nrounds = 3\n", 0, "needs a name");
    expect_scenario_error("[scenario]\nname = x\nprotocol = gopher\n", 0, "protocol is http or echo");
    expect_scenario_error("[scenario]\nname = x\ntransport = unix\nclients = wrk\n", 0,
                          "wrk speaks http over tcp only");
    expect_scenario_error("[scenario]\nname = x\nclients = ab\n", 0, "clients are tenk-load and wrk");
    expect_scenario_error("[scenario]\nname = x\nslice = 10ms\n", 0, "slice is at least 50ms");
}

Test(bench_refused, scenario_that_is_not_there)
{
    bench_run_program("tenk-bench", BENCH_WORDS("no-such-scenario", "--plan"));
    bench_expect_sentence(USAGE, "there is no scenario no-such-scenario");
}

Test(bench_refused, shipped_scenarios_make_plans)
{
    static const char *const names[] = {"quick",   "full", "echo",  "unix", "churn",  "pipeline",
                                        "waiting", "cpu",  "large", "pool", "models", "idle"};

    for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        bench_run_program("tenk-bench", BENCH_WORDS(names[i], "--plan", "--seed", "1"));
        bench_expect(0, names[i]);
        cr_assert_not_null(strstr(bench_end.out, " (copy) "), "no control in %s", names[i]);
    }
}

/* What make bench promises: under five minutes, by its own reckoning. */
Test(bench_refused, quick_is_quick)
{
    const char *about;

    bench_run_program("tenk-bench", BENCH_WORDS("quick", "--plan"));
    about = strstr(bench_errors, "about ");
    cr_assert_not_null(about, "%s", bench_errors);
    cr_assert_lt(atoi(about + 6), 4, "%s", about); /* "3m12s" */
}

Test(bench_refused, continued_lines_and_inline_comments)
{
    bench_write_scenario(
        "[scenario]\nname = x ; a name\nconnections = 1\n    2\n    3\nmodels = epoll\nrounds = "
        "1\ncost_slice = 0\n");
    bench_run_program("tenk-bench", BENCH_WORDS(bench_scenario, "--plan"));
    bench_expect(0, "connections 1 2 3, 1 rounds");
    cr_assert_not_null(strstr(bench_errors, "9 slices"), "epoll and the control twice at three counts: %s",
                       bench_errors);
}

/* ---- what cannot be ---- */

Test(bench_refused, unknown_model)
{
    bench_run_program("tenk-bench", BENCH_WORDS("--model", "epol", "--plan"));
    bench_expect_sentence(USAGE, "unknown model \"epol\"; known are: iterative");
}

Test(bench_refused, unknown_option)
{
    bench_run_program("tenk-bench", BENCH_WORDS("--fast"));
    bench_expect_sentence(USAGE, "--fast");
}

Test(bench_refused, results_cannot_be_written)
{
    bench_write_scenario(BENCH_TINY);
    bench_run_program("tenk-bench", BENCH_WORDS(bench_scenario, "--results", "/proc/nowhere"));
    bench_expect_sentence(CANNOT_RUN, "/proc/nowhere");
    cr_assert_not_null(strstr(bench_errors, "--results DIR"), "%s", bench_errors);
}

Test(bench_refused, resume_without_a_run)
{
    bench_run_program("tenk-bench", BENCH_WORDS("--resume", bench_directory));
    bench_expect_sentence(USAGE, "is that a run directory?");
}

Test(bench_refused, resume_takes_no_scenario)
{
    bench_run_program("tenk-bench", BENCH_WORDS("--resume", bench_directory, "quick"));
    bench_expect_sentence(USAGE, "--resume");
}

Test(bench_refused, wrk_asked_for_and_missing)
{
    bench_write_scenario(BENCH_TINY);
    cr_assert_eq(setenv("PATH", "/nowhere", 1), 0);
    bench_run_program("tenk-bench", BENCH_WORDS(bench_scenario, "--client", "wrk", "-o", bench_run));
    bench_expect_sentence(CANNOT_RUN, "apt-get install wrk");
}

Test(bench_refused, wrk_beside_and_missing)
{
    bench_write_scenario(BENCH_TINY "clients = tenk-load wrk\n");
    cr_assert_eq(setenv("PATH", "/nowhere", 1), 0);
    bench_run_program("tenk-bench", BENCH_WORDS(bench_scenario, "--plan"));
    bench_expect(0, "wrk is not installed, so its column is left out: apt-get install wrk\n");
    cr_assert_null(strstr(bench_end.out, " wrk "), "%s", bench_end.out);
}

Test(bench_refused, too_few_descriptors)
{
    const char *const without[] = {"setpriv",
                                   "--bounding-set=-sys_resource",
                                   "--inh-caps=-sys_resource",
                                   program_path("tenk-bench"),
                                   "--connections",
                                   "100000",
                                   "--model",
                                   "epoll",
                                   "--plan",
                                   NULL};

    if (!program_installed("setpriv"))
        cr_skip_test("setpriv is not installed: root raises any limit");
    program_run(without, &bench_end, bench_errors);
    bench_expect_sentence(CANNOT_RUN, "needs 100256 descriptors per process");
    cr_assert_not_null(strstr(bench_errors, "ulimit -n 100256"), "%s", bench_errors);
}
