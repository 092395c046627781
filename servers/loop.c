/* loop - see loop.h. */
#include "loop.h"

#include "array.h"
#include "clock.h"
#include "net.h"
#include "stop.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { WAIT_PAUSE_MS = 10 }; /* short: nobody is served meanwhile */

void loop_open(struct loop *loop, const struct server *server, unsigned slot)
{
    *loop = (struct loop){
        .server = server,
        .listener = server->listener,
        .connections_max = server->max_connections,
        .client_size = sizeof(struct client),
        .now_ns = clock_now_ns(),
    };
    loop->open = &loop->own_open;
    timers_open(&loop->timers);
    conn_worker_open(&loop->worker, server->service, counters_slot(server->counters, slot));
}

static void free_dropped(struct loop *loop)
{
    while (loop->dropped != NULL) {
        struct client *client = loop->dropped;

        loop->dropped = client->dropped;
        free(client);
    }
}

void loop_close(struct loop *loop)
{
    while (loop->count > 0)
        loop_drop(loop, loop->clients[loop->count - 1]);
    free_dropped(loop);
    free(loop->clients);
    timers_close(&loop->timers);
    conn_worker_close(&loop->worker);
}

/* ---- time ---- */

int64_t loop_deadline_ns(const struct loop *loop)
{
    int64_t until_ns = timers_next_ns(&loop->timers);

    if (loop->rest_until_ns > 0 && loop->rest_until_ns < until_ns)
        until_ns = loop->rest_until_ns;
    /*
     * While the listening socket is not watched its shutdown wakes nobody, and a signal may slip in
     * between the look at the flag and the wait. (Blocking signals outside the wait is no cure: with
     * a socket always ready, epoll_pwait(2) returns before it delivers them.) Libraries moreover keep
     * an interrupted wait to themselves.
     */
    bool unheard = loop->full || loop->draining || stop_timeout() != NULL;
    if (unheard && loop->now_ns + PAUSE_MS * NS_PER_MS < until_ns)
        until_ns = loop->now_ns + PAUSE_MS * NS_PER_MS;
    if (loop->draining && loop->now_ns + stop_drain_left_ns() < until_ns)
        until_ns = loop->now_ns + stop_drain_left_ns();
    return until_ns;
}

const struct timespec *loop_timeout(struct loop *loop)
{
    int64_t until_ns = loop_deadline_ns(loop);

    if (until_ns == INT64_MAX)
        return NULL;
    int64_t left_ns = until_ns - clock_now_ns();
    if (left_ns < 0)
        left_ns = 0;
    loop->timeout = (struct timespec){left_ns / NS_PER_S, left_ns % NS_PER_S};
    return &loop->timeout;
}

int loop_epoll_wait(int epoll_fd, struct epoll_event *events, int size, const struct timespec *timeout)
{
    static atomic_bool missing;

    if (!atomic_load_explicit(&missing, memory_order_relaxed)) {
        int ready = epoll_pwait2(epoll_fd, events, size, timeout, NULL);

        if (ready >= 0 || errno != ENOSYS)
            return ready;
        atomic_store(&missing, true);
    }
    if (timeout == NULL)
        return epoll_wait(epoll_fd, events, size, -1);
    int64_t ms = timeout->tv_sec * INT64_C(1000) + (timeout->tv_nsec + NS_PER_MS - 1) / NS_PER_MS;
    return epoll_wait(epoll_fd, events, size, ms < INT_MAX ? (int)ms : INT_MAX);
}

void loop_wake(struct loop *loop)
{
    loop->now_ns = clock_now_ns();
    if (loop->rest_until_ns <= loop->now_ns)
        loop->rest_until_ns = 0;
    if (loop->full && *loop->open < loop->connections_max)
        loop->full = false; /* another loop has given a place back */
    free_dropped(loop);
}

static int64_t patience_ns(const struct loop *loop, const struct client *client)
{
    if (conn_lingering(&client->conn))
        return CONN_LINGER_MS * NS_PER_MS;
    return loop->server->idle_timeout_ns;
}

