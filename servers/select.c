/*
 * select - one loop over all connections; the kernel is handed the whole set on every call.
 *
 *     select(all) --> for each descriptor up to the highest: ready? --> recv, answer, send
 *        ^                                                                      |
 *        '----------------------------------------------------------------------'
 *
 * A connection is owned by the loop and waits in select(2). The sets are value-result: the kernel
 * overwrites them, so the loop keeps a master copy and passes a copy of that.
 *
 * Cost: copying and scanning O(highest descriptor) per call, shared by all that were ready in it.
 * Hard limit: FD_SETSIZE (1024): a descriptor at or above it would be written outside the set, so
 * such a connection is closed at once; it is only reached when descriptors leak elsewhere, because
 * accepting stops before (connections_max).
 *
 * select(2) with its BUGS section, accept(2)
 */
#include "datagram.h"
#include "loop.h"
#include "model.h"
#include "stop.h"

#include <err.h>
#include <sys/select.h>
#include <unistd.h>

enum { OTHER_DESCRIPTORS = 16 }; /* standard streams, the listening socket, and some to spare */

static struct loop loop;
static fd_set want_read, want_write;
static struct client *owner[FD_SETSIZE];
static int highest;

static void watch(struct client *client, enum conn_status status)
{
    int fd = client->conn.fd;

    FD_CLR(fd, &want_read);
    FD_CLR(fd, &want_write);
    if (status == CONN_WANT_READ)
        FD_SET(fd, &want_read);
    else if (status == CONN_WANT_WRITE)
        FD_SET(fd, &want_write);
    client->watched = status;
}

static void drop(struct client *client)
{
    int fd = client->conn.fd;

    watch(client, CONN_DONE);
    owner[fd] = NULL;
    while (highest > 0 && owner[highest] == NULL)
        highest--;
    loop_drop(&loop, client);
}

static void serve(struct client *client)
{
    enum conn_status status = loop_serve(&loop, client);

    if (status == CONN_DONE)
        drop(client);
    else if (status != client->watched)
        watch(client, status);
}

static void accept_some(void)
{
    struct client *client;

    for (int i = 0; i < ACCEPT_BATCH && (client = loop_accept(&loop)) != NULL; i++) {
        int fd = client->conn.fd;

        if (fd >= FD_SETSIZE) {
            counters_add(&loop.worker.counters->shed, 1);
            loop_drop(&loop, client);
            continue;
        }
        owner[fd] = client;
        if (fd > highest)
            highest = fd;
        watch(client, CONN_WANT_READ);
        serve(client); /* its first request has often arrived with it */
    }
}

/* Serves every descriptor that is set in either set. */
static void serve_ready(const fd_set *readable, const fd_set *writable)
{
    for (int fd = 0, last = highest; fd <= last; fd++)
        if (owner[fd] != NULL && (FD_ISSET(fd, readable) || FD_ISSET(fd, writable)))
            serve(owner[fd]);
}

static void run(const struct server *server)
{
    struct client *client;
    int listener = server->listener;

    loop_open(&loop, server, 0);
    server_ready(server);
    while (loop_running(&loop)) {
        fd_set readable = want_read, writable = want_write;
        int top = highest > listener ? highest : listener;

        if (loop_accepting(&loop))
            FD_SET(listener, &readable);
        int ready = pselect(top + 1, &readable, &writable, NULL, loop_timeout(&loop), NULL);
        if (ready < 0)
            loop_wait_failed(&loop);
        loop_wake(&loop);
        if (ready > 0) {
            serve_ready(&readable, &writable);
            if (FD_ISSET(listener, &readable))
                accept_some();
        }
        while ((client = loop_due(&loop)) != NULL)
            serve(client);
    }
    loop_close(&loop);
}

/* One descriptor is all there is to watch: the scan over many, which is select's price, falls away. */
static void run_datagrams(const struct server *server)
{
    struct datagrams batch;
    int fd = server->listener;

    if (datagrams_open(&batch, server, fd, counters_slot(server->counters, 0), DATAGRAM_BATCH) < 0)
        err(EXIT_CANNOT, "select: datagrams");
    server_ready(server);
    while (!server_stopping()) {
        fd_set readable;

        FD_ZERO(&readable);
        FD_SET(fd, &readable);
        if (pselect(fd + 1, &readable, NULL, NULL, stop_timeout(), NULL) > 0 &&
            datagrams_receive(&batch, false) == DATAGRAMS_SOME)
            datagrams_answer(&batch);
    }
    datagrams_drain(&batch);
}

const struct server_model model_select = {
    .name = "select",
    .summary = "one loop over all connections with select(2)",
    .family = "event loops",
    .properties = MODEL_CONCURRENT | MODEL_NONBLOCKING | MODEL_SCANS,
    .connections_max = FD_SETSIZE - OTHER_DESCRIPTORS,
    .syscalls_per_request = 3,
    .run = run,
    .run_datagrams = run_datagrams,
};
