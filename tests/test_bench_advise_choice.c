/*
 * Who is chosen after the rounds, and what is said of the margin.
 */
#include "made_race.h"

TestSuite(bench_advise_choice, .init = setup, .fini = teardown, .timeout = TIMEOUT_S);

/* ---- the choice ---- */

Test(bench_advise_choice, more_requests_per_second_win)
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

Test(bench_advise_choice, at_equal_rates_the_cheaper_one_wins)
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

Test(bench_advise_choice, no_difference_is_said_to_be_none)
{
    struct advise_answer answer;

    runners[1].out = runners[3].out = true;
    screen_all_alike();
    run_rounds(ROUNDS, (double[]){12000, 1, 12000, 1}, (double[]){9, 1, 9, 1}, (double[]){6, 6, 6, 6});
    printed(&answer);
    cr_assert_not(answer.shown);
    expect_in("margin: no difference shown, chosen for the less CPU time it took; ");
}

/* The machine slowed down: the medians say the one, the rounds the other; what is printed decides. */
Test(bench_advise_choice, the_rounds_decide_and_not_the_medians)
{
    struct advise_answer answer;

    runners[1].out = runners[3].out = true;
    screen_all_alike();
    for (unsigned i = 0; i < 9; i++) {
        runners[0].rounds[i] = sample(12000, 10 + i, 6);
        runners[2].rounds[i] = sample(12000, (10 + i) * (i < 5 ? 1.02 : 0.80), 6);
    }
    field.rounds = 9;
    printed(&answer);
    cr_assert_gt(answer.figures.cpu_us, answer.second_figures.cpu_us);
    cr_assert_eq(answer.chosen, &runners[0]);
    cr_assert_not(answer.shown);
    expect_in("chosen for the less CPU time it took; ");
    expect_in(", 0.98 [");
}

Test(bench_advise_choice, who_keeps_the_objective_comes_before_who_is_faster)
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

Test(bench_advise_choice, nothing_keeps_the_objective)
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

Test(bench_advise_choice, without_an_objective_every_latency_will_do)
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

Test(bench_advise_choice, one_model_only)
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

Test(bench_advise_choice, no_model_at_all)
{
    struct advise_answer answer;

    for (unsigned i = 0; i < MODELS; i++)
        runners[i].unusable = true;
    advise_screen(&field, 4);
    printed(&answer);
    expect_three_lines();
    cr_assert_null(answer.chosen);
}

Test(bench_advise_choice, the_rates_of_the_client_are_not_compared)
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

Test(bench_advise_choice, too_few_rounds_for_an_interval)
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

Test(bench_advise_choice, six_rounds_that_agree_are_not_enough)
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
    expect_in("(6 rounds, too few to show a difference: give it a larger --budget)\n");
    run_rounds(2, (double[]){90000, 1, 60000, 1}, (double[]){9, 1, 12, 1}, (double[]){15, 15, 15, 15});
    cr_assert(advise_choose(&field).shown);
}

/* In closed loop every median is on one side of the limit or the other, by however little. */
Test(bench_advise_choice, to_keep_the_objective_by_a_hair_is_no_difference)
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
