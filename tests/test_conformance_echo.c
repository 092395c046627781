/*
 * The echo protocol (RFC 862) under every model: all bytes come back, in order, to their sender.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "expect.h"
#include "matrix.h"

enum { MEBIBYTE = 1024 * 1024, CLIENTS = 200, NARROW = 4096 };

static struct fixture fixture;
static struct wire wire;
static struct wire crowd[CLIENTS];

/* Every byte value, alone and in all lengths up to 300. */
static void small(struct fixture_plan plan)
{
    char *noise = expect_noise(300, 4);

    fixture_begin(&fixture, &plan, &wire);
    for (int value = 0; value < 256; value++)
        expect_echo(&wire, &(char){(char)value}, 1);
    for (size_t size = 1; size <= 300; size++)
        expect_echo(&wire, noise, size);
    free(noise);
    fixture_end(&fixture, &wire);
}

/* A mebibyte both ways at once, then half-close: the rest comes back, then the end. */
static void megabyte(struct fixture_plan plan)
{
    char *noise = expect_noise(MEBIBYTE, 5);

    fixture_begin(&fixture, &plan, &wire);
    expect_echo(&wire, noise, MEBIBYTE);
    expect_echo(&wire, noise, MEBIBYTE);
    wire_half_close(&wire);
    expect_end(&wire);
    free(noise);
    fixture_end(&fixture, &wire);
}

/* Everything is sent and half-closed before the first byte is read back. */
static void half_close(struct fixture_plan plan)
{
    enum { SIZE = 60000 };
    char *noise = expect_noise(SIZE, 6), *back = malloc(SIZE);

    fixture_begin(&fixture, &plan, &wire);
    wire_send(&wire, noise, SIZE);
    wire_half_close(&wire);
    clock_sleep_ns(20 * NS_PER_MS);
    cr_assert_eq(wire_receive_all(&wire, back, SIZE), 0, "the rest does not come back after a half-close");
    cr_assert(memcmp(noise, back, SIZE) == 0, "other bytes come back");
    expect_end(&wire);
    wire_close(&wire);
    fixture_connect(&fixture, &wire);
    wire_half_close(&wire); /* nothing at all */
    expect_end(&wire);
    free(noise);
    free(back);
    fixture_end(&fixture, &wire);
}

/* A client that reads little at a time, while it has much to send. */
static void slow_reader(struct fixture_plan plan)
{
    char *noise = expect_noise(MEBIBYTE, 7), *back = malloc(MEBIBYTE);
    size_t at = 0;

    fixture_start(&fixture, &plan);
    cr_assert_eq(wire_open_narrow(&wire, fixture.endpoint, NARROW), 0);
    wire_queue(&wire, noise, MEBIBYTE);
    for (size_t n = 1; at < MEBIBYTE; at += n, n = n < 50000 ? n * 2 : n) {
        n = n < MEBIBYTE - at ? n : MEBIBYTE - at;
        cr_assert_eq(wire_receive_all(&wire, back + at, n), 0, "it ends after %zu bytes", at);
        clock_sleep_ns(NS_PER_MS);
    }
    cr_assert(memcmp(noise, back, MEBIBYTE) == 0, "other bytes come back");
    free(noise);
    free(back);
    fixture_end(&fixture, &wire);
}

/* 200 clients whose bytes never cross; one that is served alone closes before the next is. */
static void interleaved(struct fixture_plan plan)
{
    enum { SIZE = 500 };
    static char *noise[CLIENTS];
    char back[SIZE];

    plan.clients = CLIENTS;
    fixture_start(&fixture, &plan);
    for (unsigned i = 0; i < CLIENTS; i++) {
        fixture_connect(&fixture, &crowd[i]);
        noise[i] = expect_noise(SIZE, 100 + i);
    }
    for (size_t from = 0; from < SIZE; from += SIZE / 5) {
        for (size_t i = 0; i < CLIENTS; i++)
            cr_assert_eq(wire_send(&crowd[i], noise[i] + from, SIZE / 5), 0);
    }
    for (size_t i = 0; i < CLIENTS; i++) {
        cr_assert_eq(wire_receive_all(&crowd[i], back, SIZE), 0, "client %zu is not served", i);
        cr_assert(memcmp(back, noise[i], SIZE) == 0, "client %zu gets other bytes", i);
        wire_half_close(&crowd[i]);
        expect_end(&crowd[i]);
        wire_close(&crowd[i]);
        free(noise[i]);
    }
    fixture_expect_unharmed(&fixture);
}

static void leaves_early(struct fixture_plan plan)
{
    char *noise = expect_noise(MEBIBYTE, 8);

    fixture_start(&fixture, &plan);
    for (int i = 0; i < 20; i++) {
        fixture_connect(&fixture, &wire);
        wire_send(&wire, noise, 30000);
        if (i % 2 == 0)
            wire_reset(&wire);
        wire_close(&wire);
        fixture_expect_service(&fixture);
    }
    free(noise);
    fixture_expect_unharmed(&fixture);
}

/* Sends without ever reading: the server stops taking it in, instead of keeping it all. */
static void back_pressure(struct fixture_plan plan)
{
    enum { MUCH = 64 * MEBIBYTE };
    char *noise = expect_noise(MEBIBYTE, 9);
    struct counters_sum counters;
    struct program_end finished;

    fixture_begin(&fixture, &plan, &wire);
    for (int silent = 0; silent < 50 && wire.sent < MUCH;) {
        uint64_t before = wire.sent;

        wire_push(&wire, noise, MEBIBYTE);
        silent = wire.sent == before ? silent + 1 : 0;
        clock_sleep_ns(2 * NS_PER_MS);
    }
    cr_assert(wire.sent < MUCH, "the server swallowed 64 MiB that it could not give back");
    wire_reset(&wire);
    fixture_expect_service(&fixture);
    fixture_expect_at_rest(&fixture);
    fixture_terminate(&fixture);
    fixture_finish(&fixture, &finished, &counters);
    cr_assert(counters.bytes_in < MUCH);
    free(noise);
}

static void idle_timeout(struct fixture_plan plan)
{
    plan.options[0] = "--idle-timeout=300ms";
    fixture_begin(&fixture, &plan, &wire);
    expect_echo(&wire, "x", 1);
    expect_end(&wire);
    fixture_end(&fixture, &wire);
}

static void stopped_while_idle(struct fixture_plan plan)
{
    struct counters_sum counters;
    struct program_end finished;

    fixture_begin(&fixture, &plan, &wire);
    expect_echo(&wire, "x", 1);
    fixture_terminate(&fixture);
    expect_end(&wire);
    wire_close(&wire);
    fixture_finish(&fixture, &finished, &counters);
    cr_assert_eq(counters.requests, 1, "a receive that was echoed counts as a request");
    cr_assert_eq(counters.bytes_in, 1);
    cr_assert_eq(counters.bytes_out, 1);
}

MATRIX_SUITE(conformance_echo_tcp);
MATRIX_SUITE(conformance_echo_unix);

#define CASES(test, model)                                                                                   \
    test(model, small) test(model, megabyte) test(model, half_close) test(model, slow_reader)                \
        test(model, interleaved) test(model, leaves_early) test(model, back_pressure)                        \
            test(model, idle_timeout) test(model, stopped_while_idle)
#define MODEL(model) CASES(ECHO_TCP, model) CASES(ECHO_UNIX, model)
#define REFERENCE(model)
#include "models.def"
