/*
 * load_run - the main thread of a run.
 *
 * It sends nothing itself. It waits until every worker has tried its connections once, publishes when
 * the window begins and ends, shows progress, and adds up the results when all have finished. Signals
 * are blocked in every thread and taken here with sigtimedwait(2): no handler, no race.
 */
#include "load_run.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "clock.h"
#include "load_live.h"
#include "load_ranks.h"
#include "load_worker.h"

enum {
    EXIT_CANNOT = 3,
    DESCRIPTORS_OWN = 16,       /* stdio, files, the resolver */
    DESCRIPTORS_PER_THREAD = 2, /* its epoll instance and its timer */
};

#define LEAD_NS  (10 * NS_PER_MS)  /* times are published so long ahead that every worker sees them */
#define SLICE_NS (20 * NS_PER_MS)  /* how long the main thread sleeps at a time */
#define STOP_NS  (110 * NS_PER_MS) /* Ctrl-C ends the window so long after: twice a worker's tick */
#define DRAIN_NS (500 * NS_PER_MS) /* how long answers may still come after the window */
#define HURRY_NS (50 * NS_PER_MS)  /* ... after Ctrl-C: all is to be over within a second */

/* ---- descriptors ---- */

int load_run_raise_limits(uint64_t connections, uint64_t threads, char error[LOAD_ERROR_TEXT_MAX])
{
    rlim_t need = connections + threads * DESCRIPTORS_PER_THREAD + DESCRIPTORS_OWN;
    struct rlimit limit = {0};

    getrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur >= need)
        return 0;
    if (limit.rlim_max < need) { /* root may raise the hard limit as well */
        struct rlimit higher = {.rlim_cur = need, .rlim_max = need};

        if (setrlimit(RLIMIT_NOFILE, &higher) == 0)
            return 0;
        snprintf(
            error, LOAD_ERROR_TEXT_MAX,
            "%llu connections need %llu descriptors and the limit is %llu: raise it (ulimit -Hn %llu) or ask "
            "for fewer",
            (unsigned long long)connections, (unsigned long long)need, (unsigned long long)limit.rlim_max,
            (unsigned long long)need);
        return -1;
    }
    limit.rlim_cur = limit.rlim_max;
    return setrlimit(RLIMIT_NOFILE, &limit);
}

/* ---- signals ---- */

static void stop_signals(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGINT);
    sigaddset(set, SIGTERM);
}

/* Sleeps for `ns` or until a signal asks to stop, which is true. */
static bool stopped_within(int64_t ns)
{
    struct timespec time = {.tv_sec = ns / NS_PER_S, .tv_nsec = ns % NS_PER_S};
    sigset_t set;

    stop_signals(&set);
    return sigtimedwait(&set, NULL, &time) > 0;
}

/* ---- the run ---- */

