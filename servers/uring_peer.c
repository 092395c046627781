/* uring_peer - see uring_peer.h; io_uring.c tells the whole story. */
#ifdef WITH_LIBURING
#include "uring_peer.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

static void advance(struct uring *uring, struct peer *peer);

static uint64_t tag(const struct peer *peer, enum operation operation)
{
    return (uintptr_t)peer | operation;
}

/* ---- receiving ---- */

static bool is_between_requests(const struct peer *peer)
{
    const struct conn *conn = &peer->client.conn;

    return conn->in == NULL && peer->held == NULL &&
           conn->worker->service->protocol->at_rest(&conn->exchange);
}

static void receive(struct uring *uring, struct peer *peer)
{
    if (peer->receiving || peer->ended)
        return;
    if (is_between_requests(peer))
        peer->hasty = false;
    peer->receiving = true;
    /* Records must not be held behind one another, where they would melt into one: singly, then. */
    bool records = peer->client.conn.worker->service->records;
    ring_receive(&uring->ring, peer->client.conn.fd, !peer->hasty && !records, records, tag(peer, RECEIVE));
}

static void stop_receiving(struct uring *uring, struct peer *peer)
{
    if (peer->receiving && !peer->receive_cancelled)
        ring_cancel(&uring->ring, tag(peer, RECEIVE));
    peer->receive_cancelled = peer->receiving;
}

/*
 * A multishot receive may be woken twice, by bytes and by the reset behind them, and look once: it takes the
 * bytes and sleeps for ever (seen with Linux 6.18). Where an answer follows its send fails, and all is well.
 * Where the client owes us more, it is asked for anew: a new receive sees how things stand.
 */
static void receive_more(struct uring *uring, struct peer *peer)
{
    if (peer->receiving && !peer->hasty && !is_between_requests(peer)) {
        peer->hasty = true;
        stop_receiving(uring, peer);
    }
    receive(uring, peer);
}

/* Hands bytes to the connection, which wants them; returns how many it took. */
static size_t feed(struct peer *peer, const char *bytes, size_t size)
{
    struct conn *conn = &peer->client.conn;
    char *at;
    size_t room = conn_space(conn, &at);

    if (room == 0)
        return size; /* no memory: it is done */
    if (size > room)
        size = room;
    memcpy(at, bytes, size);
    conn_received(conn, size);
    conn->moved = true;
    return size;
}

/* Hands over what was held, or the end of input behind it. False: there is neither. */
static bool feed_held(struct peer *peer)
{
    const struct held *held = peer->held;

    if (held != NULL)
        held_take(&peer->held, feed(peer, held->bytes + held->start, held->end - held->start));
    else if (peer->ended && !peer->client.conn.input_ended)
        conn_received(&peer->client.conn, 0);
    else
        return false;
    return true;
}

/* Bytes have come: as many as the connection wants now are for it, the others are held. */
static void take(struct uring *uring, struct peer *peer, const char *bytes, size_t size)
{
    struct conn *conn = &peer->client.conn;
    size_t taken = 0;

    if (peer->fate != STAYS || conn->done || (conn->closing && !conn_lingering(conn)))
        return; /* nobody will ever look at them */
    if (peer->held == NULL && conn_wants(conn) == CONN_WANT_READ)
        taken = feed(peer, bytes, size);
    if (taken == size)
        return;
    peer->hasty = true;
    stop_receiving(uring, peer);
    if (held_add(&peer->held, bytes + taken, size - taken))
        return;
    server_warn_once(WARN_MEMORY, "no memory for clients that send without reading: they are dropped");
    peer->fate = LOST;
}

/* An empty shelf and our own cancelling end a receive without meaning anything to the client. */
static bool is_passing(int result)
{
    return result == -ENOBUFS || result == -ECANCELED || result == -EAGAIN || result == -EINTR;
}

