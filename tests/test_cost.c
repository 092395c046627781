/*
 * What a request costs in system calls: counted, not timed, so no noisy machine can upset it.
 *
 * The number each model documents (`tenk-serve --list --json`) is the number strace counts, exactly,
 * for one client on one keep-alive connection. With 64 clients whose requests have all arrived, a
 * readiness loop shares one wait among them, which is why it exists.
 */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "expect.h"
#include "injection.h"
#include "matrix.h"
#include "process.h"

enum { REQUESTS = 200, CLIENTS = 64, ROUNDS = 8, QUIET_MS = 100 };

static struct fixture fixture;
static struct injection injection;
static struct wire crowd[CLIENTS];

static void request(struct wire *wire)
{
    wire_text(wire, "GET / HTTP/1.1\r\nHost: test\r\n\r\n");
}

static void begin(struct fixture_plan *plan, size_t clients)
{
    injection_skip_unless_possible();
    plan->clients = (unsigned)clients;
    fixture_start(&fixture, plan);
    injection_attach(&injection, fixture.program.pid, NULL, true);
    for (size_t i = 0; i < clients; i++) {
        fixture_connect(&fixture, &crowd[i]);
        request(&crowd[i]);
        expect_hello(&crowd[i]);
    }
}

/* The calls so far, when the server sits still again after the last answer. */
static long calls_now(void)
{
    clock_sleep_ns(QUIET_MS * NS_PER_MS);
    return injection_calls(&injection, NULL);
}

static void end(size_t clients)
{
    injection_detach(&injection);
    for (size_t i = 0; i < clients; i++)
        wire_close(&crowd[i]);
    fixture_expect_at_rest(&fixture);
    fixture_stop(&fixture);
}

/* A model that hands requests from thread to thread sleeps and wakes as it comes: no number is the right one.
 */
static void skip_if_not_fixed(const struct fixture_plan *plan)
{
    fixture_facts(plan->model, &fixture.facts);
    if (fixture.facts.syscalls_per_request == 0)
        cr_skip_test("%s documents no fixed number: its threads wake each other", plan->model);
}

/* Sequential requests on one connection: twice as many cost exactly that many calls more. */
static void one_connection(struct fixture_plan plan)
{
    double documented, counted;
    long before;

    skip_if_not_fixed(&plan);
    begin(&plan, 1);
    documented = fixture.facts.syscalls_per_request;
    before = calls_now();
    for (int i = 0; i < REQUESTS; i++) {
        request(&crowd[0]);
        expect_hello(&crowd[0]);
    }
    counted = (double)(calls_now() - before) / REQUESTS;
    end(1);
    cr_log_info("%s: %.3f system calls per request at one connection", plan.model, counted);
    cr_assert(counted == documented, "%s: %.3f system calls per request, documented are %.3f", plan.model,
              counted, documented);
}

/* All requests have arrived before the server looks, as under load. */
static void burst(void)
{
    kill(-fixture.program.pid, SIGSTOP);
    while (process_state(fixture.program.pid) != 'T' && process_state(fixture.program.pid) != 't')
        clock_sleep_ns(NS_PER_MS);
    for (size_t i = 0; i < CLIENTS; i++)
        request(&crowd[i]);
    kill(-fixture.program.pid, SIGCONT);
    for (size_t i = 0; i < CLIENTS; i++)
        expect_hello(&crowd[i]);
}

/*
 * A loop's wait is shared: at most 2.1 calls per request at 64 connections. Threads and processes
 * make 2 for each, whatever the others do (and are not stopped for it: SIGCONT would interrupt their
 * recv(2), which has a time-out and is then called again; signal(7)).
 */
