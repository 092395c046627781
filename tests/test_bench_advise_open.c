/*
 * The open loop of the advice, against servers whose capacities are known: what is found, what is said of it,
 * and how often a difference is claimed that is not there.
 */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../bench/advise_aa.c"
#include "../bench/advise_choice.c"
#include "../bench/advise_open.c"
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

enum { TIMEOUT_S = 50, MODELS = 3, ROUNDS = 24, NOISES = 3, SESSIONS = 1000 };

/* At most so many of the sessions may claim a difference between equals. */
enum { ALARMS_MOST = SESSIONS * 5 / 100 };

static struct advise_workload workload;
static struct advise_runner runners[MODELS];
static struct advise_field field;
static struct splitmix chance;

/*
 * What a look answers beside the truth: its capacity is off by so much, and it fails for nothing so often;
 * every start of a server differs from its others by so much.
 */
struct noise {
    double deviation, fails, start;
};

static const struct noise noises[NOISES] = {{0.02, 0.05, 0.10}, {0.05, 0.10, 0.05}, {0.10, 0.20, 0}};

static void begin_race(unsigned halvings)
{
    static const char *const models[MODELS] = {"epoll", "io_uring", "poll"};

    memset(runners, 0, sizeof(runners));
    workload = (struct advise_workload){.connections = 500, .wait_ns = 5 * NS_PER_MS};
    cr_assert_null(objective_parse("p99<20ms", &workload.objective));
    field = (struct advise_field){.workload = &workload,
                                  .runners = runners,
                                  .count = MODELS,
                                  .seed = splitmix_next(&chance),
                                  .least_per_s = 1000,
                                  .halvings = halvings};
    for (unsigned i = 0; i < MODELS; i++) {
        runners[i].name = models[i];
        runners[i].screen = (struct advise_sample){
            .measured = true, .rate_per_s = 80000, .cpu_us = 9 + i / 10.0, .latency_us = 45e3};
    }
}

static void setup(void)
{
    chance = (struct splitmix){.state = 7};
    begin_race(2);
}

TestSuite(bench_advise_open, .init = setup, .timeout = TIMEOUT_S);

/* ---- made-up looks ---- */

/* About normal, deviation 1: the sum of twelve. */
static double normal(void)
{
    double sum = 0;

    for (unsigned i = 0; i < 12; i++)
        sum += splitmix_below(&chance, 1001) / 1000.0;
    return sum - 6;
}

static bool holds(double rate_per_s, double capacity_per_s, const struct noise *noise)
{
    return rate_per_s < capacity_per_s * exp(noise->deviation * normal()) &&
           splitmix_below(&chance, 1000) >= noise->fails * 1000;
}

static void search(const double *capacity_per_s, const struct noise *noise)
{
    for (unsigned look = 0; look < ADVISE_SEARCH_LOOKS; look++)
        for (unsigned i = 0; i < MODELS; i++) {
            double rate = advise_search_rate(&runners[i]);

            if (!runners[i].out && rate > 0)
                advise_search_note(&runners[i], rate, holds(rate, capacity_per_s[i], noise));
        }
}

/* The machine is now faster and now slower, from round to round. */
static void round_of(const double *capacity_per_s, const struct noise *noise)
{
    double machine = exp(0.1 * normal()), start[MODELS];

    for (unsigned i = 0; i < MODELS; i++)
        start[i] = exp(noise->start * normal());
    advise_round_begin(&field);
    for (unsigned halving = 0; halving < field.halvings; halving++)
        for (unsigned i = 0; i < MODELS; i++) {
            struct advise_sample look = {.measured = true,
                                         .rate_per_s = advise_round_rate(&runners[i]),
                                         .cpu_us = 9 * exp(0.01 * normal()) / machine / start[i],
                                         .latency_us = 15e3};

            if (runners[i].out)
                continue;
            look.kept = holds(look.rate_per_s, capacity_per_s[i] * machine * start[i], noise);
            advise_round_note(&field, &runners[i], &look);
        }
    field.rounds++;
}

