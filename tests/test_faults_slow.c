/*
 * Clients that take their time: a byte now and then, in every place where a server waits for more, minds no
 * idle time-out. Each is bounded by --request-timeout, under every model; who is slow but moves is served;
 * and others are not held up beyond what the model's documentation says.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "expect.h"
#include "matrix.h"

enum {
    STEP_MS = 50,        /* between two bytes of a slow client */
    CROWD = 60,          /* slow clients at a time */
    CROWD_STRESS = 1000, /* with TENK_STRESS */
    DEADLINE_S = 60,
};

static struct fixture fixture;
static struct wire wire;
static struct wire crowd[CROWD_STRESS];

/* Where a client can be slow: what it sends at once; then it goes on with one byte at a time. */
static const struct {
    const char *name, *begin;
    char byte;
} kinds[] = {
    {"method", "G", 'E'},
    {"target", "GET /", 'x'},
    {"field", "GET / HTTP/1.1\r\nHost: te", 's'},
    {"body", "POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 100000\r\n\r\n", 'b'},
    {"chunk", "POST /echo HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\nffff\r\n", 'c'},
    {"second request", "GET / HTTP/1.1\r\nHost: test\r\n\r\nGET / HTTP/1.1\r\nX: ", 'y'},
};

enum { KINDS = sizeof(kinds) / sizeof(kinds[0]) };

/* One more byte from each that is still connected; returns how many are. */
static int trickle(int clients)
{
    char bytes[WIRE_BUFFER];
    int alive = 0;

    for (int i = 0; i < clients; i++) {
        if (crowd[i].fd < 0)
            continue;
        wire_push(&crowd[i], &kinds[i % KINDS].byte, 1);
        while (!wire_silent(&crowd[i], 0) && crowd[i].fd >= 0)
            if (wire_receive(&crowd[i], bytes, sizeof(bytes)) <= 0)
                wire_close(&crowd[i]);
        alive += crowd[i].fd >= 0;
    }
    return alive;
}

static void connect_slow_ones(int clients)
{
    for (int i = 0; i < clients; i++) {
        fixture_connect(&fixture, &crowd[i]);
        wire_text(&crowd[i], kinds[i % KINDS].begin);
    }
}

/* All of them are closed in time and counted, also by a pool that has fewer workers than there are of them.
 */
static void slow_clients_are_closed(struct fixture_plan plan)
{
    int64_t deadline_ns = clock_now_ns() + DEADLINE_S * NS_PER_S;
    struct counters_sum counters;
    struct program_end end;

    plan.clients = 2;
    plan.options[0] = "--request-timeout=300ms";
    plan.options[1] = "--idle-timeout=30s";
    fixture_start(&fixture, &plan);
    connect_slow_ones(KINDS);
    while (trickle(KINDS) > 0) {
        cr_assert(clock_now_ns() < deadline_ns, "%s: a byte now and then holds a connection", plan.model);
        clock_sleep_ns(STEP_MS * NS_PER_MS);
    }
    fixture_expect_service(&fixture);
    fixture_expect_at_rest(&fixture);
    fixture_terminate(&fixture);
    fixture_finish(&fixture, &end, &counters);
    cr_assert_eq(counters.timeouts, KINDS, "%s: %d time-outs counted, not %d", plan.model,
                 (int)counters.timeouts, KINDS);
}

/* A crowd of slow clients costs the others nothing where a connection does not occupy a worker. */
static void others_are_served_among_slow_ones(struct fixture_plan plan)
{
    int clients = getenv("TENK_STRESS") ? CROWD_STRESS : CROWD;
    struct counters_sum counters;
    struct program_end end;

    plan.clients = 4;
    fixture_skip_unless_at_once(&plan, clients);
    fixture_start(&fixture, &plan);
    connect_slow_ones(clients);
    for (int i = 0; i < 10; i++) {
        trickle(clients);
        fixture_expect_service(&fixture);
    }
    for (int i = 0; i < clients; i++)
        wire_close(&crowd[i]);
    fixture_expect_at_rest(&fixture);
    fixture_terminate(&fixture);
    fixture_finish(&fixture, &end, &counters);
    cr_assert_eq(counters.timeouts, 0);
}

