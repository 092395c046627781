/*
 * load_live - progress while it runs, from what the workers publish about themselves.
 */
#include "load_live.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "clock.h"
#include "load_worker.h"
#include "units.h"

int load_live_open(struct load_live *live, const struct load_options *options, struct load_worker *workers)
{
    *live = (struct load_live){.workers = workers, .count = options->threads};
    if (load_options_silent(options))
        return 0;
    live->terminal = isatty(STDERR_FILENO);
    live->requests = calloc(live->count, sizeof(*live->requests));
    live->at_ns = calloc(live->count, sizeof(*live->at_ns));
    if (live->requests == NULL || live->at_ns == NULL || histogram_open(&live->before) < 0 ||
        histogram_open(&live->now) < 0 || histogram_open(&live->between) < 0)
        return -1;
    live->every_ns = live->terminal ? NS_PER_S / 2 : NS_PER_S;
    return 0;
}

/* Adds one worker's progress; returns its rate since the last look. */
static double look_at(struct load_live *live, uint64_t index, uint64_t *errors)
{
    struct load_progress *progress = &live->workers[index].progress;
    double rate = 0;

    pthread_mutex_lock(&progress->lock);
    if (progress->phase == LOAD_WINDOW) {
        int64_t span_ns = progress->at_ns - live->at_ns[index];

        if (live->at_ns[index] != 0 && span_ns > 0)
            rate =
                (double)(progress->requests - live->requests[index]) / ((double)span_ns / (double)NS_PER_S);
        live->at_ns[index] = progress->at_ns;
        live->requests[index] = progress->requests;
        *errors += progress->errors;
        histogram_add(&live->now, &progress->latency);
    }
    pthread_mutex_unlock(&progress->lock);
    return rate;
}

/* The cells that were added since the last look, as a histogram of their own. */
static void take_difference(struct load_live *live)
{
    struct histogram last = live->before;

    histogram_clear(&live->between);
    for (unsigned cell = 0; cell < HISTOGRAM_CELLS; cell++)
        live->between.cells[cell] = live->now.cells[cell] - live->before.cells[cell];
    live->between.total = live->now.total - live->before.total;
    live->between.min_ns = live->now.min_ns;
    live->between.max_ns = live->now.max_ns;
    live->before = live->now;
    live->now = last;
    histogram_clear(&live->now);
}

static void show(struct load_live *live, double rate, uint64_t errors)
{
    char rate_text[UNITS_TEXT_MAX], p50[UNITS_TEXT_MAX], p99[UNITS_TEXT_MAX];
    double seconds = (double)(clock_now_ns() - live->begin_ns) / (double)NS_PER_S;

    fprintf(stderr, "%s%6.1f s  %8s/s  p50 %9s  p99 %9s  errors %llu%s", live->terminal ? "\r" : "", seconds,
            units_format_count(rate_text, rate),
            units_format_duration(p50, histogram_percentile_ns(&live->between, 50)),
            units_format_duration(p99, histogram_percentile_ns(&live->between, 99)),
            (unsigned long long)errors, live->terminal ? "\033[K" : "\n");
}

void load_live_step(struct load_live *live)
{
    int64_t now_ns = clock_now_ns();
    uint64_t errors = 0;
    double rate = 0;

    if (live->every_ns == 0 || now_ns < live->next_ns)
        return;
    bool first = live->begin_ns == 0;
    live->next_ns = now_ns + live->every_ns;
    for (uint64_t i = 0; i < live->count; i++)
        rate += look_at(live, i, &errors);
    if (first && live->at_ns[0] != 0)
        live->begin_ns = live->workers[0].run->begin_ns;
    take_difference(live);
    if (!first)
        show(live, rate, errors);
}

void load_live_close(struct load_live *live)
{
    if (live->terminal)
        fputs("\r\033[K", stderr);
    histogram_close(&live->before);
    histogram_close(&live->now);
    histogram_close(&live->between);
    free(live->requests);
    free(live->at_ns);
}