/* A whole race between the first two, as it is run. */
static struct advise_answer race(double one_per_s, double other_per_s, const struct noise *noise)
{
    const double capacities[MODELS] = {one_per_s, other_per_s, 1};

    begin_race(field.halvings);
    runners[2].unusable = true;
    advise_screen(&field, 4);
    search(capacities, noise);
    advise_search_end(&field, 2);
    while (field.rounds < ROUNDS) {
        round_of(capacities, noise);
        if (advise_prune(&field))
            break;
    }
    return advise_choose(&field);
}

/* ---- search and bracket ---- */

Test(bench_advise_open, a_search_finds_about_where_the_capacity_is)
{
    const double capacities[MODELS] = {50000, 70000, 20000};

    advise_screen(&field, 4);
    cr_assert(field.open);
    search(capacities, &(struct noise){0, 0});
    for (unsigned i = 0; i < MODELS; i++)
        cr_assert_float_eq(runners[i].found_per_s / capacities[i], 1, 0.25, "%s: %g", runners[i].name,
                           runners[i].found_per_s);
    advise_search_end(&field, 3);
    cr_assert_not(runners[0].out || runners[1].out);
    cr_assert(runners[2].out);
    cr_assert_not_null(strstr(runners[2].why, "requests per second kept it, of io_uring "), "%s",
                       runners[2].why);
    cr_assert_eq(field.finalists, 2);
}

Test(bench_advise_open, a_round_offers_all_of_them_the_same_first)
{
    struct advise_sample held = {.kept = true, .cpu_us = 5, .latency_us = 8e3, .rate_per_s = 1},
                         failed = {.cpu_us = 7, .latency_us = 90e3};
    struct advise_bracket bracket;
    double first;

    advise_screen(&field, 4);
    for (unsigned i = 0; i < MODELS; i++)
        runners[i].found_per_s = 50000 + 10000 * i;
    bracket = advise_bracket(&field);
    cr_assert(bracket.low_per_s < 50000 && bracket.high_per_s > 70000);
    advise_round_begin(&field);
    first = advise_round_rate(&runners[0]);
    cr_assert(first > bracket.low_per_s && first < bracket.high_per_s);
    cr_assert_eq(advise_round_rate(&runners[1]), first);
    advise_round_note(&field, &runners[0], &held);
    advise_round_note(&field, &runners[1], &failed);
    advise_round_note(&field, &runners[2], NULL);
    cr_assert_gt(advise_round_rate(&runners[0]), first);
    cr_assert_lt(advise_round_rate(&runners[1]), first);
    cr_assert_eq(advise_round_rate(&runners[2]), advise_round_rate(&runners[1]));
    cr_assert_not(runners[0].rounds[0].measured, "two looks make a round");
    advise_round_note(&field, &runners[0], &failed);
    cr_assert(runners[0].rounds[0].measured && runners[0].rounds[0].kept);
    cr_assert(runners[0].rounds[0].rate_per_s > first &&
              runners[0].rounds[0].rate_per_s < bracket.high_per_s);
    cr_assert_eq(runners[0].rounds[0].cpu_us, 5, "of the rate that all were offered");
    cr_assert_eq(runners[0].rounds[0].latency_us, 8e3, "of the look that held");
}

Test(bench_advise_open, a_search_that_erred_is_left_behind_by_the_rounds)
{
    const double capacities[MODELS] = {60000, 60000, 60000};

    advise_screen(&field, 4);
    runners[0].found_per_s = 60000;
    runners[1].found_per_s = runners[2].found_per_s = 20000;
    for (unsigned i = 0; i < ROUNDS; i++)
        round_of(capacities, &noises[0]);
    cr_assert_float_eq(advise_figures(&field, &runners[1]).rate_per_s / 60000, 1, 0.1);
    cr_assert_lt(advise_bracket(&field).high_per_s / advise_bracket(&field).low_per_s, 1.8);
}

/* ---- what is said ---- */