void peer_received(struct uring *uring, struct peer *peer, const struct io_uring_cqe *cqe)
{
    struct counters *counters = uring->loop.worker.counters;

    if ((cqe->flags & IORING_CQE_F_MORE) == 0)
        peer->receiving = peer->receive_cancelled = false;
    if (!is_passing(cqe->res))
        counters_add(&counters->receives, 1);
    if (cqe->res > BUFFER_SIZE) { /* a record, and its end is lost */
        counters_add(&counters->bad_requests, 1);
        peer->fate = peer->fate == STAYS ? LOST : peer->fate;
    } else if (cqe->res > 0) {
        counters_add(&counters->bytes_in, (uint64_t)cqe->res);
        take(uring, peer, ring_received(&uring->ring, cqe), (size_t)cqe->res);
    } else if (cqe->res == 0) {
        peer->ended = true;
    } else if (!is_passing(cqe->res) && peer->fate == STAYS) {
        peer->fate = LOST;
    }
    if ((cqe->flags & IORING_CQE_F_BUFFER) != 0)
        ring_recycle(&uring->ring, cqe);
    advance(uring, peer);
}

/* ---- sending ---- */

/* True when nothing follows on what is pending but the client's next request. */
static bool is_last_for_now(const struct uring *uring, const struct peer *peer)
{
    const struct conn *conn = &peer->client.conn;

    return conn->in == NULL && conn->exchange.fill_left == 0 && !conn->leftover && !conn->waiting &&
           !conn->closing && peer->held == NULL && !peer->ended && !uring->loop.draining;
}

static void send_bytes(struct uring *uring, struct peer *peer, const char *bytes, size_t size)
{
    ring_send(&uring->ring, peer->client.conn.fd, bytes, size, tag(peer, SEND));
    peer->sending = (uint32_t)size;
    peer->sent = (int32_t)size;
    peer->client.next_ready = uring->sending;
    uring->sending = &peer->client;
    if (is_last_for_now(uring, peer))
        receive(uring, peer);
    else
        uring->more_to_do = true;
}

static void wait_for_room(struct uring *uring, struct peer *peer)
{
    if (!peer->polling)
        ring_await_room(&uring->ring, peer->client.conn.fd, tag(peer, ROOM));
    peer->polling = true;
}

static void stop_polling(struct uring *uring, struct peer *peer)
{
    if (peer->polling && !peer->poll_cancelled)
        ring_cancel(&uring->ring, tag(peer, ROOM));
    peer->poll_cancelled = peer->polling;
}

/* A hang-up or an error is for the next send to find out. */
void peer_has_room(struct uring *uring, struct peer *peer, const struct io_uring_cqe *cqe)
{
    if ((cqe->flags & IORING_CQE_F_MORE) == 0)
        peer->polling = peer->poll_cancelled = false;
    if (cqe->res < 0 || (cqe->res & (POLLOUT | POLLERR | POLLHUP)) != 0)
        peer->full = false;
    advance(uring, peer);
}

static void on_sent(struct uring *uring, struct peer *peer)
{
    struct counters *counters = uring->loop.worker.counters;
    int32_t sent = peer->sent;

    counters_add(&counters->sends, 1);
    peer->full = sent < (int32_t)peer->sending;
    peer->sending = 0;
    if (sent > 0) {
        counters_add(&counters->bytes_out, (uint64_t)sent);
        conn_sent(&peer->client.conn, (size_t)sent);
        peer->client.conn.moved = true;
    } else if (sent != -EAGAIN && sent != -EINTR && peer->fate == STAYS) {
        peer->fate = LOST;
    }
    advance(uring, peer);
}

void peers_sent(struct uring *uring)
{
    struct client *client = uring->sending;

    if (!ring_all_taken(&uring->ring))
        return;
    uring->sending = NULL;
    uring->more_to_do = false;
    while (client != NULL) {
        struct client *next = client->next_ready;

        on_sent(uring, (struct peer *)client);
        client = next;
    }
}

/* ---- leaving ---- */

