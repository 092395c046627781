/*
 * libuv - the epoll model's loop with libuv 1.44 between it and the kernel.
 *
 *     prepare: deadline --> wait --> callback per ready connection --> check: what is due --.
 *        ^                               '--> recv, answer, send                            |
 *        '----------------------------------------------------------------------------------'
 *
 * A connection is owned by the loop and waits in the library's epoll_wait(2), level-triggered, as a
 * poll handle. Everything else is what the epoll model does, so the difference between the two is the
 * library: its table of watchers, the phases of its iteration, a callback for each.
 *
 * A server on libuv alone would use uv_tcp_t, which accepts, reads and writes itself; its manual
 * advises that. Then we would measure another connection (read(2) and write(2), a client shed where we
 * pause), not another way to wait. uv_poll_t is there for libraries that do their own I/O, as libcurl
 * and libpq do, and conn is one. Deadlines are loop.h's; the library gets one timer, for the earliest.
 *
 * Cost: O(ready) per call and the same system calls per request as epoll. A connection costs five more:
 * the library tries out whether its descriptor can be watched, makes it non-blocking once more, takes
 * it off the list before it is on it, and again before it is closed. A poll handle stands beside each
 * client (160 bytes). Waits last whole milliseconds, rounded up. Hard limit: descriptors
 * and fs.epoll.max_user_watches; without memory for its tables the library ends the process.
 *
 * https://docs.libuv.org/en/v1.x/poll.html , epoll(7)
 */
#include "model.h"

#ifdef WITH_LIBUV

#include "clock.h"
#include "loop.h"

#include <err.h>
#include <uv.h>

/* What loop.h allocates for each connection: the library's handle lives in it. */
struct watched_client {
    struct client client;
    uv_poll_t handle;
};

static struct loop loop;
static uv_loop_t uv;
static uv_poll_t listener;
static uv_timer_t alarm_clock;
static uv_prepare_t prepare;
static uv_check_t check;
static bool listener_watched;
static int64_t alarm_ns; /* what alarm_clock is set to; 0: it is not set */
static bool awake;       /* loop_wake has been called in this round */

/* The library calls us in the middle of its wait: the first callback starts the round. */
static void wake_once(void)
{
    if (!awake)
        loop_wake(&loop);
    awake = true;
}

static uv_poll_t *handle_of(struct client *client)
{
    return &((struct watched_client *)client)->handle;
}

/*
 * The library looks at a closed handle once more, at the end of this iteration. The client's memory
 * is freed when the next one wakes (loop_wake), so it lasts that long.
 */
static void drop(struct client *client)
{
    uv_close((uv_handle_t *)handle_of(client), NULL);
    loop_drop(&loop, client);
}

static void on_ready(uv_poll_t *handle, int status, int events);

