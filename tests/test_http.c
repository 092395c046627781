/*
 * The parser of HTTP requests: pure functions of bytes, so every byte is a place to cut.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "guarded.h"
#include "http.h"
#include "rfc_cases.h"

TestSuite(http, .timeout = 60);

#define HOST "Host: test\r\n"

static struct http_request request;

static int parse(const char *bytes, size_t size)
{
    return http_parse(guarded(bytes, size), size, &request);
}

static int parse_text(const char *text)
{
    return parse(text, strlen(text));
}

/* ---- heads that are good ---- */

static const struct {
    const char *text;
    enum http_method method;
    const char *target;
    bool http_1_0, keep_alive, expects_continue, has_length, chunked;
    uint64_t length;
} good[] = {
    {"GET / HTTP/1.1\r\n" HOST "\r\n", HTTP_GET, "/", .keep_alive = true},
    {"HEAD /bytes/10 HTTP/1.1\r\n" HOST "\r\n", HTTP_HEAD, "/bytes/10", .keep_alive = true},
    {"POST /echo HTTP/1.1\r\n" HOST "Content-Length: 0\r\n\r\n", HTTP_POST, "/echo", .keep_alive = true,
     .has_length = true},
    {"POST /echo HTTP/1.1\r\ncontent-length:\t 007 \r\nhost:test\r\n\r\n", HTTP_POST, "/echo",
     .keep_alive = true, .has_length = true, .length = 7},
    {"POST /echo HTTP/1.1\r\n" HOST "Content-Length: 1073741824\r\n\r\n", HTTP_POST, "/echo",
     .keep_alive = true, .has_length = true, .length = HTTP_BODY_MAX},
    {"POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: Chunked\r\n\r\n", HTTP_POST, "/echo",
     .keep_alive = true, .chunked = true},
    {"POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: , chunked ,\r\n\r\n", HTTP_POST, "/echo",
     .keep_alive = true, .chunked = true},
    {"POST /echo HTTP/1.1\r\n" HOST "Expect: 100-Continue\r\nContent-Length: 3\r\n\r\n", HTTP_POST, "/echo",
     .keep_alive = true, .expects_continue = true, .has_length = true, .length = 3},
    {"GET / HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n", HTTP_GET, "/"},
    {"GET / HTTP/1.1\r\n" HOST "Connection: upgrade, Close\r\n\r\n", HTTP_GET, "/"},
    {"GET / HTTP/1.1\r\n" HOST "Connection: x\r\nConnection: close\r\n\r\n", HTTP_GET, "/"},
    {"GET / HTTP/1.1\r\n" HOST "Connection: closed\r\n\r\n", HTTP_GET, "/", .keep_alive = true},
    {"GET / HTTP/1.1\r\n" HOST "Connection: keep-alive, close\r\n\r\n", HTTP_GET, "/"},
    {"GET / HTTP/1.0\r\n\r\n", HTTP_GET, "/", .http_1_0 = true},
    {"GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", HTTP_GET, "/", .http_1_0 = true, .keep_alive = true},
    {"GET / HTTP/1.0\r\nExpect: 100-continue\r\n\r\n", HTTP_GET, "/", .http_1_0 = true},
    {"GET / HTTP/1.2\r\n" HOST "\r\n", HTTP_GET, "/", .keep_alive = true},
    {"GET /path?query=1&x=/ HTTP/1.1\r\n" HOST "\r\n", HTTP_GET, "/path", .keep_alive = true},
    {"GET http://test/path?q HTTP/1.1\r\n" HOST "\r\n", HTTP_GET, "/path", .keep_alive = true},
    {"GET HTTP://test HTTP/1.1\r\n" HOST "\r\n", HTTP_GET, "/", .keep_alive = true},
    {"OPTIONS * HTTP/1.1\r\n" HOST "\r\n", HTTP_OTHER, "*", .keep_alive = true},
    {"get / HTTP/1.1\r\n" HOST "\r\n", HTTP_OTHER, "/", .keep_alive = true},
    {"GET / HTTP/1.1\r\nHost:\r\n\r\n", HTTP_GET, "/", .keep_alive = true},
    {"GET / HTTP/1.1\r\nHost: [::1]:80\r\nX:\r\nY: \xc3\xa4\r\n\r\n", HTTP_GET, "/", .keep_alive = true},
    {"GET / HTTP/1.1\r\nHostile: x\r\nXost: y\r\n" HOST "\r\n", HTTP_GET, "/", .keep_alive = true},
    {"\r\nGET / HTTP/1.1\r\n" HOST "\r\n", HTTP_GET, "/", .keep_alive = true},
};
enum { GOOD = sizeof(good) / sizeof(good[0]) };

