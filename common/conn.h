/*
 * conn - one connection: bytes in -> bytes out -> what it waits for next.
 *
 * The same struct and the same functions serve every model. A blocking model calls conn_progress
 * until CONN_DONE; a readiness model calls it when the kernel says ready and re-arms on what it
 * returns; a completion model does its own I/O and uses the half below that has none. **The flag
 * O_NONBLOCK on the descriptor and who calls are the only differences between them.**
 *
 *             conn_space, conn_received                    conn_pending, conn_sent
 *    socket ----------------------------> protocol step ---------------------------> socket
 *                        input buffer                      output buffer, pattern, file
 *
 * Back-pressure: while output waits to be sent nothing is received, and when the output buffer
 * cannot take the next answer the input stays where it is.
 *
 * An idle connection holds no buffers: it borrows them from its worker when bytes arrive and gives
 * them back when they are drained. A connection belongs to one worker and one thread at a time.
 */
#ifndef CONN_H
#define CONN_H

#include "buffers.h"
#include "counters.h"
#include "protocol.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum conn_status {
    CONN_WANT_READ,  /* call again when the socket is readable */
    CONN_WANT_WRITE, /* ... writable: output is left, or this turn's budget is spent */
    CONN_WANT_TIME,  /* call conn_waited after conn_wait_ns */
    CONN_DONE,       /* close it */
};

enum {
    CONN_TURN_REQUESTS = 64,       /* requests answered before other connections get their turn */
    CONN_TURN_BYTES = 128 * 1024,  /* bytes sent before other connections get their turn */
    CONN_DISCARD_MAX = 256 * 1024, /* bytes of a refused client that are read before the close */
    CONN_LINGER_MS = 1000,         /* how long a refused client may be silent before it closes its side */
    CONN_LINGER_WHOLE_MS = 3000,   /* ... and how long all of that may take */
    CONN_RATE_MIN = 500,           /* bytes a second that earn a request more time: conn_too_slow */
};

/* What the connections of one thread, process or loop share. */
struct conn_worker {
    const struct service *service;
    struct counters *counters;
    struct reply_cache cache;
    struct buffers buffers;
};

void conn_worker_open(struct conn_worker *worker, const struct service *service, struct counters *counters);

/*
 * A worker whose connections move on to other workers (conn->worker is set anew by whoever serves it
 * next): its buffers travel with them.
 */
void conn_worker_open_travelling(struct conn_worker *worker, const struct service *service,
                                 struct counters *counters);

/*
 * Brings up to date what answers share for a second, ahead of the first request: for a worker that lives
 * on in forked children, so that none of them has to render a date.
 */
void conn_worker_refresh(struct conn_worker *worker);

/* Every connection of the worker must be closed already. */
void conn_worker_close(struct conn_worker *worker);

struct conn {
    int fd;             /* -1 when driven without I/O */
    uint16_t turn_left; /* requests this turn may still answer */
    bool input_ended;   /* the peer has sent all it will */
    bool leftover;      /* input was left because the turn was over */
    bool waiting;       /* the handler waits */
    bool closing;       /* close once output is sent */
    bool refused;       /* ... and the peer may still be sending: linger then */
    bool lingering;     /* output is sent and ended; input is discarded until its end */
    bool done;
    bool moved;         /* the last conn_progress received or sent something */
    bool input_left;    /* ... and may have left input in the socket: no new edge will tell of it */
    bool socket_full;   /* ... and the socket would not take all of it */
    uint32_t discarded; /* bytes thrown away while lingering */
    uint64_t exchanged; /* bytes that went either way since `since_ns` */
    int64_t since_ns;   /* when conn_too_slow first saw this request, answer or lingering; 0: not yet */
    struct conn_worker *worker;
    struct buffer *in, *out; /* NULL while empty */
    struct exchange exchange;
};

/* Starts a connection; counts it as accepted-and-open. The descriptor stays the caller's to close. */
void conn_open(struct conn *conn, struct conn_worker *worker, int fd);

/* Gives back the buffers. To be called once, when it is CONN_DONE or to be dropped. */
void conn_close(struct conn *conn);

/* ---- the half without I/O ---- */

/*
 * Where to put received bytes, and how many fit: more than 0 while conn_wants is CONN_WANT_READ.
 * 0 when a buffer cannot be had (no memory; the connection is then CONN_DONE).
 */
size_t conn_space(struct conn *conn, char **at);

/* Nothing has come to be put there. */
void conn_space_unused(struct conn *conn);

/* `n` bytes have been put there; 0: end of input. Starts a turn: requests are answered as far as it goes. */
void conn_received(struct conn *conn, size_t n);

/* The next bytes to send, 0 when there are none. They stay valid until conn_sent. */
size_t conn_pending(const struct conn *conn, const char **at);

/*
 * True while what is to be sent next is part of a file: nothing is pending then. conn_progress sends it with
 * sendfile(2); a driver that has no such thing calls conn_load and sends what is pending after it.
 */
bool conn_sends_file(const struct conn *conn);

/*
 * `n` of the pending bytes have been sent; input that had to wait is looked at again. With 0 a new
 * turn starts: for the driver whose connection wants to write and has nothing pending.
 */
void conn_sent(struct conn *conn, size_t n);

enum conn_status conn_wants(const struct conn *conn);

/* While CONN_WANT_TIME: how long, and that it has passed. */
int64_t conn_wait_ns(const struct conn *conn);
void conn_waited(struct conn *conn);

/* The connection is lost (reset, no memory): drops what is pending, counts it. It is CONN_DONE. */
void conn_abort(struct conn *conn);

/* The same because nothing moved for too long. */
void conn_expire(struct conn *conn);

/* True between requests: nothing received that is unanswered, nothing left to send. */
bool conn_idle(const struct conn *conn);

/* True while a refused client's input is being discarded: give it CONN_LINGER_MS, not the idle time-out. */
bool conn_lingering(const struct conn *conn);

/*
 * Whether its client takes too long: a request may last service->request_timeout_ns from its first byte
 * to its last, and its answer as long again, plus a second for each CONN_RATE_MIN bytes that have moved.
 * So a byte now and then, which no idle time-out minds, cannot hold a connection for ever. Time in which
 * the handler waits does not count, nor does that between requests. To be asked after each progress, with
 * the time on the clock of clock_now_ns: the first question starts the time. Then: conn_expire.
 */
bool conn_too_slow(struct conn *conn, int64_t now_ns);

/* ---- the half with I/O ---- */

/*
 * Reads the next piece of the file into the output buffer. False: there is no file to be sent, no buffer, or
 * the file has become shorter than its answer said; in the latter cases the connection is CONN_DONE.
 */
bool conn_load(struct conn *conn);

/*
 * Receives at most once, answers, then sends until all is sent, the socket takes no more or the
 * turn is over. On a blocking descriptor it blocks in recv(2) and send(2); `moved` then tells a
 * time-out from progress.
 */
enum conn_status conn_progress(struct conn *conn);

#endif
