/*
 * epoll - one loop; the kernel keeps the list of connections and hands out only those that are ready.
 *
 *     epoll_wait --> [ ready | ready | ready ] --> recv, answer, send
 *         ^                                               |
 *         '-----------------------------------------------'
 *
 * A connection is owned by the loop and waits in epoll_wait(2), level-triggered: what is not read now
 * is reported again. What the kernel watches changes only when an answer does not fit the socket, or
 * while a handler waits and more input comes: a request costs no epoll_ctl(2).
 *
 * The loop stands in epoll_loop.c, because epoll_workers runs several of them.
 *
 * Cost: O(ready) per call. No limit of its own but descriptors and fs.epoll.max_user_watches.
 *
 * epoll(7) with its questions and answers, epoll_pwait2(2), accept(2)
 */
#include "epoll_loop.h"
#include "model.h"

#include <err.h>

static struct epoll_loop epoll_loop;

static void run(const struct server *server)
{
    if (epoll_loop_open(&epoll_loop, server, 0, server->listener) < 0)
        err(EXIT_CANNOT, "epoll: epoll_create1");
    server_ready(server);
    epoll_loop_run(&epoll_loop);
}

/* With one socket there is no list to keep: beside poll(2) it only shows that nothing is gained. */
static void run_datagrams(const struct server *server)
{
    struct datagrams batch;

    if (datagrams_open(&batch, server, server->listener, counters_slot(server->counters, 0), DATAGRAM_BATCH) <
        0)
        err(EXIT_CANNOT, "epoll: datagrams");
    server_ready(server);
    if (epoll_datagrams_run(&batch) < 0)
        err(EXIT_CANNOT, "epoll: epoll_create1");
}

const struct server_model model_epoll = {
    .name = "epoll",
    .summary = "one loop over the ready connections with epoll(7)",
    .family = "event loops",
    .properties = MODEL_CONCURRENT | MODEL_NONBLOCKING,
    .syscalls_per_request = 3,
    .run = run,
    .run_datagrams = run_datagrams,
};
