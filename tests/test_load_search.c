/*
 * What tenk-load searches and how it judges, without a server: rates and objectives as text, the bisection
 * against servers that are made up, the verdict of a measurement.
 */
#include <criterion/criterion.h>

#include "../clients/load_rates.c"
#include "../clients/load_stats.c"
#include "../clients/load_verdict.c"
#include "objective.h"
#include "random.h"
#include "rate_search.h"

/* ---- --rate ---- */

TestSuite(load_rates, .timeout = 60);

Test(load_rates, one_and_several)
{
    struct load_rates rates;

    cr_assert_null(load_rates_parse("5000", &rates));
    cr_assert(rates.count == 1 && rates.items[0] == 5000);
    cr_assert_null(load_rates_parse("1k,2.5k,1M", &rates));
    cr_assert(rates.count == 3 && rates.items[0] == 1000 && rates.items[1] == 2500 &&
              rates.items[2] == 1000000);
}

Test(load_rates, what_is_not_a_rate_is_refused)
{
    static const char *const wrong[] = {
        "",
        "0",
        "1k,",
        ",1k",
        "1k,,2k",
        "1k 2k",
        "-1",
        "fast",
        "1k,0",
        "101M",
        "1000000000000000000000000000000000",
    };
    struct load_rates rates;

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        const char *sentence = load_rates_parse(wrong[i], &rates);

        cr_assert(sentence != NULL && strstr(sentence, "--rate"), "\"%s\" was taken", wrong[i]);
    }
}

Test(load_rates, ladder_has_a_limit)
{
    char text[2 * (LOAD_STEPS_MAX + 1)] = "";
    struct load_rates rates;

    for (int i = 0; i < LOAD_STEPS_MAX; i++)
        strcat(text, i > 0 ? ",1" : "1");
    cr_assert_null(load_rates_parse(text, &rates));
    cr_assert_eq(rates.count, LOAD_STEPS_MAX);
    strcat(text, ",1");
    cr_assert_not_null(load_rates_parse(text, &rates));
}

/* ---- objectives ---- */

TestSuite(objective, .timeout = 60);

static void check_percent(const char *text, double percent, int64_t limit_ns)
{
    struct objective objective;

    cr_assert_null(objective_parse(text, &objective), "%s", text);
    cr_assert_eq(objective.kind, OBJECTIVE_PERCENTILE);
    cr_assert_float_eq(objective.percent, percent, 1e-9, "%s is %f", text, objective.percent);
    cr_assert_eq(objective.limit_ns, limit_ns);
}

Test(objective, percentiles)
{
    check_percent("p99<10ms", 99, 10000000);
    check_percent("p50<80us", 50, 80000);
    check_percent("p99.9<1s", 99.9, 1000000000);
    check_percent("p999<1s", 99.9, 1000000000);
    check_percent("p9999<1s", 99.99, 1000000000);
    check_percent("p5<1s", 5, 1000000000);
}

Test(objective, mean_and_maximum)
{
    struct objective objective;

    cr_assert_null(objective_parse("mean<2ms", &objective));
    cr_assert_eq(objective.kind, OBJECTIVE_MEAN);
    cr_assert_null(objective_parse("max<1s", &objective));
    cr_assert_eq(objective.kind, OBJECTIVE_MAX);
}

Test(objective, what_is_not_an_objective_is_refused)
{
    static const char *const wrong[] = {
        "",
        "p",
        "p99",
        "p99<",
        "p<1ms",
        "<1ms",
        "p99>1ms",
        "p99<0",
        "p99<-1ms",
        "p99<soon",
        "p0<1ms",
        "p100<1ms",
        "p99.9.9<1ms",
        "pp<1ms",
        "p99 <1ms",
        "median<1ms",
        "99<1ms",
        "p99.99999999999<1ms",
    };
    struct objective objective;

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        const char *sentence = objective_parse(wrong[i], &objective);

        cr_assert(sentence != NULL && strstr(sentence, "a latency and its limit"), "\"%s\" was taken",
                  wrong[i]);
    }
}

/* ---- the search ---- */

TestSuite(rate_search, .timeout = 60);

static struct rate_search search;

/* Searches on a server that holds up to `capacity`; one measurement in `wrong_every` says the opposite. */
static size_t run_search(uint64_t from, uint64_t capacity, unsigned wrong_every)
{
    uint64_t rate;

    rate_search_open(&search, from, from / 256 + 1, 100000000);
    while ((rate = rate_search_next(&search)) != 0) {
        bool lie = wrong_every > 0 && random_u64() % wrong_every == 0;

        cr_assert(rate >= search.least && rate <= search.most, "rate %lu", (unsigned long)rate);
        rate_search_note(&search, rate, (rate <= capacity) != lie);
    }
    return search.steps;
}

static void check_bracket(uint64_t capacity)
{
    uint64_t holds = rate_search_holds(&search), fails = rate_search_fails(&search);

    cr_assert(holds <= capacity && capacity < fails, "%lu is not in %lu ... %lu", (unsigned long)capacity,
              (unsigned long)holds, (unsigned long)fails);
    cr_assert((double)fails <= (double)holds * RATE_SEARCH_PRECISION || fails == holds + 1,
              "%lu ... %lu is too wide", (unsigned long)holds, (unsigned long)fails);
    cr_assert(rate_search_confirmed(&search));
}

Test(rate_search, finds_the_capacity_wherever_it_lies)
{
    for (uint64_t capacity = 40; capacity < 1000000; capacity = capacity * 5 / 4 + 1) {
        cr_assert_leq(run_search(1000, capacity, 0), 40);
        check_bracket(capacity);
    }
}

