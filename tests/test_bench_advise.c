/*
 * The advice, against servers that are made up: which are looked at, who stays after one look, who is
 * chosen, and what is said of the margin.
 */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../bench/advise_choice.c"
#include "../bench/advise_open.c"
#include "../bench/advise_plan.c"
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
#include "../bench/splitmix.h"
#include "../bench/statistics.c"
#include "../bench/textfile.c"
#include "../bench/transport.c"
#include "../bench/verdict.c"

enum { TIMEOUT_S = 30, MODELS = 4, ROUNDS = 24, CONNECTIONS = 2000 };

static struct advise_workload workload;
static struct advise_runner runners[MODELS];
static struct advise_field field;
static struct splitmix chance;
static struct failure failure;
static char *text;
static size_t text_size;

static void setup(void)
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

static void teardown(void)
{
    free(text);
    text = NULL;
}

TestSuite(bench_advise, .init = setup, .fini = teardown, .timeout = TIMEOUT_S);

/* ---- made-up slices ---- */

/* Evenly within that part of 1. */
static double jitter(double part)
{
    return 1 + part * (2.0 * splitmix_below(&chance, 1001) / 1000 - 1);
}

static struct advise_sample sample(double rate_per_s, double cpu_us, double latency_ms)
{
    return (struct advise_sample){.measured = true,
                                  .rate_per_s = rate_per_s,
                                  .cpu_us = cpu_us,
                                  .latency_us = latency_ms * 1e3,
                                  .kept = latency_ms < 20};
}

static void screen(unsigned runner, double rate_per_s, double cpu_us, double latency_ms)
{
    runners[runner].screen = sample(rate_per_s, cpu_us, latency_ms);
}

static void screen_all_alike(void)
{
    for (unsigned i = 0; i < MODELS; i++)
        screen(i, 1000, 10, 10);
}

/* Rounds of all that are in the race, in which the whole machine is now faster and now slower. */
static void run_rounds(unsigned rounds, const double *rate_per_s, const double *cpu_us,
                       const double *latency_ms)
{
    for (unsigned r = 0; r < rounds; r++, field.rounds++) {
        double machine = jitter(0.2);

        for (unsigned i = 0; i < MODELS; i++) {
            if (runners[i].out)
                continue;
            runners[i].rounds[field.rounds] = sample(rate_per_s[i] * machine * jitter(0.02),
                                                     cpu_us[i] / machine * jitter(0.005), latency_ms[i]);
            runners[i].rounds[field.rounds].start = field.rounds / ADVISE_ROUNDS_PER_START;
        }
    }
}

/* What tenk-advise would print. */
static const char *printed(struct advise_answer *answer)
{
    FILE *out = open_memstream(&text, &text_size);

    cr_assert_not_null(out);
    *answer = advise_choose(&field);
    advise_print(out, &field, answer);
    cr_assert_eq(fclose(out), 0);
    return text;
}

static void expect_in(const char *part)
{
    cr_assert_not_null(strstr(text, part), "\"%s\" is not in: %s", part, text);
}

static void expect_three_lines(void)
{
    unsigned lines = 0;

    for (const char *c = text; *c; c++)
        lines += *c == '\n';
    cr_assert_eq(lines, 3, "%s", text);
    cr_assert_eq(strncmp(text, "choose: ", 8), 0, "%s", text);
    expect_in("\nmargin: ");
    expect_in("\nrunner-up: ");
}

/* ---- workload and candidates ---- */

static const char list[] =
    "[{\"name\": \"epoll\", \"reference\": false, \"properties\": [\"concurrent\"]},"
    " {\"name\": \"pool\", \"reference\": false, \"properties\": [\"concurrent\", \"workers\"],"
    "  \"workers_default\": 64, \"clients_at_once\": 64},"
    " {\"name\": \"loop_pool\", \"reference\": false, \"properties\": [\"concurrent\", \"workers\"],"
    "  \"workers_default\": 16},"
    " {\"name\": \"select\", \"reference\": false, \"properties\": [], \"connections_max\": 1008},"
    " {\"name\": \"iterative\", \"reference\": false, \"properties\": [], \"clients_at_once\": 1},"
    " {\"name\": \"uring\", \"reference\": false, \"unavailable\": \"this kernel is too old\", "
    "\"properties\": []},"
    " {\"name\": \"ceiling\", \"reference\": true, \"properties\": []}]";

