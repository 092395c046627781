/* conn - see conn.h. */
#include "conn.h"

#include "clock.h"
#include "files.h"
#include "handler.h"

#include <assert.h>
#include <string.h>

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

void conn_worker_refresh(struct conn_worker *worker)
{
    const struct service *service = worker->service;

    if (service->protocol->refresh != NULL)
        service->protocol->refresh(&worker->cache, service);
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
    exchange_close_file(&conn->exchange);
    counters_add(&conn->worker->counters->closed, 1);
}

static void drop(struct conn *conn)
{
    conn->done = true;
    give_back(conn, &conn->in);
    give_back(conn, &conn->out);
    exchange_close_file(&conn->exchange);
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

/* ---- patience ---- */

static void restart_time(struct conn *conn)
{
    conn->since_ns = 0;
    conn->exchanged = 0;
}

static int64_t time_allowed_ns(const struct conn *conn)
{
    if (conn->lingering)
        return CONN_LINGER_WHOLE_MS * NS_PER_MS;
    return conn->worker->service->request_timeout_ns + (int64_t)(conn->exchanged / CONN_RATE_MIN) * NS_PER_S;
}

bool conn_too_slow(struct conn *conn, int64_t now_ns)
{
    if (conn->done)
        return false;
    if (!conn->lingering &&
        (conn->worker->service->request_timeout_ns == 0 || conn->waiting || conn_idle(conn))) {
        restart_time(conn);
        return false;
    }
    if (conn->since_ns == 0)
        conn->since_ns = now_ns;
    return now_ns - conn->since_ns > time_allowed_ns(conn);
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
        restart_time(conn);
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

/* Whether the next turn finds something to do: with all input used, a turn that was just enough is no reason
 * to come back. */
static bool has_input(const struct conn *conn)
{
    return conn->input_ended || (conn->in != NULL && buffer_filled(conn->in) > 0);
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
            conn->leftover = has_input(conn);
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
    restart_time(conn);
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

void conn_space_unused(struct conn *conn)
{
    give_back_if_empty(conn, &conn->in);
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
    conn->exchanged += n;
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
    if (conn->exchange.fill_left > 0 && conn->exchange.found == NULL)
        return handler_pattern(conn->exchange.fill_at, conn->exchange.fill_left, at);
    return 0;
}

bool conn_sends_file(const struct conn *conn)
{
    return conn->out == NULL && conn->exchange.fill_left > 0 && conn->exchange.found != NULL;
}

/* `n` bytes of the pattern or the file have left it. */
static void advance_fill(struct conn *conn, size_t n)
{
    assert(n <= conn->exchange.fill_left);
    conn->exchange.fill_at += n;
    conn->exchange.fill_left -= n;
    if (conn->exchange.fill_left == 0)
        exchange_close_file(&conn->exchange);
}

/* Takes `n` sent bytes off the front of what is pending. */
static void take_off(struct conn *conn, size_t n)
{
    if (conn->out != NULL) {
        assert(n <= buffer_filled(conn->out));
        conn->out->start += (uint32_t)n;
        give_back_if_empty(conn, &conn->out);
    } else {
        advance_fill(conn, n);
    }
}

void conn_sent(struct conn *conn, size_t n)
{
    conn->exchanged += n;
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

bool conn_load(struct conn *conn)
{
    struct exchange *exchange = &conn->exchange;

    if (!conn_sends_file(conn) || !borrow(conn, &conn->out))
        return false;
    size_t room = buffer_room(conn->out);
    size_t size = exchange->fill_left < room ? (size_t)exchange->fill_left : room;
    ssize_t have = files_read(exchange->found->fd, conn->out->bytes, size, exchange->fill_at);
    if (have <= 0) { /* the file has become shorter than its answer said */
        conn_abort(conn);
        return false;
    }
    conn->out->end = (uint32_t)have;
    advance_fill(conn, (size_t)have);
    return true;
}
