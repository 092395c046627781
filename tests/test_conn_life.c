/*
 * The life of a connection without I/O: back-pressure, turns, borrowed buffers, waits, and every way it
 * can end.
 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "expect.h"
#include "handler.h"
#include "transcript.h"

TestSuite(conn_life, .timeout = 60);

#define HOST "Host: test\r\n"
#define GET  "GET / HTTP/1.1\r\n" HOST "\r\n"

static struct transcript whole;

/* ---- back-pressure, turns, buffers ---- */

/* While answers wait to leave, requests stay where they are, and no more memory is taken. */
Test(conn_life, full_output_leaves_the_input_alone)
{
    char requests[4096] = "";
    const char *at;

    for (int i = 0; i < 40; i++)
        strcat(requests, "GET /bytes/1000 HTTP/1.1\r\n" HOST "\r\n");
    transcript_open(&whole, &protocol_http);
    transcript_receive(&whole, requests);
    cr_assert_eq(conn_wants(&whole.conn), CONN_WANT_WRITE);
    cr_assert(transcript_sums(&whole).requests > 1 && transcript_sums(&whole).requests < 20,
              "%d answers fit 16 KiB", (int)transcript_sums(&whole).requests);
    cr_assert(conn_pending(&whole.conn, &at) <= BUFFER_SIZE);
    cr_assert_eq(whole.worker.buffers.lent, 2);
    for (int i = 0; i < 100; i++) {
        uint64_t before = transcript_sums(&whole).requests;

        conn_sent(&whole.conn, 1);
        cr_assert_eq(transcript_sums(&whole).requests, before, "there is no room for one more yet");
    }
    transcript_settle(&whole);
    cr_assert_eq(transcript_sums(&whole).requests, 40);
    cr_assert_eq(whole.worker.buffers.lent, 0);
    cr_assert_eq(whole.worker.buffers.allocated, 0);
    transcript_close(&whole);
}

/* A long answer comes from the pattern, not from memory, and the request behind it waits. */
Test(conn_life, a_long_answer_is_never_held)
{
    char *pattern = expect_pattern(3000000);
    char *body;

    transcript_open(&whole, &protocol_http);
    transcript_receive(&whole, "GET /bytes/3000000 HTTP/1.1\r\n" HOST "\r\n" GET);
    cr_assert_eq(transcript_sums(&whole).requests, 1);
    cr_assert_eq(whole.worker.buffers.lent, 2);
    transcript_settle(&whole);
    cr_assert_eq(transcript_sums(&whole).requests, 2);
    body = strstr(whole.said, "\r\n\r\n") + 4;
    cr_assert(memcmp(body, pattern, 3000000) == 0);
    cr_assert_eq(strncmp(body + 3000000, "HTTP/1.1 200 OK\r\n", 17), 0);
    cr_assert_eq(whole.worker.buffers.allocated, 0);
    free(pattern);
    transcript_close(&whole);
}

/* A pipelining client gets CONN_TURN_REQUESTS answers, then others have their turn. */
Test(conn_life, a_turn_answers_so_many_requests)
{
    enum { REQUESTS = 2 * CONN_TURN_REQUESTS + 10 };
    static char requests[REQUESTS * 64];
    const char *at;

    for (int i = 0; i < REQUESTS; i++)
        strcat(requests, "GET /model HTTP/1.1\r\nHost:\r\n\r\n");
    transcript_open(&whole, &protocol_http);
    transcript_receive(&whole, requests);
    for (unsigned turn = 1; turn <= 2; turn++) {
        cr_assert_eq(transcript_sums(&whole).requests, turn * CONN_TURN_REQUESTS);
        conn_sent(&whole.conn, conn_pending(&whole.conn, &at));
        cr_assert_eq(conn_pending(&whole.conn, &at), 0);
        cr_assert_eq(conn_wants(&whole.conn), CONN_WANT_WRITE, "its turn is over, its input is not");
        cr_assert_eq(transcript_sums(&whole).requests, turn * CONN_TURN_REQUESTS, "sending starts no turn");
        conn_sent(&whole.conn, 0);
    }
    cr_assert_eq(transcript_sums(&whole).requests, REQUESTS);
    transcript_settle(&whole);
    cr_assert_eq(conn_wants(&whole.conn), CONN_WANT_READ);
    transcript_close(&whole);
}

