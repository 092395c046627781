/*
 * Several processes that load together, and the histograms of
 * several runs as one.
 */
#include <criterion/criterion.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "histogram.h"
#include "liar.h"
#include "program.h"

enum { TIMEOUT_S = 90, USAGE = 2, COMMAND_MAX = 1024, PATH_MAX_TEST = 64 };

/* ---- processes ---- */

static struct program_end end;
static char errors[PROGRAM_TEXT_MAX];
static struct liar liar;
static char directory[] = "/tmp/tenk-test-ranks-XXXXXX";

static void leave(void)
{
    char command[COMMAND_MAX];

    snprintf(command, sizeof(command), "rm -rf %s", directory);
    if (strchr(directory, 'X') == NULL && system(command) != 0)
        perror(command);
}

static void arrive(void)
{
    cr_assert_not_null(mkdtemp(directory));
}

TestSuite(load_merge, .timeout = TIMEOUT_S, .init = arrive, .fini = leave);
TestSuite(load_ranks_run, .timeout = TIMEOUT_S, .init = arrive, .fini = leave);

/* Runs a command of sh(1) in the directory, in which $LOAD is tenk-load and $URL the server. */
static void shell(const char *command)
{
    char whole[4 * COMMAND_MAX], *load = realpath(program_path("tenk-load"), NULL);

    cr_assert_not_null(load);
    setenv("LOAD", load, 1);
    setenv("URL", liar.target, 1);
    free(load);
    snprintf(whole, sizeof(whole), "cd %s && %s", directory, command);
    program_run((const char *[]){"/bin/sh", "-c", whole, NULL}, &end, errors);
    cr_assert(end.exited, "`%s` did not exit by itself", command);
}

static const char *in_directory(const char *name)
{
    static char path[COMMAND_MAX];

    snprintf(path, sizeof(path), "%s/%s", directory, name);
    return path;
}

static json_t *load_json(const char *name)
{
    json_t *object = json_load_file(in_directory(name), 0, NULL);

    cr_assert_not_null(object, "%s is not JSON; %s", name, errors);
    return object;
}

static double number(const json_t *object, const char *first, const char *second)
{
    const json_t *value = json_object_get(object, first);

    if (second != NULL)
        value = json_object_get(value, second);
    cr_assert(json_is_number(value), "%s", first);
    return json_number_value(value);
}

/* Two ranks with these options; what each printed is in 0.json and 1.json. */
static void run_two(const char *options)
{
    char command[COMMAND_MAX];

    liar_start(&liar, &(struct liar_plan){.lie = LIAR_HONEST, .wait_ms = 1});
    snprintf(command, sizeof(command),
             "at=$(($(date +%%s) + 2));"
             "for rank in 0 1; do $LOAD $URL %s --rank $rank --of 2 --start-at $at --json --hlog $rank.hlog "
             ">$rank.json & pids=\"$pids $!\"; done;"
             "for pid in $pids; do wait $pid || exit 9; done",
             options);
    shell(command);
    liar_stop(&liar);
    cr_assert_eq(end.status, 0, "%s", errors);
}

/*
 * Two ranks, told only the time, share five connections and 300 requests per second: what the server saw is
 * what both counted, and their windows begin together.
 */
Test(load_ranks_run, two_load_together)
{
    run_two("-c 5 -d 0.5s --rate 300");
    shell("$LOAD merge 0.hlog 1.hlog --json >sum.json");

    json_t *first = load_json("0.json"), *second = load_json("1.json"), *sum = load_json("sum.json");
    double apart_ms = number(first, "begin_unix_ms", NULL) - number(second, "begin_unix_ms", NULL);
    cr_assert(apart_ms >= -2000 && apart_ms <= 2000, "%f ms apart", apart_ms);
    cr_assert_eq(number(first, "setup", "connections"), 3);
    cr_assert_eq(number(second, "setup", "connections"), 2);
    cr_assert_eq(number(first, "rate_asked_per_s", NULL), 150);
    cr_assert_float_eq(number(second, "offered_per_s", NULL), 150, 5);
    cr_assert_eq(number(first, "total", "sent") + number(second, "total", "sent"), liar.requests);
    cr_assert_eq(liar.accepted, 5);
    const json_t *latency = json_object_get(json_object_get(sum, "histograms_us"), "latency");
    cr_assert_eq(number(latency, "count", NULL),
                 number(first, "latency_us", "count") + number(second, "latency_us", "count"));
    json_decref(first);
    json_decref(second);
    json_decref(sum);
}

