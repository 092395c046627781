/*
 * A capacity that is searched for in earnest, in short slices: that it is found, kept,
 * taken up again after a kill, and told. What the rates are is nobody's business here.
 */
#include <criterion/criterion.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "bench_directory.h"
#include "program.h"

enum { TIMEOUT_S = 120, ATTEMPTS = 5, GOOD = 0, USAGE = 2 };

static struct program killed;

static void leave(void)
{
    program_kill(&killed);
    bench_directory_leave();
}

TestSuite(bench_capacity_run, .init = bench_directory_enter, .fini = leave, .timeout = TIMEOUT_S);

/* A handler that waits 2 ms bounds what four connections can take at 2000/s, whatever else the machine does.
 */
#define SCENARIO                                                                                             \
    "[scenario]\nname = tiny\nmodels = epoll\ncontrol = none\nconnections = 4\ntarget = /wait/2000\n"        \
    "slice = 150ms\nramp = 50ms\nforeign_cpu_max = 99\nsteal_max = 99\n"

static void expect_refused(const char *keys, const char *part)
{
    char text[512];

    snprintf(text, sizeof(text), "[scenario]\nname = x\n%s", keys);
    bench_write_scenario(text);
    bench_run_program("tenk-bench", BENCH_WORDS(bench_scenario, "--plan"));
    bench_expect_sentence(USAGE, part);
}

Test(bench_capacity_run, what_makes_no_sense_is_refused)
{
    expect_refused("capacity = fast\n", "an objective is a latency and its limit");
    expect_refused("capacity = p95<10ms\n", "p50, p90, p99, p99.9, mean or max");
    expect_refused("capacity = p99<10ms\nrate = 5\n", "take one of rate and capacity out");
    expect_refused("capacity = p99<10ms\nclients = tenk-load wrk\n", "clients = tenk-load");
    expect_refused("capacity = p99<10ms\nsearches = 0\n", "searches is 1 to 100");
    expect_refused("load = 50\n", "load takes shares from 1% to 1000%");
    expect_refused("load = 50% 50%\n", "each once");
    expect_refused("load = 50%\nrate = 5\n", "take one of rate and capacity out");
}

/* One search is one too many for half a second, and a second one is not begun. */
Test(bench_capacity_run, a_budget_is_looked_at_before_each_search)
{
    bench_write_scenario(SCENARIO "capacity = p99<100ms\nsearches = 5\n");
    bench_run_program("tenk-bench",
                      BENCH_WORDS(bench_scenario, "-o", bench_run, "--no-cost", "--budget", "500ms"));
    cr_assert_eq(bench_end.status, GOOD, "%s", bench_errors);
    bench_expect(GOOD, "stopped after 1 of 5 searches: its time is spent");
}

static json_t *read_results(void)
{
    char path[BENCH_PATH_MAX + 32];
    json_error_t error;
    json_t *root;

    snprintf(path, sizeof(path), "%s/results.json", bench_run);
    root = json_load_file(path, 0, &error);
    cr_assert_not_null(root, "%s: %s", path, error.text);
    return root;
}

static double number_in(const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);

    cr_assert(json_is_number(value), "%s is no number", name);
    return json_number_value(value);
}

static void expect_capacity(unsigned searches)
{
    json_t *root = read_results();
    const json_t *groups = json_object_get(root, "capacities"),
                 *models = json_object_get(json_array_get(groups, 0), "models"),
                 *row = json_array_get(models, 0);

    cr_assert_eq(json_array_size(groups), 1);
    cr_assert_eq(json_array_size(models), 1);
    cr_assert_eq(number_in(row, "searches"), searches);
    cr_assert_eq(number_in(row, "searches_found"), searches);
    cr_assert_leq(number_in(row, "capacity_per_s"), 2200, "four connections, 2 ms each");
    cr_assert_gt(number_in(row, "capacity_per_s"), 20);
    cr_assert_leq(number_in(row, "capacity_low_per_s"), number_in(row, "capacity_per_s"));
    cr_assert_geq(number_in(row, "capacity_high_per_s"), number_in(row, "capacity_per_s"));
    cr_assert_geq(number_in(row, "latency_us"), 2000);
    cr_assert_lt(number_in(row, "latency_us"), 500000);
    json_decref(root);
}

/* A run that is killed in the middle of a search and resumed. */
static void search_in_two_parts(void)
{
    unsigned lines;

    bench_remove_tree(bench_run);
    bench_start_program(&killed, "tenk-bench", BENCH_WORDS(bench_scenario, "-o", bench_run));
    bench_wait_for_samples(3);
    cr_assert_eq(kill(killed.pid, SIGKILL), 0);
    program_wait(&killed, &bench_end, 60000);
    lines = bench_sample_lines();
    cr_assert_geq(lines, 3);
    bench_run_program("tenk-bench", BENCH_WORDS("--resume", bench_run));
}

/* What was measured before the kill is kept, and the search goes on from there. */
Test(bench_capacity_run, is_found_and_taken_up_again)
{
    unsigned lines;

    bench_write_scenario(SCENARIO "capacity = p99<500ms\nsearches = 3\n");
    search_in_two_parts();
    for (int i = 1; bench_disturbed() && i < ATTEMPTS; i++)
        search_in_two_parts();
    bench_expect(GOOD, "capacity/s [95 %]");
    bench_expect(GOOD, "At 4 connections epoll keeps p99<500ms up to");
    expect_capacity(3);
    lines = bench_sample_lines();
    bench_run_program("tenk-bench", BENCH_WORDS("--resume", bench_run));
    cr_assert_eq(bench_sample_lines(), lines, "nothing is left to run");
}

/* The scenario without an objective gets the usual one; each load is offered as a part of what was found. */
Test(bench_capacity_run, loads_are_offered_in_parts_of_it)
{
    static const char scenario[] =
        SCENARIO "capacity = p99<500ms\nsearches = 1\nload = 20% 60%\nrounds = 2\nrounds_per_start = 2\n";
    const json_t *groups, *cell;
    json_t *root;

    bench_write_scenario(scenario);
    bench_measure(BENCH_WORDS(bench_scenario));
    bench_expect(GOOD, "over the share of each model's own capacity");
    root = read_results();
    groups = json_object_get(root, "groups");
    cr_assert_eq(json_array_size(groups), 2);
    for (size_t i = 0; i < 2; i++) {
        double capacity = number_in(
            json_array_get(json_object_get(json_array_get(json_object_get(root, "capacities"), 0), "models"),
                           0),
            "capacity_per_s");

        cell = json_array_get(json_object_get(json_array_get(groups, i), "cells"), 0);
        cr_assert_eq(number_in(cell, "load_fraction"), i == 0 ? 0.2 : 0.6);
        cr_assert_float_eq(number_in(cell, "rate_offered_per_s"), capacity * (i == 0 ? 0.2 : 0.6), 10);
        cr_assert_eq(number_in(cell, "slices"), 2);
        cr_assert_geq(number_in(cell, "latency_p50_us"), 2000);
    }
    json_decref(root);
    bench_run_program("tenk-report", BENCH_WORDS(bench_run, "--no-plots"));
    cr_assert_eq(bench_end.status, GOOD, "%s", bench_errors);
}
