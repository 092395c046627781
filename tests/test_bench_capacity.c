/*
 * The search for a capacity, against servers that are made up: rows as a slice would leave them, and what is
 * found in them.
 */
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../bench/capacity.c"
#include "../bench/capacity_table.c"
#include "../bench/columns.c"
#include "../bench/failure.c"
#include "../bench/ranks.c"
#include "../bench/samples.c"
#include "../bench/statistics.c"
#include "../bench/verdict.c"

enum { TIMEOUT_S = 60, CONNECTIONS = 64, SEARCHES = 5 };

/* None of the models here comes from a registry. */
const struct model *registry_find(const struct registry *registry, const char *name)
{
    (void)registry;
    (void)name;
    return NULL;
}

static struct session_part part;
static struct session session;
static struct capacity_table table;

static void setup(void)
{
    part = (struct session_part){.scenario = {
                                     .name = "t",
                                     .capacity = "p99<10ms",
                                     .control = "loop",
                                     .models = {.items = {"loop", "pool"}, .count = 2},
                                     .connections = {.items = {CONNECTIONS}, .count = 1},
                                     .searches = SEARCHES,
                                 }};
    session = (struct session){.parts = &part, .part_count = 1, .seed = 1};
}

static void teardown(void)
{
    capacity_table_free(&table);
    samples_free(&session.samples);
}

TestSuite(bench_capacity, .init = setup, .fini = teardown, .timeout = TIMEOUT_S);

/* ---- a server that is made up ---- */

/* Below its capacity it answers in 1 ms, above it in 100 ms. */
struct server {
    const char *model;
    double capacity_per_s;
    double latency_us;  /* below its capacity; 0: 1 ms */
    const char *reason; /* of every open-loop slice that misses its objective; NULL: none */
    unsigned noisy;     /* so many open-loop slices are disturbed first */
    unsigned served;    /* 0: all */
    unsigned fault;     /* the step that meets with a fault; 0: none */
};

static struct row *add_slice(const struct server *server, unsigned copy, unsigned number, double rate)
{
    static unsigned slices;
    struct row *row = samples_add(&session.samples);

    cr_assert_not_null(row);
    row_set_text(row, SAMPLE_kind, "search");
    row_set_text(row, SAMPLE_scenario, "t");
    row_set_text(row, SAMPLE_model, server->model);
    row_set(row, SAMPLE_connections, CONNECTIONS);
    row_set(row, SAMPLE_connections_served, server->served > 0 ? server->served : CONNECTIONS);
    row_set(row, SAMPLE_copy, copy);
    row_set(row, SAMPLE_search, number);
    row_set(row, SAMPLE_start, number);
    row_set(row, SAMPLE_slice, slices++);
    row_set(row, SAMPLE_attempt, 0);
    row_set_text(row, SAMPLE_verdict, "VALID");
    row_set(row, SAMPLE_requests_per_s, server->capacity_per_s * 1.1);
    row_set(row, SAMPLE_latency_p99_us, 20000);
    if (rate > 0) {
        bool kept = rate <= server->capacity_per_s;

        row_set(row, SAMPLE_rate_offered_per_s, rate);
        row_set(row, SAMPLE_requests_per_s, fmin(rate, server->capacity_per_s));
        row_set(row, SAMPLE_latency_p99_us,
                !kept                    ? 100000
                : server->latency_us > 0 ? server->latency_us
                                         : 1000);
        row_set_text(row, SAMPLE_reason, kept ? NULL : server->reason ? server->reason : "overloaded");
    }
    return row;
}

static struct capacity_place place_at(const char *model, unsigned copy, unsigned number)
{
    return (struct capacity_place){.scenario = &part.scenario,
                                   .model = model,
                                   .copy = copy,
                                   .connections = CONNECTIONS,
                                   .search = number};
}

/* Runs one search to its end. */
static struct capacity_search search_once(const struct server *server, unsigned copy, unsigned number)
{
    struct capacity_place place = place_at(server->model, copy, number);
    struct capacity_search search;
    unsigned steps = 0;

