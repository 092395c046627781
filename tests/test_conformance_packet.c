/*
 * Connections that keep records whole (SOCK_SEQPACKET), under every model: a record comes back as a record,
 * and HTTP works as long as a request fits one. And IPv6, where nothing but the address differs.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "buffers.h"
#include "clock.h"
#include "expect.h"
#include "matrix.h"

enum { CLIENTS = 20, PIPELINED = 30 };

static struct fixture fixture;
static struct wire wire;
static struct wire crowd[CLIENTS];

static void send_record(const void *bytes, size_t size)
{
    cr_assert_eq(wire_send(&wire, bytes, size), 0, "a record of %zu bytes is not taken", size);
}

/* wire_receive gives what one recv(2) brought, if there is room for it: a record. */
static void expect_record(const void *bytes, size_t size)
{
    static char back[WIRE_BUFFER];
    ssize_t got = wire_receive(&wire, back, sizeof back);

    cr_assert_eq(got, (ssize_t)size, "a record of %zu bytes comes back with %zd", size, got);
    cr_assert(memcmp(back, bytes, size) == 0, "other bytes come back");
}

static void records(struct fixture_plan plan)
{
    char *noise = expect_noise(BUFFER_SIZE, 4);

    fixture_begin(&fixture, &plan, &wire);
    for (size_t size = 1; size <= 200; size++) {
        send_record(noise, size);
        expect_record(noise, size);
    }
    for (size_t size = 1000; size <= BUFFER_SIZE; size += size == 15000 ? BUFFER_SIZE - 15000 : 1000) {
        send_record(noise, size);
        expect_record(noise, size);
    }
    free(noise);
    fixture_end(&fixture, &wire);
}

/* Sent before the first comes back: a server that receives as from a stream would run them together. */
static void pipelined(struct fixture_plan plan)
{
    char *noise = expect_noise(PIPELINED * 100, 5);

    fixture_begin(&fixture, &plan, &wire);
    for (int round = 0; round < 5; round++) {
        for (size_t i = 1; i <= PIPELINED; i++)
            send_record(noise + i, i * 97);
        for (size_t i = 1; i <= PIPELINED; i++)
            expect_record(noise + i, i * 97);
    }
    wire_half_close(&wire);
    expect_end(&wire);
    free(noise);
    fixture_end(&fixture, &wire);
}

/* Its end is lost already: the connection is closed and counted, and nobody else is harmed. */
static void too_long(struct fixture_plan plan)
{
    char *noise = expect_noise(BUFFER_SIZE + 1, 6);
    struct counters_sum counters;
    struct program_end finished;

    fixture_begin(&fixture, &plan, &wire);
    send_record("x", 1);
    expect_record("x", 1);
    send_record(noise, BUFFER_SIZE + 1);
    cr_assert(wire_ended(&wire), "something comes back of a record that was cut off");
    wire_close(&wire);
    fixture_expect_service(&fixture);
    fixture_expect_at_rest(&fixture);
    fixture_terminate(&fixture);
    fixture_finish(&fixture, &finished, &counters);
    cr_assert_eq(counters.bad_requests, 1);
    cr_assert_eq(counters.requests, 2, "two records were echoed");
    free(noise);
}

/* A client that sends without reading is not read from any more; then everything comes, as it was sent. */
static void back_pressure(struct fixture_plan plan)
{
    enum { SIZE = 9000, MANY = 4000 };
    char *noise = expect_noise(SIZE + MANY, 7);
    int sent = 0;

    fixture_begin(&fixture, &plan, &wire);
    for (int silent = 0; silent < 50 && sent < MANY;) {
        ssize_t n = wire_push(&wire, noise + sent, SIZE);

        cr_assert(n == 0 || n == SIZE, "a record is whole or not there: %zd", n);
        silent = n == 0 ? silent + 1 : 0;
        sent += n == SIZE;
        if (n == 0)
            clock_sleep_ns(2 * NS_PER_MS);
    }
    cr_assert(sent < MANY, "the server swallowed %d records that it could not give back", MANY);
    for (int i = 0; i < sent; i++)
        expect_record(noise + i, SIZE);
    free(noise);
    fixture_end(&fixture, &wire);
}

static void interleaved(struct fixture_plan plan)
{
    char text[32], back[32];

    plan.clients = CLIENTS;
    fixture_skip_unless_at_once(&plan, CLIENTS);
    fixture_start(&fixture, &plan);
    for (unsigned i = 0; i < CLIENTS; i++)
        fixture_connect(&fixture, &crowd[i]);
    for (int round = 0; round < 10; round++) {
        for (int i = 0; i < CLIENTS; i++)
            wire_send(&crowd[i], text, (size_t)snprintf(text, sizeof text, "%d of client %d", round, i));
        for (int i = 0; i < CLIENTS; i++) {
            ssize_t size = snprintf(text, sizeof text, "%d of client %d", round, i);

            cr_assert_eq(wire_receive(&crowd[i], back, sizeof back), size);
            cr_assert(memcmp(text, back, (size_t)size) == 0, "client %d gets another's record", i);
        }
    }
    for (unsigned i = 0; i < CLIENTS; i++)
        wire_close(&crowd[i]);
    fixture_expect_unharmed(&fixture);
}

static void stopped_while_idle(struct fixture_plan plan)
{
    struct counters_sum counters;
    struct program_end finished;

    fixture_begin(&fixture, &plan, &wire);
    send_record("x", 1);
    expect_record("x", 1);
    fixture_terminate(&fixture);
    expect_end(&wire);
    wire_close(&wire);
    fixture_finish(&fixture, &finished, &counters);
    cr_assert_eq(counters.requests, 1);
    cr_assert_eq(counters.accepted, 1);
    cr_assert_eq(counters.bytes_out, 1);
}

/* ---- HTTP ---- */

static void get(struct fixture_plan plan)
{
    fixture_begin(&fixture, &plan, &wire);
    for (int i = 0; i < 3; i++) {
        wire_text(&wire, "GET / HTTP/1.1\r\nHost: test\r\n\r\n");
        expect_hello(&wire);
    }
    wire_text(&wire, "GET / HTTP/1.1\r\nHost: test\r\n\r\nGET / HTTP/1.1\r\nHost: test\r\n\r\n");
    expect_hello(&wire);
    expect_hello(&wire);
    fixture_end(&fixture, &wire);
}

static void in_pieces(struct fixture_plan plan)
{
    fixture_begin(&fixture, &plan, &wire);
    wire_text(&wire, "GET / HTTP/1.1\r\nHo");
    wire_text(&wire, "st: test\r\n");
    wire_text(&wire, "\r\nGET / HTTP/1.1\r\n");
    expect_hello(&wire);
    wire_text(&wire, "Host: test\r\n\r\n");
    expect_hello(&wire);
    fixture_end(&fixture, &wire);
}

MATRIX_SUITE(conformance_echo_packet);
MATRIX_SUITE(conformance_http_packet);
MATRIX_SUITE(conformance_http_tcp6);

#define ECHO_CASES(test, model)                                                                              \
    test(model, records) test(model, pipelined) test(model, too_long) test(model, back_pressure)             \
        test(model, interleaved) test(model, stopped_while_idle)
#define MODEL(model)                                                                                         \
    ECHO_CASES(ECHO_PACKET, model)                                                                           \
    HTTP_PACKET(model, get) HTTP_PACKET(model, in_pieces) HTTP_TCP6(model, get)
#define REFERENCE(model)
#include "models.def"
