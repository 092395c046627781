/* conn - see conn.h. */
#include "conn.h"

#include "clock.h"
#include "handler.h"
#include "net.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

void conn_worker_open(struct conn_worker *worker, const struct service *service, struct counters *counters)
{
    worker->service = service;
    worker->counters = counters;
    worker->cache.second = 0;
    buffers_open(&worker->buffers);
}

void conn_worker_open_travelling(struct conn_worker *worker, const struct service *service,
                                 struct counters *counters)
{
    conn_worker_open(worker, service, counters);
    buffers_open_travelling(&worker->buffers);
}

void conn_worker_close(struct conn_worker *worker)
{
    buffers_close(&worker->buffers);
}

void conn_open(struct conn *conn, struct conn_worker *worker, int fd)
{
    *conn = (struct conn){.fd = fd, .worker = worker};
}

/* ---- buffers: borrowed when bytes arrive, given back when they are drained ---- */

static bool borrow(struct conn *conn, struct buffer **buffer)
{
    if (*buffer == NULL)
        *buffer = buffers_borrow(&conn->worker->buffers);
    if (*buffer == NULL)
        conn_abort(conn);
    return *buffer != NULL;
}

static void give_back(struct conn *conn, struct buffer **buffer)
{
    if (*buffer != NULL)
        buffers_return(&conn->worker->buffers, *buffer);
    *buffer = NULL;
}

static void give_back_if_empty(struct conn *conn, struct buffer **buffer)
{
    if (*buffer != NULL && buffer_filled(*buffer) == 0)
        give_back(conn, buffer);
}

void conn_close(struct conn *conn)
{
    give_back(conn, &conn->in);
    give_back(conn, &conn->out);
    counters_add(&conn->worker->counters->closed, 1);
}

static void drop(struct conn *conn)
{
    conn->done = true;
    give_back(conn, &conn->in);
    give_back(conn, &conn->out);
    conn->exchange.fill_left = 0;
}

void conn_abort(struct conn *conn)
{
    if (!conn->done)
        counters_add(&conn->worker->counters->aborted, 1);
    drop(conn);
}

void conn_expire(struct conn *conn)
{
    if (!conn->done && !conn->lingering)
        counters_add(&conn->worker->counters->timeouts, 1);
    drop(conn);
}

/* ---- turning input into output ---- */

/* One protocol step. Returns false when the next one has to wait for something. */
static bool step(struct conn *conn)
{
    const struct service *service = conn->worker->service;
    struct counters *counters = conn->worker->counters;
    struct protocol_input input = {.ended = conn->input_ended};
    struct protocol_output output = {.at = conn->out->bytes + conn->out->end, .size = buffer_room(conn->out)};

    if (conn->in != NULL)
        input.at = conn->in->bytes + conn->in->start, input.size = buffer_filled(conn->in);
    size_t input_before = input.size;
    size_t output_before = output.size;
    enum protocol_result result =
        service->protocol->step(&conn->exchange, service, &conn->worker->cache, &input, &output);

    if (conn->in != NULL)
        conn->in->start += (uint32_t)(input_before - input.size);
    conn->out->end += (uint32_t)(output_before - output.size);
    switch (result) {
    case PROTOCOL_REFUSED:
        counters_add(&counters->bad_requests, 1);
        conn->refused = true;
        /* fall through */
    case PROTOCOL_CLOSE:
        conn->closing = true;
        /* fall through */
    case PROTOCOL_ANSWERED:
        counters_add(&counters->requests, 1);
        conn->turn_left--;
        return true;
    case PROTOCOL_ADVANCED:
        return true;
    case PROTOCOL_WAIT:
        conn->waiting = true;
        return false;
    case PROTOCOL_NEED_INPUT:
    case PROTOCOL_NEED_ROOM:
        break;
    }
    return false;
}

/* Input has ended: whatever is left of it can never become a request. */
static void end_of_input(struct conn *conn)
{
    bool cut_off = conn->in != NULL && buffer_filled(conn->in) > 0;

    if (cut_off || !conn->worker->service->protocol->at_rest(&conn->exchange))
        counters_add(&conn->worker->counters->aborted, 1);
    conn->closing = true;
}

/* Answers what has arrived, as far as output, budget and handler allow. */
static void process(struct conn *conn)
{
    bool more = true;

    conn->leftover = false;
    if (conn->done || conn->lingering || !borrow(conn, &conn->out))
        return;
    while (more && !conn->closing && conn->exchange.fill_left == 0) {
        if (conn->turn_left == 0) {
            conn->leftover = true;
            break;
        }
        more = step(conn);
    }
    bool starved = !more && !conn->waiting && conn->exchange.fill_left == 0;
    if (starved && conn->input_ended && buffer_filled(conn->out) == 0 && !conn->closing)
        end_of_input(conn);
    if (conn->closing) {
        conn->refused |= conn->in != NULL && buffer_filled(conn->in) > 0;
        give_back(conn, &conn->in);
    }
    give_back_if_empty(conn, &conn->in);
    give_back_if_empty(conn, &conn->out);
}

/*
 * The last byte of the answer is out. A close with unread input sends a reset, and the reset may
 * erase the answer at the client (RFC 9112, 9.6): who was refused in mid-request is read out first.
 */
static void finish(struct conn *conn)
{
    if (!conn->closing || conn->lingering || conn->done)
        return;
    if (conn->refused && !conn->input_ended)
        conn->lingering = true;
    else
        conn->done = true;
}

/* ---- the half without I/O ---- */

