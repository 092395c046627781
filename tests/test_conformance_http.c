/*
 * What every model must say over HTTP/1.1, however the bytes of the request happen to arrive.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "clock.h"
#include "conn.h"
#include "expect.h"
#include "matrix.h"
#include "process.h"

enum { LONG_BODIES = 8, MEBIBYTE = 1024 * 1024, PIPELINED = 100, NARROW = 4096 };

static struct fixture fixture;
static struct wire wire;

static void expect_bytes(size_t size)
{
    char *pattern = expect_pattern(size);

    expect_reply(&wire, 200, pattern, size);
    free(pattern);
}

/* ---- targets and methods ---- */

static void get(struct fixture_plan plan)
{
    static const size_t sizes[] = {0, 1, 65, 66, 16384, 65520, 65521, 200000};
    char request[128];

    fixture_begin(&fixture, &plan, &wire);
    wire_text(&wire, "GET / HTTP/1.1\r\nHost: test\r\n\r\n");
    expect_hello(&wire);
    wire_text(&wire, "GET /model HTTP/1.1\r\nHost: test\r\n\r\n");
    expect_reply(&wire, 200, plan.model, strlen(plan.model));
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        snprintf(request, sizeof(request), "GET /bytes/%zu HTTP/1.1\r\nhOST: test\r\n\r\n", sizes[i]);
        wire_text(&wire, request);
        expect_bytes(sizes[i]);
    }
    fixture_end(&fixture, &wire);
}

/* The answer to HEAD has the fields of the one to GET and no body: the next answer follows at once. */
static void head(struct fixture_plan plan)
{
    struct reply reply;

    fixture_begin(&fixture, &plan, &wire);
    wire_text(&wire, "HEAD /bytes/70000 HTTP/1.1\r\nHost: test\r\n\r\nHEAD / HTTP/1.1\r\nHost: test\r\n\r\n"
                     "GET / HTTP/1.1\r\nHost: test\r\n\r\n");
    cr_assert_eq(reply_read(&wire, &reply, true), 0, "%s", reply.failure);
    cr_assert(reply.status == 200 && reply.announced == 70000);
    cr_assert_eq(reply_read(&wire, &reply, true), 0, "%s", reply.failure);
    cr_assert(reply.status == 200 && reply.announced == strlen(EXPECT_HELLO));
    expect_hello(&wire);
    fixture_end(&fixture, &wire);
}

static void wait_and_spin(struct fixture_plan plan)
{
    enum { WAIT_US = 60000, SPIN_US = 40000 };
    int64_t start_ns, cpu_ms;
    char request[128];

    fixture_begin(&fixture, &plan, &wire);
    start_ns = clock_now_ns();
    snprintf(request, sizeof(request), "GET /wait/%d HTTP/1.1\r\nHost: test\r\n\r\n", WAIT_US);
    wire_text(&wire, request);
    expect_hello(&wire);
    cr_assert(clock_now_ns() - start_ns >= WAIT_US * NS_PER_US, "it did not wait");
    cpu_ms = process_cpu_ms(fixture.program.pid);
    snprintf(request, sizeof(request), "GET /spin/%d HTTP/1.1\r\nHost: test\r\n\r\n", SPIN_US);
    wire_text(&wire, request);
    expect_hello(&wire);
    cpu_ms = process_cpu_ms(fixture.program.pid) - cpu_ms;
    cr_assert(cpu_ms >= SPIN_US / 1000 / 2, "it spun %d ms of CPU time", (int)cpu_ms); /* ticks are coarse */
    fixture_end(&fixture, &wire);
}

/* ---- bodies ---- */

static void post_length(struct fixture_plan plan)
{
    char *noise = expect_noise(MEBIBYTE, 1);
    char head_text[128];

    fixture_begin(&fixture, &plan, &wire);
    wire_text(&wire, "POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 0\r\n\r\n");
    expect_reply(&wire, 200, "", 0);
    wire_text(&wire, "POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 5\r\n\r\nhelloGET / "
                     "HTTP/1.1\r\nHost: a\r\n\r\n");
    expect_reply(&wire, 200, "hello", 5);
    expect_hello(&wire);
    snprintf(head_text, sizeof(head_text), "POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: %d\r\n\r\n",
             MEBIBYTE);
    /* More than once: io_uring slept over a send whose receive was cancelled in the same round, now and then.
     */
    for (int i = 0; i < LONG_BODIES; i++) {
        wire_text(&wire, head_text);
        wire_queue(&wire, noise, MEBIBYTE);
        expect_reply(&wire, 200, noise, MEBIBYTE);
    }
    free(noise);
    fixture_end(&fixture, &wire);
}

