/*
 * load_worker - one thread of the load client: its share of the connections, one epoll loop, its own
 * numbers. Threads share nothing on the hot path.
 *
 *     epoll_wait -> event of each connection -> recv -> check -> record
 *                -> closed loop: send the next request of each; open loop: send what is due
 *                -> every tick: open, retry, time out, publish
 *
 * Who owns what: a worker owns its connections and everything in `struct load_worker`; the plan is
 * read by all; `struct load_run` holds the few times that the main thread publishes.
 *
 * Handling an event touches no connection but its own. Requests that are due are sent, and connections
 * are timed out, only between two batches of events, so no event in a batch is ever stale. epoll(7)
 */
#ifndef LOAD_WORKER_H
#define LOAD_WORKER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "load_life.h"
#include "load_pace.h"
#include "load_plan.h"
#include "load_queue.h"
#include "load_reply.h"
#include "load_stats.h"
#include "load_turns.h"
#include "timers.h"

enum load_conn_state {
    LOAD_CONN_CLOSED,     /* no socket */
    LOAD_CONN_WAITING,    /* no socket; in the retry queue until since_ns */
    LOAD_CONN_CONNECTING, /* since since_ns */
    LOAD_CONN_OPEN,
    LOAD_CONN_CLOSING, /* the last answer is here; the server has yet to close. Since since_ns */
};

/* What a worker knows of a kind of request (load_mix.h). */
struct load_kind_seen {
    char *sample;       /* the last answer that was checked in full ... */
    size_t sample_size; /* ... SIZE_MAX before there is one: nothing is that long */
    bool sample_closes;
    uint64_t requests, errors; /* in the window, only with --mix */
    struct histogram latency;  /* the same */
};

/* A request in flight. */
struct load_request {
    int64_t start_ns; /* what its latency counts from */
    int64_t sent_ns;
    uint32_t kind; /* of those in the plan */
};

/*
 * A connection, or rather a client: it lives on through reconnects. It holds no buffer; what it needs
 * while an answer is incomplete is borrowed.
 */
struct load_conn {
    int fd;
    uint8_t state;
    uint8_t address;      /* which address of the plan it tries */
    bool queued;          /* in the queue of free connections */
    bool closing;         /* an answer said that the server will close */
    bool connected;       /* has been connected at least once */
    bool asked;           /* has sent something, or had to, in the window */
    bool idle;            /* --idle: it is held and never asked */
    bool begun;           /* --think: its first pause has begun */
    uint32_t outstanding; /* requests in flight: ring[head], ring[head + 1], ... */
    uint32_t head;
    uint64_t left;   /* requests that may still be sent on this connection */
    uint64_t served; /* good answers in this phase */
    struct load_request *ring;
    struct load_reply *reply; /* an answer that has begun; NULL between answers */
    const char *unsent;       /* what the socket would not take */
    size_t unsent_size;
    uint32_t stream_out, stream_in; /* echo: positions in the pool */
    uint64_t echo_missing;          /* echo: bytes of the oldest request still to come back */
    int64_t since_ns;
    int64_t due_ns;        /* open loop, connection per request: the request it connects for; else 0 */
    int64_t away_ns;       /* since when it has had nothing in flight though it could; 0: it has */
    int64_t free_ns;       /* when it became free */
    int64_t write_from_ns; /* --slow-write: when it may send its next slice */
    int64_t later_ns[LOAD_LATERS]; /* what it does later and when; 0: not */
    struct timer timer;            /* at the earliest of them */
};

/* What the main thread says to all workers. Times are INT64_MAX until they are known. */
struct load_run {
    struct load_plan *plan;
    _Atomic int64_t start_ns;  /* open loop: the schedule begins */
    _Atomic int64_t begin_ns;  /* the window begins */
    _Atomic int64_t end_ns;    /* the window ends */
    _Atomic int64_t drain_ns;  /* how long answers may still come after it */
    _Atomic unsigned opened;   /* workers that have tried all of their connections once */
    _Atomic unsigned finished; /* workers that are done */
    int64_t publish_ns;        /* how often workers publish their progress; 0: never */
};

/* What a worker shows of itself while it runs. */
struct load_progress {
    pthread_mutex_t lock;
    enum load_phase phase;
    int64_t at_ns;            /* when this was written */
    struct histogram latency; /* of this phase so far */
    uint64_t requests, errors;
};

struct load_worker {
    /* used for every answer */
    struct load_plan *plan;
    struct load_stats *stats;     /* of the present phase */
    int64_t now_ns;               /* the last reading of the clock */
    int64_t edge_ns;              /* when the phase ends */
    struct load_kind_seen *kinds; /* as many as in the plan */
    bool mixed;                   /* there are several */
    size_t receive_size;          /* how much is received at once */
    bool special;                 /* connections do things later: load_life.h */
    bool slow_reader;
    bool paced;     /* open loop */
    bool precise;   /* something is due at a certain time: paced or special */
    bool on_demand; /* open loop, connection per request: connect when a request is due */
    enum load_phase phase;
    int epoll;
    int timer; /* closed loop: a timerfd for the next tick */
    char *buffer;

