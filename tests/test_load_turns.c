/*
 * Turns of load clients: whose it is at which time, and what a client does in those of others.
 */
#include <criterion/criterion.h>

#include "../clients/load_turns.c"
#include "clock.h"
#include "fixture.h"
#include "liar.h"
#include "load_outcome.h"
#include "random.h"

enum { CLIENTS = 3, CYCLES = 600 };

TestSuite(load_turns, .timeout = 60);

static const int64_t length_ns = 5 * NS_PER_MS;

/* The order of a cycle: a digit for each turn. Each client has one turn of it, and the rest at its end. */
static int order_of(int64_t cycle)
{
    int64_t zero_ns = cycle * CLIENTS * length_ns;
    int order = 0;

    for (unsigned place = 0; place < CLIENTS; place++) {
        struct load_turn turn = {.place = place, .of = CLIENTS, .length_ns = length_ns};
        int64_t begin_ns, end_ns, behind;

        load_turn_next(&turn, zero_ns, &begin_ns, &end_ns);
        behind = (begin_ns - zero_ns) / length_ns;
        cr_assert_eq(begin_ns, zero_ns + behind * length_ns);
        cr_assert_eq(end_ns, begin_ns + length_ns * 9 / 10);
        cr_assert(behind >= 0 && behind < CLIENTS, "cycle %lld, client %u: turn %lld", (long long)cycle,
                  place, (long long)behind);
        order += (int)place * (behind == 0 ? 100 : behind == 1 ? 10 : 1);
    }
    return order;
}

Test(load_turns, each_has_one_in_every_cycle)
{
    static const int orders[] = {12, 21, 102, 120, 201, 210};
    int64_t first = (int64_t)random_start() % 1000000 * 2;
    unsigned seen[6] = {0};

    for (int64_t cycle = first; cycle < first + CYCLES; cycle += 2) {
        int forth = order_of(cycle), back = order_of(cycle + 1), which = 5;

        cr_assert_eq(back, forth % 10 * 100 + forth / 10 % 10 * 10 + forth / 100,
                     "every second cycle runs backwards");
        while (which > 0 && orders[which] != forth)
            which--;
        cr_assert_eq(orders[which], forth, "%03d is no order", forth);
        seen[which]++;
    }
    for (int i = 0; i < 6; i++) /* 50 of 300 are expected: fewer than 15 in one of a hundred million runs */
        cr_assert_geq(seen[i], 15, "the order %03d came %u times", orders[i], seen[i]);
}

Test(load_turns, the_next_is_the_first_that_is_not_over)
{
    struct load_turn turn = {.place = 1, .of = CLIENTS, .length_ns = length_ns};
    int64_t now_ns = 0, begin_ns = 0, end_ns = 0, last_ns = 0;

    random_start();
    for (int i = 0; i < CYCLES; i++) {
        load_turn_next(&turn, now_ns, &begin_ns, &end_ns);
        cr_assert_gt(end_ns, now_ns);
        cr_assert_geq(begin_ns, last_ns);
        cr_assert_lt(begin_ns - now_ns, 2 * CLIENTS * length_ns);
        last_ns = begin_ns;
        now_ns += (int64_t)(random_u64() % (uint64_t)length_ns);
    }
}

Test(load_turns, alone_it_is_always_ours)
{
    struct load_worker worker = {.now_ns = NS_PER_S};

    cr_assert_not(load_turns_step(&worker));
    cr_assert(load_turns_ours(&worker));
}

/* ---- the program ---- */

static struct liar liar;
static struct load_outcome outcome;

static double number(const char *path)
{
    return load_outcome_number(&outcome, path);
}

/* Of two seconds in turns a client measures one, less the rests; the liar takes 1 ms, so at most 20 per turn.
 */
static void expect_turns(const char *requests)
{
    static const char *const turns[] = {"0/2:20ms", "1/2:20ms"};
    double measured_s;

    liar_start(&liar, &(struct liar_plan){.lie = LIAR_HONEST, .wait_ms = 1});
    load_outcome_run(
        &outcome, liar.target,
        (const char *[]){"-c", "4", "-k", requests, "-d", "2s", "--turn", turns[random_start() % 2], NULL});
    liar_stop(&liar);
    measured_s = number("duration_s");
    cr_assert_eq(outcome.end.status, 0, "%s", outcome.end.out);
    cr_assert(measured_s > 0.8 && measured_s < 1.9, "it does not pause: %s", outcome.end.out);
    cr_assert_leq(number("requests"), 4 * 51 * 20, "it asks when it is not its turn: %s", outcome.end.out);
    cr_assert_float_eq(number("rate_per_s"), number("requests") / measured_s, 0.001);
    cr_assert(number("littles_law.deviation") < 0.02 && number("littles_law.deviation") > -0.02, "%s",
              outcome.end.out);
    cr_assert_eq(load_outcome_count(&outcome, "connections.served"), 4, "%s", outcome.end.out);
    cr_assert_eq(load_outcome_count(&outcome, "total.requests") +
                     load_outcome_count(&outcome, "total.unanswered"),
                 liar.requests, "%s", outcome.end.out);
    load_outcome_close(&outcome);
}

Test(load_turns, a_client_asks_in_its_own)
{
    expect_turns("0");
}

Test(load_turns, a_client_connects_in_its_own)
{
    expect_turns("1");
}
