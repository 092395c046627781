/*
 * load_worker_open - what a worker of the load client holds: connections, queues, histograms, an epoll
 * instance.
 */
#include "load_worker.h"

#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

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

static int open_kinds(struct load_worker *worker)
{
    size_t count = worker->plan->kind_count;

    worker->kinds = calloc(count, sizeof(*worker->kinds));
    for (size_t i = 0; i < count && worker->kinds != NULL; i++) {
        struct load_kind_seen *seen = &worker->kinds[i];

        seen->sample_size = SIZE_MAX;
        seen->sample = malloc(LOAD_BUFFER_SIZE);
        if (seen->sample == NULL || (worker->mixed && histogram_open(&seen->latency) < 0))
            return -1;
    }
    return worker->kinds != NULL ? 0 : -1;
}

static void close_kinds(struct load_worker *worker)
{
    for (size_t i = 0; i < worker->plan->kind_count && worker->kinds != NULL; i++) {
        free(worker->kinds[i].sample);
        histogram_close(&worker->kinds[i].latency);
    }
    free(worker->kinds);
}

static int open_memory(struct load_worker *worker)
{
    const struct load_options *options = worker->plan->options;
    size_t count = worker->conn_count + worker->idle_count;

    worker->buffer = malloc(LOAD_BUFFER_SIZE);
    worker->conns = calloc(count, sizeof(*worker->conns));
    worker->requests = calloc(worker->conn_count * options->pipeline, sizeof(*worker->requests));
    worker->served = calloc(worker->conn_count, sizeof(*worker->served));
    worker->spare = calloc(worker->conn_count, sizeof(struct load_reply *));
    if (worker->buffer == NULL || worker->conns == NULL || worker->requests == NULL ||
        worker->served == NULL || worker->spare == NULL)
        return -1;
    if (load_queue_open(&worker->free, worker->conn_count) < 0 || load_queue_open(&worker->retry, count) < 0)
        return -1;
    timers_open(&worker->timers);
    if (worker->special && timers_reserve(&worker->timers, count) < 0)
        return -1;
    for (int phase = 0; phase < LOAD_PHASES; phase++)
        if (load_stats_open(&worker->phases[phase]) < 0)
            return -1;
    if (open_kinds(worker) < 0)
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
    worker->mixed = run->plan->kind_count > 1;
    worker->wheel_at = run->plan->wheel_size * rank / options->threads;
    worker->begin_ns = worker->end_ns = worker->edge_ns = INT64_MAX;
    worker->stats = &worker->phases[LOAD_WARMUP];
    worker->paced = options->rate > 0;
    worker->special = load_life_is_special(options);
    worker->slow_reader = options->slow_read > 0;
    worker->receive_size = load_life_slice(options->slow_read, LOAD_BUFFER_SIZE);
    worker->precise = worker->paced || worker->special;
    worker->on_demand = worker->paced && options->requests_per_connection == 1;
    worker->next_local = rank;
    worker->turns.turn = options->turn;
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
    close_kinds(worker);
    free(worker->buffer);
    if (worker->epoll >= 0)
        close(worker->epoll);
    if (worker->timer >= 0)
        close(worker->timer);
    pthread_mutex_destroy(&worker->progress.lock);
}