static void arm_timer(struct loop *loop, struct client *client)
{
    int64_t patience = patience_ns(loop, client);

    if (patience > 0)
        timers_set(&loop->timers, &client->timer, client->active_ns + patience);
    else
        timers_cancel(&loop->timers, &client->timer);
}

/*
 * The timer of a busy client is not touched by its requests: when it comes, `active_ns` tells whether
 * the client was idle all the time, and if not, when to look again.
 */
struct client *loop_overdue(struct loop *loop)
{
    struct timer *timer;

    while ((timer = timers_expired(&loop->timers, loop->now_ns)) != NULL) {
        struct client *client = (struct client *)((char *)timer - offsetof(struct client, timer));

        if (client->queued) { /* it will have its turn, or has it in another thread just now */
            timers_set(&loop->timers, timer, loop->now_ns + NS_PER_S);
            continue;
        }
        if (conn_wants(&client->conn) == CONN_WANT_TIME) {
            client->active_ns = loop->now_ns;
            client->due = true;
            arm_timer(loop, client);
            return client;
        }
        if (client->active_ns + patience_ns(loop, client) <= loop->now_ns)
            return client;
        arm_timer(loop, client);
    }
    return NULL;
}

struct client *loop_due(struct loop *loop)
{
    struct client *client = loop_overdue(loop);

    if (client != NULL && !client->due)
        conn_expire(&client->conn);
    return client;
}

/* ---- clients ---- */

bool loop_accepting(const struct loop *loop)
{
    return !loop->full && loop->rest_until_ns == 0 && !loop->draining;
}

static bool full(struct loop *loop)
{
    loop->full = true;
    counters_add(&loop->worker.counters->pauses, 1);
    return false;
}

bool loop_has_place(struct loop *loop)
{
    return *loop->open < loop->connections_max || full(loop);
}

/* Takes one of the places that all loops share; give_place_back when it is not used after all. */
static bool take_place(struct loop *loop)
{
    if (atomic_fetch_add(loop->open, 1) < loop->connections_max)
        return true;
    atomic_fetch_sub(loop->open, 1);
    return full(loop);
}

static void give_place_back(struct loop *loop)
{
    atomic_fetch_sub(loop->open, 1);
    loop->full = false;
}

static void rest(struct loop *loop, enum warning what, const char *sentence)
{
    counters_add(&loop->worker.counters->pauses, 1);
    loop->rest_until_ns = loop->now_ns + PAUSE_MS * NS_PER_MS;
    server_warn_once(what, sentence);
}

static void rest_without_memory(struct loop *loop)
{
    rest(loop, WARN_MEMORY, "out of memory: accepting pauses");
}

static void rest_without_descriptors(struct loop *loop)
{
    rest(loop, WARN_DESCRIPTORS, "out of descriptors: accepting pauses until some are free");
}

void loop_unwatched(struct loop *loop)
{
    rest_without_memory(loop);
}

void loop_wait_failed(struct loop *loop)
{
    if (errno == EINTR)
        return;
    counters_add(&loop->worker.counters->pauses, 1);
    server_warn_once(WARN_WAIT, "the wait for events fails (no memory?): it is tried again");
    clock_sleep_ns(WAIT_PAUSE_MS * NS_PER_MS);
}

/* Room for one more client in every table, before it is accepted. */
static struct client *make_room(struct loop *loop)
{
    void *clients = loop->clients;

    if (array_reserve(&clients, &loop->capacity, loop->count + 1, sizeof(struct client *)) < 0)
        return NULL;
    loop->clients = clients;
    if (timers_reserve(&loop->timers, loop->count + 1) < 0)
        return NULL;
    return malloc(loop->client_size);
}

static struct client *enter(struct loop *loop, struct client *client, int fd)
{
    *client = (struct client){.active_ns = loop->now_ns, .watched = CONN_DONE, .place = loop->count};
    conn_open(&client->conn, &loop->worker, fd);
    loop->clients[loop->count++] = client;
    arm_timer(loop, client);
    counters_add(&loop->worker.counters->accepted, 1);
    return client;
}

