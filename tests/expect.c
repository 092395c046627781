/*
 * expect - the answers a test waits for.
 */
#include "expect.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* What RFC 9110 and our contract want in every response. */
static void expect_common_fields(const struct reply *reply)
{
    char value[REPLY_LINE_MAX];

    cr_assert(reply_header(reply, "Server", value) && strncmp(value, "tenk/", 5) == 0, "Server: tenk/MODEL");
    cr_assert(reply_header(reply, "Date", value) && strlen(value) == strlen("Sun, 06 Nov 1994 08:49:37 GMT"),
              "a Date of RFC 9110, 5.6.7");
    cr_assert(reply_header(reply, "Content-Type", value), "a Content-Type");
}

void expect_status(struct wire *wire, int status, struct reply *reply)
{
    struct reply own;
    struct reply *read = reply ? reply : &own;

    errno = 0;
    cr_assert_eq(reply_read(wire, read, false), 0, "waiting for %d: %s (status %d so far, %s)", status,
                 read->failure, read->status, strerror(errno));
    cr_assert_eq(read->status, status, "status %d instead of %d: %.200s", read->status, status,
                 read->body ? read->body : "");
    expect_common_fields(read);
    if (!reply)
        reply_free(&own);
}

void expect_reply(struct wire *wire, int status, const void *body, size_t size)
{
    struct reply reply;

    expect_status(wire, status, &reply);
    cr_assert_eq(reply.size, size, "%zu bytes of body instead of %zu", reply.size, size);
    cr_assert(memcmp(reply.body, body, size) == 0, "the body of %zu bytes is another one: %.100s", size,
              reply.body);
    reply_free(&reply);
}

void expect_hello(struct wire *wire)
{
    expect_reply(wire, 200, EXPECT_HELLO, strlen(EXPECT_HELLO));
}

void expect_echo(struct wire *wire, const void *bytes, size_t size)
{
    char *back = malloc(size);

    wire_queue(wire, bytes, size);
    cr_assert_eq(wire_receive_all(wire, back, size), 0, "%zu bytes do not come back: %s", size,
                 strerror(errno));
    cr_assert(memcmp(back, bytes, size) == 0, "other bytes come back");
    free(back);
}

void expect_end(struct wire *wire)
{
    cr_assert(wire_ended(wire), "the connection should have ended");
}

char *expect_pattern(size_t size)
{
    static const char period[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_\n";
    char *bytes = malloc(size + 1);

    for (size_t i = 0; i < size; i++)
        bytes[i] = period[i % (sizeof(period) - 1)];
    return bytes;
}

char *expect_noise(size_t size, unsigned seed)
{
    uint64_t state = UINT64_C(0x9e3779b97f4a7c15) * (seed + 1);
    char *bytes = malloc(size + 1);

    for (size_t i = 0; i < size; i++) {
        state ^= state << 13; /* xorshift64: Marsaglia 2003 */
        state ^= state >> 7;
        state ^= state << 17;
        bytes[i] = (char)(state >> 32);
    }
    return bytes;
}
