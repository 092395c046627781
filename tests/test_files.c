/*
 * Files under a root: what is found, what never is, and which part of it is sent. Without a socket.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "docroot.h"
#include "expect.h"
#include "files.h"
#include "transcript.h"

TestSuite(files, .timeout = 60, .fini = docroot_remove);

static struct files files;
static struct transcript transcript;

static void begin(bool listing)
{
    cr_assert_eq(files_open(&files, docroot_make(), listing), 0);
    transcript_open(&transcript, &protocol_http);
    transcript.service.files = &files;
}

static void end(void)
{
    transcript_close(&transcript);
    files_close(&files);
}

/* Asks on a connection of its own; what was said stands in transcript.said. */
static void ask(const char *method, const char *target, const char *fields)
{
    char request[8192];

    transcript_next(&transcript);
    snprintf(request, sizeof(request), "%s %s HTTP/1.1\r\nHost: test\r\n%s\r\n", method, target, fields);
    transcript_text(&transcript, request);
}

static void expect(int status, const char *target)
{
    char line[32];

    snprintf(line, sizeof(line), "HTTP/1.1 %d ", status);
    cr_assert_eq(strncmp(transcript.said, line, strlen(line)), 0, "%s: %d, not: %.80s", target, status,
                 transcript.said);
    cr_assert_eq(transcript_count(&transcript, DOCROOT_SECRET), 0, "%s shows the secret", target);
    cr_assert_eq(transcript.worker.buffers.lent, 0, "%s", target);
}

static const char *body(void)
{
    const char *blank = strstr(transcript.said, "\r\n\r\n");

    cr_assert_not_null(blank);
    return blank + 4;
}

/* ---- what is found ---- */

static const struct {
    const char *target;
    int status;
    const char *holds; /* in the whole answer; NULL: anything */
} table[] = {
    {"/", 200, EXPECT_HELLO},
    {"/index.html", 200, "Content-Type: text/html; charset=utf-8\r\n"},
    {"/small.txt", 200, "\r\n\r\nsmall"},
    {"/small.txt?query", 200, "Content-Type: text/plain; charset=utf-8\r\n"},
    {"/%73mall%2Etxt", 200, "small"},
    {"/empty", 200, "Content-Length: 0\r\n\r\n"},
    {"/large.bin", 200, "Content-Type: application/octet-stream\r\n"},
    {"/odd%20name%26%3C%3E.txt", 200, "odd"},
    {"/sub/", 200, "sub"},
    {"/sub/deep.txt", 200, "deep"},
    {"/sub%2Fdeep.txt", 200, "deep"},
    {"/model", 200, "\r\n\r\ntest"}, /* our own targets come first */
    {"http://test/small.txt", 200, "small"},
    {"/sub", 301, "Location: ./sub/\r\n"},
    {"/sub?query", 301, "Location: ./sub/\r\n"},
    {"/colon:name", 301, "Location: ./colon:name/\r\n"},
    {"/%73ub", 301, "Location: ./%73ub/\r\n"},
    {"/list/", 403, NULL},
    {"/fifo", 403, NULL},
    {"/nothing", 404, NULL},
    {"/sub/nothing", 404, NULL},
    {"/small.txt/", 404, NULL},
    {"/small.txt/x", 404, NULL},
    {"/fifo/", 404, NULL},
    {"/link-out", 404, NULL},
    {"/link-absolute", 404, NULL},
    {"/link-loop", 404, NULL},
    {"/dir-out/secret", 404, NULL},
    {"/dir-out/", 404, NULL},
    {"/dir-out", 404, NULL},
    {"/.hidden", 404, NULL},
    {"/%2ehidden", 404, NULL},
    {"/.", 404, NULL},
    {"/..", 404, NULL},
    {"/../secret", 404, NULL},
    {"/%2e%2e/secret", 404, NULL},
    {"/.%2e/secret", 404, NULL},
    {"/%2e%2e%2fsecret", 404, NULL},
    {"/sub/../../secret", 404, NULL},
    {"/sub/../small.txt", 404, NULL},
    {"/sub/..%2f..%2fsecret", 404, NULL},
    {"/..%5csecret", 404, NULL},
    {"/%252e%252e/secret", 404, NULL},
    {"/%c0%ae%c0%ae/secret", 404, NULL}, /* an overlong dot */
    {"//small.txt", 404, NULL},
    {"//", 404, NULL},
    {"/sub//deep.txt", 404, NULL},
    {"//sub", 404, NULL}, /* no redirection to another host */
    {"/%2Fsub", 404, NULL},
    {"/small.txt%00", 404, NULL},
    {"/%00", 404, NULL},
    {"/small.txt%00.html", 404, NULL},
    {"/%0d%0aX:%20y", 404, NULL},
    {"/%", 400, NULL},
};

