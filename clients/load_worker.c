/*
 * load_worker - the event loop of the load client, and what it does between two batches of events.
 */
#include "load_worker.h"

#include <assert.h>
#include <errno.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/timerfd.h>
#include <time.h>

#include "clock.h"

enum {
    EVENTS_MAX = 256,   /* taken from the kernel at once */
    OPEN_PER_TURN = 64, /* then events get their turn */
};

#define TICK_NS       (50 * NS_PER_MS)  /* how fast a worker notices what the main thread says */
#define TICK_START_NS (2 * NS_PER_MS)   /* while the run is getting under way */
#define TICK_RETRY_NS (5 * NS_PER_MS)   /* while connections wait for another attempt */
#define SCAN_MAX_NS   (250 * NS_PER_MS) /* how late a time-out may be noticed */

/* ---- opening ---- */

/* How many connections of this worker may have been tried by now. */
static uint32_t conns_allowed(const struct load_worker *worker)
{
    const struct load_options *options = worker->plan->options;
    double per_second = LOAD_OPEN_PER_SECOND;

    double all = (double)(options->connections + options->idle);
    uint32_t count = worker->conn_count + worker->idle_count;

    if (options->ramp_ns > 0)
        per_second = all * (double)NS_PER_S / (double)options->ramp_ns;
    per_second *= count / all;
    double allowed = 1 + per_second * (double)(worker->now_ns - worker->started_ns) / (double)NS_PER_S;
    return allowed < count ? (uint32_t)allowed : count;
}

/* The idle ones come first: they are there when the others begin. */
static struct load_conn *next_to_open(struct load_worker *worker)
{
    uint32_t place = worker->conn_tried++;

    if (place < worker->idle_count)
        return &worker->conns[worker->conn_count + place];
    return &worker->conns[place - worker->idle_count];
}

static void open_first(struct load_worker *worker, struct load_conn *conn)
{
    const struct load_options *options = worker->plan->options;

    if (conn->idle)
        load_conn_open(worker, conn);
    else if (worker->on_demand)
        load_send_mark_free(worker, conn);
    else if (options->think_ns > 0 && options->requests_per_connection == 1)
        load_life_think_first(worker, conn);
    else
        load_conn_open(worker, conn);
}

static void open_some(struct load_worker *worker)
{
    uint32_t until = conns_allowed(worker);

    if (until > worker->conn_tried + OPEN_PER_TURN)
        until = worker->conn_tried + OPEN_PER_TURN;
    while (worker->conn_tried < until) {
        open_first(worker, next_to_open(worker));
        if (worker->conn_tried == worker->conn_count + worker->idle_count)
            atomic_fetch_add(&worker->run->opened, 1);
    }
}

static void retry_some(struct load_worker *worker)
{
    while (worker->retry.count > 0 && load_queue_first(&worker->retry)->since_ns <= worker->now_ns)
        load_conn_open(worker, load_queue_pop(&worker->retry));
}

/* ---- between two batches ---- */

static void check_times(struct load_worker *worker)
{
    int64_t every_ns = worker->plan->options->timeout_ns / 10;

    if (worker->now_ns < worker->scan_ns)
        return;
    worker->scan_ns = worker->now_ns + (every_ns < SCAN_MAX_NS ? every_ns : SCAN_MAX_NS);
    for (uint32_t i = 0; i < worker->conn_count + worker->idle_count; i++)
        load_conn_check_time(worker, &worker->conns[i]);
}

static void publish(struct load_worker *worker)
{
    struct load_progress *progress = &worker->progress;

    if (worker->run->publish_ns == 0 || worker->now_ns < worker->publish_ns)
        return;
    worker->publish_ns = worker->now_ns + worker->run->publish_ns;
    pthread_mutex_lock(&progress->lock);
    progress->phase = worker->phase;
    progress->at_ns = worker->now_ns;
    progress->requests = worker->stats->requests;
    progress->errors = load_stats_errors(worker->stats);
    histogram_clear(&progress->latency);
    histogram_add(&progress->latency, &worker->stats->latency);
    pthread_mutex_unlock(&progress->lock);
}

/* Closes what waits for nothing, and when the time is up the rest. Who has just connected asks before. */
static void drain(struct load_worker *worker)
{
    bool over;

    if (!worker->paced)
        load_send_free(worker);
    if (worker->drain_ns == 0)
        worker->drain_ns = worker->now_ns + atomic_load(&worker->run->drain_ns);
    over = worker->now_ns >= worker->drain_ns;
    for (uint32_t i = 0; i < worker->conn_count + worker->idle_count && worker->conn_live > 0; i++) {
        struct load_conn *conn = &worker->conns[i];

        if (over)
            worker->left_over += conn->outstanding;
        if (over || conn->outstanding == 0)
            load_conn_close(worker, conn);
    }
    if (worker->conn_live == 0)
        worker->phase = LOAD_FINISHED;
}

static int64_t tick_length_ns(const struct load_worker *worker)
{
    if (worker->end_ns == INT64_MAX || worker->conn_tried < worker->conn_count + worker->idle_count ||
        worker->phase == LOAD_DRAIN)
        return TICK_START_NS;
    return worker->retry.count > 0 ? TICK_RETRY_NS : TICK_NS;
}

