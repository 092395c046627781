/*
 * The registry: which models there are, their variants, and what a scenario makes of them.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "plan_setting.h"

enum { TIMEOUT_S = 30 };

TestSuite(bench_registry, .timeout = TIMEOUT_S);

Test(bench_registry, all_is_every_model_and_the_control)
{
    make_scenario();
    cr_assert_eq(scenario.models.count, 5);
    cr_assert(name_list_has(&scenario.models, "ceiling"));
    cr_assert_not(name_list_has(&scenario.models, "null"),
                  "a yardstick that is not the control must be asked for");
}

Test(bench_registry, control_is_added_to_chosen_models)
{
    make_scenario();
    scenario.models = (struct name_list){.items = {"epoll"}, .count = 1};
    cr_assert_eq(registry_choose(&registry, &scenario, &failure), 0);
    cr_assert_eq(scenario.models.count, 2);
    cr_assert(name_list_has(&scenario.models, "ceiling"));
}

Test(bench_registry, unknown_model_names_the_known_ones)
{
    make_scenario();
    scenario.models = (struct name_list){.items = {"epol"}, .count = 1};
    cr_assert_eq(registry_choose(&registry, &scenario, &failure), -1);
    cr_assert_eq((int)failure.status, EXIT_USAGE);
    cr_assert_not_null(strstr(failure.text, "\"epol\""), "%s", failure.text);
    cr_assert_not_null(strstr(failure.text, "epoll pool select"), "%s", failure.text);
}

Test(bench_registry, clients_at_once)
{
    make_scenario();
    cr_assert_eq(model_clients_at_once(registry_find(&registry, "epoll"), 0), 0);
    cr_assert_eq(model_clients_at_once(registry_find(&registry, "pool"), 0), 8);
    cr_assert_eq(model_clients_at_once(registry_find(&registry, "pool"), 32), 32);
    cr_assert_eq(model_clients_at_once(registry_find(&registry, "select"), 0), 1000);
    cr_assert_eq(model_workers(registry_find(&registry, "epoll"), 32), 0);
}

static void expect_refused(const char *part)
{
    cr_assert_eq((int)failure.status, EXIT_USAGE);
    cr_assert_not_null(strstr(failure.text, part), "\"%s\" is not in: %s", part, failure.text);
}

Test(bench_registry, a_variant_is_its_model_with_other_workers)
{
    const struct model *variant;

    make_scenario();
    scenario.models = (struct name_list){.items = {"pool", "pool@2"}, .count = 2};
    cr_assert_eq(registry_add_variants(&registry, &scenario, &failure), 0, "%s", failure.text);
    cr_assert_eq(registry_choose(&registry, &scenario, &failure), 0, "%s", failure.text);
    variant = registry_find(&registry, "pool@2");
    cr_assert_not_null(variant);
    cr_assert_str_eq(model_served_as(variant), "pool");
    cr_assert_eq(model_workers(variant, 0), 2);
    cr_assert_eq(model_workers(variant, 32), 2, "the scenario's workers are for the others");
    cr_assert_eq(model_clients_at_once(variant, 0), 2);
    cr_assert_str_eq(model_served_as(registry_find(&registry, "pool")), "pool");
    cr_assert_eq(model_clients_at_once(registry_find(&registry, "pool"), 0), 8);
}

Test(bench_registry, a_variant_with_idle_connections_beside)
{
    make_scenario();
    scenario.models = (struct name_list){.items = {"epoll", "epoll+1000"}, .count = 2};
    cr_assert_eq(registry_add_variants(&registry, &scenario, &failure), 0, "%s", failure.text);
    cr_assert_eq(registry_find(&registry, "epoll+1000")->idle, 1000);
    cr_assert_eq(registry_find(&registry, "epoll")->idle, 0);
    cr_assert_str_eq(model_served_as(registry_find(&registry, "epoll+1000")), "epoll");
}

static void choose(const char *protocol, const char *transport, const char *model)
{
    make_scenario();
    strcpy(scenario.protocol, protocol);
    strcpy(scenario.transport, transport);
    strcpy(scenario.control, model);
    scenario.models = (struct name_list){.count = 1};
    strcpy(scenario.models.items[0], model);
}

Test(bench_registry, a_variant_over_another_transport)
{
    const struct model *variant;

    choose("echo", "tcp6", "epoll+udp");
    cr_assert_eq(registry_add_variants(&registry, &scenario, &failure), 0, "%s", failure.text);
    cr_assert_eq(registry_choose(&registry, &scenario, &failure), 0, "%s", failure.text);
    variant = registry_find(&registry, "epoll+udp");
    cr_assert_str_eq(model_served_as(variant), "epoll");
    cr_assert_str_eq(variant->transport->name, "udp");
    cr_assert_str_eq(registry_find(&registry, "epoll")->transport->name, "tcp6", "the scenario's");
    cr_assert(model_over_datagrams(variant) && !model_over_datagrams(registry_find(&registry, "epoll")));
    make_plan(1);
    for (unsigned i = 0; i < plan.count; i++)
        cr_assert(plan.slices[i].datagrams, "the client is told to take what is late for lost");
}

Test(bench_registry, signs_of_a_variant_add_up)
{
    const struct model *variant;

    choose("http", "tcp", "pool+unix@2+1000");
    cr_assert_eq(registry_add_variants(&registry, &scenario, &failure), 0, "%s", failure.text);
    variant = registry_find(&registry, "pool+unix@2+1000");
    cr_assert_str_eq(variant->transport->name, "unix");
    cr_assert(variant->workers == 2 && variant->idle == 1000);
}

Test(bench_registry, datagrams_hold_no_worker)
{
    make_scenario();
    registry.models[1].datagrams = true; /* the pool of eight */
    choose("echo", "udp", "epoll");
    cr_assert_eq(registry_add_variants(&registry, &scenario, &failure), 0);
    cr_assert_eq(model_clients_at_once(registry_find(&registry, "pool"), 0), 0);
}

