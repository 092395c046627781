/*
 * tenk-compare on searched capacities, and on latencies at parts of them.
 */
#include <math.h>

#include "made_runs.h"

TestSuite(bench_compare_capacity, .init = enter, .fini = bench_directory_leave, .timeout = TIMEOUT_S);

static void make_capacities(const struct made_run *base, const struct made_run *new)
{
    made_capacity_write(base_path, base);
    made_capacity_write(new_path, new);
}

Test(bench_compare_capacity, capacities_and_loads_of_equal_servers_do_not_differ)
{
    struct made_run base = base_of(1), new = base_of(2);
    json_t *root;

    make_capacities(&base, &new);
    root = as_json(BENCH_WORDS(base_path, new_path, "--json"));
    cr_assert_eq(bench_end.status, 0, "%s", bench_end.out);
    expect_verdict(comparison_of(root, "search", "epoll", "capacity"), "no difference");
    expect_verdict(comparison_of(root, "load", "epoll", "p99"), "no difference");
    expect_verdict(comparison_of(root, "load", "epoll", "cpu"), "no difference");
    cr_assert_eq(number(comparison_of(root, "load", "epoll", "p99"), "load_fraction"), 0.5);
    cr_assert_eq(json_array_size(json_object_get(root, "comparisons")), 4,
                 "what was not measured is not compared");
    json_decref(root);
}

Test(bench_compare_capacity, a_lower_capacity_is_a_regression)
{
    struct made_run base = base_of(1), new = base_of(2);
    json_t *root;

    new.epoll_capacity = 0.7;
    make_capacities(&base, &new);
    root = as_json(BENCH_WORDS(base_path, new_path, "--json"));
    expect_verdict(comparison_of(root, "search", "epoll", "capacity"), "worse");
    cr_assert(fabs(number(comparison_of(root, "search", "epoll", "capacity"), "ratio") - 0.7) < 0.06);
    json_decref(root);
    compare(BENCH_WORDS(base_path, new_path, "--fail-if", "capacity<-20%"));
    bench_expect(REGRESSION,
                 "made: 64 connections, tenk-load, the highest rate that keeps the objective, two runs\n");
    bench_expect(REGRESSION, "REGRESSION: worse, beyond capacity<-20%");
    compare(BENCH_WORDS(base_path, new_path, "--fail-if", "capacity<-50%"));
    cr_assert_eq(bench_end.status, 0, "%s", bench_end.out);
    compare(BENCH_WORDS(base_path, new_path, "--benchstat"));
    bench_expect(REGRESSION, "/kind=search/connections=64/model=epoll 1 ");
    bench_expect(REGRESSION, " capacity-req/s\n");
}

Test(bench_compare_capacity, a_later_answer_at_the_same_part_of_its_capacity_is_a_regression)
{
    struct made_run base = base_of(1), new = base_of(2);
    json_t *root;

    new.epoll_late = 1.5;
    make_capacities(&base, &new);
    root = as_json(BENCH_WORDS(base_path, new_path, "--json"));
    expect_verdict(comparison_of(root, "load", "epoll", "p99"), "worse");
    expect_verdict(comparison_of(root, "load", "epoll", "cpu"), "no difference");
    expect_verdict(comparison_of(root, "search", "epoll", "capacity"), "no difference");
    json_decref(root);
    compare(BENCH_WORDS(base_path, new_path));
    bench_expect(REGRESSION,
                 "made: 64 connections, tenk-load, offered 50 % of each one's own capacity, two runs\n");
    compare(BENCH_WORDS(base_path, new_path, "--benchstat"));
    bench_expect(REGRESSION, "/kind=load/connections=64/load=50%/model=epoll 1 ");
}