/* When the loop has to wake up though nothing arrives. */
static int64_t wake_ns(const struct load_worker *worker)
{
    int64_t at_ns = worker->tick_ns < worker->edge_ns ? worker->tick_ns : worker->edge_ns;

    if (worker->turns.begin_ns > worker->now_ns && worker->turns.begin_ns < at_ns)
        at_ns = worker->turns.begin_ns;
    return at_ns;
}

/*
 * Closed loop: one timer for the next tick, set once per tick. A time-out given to epoll_wait would have
 * to be armed and cancelled in every sleep, which in a virtual machine is an exit to the host each time.
 */
static void set_timer(struct load_worker *worker)
{
    int64_t at_ns = wake_ns(worker);
    struct itimerspec timer = {.it_value = {.tv_sec = at_ns / NS_PER_S, .tv_nsec = at_ns % NS_PER_S}};

    timerfd_settime(worker->timer, TFD_TIMER_ABSTIME, &timer, NULL);
}

static void tick(struct load_worker *worker)
{
    worker->now_ns = clock_now_ns();
    load_phase_update(worker);
    if (worker->phase < LOAD_DRAIN) {
        open_some(worker);
        retry_some(worker);
    }
    check_times(worker);
    publish(worker);
    if (worker->phase == LOAD_DRAIN)
        drain(worker);
    worker->tick_ns = worker->now_ns + tick_length_ns(worker);
    if (!worker->precise)
        set_timer(worker);
}

/* ---- the loop ---- */

/*
 * The sleep ends when the next request is due, or a connection has something to do, to the nanosecond.
 * epoll_pwait2(2); a kernel before 5.11 makes do with the next millisecond.
 */
static int sleep_until_due(struct load_worker *worker, struct epoll_event *events)
{
    worker->now_ns = clock_now_ns();
    int64_t at_ns = wake_ns(worker);
    if (worker->paced && worker->free.count > 0 && worker->pace.next_ns < at_ns)
        at_ns = worker->pace.next_ns;
    if (worker->special && timers_next_ns(&worker->timers) < at_ns)
        at_ns = timers_next_ns(&worker->timers);
    int64_t left_ns = at_ns > worker->now_ns ? at_ns - worker->now_ns : 0;
    struct timespec left = {.tv_sec = left_ns / NS_PER_S, .tv_nsec = left_ns % NS_PER_S};
    int count = epoll_pwait2(worker->epoll, events, EVENTS_MAX, &left, NULL);
    if (count < 0 && errno == ENOSYS)
        count = epoll_wait(worker->epoll, events, EVENTS_MAX, (int)((left_ns + NS_PER_MS - 1) / NS_PER_MS));
    return count;
}

/* --spin: the thread is always busy, so what it was idle is the time between two empty polls. */
static int poll_for_events(struct load_worker *worker, struct epoll_event *events)
{
    int count = epoll_wait(worker->epoll, events, EVENTS_MAX, 0);
    int64_t before_ns = worker->now_ns;

    if (count == 0) {
        worker->now_ns = clock_now_ns();
        if (worker->idle)
            worker->idle_ns += worker->now_ns - before_ns;
    }
    worker->idle = count == 0;
    return count;
}

static int wait_for_events(struct load_worker *worker, struct epoll_event *events)
{
    if (worker->plan->options->spin)
        return poll_for_events(worker, events);
    if (worker->precise)
        return sleep_until_due(worker, events);
    return epoll_wait(worker->epoll, events, EVENTS_MAX, -1);
}

/* Who connects for each request has waited for his turn with that. */
static bool may_ask(const struct load_worker *worker)
{
    return load_turns_ours(worker) || worker->plan->options->requests_per_connection == 1;
}

static void turn(struct load_worker *worker)
{
    struct epoll_event events[EVENTS_MAX];

    if (load_turns_step(worker))
        tick(worker);
    if (!worker->paced && may_ask(worker))
        load_send_free(worker);
    int count = wait_for_events(worker, events);
    assert(count >= 0 || errno == EINTR);
    for (int i = 0; i < count; i++) {
        if (events[i].data.ptr != NULL)
            load_conn_event(worker, events[i].data.ptr, events[i].events);
        else
            worker->now_ns = clock_now_ns(); /* the timer; it is silenced by being set anew */
    }
    if (worker->special)
        load_life_due(worker);
    if (worker->paced)
        load_send_due(worker);
    if (worker->now_ns >= worker->tick_ns || worker->now_ns >= worker->edge_ns)
        tick(worker);
}

void *load_worker_main(void *argument)
{
    struct load_worker *worker = argument;

    if (worker->precise) /* else the kernel may wake us 50 us late to save power. prctl(2) */
        prctl(PR_SET_TIMERSLACK, 1UL);
    worker->started_ns = clock_now_ns();
    tick(worker);
    while (worker->phase != LOAD_FINISHED)
        turn(worker);
    atomic_fetch_add(&worker->run->finished, 1);
    return NULL;
}