/* All input is used by the last request that the turn allows: there is no reason to come back, only to read.
 */
Test(conn_life, a_turn_that_was_just_enough_leaves_nothing)
{
    static char requests[CONN_TURN_REQUESTS * 64];

    for (int i = 0; i < CONN_TURN_REQUESTS; i++)
        strcat(requests, "GET /model HTTP/1.1\r\nHost:\r\n\r\n");
    transcript_open(&whole, &protocol_http);
    for (unsigned turn = 1; turn <= 3; turn++) {
        transcript_receive(&whole, requests);
        transcript_settle(&whole);
        cr_assert_eq(transcript_sums(&whole).requests, turn * CONN_TURN_REQUESTS);
        cr_assert_eq(conn_wants(&whole.conn), CONN_WANT_READ);
        cr_assert_eq(whole.worker.buffers.lent, 0);
    }
    transcript_close(&whole);
}

Test(conn_life, buffers_are_given_back_when_idle)
{
    transcript_open(&whole, &protocol_http);
    cr_assert(conn_idle(&whole.conn) && whole.worker.buffers.lent == 0);
    transcript_text(&whole, GET);
    cr_assert(conn_idle(&whole.conn) && whole.worker.buffers.lent == 0);
    transcript_text(&whole, "GET / HT");
    cr_assert(!conn_idle(&whole.conn) && whole.worker.buffers.lent == 1);
    transcript_text(&whole, "TP/1.1\r\n" HOST "\r\n");
    cr_assert(conn_idle(&whole.conn) && whole.worker.buffers.lent == 0);
    transcript_text(&whole, "POST / HTTP/1.1\r\n" HOST "Content-Length: 2\r\n\r\n");
    cr_assert(!conn_idle(&whole.conn), "a body is still to come");
    cr_assert_eq(whole.worker.buffers.lent, 0, "but nothing of it is here");
    transcript_text(&whole, "xx");
    cr_assert(conn_idle(&whole.conn));
    transcript_close(&whole);
}

/* ---- waiting ---- */

Test(conn_life, a_waiting_handler_says_how_long)
{
    transcript_open(&whole, &protocol_http);
    transcript_receive(&whole, "GET /wait/1234 HTTP/1.1\r\n" HOST "\r\n" GET);
    cr_assert_eq(conn_wants(&whole.conn), CONN_WANT_TIME);
    cr_assert_eq(conn_wait_ns(&whole.conn), 1234000);
    cr_assert(!conn_idle(&whole.conn));
    cr_assert_eq(transcript_sums(&whole).requests, 0, "the request behind it waits too");
    conn_waited(&whole.conn);
    transcript_settle(&whole);
    cr_assert_eq(transcript_count(&whole, HANDLER_TEXT), 2);
    transcript_close(&whole);
}

/* What was answered before a wait leaves at once. */
Test(conn_life, answers_before_a_wait_do_not_wait)
{
    const char *at;

    transcript_open(&whole, &protocol_http);
    transcript_receive(&whole, GET "GET /wait/5 HTTP/1.1\r\n" HOST "\r\n");
    cr_assert_eq(conn_wants(&whole.conn), CONN_WANT_WRITE);
    conn_sent(&whole.conn, conn_pending(&whole.conn, &at));
    cr_assert_eq(conn_wants(&whole.conn), CONN_WANT_TIME);
    transcript_close(&whole);
}

/* ---- how it ends ---- */

Test(conn_life, the_end_between_requests_is_a_good_end)
{
    transcript_open(&whole, &protocol_http);
    transcript_text(&whole, GET);
    transcript_end(&whole);
    cr_assert_eq(conn_wants(&whole.conn), CONN_DONE);
    cr_assert_eq(transcript_sums(&whole).aborted, 0);
    transcript_close(&whole);
}

