/*
 * Many clients at once, clients that leave, idle, wait or come again: what a model does with each.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "expect.h"
#include "matrix.h"
#include "process.h"

enum { CLIENTS = 200, BODY = 600, PIECES = 4, WAITERS = 100 };

static struct fixture fixture;
static struct wire wire;
static struct wire crowd[CLIENTS];

static void connect_crowd(size_t clients)
{
    for (size_t i = 0; i < clients; i++)
        fixture_connect(&fixture, &crowd[i]);
}

static void close_crowd(size_t clients)
{
    for (size_t i = 0; i < clients; i++)
        wire_close(&crowd[i]);
}

/* ---- crowds ---- */

struct message {
    char *body;
    char request[BODY + 256];
    size_t size;
};

static void compose(struct message *message, unsigned seed, bool last)
{
    message->body = expect_noise(BODY, seed);
    message->size =
        (size_t)sprintf(message->request, "POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: %d\r\n%s\r\n",
                        BODY, last ? "Connection: close\r\n" : "");
    memcpy(message->request + message->size, message->body, BODY);
    message->size += BODY;
}

/* One round: everybody's request leaves in pieces, one piece of each at a time; then all answers. */
static void interleave_round(unsigned round, bool last)
{
    static struct message messages[CLIENTS];

    for (unsigned i = 0; i < CLIENTS; i++)
        compose(&messages[i], round * CLIENTS + i, last);
    for (size_t piece = 0; piece < PIECES; piece++) {
        for (size_t i = 0; i < CLIENTS; i++) {
            size_t from = messages[i].size * piece / PIECES, to = messages[i].size * (piece + 1) / PIECES;

            cr_assert_eq(wire_send(&crowd[i], messages[i].request + from, to - from), 0);
        }
    }
    for (size_t i = 0; i < CLIENTS; i++) {
        expect_reply(&crowd[i], 200, messages[i].body, BODY);
        if (last) {
            expect_end(&crowd[i]);
            wire_close(&crowd[i]); /* a model that serves one at a time waits for this */
        }
        free(messages[i].body);
    }
}

/* 200 clients whose bytes never cross. Who is served one at a time still gets every answer. */
static void interleaved(struct fixture_plan plan)
{
    plan.clients = CLIENTS;
    fixture_start(&fixture, &plan);
    connect_crowd(CLIENTS);
    for (unsigned round = 0; round < 2 && fixture_serves_at_once(&fixture, CLIENTS); round++)
        interleave_round(round, false);
    interleave_round(2, true);
    fixture_expect_unharmed(&fixture);
}

/* Clients that wait do not wait for each other: 100 waits of 0.1 s take far less than 10 s. */
static void waits_overlap(struct fixture_plan plan)
{
    int64_t start_ns;

    plan.clients = WAITERS;
    fixture_skip_unless_at_once(&plan, WAITERS);
    fixture_start(&fixture, &plan);
    connect_crowd(WAITERS);
    start_ns = clock_now_ns();
    for (size_t i = 0; i < WAITERS; i++)
        wire_text(&crowd[i], "GET /wait/100000 HTTP/1.1\r\nHost: test\r\n\r\n");
    for (size_t i = 0; i < WAITERS; i++)
        expect_hello(&crowd[i]);
    cr_assert(clock_now_ns() - start_ns < 4 * NS_PER_S, "100 waits of 0.1 s took %d ms",
              (int)((clock_now_ns() - start_ns) / NS_PER_MS));
    close_crowd(WAITERS);
    fixture_expect_unharmed(&fixture);
}

/* Waits of different lengths end in the order of their deadlines, not of their arrival. */
static void waits_in_order(struct fixture_plan plan)
{
    enum { FEW = 8 };

    plan.clients = FEW;
    fixture_skip_unless_at_once(&plan, FEW);
    fixture_start(&fixture, &plan);
    connect_crowd(2);
    wire_text(&crowd[0], "GET /wait/1000000 HTTP/1.1\r\nHost: test\r\n\r\n");
    wire_text(&crowd[1], "GET /wait/1000 HTTP/1.1\r\nHost: test\r\n\r\n");
    expect_hello(&crowd[1]);
    cr_assert(wire_silent(&crowd[0], 0), "1 s is over after 1 ms");
    close_crowd(2); /* one of them leaves while its handler waits */
    fixture_expect_unharmed(&fixture);
}

/* ---- clients that leave ---- */

