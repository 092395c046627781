/*
 * load_conn - the life of a connection.
 *
 *     CLOSED -> CONNECTING -> OPEN -> CLOSING -> CLOSED -> ...
 *                   |           +--------------^  (echo; the end of input has been seen already)
 *                   +-> WAITING -> CONNECTING     (refused: try again a little later)
 *
 * A connection that is to carry K requests asks the server to close behind the last one and waits for
 * that: a close that is ignored is an error of the server, and who closes first keeps the port in
 * TIME_WAIT.
 */
#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "clock.h"
#include "load_worker.h"

#define CLOSE_NS NS_PER_S /* a server that has not closed by then does not mean to */

/* ---- closing ---- */

void load_conn_close(struct load_worker *worker, struct load_conn *conn)
{
    load_check_forget(worker, conn);
    if (worker->special)
        load_life_forget(worker, conn);
    if (conn->fd >= 0) {
        close(conn->fd); /* leaves the epoll set by itself: there is no duplicate. epoll(7) */
        worker->conn_live--;
    }
    conn->fd = -1;
    conn->state = LOAD_CONN_CLOSED;
    conn->outstanding = 0;
    conn->unsent_size = 0;
    conn->closing = false;
}

void load_conn_restart(struct load_worker *worker, struct load_conn *conn)
{
    load_conn_close(worker, conn);
    if (worker->phase >= LOAD_DRAIN)
        return;
    if (conn->idle) {
        worker->stats->idle_closed++;
        load_life_idle_again(worker, conn);
        return;
    }
    if (conn->away_ns == 0)
        conn->away_ns = worker->now_ns;
    if (worker->plan->options->think_ns > 0)
        load_life_think(worker, conn);
    else if (worker->on_demand)
        load_send_mark_free(worker, conn);
    else if (load_turns_ours(worker))
        load_conn_open(worker, conn);
    else /* connecting would wake the server in the turn of another */
        load_connect_later(worker, conn, worker->turns.begin_ns - worker->now_ns);
}

/* A request that nobody answered in time stands in the histogram with the time it was waited for. */
static void record_timeouts(struct load_worker *worker, const struct load_conn *conn)
{
    uint64_t depth = worker->plan->options->pipeline;

    for (uint32_t i = 0; i < conn->outstanding; i++) {
        const struct load_request *request = &conn->ring[(conn->head + i) % depth];

        histogram_record(&worker->stats->latency, worker->now_ns - request->start_ns);
        if (worker->paced)
            histogram_record(&worker->stats->service, worker->now_ns - request->sent_ns);
    }
}

void load_conn_lost(struct load_worker *worker, struct load_conn *conn, enum load_error error)
{
    if (error == LOAD_ERROR_TIMEOUT || error == LOAD_ERROR_LOST)
        record_timeouts(worker, conn);
    worker->stats->errors[error] += conn->outstanding;
    load_conn_restart(worker, conn);
}

void load_conn_fail(struct load_worker *worker, struct load_conn *conn, enum load_error error)
{
    if (conn->outstanding == 0)
        worker->stats->errors[error]++;
    load_conn_lost(worker, conn, error);
}

/* ---- answers ---- */

/* The last answer of this connection is here: now the server has to close it, if it has not (`ended`). */
static void await_close(struct load_worker *worker, struct load_conn *conn, bool ended)
{
    worker->stats->dropped += conn->outstanding;
    conn->outstanding = 0;
    conn->away_ns = worker->now_ns;
    if (ended || worker->plan->protocol == LOAD_ECHO || worker->phase >= LOAD_DRAIN) {
        load_conn_restart(worker, conn);
        return;
    }
    conn->state = LOAD_CONN_CLOSING;
    conn->since_ns = worker->now_ns;
}

static void closing_event(struct load_worker *worker, struct load_conn *conn)
{
    ssize_t size = net_receive(conn->fd, worker->buffer, LOAD_BUFFER_SIZE);

    if (size == 0)
        load_conn_restart(worker, conn);
    else if (size > 0)
        load_conn_fail(worker, conn, LOAD_ERROR_FRAMING); /* something behind the last answer */
    else if (errno != EAGAIN)
        load_conn_fail(worker, conn, LOAD_ERROR_RESET);
}

/* In the drain a connection is closed when all is answered; one more look: was something extra sent? */
static void drain_step(struct load_worker *worker, struct load_conn *conn)
{
    if (conn->outstanding > 0)
        return;
    if (net_receive(conn->fd, worker->buffer, LOAD_BUFFER_SIZE) > 0)
        worker->stats->errors[LOAD_ERROR_FRAMING]++;
    load_conn_close(worker, conn);
}

/* Was that the last answer that this connection carries? */
static bool is_over(const struct load_conn *conn)
{
    return conn->closing || (conn->left == 0 && conn->outstanding == 0);
}

/* The answer is here, or only the rest of the request has been sent. */
static void think(struct load_worker *worker, struct load_conn *conn)
{
    if (conn->outstanding == 0)
        load_life_think(worker, conn);
}

/*
 * Closed loop, everything is answered: it asks again when the whole batch of events has been read. Reading by
 * turns with sending, each request would find a server that has just gone to sleep and pay for waking it up.
 */
static void ask_again(struct load_worker *worker, struct load_conn *conn)
{
    conn->away_ns = worker->now_ns;
    load_send_mark_free(worker, conn);
}

