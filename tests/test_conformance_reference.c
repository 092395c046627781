/*
 * The yardsticks: not servers, so they are only asked for what they promise. `ceiling` gives a canned
 * answer of the right shape to whatever arrives, `null` accepts and closes; both start and stop like
 * any model.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "expect.h"
#include "matrix.h"

static struct fixture fixture;
static struct wire wire;

/* ---- every yardstick ---- */

static void is_marked(struct fixture_plan plan)
{
    struct model_facts facts;

    fixture_facts(plan.model, &facts);
    cr_assert(facts.reference, "%s is not listed as a yardstick", plan.model);
}

static void starts_and_stops(struct fixture_plan plan)
{
    fixture_start(&fixture, &plan);
    for (int i = 0; i < 100; i++) {
        fixture_connect(&fixture, &wire);
        wire_half_close(&wire);
        cr_assert(wire_drain(&wire), "%s: the connection does not end", plan.model);
        wire_close(&wire);
    }
    fixture_expect_at_rest(&fixture);
    fixture_stop(&fixture);
}

static void stops_with_a_client(struct fixture_plan plan)
{
    fixture_begin(&fixture, &plan, &wire);
    fixture_terminate(&fixture);
    cr_assert(wire_drain(&wire), "%s: the connection does not end", plan.model);
    wire_close(&wire);
    fixture_finish(&fixture, &(struct program_end){0}, &(struct counters_sum){0});
}

MATRIX_SUITE(conformance_http_tcp);
MATRIX_SUITE(conformance_http_unix);

#define CASES(test, model)                                                                                   \
    test(model, is_marked) test(model, starts_and_stops) test(model, stops_with_a_client)
#define MODEL(model)
#define REFERENCE(model) CASES(HTTP_TCP, model) CASES(HTTP_UNIX, model)
#include "models.def"

/* ---- each for itself ---- */

TestSuite(conformance_reference, .timeout = MATRIX_TIMEOUT_S, .fini = fixture_leave);

/* Head and body have the shape of a real answer: the same fields, the same length. */
Test(conformance_reference, ceiling_answers_as_a_model_would)
{
    static const char *const models[] = {"ceiling", "epoll"};
    struct reply replies[2];

    for (size_t i = 0; i < 2; i++) {
        fixture_start(&fixture, &(struct fixture_plan){.model = models[i]});
        fixture_connect(&fixture, &wire);
        for (int j = 0; j < 3; j++) {
            wire_text(&wire, "GET / HTTP/1.1\r\nHost: test\r\n\r\n");
            expect_status(&wire, 200, &replies[i]);
            cr_assert_str_eq(replies[i].body, EXPECT_HELLO);
            reply_free(&replies[i]);
        }
        wire_close(&wire);
        fixture_stop(&fixture);
    }
    cr_assert_eq(replies[0].head_size, replies[1].head_size + strlen("ceiling") - strlen("epoll"),
                 "the heads differ in more than the name:\n%s\n%s", replies[0].head, replies[1].head);
}

Test(conformance_reference, ceiling_echoes)
{
    char *noise = expect_noise(10000, 10);

    fixture_start(&fixture, &(struct fixture_plan){.model = "ceiling", .protocol = "echo"});
    fixture_connect(&fixture, &wire);
    for (size_t size = 1; size < 10000; size *= 3)
        expect_echo(&wire, noise, size);
    wire_close(&wire);
    free(noise);
    fixture_expect_unharmed(&fixture);
}

Test(conformance_reference, ceiling_serves_many)
{
    enum { MANY = 100 };
    static struct wire crowd[MANY];

    fixture_start(&fixture, &(struct fixture_plan){.model = "ceiling"});
    for (size_t i = 0; i < MANY; i++)
        fixture_connect(&fixture, &crowd[i]);
    for (size_t i = 0; i < MANY; i++)
        wire_text(&crowd[i], "GET / HTTP/1.1\r\nHost: test\r\n\r\n");
    for (size_t i = 0; i < MANY; i++) {
        expect_hello(&crowd[i]);
        wire_close(&crowd[i]);
    }
    fixture_expect_at_rest(&fixture);
    fixture_stop(&fixture);
}

Test(conformance_reference, null_says_nothing)
{
    struct counters_sum counters;
    struct program_end end;

    fixture_start(&fixture, &(struct fixture_plan){.model = "null"});
    for (int i = 0; i < 50; i++) {
        fixture_connect(&fixture, &wire);
        expect_end(&wire);
        wire_close(&wire);
    }
    fixture_expect_at_rest(&fixture);
    fixture_terminate(&fixture);
    fixture_finish(&fixture, &end, &counters);
    cr_assert(counters.accepted == 50 && counters.closed == 50 && counters.bytes_out == 0);
}