Test(http, good_heads_are_understood)
{
    for (size_t i = 0; i < GOOD; i++) {
        cr_assert_eq(parse_text(good[i].text), (int)strlen(good[i].text), "%s", good[i].text);
        cr_assert_eq(request.method, good[i].method, "%s", good[i].text);
        cr_assert(request.target_size == strlen(good[i].target) &&
                      memcmp(request.target, good[i].target, request.target_size) == 0,
                  "target %.*s of %s", (int)request.target_size, request.target, good[i].text);
        cr_assert_eq(request.http_1_0, good[i].http_1_0, "%s", good[i].text);
        cr_assert_eq(request.keep_alive, good[i].keep_alive, "%s", good[i].text);
        cr_assert_eq(request.expects_continue, good[i].expects_continue, "%s", good[i].text);
        cr_assert_eq(request.has_length, good[i].has_length, "%s", good[i].text);
        cr_assert_eq(request.chunked, good[i].chunked, "%s", good[i].text);
        cr_assert_eq(request.length, good[i].length, "%s", good[i].text);
    }
}

/* Cut anywhere, it is incomplete; with anything behind it, it is as long as before. */
Test(http, every_cut_of_a_good_head_needs_more)
{
    char longer[512];

    for (size_t i = 0; i < GOOD; i++) {
        for (size_t cut = 0; cut < strlen(good[i].text); cut++)
            cr_assert_eq(parse(good[i].text, cut), 0, "%zu bytes of %s", cut, good[i].text);
        snprintf(longer, sizeof(longer), "%sGET\r\n\r\nrubbish \r \n", good[i].text);
        cr_assert_eq(parse_text(longer), (int)strlen(good[i].text));
    }
}

/* ---- heads that are bad ---- */

Test(http, bad_heads_are_refused)
{
    char bytes[RFC_CASE_MAX];

    for (size_t i = 0; i < rfc_cases_count; i++) {
        size_t size = rfc_case_build(&rfc_cases[i], bytes);

        if (rfc_cases[i].refused)
            cr_assert_eq(parse(bytes, size), -rfc_cases[i].refused, "%s: %d", rfc_cases[i].name,
                         parse(bytes, size));
    }
}

/* Cut anywhere, it is incomplete or refused with that status already: never taken, never another one. */
static void refuse_every_cut(const struct rfc_case *bad)
{
    char bytes[RFC_CASE_MAX];
    size_t size = rfc_case_build(bad, bytes);
    bool refused = false;

    for (size_t cut = 0; cut <= size; cut++) {
        int result = parse(bytes, cut);

        cr_assert(result == -bad->refused || (result == 0 && !refused), "%s: %d after %zu bytes", bad->name,
                  result, cut);
        refused = result < 0;
    }
}

Test(http, every_cut_of_a_bad_head_is_refused_or_needs_more)
{
    for (size_t i = 0; i < rfc_cases_count; i++)
        if (rfc_cases[i].refused)
            refuse_every_cut(&rfc_cases[i]);
}

/* ---- limits ---- */

/* "GET /aaa... HTTP/1.1" of `line` bytes, and fields of `fields` bytes in all, the empty line not counted. */
static size_t build(char *bytes, size_t line, size_t fields)
{
    size_t size = (size_t)sprintf(bytes, "GET /");

    memset(bytes + size, 'a', line - strlen("GET / HTTP/1.1"));
    size += line - strlen("GET / HTTP/1.1");
    size += (size_t)sprintf(bytes + size, " HTTP/1.1\r\n" HOST "X: ");
    fields -= strlen(HOST "X: \r\n");
    memset(bytes + size, 'b', fields);
    size += fields;
    return size + (size_t)sprintf(bytes + size, "\r\n\r\n");
}

Test(http, request_line_at_its_limit)
{
    char bytes[32768];
    size_t size = build(bytes, HTTP_LINE_MAX, 100);

    cr_assert_eq(parse(bytes, size), (int)size);
    cr_assert_eq(parse(bytes, HTTP_LINE_MAX), 0, "more may come");
    cr_assert_eq(parse(bytes, HTTP_LINE_MAX + 1), 0, "more may come");
    size = build(bytes, HTTP_LINE_MAX + 1, 100);
    cr_assert_eq(parse(bytes, size), -414);
    cr_assert_eq(parse(bytes, HTTP_LINE_MAX + 2), -414, "more cannot make it shorter");
}

Test(http, header_fields_at_their_limit)
{
    char bytes[32768];
    size_t size = build(bytes, 100, HTTP_HEADERS_MAX);

    cr_assert_eq(parse(bytes, size), (int)size);
    size = build(bytes, 100, HTTP_HEADERS_MAX + 1);
    cr_assert_eq(parse(bytes, size), -431);
    size = build(bytes, HTTP_LINE_MAX, HTTP_HEADERS_MAX); /* both at once */
    cr_assert_eq(parse(bytes, size), (int)size);
}

/* `count` fields, Host the first of them. */
static size_t build_fields(char *bytes, int count)
{
    size_t size = (size_t)sprintf(bytes, "GET / HTTP/1.1\r\n" HOST);

    for (int i = 1; i < count; i++)
        size += (size_t)sprintf(bytes + size, "X%d: y\r\n", i);
    return size + (size_t)sprintf(bytes + size, "\r\n");
}

