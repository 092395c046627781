/*
 * expect - the answers a test waits for; each of these asserts (Criterion).
 */
#ifndef EXPECT_H
#define EXPECT_H

#include <stddef.h>

#include "reply.h"
#include "wire.h"

#define EXPECT_HELLO "Hello, world!"

/* The next response has this status and this body. */
void expect_reply(struct wire *wire, int status, const void *body, size_t size);

/* ... is 200 with the 13 bytes of `/`. */
void expect_hello(struct wire *wire);

/* ... has this status, whatever its body. `reply` (may be NULL) is filled and must be freed. */
void expect_status(struct wire *wire, int status, struct reply *reply);

/* Sends the bytes and receives the same ones (echo protocol). */
void expect_echo(struct wire *wire, const void *bytes, size_t size);

/* The connection ends, and nothing comes before the end. */
void expect_end(struct wire *wire);

/* `size` bytes of the pattern of /bytes/N. Free it. */
char *expect_pattern(size_t size);

/* `size` bytes that look random and are the same for the same seed. Free it. */
char *expect_noise(size_t size, unsigned seed);

#endif
