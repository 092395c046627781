/*
 * load_worker - the event loop of the load client, and what it does between two batches of events.
 */
#include "load_worker.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

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

/* Closes what waits for nothing, and when the time is up the rest. */
static void drain(struct load_worker *worker)
{
    bool over;

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
    return worker->tick_ns < worker->edge_ns ? worker->tick_ns : worker->edge_ns;
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

static void turn(struct load_worker *worker)
{
    struct epoll_event events[EVENTS_MAX];
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

/* ---- open and close ---- */

static void open_conns(struct load_worker *worker)
{
    uint64_t depth = worker->plan->options->pipeline;

    for (uint32_t i = 0; i < worker->conn_count; i++) {
        worker->conns[i].ring = &worker->requests[i * depth];
        /* Streams of different connections begin at different places, so that crossed bytes show. */
        worker->conns[i].stream_out =
            (uint32_t)(((uint64_t)worker->rank * 7919 + (uint64_t)i * 104729) % LOAD_POOL_PERIOD);
    }
    for (uint32_t i = 0; i < worker->conn_count + worker->idle_count; i++) {
        worker->conns[i].fd = -1;
        worker->conns[i].idle = i >= worker->conn_count;
    }
}

static int open_memory(struct load_worker *worker)
{
    const struct load_options *options = worker->plan->options;
    size_t count = worker->conn_count + worker->idle_count;

    worker->buffer = malloc(LOAD_BUFFER_SIZE);
    worker->sample = malloc(LOAD_BUFFER_SIZE);
    worker->conns = calloc(count, sizeof(*worker->conns));
    worker->requests = calloc(worker->conn_count * options->pipeline, sizeof(*worker->requests));
    worker->served = calloc(worker->conn_count, sizeof(*worker->served));
    worker->spare = calloc(worker->conn_count, sizeof(struct load_reply *));
    if (worker->buffer == NULL || worker->sample == NULL || worker->conns == NULL ||
        worker->requests == NULL || worker->served == NULL || worker->spare == NULL)
        return -1;
    if (load_queue_open(&worker->free, worker->conn_count) < 0 || load_queue_open(&worker->retry, count) < 0)
        return -1;
    timers_open(&worker->timers);
    if (worker->special && timers_reserve(&worker->timers, count) < 0)
        return -1;
    for (int phase = 0; phase < LOAD_PHASES; phase++)
        if (load_stats_open(&worker->phases[phase]) < 0)
            return -1;
    return histogram_open(&worker->progress.latency);
}

/* The epoll instance, and in it the timer, whose events carry no connection. */
static int open_epoll(struct load_worker *worker)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};

    worker->epoll = epoll_create1(EPOLL_CLOEXEC);
    worker->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
    if (worker->epoll < 0 || worker->timer < 0)
        return -1;
    return epoll_ctl(worker->epoll, EPOLL_CTL_ADD, worker->timer, &event);
}

/* What the thread `rank` of `of` gets of `count`. */
static uint32_t share_of(uint64_t count, unsigned rank, uint64_t of)
{
    return (uint32_t)(count / of + (rank < count % of));
}

int load_worker_open(struct load_worker *worker, struct load_run *run, unsigned rank)
{
    const struct load_options *options = run->plan->options;
    *worker = (struct load_worker){.run = run, .plan = run->plan, .rank = rank, .epoll = -1, .timer = -1};
    worker->conn_count = share_of(options->connections, rank, options->threads);
    worker->idle_count = share_of(options->idle, rank, options->threads);
    worker->sample_size = SIZE_MAX;
    worker->begin_ns = worker->end_ns = worker->edge_ns = INT64_MAX;
    worker->stats = &worker->phases[LOAD_WARMUP];
    worker->paced = options->rate > 0;
    worker->special = load_life_is_special(options);
    worker->slow_reader = options->slow_read > 0;
    worker->receive_size = load_life_slice(options->slow_read, LOAD_BUFFER_SIZE);
    worker->precise = worker->paced || worker->special;
    worker->on_demand = worker->paced && options->requests_per_connection == 1;
    worker->next_local = rank;
    pthread_mutex_init(&worker->progress.lock, NULL);
    if (worker->paced)
        load_pace_open(&worker->pace, &(struct load_pace_options){
                                          .rate = (double)options->rate,
                                          .poisson = options->poisson,
                                          .rank = (unsigned)(options->rank * options->threads) + rank,
                                          .of = (unsigned)(options->of * options->threads),
                                          .seed = options->seed});
    if (open_memory(worker) < 0)
        return -1;
    open_conns(worker);
    return open_epoll(worker);
}

void load_worker_close(struct load_worker *worker)
{
    for (uint32_t i = 0; i < worker->spare_count; i++)
        free(worker->spare[i]);
    for (int phase = 0; phase < LOAD_PHASES; phase++)
        load_stats_close(&worker->phases[phase]);
    histogram_close(&worker->progress.latency);
    load_queue_close(&worker->free);
    load_queue_close(&worker->retry);
    timers_close(&worker->timers);
    free(worker->spare);
    free(worker->served);
    free(worker->requests);
    free(worker->conns);
    free(worker->sample);
    free(worker->buffer);
    if (worker->epoll >= 0)
        close(worker->epoll);
    if (worker->timer >= 0)
        close(worker->timer);
    pthread_mutex_destroy(&worker->progress.lock);
}
