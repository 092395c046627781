/*
 * What bound a cell: each rule on slices made for it, and each counter missing in turn.
 *
 * The modules of the runner are compiled into this file, as in test_bench_verdict.c.
 */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../bench/columns.c"
#include "../bench/ranks.c"
#include "../bench/selection.c"
#include "../bench/statistics.c"
#include "../bench/verdict.c"
#include "../bench/why.c"
#include "../bench/why_counters.c"

enum { TIMEOUT_S = 30, SLICES = 3, KEY_MAX = 64 };

static struct row timing[SLICES], cost, cell;
static const struct row *timing_rows[SLICES], *cost_rows[1] = {&cost};
static struct why_slices slices;

static void time_all(unsigned column, double number)
{
    for (unsigned i = 0; i < SLICES; i++)
        row_set(&timing[i], column, number);
}

/* CPU time per request and the share that follows from it, on so many CPUs: 10 000 requests per second. */
static void use_cpu(double cores, unsigned cpus, double kernel)
{
    time_all(SAMPLE_server_cpu_us_per_request, cores * 100);
    time_all(SAMPLE_server_cpu_share, cores / cpus);
    time_all(SAMPLE_server_cpu_user_us_per_request, cores * 100 * (1 - kernel));
    time_all(SAMPLE_server_cpu_system_us_per_request, cores * 100 * kernel);
}

/* A cell that nothing bound: a loop that is busy for 0.4 of its time, and so is its client. */
static void make_idle(void)
{
    for (unsigned i = 0; i < SLICES; i++) {
        cr_assert_eq(row_open(&timing[i], &sample_columns), 0);
        timing_rows[i] = &timing[i];
        row_set_text(&timing[i], SAMPLE_target, "/");
    }
    cr_assert_eq(row_open(&cost, &sample_columns), 0);
    cr_assert_eq(row_open(&cell, &cell_columns), 0);
    slices = (struct why_slices){.timing = {timing_rows, SLICES}, .cost = {cost_rows, 1}};
    use_cpu(0.4, 1, 0.9);
    time_all(SAMPLE_connections, 64);
    time_all(SAMPLE_connections_served, 64);
    time_all(SAMPLE_pipeline, 1);
    time_all(SAMPLE_requests_per_s, 10000);
    time_all(SAMPLE_latency_mean_us, 6400);
    time_all(SAMPLE_server_requests, 10000);
    time_all(SAMPLE_server_window_s, 1);
    time_all(SAMPLE_client_cpu_share, 0.41);
    time_all(SAMPLE_listen_overflows, 0);
    time_all(SAMPLE_foreign_cpu_share, 0.01);
    time_all(SAMPLE_steal_share, 0);
    row_set(&cost, SAMPLE_server_cpu_us_per_request, 40);
    row_set(&cost, SAMPLE_server_requests, 10000);
    row_set(&cost, SAMPLE_server_window_s, 1);
    row_set(&cost, SAMPLE_run_queue_us_per_request, 0.1);
    row_set(&cost, SAMPLE_threads, 1);
    row_set(&cost, SAMPLE_latency_mean_us, 6400);
    row_set(&cost, SAMPLE_syscalls_per_request, 2.02);
    row_set(&cost, SAMPLE_server_receives_per_request, 1);
    row_set(&cost, SAMPLE_server_sends_per_request, 1);
    row_set(&cell, CELL_cpu_ratio, 1);
}

static void free_rows(void)
{
    for (unsigned i = 0; i < SLICES; i++)
        row_close(&timing[i]);
    row_close(&cost);
    row_close(&cell);
}

TestSuite(bench_why, .init = make_idle, .fini = free_rows, .timeout = TIMEOUT_S);

static void expect(const char *why, const char *detail)
{
    why_explain(&cell, &slices);
    cr_assert_str_eq(row_text(&cell, CELL_why), why, "\"%s\": %s", row_text(&cell, CELL_why),
                     row_text(&cell, CELL_why_detail));
    cr_assert_not_null(strstr(row_text(&cell, CELL_why_detail), detail), "\"%s\" is not in: %s", detail,
                       row_text(&cell, CELL_why_detail));
}

/* ---- the server's CPU ---- */

Test(bench_why, server_cpu_in_the_kernel)
{
    use_cpu(0.98, 1, 0.78);
    expect("server CPU, kernel", "0.98 of a core busy, 78 % in the kernel");
}

Test(bench_why, server_cpu_in_user_space)
{
    use_cpu(0.98, 1, 0.05);
    expect("server CPU, user", "0.98 of a core busy, 95 % in user space");
}

Test(bench_why, a_full_client_beside_a_full_server_is_named)
{
    use_cpu(0.98, 1, 0.78);
    time_all(SAMPLE_client_cpu_share, 0.97);
    expect("server CPU, kernel", "; the client was full too, 97 %");
}

Test(bench_why, with_the_cpu_full_more_workers_would_not_help)
{
    use_cpu(0.98, 1, 0.78);
    time_all(SAMPLE_connections_served, 16);
    expect("server CPU, kernel", "; 48 of 64 connections were not served");
}

