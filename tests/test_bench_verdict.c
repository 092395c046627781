/*
 * The verdict of a slice: every rule broken by a sample made for it, and by nothing else.
 *
 * The modules of the runner are compiled into this file: they are small, and the runner's library would
 * bring a second process module with it.
 */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "../bench/columns.c"
#include "../bench/verdict.c"

enum { TIMEOUT_S = 30 };

static struct row row;
static struct verdict_facts facts;

/* A slice with which nothing is wrong: 64 connections, all served, both sides busy but not full. */
static void make_good(void)
{
    static const unsigned zeros[] = {
        SAMPLE_errors_connect, SAMPLE_errors_reset,          SAMPLE_errors_timeout,
        SAMPLE_errors_short,   SAMPLE_errors_status,         SAMPLE_errors_content,
        SAMPLE_errors_framing, SAMPLE_errors_total,          SAMPLE_zombies,
        SAMPLE_listen_drops,   SAMPLE_listen_overflows,      SAMPLE_requests_unanswered,
        SAMPLE_steal_share,    SAMPLE_littles_law_deviation,
    };

    cr_assert_eq(row_open(&row, &sample_columns), 0);
    for (unsigned i = 0; i < sizeof(zeros) / sizeof(zeros[0]); i++)
        row_set(&row, zeros[i], 0);
    row_set_text(&row, SAMPLE_client, "tenk-load");
    row_set(&row, SAMPLE_connections, 64);
    row_set(&row, SAMPLE_connections_served, 64);
    row_set(&row, SAMPLE_pipeline, 1);
    row_set(&row, SAMPLE_requests_per_s, 100000);
    row_set(&row, SAMPLE_requests, 50000);
    row_set(&row, SAMPLE_requests_total, 70000);
    row_set(&row, SAMPLE_server_requests_total, 70000);
    row_set(&row, SAMPLE_descriptors_before, 6);
    row_set(&row, SAMPLE_descriptors_after, 6);
    row_set(&row, SAMPLE_tasks_before, 1);
    row_set(&row, SAMPLE_tasks_after, 1);
    row_set(&row, SAMPLE_server_cpu_share, 0.8);
    row_set(&row, SAMPLE_client_cpu_share, 0.8);
    row_set(&row, SAMPLE_foreign_cpu_share, 0.01);
    row_set_text(&row, SAMPLE_foreign_source, "cpuacct");
    facts = (struct verdict_facts){.foreign_cpu_max = 0.05, .steal_max = 0.01, .wall_s = 0.7};
}

static void close_row(void)
{
    row_close(&row);
}

TestSuite(bench_verdict, .init = make_good, .fini = close_row, .timeout = TIMEOUT_S);

static void expect(enum verdict_reason reason)
{
    enum verdict_reason got = verdict_decide(&row, &facts);

    cr_assert_eq(got, reason, "expected \"%s\", got \"%s\": %s", verdict_name(reason), verdict_name(got),
                 row_text(&row, SAMPLE_detail));
    cr_assert_str_eq(row_text(&row, SAMPLE_verdict), reason == VERDICT_VALID ? "VALID" : "INVALID");
    cr_assert_str_eq(row_text(&row, SAMPLE_reason), verdict_name(reason));
    cr_assert_eq(row_has(&row, SAMPLE_detail), reason != VERDICT_VALID);
}

/* One column changed, and what it makes of the slice. */
static void expect_with(unsigned column, double number, enum verdict_reason reason)
{
    row_set(&row, column, number);
    expect(reason);
}

Test(bench_verdict, good)
{
    expect(VERDICT_VALID);
    cr_assert_str_eq(row_text(&row, SAMPLE_bound), "neither");
}

Test(bench_verdict, what_was_not_measured_breaks_no_rule)
{
    struct row empty;

    cr_assert_eq(row_open(&empty, &sample_columns), 0);
    cr_assert_eq(verdict_decide(&empty, &facts), VERDICT_VALID);
    row_close(&empty);
}

/* ---- faults ---- */

Test(bench_verdict, server_died)
{
    facts.server_died = true;
    facts.text = "was killed by SIGSEGV";
    expect(VERDICT_SERVER_DIED);
    cr_assert_str_eq(row_text(&row, SAMPLE_detail), "the server was killed by SIGSEGV");
}

Test(bench_verdict, client_failed)
{
    facts.client_failed = true;
    facts.text = "did not end in time and was killed";
    expect(VERDICT_CLIENT_FAILED);
}

