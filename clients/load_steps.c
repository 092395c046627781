/*
 * load_steps - runs one measurement after the other.
 */
#include "load_steps.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>

#include "clock.h"
#include "load_ranks.h"
#include "load_run.h"
#include "load_verdict.h"
#include "units.h"

enum { EXIT_CANNOT = 3 };

#define SLOT_REST_NS (1 * NS_PER_S) /* between two steps of --start-at: more than the end of one takes */
#define LEAST_SHARE  256            /* a search gives up below this part of its first rate */

static void announce(const struct load_options *options, const char *what)
{
    char rate[UNITS_TEXT_MAX];

    if (load_options_silent(options))
        return;
    if (options->rate > 0)
        fprintf(stderr, "%s: %s/s\n", what, units_format_count(rate, (double)options->rate));
    else
        fprintf(stderr, "%s: closed loop\n", what);
}

/* One run, here or by the whole team. */
static int run_once(const struct load_steps *steps, struct load_plan *plan, struct load_result *result,
                    char *error)
{
    if (steps->team != NULL)
        steps->team->await_all();
    int status = load_run(plan, result, error);
    return steps->team != NULL ? steps->team->combine(result, status, error) : status;
}

/* One more step, at a rate. */
static int step(struct load_steps *steps, struct load_plan *plan, struct load_options *options, uint64_t rate,
                char *error)
{
    struct load_result *result = &steps->items[steps->count];
    char name[UNITS_TEXT_MAX];

    options->rate = rate;
    snprintf(name, sizeof(name), "step %zu", steps->count + 1);
    if (options->rates.count > 1 || options->objective.text != NULL)
        announce(options, name);
    int status = run_once(steps, plan, result, error);
    if (status == 0)
        steps->count++;
    else
        load_result_close(result);
    steps->interrupted = result->interrupted;
    return status;
}

/* With --start-at every step has its time, so that processes which do not talk stay together. */
static int await_step(const struct load_options *options, char *error)
{
    if (options->start_wall_ns == 0 || load_ranks_await(options->start_wall_ns) == 0)
        return 0;
    snprintf(error, LOAD_ERROR_TEXT_MAX, "interrupted before the time of --start-at");
    return EXIT_CANNOT;
}

static int run_ladder(struct load_steps *steps, struct load_plan *plan, struct load_options *options,
                      char *error)
{
    const struct load_rates *rates = &options->rates;
    size_t count = rates->count > 0 ? rates->count : 1; /* items[0] is 0 in closed loop */
    int status = 0;

    for (size_t i = 0; i < count && status == 0 && !steps->interrupted; i++) {
        status = await_step(options, error);
        if (status == 0)
            status = step(steps, plan, options, rates->items[i], error);
        if (options->start_wall_ns > 0)
            options->start_wall_ns +=
                load_ranks_opening_ns(options) + options->warmup_ns + options->duration_ns + SLOT_REST_NS;
    }
    return status;
}

/* Where a search begins: what was asked for, else a good part of what the closed loop can do. 0: nowhere. */
static int find_first(struct load_steps *steps, struct load_plan *plan, struct load_options *options,
                      uint64_t *first, char *error)
{
    *first = options->rates.items[0];
    if (options->rates.count > 0)
        return 0;
    options->rate = 0;
    announce(options, "first");
    int status = run_once(steps, plan, &steps->closed, error);
    steps->interrupted = steps->closed.interrupted;
    *first = status == 0 ? (uint64_t)(load_result_rate(&steps->closed) * RATE_SEARCH_FIRST_SHARE) : 0;
    return status;
}

static bool last_holds(const struct load_steps *steps, const struct objective *objective)
{
    return load_verdict_of(&steps->items[steps->count - 1], objective) == LOAD_VERDICT_GOOD;
}

static int run_search(struct load_steps *steps, struct load_plan *plan, struct load_options *options,
                      char *error)
{
    struct rate_search *search = &steps->search;
    uint64_t first, rate;

    int status = find_first(steps, plan, options, &first, error);
    if (status != 0 || first == 0)
        return status;
    rate_search_open(search, first, first / LEAST_SHARE + 1, LOAD_RATE_MAX);
    while (status == 0 && !steps->interrupted && (rate = rate_search_next(search)) != 0) {
        status = step(steps, plan, options, rate, error);
        if (status == 0 && !steps->interrupted)
            rate_search_note(search, rate, last_holds(steps, &options->objective));
    }
    return status;
}

/* Signals stay blocked between two steps, so that the next one finds and reports what came there. */
int load_steps_run(struct load_steps *steps, struct load_plan *plan, struct load_options *options,
                   char error[LOAD_ERROR_TEXT_MAX])
{
    sigset_t set, before;

    steps->count = 0;
    steps->interrupted = false;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &set, &before);
    int status = options->objective.text != NULL ? run_search(steps, plan, options, error)
                                                 : run_ladder(steps, plan, options, error);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return status;
}

const struct load_result *load_steps_find_failed(const struct load_steps *steps,
                                                 const struct objective *objective)
{
    uint64_t fails = rate_search_fails(&steps->search);

    for (size_t i = 0; fails > 0 && i < steps->count; i++)
        if (llround(steps->items[i].rate_asked) == (long long)fails &&
            load_verdict_of(&steps->items[i], objective) != LOAD_VERDICT_GOOD)
            return &steps->items[i];
    return NULL;
}

void load_steps_close(struct load_steps *steps)
{
    for (size_t i = 0; i < steps->count; i++)
        load_result_close(&steps->items[i]);
    load_result_close(&steps->closed);
}
