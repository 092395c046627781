/*
 * prethread - N threads made at the start; each accepts its own clients.
 *
 *     thread 1: accept --> recv, answer, send --> ... --> close --> accept ...
 *     thread 2: accept --> ...
 *     thread N: accept --> ...
 *
 * A connection is owned by the thread whose accept got it, until it closes. A thread waits in accept(2)
 * on the one listening socket, then in recv(2). The kernel wakes one waiting thread per connection,
 * the one that has waited longest: no herd, and no lock is needed around accept.
 *
 * Cost: 2 system calls per request; per connection an accept and a close, and no hand-over. Hard
 * limit: N threads serve N clients, who comes next waits in the backlog. Silent clients fill it, as they
 * do every pool of blocking threads, and lose their places after a second when others wait.
 *
 * pthread_create(3), accept(2)
 */
#include "blocking.h"
#include "crew.h"
#include "datagram.h"
#include "model.h"
#include "stop.h"

static void *serve(void *argument)
{
    struct crew_member *member = argument;
    struct conn_worker worker;
    int fd;

    conn_worker_open(&worker, member->server->service, member->counters);
    while (blocking_accept(member->server, member->counters, &fd)) {
        seat_take(member->seat, fd);
        blocking_serve(&worker, member->seat);
    }
    conn_worker_close(&worker);
    return crew_leave(member);
}

/* All threads wait in recvmmsg(2) on one socket; the kernel wakes one of them. */
static void *serve_datagrams(void *argument)
{
    struct crew_member *member = argument;
    struct datagrams batch;

    if (datagrams_open(&batch, member->server, member->server->listener, member->counters, DATAGRAM_BATCH) <
        0) {
        server_warn_once(WARN_MEMORY, "fewer workers than asked for: no memory for their datagrams");
        return crew_leave(member);
    }
    while (!server_stopping() && datagrams_receive(&batch, true) != DATAGRAMS_OVER)
        datagrams_answer(&batch);
    datagrams_drain(&batch);
    return crew_leave(member);
}

/* At the stop every accept and receive returns, for the listening socket is shut down. */
static void serve_with(const struct server *server, void *(*function)(void *))
{
    crew_start(server, function);
    server_ready(server);
    crew_await_stop();
    crew_drain();
}

static void run(const struct server *server)
{
    blocking_make_room(server, server->listener);
    serve_with(server, serve);
}

static void run_datagrams(const struct server *server)
{
    serve_with(server, serve_datagrams);
}

const struct server_model model_prethread = {
    .name = "prethread",
    .summary = "N threads, each accepts and serves its own clients",
    .family = "threads",
    .properties = MODEL_CONCURRENT | MODEL_WORKERS,
    .workers_default = 64,
    .syscalls_per_request = 2,
    .run = run,
    .run_datagrams = run_datagrams,
};
