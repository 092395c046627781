/*
 * The connection without I/O: what it says must not depend on how the bytes arrive or leave.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "handler.h"
#include "random.h"
#include "transcript.h"

TestSuite(conn, .timeout = 60);

#define HOST "Host: test\r\n"
#define GET  "GET / HTTP/1.1\r\n" HOST "\r\n"

static struct transcript whole, other;

/* ---- how bytes arrive and leave ---- */

/* All targets but /stats (which counts), all methods, bodies read, echoed and thrown away. */
static const char conversation[] =
    GET "HEAD /bytes/100 HTTP/1.1\r\n" HOST "\r\n"
        "GET /bytes/40000 HTTP/1.1\r\n" HOST "\r\n"
        "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 11\r\n\r\nhello world"
        "GET /model HTTP/1.1\r\n" HOST "\r\n"
        "POST / HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nnever"
        "POST /model HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n3;x\r\nabc\r\n0\r\nT: t\r\n\r\n"
        "\r\nGET /wait/20 HTTP/1.1\r\n" HOST "\r\n"
        "BREW /nothing HTTP/1.1\r\n" HOST "\r\n"
        "GET /bytes/x HTTP/1.1\r\n" HOST "\r\n"
        "GET /bytes/0 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"
        "GET /spin/1 HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n";

static void expect_same(const char *what, size_t cut)
{
    transcript_mask_dates(&other);
    cr_assert_eq(other.size, whole.size, "%s, cut at %zu: %zu bytes instead of %zu", what, cut, other.size,
                 whole.size);
    cr_assert(memcmp(other.said, whole.said, whole.size) == 0, "%s, cut at %zu: other bytes", what, cut);
}

static void say_it_whole(const char *bytes, size_t size)
{
    transcript_open(&whole, &protocol_http);
    transcript_feed(&whole, bytes, size);
    transcript_mask_dates(&whole);
    transcript_open(&other, &protocol_http);
}

Test(conn, a_conversation_is_answered)
{
    say_it_whole(conversation, strlen(conversation));
    cr_assert_eq(transcript_count(&whole, "HTTP/1.1 200 OK\r\n"), 8);
    cr_assert_eq(transcript_count(&whole, "HTTP/1.1 405 "), 2);
    cr_assert_eq(transcript_count(&whole, "HTTP/1.1 501 "), 1);
    cr_assert_eq(transcript_count(&whole, "HTTP/1.1 400 "), 1);
    cr_assert_eq(transcript_count(&whole, HANDLER_TEXT), 3);
    cr_assert_eq(whole.waits, 1);
    cr_assert_eq(conn_wants(&whole.conn), CONN_DONE, "it said Connection: close");
    cr_assert_eq(transcript_sums(&whole).requests, 12);
    transcript_close(&whole);
}

Test(conn, every_cut_gives_the_same_answers)
{
    size_t size = strlen(conversation);

    say_it_whole(conversation, size);
    for (size_t cut = 0; cut < size; cut++) {
        cr_assert_eq(transcript_feed(&other, conversation, cut), cut);
        cr_assert_eq(transcript_feed(&other, conversation + cut, size - cut), size - cut);
        expect_same("the conversation", cut);
        transcript_next(&other);
    }
    transcript_close(&other);
}

Test(conn, bytes_that_leave_one_by_one_are_the_same)
{
    say_it_whole(conversation, strlen(conversation));
    for (other.send_most = 1; other.send_most < 40; other.send_most += 7) {
        transcript_feed(&other, conversation, strlen(conversation));
        expect_same("sent in pieces", other.send_most);
        transcript_next(&other);
    }
    transcript_close(&other);
}

Test(conn, random_pieces_give_the_same_answers)
{
    uint64_t seed = random_start();
    size_t size = strlen(conversation);

    say_it_whole(conversation, size);
    for (int i = 0; i < 2000; i++) {
        for (size_t at = 0; at < size;) {
            size_t n = random_magnitude(8) + 1;

            other.send_most = random_magnitude(16);
            n = n < size - at ? n : size - at;
            cr_assert_eq(transcript_feed(&other, conversation + at, n), n, "TENK_SEED=%llu",
                         (unsigned long long)seed);
            at += n;
        }
        transcript_settle(&other);
        expect_same("TENK_SEED", (size_t)seed);
        transcript_next(&other);
    }
    transcript_close(&other);
}

