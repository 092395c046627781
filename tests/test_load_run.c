/*
 * tenk-load as a measuring instrument: counts that equal the server's, latency from intent, a window cut
 * by time, an end on Ctrl-C, and sentences for what cannot be.
 */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "fixture.h"
#include "histogram.h"
#include "liar.h"
#include "load_outcome.h"

enum { TIMEOUT_S = 90, USAGE = 2, CANNOT_RUN = 3 };

TestSuite(load_run, .timeout = TIMEOUT_S, .fini = fixture_leave);

static struct liar liar;
static struct fixture server;
static struct load_outcome outcome;

static double number(const char *path)
{
    return load_outcome_number(&outcome, path);
}

static uint64_t count(const char *path)
{
    return load_outcome_count(&outcome, path);
}

static void load(const char *target, const char *const *arguments)
{
    load_outcome_run(&outcome, target, arguments);
}

/* ---- counts ---- */

/* The target of a server that was started: its endpoint behind another scheme. */
static const char *target_of(const char *path)
{
    static char target[2 * FIXTURE_ENDPOINT_MAX];
    bool echo = server.plan.protocol != NULL && strcmp(server.plan.protocol, "echo") == 0;

    if (server.plan.transport == FIXTURE_UNIX)
        snprintf(target, sizeof(target), "%s+%s%s%s", echo ? "echo" : "http", server.endpoint,
                 *path != '\0' ? ":" : "", path);
    else
        snprintf(target, sizeof(target), "%s://%s%s", echo ? "echo" : "http",
                 server.endpoint + strlen("tcp://"), path);
    return target;
}

static void expect_counts_of_server(void)
{
    struct program_end end;
    struct counters_sum counters;

    fixture_terminate(&server);
    fixture_finish(&server, &end, &counters);
    cr_assert_eq(outcome.end.status, 0, "%s", outcome.end.out);
    cr_assert_gt(count("requests"), 0);
    cr_assert_eq(count("total.requests"), counters.requests, "the server counted %llu: %s",
                 (unsigned long long)counters.requests, outcome.end.out);
    cr_assert_eq(count("connections.opened"), counters.accepted, "the server accepted %llu: %s",
                 (unsigned long long)counters.accepted, outcome.end.out);
    load_outcome_close(&outcome);
}

static void start_and_load(const struct fixture_plan *plan, const char *path, const char *const *arguments)
{
    fixture_start(&server, plan);
    load(target_of(path), arguments);
}

#define SHORT_RUN "-d", "0.5s", "--warmup", "0.1s"

Test(load_run, counts_equal_keep_alive)
{
    start_and_load(&(struct fixture_plan){.model = "epoll"}, "/",
                   (const char *[]){"-c", "8", "-t", "2", SHORT_RUN, NULL});
    cr_assert_eq(count("connections.served"), 8);
    cr_assert_eq(count("connections.opened"), 8);
    cr_assert_eq(count("latency_us.count"), count("requests"));
    expect_counts_of_server();
}

Test(load_run, counts_equal_connection_per_request)
{
    start_and_load(&(struct fixture_plan){.model = "epoll"}, "/bytes/1000",
                   (const char *[]){"-c", "8", "-k", "1", SHORT_RUN, NULL});
    cr_assert_eq(count("connections.opened"), count("total.requests"));
    expect_counts_of_server();
}

Test(load_run, counts_equal_pipelined_unix)
{
    start_and_load(&(struct fixture_plan){.model = "epoll", .transport = FIXTURE_UNIX}, "/bytes/100",
                   (const char *[]){"-c", "4", "-p", "16", SHORT_RUN, NULL});
    expect_counts_of_server();
}

Test(load_run, counts_equal_open_loop)
{
    start_and_load(&(struct fixture_plan){.model = "epoll"}, "/model",
                   (const char *[]){"-c", "8", "-r", "1k", "--arrivals", "poisson", SHORT_RUN, NULL});
    cr_assert(number("offered_per_s") > 700 && number("offered_per_s") < 1300, "%s", outcome.end.out);
    expect_counts_of_server();
}

Test(load_run, counts_equal_open_loop_connection_per_request)
{
    start_and_load(&(struct fixture_plan){.model = "epoll"}, "/",
                   (const char *[]){"-c", "8", "-r", "500", "-k", "1", SHORT_RUN, NULL});
    cr_assert_eq(count("connections.opened"), count("total.requests"));
    expect_counts_of_server();
}

