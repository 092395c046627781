/*
 * The cases of RFC 9110 and RFC 9112 on a connection without I/O: whole, and cut in two at every byte.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "http.h"
#include "rfc_cases.h"
#include "transcript.h"

TestSuite(rfc, .timeout = 120);

enum { LONG = 1000, LONG_STEP = 97 }; /* longer cases are not cut everywhere */

static struct transcript transcript;

/* Feeds it in two pieces and the end of input, and holds what is said against the case. */
static void play(const struct rfc_case *item, const char *bytes, size_t size, size_t cut)
{
    const char *wrong;

    transcript_feed(&transcript, bytes, cut);
    transcript_feed(&transcript, bytes + cut, size - cut);
    transcript_feed(&transcript, rfc_case_next(item), strlen(rfc_case_next(item)));
    transcript_end(&transcript);
    wrong = rfc_case_check(item, transcript.said, transcript.size);
    cr_assert(!wrong, "RFC %s, %s, cut at %zu: %s, %s: %.300s", item->section, item->name, cut, item->says,
              wrong, transcript.said);
    cr_assert_eq(conn_wants(&transcript.conn), CONN_DONE, "RFC %s, %s, cut at %zu: it does not end",
                 item->section, item->name, cut);
    transcript_next(&transcript);
}

Test(rfc, every_case_says_its_section)
{
    cr_assert(rfc_cases_count >= 120);
    for (size_t i = 0; i < rfc_cases_count; i++)
        cr_assert(strncmp(rfc_cases[i].section, "911", 3) == 0 || strcmp(rfc_cases[i].section, "ours") == 0,
                  "%s", rfc_cases[i].name);
}

Test(rfc, every_case_whole)
{
    char bytes[RFC_CASE_MAX];

    transcript_open(&transcript, &protocol_http);
    for (size_t i = 0; i < rfc_cases_count; i++) {
        size_t size = rfc_case_build(&rfc_cases[i], bytes);

        play(&rfc_cases[i], bytes, size, size);
    }
    transcript_close(&transcript);
}

Test(rfc, every_case_cut_anywhere)
{
    char bytes[RFC_CASE_MAX];

    transcript_open(&transcript, &protocol_http);
    for (size_t i = 0; i < rfc_cases_count; i++) {
        size_t size = rfc_case_build(&rfc_cases[i], bytes);

        for (size_t cut = 1; cut<size; cut += size> LONG ? LONG_STEP : 1)
            play(&rfc_cases[i], bytes, size, cut);
    }
    transcript_close(&transcript);
}

/* Who has sent the body already is not told to go on. RFC 9110, 10.1.1 */
Test(rfc, no_interim_answer_when_the_body_is_here)
{
    transcript_open(&transcript, &protocol_http);
    transcript_text(&transcript, "POST /echo HTTP/1.1\r\nHost: test\r\nExpect: 100-continue\r\n"
                                 "Content-Length: 5\r\n\r\nhello");
    cr_assert_eq(transcript_count(&transcript, "HTTP/1.1 100 "), 0);
    cr_assert_eq(transcript_count(&transcript, "HTTP/1.1 200 "), 1);
    transcript_close(&transcript);
}

/*
 * A byte of body in each chunk, and a long extension before it: what nobody looks at is bounded for the
 * whole body, not only for each line. (net/http of Go: CVE-2023-39326)
 */
Test(rfc, chunk_extensions_are_bounded_for_the_whole_body)
{
    char line[HTTP_CHUNK_LINE_MAX + 8];
    size_t chunks = 0;

    transcript_open(&transcript, &protocol_http);
    transcript_text(&transcript, "GET / HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n");
    snprintf(line, sizeof(line), "1;%0200d\r\nx\r\n", 0);
    while (conn_wants(&transcript.conn) == CONN_WANT_READ && transcript.size == 0) {
        transcript_feed(&transcript, line, strlen(line));
        chunks++;
    }
    cr_assert_eq(transcript_count(&transcript, "HTTP/1.1 431 "), 1);
    cr_assert(chunks <= HTTP_HEADERS_MAX / (200 - 18) + 2, "%zu chunks", chunks);
    transcript_close(&transcript);
}