static void reset_midway(struct fixture_plan plan)
{
    static const char *const beginnings[] = {
        "",
        "G",
        "GET / HTTP/1.1\r\nHost: te",
        "POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 100\r\n\r\nhalf",
        "POST /echo HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nhalf",
        "GET /bytes/30000000 HTTP/1.1\r\nHost: test\r\n\r\n",
        "GET /wait/10000 HTTP/1.1\r\nHost: test\r\n\r\n"};

    fixture_start(&fixture, &plan);
    for (size_t i = 0; i < sizeof(beginnings) / sizeof(beginnings[0]); i++) {
        fixture_connect(&fixture, &wire);
        wire_text(&wire, beginnings[i]);
        wire_consumed(&wire);
        wire_reset(&wire);
        fixture_connect(&fixture, &wire);
        wire_text(&wire, beginnings[i]);
        wire_close(&wire);
        fixture_expect_service(&fixture);
    }
    fixture_expect_unharmed(&fixture);
}

/* Bytes that are no request yet and the reset behind them come in one look at the socket: both count. */
static void reset_behind_bytes(struct fixture_plan plan)
{
    fixture_start(&fixture, &plan);
    for (int i = 0; i < CLIENTS; i++) {
        fixture_connect(&fixture, &wire);
        wire_text(&wire, "GET / HTTP/1.1\r\nHost: test\r\n\r\n");
        expect_hello(&wire);
        wire_text(&wire, i % 2 ? "GET / HTTP/1.1\r\nHo"
                               : "POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 9\r\n\r\nhalf");
        wire_reset(&wire);
    }
    fixture_expect_unharmed(&fixture);
}

/* 200 connections, every other one closed by the client: nothing of them is left. */
static void nothing_left(struct fixture_plan plan)
{
    fixture_start(&fixture, &plan);
    for (int i = 0; i < CLIENTS / 2; i++) {
        fixture_expect_service(&fixture);
        fixture_connect(&fixture, &wire);
        wire_text(&wire, "GET / HTTP/1.1\r\nHost: test\r\n\r\n");
        expect_hello(&wire);
        wire_close(&wire);
    }
    fixture_expect_at_rest(&fixture);
    fixture_expect_unharmed(&fixture);
}

/* ---- clients that say nothing ---- */

/* Idle, silent or in half a request: each is closed after the time-out, in whatever order. */
static void idle_timeout(struct fixture_plan plan)
{
    enum { SILENT, IDLE, HALF, KINDS };
    struct counters_sum counters;
    struct program_end end;
    int64_t start_ns;

    plan.clients = KINDS;
    plan.options[0] = "--idle-timeout=300ms";
    fixture_start(&fixture, &plan);
    start_ns = clock_now_ns();
    connect_crowd(KINDS);
    wire_text(&crowd[IDLE], "GET / HTTP/1.1\r\nHost: test\r\n\r\n");
    wire_text(&crowd[HALF], "GET / HTTP/1.1\r\nHost:");
    expect_end(&crowd[SILENT]);
    cr_assert(clock_now_ns() - start_ns >= 250 * NS_PER_MS, "closed too early");
    expect_hello(&crowd[IDLE]);
    expect_end(&crowd[IDLE]);
    cr_assert(wire_drain(&crowd[HALF]), "half a request holds its connection");
    cr_assert(clock_now_ns() - start_ns < 10 * NS_PER_S, "closed too late");
    close_crowd(KINDS);
    fixture_expect_at_rest(&fixture);
    fixture_terminate(&fixture);
    fixture_finish(&fixture, &end, &counters);
    cr_assert_eq(counters.timeouts, KINDS, "%d time-outs counted instead of %d", (int)counters.timeouts,
                 KINDS);
}

/* Who waits for a handler, or moves a little now and then, is not idle. */
static void busy_is_not_idle(struct fixture_plan plan)
{
    enum { PIECE = 4 };
    static const char request[] = "GET / HTTP/1.1\r\nHost: test\r\n\r\n";

    plan.options[0] = "--idle-timeout=500ms";
    fixture_begin(&fixture, &plan, &wire);
    wire_text(&wire, "GET /wait/900000 HTTP/1.1\r\nHost: test\r\n\r\n");
    expect_hello(&wire);
    for (size_t at = 0; at < strlen(request); at += PIECE) {
        wire_send(&wire, request + at, strnlen(request + at, PIECE));
        clock_sleep_ns(100 * NS_PER_MS);
    }
    expect_hello(&wire);
    fixture_end(&fixture, &wire);
}

/* ---- limits and counts ---- */

/* The client too many waits in the backlog, unharmed, and is served when one leaves. */
static void max_connections(struct fixture_plan plan)
{
    enum { MOST = 3 };
    size_t most;

    plan.clients = MOST + 2;
    plan.options[0] = "--max-connections=3";
    plan.in_order = true; /* who came first is served first, the last one waits */
    fixture_start(&fixture, &plan);
    most = fixture_serves_at_once(&fixture, MOST) ? MOST : 1;
    connect_crowd(most + 1);
    for (size_t i = 0; i < most + 1; i++) {
        wire_text(&crowd[i], "GET / HTTP/1.1\r\nHost: test\r\n\r\n");
        if (i < most)
            expect_hello(&crowd[i]);
    }
    cr_assert(wire_silent(&crowd[most], 300), "one more than allowed is served");
    wire_close(&crowd[1 % most]);
    expect_hello(&crowd[most]);
    close_crowd(most + 1);
    fixture_expect_unharmed(&fixture);
}