Test(bench_registry, all_over_datagrams_is_all_that_serve_them)
{
    choose("echo", "udp", "epoll");
    strcpy(scenario.models.items[0], "all");
    cr_assert_eq(registry_add_variants(&registry, &scenario, &failure), 0);
    cr_assert_eq(registry_choose(&registry, &scenario, &failure), 0, "%s", failure.text);
    cr_assert_eq(scenario.models.count, 1);
    cr_assert_str_eq(scenario.models.items[0], "epoll");
}

Test(bench_registry, transports_that_cannot_be)
{
    static const char *const wrong[][4] = {
        {"http", "tcp", "epoll+udp", "epoll+udp: http needs a connection"},
        {"http", "udp", "epoll", "epoll: http needs a connection"},
        {"echo", "udp", "pool", "pool serves connections"},
        {"echo", "tcp", "epoll+udp+1000", "no connections to hold"},
    };

    for (unsigned i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        choose(wrong[i][0], wrong[i][1], wrong[i][2]);
        cr_assert_eq(registry_add_variants(&registry, &scenario, &failure), 0, "%s", failure.text);
        cr_assert_eq(registry_choose(&registry, &scenario, &failure), -1, "%s", wrong[i][2]);
        expect_refused(wrong[i][3]);
    }
    choose("http", "tcp", "epoll+unix");
    scenario.clients = (struct name_list){.items = {"wrk"}, .count = 1};
    cr_assert_eq(registry_add_variants(&registry, &scenario, &failure), 0);
    cr_assert_eq(registry_choose(&registry, &scenario, &failure), -1);
    expect_refused("wrk speaks http over tcp only");
}

static void expect_target(const char *transport, const char *endpoint, const char *protocol,
                          const char *target)
{
    struct net_endpoint parsed;
    char text[NET_TEXT_MAX];

    cr_assert_null(net_endpoint_parse(endpoint, &parsed));
    transport_target(transport_find(transport), &parsed, protocol, "/x", text, sizeof(text));
    cr_assert_str_eq(text, target);
}

