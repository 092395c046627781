/*
 * The end of a server: SIGTERM lets finish what is in flight, sends everybody else home at once, and
 * leaves port, processes and files as they were before.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "clock.h"
#include "expect.h"
#include "matrix.h"
#include "process.h"

enum {
    ACCEPTED_MS = 300, /* a connection is accepted by then */
    PROMPT_MS = 1000,
    TRIES = 1000,
    GRASP_MS = 50, /* a server that has taken bytes in needs a moment to see that they are half a request */
};

static struct fixture fixture;
static struct wire wire;
static struct wire other;
static struct counters_sum counters;
static struct program_end last;

static void finish(void)
{
    wire_close(&wire);
    fixture_finish(&fixture, &last, &counters);
}

/* New clients are turned away: from when on, is the server's affair, but soon. */
static void expect_refused(void)
{
    for (int i = 0; i < TRIES; i++) {
        if (wire_open(&other, fixture.endpoint) < 0)
            return;
        wire_close(&other);
        clock_sleep_ns(5 * NS_PER_MS);
    }
    cr_assert_fail("new clients are still accepted");
}

/* The answer under way arrives completely; meanwhile nobody new is let in. */
static void drain_in_flight(struct fixture_plan plan)
{
    int64_t start_ns;

    fixture_begin(&fixture, &plan, &wire);
    wire_text(&wire, "GET /wait/700000 HTTP/1.1\r\nHost: test\r\n\r\n");
    cr_assert_eq(wire_consumed(&wire), 0);
    start_ns = clock_now_ns();
    fixture_terminate(&fixture);
    expect_refused();
    if (clock_now_ns() - start_ns < 400 * NS_PER_MS) /* else this machine was away meanwhile */
        cr_assert(!program_ended(&fixture.program, 0), "it did not wait for the answer");
    expect_hello(&wire);
    expect_end(&wire);
    finish();
    cr_assert_eq(counters.requests, 1);
    cr_assert_eq(counters.aborted, 0);
}

/* Ctrl-C in a terminal signals the whole process group, children too: that is still the first signal. */
static void drain_group(struct fixture_plan plan)
{
    fixture_begin(&fixture, &plan, &wire);
    wire_text(&wire, "GET /wait/300000 HTTP/1.1\r\nHost: test\r\n\r\n");
    cr_assert_eq(wire_consumed(&wire), 0);
    kill(-fixture.program.pid, SIGINT);
    expect_hello(&wire);
    expect_end(&wire);
    finish();
}

/* A long answer to a client that is slow, but reads. */
static void drain_long_answer(struct fixture_plan plan)
{
    enum { SIZE = 20000000 };
    char *pattern = expect_pattern(SIZE);

    fixture_begin(&fixture, &plan, &wire);
    wire_text(&wire, "GET /bytes/20000000 HTTP/1.1\r\nHost: test\r\n\r\n");
    cr_assert_eq(wire_consumed(&wire), 0);
    fixture_terminate(&fixture);
    expect_refused();
    expect_reply(&wire, 200, pattern, SIZE);
    expect_end(&wire);
    free(pattern);
    finish();
}

/*
 * What arrived together is answered together, also behind a request that waits; unless the server
 * says with the first answer that there will be no other.
 */
static void drain_pipeline(struct fixture_plan plan)
{
    struct reply reply;

    fixture_begin(&fixture, &plan, &wire);
    wire_text(&wire,
              "GET /wait/300000 HTTP/1.1\r\nHost: test\r\n\r\nGET /model HTTP/1.1\r\nHost: test\r\n\r\n");
    cr_assert_eq(wire_consumed(&wire), 0);
    fixture_terminate(&fixture);
    expect_status(&wire, 200, &reply);
    if (!reply.closes)
        expect_reply(&wire, 200, plan.model, strlen(plan.model));
    reply_free(&reply);
    expect_end(&wire);
    finish();
}

static void expect_prompt_end(void)
{
    int64_t start_ns = clock_now_ns();

    fixture_terminate(&fixture);
    expect_end(&wire);
    cr_assert(program_ended(&fixture.program, PROGRAM_DEADLINE_MS), "it does not end");
    start_ns = (clock_now_ns() - start_ns) / NS_PER_MS;
    if (fixture.spare_threads == 0) /* the thread sanitizer sleeps a second before it exits */
        cr_assert(start_ns < PROMPT_MS, "it took %d ms to end", (int)start_ns);
    finish();
}

/* An idle client holds nobody up, even where the server sits in a recv(2) that restarts. */
static void idle_client(struct fixture_plan plan)
{
    fixture_begin(&fixture, &plan, &wire);
    wire_text(&wire, "GET / HTTP/1.1\r\nHost: test\r\n\r\n");
    expect_hello(&wire);
    expect_prompt_end();
}

