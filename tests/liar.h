/*
 * liar - a small blocking server inside a test, which answers well, except when it is told not to.
 *
 * A load client is only worth something if it catches a server that is wrong, and a correct server
 * cannot be made to be wrong. One thread per connection; everything it did is counted, so that a test can
 * compare exactly. It shares no code with the client or with tenk-serve.
 */
#ifndef LIAR_H
#define LIAR_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define LIAR_BODY "Hello, world!"

enum {
    LIAR_CONNECTIONS_MAX = 65536, /* over its life */
    LIAR_TARGET_MAX = 64,
    LIAR_ECHO_MAX = 8192, /* bytes of a request that is kept for another connection */
};

/* How a request is answered when it is its turn to be answered wrongly. */
enum liar_lie {
    LIAR_HONEST,
    /* http: wrong */
    LIAR_WRONG_BYTE,   /* one byte of the body differs */
    LIAR_WRONG_LENGTH, /* a body of 14 bytes, and Content-Length says so */
    LIAR_SHORT_BODY,   /* Content-Length 13, 5 bytes, end */
    LIAR_SHORT_HEAD,   /* the end comes in the middle of the header */
    LIAR_EXTRA_REPLY,  /* two answers to one request */
    LIAR_EXTRA_BYTE,   /* one byte more than Content-Length says */
    LIAR_NO_ANSWER,    /* the end instead of an answer */
    LIAR_RESET,        /* a reset instead of an answer */
    LIAR_HANG,         /* nothing, for ever */
    LIAR_STATUS,       /* 503 */
    LIAR_GARBAGE,      /* not HTTP */
    LIAR_TWO_LENGTHS,  /* Content-Length twice */
    LIAR_BAD_CHUNK,    /* a chunk size that is not a number */
    LIAR_CROSSED,      /* mirror: the body that another connection should have had */
    LIAR_KEEP_OPEN,    /* ignores Connection: close */
    /* http: unusual but right */
    LIAR_PIECES, /* byte by byte */
    LIAR_CHUNKED,
    LIAR_LEAVES,      /* says Connection: close and closes */
    LIAR_UNTIL_CLOSE, /* HTTP/1.0, the body ends with the connection */
    LIAR_CONTINUE,    /* 100 Continue first */
    /* echo: wrong */
    LIAR_ECHO_WRONG_BYTE,
    LIAR_ECHO_EXTRA_BYTE,
    LIAR_ECHO_LOSES_BYTE,
    LIAR_ECHO_CLOSES,
    LIAR_ECHO_CROSSED, /* what another connection has sent comes back: its answer is late and goes to the
                          wrong one */
};

struct liar_plan {
    enum liar_lie lie;
    unsigned every;    /* each so many requests are answered that way; 1: all of them */
    bool mirror;       /* http: the body of a good answer is the target that was asked for */
    bool tenk;         /* claims to be tenk-serve: "Server: tenk/liar" */
    unsigned echo;     /* speaks echo: bytes of one request */
    unsigned wait_ms;  /* before each answer */
    unsigned pause_at; /* at this request ... */
    unsigned pause_ms; /* ... the whole server stands still for so long */
};

struct liar {
    struct liar_plan plan;
    char target[LIAR_TARGET_MAX]; /* "http://127.0.0.1:PORT" or "echo://..." */
    int listener;
    pthread_t thread;
    pthread_mutex_t standing; /* held while the server stands still */
    _Atomic bool stopping;
    _Atomic uint64_t accepted;
    _Atomic uint64_t requests; /* received whole */
    _Atomic uint64_t lies;     /* of them answered in the way of the plan */
    _Atomic uint64_t busiest;  /* most requests on one connection */
    pthread_mutex_t lock;      /* protects what follows */
    char last[LIAR_ECHO_MAX];  /* echo: the last request, and whose it was */
    uint64_t last_index;
    int *sockets;
    pthread_t *threads;
    uint64_t count;
};

/* Starts it on a free port of 127.0.0.1. Asserts (Criterion) that it could. */
void liar_start(struct liar *liar, const struct liar_plan *plan);

/* Takes who stands in the backlog, then ends every connection and every thread. */
void liar_stop(struct liar *liar);

#endif
