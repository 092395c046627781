/*
 * load_life - see load_life.h: what connections do later, and when.
 */
#include "load_life.h"

#include <sys/epoll.h>

#include "clock.h"
#include "net.h"
#include "load_worker.h"

#define IDLE_AGAIN_NS NS_PER_S /* a server that closes idle connections is not hammered with new ones */
#define SLICE_NS                                                                                             \
    (100 * NS_PER_MS) /* slow readers and writers take so long for a slice of more than a byte               \
                       */

bool load_life_is_special(const struct load_options *options)
{
    return options->think_ns > 0 || options->idle > 0 || options->slow_read > 0 || options->slow_write > 0 ||
           options->reset_every > 0;
}

size_t load_life_slice(uint64_t bytes_per_s, size_t size)
{
    uint64_t slice = bytes_per_s / (uint64_t)(NS_PER_S / SLICE_NS);

    if (bytes_per_s == 0 || slice > size)
        return size;
    return slice > 0 ? (size_t)slice : 1;
}

/* ---- what is to be done later ---- */

static void set_timer(struct load_worker *worker, struct load_conn *conn)
{
    int64_t first_ns = INT64_MAX;

    for (int kind = 0; kind < LOAD_LATERS; kind++)
        if (conn->later_ns[kind] != 0 && conn->later_ns[kind] < first_ns)
            first_ns = conn->later_ns[kind];
    if (first_ns == INT64_MAX)
        timers_cancel(&worker->timers, &conn->timer);
    else
        timers_set(&worker->timers, &conn->timer, first_ns);
}

static void later(struct load_worker *worker, struct load_conn *conn, enum load_later kind, int64_t at_ns)
{
    conn->later_ns[kind] = at_ns;
    set_timer(worker, conn);
}

void load_life_forget(struct load_worker *worker, struct load_conn *conn)
{
    for (int kind = 0; kind < LOAD_LATERS; kind++)
        conn->later_ns[kind] = 0;
    timers_cancel(&worker->timers, &conn->timer);
}

void load_life_think(struct load_worker *worker, struct load_conn *conn)
{
    if (conn->away_ns == 0)
        conn->away_ns = worker->now_ns;
    later(worker, conn, LOAD_LATER_START, worker->now_ns + worker->plan->options->think_ns);
}

void load_life_think_first(struct load_worker *worker, struct load_conn *conn)
{
    double part = (double)(conn - worker->conns + 1) / (double)worker->conn_count;

    conn->begun = true;
    conn->away_ns = worker->now_ns;
    later(worker, conn, LOAD_LATER_START,
          worker->now_ns + (int64_t)(part * (double)worker->plan->options->think_ns));
}

void load_life_idle_again(struct load_worker *worker, struct load_conn *conn)
{
    later(worker, conn, LOAD_LATER_START, worker->now_ns + IDLE_AGAIN_NS);
}

/* How long `size` bytes take at a rate. */
static int64_t duration_ns(uint64_t bytes_per_s, size_t size)
{
    return (int64_t)((double)size * (double)NS_PER_S / (double)bytes_per_s);
}

void load_life_read_later(struct load_worker *worker, struct load_conn *conn, size_t size)
{
    later(worker, conn, LOAD_LATER_READ,
          worker->now_ns + duration_ns(worker->plan->options->slow_read, size));
}

void load_life_write_later(struct load_worker *worker, struct load_conn *conn)
{
    int64_t from_ns = conn->write_from_ns;

    later(worker, conn, LOAD_LATER_WRITE, from_ns > worker->now_ns ? from_ns : worker->now_ns);
}

void load_life_written(struct load_worker *worker, struct load_conn *conn, size_t size)
{
    conn->write_from_ns = worker->now_ns + duration_ns(worker->plan->options->slow_write, size);
    if (conn->unsent_size > 0)
        load_life_write_later(worker, conn);
}

void load_life_sent(struct load_worker *worker, struct load_conn *conn)
{
    uint64_t every = worker->plan->options->reset_every;

    if (every > 0 && ++worker->reset_count % every == 0)
        later(worker, conn, LOAD_LATER_RESET, worker->now_ns);
}

/* ---- doing it ---- */

/* Asks, or connects first. The client could have done it at due_ns: what it is late is its own fault. */
static void start(struct load_worker *worker, struct load_conn *conn, int64_t due_ns)
{
    const struct load_options *options = worker->plan->options;

    if (worker->phase >= LOAD_DRAIN)
        return;
    if (!conn->idle)
        histogram_record(&worker->stats->lag, worker->now_ns - due_ns);
    if (conn->state == LOAD_CONN_CLOSED) {
        conn->due_ns = options->requests_per_connection == 1 && !conn->idle ? due_ns : 0;
        load_conn_open(worker, conn);
    } else if (load_send_all(worker, conn, due_ns) < 0) {
        load_conn_fail(worker, conn, LOAD_ERROR_RESET);
    }
}

/* The time the answer was waited for is nobody's: it stands in no latency. */
static void reset(struct load_worker *worker, struct load_conn *conn)
{
    worker->stats->resets++;
    worker->stats->dropped += conn->outstanding;
    if (conn->outstanding > 0)
        conn->away_ns = conn->ring[conn->head].start_ns;
    net_set_reset_on_close(conn->fd);
    load_conn_restart(worker, conn);
}

static void act(struct load_worker *worker, struct load_conn *conn, enum load_later kind, int64_t due_ns)
{
    switch (kind) {
    case LOAD_LATER_RESET:
        reset(worker, conn);
        break;
    case LOAD_LATER_START:
        start(worker, conn, due_ns);
        break;
    case LOAD_LATER_WRITE:
        load_conn_flush(worker, conn);
        break;
    default: /* LOAD_LATER_READ */
        load_conn_event(worker, conn, EPOLLIN);
        break;
    }
}

/* An act can close the connection, which forgets the others. */
static void act_all(struct load_worker *worker, struct load_conn *conn)
{
    int64_t until_ns = worker->now_ns;

    for (int kind = 0; kind < LOAD_LATERS; kind++) {
        int64_t due_ns = conn->later_ns[kind];

        if (due_ns == 0 || due_ns > until_ns)
            continue;
        conn->later_ns[kind] = 0;
        act(worker, conn, (enum load_later)kind, due_ns);
    }
    set_timer(worker, conn);
}

/* As many as there are now: what they set for this very moment is done after the next batch of events. */
void load_life_due(struct load_worker *worker)
{
    size_t count = worker->timers.count;
    struct timer *timer;

    load_phase_look(worker);
    while (count-- > 0 && (timer = timers_expired(&worker->timers, worker->now_ns)) != NULL) {
        act_all(worker, (struct load_conn *)((char *)timer - offsetof(struct load_conn, timer)));
        load_phase_look(worker);
    }
}