static void silent_client(struct fixture_plan plan)
{
    struct process_use use;
    int64_t deadline_ns;

    fixture_start(&fixture, &plan);
    fixture_expect_service(&fixture);
    fixture_connect(&fixture, &wire);
    deadline_ns = clock_now_ns() + ACCEPTED_MS * NS_PER_MS;
    do
        process_use(fixture.program.pid,
                    &use); /* until it has been accepted; by a child, that does not show */
    while (use.descriptors == fixture.use.descriptors && use.children == fixture.use.children &&
           clock_now_ns() < deadline_ns);
    expect_prompt_end();
}

static void no_client(struct fixture_plan plan)
{
    fixture_start(&fixture, &plan);
    fixture_stop(&fixture);
    fixture_start(&fixture, &plan);
    fixture_expect_service(&fixture);
    fixture_stop(&fixture);
}

/*
 * Half a request is in flight, but nobody knows for how long: the drain time-out ends it. The other
 * half is waited for until then.
 */
static void half_request(struct fixture_plan plan)
{
    int64_t start_ns;

    plan.options[0] = "--drain-timeout=400ms";
    fixture_begin(&fixture, &plan, &wire);
    wire_text(&wire, "POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 10\r\n\r\nhalf");
    cr_assert_eq(wire_consumed(&wire), 0);
    clock_sleep_ns(GRASP_MS * NS_PER_MS);
    start_ns = clock_now_ns();
    fixture_terminate(&fixture);
    cr_assert(program_ended(&fixture.program, PROGRAM_DEADLINE_MS), "it waits for ever");
    start_ns = (clock_now_ns() - start_ns) / NS_PER_MS;
    cr_assert(start_ns >= 300 && start_ns < 400 + 2 * PROMPT_MS, "it took %d ms to end", (int)start_ns);
    finish();
}

static void other_half(struct fixture_plan plan)
{
    fixture_begin(&fixture, &plan, &wire);
    wire_text(&wire, "POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 10\r\n\r\nhalf");
    cr_assert_eq(wire_consumed(&wire), 0);
    clock_sleep_ns(GRASP_MS * NS_PER_MS);
    fixture_terminate(&fixture);
    expect_refused();
    wire_text(&wire, " more.");
    expect_reply(&wire, 200, "half more.", 10);
    expect_end(&wire);
    finish();
}

/* A client that never reads its answer cannot hold the server beyond the drain time-out either. */
static void stuck_reader(struct fixture_plan plan)
{
    plan.options[0] = "--drain-timeout=400ms";
    fixture_start(&fixture, &plan);
    cr_assert_eq(wire_open_narrow(&wire, fixture.endpoint, 4096), 0);
    wire_text(&wire, "GET /bytes/60000000 HTTP/1.1\r\nHost: test\r\n\r\n");
    cr_assert_eq(wire_consumed(&wire), 0);
    fixture_terminate(&fixture);
    cr_assert(program_ended(&fixture.program, PROGRAM_DEADLINE_MS), "it waits for ever");
    finish();
    cr_assert(last.took_ms < PROGRAM_DEADLINE_MS);
}

/* A second signal means: now. */
static void second_signal(struct fixture_plan plan)
{
    int64_t start_ns;

    plan.options[0] = "--drain-timeout=20s";
    fixture_begin(&fixture, &plan, &wire);
    wire_text(&wire, "GET /wait/15000000 HTTP/1.1\r\nHost: test\r\n\r\n");
    cr_assert_eq(wire_consumed(&wire), 0);
    start_ns = clock_now_ns();
    fixture_terminate(&fixture);
    cr_assert(!program_ended(&fixture.program, 300), "it did not wait for the answer");
    kill(fixture.program.pid, SIGINT);
    cr_assert(program_ended(&fixture.program, PROGRAM_DEADLINE_MS), "it does not end");
    cr_assert(clock_now_ns() - start_ns < 10 * NS_PER_S, "the second signal did not hurry it");
    finish();
}

/* The port can be had again at once, though connections of it are in TIME_WAIT. */
static void port_free_again(struct fixture_plan plan)
{
    fixture_start(&fixture, &plan);
    for (int i = 0; i < 3; i++) {
        fixture_expect_service(&fixture); /* the server closes first: the TIME_WAIT is on its side */
        fixture_connect(&fixture, &wire);
        fixture_terminate(&fixture);
        finish();
        fixture_restart(&fixture);
    }
    fixture_expect_unharmed(&fixture);
}

MATRIX_SUITE(conformance_http_tcp);
MATRIX_SUITE(conformance_http_unix);

#define CASES(test, model)                                                                                   \
    test(model, drain_in_flight) test(model, drain_long_answer) test(model, drain_pipeline)                  \
        test(model, drain_group) test(model, idle_client) test(model, silent_client) test(model, no_client)  \
            test(model, half_request) test(model, other_half) test(model, stuck_reader)                      \
                test(model, second_signal) test(model, port_free_again)
#define MODEL(model) CASES(HTTP_TCP, model) CASES(HTTP_UNIX, model)
#define REFERENCE(model)
#include "models.def"