/* The candidates from these names, in a line; NULL: refused. What is left out is in `text`. */
static const char *candidates(const char *first, const char *second)
{
    static char line[512];
    struct registry registry;
    struct name_list models = {.count = second ? 2 : 1};
    FILE *notes = open_memstream(&text, &text_size);
    int status;

    cr_assert_not_null(notes);
    cr_assert_eq(registry_parse(&registry, list, &failure), 0);
    strcpy(models.items[0], first);
    if (second)
        strcpy(models.items[1], second);
    status = advise_candidates(&registry, &workload, 1, &models, notes, &failure);
    cr_assert_eq(fclose(notes), 0);
    line[0] = '\0';
    for (unsigned i = 0; i < models.count; i++)
        snprintf(line + strlen(line), sizeof(line) - strlen(line), "%s%s", i > 0 ? " " : "", models.items[i]);
    return status == 0 ? line : NULL;
}

Test(bench_advise, a_worker_for_each_connection_where_it_belongs_to_one)
{
    cr_assert_str_eq(candidates("all", NULL), "epoll pool@2000 loop_pool loop_pool@4");
    expect_in("select: left out: it serves 1008 of 2000 clients at a time\n");
    expect_in("iterative: left out: it serves 1 of 2000 clients at a time\n");
    expect_in("uring: left out: this kernel is too old\n");
}

Test(bench_advise, the_default_is_enough_for_few_connections)
{
    workload.connections = 10;
    cr_assert_str_eq(candidates("all", NULL), "epoll pool loop_pool loop_pool@4 select");
}

Test(bench_advise, a_number_of_workers_that_was_asked_for_stays)
{
    cr_assert_str_eq(candidates("pool@64", "epoll"), "pool@64 epoll");
    free(text);
    cr_assert_str_eq(candidates("pool", "epoll"), "pool@2000 epoll");
}

Test(bench_advise, candidates_that_cannot_be)
{
    cr_assert_null(candidates("nonesuch", NULL));
    cr_assert_not_null(strstr(failure.text, "unknown model \"nonesuch\""));
    free(text);
    cr_assert_null(candidates("iterative", NULL));
    cr_assert_not_null(strstr(failure.text, "no model is left that can serve 2000 connections"));
}

Test(bench_advise, a_target_says_what_a_request_does)
{
    char target[64];

    cr_assert_str_eq(advise_workload_target(&workload, target, sizeof(target)), "/wait/5000");
    workload.wait_ns = 0;
    cr_assert_str_eq(advise_workload_target(&workload, target, sizeof(target)), "/");
    workload.spin_ns = 200 * NS_PER_US;
    cr_assert_str_eq(advise_workload_target(&workload, target, sizeof(target)), "/spin/200");
}

static void expect_refused(const char *part)
{
    cr_assert_eq(advise_workload_check(&workload, &failure), -1, "not refused: %s", part);
    cr_assert_eq(failure.status, EXIT_USAGE);
    cr_assert_not_null(strstr(failure.text, part), "%s", failure.text);
}

Test(bench_advise, loads_that_cannot_be)
{
    cr_assert_eq(advise_workload_check(&workload, &failure), 0);
    workload.wait_ns = 20 * NS_PER_MS;
    expect_refused("cannot be kept where every request takes 20.0 ms by itself");
    workload.wait_ns = 5;
    expect_refused("whole microseconds");
    workload.wait_ns = 5 * NS_PER_MS;
    workload.spin_ns = NS_PER_MS;
    expect_refused("give --wait or --spin");
    workload.spin_ns = 0;
    workload.connections = 0;
    expect_refused("--connections takes a number from 1 to 100000");
    workload.connections = 1;
    cr_assert_null(objective_parse("p97<20ms", &workload.objective));
    expect_refused("a slice knows p50");
}

/* ---- the plan ---- */