/* The content is known to be the pattern: 1 MB of it does not fit in one receive. */
Test(load_run, long_answers)
{
    start_and_load(&(struct fixture_plan){.model = "epoll"}, "/bytes/1000000",
                   (const char *[]){"-c", "4", SHORT_RUN, NULL});
    cr_assert_geq(count("bytes_in"), (count("requests") - 4) * 1000000);
    expect_counts_of_server();
}

Test(load_run, post_and_head)
{
    start_and_load(&(struct fixture_plan){.model = "epoll"}, "/echo",
                   (const char *[]){"--method", "POST", "--body", "text:abc", "-c", "2", SHORT_RUN, NULL});
    cr_assert_eq(outcome.end.status, 0, "%s", outcome.end.out);
    load_outcome_close(&outcome);
    load(target_of("/bytes/50"), (const char *[]){"--method", "HEAD", "-c", "2", SHORT_RUN, NULL});
    cr_assert_eq(outcome.end.status, 0, "%s", outcome.end.out);
    load_outcome_close(&outcome);
    fixture_stop(&server);
}

/* One client is served, the others wait: that is what must be seen, not the latency of the lucky one. */
Test(load_run, starved_clients_are_counted)
{
    start_and_load(&(struct fixture_plan){.model = "iterative"}, "/",
                   (const char *[]){"-c", "8", SHORT_RUN, NULL});
    cr_assert_eq(count("connections.served"), 1);
    cr_assert_eq(count("connections.starved"), 7);
    cr_assert_geq(number("unanswered.oldest_us"), 500e3);
    cr_assert_lt(number("fairness.jain"), 0.2);
    cr_assert_eq(count("fairness.min"), 0);
    expect_counts_of_server();
}

/* ---- requests per connection ---- */

Test(load_run, requests_per_connection)
{
    liar_start(&liar, &(struct liar_plan){.lie = LIAR_HONEST, .wait_ms = 1});
    load(liar.target, (const char *[]){"-k", "7", "-c", "3", "-d", "0.4s", "--warmup", "0.05s", NULL});
    liar_stop(&liar);
    cr_assert_eq(liar.busiest, 7);
    cr_assert_eq(count("connections.opened"), liar.accepted);
    cr_assert_eq(count("total.requests"), liar.requests);
    /* All connections but the three of the end carried exactly seven. */
    cr_assert_geq(liar.requests, 7 * (liar.accepted - 3));
    cr_assert_gt(liar.accepted, 10);
    load_outcome_close(&outcome);
}

/* ---- closed loop and Little's law ---- */

Test(load_run, littles_law)
{
    liar_start(&liar, &(struct liar_plan){.lie = LIAR_HONEST, .wait_ms = 20});
    load(liar.target, (const char *[]){"-c", "10", "-d", "0.53s", "--warmup", "0.1s", NULL});
    liar_stop(&liar);
    cr_assert_eq(number("littles_law.expected"), 10);
    cr_assert(number("littles_law.deviation") < 0.02 && number("littles_law.deviation") > -0.02, "%s",
              outcome.end.out);
    cr_assert_geq(number("latency_us.min"), 20e3);
    load_outcome_close(&outcome);
}

/* ---- open loop: a server that stands still for 0.5 s of 3 s ---- */

enum { RATE = 400, STALL_MS = 500, RUN_MS = 3000 };

static void load_stalling_server(const char *const *arguments)
{
    liar_start(&liar, &(struct liar_plan){.lie = LIAR_HONEST, .pause_at = 500, .pause_ms = STALL_MS});
    load(liar.target, arguments);
    liar_stop(&liar);
}

/*
 * Requests are due every 2.5 ms. Those due during the stall, a share of 0.5 / 3, wait from 0.5 s down to
 * nothing: the 99th percentile of all is 0.5 s x (1 - 0.01 / (0.5 / 3)) = 470 ms, the mean
 * 0.5 s x 0.5 / 3 / 2 = 41.7 ms. Seen from the real send only the few that were in flight are slow.
 */
