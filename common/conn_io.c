/* conn_io - the half of a connection that moves bytes; see conn.h. */
#include "conn.h"

#include "net.h"

#include <errno.h>
#include <sys/socket.h>

/* A record was longer than the space for it, and its end is lost. */
static bool cut_off(struct conn *conn)
{
    counters_add(&conn->worker->counters->bad_requests, 1);
    conn_abort(conn);
    return false;
}

/* recv(2) once. False when nothing came: not ready, or the connection is lost. */
static bool receive_once(struct conn *conn)
{
    struct counters *counters = conn->worker->counters;
    char *at;
    size_t space = conn_space(conn, &at);

    if (space == 0)
        return false;
    bool records = conn->worker->service->records;
    ssize_t n = records ? net_receive_from(conn->fd, at, space, NULL) : net_receive(conn->fd, at, space);
    counters_add(&counters->receives, 1);
    if (n < 0) {
        conn_space_unused(conn);
        if (errno != EAGAIN && errno != EWOULDBLOCK)
            conn_abort(conn);
        return false;
    }
    conn->moved = true;
    if ((size_t)n > space)
        return cut_off(conn);
    conn->input_left = records || (size_t)n == space; /* a short record says nothing about the next one */
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

/*
 * sendfile(2) once. That it took less than all says nothing yet: the next call tells whether the socket is
 * full or the file has become shorter. False then. Where the file system has no sendfile, a piece is read
 * instead.
 */
static bool send_file_once(struct conn *conn)
{
    struct counters *counters = conn->worker->counters;
    const struct exchange *exchange = &conn->exchange;
    size_t size = exchange->fill_left < CONN_TURN_BYTES ? (size_t)exchange->fill_left : CONN_TURN_BYTES;
    ssize_t n = net_send_file(conn->fd, exchange->found->fd, exchange->fill_at, size);

    if (n < 0 && (errno == EINVAL || errno == ENOSYS))
        return conn_load(conn);
    counters_add(&counters->sends, 1);
    if (n <= 0) {
        if (n == 0 || (errno != EAGAIN && errno != EWOULDBLOCK))
            conn_abort(conn);
        return false;
    }
    conn->moved = true;
    counters_add(&counters->bytes_out, (uint64_t)n);
    conn_sent(conn, (size_t)n);
    return true;
}

static void send_pending(struct conn *conn)
{
    uint64_t before = conn->worker->counters->bytes_out;
    const char *at;
    size_t size;

    while (!conn->socket_full && conn->worker->counters->bytes_out - before < CONN_TURN_BYTES) {
        if ((size = conn_pending(conn, &at)) > 0)
            conn->socket_full = !send_once(conn, at, size);
        else if (conn_sends_file(conn))
            conn->socket_full = !send_file_once(conn);
        else
            break;
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
