/*
 * tenk-bench --explain on small real runs, each made to be bound by one thing.
 *
 * The machine may be busy with other things: where a rule asks for a full CPU, the expectation follows from
 * the share that was measured. The rules themselves are tested in test_bench_why.c.
 */
#include <criterion/criterion.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "bench_directory.h"

enum { TIMEOUT_S = 90, FAULT = 1 };

TestSuite(bench_explain, .init = bench_directory_enter, .fini = bench_directory_leave, .timeout = TIMEOUT_S);

/* Runs one cell of one model; the cell as results.json has it, which the caller frees. */
static json_t *run_cell(const char *model, const char *target, unsigned connections)
{
    char text[512], path[BENCH_PATH_MAX + 16], line[128];
    json_t *root, *cell;

    snprintf(
        text, sizeof(text),
        "[scenario]\nname = bound\nmodels = %s\ncontrol = none\ntarget = %s\nconnections = %u\nrounds = 2\n"
        "rounds_per_start = 2\nslice = 300ms\nramp = 100ms\nretries = 0\nforeign_cpu_max = 1000\nsteal_max = "
        "1000\n",
        model, target, connections);
    bench_write_scenario(text);
    bench_run_program("tenk-bench", BENCH_WORDS(bench_scenario, "--explain", "-o", bench_run));
    cr_assert_leq(bench_end.status, FAULT, "%s", bench_errors);
    snprintf(path, sizeof(path), "%s/results.json", bench_run);
    root = json_load_file(path, 0, NULL);
    cell = json_array_get(json_object_get(json_array_get(json_object_get(root, "groups"), 0), "cells"), 0);
    cr_assert(json_is_object(cell), "%s", bench_errors);
    json_incref(cell);
    json_decref(root);
    snprintf(line, sizeof(line), "  %s  %s: ", model, json_string_value(json_object_get(cell, "why")));
    cr_assert_not_null(strstr(bench_end.out, "\nwhat bound it\n"), "%s", bench_end.out);
    cr_assert_not_null(strstr(bench_end.out, line), "\"%s\" is not in: %s", line, bench_end.out);
    return cell;
}

static void expect_why(const json_t *cell, const char *why)
{
    cr_assert_str_eq(json_string_value(json_object_get(cell, "why")), why, "%s: %s", why,
                     json_string_value(json_object_get(cell, "why_detail")));
}

Test(bench_explain, a_pool_whose_handlers_wait)
{
    json_t *cell = run_cell("thread_pool@4", "/wait/5000", 64);

    expect_why(cell, "waiting for workers");
    json_decref(cell);
}

Test(bench_explain, a_loop_whose_handlers_wait)
{
    json_t *cell = run_cell("epoll", "/wait/20000", 8);

    expect_why(cell, "the wait itself");
    json_decref(cell);
}

/* The handler burns 200 us of CPU time in user space: on a CPU of its own nothing else can be the limit. */
Test(bench_explain, a_loop_whose_handlers_compute)
{
    json_t *cell = run_cell("epoll", "/spin/200", 8);
    double share = json_number_value(json_object_get(cell, "server_cpu_share"));
    const char *why = json_string_value(json_object_get(cell, "why"));

    if (share >= 0.95)
        expect_why(cell, "server CPU, user");
    else
        cr_assert(strcmp(why, "run-queue delay") == 0 || strcmp(why, "other programs") == 0,
                  "%.2f of the CPU, and yet: %s: %s", share, why,
                  json_string_value(json_object_get(cell, "why_detail")));
    json_decref(cell);
}

/* The sheet of slices says of each what bound its cell. */
Test(bench_explain, slices_say_it_too)
{
    char path[BENCH_PATH_MAX + 16], text[8192] = "";
    json_t *cell = run_cell("iterative", "/", 4);
    FILE *in;

    expect_why(cell, "waiting for workers");
    json_decref(cell);
    snprintf(path, sizeof(path), "%s/results.csv", bench_run);
    in = fopen(path, "r");
    cr_assert_not_null(in);
    cr_assert_gt(fread(text, 1, sizeof(text) - 1, in), 0u);
    fclose(in);
    cr_assert_not_null(strstr(text, ",why,"));
    cr_assert_not_null(strstr(text, ",waiting for workers,"), "%s", text);
}