Test(rate_search, near_the_first_guess_it_is_short)
{
    cr_assert_leq(run_search(75000, 90000, 0), 12);
    check_bracket(90000);
}

Test(rate_search, small_rates_are_found_to_the_request)
{
    for (uint64_t capacity = 1; capacity < 30; capacity++) {
        run_search(10, capacity, 0);
        check_bracket(capacity);
    }
}

/* A disturbed measurement moves nothing, unless the same rate is disturbed twice. */
Test(rate_search, one_wrong_measurement_is_outvoted)
{
    for (size_t wrong = 0; wrong < 14; wrong++) {
        uint64_t rate;

        rate_search_open(&search, 75000, 100, 100000000);
        for (size_t i = 0; (rate = rate_search_next(&search)) != 0; i++)
            rate_search_note(&search, rate, i != wrong && rate <= 90000);
        check_bracket(90000);
    }
}

Test(rate_search, always_ends_whatever_is_measured)
{
    uint64_t seed = random_start();

    for (int i = 0; i < 200; i++) {
        size_t count =
            run_search(1 + random_u64() % 1000000, random_u64() % 2000000, 1 + (unsigned)(random_u64() % 4));

        cr_assert_leq(count, LOAD_STEPS_MAX, "seed %lu", seed);
        cr_assert(rate_search_holds(&search) == 0 || rate_search_fails(&search) == 0 ||
                      rate_search_holds(&search) < rate_search_fails(&search),
                  "seed %lu", seed);
    }
}

Test(rate_search, objective_that_nothing_keeps)
{
    run_search(100000, 0, 0);
    cr_assert_eq(rate_search_holds(&search), 0);
    cr_assert_eq(rate_search_fails(&search), search.least);
    cr_assert_not(rate_search_confirmed(&search));
}

Test(rate_search, server_without_a_limit)
{
    run_search(1000000, UINT64_MAX, 0);
    cr_assert_eq(rate_search_holds(&search), search.most);
    cr_assert_eq(rate_search_fails(&search), 0);
    cr_assert(rate_search_confirmed(&search));
}

Test(rate_search, answer_that_does_not_hold_again_is_not_the_answer)
{
    uint64_t rate;
    unsigned times = 0;

    rate_search_open(&search, 1000, 10, 1000000);
    while ((rate = rate_search_next(&search)) != 0)
        rate_search_note(&search, rate, rate < 1000 || (rate == 1000 && times++ == 0));
    cr_assert_lt(rate_search_holds(&search), 1000);
    cr_assert_eq(rate_search_fails(&search), 1000);
    cr_assert(rate_search_confirmed(&search));
}

/* ---- verdicts ---- */

static struct load_result result;
static double shares[1];

/* A second of open loop in which everything went well. */
static void setup(void)
{
    result = (struct load_result){
        .rate_asked = 1000, .duration_ns = 1000000000, .served = 1, .asked = 1, .threads = 1};
    shares[0] = 0.5;
    result.thread_shares = shares;
    cr_assert(load_stats_open(&result.window) == 0);
    result.window.due = result.window.sent = result.window.requests = 1000;
    for (int i = 0; i < 1000; i++)
        histogram_record(&result.window.latency, 2000000);
}

static void teardown(void)
{
    load_stats_close(&result.window);
}

TestSuite(load_verdict, .init = setup, .fini = teardown, .timeout = 60);

static void check_verdict(const struct objective *objective, const char *expected)
{
    cr_assert_str_eq(load_verdict_text(load_verdict_of(&result, objective)), expected);
}

static void send_late(void)
{
    for (int i = 0; i < 1000; i++)
        histogram_record(&result.window.lag, 1500000);
}

Test(load_verdict, good)
{
    check_verdict(NULL, "good");
}

Test(load_verdict, objective_is_kept_below_its_limit_only)
{
    struct objective objective = {.kind = OBJECTIVE_MAX, .limit_ns = 2000001};

    check_verdict(&objective, "good");
    objective.limit_ns = 2000000;
    check_verdict(&objective, "objective-missed");
    result.rate_asked = 0;
    check_verdict(&objective, "good");
}

Test(load_verdict, nothing_and_errors)
{
    result.window.errors[LOAD_ERROR_RESET] = 1;
    check_verdict(NULL, "errors");
    result.window.requests = 0;
    check_verdict(NULL, "nothing-served");
}

Test(load_verdict, overload_is_the_servers_unless_the_client_was_busy)
{
    struct objective objective = {.kind = OBJECTIVE_MAX, .limit_ns = INT64_MAX};

    result.window.requests = 980;
    check_verdict(&objective, "overloaded");
    shares[0] = 0.95;
    check_verdict(&objective, "client-bound");
}

/* Lateness counts in the latency: what is kept in spite of it is kept. */
Test(load_verdict, late_sends)
{
    struct objective objective = {.kind = OBJECTIVE_MAX, .limit_ns = 3000000};

    send_late();
    check_verdict(NULL, "sent-late");
    check_verdict(&objective, "good");
    objective.limit_ns = 1000000;
    check_verdict(&objective, "sent-late");
    shares[0] = 0.95;
    check_verdict(&objective, "client-bound");
}

Test(load_verdict, closed_loop_with_a_busy_client)
{
    result.rate_asked = 0;
    result.window.due = 0;
    shares[0] = 0.95;
    check_verdict(NULL, "client-bound");
}

Test(load_verdict, starved)
{
    result.starved = 1;
    check_verdict(NULL, "starved");
}
