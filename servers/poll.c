/*
 * poll - one loop over all connections; the kernel is handed the whole list on every call.
 *
 *     poll(all) --> for each entry: ready? --> recv, answer, send
 *        ^                                            |
 *        '--------------------------------------------'
 *
 * A connection is owned by the loop and waits in poll(2). Entry 0 of the list is the listening
 * socket, entry 1 + i belongs to client i of the loop's table: both tables stay dense together, by
 * moving the last entry into a gap.
 *
 * Cost: copying and scanning O(connections) per call, shared by all that were ready in it. No limit
 * of its own but descriptors.
 *
 * poll(2), accept(2)
 */
#include "array.h"
#include "datagram.h"
#include "loop.h"
#include "model.h"
#include "stop.h"

#include <assert.h>
#include <err.h>
#include <poll.h>
#include <stdlib.h>

static struct loop loop;
static struct pollfd *list;
static size_t list_capacity;

static short interest(enum conn_status status)
{
    return status == CONN_WANT_READ ? POLLIN : status == CONN_WANT_WRITE ? POLLOUT : 0;
}

static void watch(struct client *client, enum conn_status status)
{
    list[1 + client->place] = (struct pollfd){.fd = client->conn.fd, .events = interest(status)};
    client->watched = status;
}

static void drop(struct client *client)
{
    list[1 + client->place] = list[loop.count];
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

/* Room in the list comes first: a client that cannot be listed must not be accepted. */
static struct client *accept_one(void)
{
    void *larger = list;

    if (array_reserve(&larger, &list_capacity, loop.count + 2, sizeof *list) < 0)
        return NULL;
    list = larger;
    return loop_accept(&loop);
}

static void accept_some(void)
{
    struct client *client;

    for (int i = 0; i < ACCEPT_BATCH && (client = accept_one()) != NULL; i++) {
        watch(client, CONN_WANT_READ);
        serve(client); /* its first request has often arrived with it */
    }
}

/*
 * From the last entry to the first: dropping a client moves the last entry into its place, and that
 * one has been looked at already. While a handler waits nothing is armed, but an error or a hang-up
 * is reported all the same: then the client is gone.
 */
static void serve_ready(void)
{
    for (size_t i = loop.count; i > 0; i--) {
        struct client *client = loop.clients[i - 1];
        short events = list[i].revents;

        assert(list[i].fd == client->conn.fd);
        if (events == 0)
            continue;
        if (client->watched == CONN_WANT_TIME && (events & (POLLERR | POLLHUP)) != 0)
            conn_abort(&client->conn);
        serve(client);
    }
}

static void run(const struct server *server)
{
    struct client *client;
    void *first = NULL;

    if (array_reserve(&first, &list_capacity, 1, sizeof *list) < 0)
        err(EXIT_CANNOT, "poll: list of descriptors");
    loop_open(&loop, server, 0);
    list = first;
    server_ready(server);
    while (loop_running(&loop)) {
        list[0] = (struct pollfd){.fd = loop_accepting(&loop) ? server->listener : -1, .events = POLLIN};
        int ready = ppoll(list, 1 + loop.count, loop_timeout(&loop), NULL);
        if (ready < 0)
            loop_wait_failed(&loop);
        loop_wake(&loop);
        if (ready > 0) {
            bool knocking = list[0].revents != 0;

            serve_ready();
            if (knocking)
                accept_some();
        }
        while ((client = loop_due(&loop)) != NULL)
            serve(client);
    }
    loop_close(&loop);
    free(list);
}

/* A list of one entry. */
static void run_datagrams(const struct server *server)
{
    struct pollfd socket = {.fd = server->listener, .events = POLLIN};
    struct datagrams batch;

    if (datagrams_open(&batch, server, socket.fd, counters_slot(server->counters, 0), DATAGRAM_BATCH) < 0)
        err(EXIT_CANNOT, "poll: datagrams");
    server_ready(server);
    while (!server_stopping())
        if (poll(&socket, 1, -1) > 0 && datagrams_receive(&batch, false) == DATAGRAMS_SOME)
            datagrams_answer(&batch);
    datagrams_drain(&batch);
}

const struct server_model model_poll = {
    .name = "poll",
    .summary = "one loop over all connections with poll(2)",
    .family = "event loops",
    .properties = MODEL_CONCURRENT | MODEL_NONBLOCKING | MODEL_SCANS,
    .syscalls_per_request = 3,
    .run = run,
    .run_datagrams = run_datagrams,
};
