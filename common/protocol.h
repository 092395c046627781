/*
 * protocol - what a server says, without any I/O: bytes in, bytes out, one step at a time.
 *
 * A step looks at the bytes that have arrived, takes what it can use from their front, and appends
 * to the output what there is to say. It never blocks and knows no socket, so the same protocol runs
 * under blocking, readiness and completion models, and in a test with strings.
 */
#ifndef PROTOCOL_H
#define PROTOCOL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

struct counters_table;
struct files;

/* What all connections of a server have in common; constant while it runs. */
struct service {
    const struct protocol *protocol;
    const char *model;                     /* the name answers carry */
    const struct counters_table *counters; /* what /stats tells; NULL: nothing to tell */
    const atomic_bool *closing;            /* true: answer what is under way, then close; may be NULL */
    const struct files *files;             /* what is served beside the targets; NULL: nothing */
    int64_t request_timeout_ns;            /* conn_too_slow (conn.h); 0: none */
    bool records; /* the transport keeps records: one receive brings one, or its front */
};

enum { REPLY_CACHE_SIZE = 512 };

/* The part of a reply that is the same for a whole second. One per worker. */
struct reply_cache {
    time_t second;      /* the second it was made for; 0: not yet */
    unsigned head_size; /* "Server: ...\r\nDate: ...\r\n" */
    unsigned full_size; /* the complete reply to GET / on a connection that stays open */
    char head[REPLY_CACHE_SIZE / 2];
    char full[REPLY_CACHE_SIZE];
};

/* The file that answers a request, and which part of it. */
struct found {
    uint64_t size;          /* of the file */
    uint64_t start, length; /* what is sent */
    int64_t modified_ns;    /* 0: made just now */
    const char *type;
    int fd;
    uint16_t status;
};

/* Where one connection stands in its protocol. All zero: before its first byte. */
struct exchange {
    uint64_t body_left;  /* bytes of the request's body, or of its current chunk, still to come */
    uint64_t body_total; /* bytes of a chunked body so far */
    uint64_t
        fill_at; /* the reply goes on with bytes of the file found, or else of the pattern (handler.h), ... */
    uint64_t fill_left; /* ... so many from this offset; the connection sends them straight from there */
    uint64_t argument;  /* the N of /bytes/N, the USEC of /spin and /wait */
    uint16_t trailer;   /* bytes of chunked trailer so far, and of long chunk extensions */
    uint16_t error;     /* status that refuses the request, 0: none */
    uint8_t phase;      /* of the protocol that runs */
    uint8_t route;
    bool head_only, keep_alive, chunked, http_1_0;
    struct found *found; /* NULL: none. Only who asks for a file pays for one, see exchange_close_file */
};

enum protocol_result {
    PROTOCOL_ANSWERED,   /* one request is answered: ask again */
    PROTOCOL_ADVANCED,   /* some bytes were used, the request goes on: ask again */
    PROTOCOL_NEED_INPUT, /* nothing can be done before more bytes arrive */
    PROTOCOL_NEED_ROOM,  /* nothing can be done before output has been sent */
    PROTOCOL_WAIT,       /* the handler waits for exchange->argument microseconds, then ask again */
    PROTOCOL_CLOSE,      /* the answer is complete and the last: close once it is sent */
    PROTOCOL_REFUSED,    /* as CLOSE, but the request was broken and the rest of it may be unread */
};

/* The front of the bytes that arrived: a step moves `at` over what it used. */
struct protocol_input {
    const char *at;
    size_t size;
    bool ended; /* nothing comes behind these */
};

/* Free space for what there is to say: a step moves `at` over what it wrote. */
struct protocol_output {
    char *at;
    size_t size;
};

struct protocol {
    const char *name;
    enum protocol_result (*step)(struct exchange *exchange, const struct service *service,
                                 struct reply_cache *cache, struct protocol_input *input,
                                 struct protocol_output *output);
    /* Brings up to date what is made once per second; NULL: there is nothing. step does it by itself. */
    void (*refresh)(struct reply_cache *cache, const struct service *service);
    /* True when input may end here without anything being cut off. */
    bool (*at_rest)(const struct exchange *exchange);
    bool datagrams; /* it needs no connection: the answer to a datagram is that datagram */
};

/* The table of protocols. NULL when there is none of that name; protocol_at(i) ends with NULL. */
const struct protocol *protocol_find(const char *name);
const struct protocol *protocol_at(size_t index);

/* Closes the file that answers, if there is one. */
void exchange_close_file(struct exchange *exchange);

extern const struct protocol protocol_http;
extern const struct protocol protocol_echo;

#endif
