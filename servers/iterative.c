/*
 * iterative - one client after the other, each served until it leaves.
 *
 *     accept --> recv, answer, send --> ... --> close
 *        ^                                        |
 *        '----------------------------------------'
 *
 * A connection is owned by the only thread. It waits in recv(2), or in accept(2) between clients;
 * everybody else waits in the backlog of the listening socket.
 *
 * Cost: 2 system calls per request, nothing per connection. Hard limit: one client at a time; while
 * others wait, one that is silent loses its place after a second (blocking_make_room).
 *
 * accept(2), recv(2), send(2), listen(2) about the backlog
 */
#include "blocking.h"
#include "datagram.h"
#include "model.h"
#include "stop.h"

#include <err.h>

/* Static, not on the stack: the worker holds two buffers. */
static struct conn_worker worker;
static struct seat seat;

static void run(const struct server *server)
{
    int fd;

    conn_worker_open(&worker, server->service, counters_slot(server->counters, 0));
    seat_open(&seat);
    stop_watch_seat(&seat);
    blocking_make_room(server, server->listener);
    server_ready(server);
    while (blocking_accept(server, worker.counters, &fd)) {
        seat_take(&seat, fd);
        blocking_serve(&worker, &seat);
    }
    stop_watch_seat(NULL);
    conn_worker_close(&worker);
}

/* Without connections nobody waits for another's end: here one at a time is enough. It waits in recvmmsg(2).
 */
static void run_datagrams(const struct server *server)
{
    struct datagrams batch;

    if (datagrams_open(&batch, server, server->listener, counters_slot(server->counters, 0), DATAGRAM_BATCH) <
        0)
        err(EXIT_CANNOT, "iterative: datagrams");
    server_ready(server);
    while (!server_stopping() && datagrams_receive(&batch, true) != DATAGRAMS_OVER)
        datagrams_answer(&batch);
    datagrams_drain(&batch);
}

const struct server_model model_iterative = {
    .name = "iterative",
    .summary = "one client after the other",
    .family = "one at a time",
    .connections_max = 1,
    .syscalls_per_request = 2,
    .run = run,
    .run_datagrams = run_datagrams,
};
