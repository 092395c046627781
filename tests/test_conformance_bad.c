/*
 * Clients that are wrong: each is told so with the right status, loses its connection when nothing
 * behind the mistake can be trusted, and nobody else notices.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "expect.h"
#include "matrix.h"

static struct fixture fixture;
static struct wire wire;

static void expect_hello_now(void)
{
    wire_text(&wire, "GET / HTTP/1.1\r\nHost: test\r\n\r\n");
    expect_hello(&wire);
}

/*
 * A refused client that goes on sending still gets to read why. A server that just closes with input
 * unread sends a reset, and with it goes all that its socket has not sent yet; the client's small
 * window sees to it that this is nearly everything. RFC 9112, 9.6
 */
static void refused_while_sending(struct fixture_plan plan)
{
    enum { REST = 60000, ANSWER = 12000, WINDOW = 4096 };
    char *rest = expect_noise(REST, 3), *pattern = expect_pattern(ANSWER);

    fixture_start(&fixture, &plan);
    for (int i = 0; i < 5; i++) {
        cr_assert_eq(wire_open_narrow(&wire, fixture.endpoint, WINDOW), 0);
        wire_text(&wire, "GET /bytes/12000 HTTP/1.1\r\nHost: test\r\n\r\n"
                         "GET /one two HTTP/1.1\r\nHost: test\r\n\r\n");
        wire_send(&wire, rest, REST);
        wire_consumed(&wire);
        expect_reply(&wire, 200, pattern, ANSWER);
        expect_status(&wire, 400, NULL);
        expect_end(&wire);
        wire_close(&wire);
    }
    free(rest);
    free(pattern);
    fixture_expect_unharmed(&fixture);
}

/* What is understood but not to be had costs no connection. */
static void not_to_be_had(struct fixture_plan plan)
{
    static const struct {
        int status;
        const char *request, *allow;
    } table[] = {
        {404, "GET /nothing HTTP/1.1\r\nHost: test\r\n\r\n", NULL},
        {404, "GET /bytes HTTP/1.1\r\nHost: test\r\n\r\n", NULL},
        {404, "GET /%00 HTTP/1.1\r\nHost: test\r\n\r\n", NULL},
        {404, "GET /../etc/passwd HTTP/1.1\r\nHost: test\r\n\r\n", NULL},
        {404, "POST /nothing HTTP/1.1\r\nHost: test\r\nContent-Length: 5\r\n\r\nhello", NULL},
        {405, "GET /echo HTTP/1.1\r\nHost: test\r\n\r\n", "POST"},
        {405, "POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 0\r\n\r\n", "GET, HEAD"},
        {405, "POST /model HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
         "GET, HEAD"},
        {501, "BREW / HTTP/1.1\r\nHost: test\r\n\r\n", NULL},
        {501, "get / HTTP/1.1\r\nHost: test\r\n\r\n", NULL},
        {400, "GET /bytes/many HTTP/1.1\r\nHost: test\r\n\r\n", NULL},
        {400, "GET /bytes/-1 HTTP/1.1\r\nHost: test\r\n\r\n", NULL},
        {400, "GET /bytes/18446744073709551616 HTTP/1.1\r\nHost: test\r\n\r\n", NULL},
    };
    char value[REPLY_LINE_MAX];
    struct reply reply;

    fixture_begin(&fixture, &plan, &wire);
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        wire_text(&wire, table[i].request);
        expect_status(&wire, table[i].status, &reply);
        cr_assert(!reply.closes, "%s costs the connection", table[i].request);
        cr_assert(!table[i].allow ||
                      (reply_header(&reply, "Allow", value) && strcmp(value, table[i].allow) == 0),
                  "a 405 says what is allowed: RFC 9110, 15.5.6");
        reply_free(&reply);
        expect_hello_now();
    }
    fixture_end(&fixture, &wire);
}

/* Answered before the mistake, and not after it. */
static void good_before_bad(struct fixture_plan plan)
{
    fixture_begin(&fixture, &plan, &wire);
    wire_text(&wire, "GET / HTTP/1.1\r\nHost: test\r\n\r\nGET /model HTTP/1.1\r\nHost: test\r\n\r\n"
                     "GARBAGE\r\n\r\nGET / HTTP/1.1\r\nHost: test\r\n\r\n");
    expect_hello(&wire);
    expect_reply(&wire, 200, plan.model, strlen(plan.model));
    expect_status(&wire, 400, NULL);
    expect_end(&wire);
    fixture_end(&fixture, &wire);
}

/* A broken chunk: the answer may be on its way, so the connection just ends; never with a good end. */
static void broken_chunks(struct fixture_plan plan)
{
    static const char *const bodies[] = {"xyz\r\n",      "5\r\nhelloXX",         "\r\n",
                                         "-1\r\n",       "5 5\r\nhello\r\n",     "fffffffffffffffff\r\n",
                                         "5\nhello\r\n", "0\r\nno colon\r\n\r\n"};
    struct reply reply;

    fixture_start(&fixture, &plan);
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        fixture_connect(&fixture, &wire);
        wire_text(&wire, "POST /echo HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n");
        wire_text(&wire, bodies[i]);
        cr_assert(reply_read(&wire, &reply, false) < 0 || reply.status == 400, "%s was taken", bodies[i]);
        reply_free(&reply);
        cr_assert(wire_drain(&wire), "the connection stays open after %s", bodies[i]);
        wire_close(&wire);
        fixture_expect_service(&fixture);
    }
    fixture_expect_unharmed(&fixture);
}

MATRIX_SUITE(conformance_http_tcp);
MATRIX_SUITE(conformance_http_unix);

#define CASES(test, model)                                                                                   \
    test(model, refused_while_sending) test(model, not_to_be_had) test(model, good_before_bad)               \
        test(model, broken_chunks)
#define MODEL(model) CASES(HTTP_TCP, model) CASES(HTTP_UNIX, model)
#define REFERENCE(model)
#include "models.def"
