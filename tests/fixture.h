/*
 * fixture - a tenk-serve of one's own for each test: started, watched, stopped, and seen to be clean.
 *
 * These functions assert (Criterion), so call them from test bodies. A suite names fixture_leave as
 * its .fini: it ends what a failed test left running.
 */
#ifndef FIXTURE_H
#define FIXTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "counters.h"
#include "process.h"
#include "program.h"
#include "wire.h"

enum fixture_transport {
    FIXTURE_TCP,
    FIXTURE_UNIX,
    FIXTURE_TCP6,
    FIXTURE_UNIXPACKET,
    FIXTURE_UDP, /* datagrams: connect and talk by yourself; there is no wire to them */
    FIXTURE_UNIXDGRAM,
};

enum { FIXTURE_OPTIONS_MAX = 12, FIXTURE_ENDPOINT_MAX = 160 };

/* What the registry says about a model: `tenk-serve --list --json`. */
struct model_facts {
    char name[32];
    bool reference;  /* a yardstick: not held to the protocol */
    bool available;  /* this machine can run it */
    bool reuse_port; /* its workers may have listening sockets of their own */
    bool concurrent; /* serves more clients at once than it has workers */
    bool workers;    /* uses --workers */
    bool datagrams;  /* serves them, too */
    int workers_default;
    int clients_at_once; /* 0: not limited by nature */
    double syscalls_per_request;
};

/* What to start. All zero but the model: http over tcp with defaults. */
struct fixture_plan {
    const char *model;
    const char *program;  /* NULL: tenk-serve */
    const char *protocol; /* NULL: http */
    enum fixture_transport transport;
    unsigned descriptors; /* RLIMIT_NOFILE of the server; 0: as it is */
    unsigned clients;     /* how many stay connected at once: a pool gets as many workers; 0: its default */
    bool in_order;        /* clients are accepted in the order they came: one queue for all workers */
    bool warns;           /* it may write to its standard error */
    const char *shell;    /* a script of sh(1) that starts it by `exec "$@"`; NULL: started directly */
    const char *options[FIXTURE_OPTIONS_MAX];
};

struct fixture {
    struct program program;
    struct model_facts facts;
    struct fixture_plan plan;
    char endpoint[FIXTURE_ENDPOINT_MAX]; /* as its ready line says */
    char directory[64];                  /* holds the Unix socket; "" with tcp */
    struct process_use use;              /* of the server when it had settled */
    int spare_threads;                   /* a sanitizer in the server may start so many more */
};

/* True when `clients` of them, all connected and alive, are served side by side. */
bool fixture_serves_at_once(const struct fixture *fixture, int clients);

/* Skips the test of a model that does not; to be called before the start, for a skip ends all. */
void fixture_skip_unless_at_once(const struct fixture_plan *plan, int clients);

/* The facts of a model; asserts that it is listed. */
void fixture_facts(const char *model, struct model_facts *facts);

/* Starts the server and waits for its ready line; skips the test when the model is unavailable. */
void fixture_start(struct fixture *fixture, const struct fixture_plan *plan);

/* Starts one more server of the same plan on the endpoint of a stopped one. */
void fixture_restart(struct fixture *fixture);

/* SIGTERM to the server; nothing is waited for. */
void fixture_terminate(const struct fixture *fixture);

/*
 * Waits for the end of a terminated server and asserts that it was clean: status 0, its counters as
 * one line of JSON, nothing on standard error, no process of its group left, no socket file left.
 */
void fixture_finish(struct fixture *fixture, struct program_end *end, struct counters_sum *counters);

/* Terminates and finishes. */
void fixture_stop(struct fixture *fixture);

/* Connects a client; asserts that it could. */
void fixture_connect(const struct fixture *fixture, struct wire *wire);

/* A fresh client gets an exact answer, in either protocol, and its connection is closed. */
void fixture_expect_service(const struct fixture *fixture);

/* No descriptor, child, zombie or thread more than when it had settled, at last within the deadline. */
void fixture_expect_at_rest(const struct fixture *fixture);

/* expect_service, expect_at_rest and stop: how every test of the service ends. */
void fixture_expect_unharmed(struct fixture *fixture);

/* How most tests of one connection begin and end: start and connect; close and expect_unharmed. */
void fixture_begin(struct fixture *fixture, const struct fixture_plan *plan, struct wire *wire);
void fixture_end(struct fixture *fixture, struct wire *wire);

/* .fini of a suite: kills the servers that were not stopped and removes their directories. */
void fixture_leave(void);

#endif