/* The server's counters agree with what its client did, to the byte. */
static void counters_agree(struct fixture_plan plan)
{
    enum { CONNECTIONS = 3, REQUESTS = 5 };
    struct counters_sum counters;
    struct program_end end;
    uint64_t sent = 0, received = 0;

    fixture_start(&fixture, &plan);
    for (int i = 0; i < CONNECTIONS; i++) {
        fixture_connect(&fixture, &wire);
        for (int j = 0; j < REQUESTS; j++) {
            wire_text(&wire, "GET / HTTP/1.1\r\nHost: test\r\n\r\n");
            expect_hello(&wire);
        }
        wire_text(&wire, i == 0 ? "NONSENSE\r\n\r\n" : "GET /nothing HTTP/1.1\r\nHost: test\r\n\r\n");
        expect_status(&wire, i == 0 ? 400 : 404, NULL);
        sent += wire.sent;
        received += wire.received;
        wire_close(&wire);
    }
    fixture_expect_at_rest(&fixture);
    fixture_terminate(&fixture);
    fixture_finish(&fixture, &end, &counters);
    cr_assert_eq(counters.accepted, CONNECTIONS);
    cr_assert_eq(counters.closed, CONNECTIONS);
    cr_assert_eq(counters.requests, CONNECTIONS * (REQUESTS + 1), "%d requests", (int)counters.requests);
    cr_assert_eq(counters.bad_requests, 1);
    cr_assert_eq(counters.bytes_in, sent);
    cr_assert_eq(counters.bytes_out, received);
    cr_assert(counters.aborted == 0 && counters.timeouts == 0 && counters.shed == 0);
}

/* /stats tells the truth while the server runs. */
static void stats(struct fixture_plan plan)
{
    char expected[64];
    struct reply reply;

    fixture_start(&fixture, &plan);
    fixture_expect_service(&fixture);
    fixture_expect_service(&fixture);
    fixture_connect(&fixture, &wire);
    for (int i = 0; i < 10; i++) {
        wire_text(&wire, "GET / HTTP/1.1\r\nHost: test\r\n\r\n");
        expect_hello(&wire);
    }
    wire_text(&wire, "GET /stats HTTP/1.1\r\nHost: test\r\n\r\n");
    expect_status(&wire, 200, &reply);
    snprintf(expected, sizeof(expected), "\"model\": \"%s\"", plan.model);
    cr_assert(strstr(reply.body, expected), "no %s in %s", expected, reply.body);
    cr_assert(strstr(reply.body, "\"requests\": 12,"), "12 requests before this one, but %s", reply.body);
    cr_assert(strstr(reply.body, "\"accepted\": 3,"), "3 connections, but %s", reply.body);
    reply_free(&reply);
    fixture_end(&fixture, &wire);
}

/* Another process can read the same counters from the file, while the server runs. */
static void counters_file(struct fixture_plan plan)
{
    const struct counters_table *table;
    char path[] = "/tmp/tenk-counters-XXXXXX", option[64];

    cr_assert(close(mkstemp(path)) == 0);
    snprintf(option, sizeof(option), "--counters=%s", path);
    plan.options[0] = option;
    fixture_start(&fixture, &plan);
    fixture_expect_service(&fixture);
    table = counters_map(path);
    cr_assert_not_null(table, "%s does not hold the counters", path);
    unlink(path);
    fixture_expect_at_rest(&fixture);
    cr_assert_eq(counters_sum(table).requests, 1);
    cr_assert_eq(counters_sum(table).accepted, 1);
    counters_unmap(table);
    fixture_expect_unharmed(&fixture);
}

MATRIX_SUITE(conformance_http_tcp);
MATRIX_SUITE(conformance_http_unix);

#define CASES(test, model)                                                                                   \
    test(model, interleaved) test(model, waits_overlap) test(model, waits_in_order)                          \
        test(model, reset_midway) test(model, reset_behind_bytes) test(model, nothing_left)                  \
            test(model, idle_timeout) test(model, busy_is_not_idle) test(model, max_connections)             \
                test(model, counters_agree) test(model, stats) test(model, counters_file)
#define MODEL(model) CASES(HTTP_TCP, model) CASES(HTTP_UNIX, model)
#define REFERENCE(model)
#include "models.def"