Test(http, number_of_fields_at_its_limit)
{
    char bytes[8192];
    size_t size = build_fields(bytes, HTTP_FIELDS_MAX);

    cr_assert_eq(parse(bytes, size), (int)size);
    size = build_fields(bytes, HTTP_FIELDS_MAX + 1);
    cr_assert_eq(parse(bytes, size), -431);
}

/* ---- every byte value ---- */

/* The bytes a place may hold; all others are refused there. tchar: RFC 9110, 5.6.2 */
static bool is_tchar(int c)
{
    return c &&
           (strchr("!#$%&'*+-.^_`|~", c) || (c >= '0' && c <= '9') ||
            ((c | 0x20) >= 'a' && (c | 0x20) <= 'z')) &&
           c < 0x80;
}

static int parse_with(const char *before, int c, const char *after)
{
    char bytes[256];
    size_t size = (size_t)sprintf(bytes, "%s", before);

    bytes[size++] = (char)c;
    size += (size_t)sprintf(bytes + size, "%s", after);
    return parse(bytes, size);
}

Test(http, every_byte_in_a_method_a_name_and_a_value)
{
    for (int c = 0; c < 256; c++) {
        bool value = c == '\t' || (c >= ' ' && c != 0x7f);

        cr_assert_eq(parse_with("A", c, "B / HTTP/1.1\r\n" HOST "\r\n") > 0, is_tchar(c), "method, byte %d",
                     c);
        cr_assert_eq(parse_with("GET / HTTP/1.1\r\n" HOST "X", c, "Y: z\r\n\r\n") > 0,
                     is_tchar(c) || c == ':', "name, byte %d", c);
        cr_assert_eq(parse_with("GET / HTTP/1.1\r\n" HOST "X: y", c, "z\r\n\r\n") > 0, value,
                     "value, byte %d", c);
        cr_assert_eq(parse_with("GET /", c, "x HTTP/1.1\r\n" HOST "\r\n") > 0,
                     c > ' ' && c < 0x7f && c != '#' && c != '%', "target, byte %d", c);
    }
}

/* ---- chunk sizes ---- */

static int chunk(const char *text, size_t size, uint64_t *length)
{
    return http_parse_chunk(guarded(text, size), size, length);
}

Test(http, chunk_sizes)
{
    static const struct {
        const char *line;
        uint64_t length;
    } lines[] = {
        {"0\r\n", 0},   {"5\r\n", 5},           {"fF\r\n", 255},  {"0000000000000000000a\r\n", 10},
        {"1;x\r\n", 1}, {"1;x=\"y z\"\r\n", 1}, {"1 ; x\r\n", 1}, {"ffffffffffffffff\r\n", UINT64_MAX},
    };
    uint64_t length;

    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        size_t size = strlen(lines[i].line);

        cr_assert_eq(chunk(lines[i].line, size, &length), (int)size, "%s", lines[i].line);
        cr_assert_eq(length, lines[i].length, "%s", lines[i].line);
        for (size_t cut = 0; cut < size; cut++)
            cr_assert_eq(chunk(lines[i].line, cut, &length), 0, "%zu bytes of %s", cut, lines[i].line);
    }
}

Test(http, bad_chunk_sizes)
{
    static const char *const lines[] = {
        "\r\n",     "x\r\n",      "-1\r\n",  "+1\r\n", " 1\r\n",
        "0x1\r\n",  "1\n",        "1 2\r\n", "1,\r\n", "10000000000000000\r\n",
        "1\r2\r\n", "1;\x01\r\n", ";x\r\n",  "10 \r\n"};
    uint64_t length;

    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
        cr_assert_eq(chunk(lines[i], strlen(lines[i]), &length), -400, "%s", lines[i]);
}

Test(http, chunk_line_at_its_limit)
{
    char line[HTTP_CHUNK_LINE_MAX + 8];
    uint64_t length;

    memset(line, 'e', sizeof(line));
    line[0] = '1';
    line[1] = ';';
    line[HTTP_CHUNK_LINE_MAX - 2] = '\r';
    line[HTTP_CHUNK_LINE_MAX - 1] = '\n';
    cr_assert_eq(chunk(line, HTTP_CHUNK_LINE_MAX, &length), HTTP_CHUNK_LINE_MAX);
    line[HTTP_CHUNK_LINE_MAX - 2] = line[HTTP_CHUNK_LINE_MAX - 1] = 'e';
    cr_assert_eq(chunk(line, HTTP_CHUNK_LINE_MAX, &length), 0, "more may come");
    cr_assert_eq(chunk(line, HTTP_CHUNK_LINE_MAX + 1, &length), -400, "more cannot make it shorter");
    line[HTTP_CHUNK_LINE_MAX - 1] = '\r';
    line[HTTP_CHUNK_LINE_MAX] = '\n';
    cr_assert_eq(chunk(line, HTTP_CHUNK_LINE_MAX + 1, &length), -400);
}

Test(http, every_status_has_a_reason)
{
    static const int statuses[] = {200, 400, 404, 405, 413, 414, 417, 431, 501, 505};

    for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++)
        cr_assert_str_neq(http_reason(statuses[i]), http_reason(999), "%d", statuses[i]);
}
