/*
 * Results of several processes as one: adding them, and sending them as bytes.
 */
#include <criterion/criterion.h>

#include "../clients/load_combine.c"
#include "../clients/load_stats.c"

static struct load_result first, second;

/* A result of one thread with two connections, which answered `slow_ns` and served `served` each. */
static void fill(struct load_result *result, int64_t slow_ns, uint64_t served)
{
    *result = (struct load_result){.rate_asked = 150,
                                   .duration_ns = NS_PER_S,
                                   .begin_wall_ns = slow_ns,
                                   .asked = 2,
                                   .served = 2,
                                   .threads = 1,
                                   .cpu_ns = 10,
                                   .oldest_ns = slow_ns,
                                   .total_sent = 2 * served,
                                   .served_each_count = 2};
    cr_assert_eq(load_stats_open(&result->window), 0);
    cr_assert_eq(histogram_open(&result->connect), 0);
    histogram_record(&result->connect, slow_ns);
    result->idle_held = 3;
    result->thread_shares = calloc(1, sizeof(double));
    result->served_each = calloc(2, sizeof(uint64_t));
    result->thread_shares[0] = 0.25;
    result->served_each[0] = result->served_each[1] = served;
    result->fairness = load_fairness_of(result->served_each, 2);
    for (uint64_t i = 0; i < 2 * served; i++)
        histogram_record(&result->window.latency, slow_ns + (int64_t)i);
    result->window.requests = 2 * served;
    result->window.errors[LOAD_ERROR_RESET] = served;
}

static void setup(void)
{
    fill(&first, 1000, 10);
    fill(&second, 9000000, 30);
}

static void teardown(void)
{
    load_result_close(&first);
    load_result_close(&second);
}

TestSuite(load_combine, .init = setup, .fini = teardown, .timeout = 60);

static void check_sum(const struct load_result *sum)
{
    cr_assert_eq(sum->window.latency.total, 80);
    cr_assert_eq(sum->window.latency.max_ns, 9000059);
    cr_assert_eq(sum->window.latency.min_ns, 1000);
    cr_assert_eq(sum->window.requests, 80);
    cr_assert_eq(load_stats_errors(&sum->window), 40);
    cr_assert_eq(sum->asked, 4);
    cr_assert_eq(sum->connect.total, 2);
    cr_assert_eq(sum->connect.max_ns, 9000000);
    cr_assert_eq(sum->idle_held, 6);
    cr_assert_eq(sum->total_sent, 80);
    cr_assert_eq(sum->rate_asked, 300);
    cr_assert_eq(sum->threads, 2);
    cr_assert_eq(sum->thread_shares[1], 0.25);
    cr_assert_eq(sum->begin_wall_ns, 1000, "the earliest");
    cr_assert_eq(sum->oldest_ns, 9000000, "the oldest");
    cr_assert_eq(sum->duration_ns, NS_PER_S, "they ran at the same time");
}

Test(load_combine, adds)
{
    cr_assert_eq(load_combine(&first, &second), 0);
    check_sum(&first);
}

/* Each was perfectly fair; together they were not. */
Test(load_combine, fairness_is_that_of_all_connections)
{
    cr_assert_eq(first.fairness.jain, 1);
    cr_assert_eq(load_combine(&first, &second), 0);
    cr_assert_float_eq(first.fairness.jain, 0.8, 1e-9);
    cr_assert_eq(first.fairness.min, 10);
    cr_assert_eq(first.fairness.max, 30);
}

Test(load_combine, survives_being_sent)
{
    struct load_result copy;
    size_t size;
    void *bytes = load_combine_pack(&second, &size);

    cr_assert_not_null(bytes);
    cr_assert_eq(load_combine_unpack(&copy, bytes, size), 0);
    free(bytes);
    cr_assert(copy.served_each != second.served_each &&
              copy.window.latency.cells != second.window.latency.cells);
    cr_assert_eq(load_combine(&first, &copy), 0);
    check_sum(&first);
    load_result_close(&copy);
}

Test(load_combine, other_bytes_are_refused)
{
    struct load_result copy;
    size_t size;
    void *bytes = load_combine_pack(&second, &size);

    cr_assert(load_combine_unpack(&copy, bytes, 3) == -1 && errno == EINVAL);
    cr_assert(load_combine_unpack(&copy, bytes, size - 1) == -1 && errno == EINVAL);
    cr_assert_null(copy.served_each);
    free(bytes);
}