static void play_table(void)
{
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        ask("GET", table[i].target, "");
        expect(table[i].status, table[i].target);
        cr_assert(!table[i].holds ||
                      memmem(transcript.said, transcript.size, table[i].holds, strlen(table[i].holds)),
                  "%s lacks %s: %.300s", table[i].target, table[i].holds, transcript.said);
    }
}

Test(files, what_is_found_and_what_never_is)
{
    begin(false);
    play_table();
    ask("GET", "/link-in", "");
    expect(files.walk ? 404 : 200, "/link-in");
    ask("GET", "/sub/up", "");
    expect(files.walk ? 404 : 200, "/sub/up");
    ask("GET", "/device", "");
    cr_assert(strncmp(transcript.said, "HTTP/1.1 40", 11) == 0, "%.80s", transcript.said);
    end();
}

/* Where there is no openat2(2) the same is found, but for symbolic links. */
Test(files, without_openat2)
{
    begin(false);
    files.walk = true;
    play_table();
    ask("GET", "/link-in", "");
    expect(404, "/link-in");
    ask("GET", "/sub/up", "");
    expect(404, "/sub/up");
    end();
}

/* Longer than any name or path: not found, whatever the length. */
Test(files, long_names)
{
    static const size_t sizes[] = {255, 256, 764, 765, 766, 4094, 4095, 4096, 4097, 7000};
    char target[8000];

    begin(false);
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        target[0] = '/';
        memset(target + 1, 'a', sizes[i]);
        target[sizes[i] + 1] = '\0';
        ask("GET", target, "");
        expect(404, "a long name");
    }
    for (size_t i = 0; i < 7000; i += 2)
        memcpy(target + i, "/a", 3);
    ask("GET", target, "");
    expect(404, "a deep path");
    end();
}

/* The longest name there can be, all of it encoded, still fits the answer that redirects to it. */
Test(files, a_long_name_is_redirected)
{
    char name[256], target[800] = "/", path[512], location[900];

    begin(false);
    memset(name, 'z', 255);
    name[255] = '\0';
    snprintf(path, sizeof(path), "/proc/self/fd/%d/%s", files.root, name);
    cr_assert_eq(mkdir(path, 0755), 0);
    for (int i = 0; i < 255; i++)
        strcat(target, "%7A");
    ask("GET", target, "");
    expect(301, target);
    snprintf(location, sizeof(location), "Location: .%s/\r\n", target);
    cr_assert_eq(transcript_count(&transcript, location), 1);
    end();
}

/* The answer is on its way while the body is: nobody may wait for it with the path forgotten. */
Test(files, redirected_with_a_body)
{
    begin(false);
    transcript_text(&transcript, "GET /sub HTTP/1.1\r\nHost: test\r\nContent-Length: 5\r\n\r\n");
    expect(301, "/sub");
    cr_assert_eq(transcript_count(&transcript, "Connection: close\r\n"), 1);
    end();
}

Test(files, only_to_be_read)
{
    begin(false);
    ask("POST", "/small.txt", "Content-Length: 0\r\n");
    expect(405, "/small.txt");
    cr_assert_eq(transcript_count(&transcript, "Allow: GET, HEAD\r\n"), 1);
    ask("DELETE", "/small.txt", "");
    expect(501, "/small.txt");
    ask("HEAD", "/large.bin", "");
    expect(200, "/large.bin");
    cr_assert_eq(transcript_count(&transcript, "Content-Length: 1048576\r\n"), 1);
    cr_assert_str_eq(body(), "");
    ask("GET", "/small.txt", "Content-Length: 5\r\n");
    transcript_text(&transcript, "hello");
    expect(200, "/small.txt");
    end();
}

Test(files, a_listing_when_asked_for)
{
    begin(true);
    ask("GET", "/list/", "");
    expect(200, "/list/");
    cr_assert_eq(transcript_count(&transcript, "<a href=\"./a.txt\">a.txt</a>"), 1, "%s", transcript.said);
    cr_assert_eq(transcript_count(&transcript, "<a href=\"./b/\">b/</a>"), 1);
    cr_assert_eq(transcript_count(&transcript, "Last-Modified"), 0);
    ask("GET", "/list/", "Range: bytes=0-3\r\nIf-None-Match: *\r\n");
    expect(200, "/list/");
    ask("HEAD", "/list/", "");
    expect(200, "/list/");
    cr_assert_str_eq(body(), "");
    ask("GET", "/", "");
    cr_assert_str_eq(body(), EXPECT_HELLO, "index.html comes before the listing");
    end();
}