/* Every step of a ladder is shared, and the same step of both has the same name in their logs. */
Test(load_ranks_run, a_ladder_is_climbed_together)
{
    double sent = 0, answered[2] = {0};

    run_two("-c 5 -d 0.3s --rate 100,200");
    for (int rank = 0; rank < 2; rank++) {
        json_t *steps = load_json(rank == 0 ? "0.json" : "1.json");

        cr_assert_eq(json_array_size(steps), 2);
        for (size_t i = 0; i < 2; i++) {
            const json_t *step = json_array_get(steps, i);

            cr_assert_eq(number(step, "rate_asked_per_s", NULL), i == 0 ? 50 : 100);
            cr_assert_eq(number(step, "setup", "connections"), rank == 0 ? 3 : 2);
            cr_assert_eq(number(step, "total", "errors"), 0);
            sent += number(step, "total", "sent");
            answered[i] += number(step, "latency_us", "count");
        }
        json_decref(steps);
    }
    cr_assert_eq(sent, liar.requests);
    shell("$LOAD merge 0.hlog 1.hlog --json >sum.json");
    json_t *sum = load_json("sum.json");
    const json_t *histograms = json_object_get(sum, "histograms_us");
    cr_assert_eq(number(histograms, "at-50", "count"), answered[0]);
    cr_assert_eq(number(histograms, "at-100", "count"), answered[1]);
    json_decref(sum);
}

/* Connections that are only held are shared like the others: three of them, two and one. */
Test(load_ranks_run, idle_connections_are_shared)
{
    run_two("-c 4 --idle 3 -d 0.3s --rate 100");
    for (int rank = 0; rank < 2; rank++) {
        json_t *result = load_json(rank == 0 ? "0.json" : "1.json");

        cr_assert_eq(number(result, "setup", "connections"), 2);
        cr_assert_eq(number(result, "idle", "asked"), 2 - rank);
        cr_assert_eq(number(result, "idle", "held"), 2 - rank);
        cr_assert_eq(number(result, "idle", "closed"), 0);
        json_decref(result);
    }
    cr_assert_eq(liar.accepted, 7);
}

static void expect_refused(const char *command, int status, const char *names)
{
    shell(command);
    cr_assert_eq(end.status, status, "%s: %d %s", command, end.status, errors);
    cr_assert_str_eq(end.out, "");
    cr_assert(strstr(errors, names), "`%s` is not named in: %s", names, errors);
}

Test(load_ranks_run, wrong_usage)
{
    expect_refused("$LOAD http://127.0.0.1:1/ --rank 2 --of 2", USAGE, "--rank");
    expect_refused("$LOAD http://127.0.0.1:1/ --start-at 1000", USAGE, "past");
    expect_refused("$LOAD http://127.0.0.1:1/ --start-at noon", USAGE, "--start-at");
    expect_refused("$LOAD http://127.0.0.1:1/ --of 2 --find-capacity 'p99<1s'", USAGE, "--find-capacity");
}

/*
 * Two machines in small: a network namespace each, joined by a pair of virtual Ethernet devices; the server
 * is in the first. Needs root and the right to make namespaces. ip-netns(8), veth(4)
 */
