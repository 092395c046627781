/*
 * load_reply - checks one HTTP/1.1 answer as its bytes arrive: status, framing, length and content.
 *
 * A pure function of bytes: no I/O, no clock. It is strict where a load client must be (a wrong
 * Content-Length or a missing CR is an error, not something to be repaired), because what it lets
 * pass is reported as a good answer. RFC 9112.
 */
#ifndef LOAD_REPLY_H
#define LOAD_REPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "load_expect.h"
#include "load_stats.h"

enum {
    LOAD_HEAD_MAX = 8192,      /* a longer head is a framing error */
    LOAD_CHUNK_LINE_MAX = 256, /* a longer chunk-size or trailer line is a framing error */
};

enum load_reply_phase {
    LOAD_REPLY_HEAD,
    LOAD_REPLY_BODY,        /* Content-Length: `left` bytes to come */
    LOAD_REPLY_CHUNK_SIZE,  /* in a chunk-size line */
    LOAD_REPLY_CHUNK,       /* `left` bytes of a chunk to come */
    LOAD_REPLY_CHUNK_END,   /* the CR LF behind a chunk */
    LOAD_REPLY_TRAILER,     /* lines behind the last chunk */
    LOAD_REPLY_UNTIL_CLOSE, /* the body ends with the connection */
    LOAD_REPLY_DONE,        /* complete; `error` says whether it was right */
    LOAD_REPLY_BROKEN,      /* not HTTP: the connection cannot be used any more */
};

struct load_reply {
    struct load_expect *expect;
    enum load_reply_phase phase;
    enum load_error error; /* the first thing found wrong, or LOAD_ERROR_NONE */
    int status;
    bool closes;    /* the server will close the connection after this answer */
    bool from_tenk; /* "Server: tenk/..." */
    bool interim;   /* a 1xx answer came before it */
    struct load_rule rule;
    uint64_t left;   /* bytes left of the body or the chunk */
    uint64_t offset; /* bytes of the body seen so far */
    char *learned;   /* the body so far, while it is being learned */
    size_t learned_size, learned_space;
    size_t line_size; /* bytes in `head` of the line of chunked framing that is being read */
    size_t head_size; /* bytes of a head that came in pieces */
    char head[LOAD_HEAD_MAX];
};

/* Makes it ready for the first byte of an answer. */
void load_reply_begin(struct load_reply *reply, struct load_expect *expect);

/*
 * Takes up to `size` bytes and returns how many: fewer only when the answer is complete or broken,
 * so that what follows is the next answer.
 */
size_t load_reply_feed(struct load_reply *reply, const char *bytes, size_t size);

/* The connection has ended: DONE if that is how this body ends, else LOAD_ERROR_SHORT. */
void load_reply_end_of_input(struct load_reply *reply);

/* Gives back what an unfinished answer holds. */
void load_reply_close(struct load_reply *reply);

#endif