Test(bench_registry, what_tenk_load_is_told_of_a_transport)
{
    expect_target("tcp", "tcp://127.0.0.1:80", "http", "http://127.0.0.1:80/x");
    expect_target("tcp6", "tcp6://[::1]:80", "http", "http://[::1]:80/x");
    expect_target("unix", "unix:/a", "http", "http+unix:/a:/x");
    expect_target("unixpacket", "unixpacket:/a", "echo", "echo+unixpacket:/a");
    expect_target("udp", "udp4://127.0.0.1:80", "echo", "echo+udp://127.0.0.1:80");
    expect_target("unixdgram", "unixdgram:/a", "echo", "echo+unixdgram:/a");
    cr_assert_null(transport_find("sctp"));
}

Test(bench_registry, variants_that_cannot_be)
{
    static const char *const wrong[][2] = {{"pol@2", "unknown model \"pol\""},
                                           {"epoll@2", "epoll has no workers"},
                                           {"pool@", "number of workers"},
                                           {"pool@0", "number of workers"},
                                           {"pool@few", "number of workers"},
                                           {"pool@100001", "number of workers"},
                                           {"pool@2@3", "number of workers is given twice"},
                                           {"epoll+none", "number of idle connections"},
                                           {"epoll+sctp", "or a transport: tcp tcp6 unix"}};

    for (unsigned i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        make_scenario();
        scenario.models.count = 1;
        strcpy(scenario.models.items[0], wrong[i][0]);
        cr_assert_eq(registry_add_variants(&registry, &scenario, &failure), -1, "%s", wrong[i][0]);
        expect_refused(wrong[i][1]);
    }
}

Test(bench_registry, pairs_name_known_models)
{
    static const char *const wrong[][2] = {{"epoll", "MODEL/MODEL"},
                                           {"/epoll", "MODEL/MODEL"},
                                           {"epoll/", "MODEL/MODEL"},
                                           {"epoll/pol", "unknown model \"pol\""},
                                           {"epol/pool", "unknown model \"epol\""}};

    make_scenario();
    scenario.pairs = (struct name_list){.items = {"pool/epoll"}, .count = 1};
    cr_assert_eq(registry_choose(&registry, &scenario, &failure), 0, "%s", failure.text);
    for (unsigned i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        strcpy(scenario.pairs.items[0], wrong[i][0]);
        cr_assert_eq(registry_choose(&registry, &scenario, &failure), -1, "%s", wrong[i][0]);
        expect_refused(wrong[i][1]);
    }
}

/* As many are measured as were asked for; a pair of others is left out, but must be of models there can be.
 */
Test(bench_registry, a_pair_may_name_a_variant_that_is_not_measured)
{
    unsigned before;

    make_scenario();
    before = registry.count;
    scenario.pairs = (struct name_list){.items = {"pool@2/epoll+1000"}, .count = 1};
    cr_assert_eq(registry_add_variants(&registry, &scenario, &failure), 0, "%s", failure.text);
    cr_assert_eq(registry_choose(&registry, &scenario, &failure), 0, "%s", failure.text);
    cr_assert_eq(registry.count, before);
    strcpy(scenario.pairs.items[0], "pool/epoll+none");
    cr_assert_eq(registry_add_variants(&registry, &scenario, &failure), -1);
    expect_refused("number of idle connections");
    strcpy(scenario.pairs.items[0], "pol@2/epoll");
    cr_assert_eq(registry_add_variants(&registry, &scenario, &failure), -1);
    expect_refused("unknown model \"pol\"");
}

Test(bench_registry, no_list_is_a_failure)
{
    cr_assert_eq(registry_parse(&registry, "epoll  one loop\n", &failure), -1);
    cr_assert_eq(registry_parse(&registry, "[]", &failure), -1);
    cr_assert_eq((int)failure.status, EXIT_HERE);
}
