/*
 * tenk-load with connections that do not simply ask again: thinking, idle, slow, resetting. Rates are only
 * held to their upper bounds, which no slow machine can break; counts are exact.
 */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "fixture.h"
#include "liar.h"
#include "load_outcome.h"

enum { TIMEOUT_S = 90 };

TestSuite(load_life, .timeout = TIMEOUT_S, .fini = fixture_leave);

static struct liar liar;
static struct fixture server;
static struct load_outcome outcome;

static double number(const char *path)
{
    return load_outcome_number(&outcome, path);
}

static uint64_t count(const char *path)
{
    return load_outcome_count(&outcome, path);
}

static void load_liar(unsigned wait_ms, const char *const *arguments)
{
    liar_start(&liar, &(struct liar_plan){.lie = LIAR_HONEST, .wait_ms = wait_ms});
    load_outcome_run(&outcome, liar.target, arguments);
    liar_stop(&liar);
}

/* Loads one of our servers at a path. */
static void load_server(const struct fixture_plan *plan, const char *path, const char *const *arguments)
{
    char target[2 * FIXTURE_ENDPOINT_MAX];

    fixture_start(&server, plan);
    snprintf(target, sizeof(target), "http://%s%s", server.endpoint + strlen("tcp://"), path);
    load_outcome_run(&outcome, target, arguments);
}

static void expect_counts_of_server(void)
{
    struct program_end end;
    struct counters_sum counters;

    fixture_terminate(&server);
    fixture_finish(&server, &end, &counters);
    cr_assert_eq(count("total.requests"), counters.requests, "the server counted %llu: %s",
                 (unsigned long long)counters.requests, outcome.end.out);
    cr_assert_eq(count("connections.opened"), counters.accepted, "the server accepted %llu: %s",
                 (unsigned long long)counters.accepted, outcome.end.out);
    cr_assert_eq(count("connect_us.count"), counters.accepted, "each connect has its latency: %s",
                 outcome.end.out);
    cr_assert_eq(count("total.errors"), 0, "%s", outcome.end.out);
    cr_assert_eq(outcome.end.status, 0, "%s", outcome.end.out);
    load_outcome_close(&outcome);
}

/* ---- think time ---- */

/* A client that pauses 40 ms and waits for 1 ms asks at most 25 times a second. */
static void expect_thinking(unsigned clients, double seconds)
{
    cr_assert_eq(outcome.end.status, 0, "%s", outcome.end.out);
    cr_assert_leq(number("requests"), clients * (seconds / 0.041 + 2), "it did not think: %s",
                  outcome.end.out);
    cr_assert_gt(count("requests"), 2 * clients);
    cr_assert_eq(count("connections.served"), clients, "%s", outcome.end.out);
    cr_assert(number("littles_law.deviation") < 0.02 && number("littles_law.deviation") > -0.02,
              "a thinking client is in the system: %s", outcome.end.out);
    cr_assert_eq(count("total.requests") + count("total.unanswered"), liar.requests, "%s", outcome.end.out);
    load_outcome_close(&outcome);
}

Test(load_life, think)
{
    load_liar(1, (const char *[]){"-c", "3", "--think", "40ms", "-d", "1s", NULL});
    cr_assert_eq(count("connections.opened"), 3);
    expect_thinking(3, 1);
}

/* Between two connections the client has none: it thinks first and connects then. */
Test(load_life, think_before_each_connection)
{
    load_liar(1, (const char *[]){"-c", "3", "-k", "1", "--think", "40ms", "-d", "1s", NULL});
    cr_assert_eq(count("connections.opened"), liar.accepted);
    expect_thinking(3, 1);
}

/* Who is still thinking when the run is over was not starved: it has not asked. */
Test(load_life, who_thinks_is_not_starved)
{
    load_liar(1, (const char *[]){"-c", "4", "--think", "50s", "-d", "0.2s", NULL});
    cr_assert_eq(count("connections.unused"), 4, "%s", outcome.end.out);
    cr_assert_eq(count("connections.starved"), 0);
    cr_assert_eq(liar.requests, 0);
    cr_assert_eq(outcome.end.status, 1, "nothing was served");
    load_outcome_close(&outcome);
}

/* ---- idle ---- */

Test(load_life, idle_beside_active)
{
    load_server(&(struct fixture_plan){.model = "epoll"}, "/",
                (const char *[]){"-c", "2", "--idle", "50", "-t", "2", "-d", "0.3s", NULL});
    cr_assert_eq(count("idle.held"), 50, "%s", outcome.end.out);
    cr_assert_eq(count("idle.closed"), 0, "%s", outcome.end.out);
    cr_assert_eq(count("connections.opened"), 52);
    cr_assert_eq(count("connections.asked"), 2, "idle ones are not clients: %s", outcome.end.out);
    expect_counts_of_server();
}