static const char namespaces[] =
    "a=tenk$$a b=tenk$$b; trap 'kill $server 2>/dev/null; ip netns del $a; ip netns del $b' EXIT; "
    "ip netns add $a && ip netns add $b && ip -n $a link add tenk0 type veth peer name tenk1 netns $b && "
    "ip -n $a addr add 10.213.0.1/24 dev tenk0 && ip -n $b addr add 10.213.0.2/24 dev tenk1 && "
    "ip -n $a link set tenk0 up && ip -n $b link set tenk1 up && ip -n $a link set lo up || exit 77; "
    "ip netns exec $a $SERVE epoll --listen tcp://10.213.0.1:7070 >ready & server=$!; "
    "until grep -q ready ready; do kill -0 $server || exit 8; sleep 0.05; done; "
    "at=$(($(date +%s) + 2)); common=\"http://10.213.0.1:7070/ -c 4 -d 0.5s --rate 300 --of 2 --start-at $at "
    "--json\"; "
    "ip netns exec $a $LOAD $common --rank 0 --hlog 0.hlog >0.json & first=$!; "
    "ip netns exec $b $LOAD $common --rank 1 --hlog 1.hlog >1.json || exit 9; wait $first || exit 9; "
    "$LOAD merge 0.hlog 1.hlog --json >sum.json";

Test(load_ranks_run, across_network_namespaces)
{
    char *serve = realpath(program_path("tenk-serve"), NULL);

    if (geteuid() != 0 || !program_installed("ip"))
        cr_skip_test("needs root and ip(8)");
    cr_assert_not_null(serve);
    setenv("SERVE", serve, 1);
    free(serve);
    shell(namespaces);
    if (end.status == 77)
        cr_skip_test("network namespaces cannot be made here");
    cr_assert_eq(end.status, 0, "%d %s", end.status, errors);

    json_t *first = load_json("0.json"), *second = load_json("1.json"), *sum = load_json("sum.json");
    const json_t *latency = json_object_get(json_object_get(sum, "histograms_us"), "latency");
    cr_assert_gt(number(first, "requests", NULL), 0);
    cr_assert_gt(number(second, "requests", NULL), 0);
    cr_assert_eq(number(first, "total", "errors") + number(second, "total", "errors"), 0);
    cr_assert_eq(number(latency, "count", NULL),
                 number(first, "latency_us", "count") + number(second, "latency_us", "count"));
    json_decref(first);
    json_decref(second);
    json_decref(sum);
}

/* ---- merge ---- */

/* A log with one interval of `count` values from `from_ns` up, all different. */
static void write_log(const char *name, const char *tag, int64_t from_ns, unsigned count,
                      struct histogram *all)
{
    struct histogram histogram;
    FILE *out = fopen(in_directory(name), "we");

    cr_assert(out != NULL && histogram_open(&histogram) == 0);
    for (unsigned i = 0; i < count; i++)
        histogram_record(&histogram, from_ns + (int64_t)i * 1000);
    cr_assert_eq(histogram_hlog_header(out, "test", NS_PER_S), 0);
    cr_assert_eq(histogram_hlog_interval(out, tag, from_ns * 1000, from_ns * 1000 + NS_PER_S, &histogram), 0);
    histogram_add(all, &histogram);
    histogram_close(&histogram);
    fclose(out);
}

/* The p99 of a fast and a slow half is that of all values, nowhere near the mean of their p99. */
Test(load_merge, adds_cells_and_never_averages)
{
    struct histogram all, merged;
    struct histogram_interval interval;
    unsigned line = 0;

    cr_assert(histogram_open(&all) == 0 && histogram_open(&merged) == 0);
    write_log("fast.hlog", NULL, 1000000, 9900, &all);
    write_log("slow.hlog", NULL, 900000000, 100, &all);
    shell("$LOAD merge fast.hlog slow.hlog -o sum.hlog --hgrm sum.hgrm && grep -c 1/\\(1-Per sum.hgrm");
    cr_assert_eq(end.status, 0, "%s", errors);
    cr_assert(strstr(end.out, "2 files merged"), "%s", end.out);
    FILE *in = fopen(in_directory("sum.hlog"), "re");
    cr_assert_eq(histogram_hlog_read_interval(in, &merged, &interval, &line), 1);
    cr_assert_eq(interval.begin_wall_ns, INT64_C(1000000000), "the earliest beginning");
    cr_assert_eq(interval.end_wall_ns, INT64_C(901000000000), "the latest end");
    cr_assert_eq(merged.total, all.total);
    cr_assert_eq(merged.max_ns, all.max_ns, "the maximum is exact");
    cr_assert_eq(memcmp(merged.cells, all.cells, HISTOGRAM_CELLS * sizeof(*all.cells)), 0);
    cr_assert_lt(histogram_percentile_ns(&merged, 99), 20000000);
    fclose(in);
    histogram_close(&all);
    histogram_close(&merged);
}