/* The window ends soon; a second Ctrl-C kills the program in the ordinary way. */
static void interrupt(struct load_run *run, struct load_result *result)
{
    int64_t soon_ns = clock_now_ns() + STOP_NS;
    sigset_t set;

    result->interrupted = true;
    atomic_store(&run->drain_ns, HURRY_NS);
    if (soon_ns < atomic_load(&run->end_ns))
        atomic_store(&run->end_ns, soon_ns);
    stop_signals(&set);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

static void publish_times(struct load_run *run, struct load_result *result)
{
    const struct load_options *options = run->plan->options;
    int64_t now_ns = clock_now_ns(), start_ns = now_ns + LEAD_NS, wall_ns = clock_wall_ns();
    int64_t common_ns = options->start_wall_ns + load_ranks_opening_ns(options) - wall_ns; /* from now */

    if (options->start_wall_ns > 0 && common_ns > LEAD_NS)
        start_ns = now_ns + common_ns;
    int64_t begin_ns = start_ns + (options->warmup_ns > 0 ? options->warmup_ns : 0);

    result->begin_wall_ns = wall_ns + begin_ns - now_ns;
    atomic_store(&run->end_ns, begin_ns + options->duration_ns);
    atomic_store(&run->begin_ns, begin_ns);
    atomic_store(&run->start_ns, start_ns);
}

/* Until every worker has tried each of its connections once. */
static void await_opened(struct load_run *run, struct load_result *result)
{
    while (!result->interrupted && atomic_load(&run->opened) < run->plan->options->threads)
        if (stopped_within(NS_PER_MS))
            interrupt(run, result);
}

static void await_finished(struct load_run *run, struct load_result *result, struct load_live *live)
{
    while (atomic_load(&run->finished) < run->plan->options->threads) {
        if (result->interrupted)
            clock_sleep_ns(SLICE_NS);
        else if (stopped_within(SLICE_NS))
            interrupt(run, result);
        load_live_step(live);
    }
}

/* ---- results ---- */

static void gather_worker(struct load_result *result, const struct load_worker *worker)
{
    int64_t duration_ns = result->duration_ns > 0 ? result->duration_ns : 1;
    double share = (double)worker->cpu_ns / (double)duration_ns;

    load_stats_add(&result->window, &worker->phases[LOAD_WINDOW]);
    for (int phase = 0; phase < LOAD_PHASES; phase++) {
        const struct load_stats *stats = &worker->phases[phase];

        histogram_add(&result->connect, &stats->connect);
        result->total_requests += stats->requests;
        result->total_errors += load_stats_errors(stats);
        result->total_sent += stats->sent;
        result->total_opened += stats->opened;
        result->total_unanswered += stats->dropped;
        result->total_resets += stats->resets;
        result->total_idle_closed += stats->idle_closed;
    }
    result->total_unanswered += worker->left_over;
    result->served += worker->served_count;
    result->starved += worker->starved;
    result->refused += worker->refused;
    result->unused += worker->unused;
    result->unanswered += worker->unanswered;
    result->unsent += worker->unsent;
    result->idle_held += worker->idle_held;
    if (worker->oldest_ns > result->oldest_ns)
        result->oldest_ns = worker->oldest_ns;
    if (worker->plan->options->spin)
        share = 1 - (double)worker->idle_ns / (double)duration_ns;
    result->thread_shares[result->threads++] = share;
    result->cpu_ns += worker->cpu_ns;
}

/* --mix: what each kind had in all workers. 0, or -1 with ENOMEM. */
static int gather_kinds(struct load_result *result, const struct load_plan *plan,
                        const struct load_worker *workers)
{
    if (plan->kind_count < 2)
        return 0;
    result->kinds = calloc(plan->kind_count, sizeof(*result->kinds));
    if (result->kinds == NULL)
        return -1;
    for (size_t i = 0; i < plan->kind_count; i++) {
        struct load_kind_result *kind = &result->kinds[result->kind_count++];

        if (histogram_open(&kind->latency) < 0)
            return -1;
        for (unsigned rank = 0; rank < result->threads; rank++) {
            kind->requests += workers[rank].kinds[i].requests;
            kind->errors += workers[rank].kinds[i].errors;
            histogram_add(&kind->latency, &workers[rank].kinds[i].latency);
        }
    }
    return 0;
}

/* Fairness over all connections: the workers' lists put together. */
static int gather_fairness(struct load_result *result, const struct load_worker *workers)
{
    uint64_t *served = calloc(result->asked, sizeof(*served));
    uint64_t count = 0;

    if (served == NULL)
        return -1;
    for (unsigned i = 0; i < result->threads; i++) {
        memcpy(served + count, workers[i].served, workers[i].asked_count * sizeof(*served));
        count += workers[i].asked_count;
    }
    result->fairness = load_fairness_of(served, count);
    result->served_each = served;
    result->served_each_count = count;
    return 0;
}

/*
 * Rate x mean latency, corrected for what the edges cut and for the time in which connections were
 * being made or closed: the number of requests that were in the system.
 */
static double in_flight(const struct load_result *result, const struct load_worker *workers,
                        int64_t window_ns)
{
    const struct histogram *latency = &result->window.latency;
    double sum_ns = histogram_mean_ns(latency) * (double)latency->total + (double)result->window.away_ns;

    for (unsigned i = 0; i < result->threads; i++)
        sum_ns += workers[i].end_age_ns - workers[i].begin_age_ns;
    return sum_ns / (double)window_ns;
}

/* The window without the time in which the workers waited for their next turn. */
static int64_t measured_ns(const struct load_worker *workers, uint64_t count, int64_t window_ns)
{
    int64_t paused_ns = 0;

    for (uint64_t i = 0; i < count; i++)
        paused_ns += workers[i].turns.paused_ns;
    return window_ns - paused_ns / (int64_t)count;
}

static int gather(struct load_run *run, const struct load_worker *workers, struct load_result *result)
{
    const struct load_options *options = run->plan->options;
    int64_t begin_ns = atomic_load(&run->begin_ns), end_ns = atomic_load(&run->end_ns);
    int64_t window_ns = end_ns > begin_ns ? end_ns - begin_ns : 0;

    result->asked = options->connections;
    result->duration_ns = measured_ns(workers, options->threads, window_ns);
    result->thread_shares = calloc(options->threads, sizeof(*result->thread_shares));
    if (result->thread_shares == NULL || load_stats_open(&result->window) < 0 ||
        histogram_open(&result->connect) < 0)
        return -1;
    for (unsigned i = 0; i < options->threads; i++)
        gather_worker(result, &workers[i]);
    if (window_ns > 0)
        result->in_flight = in_flight(result, workers, window_ns);
    if (gather_kinds(result, run->plan, workers) < 0)
        return -1;
    return gather_fairness(result, workers);
}

/* ---- all of it ---- */

static void join_threads(struct load_worker *workers, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++)
        pthread_join(workers[i].thread, NULL);
}

