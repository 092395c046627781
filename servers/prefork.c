/*
 * prefork - N child processes made at the start; each accepts its own clients.
 *
 *     parent:  waits for children that die, and replaces them
 *     child 1: accept --> recv, answer, send --> ... --> close --> accept ...
 *     child N: accept --> ...
 *
 * A connection is owned by the child whose accept got it. A child waits in accept(2) on the listening
 * socket all have inherited, then in recv(2). Linux wakes one waiting process per connection: the
 * "thundering herd" of the books, and the lock around accept that was its cure, are history.
 *
 * Cost: 2 system calls per request, an accept and a close per connection; memory of a process each.
 * Hard limit: N children serve N clients; who comes next waits in the backlog. A child that crashes
 * takes one client with it and is replaced.
 *
 * fork(2), accept(2), waitpid(2)
 */
#include "children.h"
#include "datagram.h"
#include "model.h"
#include "stop.h"

static void serve(struct child *child)
{
    int fd;

    while (blocking_accept(child->server, child->worker.counters, &fd))
        children_serve(child, fd);
}

static void run(const struct server *server)
{
    blocking_make_room(server, server->listener);
    children_start(server, serve);
    server_ready(server);
    children_await_stop();
    children_drain();
}

/* All children wait in recvmmsg(2) on one socket; the kernel wakes one of them. */
static void serve_datagrams(struct child *child)
{
    struct datagrams batch;

    if (datagrams_open(&batch, child->server, child->server->listener, child->worker.counters,
                       DATAGRAM_BATCH) < 0)
        return;
    while (!server_stopping() && datagrams_receive(&batch, true) != DATAGRAMS_OVER)
        datagrams_answer(&batch);
    datagrams_drain(&batch);
}

static void run_datagrams(const struct server *server)
{
    children_start(server, serve_datagrams);
    server_ready(server);
    children_await_stop();
    children_drain();
}

const struct server_model model_prefork = {
    .name = "prefork",
    .summary = "N child processes, each accepts and serves its own clients",
    .family = "processes",
    .properties = MODEL_CONCURRENT | MODEL_WORKERS,
    .workers_default = 64,
    .syscalls_per_request = 2,
    .run = run,
    .run_datagrams = run_datagrams,
};