static void go_on(struct load_worker *worker, struct load_conn *conn, bool ended)
{
    if (is_over(conn))
        await_close(worker, conn, ended);
    else if (worker->phase >= LOAD_DRAIN)
        drain_step(worker, conn);
    else if (worker->paced)
        load_send_mark_free(worker, conn);
    else if (worker->plan->options->think_ns > 0)
        think(worker, conn);
    else if (conn->outstanding == 0)
        ask_again(worker, conn);
    else if (load_send_all(worker, conn, worker->now_ns) < 0)
        load_conn_fail(worker, conn, LOAD_ERROR_RESET);
}

static void input_ended(struct load_worker *worker, struct load_conn *conn)
{
    enum load_error error = load_check_end(worker, conn);

    if (error != LOAD_ERROR_NONE)
        load_conn_lost(worker, conn, error);
    else
        load_conn_restart(worker,
                          conn); /* an answer that ends with the connection, or an idle one was closed */
}

/* There may be more to be read, or the end of input; a slow reader has read enough for now. */
static void read_on(struct load_worker *worker, struct load_conn *conn, size_t size)
{
    if (worker->plan->options->slow_read > 0)
        load_life_read_later(worker, conn, size);
    else
        load_conn_watch(worker, conn);
}

static void receive(struct load_worker *worker, struct load_conn *conn, uint32_t events)
{
    ssize_t size = net_receive(conn->fd, worker->buffer, worker->receive_size);

    if (size < 0 && errno == EAGAIN)
        return;
    worker->now_ns = clock_now_ns();
    if (worker->now_ns >= worker->edge_ns)
        load_phase_edge(worker);
    if (size < 0 && worker->plan->datagrams) {
        load_connect_failed(worker, conn, errno); /* nobody receives there: told by ICMP */
    } else if (size < 0) {
        load_conn_fail(worker, conn, LOAD_ERROR_RESET);
    } else if (worker->plan->records && size > 0 && (uint64_t)size != worker->plan->options->payload) {
        load_conn_fail(worker, conn, LOAD_ERROR_CONTENT); /* a message of another length: no answer of ours */
    } else if (size == 0) {
        input_ended(worker, conn);
    } else {
        worker->stats->bytes_in += (uint64_t)size;
        enum load_error error = load_check(worker, conn, worker->buffer, (size_t)size);
        /* The end of input was seen before, and all that came before it fitted: no need to read a 0. */
        bool short_read = worker->plan->pieces ? conn->outstanding == 0 : (size_t)size < worker->receive_size;
        bool ended = (events & EPOLLRDHUP) != 0 && short_read;

        if (!short_read || (ended && !is_over(conn)) || worker->slow_reader)
            read_on(worker, conn, (size_t)size);
        if (error != LOAD_ERROR_NONE)
            load_conn_fail(worker, conn, error);
        else
            go_on(worker, conn, ended);
    }
}

void load_conn_flush(struct load_worker *worker, struct load_conn *conn)
{
    if (load_send_rest(worker, conn) < 0)
        load_conn_fail(worker, conn, LOAD_ERROR_RESET);
    else if (conn->unsent_size == 0 && worker->phase < LOAD_DRAIN)
        go_on(worker, conn, false);
}

/* What is about to be reset is left alone; a slow reader reads when the time of its next slice has come. */
static uint32_t events_for_now(const struct load_conn *conn, uint32_t events)
{
    if (conn->later_ns[LOAD_LATER_RESET] != 0)
        return 0;
    return conn->later_ns[LOAD_LATER_READ] != 0 ? events & EPOLLOUT : events;
}

void load_conn_event(struct load_worker *worker, struct load_conn *conn, uint32_t events)
{
    if (worker->special && (events = events_for_now(conn, events)) == 0)
        return;
    if (conn->state == LOAD_CONN_OPEN) {
        if ((events & EPOLLOUT) && conn->unsent_size > 0)
            load_conn_flush(worker, conn);
        if ((events & ~(uint32_t)EPOLLOUT) && conn->state == LOAD_CONN_OPEN)
            receive(worker, conn, events);
        return;
    }
    worker->now_ns = clock_now_ns();
    if (conn->state == LOAD_CONN_CONNECTING)
        load_connect_event(worker, conn);
    else if (conn->state == LOAD_CONN_CLOSING)
        closing_event(worker, conn);
}

void load_conn_check_time(struct load_worker *worker, struct load_conn *conn)
{
    int64_t timeout_ns = worker->plan->options->timeout_ns;
    int64_t close_ns = timeout_ns < CLOSE_NS ? timeout_ns : CLOSE_NS;

    if (conn->state == LOAD_CONN_OPEN && conn->outstanding > 0) {
        if (worker->now_ns - conn->ring[conn->head].sent_ns >= timeout_ns)
            load_conn_lost(worker, conn, worker->plan->datagrams ? LOAD_ERROR_LOST : LOAD_ERROR_TIMEOUT);
    } else if (conn->state == LOAD_CONN_CONNECTING) {
        if (worker->now_ns - conn->since_ns >= timeout_ns)
            load_connect_failed(worker, conn, ETIMEDOUT);
    } else if (conn->state == LOAD_CONN_CLOSING) {
        if (worker->now_ns - conn->since_ns >= close_ns)
            load_conn_fail(worker, conn, LOAD_ERROR_FRAMING);
    }
}
