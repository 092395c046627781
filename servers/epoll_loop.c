/*
 * epoll_loop - see epoll_loop.h; epoll.c tells what it does and why.
 */
#include "epoll_loop.h"

#include "stop.h"

#include <sys/epoll.h>
#include <unistd.h>

enum { EVENTS = 256 };

/* With nothing armed (a handler waits) errors and hang-ups are still reported. */
static uint32_t interest(enum conn_status status)
{
    return status == CONN_WANT_READ ? EPOLLIN : status == CONN_WANT_WRITE ? EPOLLOUT : 0;
}

/* The kernel's list may be full (ENOSPC) or without memory: then this client cannot be served. */
static void watch(struct epoll_loop *epoll_loop, struct client *client, int operation,
                  enum conn_status status)
{
    struct epoll_event event = {.events = interest(status), .data.ptr = client};

    client->watched = status;
    if (epoll_ctl(epoll_loop->fd, operation, client->conn.fd, &event) < 0) {
        conn_abort(&client->conn);
        loop_drop(&epoll_loop->loop, client);
    }
}

static void serve(struct epoll_loop *epoll_loop, struct client *client)
{
    enum conn_status status = loop_serve(&epoll_loop->loop, client);

    if (status == CONN_DONE)
        loop_drop(&epoll_loop->loop, client); /* close(2) takes it off the kernel's list */
    else if (status != client->watched && status != CONN_WANT_TIME)
        watch(epoll_loop, client, EPOLL_CTL_MOD, status);
}

/*
 * A client that waits for its handler stays armed for reading, which costs nothing as long as it is
 * silent. If it sends more it is disarmed until its answer is out, or the event would come for ever.
 */
static void disturbed(struct epoll_loop *epoll_loop, struct client *client, uint32_t events)
{
    if ((events & (EPOLLERR | EPOLLHUP)) == 0) {
        watch(epoll_loop, client, EPOLL_CTL_MOD, CONN_WANT_TIME);
    } else {
        conn_abort(&client->conn);
        loop_drop(&epoll_loop->loop, client);
    }
}

/*
 * The first request has often arrived by the time its connection is accepted. Looking at once costs one
 * recv(2) per connection when it has not; when it has, it saves a turn of the loop, and a client that
 * asks once and leaves never enters the kernel's list.
 */
static void welcome(struct epoll_loop *epoll_loop, struct client *client)
{
    enum conn_status status = loop_serve(&epoll_loop->loop, client);

    if (status == CONN_DONE)
        loop_drop(&epoll_loop->loop, client);
    else
        watch(epoll_loop, client, EPOLL_CTL_ADD, status == CONN_WANT_TIME ? CONN_WANT_READ : status);
}

static void accept_some(struct epoll_loop *epoll_loop)
{
    struct client *client;

    for (int i = 0; i < ACCEPT_BATCH && (client = loop_accept(&epoll_loop->loop)) != NULL; i++)
        welcome(epoll_loop, client);
}

/* A client dropped earlier in this round may have another event in it: it is done, and still in memory. */
static void on_event(struct epoll_loop *epoll_loop, const struct epoll_event *event)
{
    struct client *client = event->data.ptr;

    if (client == NULL) {
        accept_some(epoll_loop);
        return;
    }
    if (client->conn.done)
        return;
    if (conn_wants(&client->conn) == CONN_WANT_TIME)
        disturbed(epoll_loop, client, event->events);
    else
        serve(epoll_loop, client);
}

/* Takes the listening socket (data.ptr NULL) off the list while accepting rests, or puts it back. */
static void watch_listener(struct epoll_loop *epoll_loop)
{
    struct epoll_event event = {.events = epoll_loop->listener_events, .data.ptr = NULL};
    bool accepting = loop_accepting(&epoll_loop->loop);

    if (epoll_loop->listener_watched == accepting)
        return;
    if (epoll_ctl(epoll_loop->fd, accepting ? EPOLL_CTL_ADD : EPOLL_CTL_DEL, epoll_loop->loop.listener,
                  &event) == 0)
        epoll_loop->listener_watched = accepting;
    else
        loop_unwatched(&epoll_loop->loop);
}

int epoll_loop_open(struct epoll_loop *epoll_loop, const struct server *server, unsigned slot, int listener)
{
    epoll_loop->fd = epoll_create1(EPOLL_CLOEXEC);
    if (epoll_loop->fd < 0)
        return -1;
    epoll_loop->listener_events = EPOLLIN;
    epoll_loop->listener_watched = false;
    loop_open(&epoll_loop->loop, server, slot);
    epoll_loop->loop.listener = listener;
    return 0;
}

void epoll_loop_run(struct epoll_loop *epoll_loop)
{
    struct epoll_event events[EVENTS];
    struct loop *loop = &epoll_loop->loop;
    struct client *client;

    while (loop_running(loop)) {
        watch_listener(epoll_loop);
        int ready = loop_epoll_wait(epoll_loop->fd, events, EVENTS, loop_timeout(loop));
        if (ready < 0)
            loop_wait_failed(loop);
        loop_wake(loop);
        for (int i = 0; i < ready; i++)
            on_event(epoll_loop, &events[i]);
        while ((client = loop_due(loop)) != NULL)
            serve(epoll_loop, client);
    }
    loop_close(loop);
    close(epoll_loop->fd);
}

/* Level-triggered: what does not fit one batch is reported again, and so is the shutdown at the stop. */
int epoll_datagrams_run(struct datagrams *batch)
{
    struct epoll_event event = {.events = EPOLLIN};
    int fd = epoll_create1(EPOLL_CLOEXEC);

    if (fd < 0 || epoll_ctl(fd, EPOLL_CTL_ADD, batch->fd, &event) < 0)
        return -1;
    while (!server_stopping())
        if (epoll_wait(fd, &event, 1, -1) > 0 && datagrams_receive(batch, false) == DATAGRAMS_SOME)
            datagrams_answer(batch);
    datagrams_drain(batch);
    close(fd);
    return 0;
}
