/*
 * The plan: who is measured when; and what clients print.
 */
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "plan_setting.h"

enum { TIMEOUT_S = 30 };

TestSuite(bench_plan, .timeout = TIMEOUT_S);

/* ---- rounds ---- */

static unsigned count_of(unsigned round, unsigned connections, const char *model, int copy,
                         enum client_kind client)
{
    unsigned count = 0;

    for (unsigned i = 0; i < plan.count; i++) {
        const struct slice *slice = &plan.slices[i];

        count += !slice->cost && slice->round == round && slice->connections == connections &&
                 slice->client == client && (copy < 0 || slice->copy == (unsigned)copy) &&
                 strcmp(scenario.models.items[slice->model], model) == 0;
    }
    return count;
}

Test(bench_plan, each_round_has_every_model_once_and_the_control_twice)
{
    make_scenario();
    make_plan(1);
    cr_assert_eq(plan.count, ROUNDS * 2 * (3 + 2));
    for (unsigned round = 0; round < ROUNDS; round++)
        for (unsigned c = 1; c <= 64; c += 63) {
            cr_assert_eq(count_of(round, c, "epoll", -1, CLIENT_TENK_LOAD), 1);
            cr_assert_eq(count_of(round, c, "pool", -1, CLIENT_TENK_LOAD), 1);
            cr_assert_eq(count_of(round, c, "select", -1, CLIENT_TENK_LOAD), 1);
            cr_assert_eq(count_of(round, c, "ceiling", 0, CLIENT_TENK_LOAD), 1);
            cr_assert_eq(count_of(round, c, "ceiling", 1, CLIENT_TENK_LOAD), 1);
            cr_assert_eq(count_of(round, c, "uring", -1, CLIENT_TENK_LOAD), 0, "it cannot run here");
        }
    plan_free(&plan);
}

Test(bench_plan, odd_rounds_run_backwards)
{
    unsigned per_round;

    make_scenario();
    make_plan(99);
    per_round = plan.count / ROUNDS;
    for (unsigned i = 0; i < per_round; i++) {
        const struct slice *there = &plan.slices[i], *back = &plan.slices[2 * per_round - 1 - i];

        cr_assert_eq(there->round, 0);
        cr_assert_eq(back->round, 1);
        cr_assert_eq(there->model, back->model);
        cr_assert_eq(there->copy, back->copy);
        cr_assert_eq(there->connections, back->connections);
    }
    plan_free(&plan);
}

Test(bench_plan, models_at_one_connection_count_stand_together)
{
    unsigned changes = 0;

    make_scenario();
    make_plan(3);
    for (unsigned i = 1; i < plan.count / ROUNDS; i++)
        changes += plan.slices[i].connections != plan.slices[i - 1].connections;
    cr_assert_eq(changes, 1, "pairs must be measured within seconds of each other");
    plan_free(&plan);
}

static void order_of(uint64_t seed, unsigned order[64])
{
    make_plan(seed);
    for (unsigned i = 0; i < plan.count && i < 64; i++)
        order[i] = plan.slices[i].model * 2 + plan.slices[i].copy;
    plan_free(&plan);
}

Test(bench_plan, the_seed_makes_the_order)
{
    unsigned first[64] = {0}, again[64] = {0}, other[64] = {0};

    make_scenario();
    order_of(5, first);
    order_of(5, again);
    order_of(6, other);
    cr_assert_eq(memcmp(first, again, sizeof(first)), 0);
    cr_assert_neq(memcmp(first, other, sizeof(first)), 0);
}

/* Over many seeds every model must come first about as often as any other: 5 places, 500 seeds. */
Test(bench_plan, nobody_is_favoured)
{
    unsigned first[SCENARIO_LIST_MAX] = {0};

    make_scenario();
    for (uint64_t seed = 0; seed < 500; seed++) {
        make_plan(seed * 7919);
        first[plan.slices[0].model]++;
        plan_free(&plan);
    }
    for (unsigned i = 0; i < scenario.models.count; i++) {
        bool control = strcmp(scenario.models.items[i], "ceiling") == 0;
        unsigned due = control ? 200 : 100;

        if (strcmp(scenario.models.items[i], "uring") == 0)
            continue;
        cr_assert(first[i] > due * 6 / 10 && first[i] < due * 14 / 10, "%s was first %u times of 500",
                  scenario.models.items[i], first[i]);
    }
}

