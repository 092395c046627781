/*
 * load_phase - the edges of the measured window.
 *
 * The window is cut by time: an answer that arrives in [begin, end) counts, whenever it was asked for.
 * What is in flight at an edge is noted, so that "requests in the system = rate x mean latency"
 * (Little's law) can be checked without the error that cutting makes.
 */
#include "clock.h"
#include "load_worker.h"

/* Summed age at `edge_ns` of what a connection has in flight since before it. */
static double age_at(const struct load_worker *worker, const struct load_conn *conn, int64_t edge_ns)
{
    uint64_t depth = worker->plan->options->pipeline;
    double sum = 0;

    for (uint32_t i = 0; i < conn->outstanding; i++) {
        int64_t start_ns = conn->ring[(conn->head + i) % depth].start_ns;

        if (start_ns < edge_ns)
            sum += (double)(edge_ns - start_ns);
    }
    return sum;
}

static void begin_window(struct load_worker *worker)
{
    worker->phase = LOAD_WINDOW;
    worker->stats = &worker->phases[LOAD_WINDOW];
    worker->cpu_ns = clock_thread_cpu_ns();
    worker->idle_ns = 0;
    for (uint32_t i = 0; i < worker->conn_count; i++) {
        struct load_conn *conn = &worker->conns[i];

        conn->served = 0;
        conn->asked = conn->outstanding > 0;
        worker->begin_age_ns += age_at(worker, conn, worker->begin_ns);
    }
}

/* What became of one connection in the window. */
static void judge(struct load_worker *worker, const struct load_conn *conn)
{
    bool thinks = worker->plan->options->think_ns > 0;
    bool asked = conn->asked || !(worker->paced || (thinks && conn->connected));

    if (asked)
        worker->served[worker->asked_count++] = conn->served;
    if (conn->served > 0)
        worker->served_count++;
    else if (!conn->connected && asked)
        worker->refused++;
    else if (asked)
        worker->starved++;
    else
        worker->unused++;
}

static void note_unanswered(struct load_worker *worker, struct load_conn *conn)
{
    uint64_t depth = worker->plan->options->pipeline;

    worker->unanswered += conn->outstanding;
    for (uint32_t i = 0; i < conn->outstanding; i++) {
        int64_t age_ns = worker->end_ns - conn->ring[(conn->head + i) % depth].start_ns;

        if (age_ns > worker->oldest_ns)
            worker->oldest_ns = age_ns;
    }
    if (conn->served > 0) {
        worker->end_age_ns += age_at(worker, conn, worker->end_ns);
        if (conn->away_ns != 0) {
            int64_t from_ns = conn->away_ns > worker->begin_ns ? conn->away_ns : worker->begin_ns;
            worker->stats->away_ns += (worker->end_ns - from_ns) * (int64_t)depth;
        }
    } else { /* a starved one counts neither as served nor as in the system */
        worker->begin_age_ns -= age_at(worker, conn, worker->begin_ns);
    }
}

/* Open loop: requests that were due and found no free connection. */
static void count_unsent(struct load_worker *worker)
{
    while (worker->pace.next_ns < worker->end_ns) {
        worker->unsent++;
        if (worker->pace.next_ns >= worker->begin_ns)
            worker->stats->due++;
        load_pace_advance(&worker->pace);
    }
    worker->pace.next_ns = INT64_MAX;
}

static void end_window(struct load_worker *worker)
{
    worker->cpu_ns = clock_thread_cpu_ns() - worker->cpu_ns;
    for (uint32_t i = 0; i < worker->conn_count; i++) {
        judge(worker, &worker->conns[i]);
        note_unanswered(worker, &worker->conns[i]);
    }
    for (uint32_t i = 0; i < worker->idle_count; i++)
        worker->idle_held += worker->conns[worker->conn_count + i].state == LOAD_CONN_OPEN;
    if (worker->paced)
        count_unsent(worker);
    load_turns_end(worker);
}

static void begin_drain(struct load_worker *worker)
{
    worker->phase = LOAD_DRAIN;
    worker->stats = &worker->phases[LOAD_DRAIN];
    worker->edge_ns = INT64_MAX;
}

void load_phase_edge(struct load_worker *worker)
{
    if (worker->phase == LOAD_WARMUP && worker->begin_ns < worker->end_ns) {
        begin_window(worker);
        worker->edge_ns = worker->end_ns;
    }
    if (worker->now_ns < worker->edge_ns)
        return;
    if (worker->phase == LOAD_WINDOW)
        end_window(worker);
    if (worker->phase < LOAD_DRAIN)
        begin_drain(worker);
}

void load_phase_look(struct load_worker *worker)
{
    worker->now_ns = clock_now_ns();
    if (worker->now_ns >= worker->edge_ns)
        load_phase_edge(worker);
}

void load_phase_update(struct load_worker *worker)
{
    struct load_run *run = worker->run;

    if (worker->phase >= LOAD_DRAIN)
        return;
    int64_t start_ns = atomic_load(&run->start_ns);
    if (worker->paced && worker->pace.origin_ns == 0 && start_ns != INT64_MAX)
        load_pace_start(&worker->pace, start_ns);
    worker->end_ns = atomic_load(&run->end_ns);
    if (worker->phase == LOAD_WARMUP)
        worker->begin_ns = atomic_load(&run->begin_ns);
    worker->edge_ns =
        worker->phase == LOAD_WARMUP && worker->begin_ns < worker->end_ns ? worker->begin_ns : worker->end_ns;
    if (worker->now_ns >= worker->edge_ns)
        load_phase_edge(worker);
}
