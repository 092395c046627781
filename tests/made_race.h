/*
 * made_race - a race of made-up servers, for the suites of the advice: each includes it once.
 */
#ifndef MADE_RACE_H
#define MADE_RACE_H

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../bench/advise_choice.c"
#include "../bench/advise_open.c"
#include "../bench/advise_plan.c"
#include "../bench/advise_screening.c"
#include "../bench/advise_words.c"
#include "../bench/advise_workload.c"
#include "../bench/capacity.c"
#include "../bench/columns.c"
#include "../bench/cpu_group.c"
#include "../bench/failure.c"
#include "../bench/interrupt.c"
#include "../bench/launch.c"
#include "../bench/metric.c"
#include "../bench/process_tree.c"
#include "../bench/ranks.c"
#include "../bench/registry.c"
#include "../bench/samples.c"
#include "../bench/scenario_lists.c"
#include "splitmix.h"
#include "../bench/statistics.c"
#include "../bench/textfile.c"
#include "../bench/transport.c"
#include "../bench/verdict.c"

enum { TIMEOUT_S = 30, MODELS = 4, ROUNDS = 24, CONNECTIONS = 2000 };

static struct advise_workload workload;
static struct advise_runner runners[MODELS];
static struct advise_field field;
static struct splitmix chance;
static char *text;
static size_t text_size;

static inline void setup(void)
{
    static const char *const models[MODELS] = {"epoll", "thread_pool@2000", "io_uring", "thread"};

    memset(runners, 0, sizeof(runners));
    workload = (struct advise_workload){.connections = CONNECTIONS, .wait_ns = 5 * NS_PER_MS};
    cr_assert_null(objective_parse("p99<20ms", &workload.objective));
    field = (struct advise_field){
        .workload = &workload, .runners = runners, .count = MODELS, .seed = 1, .least_per_s = 100};
    chance = (struct splitmix){.state = 7};
    for (unsigned i = 0; i < MODELS; i++)
        runners[i].name = models[i];
    runners[1].workers = 2000;
}

static inline void teardown(void)
{
    free(text);
    text = NULL;
}

/* ---- made-up slices ---- */

/* Evenly within that part of 1. */
static inline double jitter(double part)
{
    return 1 + part * (2.0 * splitmix_below(&chance, 1001) / 1000 - 1);
}

static inline struct advise_sample sample(double rate_per_s, double cpu_us, double latency_ms)
{
    return (struct advise_sample){.measured = true,
                                  .rate_per_s = rate_per_s,
                                  .cpu_us = cpu_us,
                                  .latency_us = latency_ms * 1e3,
                                  .kept = latency_ms < 20};
}

static inline void screen(unsigned runner, double rate_per_s, double cpu_us, double latency_ms)
{
    runners[runner].screen = sample(rate_per_s, cpu_us, latency_ms);
}

static inline void screen_all_alike(void)
{
    for (unsigned i = 0; i < MODELS; i++)
        screen(i, 1000, 10, 10);
}

/* Rounds of all that are in the race, in which the whole machine is now faster and now slower. */
static inline void run_rounds(unsigned rounds, const double *rate_per_s, const double *cpu_us,
                              const double *latency_ms)
{
    for (unsigned r = 0; r < rounds; r++, field.rounds++) {
        double machine = jitter(0.2);

        for (unsigned i = 0; i < MODELS; i++) {
            if (runners[i].out)
                continue;
            runners[i].rounds[field.rounds] = sample(rate_per_s[i] * machine * jitter(0.02),
                                                     cpu_us[i] / machine * jitter(0.005), latency_ms[i]);
        }
    }
}

/* What tenk-advise would print. */
static inline const char *printed(struct advise_answer *answer)
{
    FILE *out = open_memstream(&text, &text_size);

    cr_assert_not_null(out);
    *answer = advise_choose(&field);
    advise_print(out, &field, answer);
    cr_assert_eq(fclose(out), 0);
    return text;
}

static inline void expect_in(const char *part)
{
    cr_assert_not_null(strstr(text, part), "\"%s\" is not in: %s", part, text);
}

static inline void expect_three_lines(void)
{
    unsigned lines = 0;

    for (const char *c = text; *c; c++)
        lines += *c == '\n';
    cr_assert_eq(lines, 3, "%s", text);
    cr_assert_eq(strncmp(text, "choose: ", 8), 0, "%s", text);
    expect_in("\nmargin: ");
    expect_in("\nrunner-up: ");
}

#endif