Test(bench_advise, a_plan_fits_into_the_budget_or_says_the_smallest)
{
    static const unsigned workers[MODELS] = {0, 2000, 0, 0};
    struct advise_plan plan, longer;

    advise_plan_make(&plan, &workload, workers, MODELS, 20 * NS_PER_S);
    advise_plan_make(&longer, &workload, workers, MODELS, 600 * NS_PER_S);
    cr_assert_eq(plan.least_ns, longer.least_ns, "the smallest budget does not depend on the one given");
    cr_assert_lt(plan.slice_ns, longer.slice_ns);
    cr_assert_gt(plan.least_ns, plan.finals_ns + plan.stop_ns);
    cr_assert_eq(advise_finalists(&longer, 0), 2);
    cr_assert_eq(advise_finalists(&longer, 600 * NS_PER_S), ADVISE_FINALISTS_MAX);
}

/* ---- screening ---- */

Test(bench_advise, who_keeps_the_objective_in_closed_loop_goes_on)
{
    screen(0, 90000, 9, 12);
    screen(1, 30000, 30, 90);
    screen(2, 88000, 8, 16);
    screen(3, 31000, 30, 200);
    advise_screen(&field, 4);
    cr_assert_not(field.open);
    cr_assert_not(runners[0].out);
    cr_assert_not(runners[2].out);
    cr_assert(runners[1].out && runners[3].out);
    cr_assert_not_null(strstr(runners[3].why, "is too high"), "%s", runners[3].why);
}

Test(bench_advise, where_it_is_kept_by_a_hair_the_rate_is_searched)
{
    screen_all_alike();
    for (unsigned i = 0; i < MODELS; i++)
        runners[i].screen.latency_us = 19e3;
    advise_screen(&field, 4);
    cr_assert(field.open);
}

Test(bench_advise, where_nobody_keeps_it_the_rate_is_searched)
{
    screen(0, 60000, 9, 45);
    screen(1, 58000, 30, 60);
    screen(2, 64000, 8, 40);
    screen(3, 20000, 30, 200);
    advise_screen(&field, 4);
    cr_assert(field.open);
    cr_assert_not(runners[0].out || runners[2].out);
    cr_assert_not_null(strstr(runners[3].why, "20.0k requests per second, io_uring answers 64.0k"), "%s",
                       runners[3].why);
    cr_assert_not_null(strstr(runners[1].why, "30.0 us of CPU time per request, io_uring needs 8.0"), "%s",
                       runners[1].why);
    cr_assert_eq(advise_search_rate(&runners[2]), 48000);
}

Test(bench_advise, two_go_on_however_far_the_second_is_behind)
{
    screen(0, 90000, 9, 15);
    screen(1, 100, 30, 900);
    runners[2].unusable = runners[3].unusable = true;
    advise_screen(&field, 4);
    cr_assert_not(runners[0].out || runners[1].out);
    cr_assert(runners[2].out && runners[3].out);
}

Test(bench_advise, the_number_of_finalists_is_limited)
{
    unsigned left = 0;

    screen_all_alike();
    advise_screen(&field, 3);
    for (unsigned i = 0; i < MODELS; i++)
        left += !runners[i].out;
    cr_assert_eq(left, 3);
}

/* ---- the choice ---- */

Test(bench_advise, more_requests_per_second_win)
{
    struct advise_answer answer;

    screen_all_alike();
    run_rounds(ROUNDS, (double[]){90000, 30000, 60000, 20000}, (double[]){9, 30, 12, 30},
               (double[]){15, 15, 15, 15});
    printed(&answer);
    expect_three_lines();
    cr_assert_eq(answer.chosen, &runners[0]);
    cr_assert_eq(answer.second, &runners[2]);
    cr_assert(answer.kept && answer.shown);
    cr_assert(answer.margin.rate.low < 1.5 && answer.margin.rate.high > 1.5, "%g to %g",
              answer.margin.rate.low, answer.margin.rate.high);
    cr_assert_lt(answer.margin.rate.high - answer.margin.rate.low, 0.1,
                 "what both share must not widen the interval");
    expect_in("choose: epoll: ");
    expect_in("run it: tenk serve epoll --listen :8080\n");
    expect_in("margin: 1.5");
    expect_in("(24 rounds)");
    expect_in("runner-up: io_uring: ");
}

