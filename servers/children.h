/*
 * children - N processes that live as long as the server: what prefork and prefork_pass share.
 *
 * A child that dies is replaced; one that died within a second of its birth only after a pause, so
 * that a fault at the start cannot become a storm of forks. fork(2), waitpid(2), prctl(2)
 */
#ifndef CHILDREN_H
#define CHILDREN_H

#include "blocking.h"
#include "model.h"

/* What a child has when it serves: everything is its own copy but the counters. */
struct child {
    const struct server *server;
    struct conn_worker worker;
    struct seat seat;
    _Atomic uint64_t *taken; /* children_serve's record */
};

/* Serves a connection to its end (blocking_serve), on record with the parent. */
void children_serve(struct child *child, int fd);

/*
 * Starts server->workers children; each runs `serve` and then exits. None can be had: err(3). The
 * children die with the parent, take the stop signals through their seat, and leave the listening
 * socket and its file alone.
 */
void children_start(const struct server *server, void (*serve)(struct child *child));

/*
 * For a parent that waits in a call of its own (children_await_stop needs no such thing): while a child is
 * missing SIGALRM interrupts that call a few times a second. To be called before children_start.
 */
void children_tick_while_missing(void);

/* Reaps and replaces. To be called when a system call was interrupted, or every now and then. */
void children_look_after(void);

/* Sleeps, looking after the children, until the server stops. */
void children_await_stop(void);

/* Signals the children, waits for them within the drain time, then kills what is left. */
void children_drain(void);

#endif