    for (;;) {
        struct row *row;

        capacity_look(&search, &session.samples, &place);
        cr_assert_eq(search.steps, steps, "every row is looked at once");
        if (search.state != CAPACITY_SEARCHING)
            return search;
        cr_assert_lt(steps, PLAN_SEARCH_STEPS, "more steps than are planned");
        row = add_slice(server, copy, number, search.rate_per_s);
        if (steps > 0 && steps <= server->noisy) {
            row_set(row, SAMPLE_latency_p99_us, 50000);
            row_set(row, SAMPLE_requests_per_s, search.rate_per_s);
            row_set_text(row, SAMPLE_reason, "noisy");
        }
        if (server->fault > 0 && steps == server->fault)
            row_set_text(row, SAMPLE_reason, "wrong-answer");
        steps++;
    }
}

/* ---- one search ---- */

Test(bench_capacity, begins_with_the_closed_loop)
{
    struct capacity_place place = place_at("loop", 0, 0);
    struct capacity_search search;

    capacity_look(&search, &session.samples, &place);
    cr_assert_eq(search.state, CAPACITY_SEARCHING);
    cr_assert_eq(search.rate_per_s, 0);
    add_slice(&(struct server){.model = "loop", .capacity_per_s = 10000}, 0, 0, 0);
    capacity_look(&search, &session.samples, &place);
    cr_assert_eq(search.rate_per_s, 8250, "0.75 of 11000, not %.0f", search.rate_per_s);
}

Test(bench_capacity, is_found_to_five_per_cent)
{
    for (double capacity = 700; capacity < 200000; capacity *= 1.37) {
        struct server server = {.model = "loop", .capacity_per_s = capacity};
        struct capacity_search search = search_once(&server, 0, 0);

        cr_assert_eq(search.state, CAPACITY_FOUND);
        cr_assert(search.found_per_s <= capacity &&
                      search.found_per_s * RATE_SEARCH_PRECISION * 1.01 >= capacity,
                  "%.0f found, %.0f is right", search.found_per_s, capacity);
        cr_assert_eq(row_number(search.best, SAMPLE_rate_offered_per_s), search.found_per_s);
        samples_free(&session.samples);
    }
}

Test(bench_capacity, other_searches_and_copies_are_not_looked_at)
{
    struct server slow = {.model = "loop", .capacity_per_s = 1000},
                  fast = {.model = "loop", .capacity_per_s = 9000};

    search_once(&slow, 0, 0);
    search_once(&fast, 1, 0);
    cr_assert_leq(search_once(&slow, 0, 1).found_per_s, 1000);
    cr_assert_gt(search_once(&fast, 1, 1).found_per_s, 8500);
}

Test(bench_capacity, what_was_disturbed_is_tried_again)
{
    struct server server = {.model = "loop", .capacity_per_s = 10000, .noisy = 2};
    struct capacity_search search = search_once(&server, 0, 0);

    cr_assert_eq(search.state, CAPACITY_FOUND);
    cr_assert_gt(search.found_per_s, 9400, "a disturbed step is no evidence: %.0f", search.found_per_s);
}

Test(bench_capacity, kept_in_spite_of_noise_is_kept)
{
    struct server server = {.model = "loop", .capacity_per_s = 10000};

    add_slice(&server, 0, 0, 0);
    row_set_text(add_slice(&server, 0, 0, 8250), SAMPLE_reason, "noisy");
    cr_assert_eq(judge(
                     &(struct capacity_search){
                         .objective = {.kind = OBJECTIVE_PERCENTILE, .percent = 99, .limit_ns = 10000000}},
                     &session.samples.rows[1]),
                 STEP_KEPT);
}

Test(bench_capacity, missed_by_more_than_noise_can_take_is_missed)
{
    struct capacity_search search = {
        .objective = {.kind = OBJECTIVE_PERCENTILE, .percent = 99, .limit_ns = 10000000}};
    struct row *row = add_slice(&(struct server){.model = "loop", .capacity_per_s = 10000}, 0, 0, 14000);

    row_set_text(row, SAMPLE_reason, "noisy");
    row_set(row, SAMPLE_foreign_cpu_share, 0.1);
    cr_assert_eq(judge(&search, row), STEP_MISSED,
                 "10000/s with nine tenths of a CPU are no 14000/s with all");
    row_set(row, SAMPLE_foreign_cpu_share, 0.4);
    cr_assert_eq(judge(&search, row), STEP_UNKNOWN);
}