static void many_connections(struct fixture_plan plan)
{
    double counted, most;
    long before;

    plan.clients = CLIENTS;
    fixture_skip_unless_at_once(&plan, CLIENTS);
    skip_if_not_fixed(&plan);
    if (fixture.facts.syscalls_per_request > 2 && fixture.facts.workers_default > 0)
        cr_skip_test("%s: how many connections a wait is shared by depends on the spread", plan.model);
    begin(&plan, CLIENTS);
    most = fixture.facts.syscalls_per_request > 2 ? 2.1 : 2.0;
    before = calls_now();
    for (int round = 0; round < ROUNDS; round++) {
        if (fixture.facts.syscalls_per_request > 2) {
            burst();
            continue;
        }
        for (size_t i = 0; i < CLIENTS; i++)
            request(&crowd[i]);
        for (size_t i = 0; i < CLIENTS; i++)
            expect_hello(&crowd[i]);
    }
    counted = (double)(calls_now() - before) / (ROUNDS * CLIENTS);
    end(CLIENTS);
    cr_log_info("%s: %.3f system calls per request at %d connections", plan.model, counted, CLIENTS);
    cr_assert(counted <= most, "%s: %.3f system calls per request at %d connections, at most %.1f",
              plan.model, counted, CLIENTS, most);
    cr_assert(counted >= 2.0 || fixture.facts.syscalls_per_request < 2,
              "%s: only %.3f calls were seen per request", plan.model, counted);
}

/* A pipelining client costs hardly any: many answers leave in one send(2). */
static void pipelined(struct fixture_plan plan)
{
    enum { DEPTH = 32 };
    char requests[DEPTH * 64];
    double counted;
    size_t length = 0;
    long before;

    skip_if_not_fixed(&plan);
    for (int i = 0; i < DEPTH; i++)
        length += (size_t)sprintf(requests + length, "GET / HTTP/1.1\r\nHost: test\r\n\r\n");
    begin(&plan, 1);
    before = calls_now();
    for (int round = 0; round < ROUNDS; round++) {
        wire_send(&crowd[0], requests, length);
        for (int i = 0; i < DEPTH; i++)
            expect_hello(&crowd[0]);
    }
    counted = (double)(calls_now() - before) / (ROUNDS * DEPTH);
    end(1);
    cr_log_info("%s: %.3f system calls per pipelined request", plan.model, counted);
    cr_assert(counted <= 4.0 / DEPTH, "%s: %.3f system calls per pipelined request", plan.model, counted);
}

/*
 * Every model receives once and sends once per request, and once more to see the end: what differs
 * between them is how they wait. A loop may look at a new connection before its first request has come:
 * that is one more for the connection. The server's own counters say so, where nobody may trace.
 */
static void one_receive_one_send(struct fixture_plan plan)
{
    struct counters_sum counters;
    struct program_end ended;

    fixture_start(&fixture, &plan);
    fixture_connect(&fixture, &crowd[0]);
    for (int i = 0; i < REQUESTS; i++) {
        request(&crowd[0]);
        expect_hello(&crowd[0]);
    }
    wire_close(&crowd[0]);
    fixture_expect_at_rest(&fixture);
    fixture_terminate(&fixture);
    fixture_finish(&fixture, &ended, &counters);
    cr_assert_eq(counters.sends, REQUESTS, "%d sends for %d requests", (int)counters.sends, REQUESTS);
    cr_assert(counters.receives == REQUESTS + 1 || counters.receives == REQUESTS + 2,
              "%d receives for %d requests", (int)counters.receives, REQUESTS);
}

TestSuite(cost, .timeout = MATRIX_TIMEOUT_S, .fini = fixture_leave);

#define COST(model, name) MATRIX_TEST(cost, model, name, "http", FIXTURE_TCP)
#define MODEL(model)                                                                                         \
    COST(model, one_connection)                                                                              \
    COST(model, many_connections) COST(model, pipelined) COST(model, one_receive_one_send)
#define REFERENCE(model)
#include "models.def"

MATRIX_TEST(cost, ceiling, one_connection, "http", FIXTURE_TCP)
MATRIX_TEST(cost, ceiling, many_connections, "http", FIXTURE_TCP)
