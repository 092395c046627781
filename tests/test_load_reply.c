/*
 * The HTTP answer checker of tenk-load: every answer cut at every byte, every limit at its edge, and
 * everything that must not pass.
 *
 * The client's sources are compiled into this test, so that it can reach a function without a socket.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../clients/load_expect.c"
#include "../clients/load_head.c"
#include "../clients/load_reply.c"

#define HEAD(fields) "HTTP/1.1 200 OK\r\n" fields "\r\n"
#define HELLO        HEAD("Content-Length: 13\r\n") "Hello, world!"

static struct load_expect expect;
static struct load_reply reply;

static void begin(struct load_rule given)
{
    load_expect_close(&expect);
    expect = (struct load_expect){.status = 200, .given = given};
    load_reply_begin(&reply, &expect);
}

static void begin_hello(void)
{
    begin(load_rule_bytes("Hello, world!", 13));
}

static void begin_any(void)
{
    begin((struct load_rule){.kind = LOAD_RULE_ANY});
}

static void end(void)
{
    load_reply_close(&reply);
    load_expect_close(&expect);
    expect = (struct load_expect){0};
}

TestSuite(load_reply, .timeout = 30, .fini = end);

/* ---- good answers ---- */

static const char *const good[] = {
    HELLO,
    HEAD("content-length:13\r\nX:\r\n") "Hello, world!",
    HEAD("Content-Length: \t 13 \t\r\n") "Hello, world!",
    "HTTP/1.1 200 \r\nContent-Length: 13\r\n\r\nHello, world!",
    HEAD("Transfer-Encoding: chunked\r\n") "d\r\nHello, world!\r\n0\r\n\r\n",
    HEAD("Transfer-Encoding: Chunked\r\n") "7\r\nHello, \r\n06;a=\"b\"\r\nworld!\r\n000\r\nT: 1\r\nU: "
                                           "2\r\n\r\n",
    "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" HELLO,
};

enum { GOOD = sizeof(good) / sizeof(good[0]) };

Test(load_reply, good_answers_cut_at_every_byte)
{
    for (int i = 0; i < GOOD; i++) {
        size_t size = strlen(good[i]);

        for (size_t cut = 0; cut <= size; cut++) {
            begin_hello();
            size_t first = load_reply_feed(&reply, good[i], cut);
            cr_assert_eq(first, cut);
            cr_assert_eq(reply.phase == LOAD_REPLY_DONE, cut == size, "answer %d cut at %zu", i, cut);
            cr_assert_eq(load_reply_feed(&reply, good[i] + cut, size - cut), size - cut);
            cr_assert_eq(reply.phase, LOAD_REPLY_DONE, "answer %d cut at %zu", i, cut);
            cr_assert_eq(reply.error, LOAD_ERROR_NONE, "answer %d cut at %zu", i, cut);
            cr_assert_not(reply.closes);
        }
    }
}

Test(load_reply, good_answers_byte_by_byte)
{
    for (int i = 0; i < GOOD; i++) {
        begin_hello();
        for (const char *at = good[i]; *at != '\0'; at++)
            cr_assert_eq(load_reply_feed(&reply, at, 1), 1);
        cr_assert_eq(reply.phase, LOAD_REPLY_DONE);
        cr_assert_eq(reply.error, LOAD_ERROR_NONE);
    }
}

/* What follows an answer is left for the next one, wherever the bytes are cut. */
Test(load_reply, stops_where_the_answer_ends)
{
    for (int i = 0; i < GOOD; i++) {
        char two[2048];
        size_t size = strlen(good[i]);

        snprintf(two, sizeof(two), "%s%s", good[i], HELLO);
        for (size_t cut = 0; cut < size; cut++) {
            begin_hello();
            load_reply_feed(&reply, two, cut);
            cr_assert_eq(load_reply_feed(&reply, two + cut, strlen(two) - cut), size - cut, "answer %d, %zu",
                         i, cut);
            cr_assert_eq(reply.phase, LOAD_REPLY_DONE);
        }
    }
}

Test(load_reply, too_early_an_end_is_short)
{
    for (int i = 0; i < GOOD; i++) {
        for (size_t cut = 0; cut < strlen(good[i]); cut++) {
            begin_hello();
            load_reply_feed(&reply, good[i], cut);
            load_reply_end_of_input(&reply);
            cr_assert_eq(reply.error, LOAD_ERROR_SHORT, "answer %d cut at %zu", i, cut);
        }
    }
}