/* A pool, or a single place, full of silent clients: the idle time-out frees it. */
static void a_full_house_recovers(struct fixture_plan plan)
{
    enum { WORKERS = 2, SILENT = 5 };

    plan.clients = WORKERS;
    plan.options[0] = "--idle-timeout=200ms";
    fixture_start(&fixture, &plan);
    for (int i = 0; i < SILENT; i++)
        fixture_connect(&fixture, &crowd[i]);
    fixture_expect_service(&fixture);
    for (int i = 0; i < SILENT; i++) {
        expect_end(&crowd[i]);
        wire_close(&crowd[i]);
    }
    fixture_expect_unharmed(&fixture);
}

/*
 * A full pool, and an idle time-out that is far away. While nobody waits a silent client keeps its place;
 * when somebody does it gives it up, so a fresh client is answered long before the time-out.
 */
static void a_full_house_makes_room(struct fixture_plan plan)
{
    enum { WORKERS = 2, SILENT = 4, SILENCE_MS = 1300 };

    plan.clients = WORKERS;
    plan.options[0] = "--idle-timeout=10m";
    fixture_start(&fixture, &plan);
    for (int asked = 0; asked < 2; asked++) {
        if (asked == 0)
            fixture_connect(&fixture, &crowd[0]);
        else
            clock_sleep_ns(SILENCE_MS * NS_PER_MS);
        wire_text(&crowd[0], "GET / HTTP/1.1\r\nHost: test\r\n\r\n");
        expect_hello(&crowd[0]);
    }
    for (int i = 1; i < SILENT; i++) {
        fixture_connect(&fixture, &crowd[i]);
        wire_text(&crowd[i], i % 2 ? "" : "GET / HT");
    }
    fixture_expect_service(&fixture);
    for (int i = 0; i < SILENT; i++)
        wire_close(&crowd[i]);
    fixture_expect_unharmed(&fixture);
}

/* Slow, but it moves: an upload that takes several times the time-out is honest. */
static void a_long_upload_is_served(struct fixture_plan plan)
{
    enum { PIECE = 2000, PIECES = 20, PIECE_MS = 60 };
    char *body = expect_noise(PIECE * PIECES, 5);

    plan.options[0] = "--request-timeout=300ms";
    fixture_begin(&fixture, &plan, &wire);
    wire_text(&wire, "POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 40000\r\n\r\n");
    for (size_t i = 0; i < PIECES; i++) {
        cr_assert_eq(wire_send(&wire, body + i * PIECE, PIECE), 0);
        clock_sleep_ns(PIECE_MS * NS_PER_MS);
    }
    expect_reply(&wire, 200, body, PIECE * PIECES);
    wire_close(&wire);
    free(body);
    fixture_expect_unharmed(&fixture);
}

/* A handler that waits is the server's doing, not the client's. */
static void a_handler_may_take_longer(struct fixture_plan plan)
{
    plan.options[0] = "--request-timeout=200ms";
    fixture_begin(&fixture, &plan, &wire);
    for (int i = 0; i < 2; i++) {
        wire_text(&wire, "GET /wait/600000 HTTP/1.1\r\nHost: test\r\n\r\n");
        expect_hello(&wire);
    }
    fixture_end(&fixture, &wire);
}

/* Who was refused and goes on sending, a byte at a time, is not listened to for ever. */
static void a_refused_client_is_let_go(struct fixture_plan plan)
{
    int64_t deadline_ns = clock_now_ns() + DEADLINE_S * NS_PER_S;

    fixture_begin(&fixture, &plan, &wire);
    wire_text(&wire, "GET\r\n\r\n");
    expect_status(&wire, 400, NULL);
    while (wire_push(&wire, "x", 1) >= 0) {
        cr_assert(clock_now_ns() < deadline_ns, "%s: it lingers for ever", plan.model);
        clock_sleep_ns(STEP_MS * NS_PER_MS);
    }
    fixture_end(&fixture, &wire);
}

MATRIX_SUITE(faults);

#define CASES(test, model)                                                                                   \
    test(model, slow_clients_are_closed) test(model, others_are_served_among_slow_ones)                      \
        test(model, a_full_house_recovers) test(model, a_full_house_makes_room)                              \
            test(model, a_long_upload_is_served) test(model, a_handler_may_take_longer)                      \
                test(model, a_refused_client_is_let_go)
#define MODEL(model) CASES(FAULTS, model)
#define REFERENCE(model)
#include "models.def"