Test(files, a_listing_escapes_names_and_shows_no_traps)
{
    begin(true);
    ask("GET", "/list/", "");
    cr_assert_eq(
        transcript_count(&transcript, "<a href=\"./odd%20name%26%3C%3E.txt\">odd name&amp;&lt;&gt;.txt</a>"),
        1, "%s", transcript.said);
    cr_assert_eq(transcript_count(&transcript, "fifo"), 0);
    cr_assert_eq(transcript_count(&transcript, "hidden"), 0);
    end();
}

/* ---- which part of it ---- */

static const struct {
    const char *fields;
    int status;
    const char *holds, *body;
} parts[] = {
    {"", 200, "Accept-Ranges: bytes\r\n", "small"},
    {"", 200, "Last-Modified: " DOCROOT_DATE "\r\n", "small"},
    /* ranges: RFC 9110, 14 */
    {"Range: bytes=0-0\r\n", 206, "Content-Range: bytes 0-0/5\r\n", "s"},
    {"Range: bytes=1-3\r\n", 206, "Content-Range: bytes 1-3/5\r\n", "mal"},
    {"Range: bytes=1-\r\n", 206, "Content-Range: bytes 1-4/5\r\n", "mall"},
    {"Range: bytes=4-100\r\n", 206, "Content-Range: bytes 4-4/5\r\n", "l"},
    {"Range: bytes=0-18446744073709551616\r\n", 206, "Content-Range: bytes 0-4/5\r\n", "small"},
    {"Range: bytes=-2\r\n", 206, "Content-Range: bytes 3-4/5\r\n", "ll"},
    {"Range: bytes=-100\r\n", 206, "Content-Range: bytes 0-4/5\r\n", "small"},
    {"Range: bytes=5-\r\n", 416, "Content-Range: bytes */5\r\n", ""},
    {"Range: bytes=99999999999999999999-\r\n", 416, "Content-Range: bytes */5\r\n", ""},
    {"Range: bytes=-0\r\n", 416, "Content-Range: bytes */5\r\n", ""},
    {"Range: bytes=3-1\r\n", 200, NULL, "small"},
    {"Range: bytes=0-1,3-4\r\n", 200, NULL, "small"},
    {"Range: bytes=\r\n", 200, NULL, "small"},
    {"Range: bytes=-\r\n", 200, NULL, "small"},
    {"Range: bytes=a-b\r\n", 200, NULL, "small"},
    {"Range: bytes= 0-1\r\n", 200, NULL, "small"},
    {"Range: bytes=0-1-2\r\n", 200, NULL, "small"},
    {"Range: lines=0-1\r\n", 200, NULL, "small"},
    {"Range: 0-1\r\n", 200, NULL, "small"},
    /* If-Range: 13.1.5 */
    {"Range: bytes=0-0\r\nIf-Range: " DOCROOT_DATE "\r\n", 206, NULL, "s"},
    {"Range: bytes=0-0\r\nIf-Range: Sun, 06 Nov 1994 08:49:38 GMT\r\n", 200, NULL, "small"},
    {"Range: bytes=0-0\r\nIf-Range: \"other\"\r\n", 200, NULL, "small"},
    {"Range: bytes=0-0\r\nIf-Range: W/\"ae1c6a4e1ed0a00-5\"\r\n", 200, NULL, "small"},
    {"Range: bytes=0-0\r\nIf-Range:\r\n", 200, NULL, "small"},
    /* If-Modified-Since: 13.1.3, in the three forms of a date: 5.6.7 */
    {"If-Modified-Since: " DOCROOT_DATE "\r\n", 304, "ETag: \"", ""},
    {"If-Modified-Since: Sunday, 06-Nov-94 08:49:37 GMT\r\n", 304, NULL, ""},
    {"If-Modified-Since: Sun Nov  6 08:49:37 1994\r\n", 304, NULL, ""},
    {"If-Modified-Since: Sun, 06 Nov 1994 08:49:36 GMT\r\n", 200, NULL, "small"},
    {"If-Modified-Since: yesterday\r\n", 200, NULL, "small"},
    {"If-Modified-Since: " DOCROOT_DATE " \r\nRange: bytes=0-0\r\n", 304, NULL, ""},
    /* If-None-Match comes before it: 13.1.2, 13.2.2 */
    {"If-None-Match: *\r\n", 304, NULL, ""},
    {"If-None-Match: \"other\"\r\n", 200, NULL, "small"},
    {"If-None-Match: \"other\"\r\nIf-Modified-Since: " DOCROOT_DATE "\r\n", 200, NULL, "small"},
    /* If-Match: 13.1.1; If-Unmodified-Since: 13.1.4 */
    {"If-Match: *\r\n", 200, NULL, "small"},
    {"If-Match: \"other\"\r\n", 412, NULL, ""},
    {"If-Unmodified-Since: " DOCROOT_DATE "\r\n", 200, NULL, "small"},
    {"If-Unmodified-Since: Sun, 06 Nov 1994 08:49:36 GMT\r\n", 412, NULL, ""},
};