/* The line before a chunk of n bytes, in the forms RFC 9112, 7.1 allows. */
static int chunk_line(char *line, unsigned n)
{
    switch (n % 3) {
    case 0:
        return sprintf(line, "%x;name=value\r\n", n);
    case 1:
        return sprintf(line, "%04X\r\n", n);
    default:
        return sprintf(line, "%x;q=\"a b\"\r\n", n);
    }
}

/* Chunks of every length from 1 to 20, with extensions, leading zeros, both cases of hex, trailers. */
static size_t small_chunks(char *request, char *body)
{
    size_t size = 0, length = 0;

    length +=
        (size_t)sprintf(request, "POST /echo HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (unsigned n = 1; n <= 20; n++) {
        length += (size_t)chunk_line(request + length, n);
        for (unsigned i = 0; i < n; i++)
            request[length++] = body[size++] = (char)('a' + (n + i) % 26);
        length += (size_t)sprintf(request + length, "\r\n");
    }
    length += (size_t)sprintf(request + length, "0\r\nChecksum: none\r\nAnother: one\r\n\r\n");
    body[size] = '\0';
    return length;
}

static void post_chunked(struct fixture_plan plan)
{
    char request[2048], body[512];
    struct reply reply;

    fixture_begin(&fixture, &plan, &wire);
    for (int i = 0; i < 3; i++) {
        wire_send(&wire, request, small_chunks(request, body));
        expect_status(&wire, 200, &reply);
        cr_assert(reply.chunked, "chunked in, chunked out");
        cr_assert_str_eq(reply.body, body);
        reply_free(&reply);
    }
    fixture_end(&fixture, &wire);
}

/* The same request cut in two at each of its bytes, all on one connection. */
static void post_chunked_split(struct fixture_plan plan)
{
    char request[2048], body[512];
    size_t size = small_chunks(request, body);

    fixture_begin(&fixture, &plan, &wire);
    for (size_t cut = 1; cut < size; cut++) {
        wire_send(&wire, request, cut);
        cr_assert_eq(wire_consumed(&wire), 0);
        wire_send(&wire, request + cut, size - cut);
        expect_reply(&wire, 200, body, strlen(body));
    }
    fixture_end(&fixture, &wire);
}

/* A mebibyte in chunks of odd sizes, sent while the answer is received. */
static void post_chunked_large(struct fixture_plan plan)
{
    char *noise = expect_noise(MEBIBYTE, 2), *request = malloc(2 * MEBIBYTE);
    size_t length = 0, chunk = 1;

    length +=
        (size_t)sprintf(request, "POST /echo HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (size_t at = 0; at < MEBIBYTE; at += chunk) {
        chunk = 1 + (at * 7919 + 13) % 30000;
        chunk = chunk < MEBIBYTE - at ? chunk : MEBIBYTE - at;
        length += (size_t)sprintf(request + length, "%zx\r\n", chunk);
        memcpy(request + length, noise + at, chunk);
        length += chunk;
        length += (size_t)sprintf(request + length, "\r\n");
    }
    length += (size_t)sprintf(request + length, "0\r\n\r\n");
    fixture_begin(&fixture, &plan, &wire);
    wire_queue(&wire, request, length);
    expect_reply(&wire, 200, noise, MEBIBYTE);
    free(request);
    free(noise);
    fixture_end(&fixture, &wire);
}

