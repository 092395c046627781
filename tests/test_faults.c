/*
 * Rude clients and rude signals, under every model: afterwards a fresh client gets an exact answer,
 * the exit status is 0, and no descriptor, thread, child or zombie is left.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "expect.h"
#include "matrix.h"
#include "process.h"

enum { CROWD = 60, MEBIBYTE = 1024 * 1024, PAUSE_MS = 1000, BUSY_PERCENT = 30 };

/* A server that keeps 64 MiB for somebody who does not read has grown by more, also where the thread
 * sanitizer takes notes. */
#ifdef SERVERS_UNDER_TSAN
static const int64_t growth_most_kib = 48 * 1024;
#else
static const int64_t growth_most_kib = 16 * 1024;
#endif

static struct fixture fixture;
static struct wire wire;
static struct wire crowd[CROWD];

/* Nothing is to be done now: the server must not burn the CPU over it. */
static void expect_no_spin(void)
{
    int64_t start_ns = clock_now_ns(), before_ms = process_cpu_ms(fixture.program.pid), used_ms, took_ms;

    clock_sleep_ns(PAUSE_MS * NS_PER_MS);
    used_ms = process_cpu_ms(fixture.program.pid) - before_ms;
    took_ms = (clock_now_ns() - start_ns) / NS_PER_MS;
    cr_assert(used_ms * 100 < took_ms * BUSY_PERCENT, "%s used %d ms of CPU in %d ms of pause",
              fixture.plan.model, (int)used_ms, (int)took_ms);
}

/* What it cannot send it has not made yet. */
static void expect_little_kept(int64_t before_kib)
{
    int64_t kept_kib = process_resident_kib(fixture.program.pid) - before_kib;

    cr_assert(kept_kib < growth_most_kib, "%s keeps what it cannot send: %d KiB", fixture.plan.model,
              (int)kept_kib);
}

/* ---- storms ---- */

static void wrk_with_1000_connections(struct fixture_plan plan)
{
    char url[2 * FIXTURE_ENDPOINT_MAX], errors[PROGRAM_TEXT_MAX];
    struct program_end end;

    if (!program_installed("wrk"))
        cr_skip_test("wrk is not installed");
    fixture_start(&fixture, &plan);
    snprintf(url, sizeof(url), "http://%.100s/", fixture.endpoint + strlen("tcp://"));
    program_run((const char *[]){"wrk", "-t2", "-c1000", "-d2s", "--timeout", "10s", url, NULL}, &end,
                errors);
    cr_assert(end.exited && end.status == 0, "wrk: status %d: %s", end.status, errors);
    cr_assert(strstr(end.out, "requests in"), "wrk: %s", end.out);
    fixture_expect_unharmed(&fixture);
}

static void send_and_reset(struct fixture_plan plan)
{
    fixture_start(&fixture, &plan);
    for (int round = 0; round < 4; round++) {
        for (size_t i = 0; i < 30; i++) {
            fixture_connect(&fixture, &crowd[i]);
            wire_text(&crowd[i], i % 2 ? "GET / HTTP/1.1\r\nHost: test\r\n\r\n"
                                       : "GET /bytes/3000000 HTTP/1.1\r\nHost: test\r\n\r\n");
        }
        for (size_t i = 0; i < 30; i++)
            wire_reset(&crowd[i]);
    }
    fixture_expect_unharmed(&fixture);
}

static void connect_and_close(struct fixture_plan plan)
{
    fixture_start(&fixture, &plan);
    for (int i = 0; i < 200; i++) {
        fixture_connect(&fixture, &wire);
        if (i % 2)
            wire_reset(&wire);
        wire_close(&wire);
    }
    fixture_expect_unharmed(&fixture);
}

static void half_a_request(struct fixture_plan plan)
{
    fixture_start(&fixture, &plan);
    for (int i = 0; i < 100; i++) {
        fixture_connect(&fixture, &wire);
        wire_text(&wire, "GET / HTTP/1.1\r\nHost: te");
        wire_close(&wire);
    }
    fixture_expect_unharmed(&fixture);
}

/* The request that ended the best known server of this kind. */
static void get_and_nothing(struct fixture_plan plan)
{
    fixture_start(&fixture, &plan);
    for (int i = 0; i < 50; i++) {
        fixture_connect(&fixture, &wire);
        wire_text(&wire, "GET\r\n\r\n");
        expect_status(&wire, 400, NULL);
        expect_end(&wire);
        wire_close(&wire);
    }
    fixture_expect_unharmed(&fixture);
}

/* Sends much and is gone before the answers: the second write to a vanished peer raises SIGPIPE. */
static void gone_before_the_answer(struct fixture_plan plan)
{
    static const char one[] = "GET /bytes/2000 HTTP/1.1\r\nHost: test\r\n\r\n";
    char *requests = malloc(60000);
    size_t length = 0;

    while (length + sizeof(one) < 60000)
        length += (size_t)sprintf(requests + length, "%s", one);
    fixture_start(&fixture, &plan);
    for (int i = 0; i < 30; i++) {
        fixture_connect(&fixture, &wire);
        wire_send(&wire, requests, length);
        wire_close(&wire);
    }
    free(requests);
    fixture_expect_unharmed(&fixture);
}

/* ---- clients that hold on ---- */

