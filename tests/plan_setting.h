/*
 * plan_setting - the models and the scenario that the tests of the plan and of the registry begin with. The
 * sources of bench are part of the test: what is static there can be asked for.
 */
#ifndef PLAN_SETTING_H
#define PLAN_SETTING_H

#include <criterion/criterion.h>

#include "../bench/client_process.c"
#include "../bench/columns.c"
#include "../bench/cpu_group.c"
#include "../bench/failure.c"
#include "../bench/interrupt.c"
#include "../bench/launch.c"
#include "../bench/plan.c"
#include "../bench/plan_time.c"
#include "../bench/process_tree.c"
#include "../bench/registry.c"
#include "../bench/scenario_lists.c"
#include "../bench/textfile.c"
#include "../bench/transport.c"

/* registry.c and launch.c need no scenario file here; the rest of scenario.c is tested through the program.
 */

enum { ROUNDS = 4 };

static const char list[] =
    "[{\"name\": \"epoll\", \"summary\": \"a loop\", \"unavailable\": null, \"reference\": false, "
    "\"properties\": [\"datagrams\"]},"
    " {\"name\": \"pool\", \"summary\": \"workers\", \"unavailable\": null, \"reference\": false,"
    "  \"properties\": [\"concurrent\", \"workers\"], \"workers_default\": 8, \"clients_at_once\": 8},"
    " {\"name\": \"select\", \"summary\": \"a loop\", \"unavailable\": null, \"reference\": false, "
    "\"properties\": [],"
    "  \"connections_max\": 1000},"
    " {\"name\": \"uring\", \"summary\": \"a ring\", \"unavailable\": \"this kernel is too old\", "
    "\"reference\": false,"
    "  \"properties\": []},"
    " {\"name\": \"ceiling\", \"summary\": \"yardstick\", \"unavailable\": null, \"reference\": true, "
    "\"properties\": []},"
    " {\"name\": \"null\", \"summary\": \"yardstick\", \"unavailable\": null, \"reference\": true, "
    "\"properties\": []}]";

static struct registry registry;
static struct scenario scenario;
static struct failure failure;
static struct plan plan;

static void make_scenario(void)
{
    cr_assert_eq(registry_parse(&registry, list, &failure), 0, "%s", failure.text);
    scenario = (struct scenario){
        .name = "t",
        .protocol = "http",
        .transport = "tcp",
        .models = {.items = {"all"}, .count = 1},
        .control = "ceiling",
        .connections = {.items = {1, 64}, .count = 2},
        .clients = {.items = {"tenk-load"}, .count = 1},
        .rounds = ROUNDS,
        .rounds_per_start = 2,
        .wrk_rounds = 2,
        .slice_ns = NS_PER_S,
        .wrk_slice_ns = NS_PER_S,
    };
    cr_assert_eq(registry_choose(&registry, &scenario, &failure), 0, "%s", failure.text);
}

static void make_plan(uint64_t seed)
{
    plan_free(&plan);
    cr_assert_eq(plan_make(&plan, &scenario, &registry, seed, &failure), 0, "%s", failure.text);
}

#endif