Test(conn_life, the_end_within_a_request_is_not)
{
    static const char *const beginnings[] = {"G",
                                             "GET / HTTP/1.1\r\nHost: t",
                                             "GET / HTTP/1.1\r\n" HOST,
                                             "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\n",
                                             "POST / HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nxy",
                                             "POST / HTTP/1.1\r\n" HOST
                                             "Transfer-Encoding: chunked\r\n\r\n0\r\n"};

    transcript_open(&whole, &protocol_http);
    for (size_t i = 0; i < sizeof(beginnings) / sizeof(beginnings[0]); i++) {
        transcript_text(&whole, beginnings[i]);
        transcript_end(&whole);
        cr_assert_eq(conn_wants(&whole.conn), CONN_DONE, "%s", beginnings[i]);
        cr_assert_eq(transcript_sums(&whole).aborted, i + 1, "%s", beginnings[i]);
        transcript_next(&whole);
    }
    cr_assert_eq(whole.worker.buffers.lent, 0);
    transcript_close(&whole);
}

/* Input has ended, answers have not: they still leave. */
Test(conn_life, answers_leave_after_the_end_of_input)
{
    transcript_open(&whole, &protocol_http);
    transcript_receive(&whole,
                       "GET /wait/5 HTTP/1.1\r\n" HOST "\r\nGET /bytes/100000 HTTP/1.1\r\n" HOST "\r\n" GET);
    cr_assert_eq(conn_wants(&whole.conn), CONN_WANT_TIME);
    conn_waited(&whole.conn);
    transcript_settle(&whole);
    transcript_receive(&whole, GET);
    conn_received(&whole.conn, 0);
    cr_assert_eq(conn_wants(&whole.conn), CONN_WANT_WRITE);
    transcript_settle(&whole);
    cr_assert_eq(conn_wants(&whole.conn), CONN_DONE);
    cr_assert_eq(transcript_count(&whole, HANDLER_TEXT), 3);
    cr_assert_eq(transcript_sums(&whole).aborted, 0);
    transcript_close(&whole);
}

/* A refused client is heard out before the close, but not for ever: RFC 9112, 9.6. */
Test(conn_life, a_refused_client_is_read_to_its_end)
{
    char rubbish[1024];
    size_t taken = 0;

    memset(rubbish, 'x', sizeof(rubbish));
    transcript_open(&whole, &protocol_http);
    transcript_text(&whole, "NONSENSE\r\n\r\n");
    cr_assert(conn_lingering(&whole.conn));
    cr_assert_eq(conn_wants(&whole.conn), CONN_WANT_READ);
    transcript_text(&whole, GET);
    cr_assert_eq(transcript_count(&whole, "HTTP/1.1"), 1, "nothing behind the mistake is answered");
    transcript_end(&whole);
    cr_assert_eq(conn_wants(&whole.conn), CONN_DONE);
    transcript_next(&whole);
    transcript_text(&whole, "NONSENSE\r\n\r\n");
    while (conn_wants(&whole.conn) == CONN_WANT_READ && taken < 2 * CONN_DISCARD_MAX)
        taken += transcript_feed(&whole, rubbish, sizeof(rubbish));
    cr_assert(taken > CONN_DISCARD_MAX && taken <= CONN_DISCARD_MAX + sizeof(rubbish), "%zu bytes", taken);
    cr_assert_eq(conn_wants(&whole.conn), CONN_DONE);
    cr_assert_eq(whole.worker.buffers.lent, 0);
    transcript_close(&whole);
}

/* Behind "Connection: close" nothing is answered. */
Test(conn_life, nothing_follows_a_closing_answer)
{
    transcript_open(&whole, &protocol_http);
    transcript_receive(&whole, "GET / HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n" GET GET);
    transcript_settle(&whole);
    cr_assert_eq(transcript_count(&whole, "HTTP/1.1 200"), 1);
    transcript_end(&whole);
    cr_assert_eq(conn_wants(&whole.conn), CONN_DONE);
    transcript_close(&whole);
}

/* A server that stops answers what it has begun, and says that it is the last answer. */
Test(conn_life, a_stopping_server_says_so)
{
    transcript_open(&whole, &protocol_http);
    transcript_text(&whole, GET);
    cr_assert(!strstr(whole.said, "Connection: close"));
    atomic_store(&whole.closing, true);
    transcript_text(&whole, GET);
    cr_assert(strstr(whole.said, "Connection: close"));
    cr_assert_eq(conn_wants(&whole.conn), CONN_DONE);
    transcript_close(&whole);
}

