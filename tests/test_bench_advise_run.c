/*
 * tenk-advise as a program: a small real search that keeps to its budget, whatever else the machine does.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench_directory.h"
#include "clock.h"

enum { TIMEOUT_S = 60, FAULT = 1, USAGE = 2, SLACK_MS = 500 /* until a busy machine lets us look */ };

TestSuite(bench_advise_run, .init = bench_directory_enter, .fini = bench_directory_leave,
          .timeout = TIMEOUT_S);

static void expect_line(const char **from, const char *begin)
{
    cr_assert_eq(strncmp(*from, begin, strlen(begin)), 0, "\"%s\" does not begin: %s", begin, *from);
    *from = strchr(*from, '\n');
    cr_assert_not_null(*from);
    ++*from;
}

/* Rounds are told apart as independent ones: no server may live through two. */
static void expect_a_start_for_each_round(const char *path)
{
    FILE *log = fopen(path, "re");
    unsigned start, round, start_before = 0, round_before = 0;
    char line[1024];

    cr_assert_not_null(log);
    while (fgets(line, sizeof(line), log)) {
        if (sscanf(line, "%*[^,],%u,%u,", &start, &round) != 2)
            continue;
        cr_assert(round == round_before || start != start_before, "%s", line);
        start_before = start;
        round_before = round;
    }
    cr_assert_eq(fclose(log), 0);
    cr_assert_gt(round_before, 0, "no round but the first");
}

/* The machine may be busy with other things: who wins is not looked at, nor whether anybody keeps it. */
Test(bench_advise_run, three_lines_within_the_budget)
{
    int64_t begun_ns = clock_now_ns();
    const char *line = bench_end.out;
    char log[BENCH_PATH_MAX];

    snprintf(log, sizeof(log), "%.60s/log.csv", bench_directory);
    bench_run_program("tenk-advise", BENCH_WORDS("--connections", "16", "--wait", "1ms", "--objective",
                                                 "p99<500ms", "--budget", "8s", "--seed", "1", "--log", log,
                                                 "-m", "epoll", "-m", "thread"));
    cr_assert_lt(clock_now_ns() - begun_ns, 8 * NS_PER_S + SLACK_MS * NS_PER_MS, "the budget is a limit: %s",
                 bench_errors);
    cr_assert_leq(bench_end.status, FAULT, "%s", bench_errors);
    expect_line(&line, "choose: ");
    expect_line(&line, "margin: ");
    expect_line(&line, "runner-up: ");
    cr_assert_str_eq(line, "");
    cr_assert_not_null(strstr(bench_errors, "2 candidates"), "%s", bench_errors);
    expect_a_start_for_each_round(log);
}

Test(bench_advise_run, the_smallest_budget_is_named)
{
    bench_run_program("tenk-advise",
                      BENCH_WORDS("--budget", "1s", "-m", "epoll", "-m", "thread", "-c", "16"));
    bench_expect_sentence(USAGE,
                          "--budget 1.00 s is too small for 2 models at 16 connections; the smallest is ");
}

Test(bench_advise_run, what_cannot_be_is_refused_at_once)
{
    bench_run_program("tenk-advise", BENCH_WORDS("--wait", "5ms", "--objective", "p99<5ms"));
    bench_expect_sentence(USAGE, "cannot be kept where every request takes 5.00 ms by itself");
    bench_run_program("tenk-advise", BENCH_WORDS("--objective", "fast"));
    bench_expect_sentence(USAGE, "an objective is a latency and its limit");
    bench_run_program("tenk-advise", BENCH_WORDS("-m", "nonesuch"));
    bench_expect_sentence(USAGE, "unknown model \"nonesuch\"");
    bench_run_program("tenk-advise", BENCH_WORDS("epoll"));
    bench_expect_sentence(USAGE, "\"epoll\" is no option");
}
