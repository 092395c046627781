/*
 * What the advice looks at: loads that can be, the candidates for them, and what fits into a budget.
 */
#include "made_race.h"

static struct failure failure;

TestSuite(bench_advise, .init = setup, .fini = teardown, .timeout = TIMEOUT_S);

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