Test(conn_life, what_is_lost_gives_everything_back)
{
    transcript_open(&whole, &protocol_http);
    transcript_receive(&whole, "GET /bytes/100000 HTTP/1.1\r\n" HOST "\r\n" GET);
    conn_abort(&whole.conn);
    cr_assert_eq(conn_wants(&whole.conn), CONN_DONE);
    cr_assert_eq(whole.worker.buffers.lent, 0);
    conn_abort(&whole.conn);
    cr_assert_eq(transcript_sums(&whole).aborted, 1, "once is once");
    transcript_next(&whole);
    transcript_receive(&whole, "GET / HT");
    conn_expire(&whole.conn);
    cr_assert(conn_wants(&whole.conn) == CONN_DONE && whole.worker.buffers.lent == 0);
    cr_assert(transcript_sums(&whole).timeouts == 1 && transcript_sums(&whole).aborted == 1);
    transcript_close(&whole);
}

/*
 * The time of a request starts when it is first asked for, grows with what moves, starts anew with the
 * answer, and stands still while nothing is under way or the handler waits.
 */
Test(conn_life, a_request_has_its_time)
{
    const int64_t s = 1000000000, t = 5 * s;
    char byte[] = "x";

    transcript_open(&whole, &protocol_http);
    whole.service.request_timeout_ns = 2 * s;
    cr_assert(!conn_too_slow(&whole.conn, t) && !conn_too_slow(&whole.conn, t + 90 * s), "it is idle");
    transcript_text(&whole, "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 2000\r\n\r\n");
    cr_assert(!conn_too_slow(&whole.conn, t) && !conn_too_slow(&whole.conn, t + 2 * s));
    transcript_feed(&whole, byte, 1);
    cr_assert(conn_too_slow(&whole.conn, t + 2 * s + 1), "a byte earns nothing");
    for (int i = 0; i < 600; i++)
        transcript_feed(&whole, byte, 1);
    cr_assert(!conn_too_slow(&whole.conn, t + 4 * s), "600 bytes each way earn two seconds");
    cr_assert(conn_too_slow(&whole.conn, t + 6 * s));
    transcript_next(&whole);
    transcript_receive(&whole, "GET /wait/9000000 HTTP/1.1\r\n" HOST "\r\n");
    cr_assert(!conn_too_slow(&whole.conn, t) && !conn_too_slow(&whole.conn, t + 9 * s), "it waits");
    conn_waited(&whole.conn);
    cr_assert(!conn_too_slow(&whole.conn, t + 9 * s) && conn_too_slow(&whole.conn, t + 12 * s),
              "its answer is not taken");
    whole.service.request_timeout_ns = 0;
    cr_assert(!conn_too_slow(&whole.conn, t + 12 * s), "0: any time");
    transcript_settle(&whole);
    transcript_close(&whole);
}

/* ---- echo ---- */

Test(conn_life, echo_gives_back_every_piece)
{
    char *noise = expect_noise(100000, 11);

    transcript_open(&whole, &protocol_echo);
    for (whole.send_most = 0; whole.send_most < 3000; whole.send_most = 2 * whole.send_most + 1) {
        cr_assert_eq(transcript_feed(&whole, noise, 100000), 100000);
        cr_assert(whole.size == 100000 && memcmp(whole.said, noise, 100000) == 0);
        transcript_end(&whole);
        cr_assert_eq(conn_wants(&whole.conn), CONN_DONE);
        transcript_next(&whole);
    }
    cr_assert_eq(transcript_sums(&whole).aborted, 0);
    free(noise);
    transcript_close(&whole);
}

/* As long as an echo has not left, no more is taken in. */
Test(conn_life, echo_waits_until_it_is_heard)
{
    transcript_open(&whole, &protocol_echo);
    transcript_receive(&whole, "hello");
    cr_assert_eq(conn_wants(&whole.conn), CONN_WANT_WRITE);
    conn_sent(&whole.conn, 4);
    cr_assert_eq(conn_wants(&whole.conn), CONN_WANT_WRITE);
    conn_sent(&whole.conn, 1);
    cr_assert_eq(conn_wants(&whole.conn), CONN_WANT_READ);
    cr_assert_eq(transcript_sums(&whole).requests, 1);
    transcript_close(&whole);
}
