/*
 * load_send - requests on their way out: the next burst, the rest of one, what is due in open loop.
 */
#include <errno.h>

#include "load_worker.h"

/* The bytes of the next `count` requests: always one piece, see load_plan.h. */
static const char *next_bytes(const struct load_plan *plan, const struct load_conn *conn, uint32_t number,
                              uint32_t count, size_t *size)
{
    const struct load_kind *kind = &plan->kinds[number];

    if (plan->protocol == LOAD_ECHO) {
        *size = count * plan->options->payload;
        return plan->pool + conn->stream_out;
    }
    if (conn->left != count) {
        *size = count * kind->request_size;
        return kind->burst;
    }
    *size = (count - 1) * kind->request_size + kind->last_size;
    return kind->burst + (plan->options->pipeline - (count - 1)) * kind->request_size;
}

static void put_in_flight(struct load_worker *worker, struct load_conn *conn, uint32_t kind, int64_t start_ns)
{
    uint32_t depth = (uint32_t)worker->plan->options->pipeline;
    uint32_t at = conn->head + conn->outstanding;

    conn->ring[at < depth ? at : at - depth] =
        (struct load_request){.start_ns = start_ns, .sent_ns = worker->now_ns, .kind = kind};
    conn->outstanding++;
}

/* The time between the last answer and this request was nobody's fault but the connection's. */
static void end_away(struct load_worker *worker, struct load_conn *conn, int64_t start_ns)
{
    int64_t from_ns = conn->away_ns;

    conn->away_ns = 0;
    if (worker->phase == LOAD_WINDOW && from_ns < worker->begin_ns)
        from_ns = worker->begin_ns;
    if (start_ns > from_ns)
        worker->stats->away_ns += (start_ns - from_ns) * (int64_t)worker->plan->options->pipeline;
}

static void note_sent(struct load_worker *worker, struct load_conn *conn, uint32_t kind, uint32_t count,
                      int64_t start_ns)
{
    if (conn->away_ns != 0)
        end_away(worker, conn, start_ns);
    for (uint32_t i = 0; i < count; i++)
        put_in_flight(worker, conn, kind, start_ns);
    conn->left -= count;
    conn->asked = true;
    worker->stats->sent += count;
}

/* The kind of the next request; it stays the next one until it has been sent. */
static uint32_t next_kind(const struct load_worker *worker)
{
    return worker->mixed ? worker->plan->wheel[worker->wheel_at % worker->plan->wheel_size] : 0;
}

/* A slow writer gives the socket nothing yet: its first slice has its time as well. */
static ssize_t send_now(struct load_worker *worker, struct load_conn *conn, const char *bytes, size_t size)
{
    if (!worker->special || worker->plan->options->slow_write == 0)
        return net_send(conn->fd, bytes, size);
    load_life_write_later(worker, conn);
    return 0;
}

int load_send(struct load_worker *worker, struct load_conn *conn, uint32_t count, int64_t start_ns)
{
    size_t size;
    uint32_t kind = next_kind(worker);
    const char *bytes = next_bytes(worker->plan, conn, kind, count, &size);
    ssize_t sent = send_now(worker, conn, bytes, size);

    if (sent < 0 && (errno != EAGAIN || conn->state == LOAD_CONN_CONNECTING))
        return -1;
    if (sent < 0)
        sent = 0;
    if (worker->mixed)
        worker->wheel_at++;
    worker->stats->bytes_out += (uint64_t)sent;
    note_sent(worker, conn, kind, count, start_ns);
    if (worker->plan->protocol == LOAD_ECHO)
        conn->stream_out = (uint32_t)((conn->stream_out + size) % LOAD_POOL_PERIOD);
    if ((size_t)sent < size) {
        conn->unsent = bytes + sent;
        conn->unsent_size = size - (size_t)sent;
        load_conn_watch(worker, conn);
    }
    if (worker->special)
        load_life_sent(worker, conn);
    return 0;
}

int load_send_all(struct load_worker *worker, struct load_conn *conn, int64_t start_ns)
{
    uint64_t count = worker->plan->options->pipeline - conn->outstanding;

    if (count > conn->left)
        count = conn->left;
    if (count == 0 || conn->unsent_size > 0)
        return 0;
    if (!worker->mixed)
        return load_send(worker, conn, (uint32_t)count, start_ns);
    if (load_send(worker, conn, 1, start_ns) < 0)
        return -1;
    /* Different requests do not lie side by side. An error of a later one comes back as an event. */
    while (--count > 0 && conn->unsent_size == 0 && load_send(worker, conn, 1, start_ns) == 0)
        ;
    return 0;
}

