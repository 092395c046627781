/*
 * epoll_edge - one loop, edge-triggered: the kernel tells of a change once, and the loop remembers.
 *
 *     epoll_wait --> ready list --> [ client | client | client ] --> recv, answer, send
 *         ^                              ^                                  |
 *         |                              '--- not drained, turn is over ----'
 *         '------------------------------ drained: wait for the next edge --'
 *
 * A connection is owned by the loop. It is registered once, for input and output, and never changed:
 * no epoll_ctl(2) after accept, whatever happens. In return the loop has to know by itself what is
 * still readable or writable: an edge that is not followed to its end is lost.
 *
 * - recv(2) that filled its buffer may have left something: the client goes to the end of the ready
 *   list. One that came back short has drained the socket (epoll(7), question 9), except that the end
 *   of input may stand behind the last byte, and its edge was the same one: so that is noted (`ended`).
 * - An edge that comes while output is pending is noted (`edge`) and followed when that is sent.
 * - Each client gets one turn per round: draining one to the end before the next is how
 *   edge-triggered loops starve everybody else.
 *
 * Cost: as epoll, without its rare epoll_ctl. Limit: as epoll; and it is easier to get wrong.
 *
 * epoll(7)
 */
#include "loop.h"
#include "model.h"

#include <err.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { EVENTS = 256 };

static struct loop loop;
static int epoll_fd;

/* The ready list: clients whose turn comes in this round or the next, each at most once. */
static struct client *first_ready, **ready_end = &first_ready;

static void make_ready(struct client *client)
{
    if (client->queued)
        return;
    client->queued = true;
    client->next_ready = NULL;
    *ready_end = client;
    ready_end = &client->next_ready;
}

static struct client *take_ready(void)
{
    struct client *client = first_ready;

    first_ready = client->next_ready;
    if (first_ready == NULL)
        ready_end = &first_ready;
    client->queued = false;
    return client;
}

/* Only called for a client just taken from the ready list, so none is dropped while it stands there. */
static void serve(struct client *client)
{
    if (conn_wants(&client->conn) == CONN_WANT_READ)
        client->edge = false;
    enum conn_status status = loop_serve(&loop, client);

    client->edge |= client->conn.input_left;
    if (status == CONN_DONE)
        loop_drop(&loop, client);
    else if (client_unfinished(client, status))
        make_ready(client);
}

static void serve_ready(void)
{
    struct client *last = NULL;

    /* One turn each: who is made ready meanwhile stands behind `last` and has its turn next round. */
    for (struct client *client = first_ready; client != NULL; client = client->next_ready)
        last = client;
    while (first_ready != NULL) {
        struct client *client = take_ready();

        serve(client);
        if (client == last)
            break;
    }
}

static void on_event(struct client *client, uint32_t events)
{
    enum conn_status status = conn_wants(&client->conn);

    client->edge |= (events & EPOLLIN) != 0;
    client->ended |= (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
    if (status == CONN_WANT_TIME && (events & (EPOLLHUP | EPOLLERR)) != 0)
        conn_abort(&client->conn);
    if (conn_wants(&client->conn) == CONN_DONE || client_unfinished(client, status) ||
        (status == CONN_WANT_WRITE && (events & ~(uint32_t)EPOLLIN) != 0))
        make_ready(client);
}

static void accept_some(void)
{
    struct client *client;

    for (int i = 0; i < ACCEPT_BATCH && (client = loop_accept(&loop)) != NULL; i++) {
        struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.ptr = client};

        if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, client->conn.fd, &event) < 0) {
            conn_abort(&client->conn);
            loop_drop(&loop, client);
        }
    }
}

/* The listening socket (data.ptr NULL) stays level-triggered: accepting may rest and must come back. */
static void watch_listener(int listener)
{
    static bool watched;
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};

    if (watched == loop_accepting(&loop))
        return;
    if (epoll_ctl(epoll_fd, watched ? EPOLL_CTL_DEL : EPOLL_CTL_ADD, listener, &event) == 0)
        watched = !watched;
    else
        loop_unwatched(&loop);
}

static void run(const struct server *server)
{
    static const struct timespec at_once = {0};
    static struct epoll_event events[EVENTS];
    struct client *client;

    epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (epoll_fd < 0)
        err(EXIT_CANNOT, "epoll_edge: epoll_create1");
    loop_open(&loop, server, 0);
    server_ready(server);
    while (loop_running(&loop)) {
        watch_listener(server->listener);
        const struct timespec *timeout = first_ready != NULL ? &at_once : loop_timeout(&loop);
        int ready = loop_epoll_wait(epoll_fd, events, EVENTS, timeout);
        if (ready < 0)
            loop_wait_failed(&loop);
        loop_wake(&loop);
        for (int i = 0; i < ready; i++) {
            if (events[i].data.ptr == NULL)
                accept_some();
            else
                on_event(events[i].data.ptr, events[i].events);
        }
        while ((client = loop_due(&loop)) != NULL)
            make_ready(client);
        serve_ready();
    }
    loop_close(&loop);
    close(epoll_fd);
}

const struct server_model model_epoll_edge = {
    .name = "epoll_edge",
    .summary = "one loop with edge-triggered epoll and a ready list",
    .family = "event loops",
    .properties = MODEL_CONCURRENT | MODEL_NONBLOCKING,
    .syscalls_per_request = 3,
    .run = run,
};