static void expect_continue(struct fixture_plan plan)
{
    char line[REPLY_LINE_MAX];

    fixture_begin(&fixture, &plan, &wire);
    wire_text(&wire,
              "POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
    cr_assert(wire_line(&wire, line, sizeof(line)) > 0, "no answer to Expect");
    cr_assert_eq(strncmp(line, "HTTP/1.1 100 ", 13), 0, "not 100 Continue but: %s", line);
    cr_assert_eq(wire_line(&wire, line, sizeof(line)), 0);
    wire_text(&wire, "abc");
    expect_reply(&wire, 200, "abc", 3);
    fixture_end(&fixture, &wire);
}

/* ---- how the bytes arrive ---- */

static void split(struct fixture_plan plan)
{
    static const char request[] = "GET /bytes/70 HTTP/1.1\r\nHost: test\r\nX-Any: thing\r\n\r\n";

    fixture_begin(&fixture, &plan, &wire);
    for (size_t cut = 1; cut < strlen(request); cut++) {
        wire_send(&wire, request, cut);
        cr_assert_eq(wire_consumed(&wire), 0);
        wire_text(&wire, request + cut);
        expect_bytes(70);
    }
    for (const char *byte = request; *byte; byte++) {
        wire_send(&wire, byte, 1);
        cr_assert_eq(wire_consumed(&wire), 0);
    }
    expect_bytes(70);
    fixture_end(&fixture, &wire);
}

/* More requests in one segment than a turn answers; the sizes tell the answers apart. */
static void pipelining(struct fixture_plan plan)
{
    char requests[PIPELINED * 64];
    size_t length = 0;

    for (int i = 0; i < PIPELINED; i++)
        length += (size_t)sprintf(requests + length, "GET /bytes/%d HTTP/1.1\r\nHost: test\r\n\r\n", i * 7);
    fixture_begin(&fixture, &plan, &wire);
    wire_send(&wire, requests, length);
    for (int i = 0; i < PIPELINED; i++)
        expect_bytes((size_t)i * 7);
    fixture_end(&fixture, &wire);
}

/* Just as many requests in one segment as a turn answers, or a few turns: what is used up is not waited for.
 */
static void pipelining_whole_turns(struct fixture_plan plan)
{
    static const char request[] = "GET / HTTP/1.1\r\nHost: test\r\n\r\n";
    static char requests[2 * CONN_TURN_REQUESTS * sizeof request];
    const unsigned each[] = {CONN_TURN_REQUESTS, 2 * CONN_TURN_REQUESTS, 1, CONN_TURN_REQUESTS, 1};

    requests[0] = '\0';
    for (unsigned i = 0; i < 2 * CONN_TURN_REQUESTS; i++)
        strcat(requests, request);
    fixture_begin(&fixture, &plan, &wire);
    for (size_t round = 0; round < sizeof each / sizeof *each; round++) {
        wire_send(&wire, requests, each[round] * (sizeof request - 1));
        for (unsigned i = 0; i < each[round]; i++)
            expect_hello(&wire);
    }
    fixture_end(&fixture, &wire);
}

/* Pipelined answers worth 20 MB and a client that reads only when all requests are out. */
static void pipelining_large(struct fixture_plan plan)
{
    enum { SIZE = 200000 };
    char requests[PIPELINED * 64];
    size_t length = 0;

    for (int i = 0; i < PIPELINED; i++)
        length +=
            (size_t)sprintf(requests + length, "GET /bytes/%d HTTP/1.1\r\nHost: test\r\n\r\n", SIZE + i);
    fixture_begin(&fixture, &plan, &wire);
    wire_send(&wire, requests, length);
    for (size_t i = 0; i < PIPELINED; i++)
        expect_bytes(SIZE + i);
    fixture_end(&fixture, &wire);
}

/* A client with little room that reads little at a time: the server must send in many parts. */
static void slow_reader(struct fixture_plan plan)
{
    char *pattern = expect_pattern(MEBIBYTE), *body = malloc(MEBIBYTE);
    char line[REPLY_LINE_MAX];
    ssize_t length;
    size_t at = 0;

    fixture_start(&fixture, &plan);
    cr_assert_eq(wire_open_narrow(&wire, fixture.endpoint, NARROW), 0);
    wire_text(&wire, "GET /bytes/1048576 HTTP/1.1\r\nHost: test\r\n\r\n");
    while ((length = wire_line(&wire, line, sizeof(line))) > 0)
        ;
    cr_assert_eq(length, 0, "the header does not end");
    for (size_t n = 1; at < MEBIBYTE; at += n, n = n < 60000 ? n * 2 : n) {
        n = n < MEBIBYTE - at ? n : MEBIBYTE - at;
        cr_assert_eq(wire_receive_all(&wire, body + at, n), 0, "the body ends after %zu bytes", at);
        clock_sleep_ns(NS_PER_MS);
    }
    cr_assert(memcmp(body, pattern, MEBIBYTE) == 0, "the body is another one");
    free(pattern);
    free(body);
    fixture_end(&fixture, &wire);
}

/* A request that comes while the answer before it is stuck must not be forgotten when that moves again. */
static void request_behind_a_stuck_answer(struct fixture_plan plan)
{
    enum { STUCK = 16 * MEBIBYTE };
    char *pattern = expect_pattern(STUCK), *body = malloc(STUCK);
    char line[REPLY_LINE_MAX];

    fixture_begin(&fixture, &plan, &wire);
    wire_text(&wire, "GET /bytes/16777216 HTTP/1.1\r\nHost: test\r\n\r\n");
    while (wire_line(&wire, line, sizeof(line)) > 0)
        continue;
    wire_text(&wire, "GET / HTTP/1.1\r\nHost: test\r\n\r\n");
    cr_assert_eq(wire_receive_all(&wire, body, STUCK), 0, "the stuck answer does not end");
    cr_assert(memcmp(body, pattern, STUCK) == 0, "the body is another one");
    expect_hello(&wire);
    free(pattern);
    free(body);
    fixture_end(&fixture, &wire);
}

/* ---- how a connection ends ---- */

static void connection_close(struct fixture_plan plan)
{
    struct reply reply;

    fixture_begin(&fixture, &plan, &wire);
    wire_text(&wire, "GET / HTTP/1.1\r\nHost: test\r\n\r\n");
    expect_status(&wire, 200, &reply);
    cr_assert(!reply.closes, "an HTTP/1.1 connection stays open");
    reply_free(&reply);
    wire_text(
        &wire,
        "GET / HTTP/1.1\r\nHost: test\r\nConnection: x, Close\r\n\r\nGET / HTTP/1.1\r\nHost: test\r\n\r\n");
    expect_status(&wire, 200, &reply);
    cr_assert(reply.closes, "the last answer says Connection: close");
    reply_free(&reply);
    expect_end(&wire); /* the request behind it is not answered */
    fixture_end(&fixture, &wire);
}

static void http_1_0(struct fixture_plan plan)
{
    struct reply reply;
    char value[REPLY_LINE_MAX];

    fixture_begin(&fixture, &plan, &wire);
    wire_text(&wire, "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    expect_status(&wire, 200, &reply);
    cr_assert(reply_header(&reply, "Connection", value) && strcasecmp(value, "keep-alive") == 0,
              "a client of HTTP/1.0 must be told that the connection stays open");
    reply_free(&reply);
    wire_text(&wire, "GET / HTTP/1.0\r\n\r\n");
    expect_hello(&wire);
    expect_end(&wire);
    fixture_end(&fixture, &wire);
}

/* Half-closing delimits no request and takes back no interest in the answer: RFC 9112, 9.6. */
static void half_close(struct fixture_plan plan)
{
    fixture_begin(&fixture, &plan, &wire);
    wire_text(&wire, "GET /bytes/300000 HTTP/1.1\r\nHost: test\r\n\r\nGET / HTTP/1.1\r\nHost: test\r\n\r\n");
    wire_half_close(&wire);
    expect_bytes(300000);
    expect_hello(&wire);
    expect_end(&wire);
    wire_close(&wire);
    fixture_connect(&fixture, &wire);
    wire_text(&wire, "GET /wait/50000 HTTP/1.1\r\nHost: test\r\n\r\n");
    wire_half_close(&wire);
    expect_hello(&wire);
    expect_end(&wire);
    fixture_end(&fixture, &wire);
}

MATRIX_SUITE(conformance_http_tcp);
MATRIX_SUITE(conformance_http_unix);

#define CASES(test, model)                                                                                   \
    test(model, get) test(model, head) test(model, wait_and_spin) test(model, post_length)                   \
        test(model, post_chunked) test(model, post_chunked_split) test(model, post_chunked_large)            \
            test(model, expect_continue) test(model, split) test(model, pipelining)                          \
                test(model, pipelining_whole_turns) test(model, pipelining_large) test(model, slow_reader)   \
                    test(model, request_behind_a_stuck_answer) test(model, connection_close)                 \
                        test(model, http_1_0) test(model, half_close)
#define MODEL(model) CASES(HTTP_TCP, model) CASES(HTTP_UNIX, model)
#define REFERENCE(model)
#include "models.def"