/* The server ends idle connections after 0.5 s: that is its right and no error, but it is said. */
Test(load_life, idle_closed_by_the_server)
{
    load_server(&(struct fixture_plan){.model = "epoll", .options = {"--idle-timeout", "0.5s"}}, "/",
                (const char *[]){"-c", "2", "--idle", "20", "-d", "2.5s", NULL});
    cr_assert_geq(count("idle.closed"), 20, "%s", outcome.end.out);
    cr_assert_gt(count("connections.opened"), 22, "they are made again: %s", outcome.end.out);
    cr_assert_eq(count("connections.opened"), count("connect_us.count"), "%s", outcome.end.out);
    /* Its closes are no errors. On a busy machine an active connection can be idle for too long as well,
     * once. */
    cr_assert_leq(count("total.errors"), 10, "%s", outcome.end.out);
    load_outcome_close(&outcome);
    fixture_stop(&server);
}

static int descriptors(pid_t pid)
{
    struct process_use use;

    process_use(pid, &use);
    return use.descriptors;
}

/* Resident memory of a tenk-load that holds so many idle connections and does nothing else. */
static int64_t resident_kib_with(unsigned idle)
{
    char target[2 * FIXTURE_ENDPOINT_MAX], number_text[16];
    const char *argv[] = {program_path("tenk-load"),
                          "--json",
                          target,
                          "-c",
                          "1",
                          "--think",
                          "50s",
                          "--idle",
                          number_text,
                          "-d",
                          "60s",
                          NULL};
    struct program program;

    snprintf(target, sizeof(target), "http://%s/", server.endpoint + strlen("tcp://"));
    snprintf(number_text, sizeof(number_text), "%u", idle);
    cr_assert_eq(program_start(&program, argv, 0), 0);
    for (int i = 0; i < PROGRAM_DEADLINE_MS / 20 && descriptors(program.pid) <= (int)idle; i++)
        usleep(20000);
    bool sanitized = process_maps(program.pid, "asan") || process_maps(program.pid, "tsan");
    int64_t kib = sanitized ? 0 : process_resident_kib(program.pid);
    kill(program.pid, SIGINT);
    load_outcome_take(&outcome, &program, PROGRAM_DEADLINE_MS);
    cr_assert_eq(count("connections.opened"), idle + 1, "%s", outcome.end.out);
    load_outcome_close(&outcome);
    return kib;
}

/* What the kernel keeps for a socket is not ours; what we keep for it is at most 512 bytes. */
Test(load_life, memory_of_an_idle_connection)
{
    enum { FEW = 100, MANY = 4100, BYTES_MAX = 512 };

    fixture_start(&server, &(struct fixture_plan){.model = "epoll", .descriptors = MANY + 100});
    int64_t few_kib = resident_kib_with(FEW), many_kib = resident_kib_with(MANY);
    cr_assert_leq((many_kib - few_kib) * 1024, (MANY - FEW) * BYTES_MAX, "%lld KiB with %d, %lld KiB with %d",
                  (long long)few_kib, FEW, (long long)many_kib, MANY);
    fixture_stop(&server);
}

/* ---- mixes ---- */

static double of_kind(size_t index, const char *key)
{
    return json_number_value(
        json_object_get(json_array_get(json_object_get(outcome.json, "mix"), index), key));
}

/* 70, 20 and 10 of 100 requests, exactly, and each answer is what its own target has. */
Test(load_life, mix_keeps_its_shares)
{
    load_server(&(struct fixture_plan){.model = "epoll"}, "/never-asked",
                (const char *[]){"-c", "1", "-p", "4", "-d", "0.4s", "--warmup", "0", "--mix", "70 /",
                                 "--mix", "20 POST /echo", "--mix", "10 HEAD /bytes/70000", "--body",
                                 "text:abc", NULL});
    double all = number("requests");

    cr_assert_gt(all, 100);
    cr_assert_eq(of_kind(0, "requests") + of_kind(1, "requests") + of_kind(2, "requests"), all, "%s",
                 outcome.end.out);
    for (size_t i = 0; i < 3; i++) {
        static const double shares[] = {0.7, 0.2, 0.1};
        double expected = all * shares[i], off = of_kind(i, "requests") - expected;

        cr_assert(off <= 100 && off >= -100, "kind %zu is off by %.0f of %.0f: %s", i, off, expected,
                  outcome.end.out);
    }
    expect_counts_of_server();
}

static void load_mirror(enum liar_lie lie, const char *const *arguments)
{
    liar_start(&liar, &(struct liar_plan){.lie = lie, .every = 10, .wait_ms = 1, .mirror = true});
    load_outcome_run(&outcome, liar.target, arguments);
    liar_stop(&liar);
}