size_t conn_space(struct conn *conn, char **at)
{
    if (!borrow(conn, &conn->in))
        return 0;
    if (conn->lingering)
        conn->in->start = conn->in->end = 0;
    if (buffer_room(conn->in) < BUFFER_SIZE / 2)
        buffer_compact(conn->in);
    *at = conn->in->bytes + conn->in->end;
    return buffer_room(conn->in);
}

static void discard(struct conn *conn, size_t n)
{
    conn->discarded += (uint32_t)n;
    if (n == 0 || conn->discarded > CONN_DISCARD_MAX)
        conn->done = true;
    give_back(conn, &conn->in);
}

void conn_received(struct conn *conn, size_t n)
{
    if (conn->done)
        return;
    if (conn->lingering) {
        discard(conn, n);
        return;
    }
    if (n == 0)
        conn->input_ended = true;
    else
        conn->in->end += (uint32_t)n;
    conn->turn_left = CONN_TURN_REQUESTS;
    process(conn);
    if (conn_pending(conn, &(const char *){NULL}) == 0)
        finish(conn);
}

size_t conn_pending(const struct conn *conn, const char **at)
{
    if (conn->out != NULL) {
        *at = conn->out->bytes + conn->out->start;
        return buffer_filled(conn->out);
    }
    if (conn->exchange.fill_left > 0)
        return handler_pattern(conn->exchange.fill_at, conn->exchange.fill_left, at);
    return 0;
}

/* Takes `n` sent bytes off the front of what is pending. */
static void take_off(struct conn *conn, size_t n)
{
    if (conn->out != NULL) {
        assert(n <= buffer_filled(conn->out));
        conn->out->start += (uint32_t)n;
        give_back_if_empty(conn, &conn->out);
    } else {
        assert(n <= conn->exchange.fill_left);
        conn->exchange.fill_at += n;
        conn->exchange.fill_left -= n;
    }
}

void conn_sent(struct conn *conn, size_t n)
{
    if (n > 0)
        take_off(conn, n);
    else
        conn->turn_left = CONN_TURN_REQUESTS;
    if (conn->out != NULL || conn->exchange.fill_left > 0)
        return;
    if (!conn->waiting && !conn->closing && (conn->in != NULL || conn->input_ended))
        process(conn);
    if (conn->out == NULL && conn->exchange.fill_left == 0)
        finish(conn);
}

enum conn_status conn_wants(const struct conn *conn)
{
    if (conn->done)
        return CONN_DONE;
    if (conn->out != NULL || conn->exchange.fill_left > 0 || conn->leftover)
        return CONN_WANT_WRITE;
    if (conn->waiting)
        return CONN_WANT_TIME;
    return CONN_WANT_READ;
}

int64_t conn_wait_ns(const struct conn *conn)
{
    return (int64_t)conn->exchange.argument * NS_PER_US;
}

void conn_waited(struct conn *conn)
{
    conn->waiting = false;
    conn->turn_left = CONN_TURN_REQUESTS;
    process(conn);
}

bool conn_idle(const struct conn *conn)
{
    return conn->in == NULL && conn->out == NULL && conn->exchange.fill_left == 0 && !conn->waiting &&
           conn->worker->service->protocol->at_rest(&conn->exchange);
}

bool conn_lingering(const struct conn *conn)
{
    return conn->lingering;
}

/* ---- the half with I/O ---- */

/* recv(2) once. False when nothing came: not ready, or the connection is lost. */
static bool receive_once(struct conn *conn)
{
    struct counters *counters = conn->worker->counters;
    char *at;
    size_t space = conn_space(conn, &at);

    if (space == 0)
        return false;
    ssize_t n = net_receive(conn->fd, at, space);
    counters_add(&counters->receives, 1);
    if (n < 0) {
        give_back_if_empty(conn, &conn->in);
        if (errno != EAGAIN && errno != EWOULDBLOCK)
            conn_abort(conn);
        return false;
    }
    conn->moved = true;
    conn->input_left = (size_t)n == space;
    counters_add(&counters->bytes_in, (uint64_t)n);
    conn_received(conn, (size_t)n);
    return true;
}

/* send(2) once. False when the socket took less than all of it: it is full, or lost. */
static bool send_once(struct conn *conn, const char *at, size_t size)
{
    struct counters *counters = conn->worker->counters;
    ssize_t n = net_send(conn->fd, at, size);

    counters_add(&counters->sends, 1);
    if (n < 0) {
        if (errno != EAGAIN && errno != EWOULDBLOCK)
            conn_abort(conn);
        return false;
    }
    conn->moved = true;
    counters_add(&counters->bytes_out, (uint64_t)n);
    conn_sent(conn, (size_t)n);
    return (size_t)n == size;
}

static void send_pending(struct conn *conn)
{
    const char *at;
    size_t size;
    size_t turn_bytes = 0;

    while (turn_bytes < CONN_TURN_BYTES && (size = conn_pending(conn, &at)) > 0) {
        conn->socket_full = !send_once(conn, at, size);
        if (conn->socket_full)
            break;
        turn_bytes += size;
    }
}

enum conn_status conn_progress(struct conn *conn)
{
    bool was_lingering = conn->lingering;

    conn->moved = false;
    conn->input_left = false;
    conn->socket_full = false;
    if (conn_wants(conn) == CONN_WANT_READ)
        receive_once(conn);
    else if (conn->leftover)
        conn_sent(conn, 0);
    send_pending(conn);
    if (conn->lingering && !was_lingering)
        shutdown(conn->fd, SHUT_WR);
    return conn_wants(conn);
}