/* No memory may be freed that a completion will name, and no buffer given back that is being sent from. */
void peer_leave(struct uring *uring, struct peer *peer, enum fate fate)
{
    if (peer->fate == STAYS)
        peer->fate = (uint8_t)fate;
    stop_receiving(uring, peer);
    stop_polling(uring, peer);
    if (peer->receiving || peer->polling || peer->sending > 0 || peer->client.queued)
        return;
    if (peer->fate == LOST)
        conn_abort(&peer->client.conn);
    else if (peer->fate == EXPIRED)
        conn_expire(&peer->client.conn);
    held_drop(&peer->held);
    loop_drop(&uring->loop, &peer->client);
}

/* ---- a connection's next step ---- */

static void give_turn_later(struct uring *uring, struct client *client)
{
    client->queued = true;
    client->next_ready = uring->turn_later;
    uring->turn_later = client;
}

void peers_turn(struct uring *uring, struct client *turn_later)
{
    while (turn_later != NULL) {
        struct client *client = turn_later;

        turn_later = client->next_ready;
        client->queued = false;
        conn_sent(&client->conn, 0);
        advance(uring, (struct peer *)client);
    }
}

/* A file is read piece by piece: from the page cache as a rule, else the loop waits for the disk, as in
 * sendfile(2). */
static void write_on(struct uring *uring, struct peer *peer)
{
    struct conn *conn = &peer->client.conn;
    const char *bytes;

    if (conn_sends_file(conn) && !conn_load(conn)) {
        peer_leave(uring, peer, CLOSED);
        return;
    }
    size_t size = conn_pending(conn, &bytes);
    if (size == 0)
        give_turn_later(uring, &peer->client);
    else if (peer->full)
        wait_for_room(uring, peer);
    else
        send_bytes(uring, peer, bytes, size);
}

/* The connection has come to `status`: the loop takes note, the kernel is asked for what only it can do. */
static void ask(struct uring *uring, struct peer *peer, enum conn_status status)
{
    struct client *client = &peer->client;
    struct conn *conn = &client->conn;

    if (conn_lingering(conn) && !client->was_lingering)
        shutdown(conn->fd, SHUT_WR);
    loop_settle(&uring->loop, client, status);
    if (conn_wants(conn) == CONN_DONE) { /* it was too slow */
        peer_leave(uring, peer, CLOSED);
        return;
    }
    conn->moved = false;
    client->was_lingering = conn_lingering(conn);
    client->watched = status;
    if (status == CONN_WANT_WRITE) {
        write_on(uring, peer);
        return;
    }
    stop_polling(uring, peer);
    if (status == CONN_WANT_READ)
        receive_more(uring, peer);
}

/* Does what can be done without the kernel, then asks. */
static void advance(struct uring *uring, struct peer *peer)
{
    struct conn *conn = &peer->client.conn;
    enum conn_status status = conn_wants(conn);

    if (peer->fate == STAYS && (peer->sending > 0 || peer->client.queued)) {
        /*
         * It goes on when that is over. A send that succeeds wakes nobody, and was left to the receive beside
         * it; if that has just ended (cancelled in the same round), the loop must not sleep over both.
         */
        uring->more_to_do |= peer->sending > 0 && !peer->receiving;
        return;
    }
    while (status == CONN_WANT_READ && peer->fate == STAYS && feed_held(peer))
        status = conn_wants(conn);
    if (peer->fate != STAYS || status == CONN_DONE)
        peer_leave(uring, peer, CLOSED);
    else if (status != CONN_WANT_TIME || peer->client.watched != CONN_WANT_TIME)
        ask(uring, peer, status); /* who waits already waits on, whatever has come meanwhile */
}

void peer_waited(struct uring *uring, struct peer *peer)
{
    peer->client.due = false;
    peer->client.watched = CONN_DONE;
    conn_waited(&peer->client.conn);
    advance(uring, peer);
}

void peer_open(struct uring *uring, struct client *client)
{
    struct peer *peer = (struct peer *)client;

    *peer = (struct peer){.client = *client};
    advance(uring, peer);
}
#endif
