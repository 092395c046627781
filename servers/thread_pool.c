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
 * N workers serve N clients at a time: idle keep-alive clients starve the pool until the idle
 * time-out. That is a property of the model, not a fault of this file.
 *
 * pthread_create(3), pthread_cond_wait(3), accept(2), sem_wait(3)
 */
#include "blocking.h"
#include "crew.h"
#include "fdqueue.h"
#include "model.h"
#include "stop.h"

#include <err.h>
#include <semaphore.h>
#include <unistd.h>

enum { QUEUE_SIZE = 1024 };

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

const struct server_model model_thread_pool = {
    .name = "thread_pool",
    .summary = "an acceptor, a queue of connections, N threads",
    .properties = MODEL_CONCURRENT | MODEL_WORKERS,
    .workers_default = 64,
    .syscalls_per_request = 2,
    .run = run,
};