struct client *loop_accept(struct loop *loop)
{
    int fd;

    if (!take_place(loop))
        return NULL;
    struct client *client = make_room(loop);
    if (client == NULL) {
        give_place_back(loop);
        rest_without_memory(loop);
        return NULL;
    }
    switch (net_accept(loop->listener, true, &fd)) {
    case NET_ACCEPTED:
        return enter(loop, client, fd);
    case NET_ACCEPT_SHORT:
        rest_without_descriptors(loop);
        break;
    case NET_ACCEPT_AGAIN:
    case NET_ACCEPT_STOPPED:
        break;
    }
    give_place_back(loop);
    free(client);
    return NULL;
}

struct client *loop_enter(struct loop *loop, int fd)
{
    bool placed = take_place(loop);
    struct client *client = placed ? make_room(loop) : NULL;

    if (client != NULL)
        return enter(loop, client, fd);
    close(fd);
    counters_add(&loop->worker.counters->shed, 1);
    if (placed) {
        give_place_back(loop);
        rest_without_memory(loop);
    }
    return NULL;
}

void loop_accept_failed(struct loop *loop, int error)
{
    if (net_accept_failed(error) == NET_ACCEPT_SHORT)
        rest_without_descriptors(loop);
}

/* The server stops: an idle client's input ends here, after what the kernel has received already. */
static void send_home(struct client *client)
{
    if (!client->queued && conn_idle(&client->conn))
        shutdown(client->conn.fd, SHUT_RD);
}

enum conn_status client_progress(struct client *client)
{
    if (client->due)
        conn_waited(&client->conn);
    client->due = false;
    enum conn_status status = conn_wants(&client->conn);
    client->was_lingering = conn_lingering(&client->conn);
    if (status == CONN_DONE || status == CONN_WANT_TIME)
        return status;
    return conn_progress(&client->conn);
}

bool client_unfinished(const struct client *client, enum conn_status status)
{
    if (status == CONN_WANT_READ)
        return client->edge || client->ended;
    /* Wanting to write because a turn is over is not a socket that is full. */
    return status == CONN_WANT_WRITE && !client->conn.socket_full;
}

void loop_settle(struct loop *loop, struct client *client, enum conn_status status)
{
    if (client->conn.moved)
        client->active_ns = loop->now_ns;
    if (status == CONN_WANT_TIME)
        timers_set(&loop->timers, &client->timer, loop->now_ns + conn_wait_ns(&client->conn));
    else if (conn_lingering(&client->conn) && !client->was_lingering)
        arm_timer(loop, client);
    if (conn_too_slow(&client->conn, loop->now_ns))
        conn_expire(&client->conn);
    if (loop->draining)
        send_home(client);
}

enum conn_status loop_serve(struct loop *loop, struct client *client)
{
    bool waits = conn_wants(&client->conn) == CONN_WANT_TIME && !client->due;
    enum conn_status status = waits ? CONN_WANT_TIME : client_progress(client);

    if (!waits)
        loop_settle(loop, client, status);
    return client->conn.done ? CONN_DONE : status;
}

void loop_drop(struct loop *loop, struct client *client)
{
    struct client *last = loop->clients[--loop->count];

    assert(loop->clients[client->place] == client || last == client);
    loop->clients[client->place] = last;
    last->place = client->place;
    timers_cancel(&loop->timers, &client->timer);
    client->conn.done = true;
    conn_close(&client->conn);
    close(client->conn.fd);
    client->dropped = loop->dropped;
    loop->dropped = client;
    loop->rest_until_ns = 0;
    give_place_back(loop);
}

/* ---- the end ---- */

bool loop_running(struct loop *loop)
{
    if (!server_stopping())
        return true;
    if (!loop->draining)
        for (size_t i = 0; i < loop->count; i++)
            send_home(loop->clients[i]);
    loop->draining = true;
    return loop->count > 0 && stop_drain_left_ns() > 0;
}