/* How an echoed body is cut into chunks may depend on how it came; what it is may not. */
Test(conn, a_chunked_echo_survives_every_cut)
{
    static const char request[] =
        "POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"
        "1\r\na\r\n0c;x=\"y\"\r\nbcdefghijklm\r\n3\r\nnop\r\n0\r\nA: b\r\nC: d\r\n\r\n" GET;
    size_t size = strlen(request);

    transcript_open(&whole, &protocol_http);
    for (size_t cut = 0; cut < size; cut++) {
        char body[64] = "";
        char *at;

        transcript_feed(&whole, request, cut);
        transcript_feed(&whole, request + cut, size - cut);
        at = strstr(whole.said, "\r\n\r\n") + 4;
        for (unsigned long n; (n = strtoul(at, &at, 16)) > 0; at += 2 + n + 2)
            strncat(body, at + 2, n);
        cr_assert_str_eq(body, "abcdefghijklmnop", "cut at %zu", cut);
        cr_assert_eq(strncmp(at, "\r\n\r\nHTTP/1.1 200 OK\r\n", 21), 0, "cut at %zu: %s", cut, at);
        transcript_next(&whole);
    }
    transcript_close(&whole);
}

/* ---- limits ---- */

static void expect_status_of(const char *request, int status)
{
    char expected[32];

    snprintf(expected, sizeof(expected), "HTTP/1.1 %d ", status);
    transcript_open(&whole, &protocol_http);
    transcript_feed(&whole, request, strlen(request));
    cr_assert_eq(strncmp(whole.said, expected, strlen(expected)), 0, "%.60s: %.60s", request, whole.said);
    transcript_close(&whole);
}

Test(conn, sizes_at_their_limits)
{
    expect_status_of("HEAD /bytes/1073741824 HTTP/1.1\r\n" HOST "\r\n", 200);
    expect_status_of("HEAD /bytes/1073741825 HTTP/1.1\r\n" HOST "\r\n", 400);
    expect_status_of("HEAD /wait/60000001 HTTP/1.1\r\n" HOST "\r\n", 400);
    expect_status_of("HEAD /spin/60000001 HTTP/1.1\r\n" HOST "\r\n", 400);
    expect_status_of("POST /echo HTTP/1.1\r\n" HOST "Content-Length: 1073741824\r\n\r\n", 200);
    expect_status_of("POST /echo HTTP/1.1\r\n" HOST "Content-Length: 1073741825\r\n\r\n", 413);
}

/* The chunks of a body count together. Who does not want the body does not wait for all that a body may be.
 */
Test(conn, chunked_body_at_its_limit)
{
    static const char head[] = "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n";

    transcript_open(&whole, &protocol_http);
    transcript_text(&whole, head);
    transcript_text(&whole, "3ffff\r\n"); /* 256 KiB with the one before */
    cr_assert_eq(conn_wants(&whole.conn), CONN_WANT_READ);
    cr_assert_eq(whole.size, 0);
    transcript_next(&whole);
    transcript_text(&whole, head);
    transcript_text(&whole, "40000\r\n");
    cr_assert(strstr(whole.said, "HTTP/1.1 413 "), "%s", whole.said);
    transcript_close(&whole);
}

Test(conn, trailers_at_their_limit)
{
    static char trailers[HTTP_HEADERS_MAX + 8];

    for (int above = 0; above < 2; above++) {
        size_t size = (size_t)HTTP_HEADERS_MAX + (size_t)above;

        memset(trailers, 'a', size);
        memcpy(trailers, "T: ", 3);
        memcpy(trailers + size - 4, "\r\n\r\n", 4);
        transcript_open(&whole, &protocol_http);
        transcript_text(&whole, "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n0\r\n");
        transcript_feed(&whole, trailers, size);
        cr_assert(strstr(whole.said, above ? "HTTP/1.1 431 " : "HTTP/1.1 405 "), "%s", whole.said);
        transcript_close(&whole);
    }
}