Test(bench_advise, at_equal_rates_the_cheaper_one_wins)
{
    struct advise_answer answer;

    screen_all_alike();
    run_rounds(ROUNDS, (double[]){12000, 12000, 12000, 12000}, (double[]){12, 30, 9, 30},
               (double[]){6, 6, 6, 6});
    printed(&answer);
    cr_assert_eq(answer.chosen, &runners[2]);
    cr_assert_eq(answer.second, &runners[0]);
    cr_assert(answer.shown);
    expect_in("times the requests per second, ");
    expect_in("0.75 [");
}

Test(bench_advise, no_difference_is_said_to_be_none)
{
    struct advise_answer answer;

    runners[1].out = runners[3].out = true;
    screen_all_alike();
    run_rounds(ROUNDS, (double[]){12000, 1, 12000, 1}, (double[]){9, 1, 9, 1}, (double[]){6, 6, 6, 6});
    printed(&answer);
    cr_assert_not(answer.shown);
    expect_in("margin: no difference shown, chosen for the less CPU time it took; ");
}

Test(bench_advise, who_keeps_the_objective_comes_before_who_is_faster)
{
    struct advise_answer answer;

    screen_all_alike();
    run_rounds(ROUNDS, (double[]){90000, 50000, 80000, 20000}, (double[]){9, 30, 12, 30},
               (double[]){25, 12, 25, 30});
    printed(&answer);
    cr_assert_eq(answer.chosen, &runners[1]);
    expect_in("choose: thread_pool with 2000 workers: ");
    expect_in("run it: tenk serve thread_pool --workers 2000 --listen :8080\n");
    expect_in("margin: no other keeps p99<20ms; 0.5");
}

Test(bench_advise, nothing_keeps_the_objective)
{
    struct advise_answer answer;

    screen_all_alike();
    run_rounds(ROUNDS, (double[]){90000, 50000, 80000, 20000}, (double[]){9, 30, 12, 30},
               (double[]){25, 40, 22, 30});
    printed(&answer);
    expect_three_lines();
    cr_assert_not(answer.kept);
    cr_assert_eq(answer.chosen, &runners[2]);
    expect_in("choose: nothing keeps the objective; nearest is io_uring: ");
    expect_in("margin: nothing keeps p99<20ms\n");
    expect_in("runner-up: epoll: ");
}

Test(bench_advise, without_an_objective_every_latency_will_do)
{
    struct advise_answer answer;

    workload.objective = (struct objective){0};
    screen_all_alike();
    advise_screen(&field, 4);
    cr_assert_not(field.open);
    run_rounds(ROUNDS, (double[]){90000, 50000, 80000, 20000}, (double[]){9, 30, 12, 30},
               (double[]){25, 40, 22, 30});
    printed(&answer);
    cr_assert_eq(answer.chosen, &runners[0]);
    expect_in("p99 25.0 ms");
}

Test(bench_advise, one_model_only)
{
    struct advise_answer answer;

    field.count = 1;
    screen(0, 90000, 9, 15);
    advise_screen(&field, 2);
    run_rounds(ROUNDS, (double[]){90000, 0, 0, 0}, (double[]){9, 0, 0, 0}, (double[]){15, 0, 0, 0});
    printed(&answer);
    expect_three_lines();
    cr_assert_eq(answer.chosen, &runners[0]);
    expect_in("margin: nothing to compare with");
    expect_in("runner-up: none\n");
}

Test(bench_advise, no_model_at_all)
{
    struct advise_answer answer;

    for (unsigned i = 0; i < MODELS; i++)
        runners[i].unusable = true;
    advise_screen(&field, 4);
    printed(&answer);
    expect_three_lines();
    cr_assert_null(answer.chosen);
}

Test(bench_advise, the_rates_of_the_client_are_not_compared)
{
    struct advise_answer answer;

    runners[1].out = runners[3].out = true;
    screen_all_alike();
    run_rounds(ROUNDS, (double[]){200000, 1, 170000, 1}, (double[]){6, 1, 4, 1}, (double[]){1, 1, 1, 1});
    for (unsigned i = 0; i < ROUNDS; i++)
        runners[0].rounds[i].client_bound = runners[2].rounds[i].client_bound = true;
    printed(&answer);
    cr_assert_eq(answer.chosen, &runners[2], "the cheaper one, whatever the client made of it");
    expect_in("margin: the client was the limit of both, so rates are not compared; 0.6");
    expect_in("io_uring: at least ");
    cr_assert_null(strstr(text, "times the requests per second"), "%s", text);
}

