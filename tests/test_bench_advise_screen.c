/*
 * Who stays in the race: after one look at each, in closed loop or open, and as the rounds go on.
 */
#include "made_race.h"

TestSuite(bench_advise_screen, .init = setup, .fini = teardown, .timeout = TIMEOUT_S);

/* ---- screening ---- */

Test(bench_advise_screen, who_keeps_the_objective_in_closed_loop_goes_on)
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

Test(bench_advise_screen, where_it_is_kept_by_a_hair_the_rate_is_searched)
{
    screen_all_alike();
    for (unsigned i = 0; i < MODELS; i++)
        runners[i].screen.latency_us = 19e3;
    advise_screen(&field, 4);
    cr_assert(field.open);
}

Test(bench_advise_screen, where_nobody_keeps_it_the_rate_is_searched)
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

Test(bench_advise_screen, two_go_on_however_far_the_second_is_behind)
{
    screen(0, 90000, 9, 15);
    screen(1, 100, 30, 900);
    runners[2].unusable = runners[3].unusable = true;
    advise_screen(&field, 4);
    cr_assert_not(runners[0].out || runners[1].out);
    cr_assert(runners[2].out && runners[3].out);
}

Test(bench_advise_screen, the_number_of_finalists_is_limited)
{
    unsigned left = 0;

    screen_all_alike();
    advise_screen(&field, 3);
    for (unsigned i = 0; i < MODELS; i++)
        left += !runners[i].out;
    cr_assert_eq(left, 3);
    cr_assert_eq(field.alike, MODELS - 3, "they are mentioned");
}

Test(bench_advise_screen, a_second_look_is_for_those_whom_it_can_help)
{
    runners[3].screen.rate_per_s = 25000;
    strcpy(runners[3].why, "it served 508 of 2000 clients");
    cr_assert_not(advise_hopeless(&field, &runners[3]), "nobody was looked at before");
    screen(0, 90000, 9, 25);
    screen(2, 88000, 8, 25);
    runners[2].unusable = true;
    cr_assert_not(advise_hopeless(&field, &runners[3]), "two are needed");
    runners[2].unusable = false;
    cr_assert(advise_hopeless(&field, &runners[3]));
    cr_assert_str_eq(runners[3].why,
                     "it served 508 of 2000 clients, 25.0k requests per second, far fewer than others");
    runners[3].screen.rate_per_s = 70000;
    cr_assert_not(advise_hopeless(&field, &runners[3]));
}

/* ---- between rounds ---- */

Test(bench_advise_screen, who_is_shown_to_be_behind_leaves_and_two_stay)
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

Test(bench_advise_screen, the_next_look_is_when_the_rounds_have_doubled)
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

Test(bench_advise_screen, a_closed_loop_in_which_nobody_keeps_it_is_given_up)
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
