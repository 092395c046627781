/*
 * load_connect - how a connection comes to be, up to its first request.
 *
 *     CLOSED -> CONNECTING -> OPEN
 *                   +-> WAITING -> CONNECTING     (refused: try again a little later)
 */
#include <errno.h>
#include <sys/epoll.h>

#include "clock.h"
#include "load_worker.h"

#define RETRY_NS (10 * NS_PER_MS) /* after a refused connection: a busy loop would measure nothing */

void load_connect_later(struct load_worker *worker, struct load_conn *conn, int64_t delay_ns)
{
    conn->state = LOAD_CONN_WAITING;
    conn->since_ns = worker->now_ns + delay_ns;
    load_queue_push(&worker->retry, conn);
}

/*
 * A name can have several addresses ("localhost": ::1 and 127.0.0.1) of which only one is served. As
 * long as nobody has answered, a refusal means trying the next one and is not an error yet.
 */
static bool try_next_address(struct load_worker *worker, const struct load_conn *conn)
{
    if (worker->proven || conn->address + 1u >= worker->plan->address_count)
        return false;
    if (conn->address == worker->address)
        worker->address++;
    return true;
}

void load_connect_failed(struct load_worker *worker, struct load_conn *conn, int error)
{
    load_conn_close(worker, conn);
    if (worker->phase >= LOAD_DRAIN)
        return;
    if (try_next_address(worker, conn)) {
        load_connect_later(worker, conn, 0);
        return;
    }
    if (error != EAGAIN) /* a Unix backlog that is full now is a queue we wait in, not a refusal */
        worker->stats->errors[LOAD_ERROR_CONNECT]++;
    if (conn->idle)
        load_life_idle_again(worker, conn);
    else if (worker->on_demand && error != EAGAIN)
        load_send_mark_free(worker, conn); /* this request is lost; the next one tries anew */
    else
        load_connect_later(worker, conn, RETRY_NS);
}

/*
 * Edge-triggered: a level-triggered one is looked at twice, when it is ready and once more to learn that it
 * is not (3 % of the client's CPU time at 64 connections). So whoever leaves something unread asks again.
 */
static int watch(const struct load_worker *worker, struct load_conn *conn, int operation)
{
    bool unsent = conn->unsent_size > 0 && worker->plan->options->slow_write == 0;
    uint32_t writable = conn->state == LOAD_CONN_CONNECTING || unsent ? EPOLLOUT : 0;
    struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP | EPOLLET | writable, .data.ptr = conn};

    return epoll_ctl(worker->epoll, operation, conn->fd, &event);
}

void load_conn_watch(const struct load_worker *worker, struct load_conn *conn)
{
    watch(worker, conn, EPOLL_CTL_MOD);
}

static void watch_new(struct load_worker *worker, struct load_conn *conn)
{
    if (watch(worker, conn, EPOLL_CTL_ADD) < 0)
        load_connect_failed(worker, conn, errno);
}

static void established(struct load_worker *worker, struct load_conn *conn, int64_t connected_ns)
{
    conn->state = LOAD_CONN_OPEN;
    conn->connected = true;
    worker->proven = true;
    worker->stats->opened++;
    histogram_record(&worker->stats->connect, connected_ns - conn->since_ns);
}

/* Where the latency of the first request on a new connection begins. */
static int64_t first_start_ns(const struct load_worker *worker, const struct load_conn *conn)
{
    if (conn->due_ns != 0)
        return conn->due_ns;
    return worker->plan->options->requests_per_connection == 1 ? conn->since_ns : worker->now_ns;
}

/*
 * The first request, sent without asking whether the connection is there yet: over loopback and Unix
 * sockets it is when connect(2) returns (though it says EINPROGRESS), which saves two system calls
 * and a turn of the loop. -1 with EAGAIN when it is not.
 */
static int send_first(struct load_worker *worker, struct load_conn *conn)
{
    int64_t start_ns = first_start_ns(worker, conn);

    if (worker->on_demand)
        return load_send(worker, conn, 1, start_ns);
    return load_send_all(worker, conn, start_ns);
}

static void begin_stream(struct load_worker *worker, struct load_conn *conn)
{
    const struct load_options *options = worker->plan->options;

    conn->head = 0;
    conn->left = options->requests_per_connection > 0 ? options->requests_per_connection : UINT64_MAX;
    conn->echo_missing = options->payload;
    conn->stream_in = conn->stream_out; /* goes on where the last connection ended */
}

/* Does it ask before it is known whether the connection is there? */
static bool asks_at_once(const struct load_worker *worker, const struct load_conn *conn)
{
    const struct load_options *options = worker->plan->options;

    if (conn->idle || options->slow_write > 0 || (options->think_ns > 0 && !conn->begun))
        return false;
    return !worker->paced || worker->on_demand;
}

static int connect_socket(struct load_worker *worker, struct load_conn *conn, bool speaks_first)
{
    const struct load_plan *plan = worker->plan;
    struct net_connect_how how = {.receive_buffer = plan->options->slow_read > 0 ? LOAD_SLOW_BUFFER : 0,
                                  .speaks_first = speaks_first};

    if (plan->local_count > 0)
        how.local = &plan->locals[worker->next_local++ % plan->local_count];
    conn->address = worker->address;
    conn->since_ns = worker->now_ns;
    conn->fd = net_connect_start_how(&plan->addresses[conn->address], &how);
    return conn->fd >= 0 ? 0 : -1;
}

void load_connect_ask(struct load_worker *worker, struct load_conn *conn)
{
    if (send_first(worker, conn) == 0) {
        established(worker, conn, conn->free_ns);
    } else if (errno != EAGAIN) {
        load_connect_failed(worker, conn, errno);
        return;
    }
    watch_new(worker, conn);
}

void load_conn_open(struct load_worker *worker, struct load_conn *conn)
{
    bool at_once = asks_at_once(worker, conn);

    if (connect_socket(worker, conn, at_once) < 0) {
        load_connect_failed(worker, conn, errno);
        return;
    }
    worker->conn_live++;
    conn->state = LOAD_CONN_CONNECTING;
    begin_stream(worker, conn);
    worker->now_ns = clock_now_ns();
    conn->free_ns = worker->now_ns;
    if (!at_once)
        watch_new(worker, conn);
    else if (worker->paced)
        load_connect_ask(worker, conn);
    else
        load_send_mark_free(worker, conn);
}

/* It is connected and has asked nothing yet. */
static void begin(struct load_worker *worker, struct load_conn *conn)
{
    if (worker->phase >= LOAD_DRAIN)
        load_conn_close(worker, conn);
    else if (conn->idle)
        return;
    else if (worker->paced && !worker->on_demand)
        load_send_mark_free(worker, conn);
    else if (worker->plan->options->think_ns > 0 && !conn->begun)
        load_life_think_first(worker, conn);
    else if (send_first(worker, conn) < 0)
        load_conn_fail(worker, conn, LOAD_ERROR_RESET);
}

/* The socket is writable or broken: it is known now how the connection attempt ended. connect(2) */
void load_connect_event(struct load_worker *worker, struct load_conn *conn)
{
    int error = net_connect_error(conn->fd);

    if (error != 0) {
        load_connect_failed(worker, conn, error);
        return;
    }
    established(worker, conn, worker->now_ns);
    load_conn_watch(worker, conn);
    begin(worker, conn);
}