Test(bench_verdict, wrong_status)
{
    expect_with(SAMPLE_errors_status, 1, VERDICT_WRONG_ANSWER);
}

Test(bench_verdict, wrong_content)
{
    expect_with(SAMPLE_errors_content, 1, VERDICT_WRONG_ANSWER);
}

Test(bench_verdict, wrong_framing)
{
    expect_with(SAMPLE_errors_framing, 1, VERDICT_WRONG_ANSWER);
}

Test(bench_verdict, reply_cut_short)
{
    expect_with(SAMPLE_errors_short, 1, VERDICT_WRONG_ANSWER);
}

Test(bench_verdict, errors)
{
    row_set(&row, SAMPLE_errors_reset, 3);
    expect_with(SAMPLE_errors_total, 3, VERDICT_ERRORS);
}

/* What a network may lose is no fault; everything else that went wrong beside it is. */
Test(bench_verdict, lost_datagrams_are_no_errors)
{
    row_set(&row, SAMPLE_errors_lost, 3);
    row_set(&row, SAMPLE_errors_with_ramp, 5);
    expect_with(SAMPLE_errors_total, 3, VERDICT_VALID);
    expect_with(SAMPLE_server_requests_total, 70005, VERDICT_VALID);
    expect_with(SAMPLE_server_requests_total, 70006, VERDICT_COUNT_MISMATCH);
    row_set(&row, SAMPLE_server_requests_total, 70000);
    row_set(&row, SAMPLE_errors_reset, 1);
    expect_with(SAMPLE_errors_total, 4, VERDICT_ERRORS);
}

Test(bench_verdict, no_reply_at_all_is_a_fault_even_in_noise)
{
    row_set(&row, SAMPLE_foreign_cpu_share, 1);
    row_set(&row, SAMPLE_requests, 0);
    row_set(&row, SAMPLE_server_requests_total, 0);
    expect_with(SAMPLE_requests_total, 0, VERDICT_NO_REPLY);
}

Test(bench_verdict, no_reply_after_the_ramp_is_a_fault_unless_in_noise)
{
    expect_with(SAMPLE_requests, 0, VERDICT_NO_REPLY);
    row_set(&row, SAMPLE_foreign_cpu_share, 1);
    expect(VERDICT_NOISY);
}

Test(bench_verdict, leaked_descriptors)
{
    expect_with(SAMPLE_descriptors_after, 7, VERDICT_LEAKED_DESCRIPTORS);
}

Test(bench_verdict, leaked_tasks)
{
    expect_with(SAMPLE_tasks_after, 2, VERDICT_LEAKED_TASKS);
}

Test(bench_verdict, fewer_descriptors_are_no_leak)
{
    expect_with(SAMPLE_descriptors_after, 5, VERDICT_VALID);
}

Test(bench_verdict, zombies)
{
    expect_with(SAMPLE_zombies, 1, VERDICT_ZOMBIES);
}

Test(bench_verdict, starved)
{
    expect_with(SAMPLE_connections_served, 63, VERDICT_STARVED);
}

Test(bench_verdict, serving_fewer_by_nature_is_a_property)
{
    facts.clients_at_once = 8;
    expect_with(SAMPLE_connections_served, 8, VERDICT_VALID);
}

Test(bench_verdict, serving_fewer_than_its_nature_is_starvation)
{
    facts.clients_at_once = 8;
    expect_with(SAMPLE_connections_served, 7, VERDICT_STARVED);
}

Test(bench_verdict, server_counted_fewer)
{
    expect_with(SAMPLE_server_requests_total, 69999, VERDICT_COUNT_MISMATCH);
}

Test(bench_verdict, server_counted_more)
{
    expect_with(SAMPLE_server_requests_total, 70001, VERDICT_COUNT_MISMATCH);
}

Test(bench_verdict, unanswered_requests_may_be_counted)
{
    row_set(&row, SAMPLE_requests_unanswered, 2);
    expect_with(SAMPLE_server_requests_total, 70002, VERDICT_VALID);
    expect_with(SAMPLE_server_requests_total, 70003, VERDICT_COUNT_MISMATCH);
}

Test(bench_verdict, wrk_leaves_with_one_request_per_connection)
{
    row_set_text(&row, SAMPLE_client, "wrk");
    expect_with(SAMPLE_server_requests_total, 70064, VERDICT_VALID);
    expect_with(SAMPLE_server_requests_total, 70065, VERDICT_COUNT_MISMATCH);
}

/* ---- circumstances ---- */

Test(bench_verdict, listen_overflow)
{
    expect_with(SAMPLE_listen_overflows, 1, VERDICT_LISTEN_OVERFLOW);
}