Test(bench_why, two_cores_full)
{
    use_cpu(1.96, 2, 0.8);
    row_set(&cost, SAMPLE_threads, 3);
    expect("server CPU, kernel", "1.96 of 2 cores busy, 80 % in the kernel");
}

Test(bench_why, one_thread_cannot_use_two_cores)
{
    use_cpu(0.99, 2, 0.8);
    expect("server CPU, kernel", "0.99 of 2 cores busy (its only thread can use no more)");
}

Test(bench_why, several_threads_could_use_both)
{
    use_cpu(0.99, 2, 0.8);
    row_set(&cost, SAMPLE_threads, 4);
    expect("nothing bound it", "the server 0.99 of 2 cores busy");
}

Test(bench_why, external_server_without_counters_of_its_own)
{
    use_cpu(1.96, 2, 0.8);
    time_all(SAMPLE_server_requests, NAN);
    expect("server CPU, kernel", "1.96 of 2 cores busy");
}

/* ---- the scan ---- */

static void make_scan(void)
{
    slices.scans = true;
    use_cpu(0.98, 1, 0.9);
    time_all(SAMPLE_idle_connections, 4000);
    row_set(&cell, CELL_cpu_ratio, 4);
}

Test(bench_why, scan)
{
    make_scan();
    expect("O(n) scan",
           "every wait looks at 4064 descriptors, that is 81 for each request, and 75 % of its CPU "
           "time is beyond the control's");
}

Test(bench_why, a_scan_that_many_share_is_not_what_it_costs)
{
    make_scan();
    row_set(&cost, SAMPLE_syscalls_per_request, 2.0005);
    expect("server CPU, kernel", "90 % in the kernel");
}

Test(bench_why, a_scan_no_dearer_than_the_control)
{
    make_scan();
    row_set(&cell, CELL_cpu_ratio, 1.2);
    expect("server CPU, kernel", "");
}

Test(bench_why, a_scan_whose_interval_shows_no_difference)
{
    make_scan();
    row_set_text(&cell, CELL_cpu_words, "no difference");
    expect("server CPU, kernel", "");
}

Test(bench_why, a_model_that_does_not_scan)
{
    make_scan();
    slices.scans = false;
    expect("server CPU, kernel", "");
}

Test(bench_why, a_scan_that_was_not_counted)
{
    make_scan();
    row_set(&cost, SAMPLE_syscalls_per_request, NAN);
    expect("server CPU, kernel",
           "what its scan of all descriptors took is not known: syscalls_per_request missing");
    row_set(&cost, SAMPLE_syscalls_per_request, 2.02);
    row_set(&cell, CELL_cpu_ratio, NAN);
    expect("server CPU, kernel", "is not known: cpu_ratio missing");
}

/* ---- the client ---- */

Test(bench_why, client)
{
    time_all(SAMPLE_client_cpu_share, 0.97);
    expect("client", "its thread was 97 % busy; the server 0.40 of a core busy");
}

/* ---- workers ---- */

Test(bench_why, connections_that_no_worker_took)
{
    time_all(SAMPLE_connections_served, 4);
    expect("waiting for workers", "60 of 64 connections were not served, 4 had a worker");
}

static void make_target(const char *target)
{
    for (unsigned i = 0; i < SLICES; i++)
        row_set_text(&timing[i], SAMPLE_target, target);
}

/* 780 requests of 5 ms in a second keep 3.9 workers busy. */
Test(bench_why, workers_that_all_sit_in_the_handler)
{
    make_target("/wait/5000");
    time_all(SAMPLE_workers, 4);
    time_all(SAMPLE_requests_per_s, 780);
    expect("waiting for workers", "its 4 workers were in the 5000 us of the handler 98 % of the time");
    make_target("/spin/5000");
    expect("waiting for workers", "98 % of the time");
}

Test(bench_why, workers_that_do_not_wait_within_the_handler)
{
    make_target("/wait/5000"); /* 50 at a time: these workers are loops */
    time_all(SAMPLE_workers, 4);
    expect("the wait itself", "");
}

Test(bench_why, as_many_workers_as_connections)
{
    make_target("/wait/5000");
    time_all(SAMPLE_workers, 64);
    time_all(SAMPLE_requests_per_s, 12000);
    expect("the wait itself", "");
}

Test(bench_why, at_a_low_rate_nobody_asks_on_most_connections)
{
    time_all(SAMPLE_connections_served, 4);
    time_all(SAMPLE_rate_offered_per_s, 10000);
    expect("nothing bound it", "of 10000 requests per second offered 10000 were answered");
    time_all(SAMPLE_rate_offered_per_s, 20000);
    expect("waiting for workers", "");
}

/* ---- waits ---- */

Test(bench_why, the_wait_itself)
{
    make_target("/wait/5000");
    expect("the wait itself", "5000 of the 6400 us a request takes, 78 %");
}

Test(bench_why, a_wait_that_is_the_smaller_part)
{
    make_target("/wait/3000");
    expect("nothing bound it", "");
}