Test(bench_advise, too_few_rounds_for_an_interval)
{
    struct advise_answer answer;

    screen_all_alike();
    run_rounds(2, (double[]){90000, 30000, 60000, 20000}, (double[]){9, 30, 12, 30},
               (double[]){15, 15, 15, 15});
    printed(&answer);
    cr_assert_not(answer.shown);
    cr_assert_eq(answer.chosen, &runners[0]);
    expect_in("no difference shown, chosen for the higher rate it had; too few rounds for an interval, give "
              "it a larger --budget\n");
}

Test(bench_advise, who_is_shown_to_be_behind_leaves_and_two_stay)
{
    static const double rates[] = {90000, 30000, 60000, 20000}, cpus[] = {9, 30, 12, 30},
                        latencies[] = {15, 15, 15, 15};

    screen_all_alike();
    advise_screen(&field, 4);
    run_rounds(9, rates, cpus, latencies);
    cr_assert_not(advise_prune(&field));
    cr_assert_not(runners[1].out, "too early");
    run_rounds(3, rates, cpus, latencies);
    cr_assert(advise_prune(&field), "two are left, and told apart: enough is known");
    cr_assert(runners[1].out && runners[3].out);
    cr_assert_not(runners[0].out || runners[2].out);
    cr_assert_str_eq(runners[3].why, "epoll is shown to be better");
}

Test(bench_advise, the_next_look_is_when_the_rounds_have_doubled)
{
    static const double alike[] = {90000, 30000, 90000, 20000}, rates[] = {90000, 30000, 60000, 20000},
                        cpus[] = {9, 30, 9, 30}, latencies[] = {15, 15, 15, 15};

    screen_all_alike();
    advise_screen(&field, 4);
    run_rounds(12, alike, cpus, latencies);
    cr_assert_not(advise_prune(&field), "the two that are left are alike");
    run_rounds(11, rates, cpus, latencies);
    cr_assert_not(advise_prune(&field), "every look costs");
    run_rounds(9, rates, cpus, latencies);
    cr_assert(advise_prune(&field));
}

Test(bench_advise, six_rounds_that_agree_are_not_enough)
{
    struct advise_answer answer;

    runners[1].out = runners[3].out = true;
    screen_all_alike();
    run_rounds(6, (double[]){90000, 1, 60000, 1}, (double[]){9, 1, 12, 1}, (double[]){15, 15, 15, 15});
    printed(&answer);
    cr_assert_gt(answer.margin.rate.low, 1, "the interval alone excludes 1");
    cr_assert_not(answer.shown,
                  "of six fair coins all fall alike in one of 32 cases, and three things are asked");
    cr_assert_eq(answer.chosen, &runners[0]);
    expect_in("margin: no difference shown, chosen for the higher rate it had; 1.");
    run_rounds(2, (double[]){90000, 1, 60000, 1}, (double[]){9, 1, 12, 1}, (double[]){15, 15, 15, 15});
    cr_assert(advise_choose(&field).shown);
}

/* In closed loop every median is on one side of the limit or the other, by however little. */
Test(bench_advise, to_keep_the_objective_by_a_hair_is_no_difference)
{
    struct advise_answer answer;

    runners[1].out = runners[3].out = true;
    screen_all_alike();
    run_rounds(ROUNDS, (double[]){12000, 1, 12000, 1}, (double[]){9, 1, 9, 1}, (double[]){20.1, 6, 19.9, 6});
    printed(&answer);
    cr_assert_eq(answer.chosen, &runners[2]);
    cr_assert_not(answer.shown);
    expect_in("margin: no difference shown, but its median keeps p99<20ms; ");
}

Test(bench_advise, a_closed_loop_in_which_nobody_keeps_it_is_given_up)
{
    screen_all_alike();
    advise_screen(&field, 4);
    run_rounds(3, (double[]){9e4, 3e4, 6e4, 2e4}, (double[]){9, 30, 12, 30}, (double[]){25, 25, 25, 25});
    advise_reopen(&field);
    cr_assert(field.open);
    cr_assert_eq(field.rounds, 0);
    cr_assert_not(runners[0].rounds[0].measured);
    cr_assert_eq(advise_search_rate(&runners[0]), 750);
}
