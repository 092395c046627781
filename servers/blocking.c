/* blocking - see blocking.h. */
#include "blocking.h"

#include "clock.h"
#include "net.h"
#include "stop.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

void seat_open(struct seat *seat)
{
    pthread_mutex_init(&seat->lock, NULL);
    seat->fd = -1;
    atomic_init(&seat->idle, true);
}

void seat_wake(struct seat *seat, bool forced)
{
    if (seat->fd < 0)
        return;
    if (forced)
        shutdown(seat->fd, SHUT_RDWR);
    else if (atomic_load(&seat->idle))
        shutdown(seat->fd, SHUT_RD);
}

int seats_open(struct seats *seats, size_t count)
{
    seats->row = calloc(count, sizeof *seats->row);
    seats->count = count;
    if (seats->row == NULL)
        return -1;
    for (size_t i = 0; i < count; i++)
        seat_open(&seats->row[i]);
    return 0;
}

void seats_close(struct seats *seats)
{
    for (size_t i = 0; i < seats->count; i++)
        pthread_mutex_destroy(&seats->row[i].lock);
    free(seats->row);
}

void seats_drain(struct seats *seats)
{
    bool forced = stop_drain_left_ns() == 0;

    for (size_t i = 0; i < seats->count; i++) {
        pthread_mutex_lock(&seats->row[i].lock);
        seat_wake(&seats->row[i], forced);
        pthread_mutex_unlock(&seats->row[i].lock);
    }
}

void seat_take(struct seat *seat, int fd)
{
    pthread_mutex_lock(&seat->lock);
    atomic_store(&seat->idle, true);
    seat->fd = fd;
    pthread_mutex_unlock(&seat->lock);
}

void seat_leave(struct seat *seat)
{
    pthread_mutex_lock(&seat->lock);
    seat->fd = -1;
    pthread_mutex_unlock(&seat->lock);
}

static_assert(SERVING_STACK > sizeof(struct conn_worker) + 64 * 1024, "two buffers and room to call");

void serving_thread_attributes(pthread_attr_t *attributes)
{
    sigset_t all;

    sigfillset(&all);
    pthread_attr_init(attributes);
    pthread_attr_setdetachstate(attributes, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(attributes, SERVING_STACK);
    pthread_attr_setsigmask_np(attributes, &all);
}

enum net_accept_status blocking_accept_once(const struct server *server, struct counters *counters, int *fd)
{
    enum net_accept_status status = net_accept(server->listener, false, fd);

    if (status == NET_ACCEPTED) {
        counters_add(&counters->accepted, 1);
        /* TCP sockets have inherited the time-outs of the listening socket; others have not. */
        if (!server->accepted_inherit && server->idle_timeout_ns > 0)
            net_set_timeouts_ns(*fd, server->slice_ns);
    } else if (status == NET_ACCEPT_SHORT) {
        counters_add(&counters->pauses, 1);
        server_warn_once(WARN_DESCRIPTORS, "out of descriptors: accepting pauses until some are free");
        clock_sleep_ns(PAUSE_MS * NS_PER_MS);
    }
    return status;
}

bool blocking_accept(const struct server *server, struct counters *counters, int *fd)
{
    while (!server_stopping()) {
        enum net_accept_status status = blocking_accept_once(server, counters, fd);

        if (status == NET_ACCEPTED || status == NET_ACCEPT_STOPPED)
            return status == NET_ACCEPTED;
    }
    return false;
}

/* ---- making room ---- */

static const struct server *shared; /* NULL: nobody waits for anybody */
static int waiting_room;

int64_t blocking_slice_ns(const struct server_model *model, int64_t idle_timeout_ns)
{
    int64_t silence_ns = BLOCKING_SILENCE_MS * NS_PER_MS;
    int64_t slices = (idle_timeout_ns + silence_ns - 1) / silence_ns;

    if (slices == 0 || (model->properties & MODEL_PER_CONNECTION) != 0)
        return idle_timeout_ns;
    return idle_timeout_ns / slices;
}

void blocking_make_room(const struct server *server, int waiting)
{
    shared = server;
    waiting_room = waiting;
}

/* Is every worker taken, and does somebody wait? A queue by itself does not tell: a worker may be on its way
 * to it. */
static bool crowded(void)
{
    struct counters_sum sum = counters_sum(shared->counters);
    struct pollfd room = {.fd = waiting_room, .events = POLLIN};

    if (sum.accepted < sum.closed + shared->workers)
        return false;
    return waiting_room < 0 ? sum.accepted > sum.closed + shared->workers : poll(&room, 1, 0) == 1;
}

/* A blocking call came back with nothing: one more slice of silence. True when it was the last. */
static bool silence_is_over(int64_t *silent_ns)
{
    if (shared == NULL)
        return true;
    *silent_ns += shared->slice_ns;
    return *silent_ns >= shared->idle_timeout_ns || crowded();
}

/* ---- serving ---- */

/* Sleeps as long as the handler waits; a second signal cuts it short. */
static void wait_for_handler(struct conn *conn)
{
    int64_t end_ns = clock_now_ns() + conn_wait_ns(conn);

    while (stop_drain_left_ns() > 0 && clock_sleep_ns(end_ns - clock_now_ns()) < 0)
        continue;
    conn_waited(conn);
}

/*
 * The server stops and this connection is between requests: its input ends here. What the kernel has
 * received already is still read and answered, then recv(2) says end of input.
 */
static bool send_home(const struct conn *conn)
{
    return server_stopping() && conn_idle(conn) && shutdown(conn->fd, SHUT_RD) == 0;
}

static void look_after(struct conn *conn, enum conn_status status, bool *lingering, int64_t *silent_ns)
{
    if (conn->moved || (status != CONN_WANT_READ && status != CONN_WANT_WRITE))
        *silent_ns = 0;
    else if (*lingering || silence_is_over(silent_ns))
        conn_expire(conn);
    if ((conn_lingering(conn) || !conn_idle(conn)) && conn_too_slow(conn, clock_now_ns()))
        conn_expire(conn);
    if (conn_lingering(conn) && !*lingering)
        *lingering = net_set_timeouts_ns(conn->fd, CONN_LINGER_MS * NS_PER_MS) == 0;
    if (status == CONN_WANT_TIME)
        wait_for_handler(conn);
}

void blocking_serve(struct conn_worker *worker, struct seat *seat)
{
    struct conn conn;
    int fd = seat->fd;
    bool going_home = false;
    bool lingering = false;
    int64_t silent_ns = 0;

    conn_open(&conn, worker, fd);
    while (conn_wants(&conn) != CONN_DONE && stop_drain_left_ns() > 0) {
        if (!going_home)
            going_home = send_home(&conn);
        look_after(&conn, conn_progress(&conn), &lingering, &silent_ns);
        atomic_store_explicit(&seat->idle, conn_idle(&conn), memory_order_relaxed);
    }
    seat_leave(seat);
    conn_close(&conn);
    close(fd);
}
