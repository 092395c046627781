/*
 * Every model serves files: small and large, to slow readers, in parts, and nothing that is none of the
 * client's business. What a path finds in all cases is what test_files.c asks, without a socket.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "docroot.h"
#include "expect.h"
#include "matrix.h"

enum { NARROW = 4096 };

static struct fixture fixture;
static struct wire wire;
static const char *root;

static void leave(void)
{
    fixture_leave();
    docroot_remove();
}

/* Its index.html is what `/` says without a directory: the usual questions can be asked at the end. */
static void begin(struct fixture_plan *plan)
{
    root = docroot_make();
    plan->options[0] = "--root";
    plan->options[1] = root;
    fixture_start(&fixture, plan);
}

static void ask(const char *method, const char *target, const char *fields)
{
    char request[512];

    snprintf(request, sizeof(request), "%s %s HTTP/1.1\r\nHost: test\r\n%s\r\n", method, target, fields);
    wire_text(&wire, request);
}

/* On one connection, in order, and nobody waits for the other end of the FIFO. */
static void files_small(struct fixture_plan plan)
{
    static const struct {
        const char *target;
        int status;
        const char *body; /* NULL: whatever */
    } table[] = {
        {"/small.txt", 200, "small"},
        {"/", 200, EXPECT_HELLO},
        {"/sub/deep.txt", 200, "deep"},
        {"/empty", 200, ""},
        {"/sub", 301, ""},
        {"/fifo", 403, NULL},
        {"/list/", 403, NULL},
        {"/../secret", 404, NULL},
        {"/%2e%2e/secret", 404, NULL},
        {"/sub/%2e%2e%2f..%2fsecret", 404, NULL},
        {"//small.txt", 404, NULL},
        {"/small.txt%00", 404, NULL},
        {"/link-out", 404, NULL},
        {"/link-absolute", 404, NULL},
        {"/dir-out/secret", 404, NULL},
        {"/.hidden", 404, NULL},
        {"/nothing", 404, NULL},
        {"/bytes/3", 200, "012"},
    };
    struct reply reply;

    begin(&plan);
    fixture_connect(&fixture, &wire);
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        ask("GET", table[i].target, "");
        expect_status(&wire, table[i].status, &reply);
        cr_assert(!table[i].body || strcmp(reply.body, table[i].body) == 0, "%s: %.100s", table[i].target,
                  reply.body);
        cr_assert(!strstr(reply.body, DOCROOT_SECRET) && !reply.closes, "%s", table[i].target);
        reply_free(&reply);
    }
    fixture_end(&fixture, &wire);
}

/* All of it, its head, a part, and pipelined with what comes next. */
static void files_large(struct fixture_plan plan)
{
    char *noise = expect_noise(DOCROOT_LARGE, DOCROOT_LARGE_SEED);
    struct reply reply;

    begin(&plan);
    fixture_connect(&fixture, &wire);
    ask("GET", "/large.bin", "");
    ask("HEAD", "/large.bin", "");
    ask("GET", "/small.txt", "");
    expect_reply(&wire, 200, noise, DOCROOT_LARGE);
    cr_assert_eq(reply_read(&wire, &reply, true), 0, "%s", reply.failure);
    cr_assert_eq(reply.announced, DOCROOT_LARGE);
    expect_reply(&wire, 200, "small", 5);
    ask("GET", "/large.bin", "Range: bytes=70000-900000\r\n");
    expect_reply(&wire, 206, noise + 70000, 830001);
    free(noise);
    fixture_end(&fixture, &wire);
}

static void files_over_unix(struct fixture_plan plan)
{
    files_large(plan);
}

/* Little room, little at a time: the file is sent in many parts. */
static void files_to_slow_readers(struct fixture_plan plan)
{
    char *noise = expect_noise(DOCROOT_LARGE, DOCROOT_LARGE_SEED), *body = malloc(DOCROOT_LARGE);
    char line[REPLY_LINE_MAX];
    size_t at = 0;

    begin(&plan);
    cr_assert_eq(wire_open_narrow(&wire, fixture.endpoint, NARROW), 0);
    ask("GET", "/large.bin", "Connection: close\r\n");
    while (wire_line(&wire, line, sizeof(line)) > 0)
        continue;
    for (size_t n = 1; at < DOCROOT_LARGE; at += n, n = n < 60000 ? n * 2 : n) {
        n = n < DOCROOT_LARGE - at ? n : DOCROOT_LARGE - at;
        cr_assert_eq(wire_receive_all(&wire, body + at, n), 0, "the file ends after %zu bytes", at);
        clock_sleep_ns(NS_PER_MS);
    }
    cr_assert(memcmp(body, noise, DOCROOT_LARGE) == 0, "the file is another one");
    expect_end(&wire);
    free(noise);
    free(body);
    fixture_end(&fixture, &wire);
}

/* Asks for a file that no socket buffer takes whole, and gets the beginning. */
static void ask_for_much(void)
{
    char line[REPLY_LINE_MAX];

    cr_assert_eq(wire_open_narrow(&wire, fixture.endpoint, NARROW), 0);
    ask("GET", "/much.bin", "");
    cr_assert(wire_line(&wire, line, sizeof(line)) > 0);
    cr_assert_str_eq(line, "HTTP/1.1 200 OK");
}

/* Clients that leave, and a file that is cut short, in the middle of the answer: no descriptor stays behind.
 */
static void files_cut_short(struct fixture_plan plan)
{
    enum { MUCH = 64 << 20 };
    char path[256];
    FILE *file;

    begin(&plan);
    snprintf(path, sizeof(path), "%s/much.bin", root);
    file = fopen(path, "w");
    cr_assert(file && fclose(file) == 0 && truncate(path, MUCH) == 0);
    for (int i = 0; i < 3; i++) {
        ask_for_much();
        wire_reset(&wire);
    }
    ask_for_much();
    cr_assert_eq(truncate(path, 10), 0);
    cr_assert(wire_drain(&wire), "the connection stays open");
    cr_assert(wire.received < MUCH, "more than there is");
    fixture_end(&fixture, &wire);
}

TestSuite(conformance_files, .timeout = MATRIX_TIMEOUT_S, .fini = leave);

#define FILES(model, name) MATRIX_TEST(conformance_files, model, name, "http", FIXTURE_TCP)
#define MODEL(model)                                                                                         \
    FILES(model, files_small)                                                                                \
    FILES(model, files_large)                                                                                \
    FILES(model, files_to_slow_readers)                                                                      \
    FILES(model, files_cut_short)                                                                            \
    MATRIX_TEST(conformance_files, model, files_over_unix, "http", FIXTURE_UNIX)
#define REFERENCE(model)
#include "models.def"
