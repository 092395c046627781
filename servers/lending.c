/* lending - see lending.h. */
#include "lending.h"

#include <assert.h>
#include <err.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { EVENTS = 256 };

static int watch(struct lending *lending, int fd, uint32_t events, void *pointer)
{
    return epoll_ctl(lending->epoll_fd, EPOLL_CTL_ADD, fd,
                     &(struct epoll_event){.events = events, .data.ptr = pointer});
}

void lending_open(struct lending *lending, const struct server *server)
{
    const char *name = server->model->name;

    lending->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    lending->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (lending->epoll_fd < 0 || lending->event_fd < 0)
        err(EXIT_CANNOT, "%s: epoll_create1 or eventfd", name);
    if (watch(lending, lending->event_fd, EPOLLIN | EPOLLET, &lending->event_fd) < 0)
        err(EXIT_CANNOT, "%s: epoll_ctl", name);
    loop_open(&lending->loop, server, 0);
    buffers_open_travelling(&lending->loop.worker.buffers);
    lending->listener_watched = false;
    lending->ready = NULL;
    lending->ready_end = &lending->ready;
    lending->ready_count = 0;
}

void lending_close(struct lending *lending)
{
    /* The threads that had them last are gone. */
    for (size_t i = 0; i < lending->loop.count; i++)
        lending->loop.clients[i]->conn.worker = &lending->loop.worker;
    loop_close(&lending->loop);
    close(lending->epoll_fd);
    close(lending->event_fd);
}

/* ---- ready clients ---- */

static void lend(struct lending *lending, struct client *client)
{
    assert(!client->queued);
    client->queued = true;
    if (conn_wants(&client->conn) == CONN_WANT_READ)
        client->edge = false; /* it is followed now; else it is kept until what is to be sent has been */
    client->next_ready = NULL;
    *lending->ready_end = client;
    lending->ready_end = &client->next_ready;
    lending->ready_count++;
}

struct client *lending_take(struct lending *lending)
{
    struct client *client = lending->ready;

    if (client == NULL)
        return NULL;
    lending->ready = client->next_ready;
    if (lending->ready == NULL)
        lending->ready_end = &lending->ready;
    lending->ready_count--;
    return client;
}

/* ---- clients that come back ---- */

static void hand_back(struct lending *lending, struct client *client)
{
    struct client *next = atomic_load(&lending->handed_back);

    do
        client->next_ready = next;
    while (!atomic_compare_exchange_weak(&lending->handed_back, &next, client));
    if (atomic_load(&lending->asleep) && atomic_exchange(&lending->asleep, false))
        (void)!write(lending->event_fd, &(uint64_t){1}, sizeof(uint64_t));
}

void *lending_work(struct lending *lending, struct crew_member *member, struct client *(*next)(void))
{
    struct conn_worker worker;
    struct client *client;

    conn_worker_open_travelling(&worker, member->server->service, member->counters);
    while ((client = next()) != NULL) {
        client->conn.worker = &worker;
        client_progress(client);
        hand_back(lending, client);
    }
    conn_worker_close(&worker);
    return crew_leave(member);
}

static void take_back(struct lending *lending, struct client *client)
{
    enum conn_status status = conn_wants(&client->conn);
    bool room = client->room && status == CONN_WANT_WRITE;

    client->queued = client->room = false;
    client->conn.worker = &lending->loop.worker;
    client->edge |= client->conn.input_left;
    loop_settle(&lending->loop, client, status);
    if (conn_wants(&client->conn) == CONN_DONE)
        loop_drop(&lending->loop, client);
    else if (client_unfinished(client, status) || room)
        lend(lending, client);
}

static void take_all_back(struct lending *lending)
{
    struct client *client = atomic_exchange(&lending->handed_back, NULL);

    while (client != NULL) {
        struct client *next = client->next_ready;

        take_back(lending, client);
        client = next;
    }
}

/* ---- events ---- */

/* A client without a thread's help: its connection is lost, or its time-out has come. */
static void on_edge(struct lending *lending, struct client *client, uint32_t events)
{
    bool lost = (events & (EPOLLHUP | EPOLLERR)) != 0;

    client->edge |= (events & EPOLLIN) != 0;
    client->ended |= lost || (events & EPOLLRDHUP) != 0;
    /* The thread that has it may have found the socket full before this came: no other edge will. */
    client->room |= client->queued && (events & EPOLLOUT) != 0;
    if (client->queued || client->conn.done)
        return;
    enum conn_status status = conn_wants(&client->conn);
    if (status == CONN_WANT_TIME && lost && !client->due) {
        conn_abort(&client->conn);
        loop_drop(&lending->loop, client);
    } else if (client_unfinished(client, status) || (status == CONN_WANT_WRITE && (events & EPOLLOUT) != 0)) {
        lend(lending, client);
    }
}

static void accept_some(struct lending *lending)
{
    struct client *client;

    for (int i = 0; i < ACCEPT_BATCH && (client = loop_accept(&lending->loop)) != NULL; i++)
        if (watch(lending, client->conn.fd, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, client) < 0) {
            conn_abort(&client->conn);
            loop_drop(&lending->loop, client);
        }
}

static void on_event(struct lending *lending, const struct epoll_event *event)
{
    if (event->data.ptr == NULL)
        accept_some(lending);
    else if (event->data.ptr != &lending->event_fd)
        on_edge(lending, event->data.ptr, event->events);
}

static void watch_listener(struct lending *lending)
{
    bool accepting = loop_accepting(&lending->loop);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};

    if (lending->listener_watched == accepting)
        return;
    if (epoll_ctl(lending->epoll_fd, accepting ? EPOLL_CTL_ADD : EPOLL_CTL_DEL, lending->loop.listener,
                  &event) == 0)
        lending->listener_watched = accepting;
    else
        loop_unwatched(&lending->loop);
}

/*
 * The order of `asleep` and the look at the stack matters: who hands back pushes first and looks at
 * `asleep` then, we set `asleep` first and look at the stack then. One of the two sees the other.
 */
static int sleep_for_events(struct lending *lending, struct epoll_event *events)
{
    static const struct timespec at_once = {0};
    const struct timespec *timeout = loop_timeout(&lending->loop);

    atomic_store(&lending->asleep, lending->ready == NULL);
    if (lending->ready != NULL || atomic_load(&lending->handed_back) != NULL)
        timeout = &at_once;
    int ready = loop_epoll_wait(lending->epoll_fd, events, EVENTS, timeout);
    atomic_store(&lending->asleep, false);
    return ready;
}

void lending_round(struct lending *lending)
{
    struct epoll_event events[EVENTS];
    struct client *client;

    watch_listener(lending);
    int ready = sleep_for_events(lending, events);
    if (ready < 0)
        loop_wait_failed(&lending->loop);
    loop_wake(&lending->loop);
    take_all_back(lending);
    for (int i = 0; i < ready; i++)
        on_event(lending, &events[i]);
    while ((client = loop_due(&lending->loop)) != NULL) {
        if (conn_wants(&client->conn) == CONN_DONE)
            loop_drop(&lending->loop, client);
        else
            lend(lending, client);
    }
}
