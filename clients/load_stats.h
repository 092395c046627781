/*
 * load_stats - what one worker of the load client saw, and what all of them saw together.
 *
 * A worker keeps one `struct load_stats` per phase and writes only the one of the present phase, so
 * that the hot path never asks "is this the measured window?". Results are added, never averaged.
 */
#ifndef LOAD_STATS_H
#define LOAD_STATS_H

#include <stdbool.h>
#include <stdint.h>

#include "histogram.h"

/* Everything that can go wrong with a request; each request that fails is counted under exactly one. */
enum load_error {
    LOAD_ERROR_CONNECT, /* no connection: refused, no route, no port, no answer within the time-out */
    LOAD_ERROR_RESET,   /* the server reset the connection while an answer was due */
    LOAD_ERROR_TIMEOUT, /* no complete answer within the time-out */
    LOAD_ERROR_LOST,    /* the same of a datagram: it or its answer was dropped on the way */
    LOAD_ERROR_SHORT,   /* the connection ended before the answer was complete (or had begun) */
    LOAD_ERROR_STATUS,  /* a complete answer with another status than expected */
    LOAD_ERROR_CONTENT, /* a complete answer whose body has a wrong byte or a wrong length */
    LOAD_ERROR_FRAMING, /* not HTTP; bytes nobody asked for; a close that was asked for and not done */
    LOAD_ERRORS,
    LOAD_ERROR_NONE = LOAD_ERRORS,
};

extern const char *const load_error_names[LOAD_ERRORS];

enum load_phase {
    LOAD_WARMUP, /* opening connections and warming up: discarded */
    LOAD_WINDOW, /* measured */
    LOAD_DRAIN,  /* nothing new is sent; what is in flight may still be answered */
    LOAD_PHASES,
    LOAD_FINISHED = LOAD_PHASES,
};

struct load_stats {
    struct histogram latency; /* what the user waits: from the send, the connect or the intended time */
    struct histogram service; /* open loop: from the real send */
    struct histogram lag;     /* open loop: how late this client itself sent */
    struct histogram connect; /* from connect(2) to connected */
    uint64_t requests;        /* complete, correct answers */
    uint64_t sent;            /* requests sent */
    uint64_t due;             /* open loop: requests whose intended time lay in this phase */
    uint64_t delayed;         /* open loop: had to wait for a free connection */
    uint64_t bytes_in, bytes_out;
    uint64_t opened;      /* connections made */
    uint64_t resets;      /* --reset-every: connections reset by us */
    uint64_t idle_closed; /* idle connections that the server closed */
    uint64_t
        dropped; /* pipelined behind an answer that closed the connection: or reset by us: never answered */
    uint64_t errors[LOAD_ERRORS];
    int64_t away_ns; /* connection time spent neither waiting for an answer nor idle by plan */
};

int load_stats_open(struct load_stats *stats); /* 0, or -1 with ENOMEM */
void load_stats_close(struct load_stats *stats);
void load_stats_add(struct load_stats *into, const struct load_stats *from);
uint64_t load_stats_errors(const struct load_stats *stats);

/* How evenly the connections were served. */
struct load_fairness {
    double jain; /* Jain's index (sum x)^2 / (n sum x^2): 1 = all equal, 1/n = one got everything */
    uint64_t min, median, max;
};

/* Sorts `served` (requests per connection) on the way. */
struct load_fairness load_fairness_of(uint64_t *served, uint64_t count);

/* What became of one kind of request in the window, with --mix. */
struct load_kind_result {
    uint64_t requests, errors;
    struct histogram latency;
};

/* The outcome of a run. */
struct load_result {
    double rate_asked;        /* open loop: requests due per second; 0: closed loop */
    struct load_stats window; /* the measured window only */
    struct histogram
        connect;         /* from connect(2) to connected, of the whole run: most connect before the window */
    int64_t duration_ns; /* its length, as cut; of turns (load_turns.h) only those are in it */
    int64_t begin_wall_ns; /* when it began, CLOCK_REALTIME */
    bool interrupted;      /* Ctrl-C came first */

    uint64_t total_requests, total_errors, total_sent, total_opened; /* warm-up and drain included */
    uint64_t total_unanswered; /* sent and never answered; not an error */

    uint64_t asked, served, starved, refused, unused; /* connections: asked = the sum of the others */
    struct load_fairness fairness;

    uint64_t unanswered;            /* open requests when the window ended */
    int64_t oldest_ns;              /* how long the oldest of them had waited by then */
    uint64_t unsent;                /* open loop: due in the window, no connection was free for them */
    uint64_t idle_held;             /* --idle: connections that were there when the window ended */
    struct load_kind_result *kinds; /* --mix: one for each, in its order; owned; else NULL */
    size_t kind_count;
    uint64_t total_resets, total_idle_closed; /* in the whole run */
    double in_flight; /* closed loop: requests in the system on average, edges accounted for */

    unsigned threads;
    double *thread_shares; /* busy share of each thread in the window, 0 to 1; owned */
    int64_t cpu_ns;        /* CPU time of all of them in the window */

    uint64_t *served_each; /* good answers of each connection that was asked, sorted; owned */
    uint64_t served_each_count;
};

void load_result_close(struct load_result *result);

double load_result_rate(const struct load_result *result); /* good answers per second */

/* The busiest thread's share, and whether the client was the bottleneck (above LOAD_BOUND_SHARE). */
#define LOAD_BOUND_SHARE 0.90
double load_result_share_max(const struct load_result *result);
bool load_result_bound(const struct load_result *result);

/*
 * Open loop: fewer than 99 % of the requests that were due got their answer. A few may always be in flight
 * when the window ends, which must not matter in a short run.
 */
#define LOAD_ACHIEVED_MIN 0.99
enum { LOAD_ACHIEVED_SLACK = 10 };
bool load_result_overloaded(const struct load_result *result);

#endif