/* Each target has a reference of its own: its first answer. */
Test(load_life, mix_knows_answers_apart)
{
    load_mirror(LIAR_HONEST,
                (const char *[]){"-c", "3", "-d", "0.3s", "--mix", "1 /a", "--mix", "2 /b", NULL});
    cr_assert_eq(count("total.errors"), 0, "%s", outcome.end.out);
    cr_assert_gt(of_kind(0, "requests"), 3);
    cr_assert_gt(of_kind(1, "requests"), 3);
    cr_assert_eq(outcome.end.status, 0);
    load_outcome_close(&outcome);
}

/* An answer that belongs to another connection has the right form and the wrong content. */
Test(load_life, answer_of_another_connection)
{
    load_mirror(LIAR_CROSSED,
                (const char *[]){"-c", "3", "-d", "0.4s", "--mix", "1 /a", "--mix", "1 /b", NULL});
    cr_assert_gt(liar.lies, 3, "the server hardly lied");
    cr_assert_eq(count("total.errors"), liar.lies, "of %llu lies: %s", (unsigned long long)liar.lies,
                 outcome.end.out);
    cr_assert_eq(count("errors.content"), count("errors.total"));
    cr_assert_eq(of_kind(0, "errors") + of_kind(1, "errors"), count("errors.total"));
    cr_assert_eq(outcome.end.status, 1);
    load_outcome_close(&outcome);
}

/* ---- slow ---- */

/* 20 000 bytes at 100 000 a second take 0.2 s; the first of the 10 000-byte slices comes at once. */
Test(load_life, slow_reader)
{
    load_server(&(struct fixture_plan){.model = "epoll"}, "/bytes/20000",
                (const char *[]){"-c", "3", "--slow-read", "100000", "-d", "1.2s", NULL});
    cr_assert_geq(number("latency_us.min"), 95e3, "%s", outcome.end.out);
    cr_assert_leq(number("bytes_in"), 3 * (1.2 * 100e3 + 2 * 10e3), "it read faster: %s", outcome.end.out);
    cr_assert_gt(count("requests"), 0);
    expect_counts_of_server();
}

/* Some 40 bytes at 100 a second in slices of 10: at least three pauses of 0.1 s until all has been sent. */
Test(load_life, slow_writer)
{
    load_server(&(struct fixture_plan){.model = "epoll"}, "/",
                (const char *[]){"-c", "3", "--slow-write", "100", "-d", "1.5s", NULL});
    cr_assert_geq(number("latency_us.min"), 290e3, "%s", outcome.end.out);
    cr_assert_leq(number("bytes_out"), 3 * (1.5 * 100 + 2 * 10), "it wrote faster: %s", outcome.end.out);
    cr_assert_gt(count("requests"), 0);
    expect_counts_of_server();
}

/* A slow client of a server that says too much is not a reason to overlook it. */
Test(load_life, slow_reader_checks_as_well)
{
    liar_start(&liar, &(struct liar_plan){.lie = LIAR_WRONG_BYTE, .every = 2, .wait_ms = 1});
    load_outcome_run(&outcome, liar.target,
                     (const char *[]){"-c", "2", "--slow-read", "2000", "-d", "0.5s", NULL});
    liar_stop(&liar);
    cr_assert_gt(count("errors.content"), 0, "%s", outcome.end.out);
    cr_assert_eq(count("errors.total"), count("errors.content"), "%s", outcome.end.out);
    cr_assert_eq(outcome.end.status, 1);
    load_outcome_close(&outcome);
}

/* ---- resets ---- */

static void expect_resets(unsigned every)
{
    uint64_t resets = count("resets"), sent = count("total.sent");

    cr_assert_eq(outcome.end.status, 0, "our own resets are no errors: %s", outcome.end.out);
    cr_assert_gt(resets, 3, "%s", outcome.end.out);
    cr_assert_eq(resets, sent / every, "%s", outcome.end.out);
    cr_assert_eq(sent, count("total.requests") + count("total.unanswered"), "%s", outcome.end.out);
    cr_assert_geq(count("total.unanswered"), resets);
    cr_assert_eq(count("connections.opened"), liar.accepted, "%s", outcome.end.out);
    load_outcome_close(&outcome);
}

Test(load_life, resets)
{
    load_liar(1, (const char *[]){"-c", "2", "--reset-every", "4", "-d", "0.4s", NULL});
    cr_assert_geq(count("connections.opened"), count("resets"));
    expect_resets(4);
}

Test(load_life, resets_in_open_loop)
{
    load_liar(1,
              (const char *[]){"-c", "4", "-k", "1", "-r", "200", "--reset-every", "3", "-d", "0.5s", NULL});
    expect_resets(3);
}

/* The server stays as it was: descriptors, children, threads, and the next client is served. */
Test(load_life, server_is_unharmed)
{
    load_server(&(struct fixture_plan){.model = "epoll"}, "/bytes/100000",
                (const char *[]){"-c", "4", "--idle", "10", "--reset-every", "5", "-d", "0.3s", NULL});
    load_outcome_close(&outcome);
    fixture_expect_unharmed(&server);
}