/* 64 MiB for somebody who never reads: the server keeps neither the bytes nor the CPU busy. */
static void never_reads(struct fixture_plan plan)
{
    int64_t before_kib;

    plan.clients = 2;
    plan.options[0] = "--idle-timeout=1500ms";
    fixture_start(&fixture, &plan);
    before_kib = process_resident_kib(fixture.program.pid);
    cr_assert_eq(wire_open_narrow(&wire, fixture.endpoint, 4096), 0);
    wire_text(&wire, "GET /bytes/67108864 HTTP/1.1\r\nHost: test\r\n\r\n");
    cr_assert_eq(wire_consumed(&wire), 0);
    expect_no_spin();
    if (fixture_serves_at_once(&fixture, 2))
        fixture_expect_service(&fixture);
    expect_little_kept(before_kib);
    fixture_expect_unharmed(&fixture); /* who serves one at a time does so after the time-out */
    cr_assert(wire_drain(&wire), "the connection does not end");
    wire_close(&wire);
}

/* Pipelines without ever reading: at some point the server must stop taking requests in. */
static void pipelines_without_reading(struct fixture_plan plan)
{
    static const char one[] = "GET /bytes/100000 HTTP/1.1\r\nHost: test\r\n\r\n";
    int64_t before_kib;
    int full = 0;

    plan.clients = 2;
    plan.options[0] = "--idle-timeout=1500ms";
    fixture_start(&fixture, &plan);
    before_kib = process_resident_kib(fixture.program.pid);
    cr_assert_eq(wire_open_narrow(&wire, fixture.endpoint, 4096), 0);
    while (full < 50 && wire.sent < 64 * MEBIBYTE) {
        ssize_t n = wire_push(&wire, one, strlen(one));

        full = n == (ssize_t)strlen(one) ? 0 : full + 1;
        if (full > 0)
            clock_sleep_ns(NS_PER_MS);
    }
    cr_assert(wire.sent < 64 * MEBIBYTE, "the server takes requests in without end");
    expect_no_spin();
    expect_little_kept(before_kib);
    wire_reset(&wire);
    fixture_expect_unharmed(&fixture);
}

/* Leaves, or half-closes, while its handler waits: readiness says so again and again (EPOLLHUP). */
static void leaves_while_waiting(struct fixture_plan plan)
{
    static const char request[] = "GET /wait/1500000 HTTP/1.1\r\nHost: test\r\n\r\n";

    plan.clients = 3;
    fixture_start(&fixture, &plan);
    for (size_t i = 0; i < 3; i++) {
        fixture_connect(&fixture, &crowd[i]);
        wire_text(&crowd[i], request);
    }
    wire_consumed(&crowd[0]);
    if (fixture_serves_at_once(&fixture, 3))
        wire_consumed(&crowd[2]);
    wire_half_close(&crowd[0]);
    wire_reset(&crowd[1]);
    wire_close(&crowd[2]);
    expect_no_spin();
    expect_hello(&crowd[0]);
    expect_end(&crowd[0]);
    wire_close(&crowd[0]);
    fixture_expect_unharmed(&fixture);
}

/* Idle clients, some of them with half a request, cost no CPU time. */
static void idle_crowd(struct fixture_plan plan)
{
    plan.clients = CROWD;
    fixture_start(&fixture, &plan);
    for (size_t i = 0; i < CROWD; i++) {
        fixture_connect(&fixture, &crowd[i]);
        if (i % 3 == 0)
            wire_text(&crowd[i], "GET / HTTP/1.1\r\nHo");
    }
    expect_no_spin();
    for (size_t i = 0; i < CROWD; i++)
        wire_close(&crowd[i]);
    fixture_expect_unharmed(&fixture);
}

/* ---- signals ---- */

/*
 * Stopped and continued: epoll_wait(2), poll(2), and a recv(2) with a time-out then give EINTR even
 * without a handler (signal(7)). Nobody loses a connection or an answer over it.
 */
static void stopped_and_continued(struct fixture_plan plan)
{
    plan.clients = 3;
    plan.options[0] = "--idle-timeout=20s";
    fixture_begin(&fixture, &plan, &wire);
    wire_text(&wire, "GET / HTTP/1.1\r\nHost: test\r\n\r\n");
    expect_hello(&wire);
    for (int i = 0; i < 10; i++) {
        wire_text(&wire, i % 2 ? "GET / HTTP/1.1\r\nHost: test\r\n\r\n"
                               : "GET /wait/30000 HTTP/1.1\r\nHost: test\r\n\r\n");
        kill(-fixture.program.pid, SIGSTOP);
        clock_sleep_ns(5 * NS_PER_MS);
        kill(-fixture.program.pid, SIGCONT);
        expect_hello(&wire);
        kill(-fixture.program.pid, SIGSTOP);
        clock_sleep_ns(5 * NS_PER_MS);
        kill(-fixture.program.pid, SIGCONT);
    }
    fixture_end(&fixture, &wire);
}

MATRIX_SUITE(faults);

#define CASES(test, model)                                                                                   \
    test(model, wrk_with_1000_connections) test(model, send_and_reset) test(model, connect_and_close)        \
        test(model, half_a_request) test(model, get_and_nothing) test(model, gone_before_the_answer)         \
            test(model, never_reads) test(model, pipelines_without_reading)                                  \
                test(model, leaves_while_waiting) test(model, idle_crowd) test(model, stopped_and_continued)
#define MODEL(model) CASES(FAULTS, model)
#define REFERENCE(model)
#include "models.def"
