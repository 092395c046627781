/*
 * loop - what the event loops share: their table of connections, accepting within limits, deadlines,
 * and draining. How a loop waits for readiness is its lesson and stays in its own file.
 *
 *     while (loop_running(&loop)) {
 *         wait for readiness, at most until loop_timeout()      <- the model
 *         loop_wake(&loop);
 *         for each ready client: loop_serve, then re-arm or loop_drop
 *         while ((client = loop_due(&loop)) != NULL) the same
 *     }
 */
#ifndef LOOP_H
#define LOOP_H

#include "model.h"
#include "timers.h"

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <time.h>

/*
 * One connection of a loop. A model that keeps more for each makes this the first member of a struct
 * of its own and sets loop->client_size.
 */
struct client {
    struct conn conn;
    struct timer timer;        /* idle time-out, set lazily, or the end of a wait */
    int64_t active_ns;         /* when bytes last moved */
    size_t place;              /* index in loop->clients, and in the model's own table beside it */
    enum conn_status watched;  /* what the model has armed for it */
    struct client *next_ready; /* in a model's own list of clients to be served */
    bool queued;               /* ... it stands there, or is lent: nobody else may touch it */
    bool due;                  /* its wait is over */
    bool was_lingering;        /* before the last progress */
    bool edge, ended;          /* edge-triggered: input has come; the peer has ended its side */
    bool room;                 /* ... the socket has had room while it was lent */
    struct client *dropped;    /* next in the list of those to be freed after this round */
};

/*
 * What an idle connection may cost: its client as malloc(3) rounds it up, and its places in the two tables.
 * Ten thousand that say nothing are the usual case.
 */
enum { CLIENT_MEMORY_MAX = 256, MALLOC_ROUND = 16 };
#define CLIENT_MEMORY(type)                                                                                  \
    ((sizeof(type) + sizeof(size_t) + MALLOC_ROUND - 1) / MALLOC_ROUND * MALLOC_ROUND + 2 * sizeof(void *))
static_assert(CLIENT_MEMORY(struct client) <= CLIENT_MEMORY_MAX, "an idle connection stays small");

struct loop {
    const struct server *server;
    int listener; /* server->listener, unless this loop has one of its own */
    size_t connections_max;
    _Atomic unsigned *open; /* connections open in all loops that share server->max_connections */
    _Atomic unsigned own_open;
    struct conn_worker worker;
    struct timers timers;
    struct client **clients; /* dense: places 0 ... count-1 are alive */
    size_t count, capacity;
    size_t client_size; /* what is allocated for each */
    struct client *dropped;
    int64_t now_ns;        /* the time of this round: one clock reading for all its events */
    int64_t rest_until_ns; /* accepting rests until then; 0: it does not */
    bool full;             /* ... until a connection closes */
    bool draining;
    struct timespec timeout;
};

/* `slot` is the loop's slot of counters. Allocates nothing: tables grow with the first client. */
void loop_open(struct loop *loop, const struct server *server, unsigned slot);
void loop_close(struct loop *loop);

/* False when the server stops and the last connection has ended or the drain time is over. */
bool loop_running(struct loop *loop);

/* The next deadline, on the clock of clock_now_ns. INT64_MAX: none. */
int64_t loop_deadline_ns(const struct loop *loop);

/* How long to wait for readiness: until that deadline. NULL: for ever. */
const struct timespec *loop_timeout(struct loop *loop);

/*
 * epoll_pwait2(2), and where there is none (before Linux 5.11, under some sandboxes and valgrind)
 * epoll_wait(2), whose time-outs are whole milliseconds.
 */
struct epoll_event;
int loop_epoll_wait(int epoll_fd, struct epoll_event *events, int size, const struct timespec *timeout);

/* After the wait: reads the clock, frees what was dropped in the round before. */
void loop_wake(struct loop *loop);

/*
 * The wait has failed, errno says why. A signal is nothing; anything else (ENOMEM: there was no memory for
 * what the call copies in) would come again at once, so it pauses, and is counted.
 */
void loop_wait_failed(struct loop *loop);

/* Whether the listening socket should be watched now. */
bool loop_accepting(const struct loop *loop);

/* The kernel has no memory to watch the listening socket: accepting pauses, then the model tries again. */
void loop_unwatched(struct loop *loop);

/*
 * Accepts one client and enters it at the end of the table (place = count - 1). NULL when nobody
 * waits, the table is full or descriptors ran out.
 */
struct client *loop_accept(struct loop *loop);

/*
 * The parts of loop_accept, for a model whose kernel accepts by itself: whether the table takes one more
 * (else it is marked as full), entering a client (NULL when that fails: it is closed and counted as
 * shed), and what an errno of accept(2) has as its consequence.
 */
bool loop_has_place(struct loop *loop);
struct client *loop_enter(struct loop *loop, int fd);
void loop_accept_failed(struct loop *loop, int error);

/* Makes progress with one client. On CONN_DONE call loop_drop, else arm what it returns. */
enum conn_status loop_serve(struct loop *loop, struct client *client);

/*
 * The two halves of loop_serve, for a model that lends a client to another thread: the progress, which
 * may run there, and what the loop keeps about it afterwards. That may find the client too slow and
 * expire it: conn_wants then says CONN_DONE.
 */
enum conn_status client_progress(struct client *client);
void loop_settle(struct loop *loop, struct client *client, enum conn_status status);

/* Edge-triggered: true when something is left to do without waiting for a new edge. */
bool client_unfinished(const struct client *client, enum conn_status status);

/* A client whose time has come: its wait is over, or it was idle for too long. NULL: none (more). */
struct client *loop_due(struct loop *loop);

/* The same, but who was idle for too long (not `due`) is left for the model to conn_expire. */
struct client *loop_overdue(struct loop *loop);

/*
 * Closes a client. The last one of the table moves to its place, so that the table stays dense: a
 * model with a table of its own moves the same entry. The memory stays valid until loop_wake, for
 * events of this round that still point at it; such a client has conn.done set.
 */
void loop_drop(struct loop *loop, struct client *client);

#endif