/*
 * Starts the threads, with the signals blocked that they inherit that way. 0; or an errno, and the ones
 * that had started have ended again.
 */
static int start_threads(struct load_run *run, struct load_worker *workers, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++) {
        int error = pthread_create(&workers[i].thread, NULL, load_worker_main, &workers[i]);

        if (error != 0) {
            atomic_store(&run->end_ns, 0);
            join_threads(workers, i);
            return error;
        }
    }
    return 0;
}

static int execute(struct load_run *run, struct load_worker *workers, struct load_result *result)
{
    const struct load_options *options = run->plan->options;
    struct load_live live;
    sigset_t set, before;

    int error = load_live_open(&live, options, workers) < 0 ? errno : 0;
    run->publish_ns = live.every_ns;
    stop_signals(&set);
    pthread_sigmask(SIG_BLOCK, &set, &before);
    if (error == 0)
        error = start_threads(run, workers, options->threads);
    if (error == 0) {
        await_opened(run, result);
        if (!result->interrupted)
            publish_times(run, result);
        await_finished(run, result, &live);
        join_threads(workers, options->threads);
        error = gather(run, workers, result) < 0 ? errno : 0;
    }
    load_live_close(&live);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return error;
}

/* Opens all, runs, closes all. 0 or an errno. */
static int open_and_execute(struct load_run *run, struct load_worker *workers, struct load_result *result)
{
    uint64_t count = run->plan->options->threads, opened = 0;
    int error = 0;

    while (error == 0 && opened < count) {
        if (load_worker_open(&workers[opened], run, (unsigned)opened) < 0)
            error = errno;
        opened++; /* one that opened half is closed like the others */
    }
    if (error == 0)
        error = execute(run, workers, result);
    for (uint64_t i = 0; i < opened; i++)
        load_worker_close(&workers[i]);
    return error;
}

int load_run(struct load_plan *plan, struct load_result *result, char error[LOAD_ERROR_TEXT_MAX])
{
    const struct load_options *options = plan->options;
    struct load_run run = {.plan = plan};

    *result = (struct load_result){.rate_asked = (double)options->rate / (double)options->of};
    atomic_init(&run.start_ns, INT64_MAX);
    atomic_init(&run.begin_ns, INT64_MAX);
    atomic_init(&run.end_ns, INT64_MAX);
    atomic_init(&run.drain_ns, DRAIN_NS);
    if (load_run_raise_limits(options->connections + options->idle, options->threads, error) < 0)
        return EXIT_CANNOT;
    struct load_worker *workers = calloc(options->threads, sizeof(*workers));
    int failed = workers == NULL ? ENOMEM : open_and_execute(&run, workers, result);
    free(workers);
    if (failed == 0)
        return 0;
    snprintf(error, LOAD_ERROR_TEXT_MAX, "cannot start %llu threads for %llu connections: %s",
             (unsigned long long)options->threads, (unsigned long long)options->connections,
             strerror(failed));
    return EXIT_CANNOT;
}
