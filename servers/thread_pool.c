/*
 * thread_pool - an acceptor, a bounded queue, and a fixed number of threads that serve.
 *
 *     main: accept --> [ queue of descriptors ] --> worker 1: recv, answer, send --> ... --> close
 *                                               --> worker 2: ...
 *                                               --> worker N: ...
 *
 * A connection is owned by the acceptor, then by the queue, then by one worker until it closes. It
 * waits in the queue for a worker, then in recv(2). When the queue is full main stops accepting and
 * the backlog pushes back.
 *
 * Cost: 2 system calls per request; per connection one hand-over through the queue. Hard limit:
 * N workers serve N clients at a time. Silent clients fill the pool: a property of the model, not a
 * fault of this file. When others wait they lose their places after a second (blocking_make_room).
 *
 * pthread_create(3), pthread_cond_wait(3), accept(2), sem_wait(3)
 */
#include "blocking.h"
#include "crew.h"
#include "datagram.h"
#include "fdqueue.h"
#include "model.h"
#include "stop.h"

#include <err.h>
#include <semaphore.h>
#include <unistd.h>

enum {
    QUEUE_SIZE = 1024,
    BATCHES = 64,    /* of datagrams, between main and the workers */
    SMALL_BATCH = 8, /* datagrams in one: a worker's portion */
};

static struct fdqueue *queue;
static sem_t places; /* free places in the queue: a semaphore, because a signal handler can post it */

static void *serve(void *argument)
{
    struct crew_member *member = argument;
    struct conn_worker worker;
    int fd;

    conn_worker_open(&worker, member->server->service, member->counters);
    while ((fd = fdqueue_pop(queue)) >= 0) {
        sem_post(&places);
        seat_take(member->seat, fd);
        blocking_serve(&worker, member->seat);
    }
    conn_worker_close(&worker);
    return crew_leave(member);
}

static void run(const struct server *server)
{
    struct counters *counters = counters_slot(server->counters, 0);
    int fd;

    queue = fdqueue_open(QUEUE_SIZE);
    if (queue == NULL)
        err(EXIT_CANNOT, "thread_pool: queue of %d connections", QUEUE_SIZE);
    sem_init(&places, 0, QUEUE_SIZE);
    stop_watch_semaphore(&places);
    blocking_make_room(server, -1);
    crew_start(server, serve);
    server_ready(server);
    while (!server_stopping()) {
        if (sem_wait(&places) < 0)
            continue;
        if (!blocking_accept(server, counters, &fd))
            break;
        if (!fdqueue_push(queue, fd))
            close(fd);
    }
    stop_watch_semaphore(NULL);
    fdqueue_close(queue); /* the workers empty it, finish and leave */
    crew_drain();
}

/* ---- datagrams: main receives batches, workers answer them ---- */

/* A batch is owned by main while it fills, by the queue, by the worker that answers it, then it is free. */
static struct datagrams batches[BATCHES];
static struct fdqueue *free_batches;

static void *answer_datagrams(void *argument)
{
    struct crew_member *member = argument;
    int batch;

    while ((batch = fdqueue_pop(queue)) >= 0) {
        batches[batch].counters = member->counters;
        datagrams_answer(&batches[batch]);
        fdqueue_push(free_batches, batch);
    }
    return crew_leave(member);
}

/* With every batch in work main does not receive: the socket's buffer fills, and the kernel drops the rest.
 */
static void run_datagrams(const struct server *server)
{
    struct counters *counters = counters_slot(server->counters, 0);
    enum datagrams_status status = DATAGRAMS_NONE;

    queue = fdqueue_open(BATCHES);
    free_batches = fdqueue_open(BATCHES);
    if (queue == NULL || free_batches == NULL)
        err(EXIT_CANNOT, "thread_pool: queues of %d batches", BATCHES);
    for (int i = 0; i < BATCHES; i++) {
        if (datagrams_open(&batches[i], server, server->listener, counters, SMALL_BATCH) < 0)
            err(EXIT_CANNOT, "thread_pool: %d batches of datagrams", BATCHES);
        fdqueue_push(free_batches, i);
    }
    crew_start(server, answer_datagrams);
    server_ready(server);
    while (!server_stopping() && status != DATAGRAMS_OVER) {
        int batch = fdqueue_pop(free_batches);

        batches[batch].counters = counters;
        status = datagrams_receive(&batches[batch], true);
        fdqueue_push(status == DATAGRAMS_SOME ? queue : free_batches, batch);
    }
    int last = fdqueue_pop(free_batches);
    batches[last].counters = counters;
    datagrams_drain(&batches[last]);
    fdqueue_close(queue); /* the workers empty it and leave */
    crew_drain();
}

const struct server_model model_thread_pool = {
    .name = "thread_pool",
    .summary = "an acceptor, a queue of connections, N threads",
    .family = "threads",
    .properties = MODEL_CONCURRENT | MODEL_WORKERS,
    .workers_default = 64,
    .syscalls_per_request = 2,
    .run = run,
    .run_datagrams = run_datagrams,
};