Test(bench_capacity, nothing_but_noise_is_no_answer)
{
    struct server server = {.model = "loop", .capacity_per_s = 10000, .noisy = PLAN_SEARCH_STEPS};

    cr_assert_eq(search_once(&server, 0, 0).state, CAPACITY_UNKNOWN);
}

Test(bench_capacity, objective_that_nothing_keeps)
{
    struct server server = {.model = "loop", .capacity_per_s = 10000, .latency_us = 12000};
    struct capacity_search search = search_once(&server, 0, 0);

    cr_assert_eq(search.state, CAPACITY_MISSED);
    cr_assert_eq(search.found_per_s, 0);
    cr_assert_eq(row_number(search.lowest, SAMPLE_latency_p99_us), 12000);
}

Test(bench_capacity, fault_ends_the_search)
{
    struct server server = {.model = "loop", .capacity_per_s = 10000, .fault = 3};
    struct capacity_search search = search_once(&server, 0, 0);

    cr_assert_eq(search.state, CAPACITY_BROKEN);
    cr_assert_eq(search.steps, 4);
    cr_assert(row_is(search.last, SAMPLE_reason, "wrong-answer"));
}

Test(bench_capacity, kept_for_some_clients_is_not_kept)
{
    struct server server = {.model = "loop", .capacity_per_s = 10000, .served = 16};
    struct capacity_search search = search_once(&server, 0, 0);

    cr_assert_eq(search.state, CAPACITY_PARTLY);
    cr_assert_eq(search.steps, 1, "the closed loop tells");
}

Test(bench_capacity, objectives_are_of_what_a_row_holds)
{
    static const struct {
        const char *text;
        int column;
    } cases[] = {
        {"p50<1ms", SAMPLE_latency_p50_us},   {"p90<1ms", SAMPLE_latency_p90_us},
        {"p99<1ms", SAMPLE_latency_p99_us},   {"p99.9<1ms", SAMPLE_latency_p999_us},
        {"p999<1ms", SAMPLE_latency_p999_us}, {"mean<1ms", SAMPLE_latency_mean_us},
        {"max<1ms", SAMPLE_latency_max_us},   {"p95<1ms", -1},
    };
    struct objective objective;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        cr_assert_null(objective_parse(cases[i].text, &objective));
        cr_assert_eq(capacity_column(&objective), cases[i].column, "%s", cases[i].text);
    }
}

Test(bench_capacity, last_step_says_what_was_found)
{
    struct server server = {.model = "loop", .capacity_per_s = 10000};
    struct capacity_search search = search_once(&server, 0, 0);
    struct slice slice = {.search = true, .connections = CONNECTIONS};
    struct row *last = &session.samples.rows[session.samples.count - 1];
    double rate;

    capacity_note(&part.scenario, &session.samples, &slice, last);
    cr_assert_eq(row_number(last, SAMPLE_capacity_per_s), search.found_per_s);
    cr_assert_eq(capacity_need(&part.scenario, &session.samples, &slice, &rate), CAPACITY_NEEDLESS);
    samples_drop_last(&session.samples);
    cr_assert_eq(capacity_need(&part.scenario, &session.samples, &slice, &rate), CAPACITY_RUN,
                 "a run that was killed goes on where it was");
}

Test(bench_capacity, load_is_a_part_of_what_was_found)
{
    struct server server = {.model = "loop", .capacity_per_s = 10000};
    struct slice slice = {.load = 0.5, .connections = CONNECTIONS};
    double rate = 0, sum = 0;

    part.scenario.searches = 2;
    cr_assert_eq(capacity_need(&part.scenario, &session.samples, &slice, &rate), CAPACITY_NOT_YET);
    for (unsigned i = 0; i < 2; i++)
        for (unsigned copy = 0; copy < 2; copy++)
            sum += search_once(&server, copy, i).found_per_s;
    cr_assert_eq(capacity_need(&part.scenario, &session.samples, &slice, &rate), CAPACITY_RUN);
    cr_assert_float_eq(rate, sum / 4 / 2, 1, "half of %.0f, not %.0f", sum / 4, rate);
}

Test(bench_capacity, load_of_a_model_without_a_capacity_is_not_run)
{
    struct server server = {.model = "loop", .capacity_per_s = 10000, .latency_us = 12000};
    struct slice slice = {.load = 0.5, .connections = CONNECTIONS};
    double rate;

    for (unsigned i = 0; i < SEARCHES; i++)
        for (unsigned copy = 0; copy < 2; copy++)
            search_once(&server, copy, i);
    cr_assert_eq(capacity_need(&part.scenario, &session.samples, &slice, &rate), CAPACITY_NEEDLESS);
}

