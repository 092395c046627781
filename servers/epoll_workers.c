/*
 * epoll_workers - an epoll loop per worker thread, each with a listening socket of its own.
 *
 *     kernel: hash of the connection's addresses --> one of the listening sockets (SO_REUSEPORT)
 *     worker 1: epoll_wait --> [ ready | ready ] --> recv, answer, send
 *     worker 2: epoll_wait --> ...
 *     worker N: ...
 *
 * A connection is owned, for life, by the worker that accepted it. It waits in that worker's
 * epoll_wait(2). Workers share nothing but the process: no lock, no queue.
 *
 * Cost: as epoll. Limit: the spread. The kernel's hash knows no load: with few connections some
 * workers get many and others none, and a connection never moves. --accept shared lets all workers
 * watch one listening socket instead (EPOLLEXCLUSIVE): then whoever sleeps is woken, the last to sleep
 * first, so an idle server gives most connections to few workers, and a busy one spreads them by load.
 *
 * epoll(7), epoll_ctl(2) about EPOLLEXCLUSIVE, socket(7) about SO_REUSEPORT
 */
#include "crew.h"
#include "epoll_loop.h"
#include "model.h"
#include "net.h"
#include "stop.h"

#include <err.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

static struct epoll_loop *loops;
static _Atomic unsigned open_connections;

static void *serve(void *argument)
{
    struct crew_member *member = argument;

    epoll_loop_run(&loops[member->index]);
    return crew_leave(member);
}

/* The first worker takes the socket main has made; the others listen on the same address. */
static int listener_of(const struct server *server, unsigned index)
{
    struct net_listen_options options = {.backlog = server->backlog, .nonblocking = true, .reuse_port = true};
    struct net_failure failure = {0};
    bool datagrams = net_transport_type(server->endpoint->transport) == SOCK_DGRAM;

    if (index == 0 || server->accept_shared || net_transport_is_unix(server->endpoint->transport))
        return server->listener;
    int listener = (datagrams ? net_bind : net_listen)(server->endpoint, &options, &failure);
    if (listener < 0)
        errx(EXIT_CANNOT, "epoll_workers: cannot %s for worker %u: %s", failure.operation, index,
             failure.reason);
    if (!stop_add_listener(listener))
        errx(EXIT_CANNOT, "epoll_workers: at most %d workers can have listening sockets", STOP_LISTENERS_MAX);
    return listener;
}

static void open_loop(const struct server *server, unsigned index)
{
    struct epoll_loop *loop = &loops[index];
    int listener = listener_of(server, index);

    if (epoll_loop_open(loop, server, index + 1, listener) < 0)
        err(EXIT_CANNOT, "epoll_workers: epoll_create1 for worker %u", index);
    if (listener == server->listener && server->workers > 1)
        loop->listener_events |= EPOLLEXCLUSIVE;
    loop->loop.open = &open_connections; /* one limit for all */
}

/* Closes the listening sockets of workers `from` and up, but not the one that is main's. */
static void close_listeners(const struct server *server, unsigned from)
{
    for (unsigned i = from; i < server->workers; i++) {
        if (loops[i].loop.listener != server->listener && loops[i].loop.listener >= 0)
            close(loops[i].loop.listener);
        loops[i].loop.listener = -1;
    }
}

/* Two descriptors per worker, and at least half of all are left to the clients. */
static unsigned workers_affordable(unsigned asked)
{
    struct rlimit limit = {.rlim_cur = 1024};

    getrlimit(RLIMIT_NOFILE, &limit);
    if (asked <= limit.rlim_cur / 4)
        return asked;
    server_warn_once(WARN_DESCRIPTORS,
                     "fewer workers than asked for: half of the descriptors are for clients");
    return (unsigned)(limit.rlim_cur / 4);
}

/* The server with as many workers as there are descriptors for. */
static const struct server *affordable(const struct server *asked)
{
    static struct server fewer;

    fewer = *asked;
    fewer.workers = workers_affordable(asked->workers);
    if (fewer.workers == 0)
        errx(EXIT_CANNOT, "epoll_workers: not enough descriptors for one worker");
    return &fewer;
}

static void run(const struct server *asked)
{
    const struct server *server = affordable(asked);

    loops = calloc(server->workers, sizeof *loops);
    if (loops == NULL)
        err(EXIT_CANNOT, "epoll_workers: %u loops", server->workers);
    for (unsigned i = 0; i < server->workers; i++)
        open_loop(server, i);
    unsigned started = crew_start(server, serve);
    close_listeners(server, started); /* nobody would accept from them */
    server_ready(server);
    crew_await_stop();
    crew_drain();
    close_listeners(server, 0);
    free(loops);
}

/* ---- datagrams: a socket per worker; the kernel's hash of the two addresses chooses it ---- */

static struct datagrams *batches;

static void *serve_datagrams(void *argument)
{
    struct crew_member *member = argument;

    if (epoll_datagrams_run(&batches[member->index]) < 0)
        server_warn_once(WARN_DESCRIPTORS,
                         "a worker cannot have an epoll instance: its clients wait in vain");
    return crew_leave(member);
}

static void run_datagrams(const struct server *asked)
{
    const struct server *server = affordable(asked);

    batches = calloc(server->workers, sizeof *batches);
    for (unsigned i = 0; batches != NULL && i < server->workers; i++)
        if (datagrams_open(&batches[i], server, listener_of(server, i),
                           counters_slot(server->counters, i + 1), DATAGRAM_BATCH) < 0)
            err(EXIT_CANNOT, "epoll_workers: datagrams of worker %u", i);
    if (batches == NULL || crew_start(server, serve_datagrams) < server->workers)
        errx(EXIT_CANNOT, "epoll_workers: %u workers cannot be had; ask for fewer", server->workers);
    server_ready(server);
    crew_await_stop();
    if (!crew_drain())
        return;
    for (unsigned i = 1; i < server->workers; i++)
        if (batches[i].fd != server->listener)
            close(batches[i].fd);
    free(batches);
}

const struct server_model model_epoll_workers = {
    .name = "epoll_workers",
    .summary = "an epoll loop and a listening socket per thread",
    .family = "event loops",
    .properties = MODEL_CONCURRENT | MODEL_WORKERS | MODEL_NONBLOCKING | MODEL_REUSE_PORT,
    .workers_default = WORKERS_CPUS,
    .syscalls_per_request = 3,
    .run = run,
    .run_datagrams = run_datagrams,
};