Test(files, parts_and_preconditions)
{
    begin(false);
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        ask("GET", "/small.txt", parts[i].fields);
        expect(parts[i].status, parts[i].fields);
        cr_assert_str_eq(body(), parts[i].body, "%s: %s", parts[i].fields, transcript.said);
        cr_assert(!parts[i].holds || strstr(transcript.said, parts[i].holds), "%s: %s", parts[i].fields,
                  transcript.said);
    }
    ask("HEAD", "/small.txt", "Range: bytes=0-0\r\n");
    expect(200, "a range of HEAD means nothing: RFC 9110, 14.2");
    ask("GET", "/empty", "Range: bytes=0-\r\n");
    expect(416, "an empty file has no first byte");
    ask("GET", "/empty", "Range: bytes=-5\r\n");
    expect(200, "its last bytes are all of it");
    end();
}

/* The tag of an answer, sent back, in every way. */
Test(files, entity_tags)
{
    char tag[64], fields[512];
    const char *at;

    begin(false);
    ask("GET", "/small.txt", "");
    at = strstr(transcript.said, "ETag: ");
    cr_assert_not_null(at);
    snprintf(tag, sizeof(tag), "%.*s", (int)strcspn(at + 6, "\r"), at + 6);
    snprintf(fields, sizeof(fields), "If-None-Match: \"a\", W/%s ,\"b\"\r\n", tag);
    ask("GET", "/small.txt", fields);
    expect(304, fields);
    cr_assert_eq(transcript_count(&transcript, "Content-Length"), 0);
    snprintf(fields, sizeof(fields), "If-Match: W/%s\r\n", tag);
    ask("GET", "/small.txt", fields);
    expect(412, fields);
    snprintf(fields, sizeof(fields), "If-Match: \"a\", %s\r\nIf-Range: %s\r\nRange: bytes=1-1\r\n", tag, tag);
    ask("GET", "/small.txt", fields);
    expect(206, fields);
    cr_assert_str_eq(body(), "m");
    end();
}

/* ---- large files ---- */

Test(files, a_large_file_is_read_in_pieces_and_never_held)
{
    char *noise = expect_noise(DOCROOT_LARGE, DOCROOT_LARGE_SEED);

    begin(false);
    transcript_text(&transcript,
                    "GET /large.bin HTTP/1.1\r\nHost: test\r\n\r\nGET /model HTTP/1.1\r\nHost: test\r\n\r\n");
    cr_assert(memmem(transcript.said, transcript.size, noise, DOCROOT_LARGE), "the bytes are others");
    cr_assert_eq(memcmp(transcript.said + transcript.size - 8, "\r\n\r\ntest", 8), 0,
                 "the next is not answered");
    cr_assert_eq(transcript.worker.buffers.allocated, 0);
    ask("GET", "/large.bin", "Range: bytes=40000-140000\r\n");
    expect(206, "/large.bin");
    cr_assert(memmem(transcript.said, transcript.size, noise + 40000, 100001));
    free(noise);
    end();
}

/* An answer cannot be taken back: the connection ends before the length it promised. */
Test(files, a_file_that_shrinks_ends_the_connection)
{
    char path[512];
    const char *at;

    begin(false);
    transcript_receive(&transcript, "GET /large.bin HTTP/1.1\r\nHost: test\r\n\r\n");
    snprintf(path, sizeof(path), "/proc/self/fd/%d/large.bin", files.root);
    cr_assert_eq(truncate(path, 100), 0);
    transcript_settle(&transcript);
    cr_assert_eq(conn_wants(&transcript.conn), CONN_DONE);
    cr_assert(transcript.size < BUFFER_SIZE + 1);
    cr_assert_eq(conn_pending(&transcript.conn, &at), 0);
    cr_assert_eq(transcript_sums(&transcript).aborted, 1);
    end();
}

/* Whatever ends a connection, the file it was sending is closed. */
Test(files, descriptors_come_back)
{
    int free_before = dup(0), free_after;

    close(free_before);
    begin(false);
    close(free_before = dup(0));
    for (int i = 0; i < 3; i++) {
        transcript_next(&transcript);
        transcript_receive(&transcript,
                           i == 2 ? "GET /large.bin HTTP/1.1\r\nHost: test\r\nContent-Length: 9\r\n\r\nx"
                                  : "GET /large.bin HTTP/1.1\r\nHost: test\r\n\r\n");
        if (i == 0)
            conn_abort(&transcript.conn);
    }
    transcript_next(&transcript);
    close(free_after = dup(0));
    cr_assert_eq(free_after, free_before, "%d descriptors are still open", free_after - free_before);
    end();
}