Test(bench_plan, servers_start_anew_every_rounds_per_start)
{
    make_scenario();
    make_plan(1);
    cr_assert_eq(plan.blocks, 2);
    for (unsigned i = 0; i < plan.count; i++)
        cr_assert_eq(plan.slices[i].block, plan.slices[i].round / 2);
    plan_free(&plan);
}

/* ---- the witness and the cost slices ---- */

Test(bench_plan, wrk_runs_in_its_own_rounds_and_places)
{
    unsigned rounds = 0;

    make_scenario();
    strcpy(scenario.clients.items[scenario.clients.count++], "wrk");
    scenario.wrk_connections = (struct count_list){.items = {64}, .count = 1};
    make_plan(1);
    for (unsigned round = 0; round < ROUNDS; round++) {
        rounds += count_of(round, 64, "epoll", -1, CLIENT_WRK);
        cr_assert_eq(count_of(round, 1, "epoll", -1, CLIENT_WRK), 0);
        cr_assert_leq(count_of(round, 64, "ceiling", -1, CLIENT_WRK), 1,
                      "one control is enough for a witness");
    }
    cr_assert_eq(rounds, scenario.wrk_rounds);
    plan_free(&plan);
}

Test(bench_plan, cost_slices_come_last_each_model_in_a_start_of_its_own)
{
    unsigned costs = 0, last_block = 1, last_model = UINT32_MAX;

    make_scenario();
    scenario.cost_slice_ns = NS_PER_S / 4;
    make_plan(1);
    for (unsigned i = 0; i < plan.count; i++) {
        const struct slice *slice = &plan.slices[i];

        cr_assert_eq(slice->index, i);
        cr_assert(slice->cost || costs == 0, "a timing slice after a cost slice");
        costs += slice->cost;
        if (slice->cost && slice->model != last_model)
            cr_assert_eq(slice->block, ++last_block);
        last_model = slice->cost ? slice->model : last_model;
    }
    cr_assert_eq(costs, 4 * 2);
    cr_assert_eq(plan.blocks, last_block + 1);
    plan_free(&plan);
}

Test(bench_plan, searches_take_the_place_of_rounds)
{
    unsigned per_search = PLAN_SEARCH_STEPS * 2 * 5; /* steps, connection counts, models and the copy */

    make_scenario();
    strcpy(scenario.capacity, "p99<10ms");
    scenario.searches = 3;
    scenario.cost_slice_ns = NS_PER_S / 4;
    make_plan(1);
    cr_assert_eq(plan.count, 3 * per_search, "no rounds, and no cost slices");
    cr_assert_eq(plan.blocks, 3, "servers are started anew for each search");
    for (unsigned i = 0; i < plan.count; i++) {
        const struct slice *slice = &plan.slices[i];

        cr_assert(slice->search);
        cr_assert_str_eq(slice_kind(slice), "search");
        cr_assert_eq(slice->round, i / per_search);
        cr_assert_eq(slice->block, slice->round);
        cr_assert_eq(slice->step, i % per_search / 10, "the steps of all models run in turn");
    }
    cr_assert_leq(plan_expected_ns(&plan, &scenario, NULL), 3 * 10 * PLAN_SEARCH_USUAL * 2 * NS_PER_S);
    plan_free(&plan);
}

Test(bench_plan, loads_come_after_the_searches)
{
    unsigned searches = 2 * PLAN_SEARCH_STEPS * 2 * 5, per_round = 2 * 3 * 5;

    make_scenario();
    strcpy(scenario.capacity, "p99<10ms");
    scenario.searches = 2;
    scenario.load = (struct share_list){.items = {0.25, 0.5, 0.9}, .count = 3};
    make_plan(1);
    cr_assert_eq(plan.count, searches + ROUNDS * per_round);
    cr_assert_eq(plan.blocks, 2 + ROUNDS / 2);
    for (unsigned i = searches; i < plan.count; i++) {
        const struct slice *slice = &plan.slices[i], *back;
        unsigned round = (i - searches) / per_round, place = (i - searches) % per_round;

        cr_assert_str_eq(slice_kind(slice), "load");
        cr_assert_eq(slice->round, round);
        cr_assert_eq(slice->block, 2 + round / 2);
        back = &plan.slices[searches + (round ^ 1) * per_round + per_round - 1 - place];
        cr_assert_eq(slice->load, back->load, "odd rounds run backwards");
        cr_assert_eq(slice->model, back->model);
    }
    plan_free(&plan);
}