/* ---- who closes ---- */

static bool closes(const char *text)
{
    begin_hello();
    load_reply_feed(&reply, text, strlen(text));
    cr_assert_eq(reply.phase, LOAD_REPLY_DONE, "%s", text);
    cr_assert_eq(reply.error, LOAD_ERROR_NONE, "%s", text);
    return reply.closes;
}

Test(load_reply, connection)
{
    cr_assert(closes(HEAD("Connection: close\r\nContent-Length: 13\r\n") "Hello, world!"));
    cr_assert(closes(HEAD("Content-Length: 13\r\nconnection: x , CLOSE,y\r\n") "Hello, world!"));
    cr_assert_not(closes(HEAD("Connection: closed\r\nContent-Length: 13\r\n") "Hello, world!"));
    cr_assert(closes("HTTP/1.0 200 OK\r\nContent-Length: 13\r\n\r\nHello, world!"));
    cr_assert_not(
        closes("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 13\r\n\r\nHello, world!"));
}

Test(load_reply, body_that_ends_with_the_connection)
{
    const char text[] = HEAD("") "Hello, world!";

    begin_hello();
    cr_assert_eq(load_reply_feed(&reply, text, sizeof(text) - 1), sizeof(text) - 1);
    cr_assert_eq(reply.phase, LOAD_REPLY_UNTIL_CLOSE);
    load_reply_end_of_input(&reply);
    cr_assert_eq(reply.phase, LOAD_REPLY_DONE);
    cr_assert_eq(reply.error, LOAD_ERROR_NONE);
    cr_assert(reply.closes);
}

Test(load_reply, no_body)
{
    begin_any();
    expect.status = 204;
    cr_assert_eq(load_reply_feed(&reply, "HTTP/1.1 204 No Content\r\n\r\nX", 28), 27);
    cr_assert_eq(reply.phase, LOAD_REPLY_DONE);

    begin_hello();
    expect.head = true;
    cr_assert_eq(load_reply_feed(&reply, HELLO, strlen(HELLO)), strlen(HELLO) - 13);
    cr_assert_eq(reply.phase, LOAD_REPLY_DONE);
    cr_assert_eq(reply.error, LOAD_ERROR_NONE);
}

/* ---- wrong answers with sound framing: read to their end ---- */

static enum load_error verdict(const char *text)
{
    size_t size = strlen(text);

    for (size_t cut = 0; cut <= size; cut++) {
        begin_hello();
        load_reply_feed(&reply, text, cut);
        load_reply_feed(&reply, text + cut, size - cut);
        cr_assert_eq(reply.phase, LOAD_REPLY_DONE, "cut at %zu: %s", cut, text);
    }
    return reply.error;
}

Test(load_reply, wrong_content)
{
    for (int i = 0; i < 13; i++) {
        char text[] = HELLO;

        text[sizeof(text) - 2 - (size_t)i] ^= 1;
        cr_assert_eq(verdict(text), LOAD_ERROR_CONTENT, "%s", text);
    }
    cr_assert_eq(verdict(HEAD("Content-Length: 14\r\n") "Hello, world!!"), LOAD_ERROR_CONTENT);
    cr_assert_eq(verdict(HEAD("Content-Length: 12\r\n") "Hello, world"), LOAD_ERROR_CONTENT);
    cr_assert_eq(verdict(HEAD("Content-Length: 0\r\n")), LOAD_ERROR_CONTENT);
    cr_assert_eq(verdict(HEAD("Transfer-Encoding: chunked\r\n") "c\r\nHello, world\r\n0\r\n\r\n"),
                 LOAD_ERROR_CONTENT);
    cr_assert_eq(verdict("HTTP/1.1 404 Not Found\r\nContent-Length: 13\r\n\r\nHello, world!"),
                 LOAD_ERROR_STATUS);
}

/* ---- broken framing ---- */