Test(bench_why, accept_queue)
{
    time_all(SAMPLE_listen_overflows, 40);
    row_set(&timing[0], SAMPLE_listen_overflows, 0);
    use_cpu(0.98, 1, 0.9);
    expect("accept queue", "full in 2 of 3 slices, 80 connections dropped");
    row_set(&timing[1], SAMPLE_listen_overflows, 0);
    expect("server CPU, kernel", "");
}

Test(bench_why, a_loop_that_waits_for_a_cpu)
{
    row_set(&cost, SAMPLE_run_queue_us_per_request, 45);
    expect("run-queue delay", "for each request its tasks waited 45.0 us for a CPU beside 40.0 us on it");
    row_set(&cost, SAMPLE_run_queue_us_per_request, 15);
    expect("nothing bound it", "");
}

Test(bench_why, a_thread_per_connection_that_waits_for_a_cpu)
{
    row_set(&cost, SAMPLE_threads, 65);
    row_set(&cost, SAMPLE_run_queue_us_per_request, 3000);
    expect("nothing bound it", "");
    row_set(&cost, SAMPLE_run_queue_us_per_request, 3300);
    expect("run-queue delay", "waited 3300.0 us");
}

Test(bench_why, other_programs)
{
    time_all(SAMPLE_foreign_cpu_share, 0.25);
    expect("other programs", "they used 25 % of a CPU; the server 0.40 of a core busy, the client 41 %");
}

Test(bench_why, nothing)
{
    expect("nothing bound it", "the server 0.40 of a core busy, the client 41 %; 64 under way at most");
}

/* ---- what is not known ---- */

/* Without it no rule can be held against the cell that comes after it. */
static void expect_needed(struct row *rows, unsigned count, unsigned column)
{
    char detail[KEY_MAX + 16];
    double value = row_number(&rows[0], column);

    snprintf(detail, sizeof(detail), "%.64s missing", sample_columns.columns[column].name);
    for (unsigned i = 0; i < count; i++)
        row_set(&rows[i], column, NAN);
    expect("not known", detail);
    for (unsigned i = 0; i < count; i++)
        row_set(&rows[i], column, value);
    expect("nothing bound it", "");
}

Test(bench_why, a_missing_counter_is_named)
{
    static const unsigned timed[] = {SAMPLE_listen_overflows,   SAMPLE_server_cpu_share,
                                     SAMPLE_client_cpu_share,   SAMPLE_requests_per_s,
                                     SAMPLE_connections_served, SAMPLE_foreign_cpu_share,
                                     SAMPLE_steal_share},
                          counted[] = {SAMPLE_run_queue_us_per_request,
                                       SAMPLE_server_cpu_us_per_request,
                                       SAMPLE_server_requests,
                                       SAMPLE_server_window_s,
                                       SAMPLE_threads,
                                       SAMPLE_latency_mean_us};

    for (unsigned i = 0; i < sizeof(timed) / sizeof(timed[0]); i++)
        expect_needed(timing, SLICES, timed[i]);
    for (unsigned i = 0; i < sizeof(counted) / sizeof(counted[0]); i++)
        expect_needed(&cost, 1, counted[i]);
}

Test(bench_why, what_was_offered_and_answered_was_bound_by_no_delay)
{
    slices.cost.count = 0;
    time_all(SAMPLE_rate_offered_per_s, 10000);
    expect("nothing bound it", "of 10000 requests per second offered 10000 were answered");
    time_all(SAMPLE_rate_offered_per_s, 11000);
    expect("not known", "run_queue_us_per_request missing");
}

Test(bench_why, user_or_kernel_not_known)
{
    use_cpu(0.98, 1, 0.9);
    time_all(SAMPLE_server_cpu_system_us_per_request, NAN);
    expect("not known", "server_cpu_user_us_per_request missing; the server 0.98 of a core busy");
}

Test(bench_why, a_wait_without_its_latency)
{
    make_target("/wait/5000");
    time_all(SAMPLE_latency_mean_us, NAN);
    expect("not known", "latency_mean_us missing");
}

Test(bench_why, without_cost_slices)
{
    slices.cost.count = 0;
    expect("not known", "run_queue_us_per_request missing; the server 0.40 of a core busy, the client 41 %");
    use_cpu(0.98, 1, 0.78);
    expect("server CPU, kernel", "");
}

Test(bench_why, faults_and_absences)
{
    row_set_text(&cell, CELL_reason, "wrong-answer");
    expect("not known", "the cell is invalid: wrong-answer");
    row_set_text(&cell, CELL_reason, "unavailable");
    slices.timing.count = 0;
    expect("not known", "nothing was measured: unavailable");
}

Test(bench_why, spoiled_slices_do_not_count_while_there_are_good_ones)
{
    use_cpu(0.98, 1, 0.78);
    for (unsigned i = 0; i < 2; i++) {
        row_set(&timing[i], SAMPLE_server_cpu_share, 0.1);
        row_set(&timing[i], SAMPLE_server_cpu_us_per_request, 10);
        row_set_text(&timing[i], SAMPLE_reason, "noisy");
    }
    expect("server CPU, kernel", "0.98 of a core busy");
}