Test(bench_plan, expected_time_counts_what_is_left)
{
    bool done[64] = {false};
    int64_t whole_ns;

    make_scenario();
    make_plan(1);
    whole_ns = plan_expected_ns(&plan, &scenario, NULL);
    cr_assert_gt(whole_ns, (int64_t)plan.count * NS_PER_S);
    done[0] = true;
    cr_assert_eq(plan_expected_ns(&plan, &scenario, done),
                 whole_ns - slice_expected_ns(&plan.slices[0], &scenario));
    memset(done, true, sizeof(done));
    cr_assert_eq(plan_expected_ns(&plan, &scenario, done), 0);
    plan_free(&plan);
}

/* ---- what clients print ---- */

static struct row parsed;

static int parse(enum client_kind client, const char *text)
{
    cr_assert_eq(row_open(&parsed, &sample_columns), 0);
    return client_parse(client, text, &parsed);
}

Test(bench_plan, wrk_json_stands_after_its_own_summary)
{
    static const char text[] =
        "Running 1s test @ http://127.0.0.1:1/\n  1 threads and 64 connections\nRequests/sec:  10.00\n"
        "{\"requests\": 10, \"duration_s\": 1.0, \"rate_per_s\": 10.0, \"bytes_in\": 1300, \"latency_us\": "
        "{\"mean\": 5.0, "
        "\"min\": 1.0, \"p50\": 4.0, \"p90\": 8.0, \"p99\": 9.0, \"p999\": 9.5, \"max\": 10.0}, \"errors\": "
        "{\"connect\": 1, "
        "\"read\": 2, \"write\": 3, \"status\": 4, \"timeout\": 5, \"total\": 15}}\n";

    cr_assert_eq(parse(CLIENT_WRK, text), 0);
    cr_assert_eq(row_number(&parsed, SAMPLE_requests_per_s), 10);
    cr_assert_eq(row_number(&parsed, SAMPLE_latency_p99_us), 9);
    cr_assert_eq(row_number(&parsed, SAMPLE_errors_reset), 5, "read and write errors");
    cr_assert_eq(row_number(&parsed, SAMPLE_errors_status), 4);
    cr_assert_eq(row_number(&parsed, SAMPLE_errors_total), 15);
    cr_assert_not(row_has(&parsed, SAMPLE_connections_served), "wrk does not tell");
    cr_assert_not(row_has(&parsed, SAMPLE_errors_content), "wrk does not look");
    row_close(&parsed);
}

Test(bench_plan, load_json)
{
    static const char text[] =
        "{\n  \"requests\": 100, \"duration_s\": 0.5, \"rate_per_s\": 200.0,\n  \"offered_per_s\": null,\n"
        "  \"connections\": {\"asked\": 64, \"served\": 8, \"starved\": 56, \"refused\": 0, \"opened\": "
        "64},\n"
        "  \"littles_law\": {\"expected\": 8, \"measured\": 8.1, \"deviation\": 0.0125},\n"
        "  \"total\": {\"requests\": 150, \"errors\": 0, \"unanswered\": 3}\n}\n";

    cr_assert_eq(parse(CLIENT_TENK_LOAD, text), 0);
    cr_assert_eq(row_number(&parsed, SAMPLE_requests_total), 150);
    cr_assert_eq(row_number(&parsed, SAMPLE_requests_unanswered), 3);
    cr_assert_eq(row_number(&parsed, SAMPLE_connections_served), 8);
    cr_assert_eq(row_number(&parsed, SAMPLE_littles_law_deviation), 0.0125);
    cr_assert_not(row_has(&parsed, SAMPLE_rate_offered_per_s), "closed loop");
    row_close(&parsed);
}

Test(bench_plan, no_result_is_no_result)
{
    cr_assert_eq(parse(CLIENT_WRK, "unable to connect to 127.0.0.1:1 Connection refused\n"), -1);
    row_close(&parsed);
    cr_assert_eq(parse(CLIENT_TENK_LOAD, ""), -1);
    row_close(&parsed);
    cr_assert_eq(parse(CLIENT_TENK_LOAD, "{\"requests\": 5, \"dura"), -1);
    row_close(&parsed);
}