/* ---- the table ---- */

/* Every search of both models; the loop twice. Capacities vary a little from search to search. */
static const struct row *make_table(struct server loop, struct server pool)
{
    struct failure failure;

    for (unsigned i = 0; i < SEARCHES; i++) {
        double turn = 1 + 0.01 * i;
        struct server a = loop, b = pool;

        a.capacity_per_s *= turn;
        b.capacity_per_s *= turn;
        search_once(&a, 0, i);
        search_once(&a, 1, i);
        search_once(&b, 0, i);
    }
    cr_assert_eq(capacity_table_make(&table, &session, &failure), 0);
    cr_assert_eq(table.count, 1);
    cr_assert_eq(table.groups[0].count, 2);
    return table.groups[0].rows;
}

Test(bench_capacity, higher_is_first_and_said_to_be_higher)
{
    const struct row *rows = make_table((struct server){.model = "loop", .capacity_per_s = 10000},
                                        (struct server){.model = "pool", .capacity_per_s = 15000});

    cr_assert(row_is(&rows[0], CAPACITY_model, "pool"));
    cr_assert(row_is(&rows[0], CAPACITY_capacity_words, "higher"));
    cr_assert_eq(row_number(&rows[1], CAPACITY_searches), 2 * SEARCHES);
    cr_assert_eq(row_number(&rows[0], CAPACITY_searches_found), SEARCHES);
    cr_assert(row_number(&rows[0], CAPACITY_capacity_low_per_s) <=
              row_number(&rows[0], CAPACITY_capacity_per_s));
    cr_assert(row_number(&rows[0], CAPACITY_capacity_high_per_s) >=
              row_number(&rows[0], CAPACITY_capacity_per_s));
    cr_assert_float_eq(row_number(&rows[0], CAPACITY_capacity_ratio), 1.5, 0.1);
}

Test(bench_capacity, less_than_a_search_can_tell_is_no_difference)
{
    const struct row *rows = make_table((struct server){.model = "loop", .capacity_per_s = 10000},
                                        (struct server){.model = "pool", .capacity_per_s = 10300});
    const struct row *pool = row_is(&rows[0], CAPACITY_model, "pool") ? &rows[0] : &rows[1];

    cr_assert(row_is(pool, CAPACITY_capacity_words, "no difference"));
    cr_assert_geq(table.groups[0].floor, capacity_claim);
}

Test(bench_capacity, without_a_capacity_is_last_with_its_reason)
{
    const struct row *rows =
        make_table((struct server){.model = "loop", .capacity_per_s = 10000},
                   (struct server){.model = "pool", .capacity_per_s = 50000, .latency_us = 12000});

    cr_assert(row_is(&rows[1], CAPACITY_model, "pool"));
    cr_assert(row_is(&rows[1], CAPACITY_reason, "objective-missed"));
    cr_assert_eq(row_number(&rows[1], CAPACITY_latency_us), 12000, "how near it came");
    cr_assert_not(row_has(&rows[1], CAPACITY_capacity_per_s));
}

Test(bench_capacity, what_limited_the_client_is_not_ranked)
{
    const struct row *rows;
    struct failure failure;

    make_table((struct server){.model = "loop", .capacity_per_s = 10000},
               (struct server){.model = "pool", .capacity_per_s = 50000});
    capacity_table_free(&table);
    for (unsigned i = 0; i < session.samples.count; i++)
        if (row_is(&session.samples.rows[i], SAMPLE_model, "pool")) {
            row_set(&session.samples.rows[i], SAMPLE_client_cpu_share, 0.99);
            row_set(&session.samples.rows[i], SAMPLE_server_cpu_share, 0.6);
            row_set(&session.samples.rows[i], SAMPLE_send_lag_p99_us, 5000);
        }
    cr_assert_eq(capacity_table_make(&table, &session, &failure), 0);
    rows = table.groups[0].rows;
    cr_assert(row_is(&rows[0], CAPACITY_model, "loop"));
    cr_assert(row_is(&rows[1], CAPACITY_reason, "client-bound"));
    cr_assert_not(capacity_ranked(&rows[1]));
}