static const char *const broken_answers[] = {
    "HTTP/2.0 200 OK\r\nContent-Length: 13\r\n\r\n",
    "HTTP/1.2 200 OK\r\nContent-Length: 13\r\n\r\n",
    "http/1.1 200 OK\r\nContent-Length: 13\r\n\r\n",
    "HTTP/1.1 200\r\nContent-Length: 13\r\n\r\n", /* the blank before the reason is missing */
    "HTTP/1.1 20 OK\r\nContent-Length: 13\r\n\r\n",
    "HTTP/1.1 2000 OK\r\nContent-Length: 13\r\n\r\n",
    "HTTP/1.1 099 OK\r\nContent-Length: 13\r\n\r\n",
    "HTTP/1.1 101 Switching Protocols\r\n\r\n",
    HEAD("Content-Length: 13\nX: y\r\n"),
    HEAD("Content-Length: 13\r\nContent-Length: 13\r\n"),
    HEAD("Content-Length: 13\r\nTransfer-Encoding: chunked\r\n"),
    HEAD("Transfer-Encoding: gzip\r\n"),
    HEAD("Transfer-Encoding: gzip, chunked\r\n"),
    HEAD("Content-Length: +13\r\n"),
    HEAD("Content-Length: -1\r\n"),
    HEAD("Content-Length: 13a\r\n"),
    HEAD("Content-Length:\r\n"),
    HEAD("Content-Length: 13, 13\r\n"),
    HEAD("Content-Length: 9999999999999999999\r\n"),
    HEAD("Content-Length : 13\r\n"),
    HEAD(" folded: 13\r\n"),
    HEAD("no colon\r\n"),
    HEAD(": no name\r\n"),
    HEAD("X: a\rb\r\n"),
    HEAD("Transfer-Encoding: chunked\r\n") "\r\n",
    HEAD("Transfer-Encoding: chunked\r\n") "x\r\n",
    HEAD("Transfer-Encoding: chunked\r\n") "-1\r\n",
    HEAD("Transfer-Encoding: chunked\r\n") "1\n",
    HEAD("Transfer-Encoding: chunked\r\n") "1ffffffffffffffff\r\n",
    HEAD("Transfer-Encoding: chunked\r\n") "1\r\nab\r\n",
    "220 mail.example.org\r\n\r\n",
    "\r\n\r\n",
};

Test(load_reply, broken_framing_cut_at_every_byte)
{
    for (size_t i = 0; i < sizeof(broken_answers) / sizeof(broken_answers[0]); i++) {
        const char *text = broken_answers[i];

        for (size_t cut = 0; cut <= strlen(text); cut++) {
            begin_any();
            load_reply_feed(&reply, text, cut);
            load_reply_feed(&reply, text + cut, strlen(text) - cut);
            cr_assert_eq(reply.phase, LOAD_REPLY_BROKEN, "answer %zu cut at %zu: %s", i, cut, text);
            cr_assert_eq(reply.error, LOAD_ERROR_FRAMING);
        }
    }
}

Test(load_reply, a_nul_in_the_header_is_broken)
{
    static const char text[] = "HTTP/1.1 200 OK\r\nX: a\0b\r\n\r\n";

    begin_any();
    load_reply_feed(&reply, text, sizeof(text) - 1);
    cr_assert_eq(reply.phase, LOAD_REPLY_BROKEN);
}

/* ---- limits ---- */

/* A head of exactly `size` bytes. */
static char *head_of(size_t size)
{
    const char start[] = "HTTP/1.1 204 No Content\r\nX: ";
    char *text = malloc(size + 1);

    cr_assert_not_null(text);
    memset(text, 'x', size);
    memcpy(text, start, sizeof(start) - 1);
    memcpy(text + size - 4, "\r\n\r\n", 5);
    return text;
}

Test(load_reply, longest_head)
{
    for (int over = 0; over <= 1; over++) {
        char *text = head_of(LOAD_HEAD_MAX + (size_t)over);
        enum load_reply_phase phase = over ? LOAD_REPLY_BROKEN : LOAD_REPLY_DONE;

        begin_any();
        load_reply_feed(&reply, text, LOAD_HEAD_MAX + (size_t)over);
        cr_assert_eq(reply.phase, phase, "at once, %d over", over);
        begin_any();
        for (size_t i = 0; i < LOAD_HEAD_MAX + (size_t)over && reply.phase < LOAD_REPLY_DONE; i++)
            load_reply_feed(&reply, text + i, 1);
        cr_assert_eq(reply.phase, phase, "byte by byte, %d over", over);
        free(text);
    }
}

