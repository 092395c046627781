/*
 * prefork_pass - one acceptor passes connections to N child processes over a Unix socket.
 *
 *     parent: accept --> sendmsg(descriptor) --> [ socket pair ] --> child 1: recvmsg --> recv, send ...
 *                                                                --> child N: recvmsg --> ...
 *
 * A connection is owned by the parent, then by the message that carries its descriptor (SCM_RIGHTS),
 * then by the child that received it. All children read the same end of one socket pair: whoever is
 * free takes the next, so the socket pair is the queue, and its buffer the bound.
 *
 * Cost: 2 system calls per request; per connection accept, sendmsg, recvmsg and two closes. Hard
 * limit: N children serve N clients. It exists to compare: it is what one did before several
 * processes could wait in accept(2), and what one does when an acceptor has to choose.
 *
 * unix(7) about SCM_RIGHTS, cmsg(3), socketpair(2)
 */
#include "children.h"
#include "clock.h"
#include "model.h"
#include "net.h"
#include "stop.h"

#include <err.h>
#include <errno.h>
#include <unistd.h>

static int pair[2]; /* 0: the parent sends, 1: the children receive */

/* Until the parent has closed its end and the queue is empty. */
static void serve(struct child *child)
{
    int fd;

    close(pair[0]);
    while ((fd = net_take_descriptor(pair[1])) >= 0)
        children_serve(child, fd);
}

/* The message holds a reference of its own: our copy is closed, sent or not. */
static void pass(const struct server *server, int fd)
{
    struct counters *counters = counters_slot(server->counters, 0);

    while (net_pass_descriptor(pair[0], fd) < 0) {
        if ((errno == EINTR || errno == EAGAIN) && !server_stopping()) {
            children_look_after();
            continue;
        }
        counters_add(&counters->shed, 1);
        counters_add(&counters->closed, 1);
        server_warn_once(WARN_DESCRIPTORS, "a descriptor could not be passed: the connection is closed");
        break;
    }
    close(fd);
}

static void run(const struct server *server)
{
    enum net_accept_status status = NET_ACCEPT_AGAIN;
    int fd;

    /* The time-out lets the acceptor look up from a full queue: a signal could come just before it waits. */
    if (net_descriptor_pair(pair) < 0 || net_set_timeouts_ns(pair[0], PAUSE_MS * NS_PER_MS) < 0)
        err(EXIT_CANNOT, "prefork_pass: socketpair");
    blocking_make_room(server, pair[1]);
    children_tick_while_missing();
    children_start(server, serve);
    server_ready(server);
    while (!server_stopping() && status != NET_ACCEPT_STOPPED) {
        status = blocking_accept_once(server, counters_slot(server->counters, 0), &fd);
        if (status == NET_ACCEPTED)
            pass(server, fd);
        children_look_after();
    }
    close(pair[0]); /* the children empty the queue and leave */
    children_drain();
    close(pair[1]);
}

const struct server_model model_prefork_pass = {
    .name = "prefork_pass",
    .summary = "an acceptor passes connections to N child processes",
    .family = "processes",
    .properties = MODEL_CONCURRENT | MODEL_WORKERS,
    .workers_default = 64,
    .syscalls_per_request = 2,
    .run = run,
};