int load_send_rest(struct load_worker *worker, struct load_conn *conn)
{
    uint64_t slow = worker->plan->options->slow_write;
    ssize_t sent = net_send(conn->fd, conn->unsent, load_life_slice(slow, conn->unsent_size));

    if (sent < 0 && errno != EAGAIN)
        return -1;
    if (sent < 0)
        sent = 0;
    worker->stats->bytes_out += (uint64_t)sent;
    conn->unsent += sent;
    conn->unsent_size -= (size_t)sent;
    if (slow > 0)
        load_life_written(worker, conn, sent > 0 ? (size_t)sent : 1);
    else if (conn->unsent_size == 0)
        load_conn_watch(worker, conn);
    return 0;
}

/* ---- the queue of connections that can take a request ---- */

static bool can_take(const struct load_worker *worker, const struct load_conn *conn)
{
    if (conn->state == LOAD_CONN_CLOSED)
        return worker->on_demand;
    if (conn->state == LOAD_CONN_CONNECTING)
        return !worker->paced;
    return conn->state == LOAD_CONN_OPEN && conn->unsent_size == 0 && conn->left > 0 && !conn->closing &&
           conn->outstanding < worker->plan->options->pipeline;
}

void load_send_mark_free(struct load_worker *worker, struct load_conn *conn)
{
    if (conn->queued || !can_take(worker, conn))
        return;
    conn->queued = true;
    conn->free_ns = worker->now_ns;
    load_queue_push(&worker->free, conn);
}

/* Takes the first one out of the queue, which must not be empty; it need not be able to any more. */
static struct load_conn *take_free(struct load_worker *worker)
{
    struct load_conn *conn = load_queue_pop(&worker->free);

    conn->queued = false;
    return conn;
}

/* ---- closed loop ---- */

void load_send_free(struct load_worker *worker)
{
    while (worker->free.count > 0) {
        struct load_conn *conn = take_free(worker);

        if (conn->state == LOAD_CONN_CONNECTING)
            load_connect_ask(worker, conn); /* in the drain as well: the server has it */
        else if (worker->phase < LOAD_DRAIN && can_take(worker, conn) &&
                 load_send_all(worker, conn, worker->now_ns) < 0)
            load_conn_fail(worker, conn, LOAD_ERROR_RESET);
        if (worker->free.count > 0)
            load_phase_look(worker);
    }
}

/* ---- open loop ---- */

/*
 * The client's own lateness: from when it could have sent, which is when the request was due or, if
 * no connection was free then, when one became free. Waiting for the server is not the client's fault
 * (it is in the latency).
 */
static void note_lateness(struct load_worker *worker, const struct load_conn *conn, int64_t due_ns)
{
    struct load_stats *stats = worker->stats;
    int64_t possible_ns = conn->free_ns > due_ns ? conn->free_ns : due_ns;

    histogram_record(&stats->lag, worker->now_ns - possible_ns);
    if (conn->free_ns > due_ns)
        stats->delayed++;
    if (worker->phase != LOAD_WINDOW || due_ns >= worker->begin_ns)
        stats->due++;
}

static void send_one(struct load_worker *worker, struct load_conn *conn)
{
    int64_t due_ns = worker->pace.next_ns;

    if (conn->state == LOAD_CONN_CLOSED) {
        note_lateness(worker, conn, due_ns);
        load_pace_advance(&worker->pace);
        conn->due_ns = due_ns;
        load_conn_open(worker, conn);
        return;
    }
    int64_t free_ns = conn->free_ns;
    if (load_send(worker, conn, 1, due_ns) < 0) { /* the request stays due, for another connection */
        load_conn_lost(worker, conn, LOAD_ERROR_RESET);
        return;
    }
    note_lateness(worker, conn, due_ns);
    load_pace_advance(&worker->pace);
    load_send_mark_free(worker, conn);
    conn->free_ns = free_ns; /* it never ceased to be free if the pipeline has room for another */
}

void load_send_due(struct load_worker *worker)
{
    load_phase_look(worker);
    while (worker->phase < LOAD_DRAIN && worker->pace.next_ns <= worker->now_ns && worker->free.count > 0) {
        struct load_conn *conn = take_free(worker);

        if (can_take(worker, conn))
            send_one(worker, conn);
        load_phase_look(worker);
    }
}