Test(load_reply, longest_chunk_line)
{
    for (size_t over = 0; over <= 1; over++) {
        char line[LOAD_CHUNK_LINE_MAX + 2];
        const char head[] = HEAD("Transfer-Encoding: chunked\r\n");
        size_t size = LOAD_CHUNK_LINE_MAX + over;

        memset(line, 'x', sizeof(line));
        memcpy(line, "1;", 2);
        memcpy(line + size - 2, "\r\n", 2);
        begin_any();
        load_reply_feed(&reply, head, sizeof(head) - 1);
        load_reply_feed(&reply, line, size);
        cr_assert_eq(reply.phase, over ? LOAD_REPLY_BROKEN : LOAD_REPLY_CHUNK);
    }
}

/* ---- what a good body is ---- */

static enum load_error check(const char *text)
{
    load_reply_begin(&reply, &expect);
    load_reply_feed(&reply, text, strlen(text));
    cr_assert_eq(reply.phase, LOAD_REPLY_DONE);
    enum load_error error = reply.error;
    load_reply_close(&reply);
    return error;
}

Test(load_reply, the_first_body_is_the_reference)
{
    begin((struct load_rule){.kind = LOAD_RULE_NONE});
    expect.tenk = load_rule_bytes("other", 5); /* applies only to answers of tenk-serve */
    cr_assert_eq(check("HTTP/1.1 500 No\r\nContent-Length: 3\r\n\r\nBAD"), LOAD_ERROR_STATUS);
    cr_assert_eq(check(HELLO), LOAD_ERROR_NONE, "a wrong answer must not have become the reference");
    cr_assert_eq(check(HEAD("Content-Length: 13\r\n") "Hello, World!"), LOAD_ERROR_CONTENT);
    cr_assert_eq(check(HEAD("Content-Length: 12\r\n") "Hello, world"), LOAD_ERROR_CONTENT);
    cr_assert_eq(check(HELLO), LOAD_ERROR_NONE);
    cr_assert_eq(check(HEAD("Server: tenk/epoll\r\nContent-Length: 5\r\n") "other"), LOAD_ERROR_NONE);
    cr_assert_eq(check(HEAD("Server: tenk/epoll\r\nContent-Length: 13\r\n") "Hello, world!"),
                 LOAD_ERROR_CONTENT);
}

Test(load_reply, an_empty_first_body_is_a_reference_too)
{
    begin((struct load_rule){.kind = LOAD_RULE_NONE});
    cr_assert_eq(check(HEAD("Content-Length: 0\r\n")), LOAD_ERROR_NONE);
    cr_assert_eq(check(HEAD("Content-Length: 1\r\n") "x"), LOAD_ERROR_CONTENT);
}

Test(load_reply, targets_of_tenk_serve)
{
    cr_assert_eq(load_rule_of_tenk("/", NULL, 0).size, 13);
    cr_assert_eq(load_rule_of_tenk("/spin/10", NULL, 0).size, 13);
    cr_assert_eq(load_rule_of_tenk("/wait/10", NULL, 0).size, 13);
    cr_assert_eq(load_rule_of_tenk("/bytes/1000", NULL, 0).kind, LOAD_RULE_PATTERN);
    cr_assert_eq(load_rule_of_tenk("/bytes/1000", NULL, 0).size, 1000);
    cr_assert_eq(load_rule_of_tenk("/echo", "ab", 2).size, 2);
    cr_assert_eq(load_rule_of_tenk("/stats", NULL, 0).kind, LOAD_RULE_ANY);
    cr_assert_eq(load_rule_of_tenk("/bytes/", NULL, 0).kind, LOAD_RULE_NONE);
    cr_assert_eq(load_rule_of_tenk("/bytes/1x", NULL, 0).kind, LOAD_RULE_NONE);
    cr_assert_eq(load_rule_of_tenk("/other", NULL, 0).kind, LOAD_RULE_NONE);
}

Test(load_reply, pattern_at_every_offset)
{
    const struct load_rule rule = {.kind = LOAD_RULE_PATTERN, .size = 200};
    char text[200];

    for (size_t i = 0; i < sizeof(text); i++)
        text[i] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_\n"[i % 65];
    for (size_t from = 0; from < sizeof(text); from++)
        for (size_t size = 0; from + size <= sizeof(text); size++)
            cr_assert(load_rule_matches(&rule, from, text + from, size));
    cr_assert_not(load_rule_matches(&rule, 1, text, 10));
    cr_assert_not(load_rule_matches(&rule, 199, text + 4, 2), "beyond the end");
    text[66] ^= 1;
    cr_assert_not(load_rule_matches(&rule, 0, text, 200));
}
