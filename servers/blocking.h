/*
 * blocking - what the models with blocking calls share: accepting, serving one connection to its
 * end, and the seats in which connections can be found when the server stops.
 */
#ifndef BLOCKING_H
#define BLOCKING_H

#include "model.h"
#include "net.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * Where a thread or process that serves a connection can be seen by the one that ends the server.
 * The lock keeps the descriptor from being closed, and its number reused, under the waker's hands.
 * It is taken once per connection, never per request.
 */
struct seat {
    pthread_mutex_t lock;
    int fd;           /* -1: empty */
    atomic_bool idle; /* between requests: may be sent home */
};

void seat_open(struct seat *seat);

/* Puts a connection into an empty seat. */
void seat_take(struct seat *seat, int fd);

/* Empties the seat; the descriptor may be closed after this. */
void seat_leave(struct seat *seat);

/*
 * Wakes whoever sits there out of a blocking call: recv(2) says end of input, after bytes that have
 * arrived already. Only when idle, unless forced; forced, sending ends too. Does not lock: safe in
 * a signal handler of the thread that sits there.
 */
void seat_wake(struct seat *seat, bool forced);

/* A row of seats, one per thread, for the models that serve in many. */
struct seats {
    struct seat *row;
    size_t count;
};

/* 0, or -1 with ENOMEM. */
int seats_open(struct seats *seats, size_t count);
void seats_close(struct seats *seats);

/* One round of the drain: wakes all idle seats; all, when the drain time is over. */
void seats_drain(struct seats *seats);

/*
 * Attributes of a thread that serves: detached, a small stack with room for two buffers, and all
 * signals blocked, because the main thread takes them. pthread_attr_destroy when done.
 */
enum { SERVING_STACK = 128 * 1024 };
void serving_thread_attributes(pthread_attr_t *attributes);

/*
 * Waits for the next client. Counts it, and pauses when descriptors run out (the client waits in the
 * backlog). False when the server stops.
 */
bool blocking_accept(const struct server *server, struct counters *counters, int *fd);

/* One attempt of that, for an acceptor that has something to do when a signal has interrupted it. */
enum net_accept_status blocking_accept_once(const struct server *server, struct counters *counters, int *fd);

/*
 * How long a blocking call of a model waits at most: the idle time-out, or equal parts of it of
 * BLOCKING_SILENCE_MS at most where clients share workers, so that a worker looks up from a silent client now
 * and then.
 */
enum { BLOCKING_SILENCE_MS = 1000 };
int64_t blocking_slice_ns(const struct server_model *model, int64_t idle_timeout_ns);

/*
 * For models whose workers are fewer than their clients may be: from now on, while every worker has a client
 * and another one waits, a client that is silent for BLOCKING_SILENCE_MS loses its place as if its idle
 * time-out were over. `waiting` is readable while somebody waits; -1: those who wait count as accepted.
 * Before the workers start.
 */
void blocking_make_room(const struct server *server, int waiting);

/*
 * Serves the connection that sits in `seat` from its first byte to its last, in this thread; closes
 * the descriptor and empties the seat.
 */
void blocking_serve(struct conn_worker *worker, struct seat *seat);

#endif