Test(bench_verdict, listen_overflow_explains_the_errors_it_causes)
{
    row_set(&row, SAMPLE_errors_total, 5);
    expect_with(SAMPLE_listen_drops, 5, VERDICT_LISTEN_OVERFLOW);
}

Test(bench_verdict, unsteady)
{
    expect_with(SAMPLE_server_accepted_steady, 1, VERDICT_UNSTEADY);
    cr_assert(verdict_wants_ramp(VERDICT_UNSTEADY) && verdict_wants_ramp(VERDICT_STARVED));
    cr_assert_not(verdict_wants_ramp(VERDICT_NOISY));
}

Test(bench_verdict, new_connections_are_steady_where_they_are_the_load)
{
    row_set(&row, SAMPLE_connection_requests_max, 1);
    expect_with(SAMPLE_server_accepted_steady, 50000, VERDICT_VALID);
}

Test(bench_verdict, littles_law)
{
    expect_with(SAMPLE_littles_law_deviation, -0.019, VERDICT_VALID);
    expect_with(SAMPLE_littles_law_deviation, -0.021, VERDICT_LITTLES_LAW);
    expect_with(SAMPLE_littles_law_deviation, 0.021, VERDICT_LITTLES_LAW);
}

Test(bench_verdict, foreign_cpu)
{
    expect_with(SAMPLE_foreign_cpu_share, 0.049, VERDICT_VALID);
    expect_with(SAMPLE_foreign_cpu_share, 0.051, VERDICT_NOISY);
}

Test(bench_verdict, foreign_cpu_in_ticks_has_two_ticks_of_doubt)
{
    row_set_text(&row, SAMPLE_foreign_source, "stat");
    expect_with(SAMPLE_foreign_cpu_share, 0.05 + 0.02 / 0.7 - 0.001, VERDICT_VALID);
    expect_with(SAMPLE_foreign_cpu_share, 0.05 + 0.02 / 0.7 + 0.001, VERDICT_NOISY);
}

Test(bench_verdict, steal)
{
    expect_with(SAMPLE_steal_share, 0.02 / 0.7, VERDICT_VALID); /* two ticks: less than can be told */
    expect_with(SAMPLE_steal_share, 0.04 / 0.7, VERDICT_NOISY);
}

Test(bench_verdict, noise_goes_before_starvation)
{
    row_set(&row, SAMPLE_foreign_cpu_share, 1);
    expect_with(SAMPLE_connections_served, 63, VERDICT_NOISY);
}

Test(bench_verdict, noise_excuses_no_wrong_answer)
{
    row_set(&row, SAMPLE_foreign_cpu_share, 1);
    expect_with(SAMPLE_errors_content, 1, VERDICT_WRONG_ANSWER);
}

/* ---- rate only ---- */

Test(bench_verdict, client_bound)
{
    expect_with(SAMPLE_client_cpu_share, 0.91, VERDICT_CLIENT_BOUND);
    cr_assert_str_eq(row_text(&row, SAMPLE_bound), "client");
}

Test(bench_verdict, both_at_their_limit_is_server_bound)
{
    row_set(&row, SAMPLE_server_cpu_share, 0.96);
    expect_with(SAMPLE_client_cpu_share, 0.99, VERDICT_VALID);
    cr_assert_str_eq(row_text(&row, SAMPLE_bound), "server");
}

Test(bench_verdict, overloaded)
{
    row_set(&row, SAMPLE_rate_offered_per_s, 101100);
    expect(VERDICT_OVERLOADED);
}

Test(bench_verdict, offered_and_answered)
{
    row_set(&row, SAMPLE_rate_offered_per_s, 100900);
    expect(VERDICT_VALID);
}

/* ---- the names ---- */

Test(bench_verdict, names_read_back)
{
    for (int reason = 0; reason < VERDICT_REASONS; reason++) {
        cr_assert_not_null(verdict_name((enum verdict_reason)reason));
        cr_assert_eq((int)verdict_from_name(verdict_name((enum verdict_reason)reason)), reason);
    }
}

Test(bench_verdict, every_reason_is_of_one_kind)
{
    for (int i = 1; i < VERDICT_REASONS; i++) {
        enum verdict_reason reason = (enum verdict_reason)i;

        cr_assert_eq(verdict_is_fault(reason) + verdict_is_finding(reason) + verdict_is_circumstance(reason) +
                         verdict_is_rate_only(reason),
                     1, "%s", verdict_name(reason));
    }
}
