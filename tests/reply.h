/*
 * reply - reads an HTTP/1.1 response to its exact end, and is hard to please.
 *
 * A status line, headers with a colon, and a body framed by Content-Length, by chunks or by the
 * absence of a body; anything else is a failure with a sentence. RFC 9112
 */
#ifndef REPLY_H
#define REPLY_H

#include <stdbool.h>
#include <stddef.h>

#include "wire.h"

enum { REPLY_HEAD_MAX = 4096, REPLY_LINE_MAX = 1024 };

struct reply {
    int status;
    bool chunked;
    bool closes;               /* it says "Connection: close" */
    size_t announced;          /* Content-Length, also of an answer to HEAD */
    char head[REPLY_HEAD_MAX]; /* the header lines, each ended by "\n" */
    size_t head_size;
    char *body; /* NUL-terminated on top of its size; freed by reply_free */
    size_t size;
    const char *failure; /* NULL, or what was wrong with it (static storage) */
};

/* Reads one. `of_head`: it answers a HEAD, so no body follows. 0, or -1 with reply->failure. */
int reply_read(struct wire *wire, struct reply *reply, bool of_head);

/* The value of a header, in `value` of REPLY_LINE_MAX bytes; NULL when it is not there. */
const char *reply_header(const struct reply *reply, const char *name, char value[REPLY_LINE_MAX]);

void reply_free(struct reply *reply);

#endif