Test(load_merge, tags_stay_apart)
{
    struct histogram all;

    cr_assert(histogram_open(&all) == 0);
    write_log("a.hlog", "lag", 1000, 10, &all);
    write_log("b.hlog", NULL, 1000, 20, &all);
    write_log("c.hlog", "lag", 1000, 30, &all);
    histogram_close(&all);
    shell("$LOAD merge a.hlog b.hlog c.hlog --json >sum.json");
    json_t *sum = load_json("sum.json");
    const json_t *histograms = json_object_get(sum, "histograms_us");
    cr_assert_eq(number(histograms, "lag", "count"), 40);
    cr_assert_eq(number(histograms, "latency", "count"), 20);
    json_decref(sum);
}

/* A wrong file is named with its line, and what would have been overwritten is still there. */
Test(load_merge, wrong_files)
{
    struct histogram all;

    cr_assert(histogram_open(&all) == 0);
    write_log("good.hlog", NULL, 1000, 10, &all);
    histogram_close(&all);
    expect_refused("$LOAD merge", USAGE, "A.hlog");
    expect_refused("$LOAD merge good.hlog none.hlog", USAGE, "none.hlog: No such file");
    expect_refused("echo hello >text; $LOAD merge good.hlog text", USAGE, "text is not a log");
    expect_refused("head -n 3 good.hlog >head; $LOAD merge head", USAGE, "head holds no histogram");
    expect_refused("head -c 200 good.hlog >cut; echo >>cut; $LOAD merge cut good.hlog", USAGE, "line 5");
    expect_refused("echo old >kept; $LOAD merge good.hlog text -o kept", USAGE, "text");
    shell("cat kept; $LOAD merge good.hlog -o /does/not/exist/x >/dev/null");
    cr_assert_str_eq(end.out, "old\n");
    cr_assert_eq(end.status, 3);
    cr_assert(strstr(errors, "/does/not/exist/x"), "%s", errors);
}

Test(load_merge, too_many_tags)
{
    shell("$LOAD merge --help >/dev/null");
    cr_assert_eq(end.status, 0);

    struct histogram one;
    FILE *out = fopen(in_directory("tags.hlog"), "we");
    char tag[32];
    cr_assert(histogram_open(&one) == 0);
    histogram_record(&one, 1000);
    for (int i = 0; i < 257; i++) {
        snprintf(tag, sizeof(tag), "tag%d", i);
        cr_assert_eq(histogram_hlog_interval(out, tag, NS_PER_S, NS_PER_S, &one), 0);
    }
    fclose(out);
    histogram_close(&one);
    expect_refused("$LOAD merge tags.hlog", 3, "256");
}

/* ---- self-test ---- */

TestSuite(load_selftest, .timeout = TIMEOUT_S, .init = arrive, .fini = leave);

Test(load_selftest, says_what_the_client_can_do)
{
    shell("$LOAD --self-test --json >self.json");
    cr_assert_eq(end.status, 0, "%s", errors);
    cr_assert_str_eq(errors, "");
    json_t *self = load_json("self.json");
    double rate = number(self, "saturated", "rate_per_s");
    cr_assert_gt(rate, 0);
    cr_assert_gt(number(self, "saturated", "requests_per_cpu_s"), 0);
    cr_assert_float_eq(number(self, "paced", "rate_asked_per_s"), rate / 2, 1);
    cr_assert_gt(number(self, "one_connection", "gain"), 0);
    cr_assert_gt(number(self, "clock_ns", NULL), 0);
    json_decref(self);
}

Test(load_selftest, wrong_usage)
{
    expect_refused("$LOAD --self-test http://127.0.0.1:1/", USAGE, "--self-test");
    expect_refused("cp $LOAD alone && ./alone --self-test", 3, "tenk-serve");
}
