/*
 * model - the contract between a concurrency model and the rest of tenk-serve.
 *
 * A model is one struct and one function: `run` serves until server_stopping() and returns when its
 * last connection is closed. A model that also makes sense without connections has a second one, which
 * serves datagrams. The core (main.c) has made the listening socket, the counters and the
 * signal handlers before, and prints and exits after.
 */
#ifndef MODEL_H
#define MODEL_H

#include "conn.h"
#include "counters.h"
#include "protocol.h"

#include <stdbool.h>
#include <stdint.h>

struct net_endpoint;
struct server;

/* Properties describe a model; the core acts on them. No code asks "which model is this?". */
enum model_property {
    MODEL_CONCURRENT = 1 << 0,     /* serves several clients at once */
    MODEL_WORKERS = 1 << 1,        /* --workers says how many threads or processes serve */
    MODEL_NONBLOCKING = 1 << 2,    /* sockets are non-blocking, the listening one too */
    MODEL_PER_CONNECTION = 1 << 3, /* a thread or process, and a counter slot, per connection */
    MODEL_REUSE_PORT = 1 << 4,     /* the listening socket lets others join its port */
    MODEL_REFERENCE = 1 << 5,      /* a yardstick: does not speak the protocol, only looks like it */
    MODEL_SCANS = 1 << 6,          /* every wait for events looks at all descriptors */
};

struct server_model {
    const char *name;
    const char *summary;
    const char *family;            /* what it is one of, "event loops": it stands beside those in charts */
    const char *unavailable;       /* NULL, or why this build cannot run it; it stays listed */
    unsigned properties;           /* enum model_property */
    unsigned workers_default;      /* 0: has none; WORKERS_CPUS: one per processor */
    unsigned connections_max;      /* 0: limited by descriptors only; select: below FD_SETSIZE */
    unsigned syscalls_per_request; /* on one keep-alive connection, counted by the cost suite; 0: not fixed */
    const char *(*probe)(void);    /* NULL: runs wherever it was built; else why not here, or NULL */
    void (*run)(const struct server *server);
    void (*run_datagrams)(
        const struct server *server); /* the same over datagrams; NULL: has no use for them */
};

enum { EXIT_USAGE = 2, EXIT_CANNOT = 3 }; /* wrong usage; could not run here: err(3) in run() */

enum {
    WORKERS_CPUS = 1 << 16,
    PAUSE_MS = 100,    /* how long accepting rests when descriptors or processes run out */
    ACCEPT_BATCH = 64, /* connections a loop accepts before the others get their turn */
};

struct server {
    const struct server_model *model;
    const struct service *service;
    struct counters_table *counters;     /* slot 0: the main thread; 1 and up: workers or connections */
    int listener;                        /* over datagrams the socket itself */
    const struct net_endpoint *endpoint; /* what it is bound to, with the real port */
    int backlog;
    bool accept_shared;    /* --accept shared: one listening socket for all workers */
    bool accepted_inherit; /* TCP: accepted sockets inherit time-outs and TCP_NODELAY */
    unsigned workers;
    unsigned max_connections;
    int64_t idle_timeout_ns; /* 0: none */
    int64_t slice_ns;        /* of it, after which a blocking call returns: blocking_slice_ns */
};

/* The registry. NULL ends it. */
const struct server_model *model_at(unsigned index);
const struct server_model *model_find(const char *name);

/* How many workers a model has when nobody says: WORKERS_CPUS turned into a number. */
unsigned model_workers(const struct server_model *model);

/* Why this build on this machine cannot run the model (static storage), NULL when it can. Asks `probe`. */
const char *model_unavailable(const struct server_model *model);

/*
 * Says that clients can be served from now on: prints the ready line. To be called once by run(), when
 * its workers exist: whoever waits for the line then finds the server as it will be.
 */
void server_ready(const struct server *server);

/* Prints one warning per `what` for the life of the process: a shortage must not flood the log. */
enum warning { WARN_DESCRIPTORS, WARN_PROCESS, WARN_THREAD, WARN_MEMORY, WARN_WAIT, WARN_LIBRARY, WARNINGS };
void server_warn_once(enum warning what, const char *sentence);

#endif
