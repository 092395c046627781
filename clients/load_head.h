/*
 * load_head - reads the head of an HTTP/1.1 answer: status line and header fields.
 *
 * Pure functions of bytes; strict (see load_reply.h). RFC 9112 sections 4 to 6.
 */
#ifndef LOAD_HEAD_H
#define LOAD_HEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct load_head {
    int status;
    int minor; /* HTTP/1.0 or HTTP/1.1 */
    bool has_length;
    uint64_t length;        /* Content-Length */
    bool coded;             /* a Transfer-Encoding is present */
    bool chunked;           /* and it is exactly "chunked" */
    bool close, keep_alive; /* what Connection says */
    bool from_tenk;         /* Server begins with "tenk/" */
};

/* Parses a whole head, the empty line included. False when it is not one. */
bool load_head_parse(struct load_head *head, const char *bytes, size_t size);

/* Where the head ends: its size with the empty line, or 0 when it is not complete. */
size_t load_head_size(const char *bytes, size_t size);

#endif