/* Nothing is armed while a handler waits and the client sends more. */
static void watch(struct client *client, enum conn_status status)
{
    client->watched = status;
    if (status == CONN_WANT_TIME)
        uv_poll_stop(handle_of(client));
    else
        uv_poll_start(handle_of(client), status == CONN_WANT_WRITE ? UV_WRITABLE : UV_READABLE, on_ready);
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
 * On an error the library stops the handle and says UV_EBADF; recv(2) and send(2) tell us which error
 * it is. While its handler waits a client stays armed for reading, which costs nothing as long as it
 * is silent.
 */
static void on_ready(uv_poll_t *handle, int status, int events)
{
    struct client *client = (struct client *)((char *)handle - offsetof(struct watched_client, handle));

    (void)events;
    wake_once();
    if (status < 0)
        client->watched = CONN_WANT_TIME;
    if (conn_wants(&client->conn) == CONN_WANT_TIME)
        watch(client, CONN_WANT_TIME);
    else
        serve(client);
}

/* Initialising a handle tries the descriptor out: the kernel's list may be full (ENOSPC). */
static void enter(struct client *client)
{
    if (uv_poll_init_socket(&uv, handle_of(client), client->conn.fd) == 0) {
        watch(client, CONN_WANT_READ);
    } else {
        conn_abort(&client->conn);
        loop_drop(&loop, client);
    }
}

static void on_knock(uv_poll_t *handle, int status, int events)
{
    struct client *client;

    (void)handle, (void)events;
    wake_once();
    if (status < 0)
        listener_watched = false;
    for (int i = 0; i < ACCEPT_BATCH && (client = loop_accept(&loop)) != NULL; i++)
        enter(client);
}

/* The alarm only ends the wait. */
static void on_alarm(uv_timer_t *timer)
{
    (void)timer;
    alarm_ns = 0;
}

static void set_alarm(void)
{
    int64_t deadline_ns = loop_deadline_ns(&loop);

    if (deadline_ns == alarm_ns || deadline_ns == INT64_MAX)
        return;
    int64_t left_ms = (deadline_ns - clock_now_ns() + NS_PER_MS - 1) / NS_PER_MS;
    uv_update_time(&uv);
    uv_timer_start(&alarm_clock, on_alarm, left_ms > 0 ? (uint64_t)left_ms : 0, 0);
    alarm_ns = deadline_ns;
}

static void watch_listener(void)
{
    bool accepting = loop_accepting(&loop);

    if (accepting && !listener_watched)
        uv_poll_start(&listener, UV_READABLE, on_knock);
    else if (!accepting && listener_watched)
        uv_poll_stop(&listener);
    listener_watched = accepting;
}

/*
 * The last phase before the wait. The timer must not be set earlier: an iteration starts with the timers
 * that are due, and would then wait without one.
 */
static void on_prepare(uv_prepare_t *handle)
{
    (void)handle;
    if (!loop_running(&loop))
        uv_stop(&uv);
    watch_listener();
    set_alarm();
    awake = false;
}

/*
 * The first phase after the wait. What is due is served here and not by the timer's callback, because
 * the library lets go of closed handles after this phase: their memory must last until then.
 */
static void on_check(uv_check_t *handle)
{
    struct client *client;

    (void)handle;
    wake_once();
    while ((client = loop_due(&loop)) != NULL)
        serve(client);
}

/* The library installs no signal handler unless one asks for it (uv_signal_t): those of stop.c stay. */
static void open_uv(int listener_fd)
{
    if (uv_loop_init(&uv) < 0)
        err(EXIT_CANNOT, "libuv: uv_loop_init");
    if (uv_poll_init_socket(&uv, &listener, listener_fd) < 0)
        err(EXIT_CANNOT, "libuv: uv_poll_init_socket");
    uv_timer_init(&uv, &alarm_clock);
    uv_prepare_init(&uv, &prepare);
    uv_prepare_start(&prepare, on_prepare);
    uv_check_init(&uv, &check);
    uv_check_start(&check, on_check);
}

/* Handles are gone when an iteration has seen them closed; only then may their memory go. */
static void close_uv(void)
{
    while (loop.count > 0)
        drop(loop.clients[loop.count - 1]);
    uv_close((uv_handle_t *)&listener, NULL);
    uv_close((uv_handle_t *)&alarm_clock, NULL);
    uv_close((uv_handle_t *)&prepare, NULL);
    uv_close((uv_handle_t *)&check, NULL);
    uv_run(&uv, UV_RUN_DEFAULT);
    uv_loop_close(&uv);
}

static void run(const struct server *server)
{
    loop_open(&loop, server, 0);
    loop.client_size = sizeof(struct watched_client);
    open_uv(server->listener);
    server_ready(server);
    uv_run(&uv, UV_RUN_DEFAULT);
    close_uv();
    loop_close(&loop);
}

#endif

const struct server_model model_libuv = {
    .name = "libuv",
    .summary = "the epoll loop on libuv's poll handles",
    .family = "libraries",
    .properties = MODEL_CONCURRENT | MODEL_NONBLOCKING,
    .syscalls_per_request = 3,
#ifdef WITH_LIBUV
    .run = run,
#else
    .unavailable = "built without libuv (Debian: libuv1-dev)",
#endif
};