Test(bench_advise_open, the_rates_that_are_kept_are_compared)
{
    struct advise_answer answer = race(50000, 70000, &noises[0]);

    cr_assert_eq(answer.chosen, &runners[1]);
    cr_assert(answer.kept && answer.shown);
    cr_assert_float_eq(answer.figures.rate_per_s / 70000, 1, 0.15, "%g", answer.figures.rate_per_s);
    cr_assert(answer.margin.rate.low < 1.4 && answer.margin.rate.high > 1.4, "%g to %g",
              answer.margin.rate.low, answer.margin.rate.high);
}

Test(bench_advise_open, what_never_holds_keeps_nothing)
{
    struct advise_answer answer = race(0, 0, &noises[0]);

    cr_assert_eq(runners[0].found_per_s, 0);
    cr_assert(advise_round_rate(&runners[0]) >= field.least_per_s && advise_round_rate(&runners[0]) < 1300,
              "about the least is asked, and no less");
    cr_assert_not(answer.kept);
    cr_assert_not(answer.shown);
}

/* ---- how often it errs ---- */

Test(bench_advise_open, equals_are_told_apart_in_five_sessions_of_a_hundred_at_most)
{
    for (unsigned n = 0; n < NOISES; n++) {
        unsigned alarms = 0;

        for (unsigned i = 0; i < SESSIONS; i++)
            alarms += race(60000, 60000, &noises[n]).shown;
        cr_assert_leq(alarms, ALARMS_MOST, "%u of %u sessions, noise %g", alarms, (unsigned)SESSIONS,
                      noises[n].deviation);
    }
}

Test(bench_advise_open, thirty_per_cent_more_is_found)
{
    unsigned found = 0;
    double ratios[SESSIONS];

    for (unsigned i = 0; i < SESSIONS; i++) {
        struct advise_answer answer = race(78000, 60000, &noises[1]);

        found += answer.shown && answer.chosen == &runners[0];
        ratios[i] = answer.chosen == &runners[0] ? answer.margin.rate.ratio : 1 / answer.margin.rate.ratio;
    }
    cr_assert_geq(found, SESSIONS * 95 / 100, "%u of %u sessions", found, (unsigned)SESSIONS);
    /* Looks that fail for nothing, and brackets that end, draw the ratio towards 1: too little is said. */
    cr_assert_float_eq(statistics_median(ratios, SESSIONS), 1.25, 0.05, "%g",
                       statistics_median(ratios, SESSIONS));
}

/* ---- the self-check ---- */

Test(bench_advise_open, two_copies_judged)
{
    struct advise_aa aa;

    race(60000, 60000, &noises[1]);
    while (field.rounds < ROUNDS)
        round_of((double[]){60000, 60000, 1}, &noises[1]);
    cr_assert_eq(advise_aa_judge(&field, SESSIONS, &aa), 0);
    cr_assert_eq(aa.sessions, SESSIONS);
    cr_assert_eq(aa.rounds, ROUNDS);
    cr_assert_leq(aa.alarms, ALARMS_MOST);
    cr_assert_geq(aa.found, SESSIONS / 2);
    cr_assert(aa.low < 1 && aa.high > 1, "%g %g", aa.low, aa.high);
    field.rounds = 2;
    cr_assert_eq(advise_aa_judge(&field, SESSIONS, &aa), -1);
}

/* One that always has the better of it would be called different by a check that does not toss. */
Test(bench_advise_open, which_copy_is_which_is_tossed)
{
    struct advise_aa aa;

    race(60000, 60000, &noises[0]);
    while (field.rounds < ROUNDS)
        round_of((double[]){60000, 60000, 1}, &noises[0]);
    for (unsigned i = 0; i < field.rounds; i++)
        runners[0].rounds[i].rate_per_s *= 1.2;
    cr_assert_eq(advise_aa_judge(&field, SESSIONS, &aa), 0);
    cr_assert_leq(aa.alarms, ALARMS_MOST, "%u", aa.alarms);
}
