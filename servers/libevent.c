/*
 * libevent - the epoll model's loop with libevent 2.1 between it and the kernel.
 *
 *     event_base_loop --> callback per ready connection --> recv, answer, send
 *            ^                                                    |
 *            '----------------------------------------------------'
 *
 * A connection is owned by the loop and waits in the library's epoll_wait(2), level-triggered, as one
 * persistent event. Everything else is what the epoll model does, so the difference between the two
 * is the library: its table of descriptors, its queue of active events, a callback for each.
 *
 * Bufferevents would receive, buffer and send themselves; then we would measure another connection,
 * not another way to wait. Deadlines are loop.h's, and the library gets one timer, for the earliest:
 * a time-out on each persistent event would be set anew in its heap on every request.
 *
 * Cost: O(ready) per call and the same system calls as epoll: a request costs no epoll_ctl(2). A
 * connection carries an event (128 bytes) beside its client, and its place in the library's table. The
 * library reads the kernel's coarse clock, so waits and time-outs last up to a tick (4 ms at 250 Hz)
 * too long; EVENT_BASE_FLAG_PRECISE_TIMER would cure that for one timerfd_settime(2) per wait. No limit
 * of its own but descriptors and fs.epoll.max_user_watches; when the kernel's list is full the client
 * is closed.
 *
 * https://libevent.org/libevent-book/ , epoll(7)
 */
#include "model.h"

#ifdef WITH_LIBEVENT

#include "clock.h"
#include "loop.h"

#include <err.h>
#include <event2/event.h>
#include <event2/event_struct.h>

enum { US_PER_S = 1000000 };

/* What loop.h allocates for each connection: the library's event lives in it, and needs no malloc. */
struct watched_client {
    struct client client;
    struct event event;
};

static struct loop loop;
static struct event_base *base;
static struct event *listener, *alarm_clock;
static bool listener_watched;
static int64_t alarm_ns; /* what alarm_clock is set to; 0: it is not set */
static bool awake;       /* loop_wake has been called in this round */

static void on_ready(evutil_socket_t fd, short events, void *argument);

/* The library calls us in the middle of its wait: the first callback starts the round. */
static void wake_once(void)
{
    if (!awake)
        loop_wake(&loop);
    awake = true;
}

static struct event *event_of(struct client *client)
{
    return &((struct watched_client *)client)->event;
}

static void drop(struct client *client)
{
    event_del(event_of(client)); /* takes it out of this round, too: no callback comes for it */
    loop_drop(&loop, client);
}

/* Nothing is armed while a handler waits and the client sends more. event_add fails as epoll_ctl(2) does. */
static void watch(struct client *client, enum conn_status status)
{
    short interest = status == CONN_WANT_WRITE ? EV_WRITE : EV_READ;

    if (client->watched != CONN_DONE)
        event_del(event_of(client));
    client->watched = status;
    if (status == CONN_WANT_TIME)
        return;
    event_assign(event_of(client), base, client->conn.fd, interest | EV_PERSIST, on_ready, client);
    if (event_add(event_of(client), NULL) < 0) {
        conn_abort(&client->conn);
        drop(client);
    }
}

static void serve(struct client *client)
{
    enum conn_status status = loop_serve(&loop, client);

    if (status == CONN_DONE)
        drop(client);
    else if (status != client->watched && status != CONN_WANT_TIME)
        watch(client, status);
}

/*
 * While its handler waits a client stays armed for reading, which costs nothing as long as it is
 * silent. The library does not tell more input from a hang-up: whichever it is, we look when the
 * answer is out.
 */
static void on_ready(evutil_socket_t fd, short events, void *argument)
{
    struct client *client = argument;

    (void)fd, (void)events;
    wake_once();
    if (conn_wants(&client->conn) == CONN_WANT_TIME)
        watch(client, CONN_WANT_TIME);
    else
        serve(client);
}

static void on_knock(evutil_socket_t fd, short events, void *argument)
{
    struct client *client;

    (void)fd, (void)events, (void)argument;
    wake_once();
    for (int i = 0; i < ACCEPT_BATCH && (client = loop_accept(&loop)) != NULL; i++)
        watch(client, CONN_WANT_READ);
}

/* What is due is served after the round; the alarm only ends the wait. */
static void on_alarm(evutil_socket_t fd, short events, void *argument)
{
    (void)fd, (void)events, (void)argument;
    wake_once();
    alarm_ns = 0;
}

static void set_alarm(void)
{
    int64_t deadline_ns = loop_deadline_ns(&loop);

    if (deadline_ns == alarm_ns || deadline_ns == INT64_MAX)
        return;
    int64_t left_us = (deadline_ns - clock_now_ns() + NS_PER_US - 1) / NS_PER_US;
    if (left_us < 0)
        left_us = 0;
    struct timeval left = {left_us / US_PER_S, left_us % US_PER_S};
    if (event_add(alarm_clock, &left) == 0)
        alarm_ns = deadline_ns;
}

static void watch_listener(void)
{
    bool accepting = loop_accepting(&loop);

    if (accepting && !listener_watched) {
        listener_watched = event_add(listener, NULL) == 0;
        if (!listener_watched)
            loop_unwatched(&loop);
    } else if (!accepting && listener_watched) {
        listener_watched = event_del(listener) != 0;
    }
}

/* The library tells of each client it finds no memory for: once is enough. */
static void on_message(int severity, const char *message)
{
    (void)severity;
    server_warn_once(WARN_LIBRARY, message);
}

/* The signal handlers of stop.h stay: an event for SIGTERM would replace them. */
static void open_base(const struct server *server)
{
    struct event_config *config = event_config_new();

    event_set_log_callback(on_message);
    if (config != NULL) {
        event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK | EVENT_BASE_FLAG_IGNORE_ENV);
        base = event_base_new_with_config(config);
        event_config_free(config);
    }
    if (base == NULL)
        err(EXIT_CANNOT, "libevent: event_base_new");
    listener = event_new(base, server->listener, EV_READ | EV_PERSIST, on_knock, NULL);
    alarm_clock = evtimer_new(base, on_alarm, NULL);
    if (listener == NULL || alarm_clock == NULL)
        err(EXIT_CANNOT, "libevent: event_new");
}

static void run(const struct server *server)
{
    struct client *client;

    open_base(server);
    loop_open(&loop, server, 0);
    loop.client_size = sizeof(struct watched_client);
    server_ready(server);
    while (loop_running(&loop)) {
        watch_listener();
        set_alarm();
        awake = false;
        if (event_base_loop(base, EVLOOP_ONCE) < 0)
            loop_wait_failed(&loop);
        wake_once();
        while ((client = loop_due(&loop)) != NULL)
            serve(client);
    }
    while (loop.count > 0)
        drop(loop.clients[loop.count - 1]);
    loop_close(&loop);
    event_free(listener);
    event_free(alarm_clock);
    event_base_free(base);
}

#endif

const struct server_model model_libevent = {
    .name = "libevent",
    .summary = "the epoll loop on libevent's events",
    .family = "libraries",
    .properties = MODEL_CONCURRENT | MODEL_NONBLOCKING,
    .syscalls_per_request = 3,
#ifdef WITH_LIBEVENT
    .run = run,
#else
    .unavailable = "built without libevent (Debian: libevent-dev)",
#endif
};