Test(load_run, open_loop_shows_a_stall)
{
    load_stalling_server((const char *[]){"-c", "4", "-r", "400", "-d", "3s", NULL});
    cr_assert(number("latency_us.p99") > 440e3 && number("latency_us.p99") < 560e3, "p99: %s",
              outcome.end.out);
    cr_assert(number("latency_us.mean") > 37e3 && number("latency_us.mean") < 60e3, "mean: %s",
              outcome.end.out);
    cr_assert_lt(number("latency_us.p50"), 50e3, "the undisturbed half: %s", outcome.end.out);
    cr_assert_geq(number("latency_us.max"), 490e3);
    cr_assert_lt(number("service_us.p99"), 100e3, "only four were in flight: %s", outcome.end.out);
    cr_assert_geq(count("delayed"), RATE * STALL_MS / 1000 / 2);
    cr_assert_eq(outcome.end.status, 0);
    load_outcome_close(&outcome);
}

/* The closed loop stops asking while it waits, and so hides the same stall from its percentiles. */
Test(load_run, closed_loop_hides_a_stall)
{
    liar_start(&liar,
               &(struct liar_plan){.lie = LIAR_HONEST, .wait_ms = 2, .pause_at = 500, .pause_ms = STALL_MS});
    load(liar.target, (const char *[]){"-c", "4", "-d", "3s", NULL});
    liar_stop(&liar);
    cr_assert_lt(number("latency_us.p99"), 100e3, "%s", outcome.end.out);
    cr_assert_geq(number("latency_us.max"), 490e3);
    load_outcome_close(&outcome);
}

Test(load_run, overload_is_said)
{
    liar_start(&liar, &(struct liar_plan){.lie = LIAR_HONEST, .wait_ms = 10});
    load(liar.target, (const char *[]){"-c", "2", "-r", "2k", "-d", "1s", NULL});
    liar_stop(&liar);
    cr_assert(json_is_true(json_object_get(outcome.json, "overloaded")), "%s", outcome.end.out);
    cr_assert(number("offered_per_s") > 1900 && number("offered_per_s") < 2100);
    cr_assert_lt(number("rate_per_s"), 201);
    cr_assert_gt(count("unsent"), 1500);
    load_outcome_close(&outcome);
}

/* ---- Ctrl-C ---- */

static void interrupt_after_ms(const char *target, int after_ms)
{
    const char *argv[] = {program_path("tenk-load"), "--json", target, "-c", "4", "-d", "60s", NULL};
    struct program program;

    cr_assert_eq(program_start(&program, argv, 0), 0);
    usleep((useconds_t)after_ms * 1000);
    cr_assert_not(program_ended(&program, 0));
    kill(program.pid, SIGINT);
    cr_assert(program_ended(&program, 1000), "it did not stop within 1 s");
    load_outcome_take(&outcome, &program, 1000);
    cr_assert(json_is_true(json_object_get(outcome.json, "interrupted")));
}

Test(load_run, interrupt_prints_results)
{
    liar_start(&liar, &(struct liar_plan){.lie = LIAR_HONEST, .wait_ms = 1});
    interrupt_after_ms(liar.target, 800);
    liar_stop(&liar);
    cr_assert_eq(outcome.end.status, 0, "%s", outcome.end.out);
    cr_assert(number("duration_s") > 0.2 && number("duration_s") < 2, "%s", outcome.end.out);
    cr_assert_gt(count("requests"), 100);
    cr_assert_eq(count("total.requests"), liar.requests);
    load_outcome_close(&outcome);
}

Test(load_run, interrupt_while_the_server_hangs)
{
    liar_start(&liar, &(struct liar_plan){.lie = LIAR_HANG, .every = 1});
    interrupt_after_ms(liar.target, 500);
    liar_stop(&liar);
    cr_assert_eq(outcome.end.status, 1);
    cr_assert_eq(count("total.unanswered"), 4);
    load_outcome_close(&outcome);
}

/* ---- nobody there ---- */

Test(load_run, refused)
{
    liar_start(&liar, &(struct liar_plan){.lie = LIAR_HONEST}); /* a port that is free again after this */
    liar_stop(&liar);
    load(liar.target, (const char *[]){"-c", "3", "-d", "0.2s", "--warmup", "0.05s", NULL});
    cr_assert_eq(count("connections.refused"), 3);
    cr_assert_eq(count("connections.opened"), 0);
    cr_assert_gt(count("errors.connect"), 3);
    cr_assert_lt(count("errors.connect"), 200, "refused connections must not be retried in a busy loop");
    cr_assert_eq(outcome.end.status, 1);
    load_outcome_close(&outcome);
}