    struct load_run *run;
    struct load_stats phases[LOAD_PHASES];
    struct load_conn *conns;
    struct load_request *requests;   /* the rings, one after the other */
    uint32_t conn_count, idle_count; /* of conns: those that ask, and behind them the idle ones */
    uint32_t conn_tried, conn_live;  /* of both kinds */
    struct load_queue free;          /* may take a request */
    struct load_queue retry;         /* LOAD_CONN_WAITING, in the order of their times */
    struct load_reply **spare;       /* answers to lend, a stack */
    uint32_t spare_count;
    struct load_pace pace;
    struct load_turns turns;
    size_t wheel_at;      /* --mix: the place of the wheel that comes next */
    struct timers timers; /* of special connections */
    uint64_t reset_count; /* requests sent, for --reset-every */
    unsigned rank;
    size_t next_local;
    uint8_t address; /* the address of the plan in use */
    bool proven;     /* and somebody answered there */

    int64_t tick_ns, scan_ns, publish_ns, started_ns, drain_ns;
    int64_t begin_ns, end_ns;

    /* the outcome, written when the window ends */
    uint64_t *served; /* per connection that was asked */
    uint64_t asked_count, served_count, starved, refused, unused;
    uint64_t unanswered, unsent;
    uint64_t idle_held; /* idle connections that were there at the end */
    int64_t oldest_ns;
    double begin_age_ns, end_age_ns; /* summed age of the requests in flight at the edges */
    int64_t cpu_ns, idle_ns;
    bool idle;          /* --spin: the last poll found nothing */
    uint64_t left_over; /* in flight when the drain ended */

    struct load_progress progress;
    pthread_t thread;
};

/* ---- load_worker_open.c ---- */

/* Prepares worker `rank` of the plan's threads. 0, or -1 with errno. */
int load_worker_open(struct load_worker *worker, struct load_run *run, unsigned rank);
void load_worker_close(struct load_worker *worker);

/* ---- load_worker.c ---- */

/* The thread: runs until the drain has ended. */
void *load_worker_main(void *worker);

/* ---- load_phase.c: the edges of the window ---- */

/* Called when now_ns has reached edge_ns: goes to the phase that now_ns lies in. */
void load_phase_edge(struct load_worker *worker);

/* Reads the clock, and goes to the next phase when it is time. */
void load_phase_look(struct load_worker *worker);

/* Reads the times the main thread has published. */
void load_phase_update(struct load_worker *worker);

/* ---- load_connect.c: how it comes to be ---- */

void load_conn_open(struct load_worker *worker, struct load_conn *conn);

/* The socket is writable or broken: it is known now how the attempt ended. connect(2) */
void load_connect_event(struct load_worker *worker, struct load_conn *conn);

/* It was connected a moment ago, at free_ns: asks without waiting to hear so, and watches it from now on. */
void load_connect_ask(struct load_worker *worker, struct load_conn *conn);

/* Is to connect in so long. */
void load_connect_later(struct load_worker *worker, struct load_conn *conn, int64_t delay_ns);

/* Closes, counts, and tries again later. */
void load_connect_failed(struct load_worker *worker, struct load_conn *conn, int error);

/* ---- load_conn.c: the life of a connection ---- */

void load_conn_event(struct load_worker *worker, struct load_conn *conn, uint32_t events);
void load_conn_close(struct load_worker *worker, struct load_conn *conn);

/* Asks for its events: input always, output while it connects or has something unsent. What is ready comes
 * anew. */
void load_conn_watch(const struct load_worker *worker, struct load_conn *conn);

/* Closes, and starts again unless the run is over; who asks by turns does so in the next one. */
void load_conn_restart(struct load_worker *worker, struct load_conn *conn);

/* Counts what is in flight under `error`, closes, and starts again; nothing in flight counts nothing. */
void load_conn_lost(struct load_worker *worker, struct load_conn *conn, enum load_error error);

/* As load_conn_lost; an error with nothing in flight counts once. */
void load_conn_fail(struct load_worker *worker, struct load_conn *conn, enum load_error error);

/* Goes on with what the socket did not take, or was not given, before. */
void load_conn_flush(struct load_worker *worker, struct load_conn *conn);

/* Fails it if what it waits for is overdue. */
void load_conn_check_time(struct load_worker *worker, struct load_conn *conn);

/* ---- load_send.c ---- */

/*
 * Sends the next `count` requests; what the socket does not take waits for EPOLLOUT. 0; -1 with errno
 * when nothing was sent (EAGAIN: not connected yet).
 */
int load_send(struct load_worker *worker, struct load_conn *conn, uint32_t count, int64_t start_ns);

/* Closed loop: sends as many requests as may be in flight. As load_send. */
int load_send_all(struct load_worker *worker, struct load_conn *conn, int64_t start_ns);

/* Goes on with bytes the socket would not take before. 0, or -1 with errno. */
int load_send_rest(struct load_worker *worker, struct load_conn *conn);

/* Puts a connection that can take a request into the queue. */
void load_send_mark_free(struct load_worker *worker, struct load_conn *conn);

/* Closed loop: every connection of the queue asks, and is measured from its own moment. */
void load_send_free(struct load_worker *worker);

/* Open loop: sends the requests that are due while there are free connections. */
void load_send_due(struct load_worker *worker);

/* ---- load_check.c: what came back ---- */

/*
 * Checks received bytes and records every answer that they complete. LOAD_ERROR_NONE, or what makes
 * the connection unusable.
 */
enum load_error load_check(struct load_worker *worker, struct load_conn *conn, const char *bytes,
                           size_t size);

/* The connection has ended. LOAD_ERROR_NONE when that was the proper end of an answer. */
enum load_error load_check_end(struct load_worker *worker, struct load_conn *conn);

/* Forgets an answer that has begun. */
void load_check_forget(struct load_worker *worker, struct load_conn *conn);

#endif
