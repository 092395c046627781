/*
 * The life of a server and its processes: poor starts, many starts, children that are killed, parents that
 * are killed. TENK_STRESS=1 asks for 200 rounds instead of a dozen.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "expect.h"
#include "matrix.h"
#include "sanitized.h"

enum { ROUNDS = 12, ROUNDS_STRESS = 200, DEADLINE_S = 20, LISTED_MAX = 64 };

static struct fixture fixture;
static struct wire wire;

/* ---- starts and ends ---- */

/*
 * Started by somebody who was careless: hardly a stack, all signals blocked, some ignored, no standard input
 * and no standard error.
 */
static void a_poor_start(struct fixture_plan plan)
{
    if (sanitized)
        cr_skip_test("sanitizers need a stack");
    plan.shell = "ulimit -s 256; exec env --block-signal --ignore-signal=PIPE,HUP,INT \"$@\" <&- 2>&-";
    fixture_begin(&fixture, &plan, &wire);
    wire_text(&wire, "GET /bytes/300000 HTTP/1.1\r\nHost: test\r\n\r\n");
    expect_status(&wire, 200, NULL);
    fixture_end(&fixture, &wire);
}

/* Ends in every way, with and without a client, and the next one starts at the same place at once. */
static void many_lives(struct fixture_plan plan)
{
    static const int signals[] = {SIGTERM, SIGINT, SIGHUP};
    int rounds = getenv("TENK_STRESS") ? ROUNDS_STRESS : ROUNDS;
    struct counters_sum counters;
    struct program_end end;

    fixture_start(&fixture, &plan);
    for (int i = 0; i < rounds; i++) {
        kill(fixture.program.pid, SIGPIPE);
        if (i % 4 == 1)
            fixture_expect_service(&fixture);
        if (i % 4 > 1)
            fixture_connect(&fixture, &wire);
        if (i % 4 == 3)
            wire_text(&wire, "GET / HTTP/1.1\r\nHost: te");
        kill(fixture.program.pid, signals[i % 3]);
        if (i % 4 == 3)
            wire_text(&wire, "st\r\n\r\n");
        if (i % 4 > 1)
            wire_drain(&wire), wire_close(&wire);
        fixture_finish(&fixture, &end, &counters);
        cr_assert_eq(counters.accepted, counters.closed, "%s: round %d: %d accepted, %d closed", plan.model,
                     i, (int)counters.accepted, (int)counters.closed);
        fixture_restart(&fixture);
    }
    fixture_expect_unharmed(&fixture);
}

/* ---- processes ---- */

/* The children of a process: how many. */
static int list_children(pid_t pid, pid_t children[LISTED_MAX])
{
    char path[64];
    int count = 0;

    snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)pid, (int)pid);
    FILE *list = fopen(path, "re");
    if (list == NULL)
        return 0;
    while (count < LISTED_MAX && fscanf(list, "%d", &children[count]) == 1)
        count++;
    fclose(list);
    return count;
}

/* A process (or, negative, a process group) is no more: ended and waited for. */
static void expect_gone(pid_t pid)
{
    int64_t deadline_ns = clock_now_ns() + DEADLINE_S * NS_PER_S;

    while (kill(pid, 0) == 0 || errno != ESRCH) {
        cr_assert(clock_now_ns() < deadline_ns, "%s: %d lives on", fixture.plan.model, (int)pid);
        clock_sleep_ns(5 * NS_PER_MS);
    }
}

/* kill -9 of the server: its children go with it, also one that serves, and the port can be had again. */
static void the_parent_is_killed(struct fixture_plan plan)
{
    struct program_end end;
    pid_t group;

    fixture_begin(&fixture, &plan, &wire);
    wire_text(&wire, "GET / HTTP/1.1\r\nHost: test\r\n\r\n");
    expect_hello(&wire);
    group = fixture.program.pid;
    kill(group, SIGKILL);
    program_wait(&fixture.program, &end, PROGRAM_DEADLINE_MS);
    program_forget(&fixture.program);
    expect_gone(-group);
    cr_assert(wire_ended(&wire), "somebody holds the connection");
    wire_close(&wire);
    fixture_restart(&fixture);
    fixture_expect_unharmed(&fixture);
}

/*
 * kill -9 of a child that serves: its client loses the connection, the child is replaced. The counters tell:
 * a client whom nobody serves is a closed one.
 */
static void kill_children(const char *model)
{
    enum { ROUNDS_KILLED = 3 };
    struct counters_sum counters;
    struct program_end end;
    pid_t children[LISTED_MAX];

    fixture_start(&fixture, &(struct fixture_plan){.model = model, .clients = 2});
    for (int round = 0; round < ROUNDS_KILLED; round++) {
        fixture_connect(&fixture, &wire);
        wire_text(&wire, "GET / HTTP/1.1\r\nHost: test\r\n\r\n");
        expect_hello(&wire);
        int count = list_children(fixture.program.pid, children);
        cr_assert(count > 0);
        for (int i = 0; i < count; i++)
            kill(children[i], SIGKILL);
        for (int i = 0; i < count; i++)
            expect_gone(children[i]);
        cr_assert(wire_ended(&wire));
        wire_close(&wire);
        fixture_expect_service(&fixture); /* by a child that was not there before */
    }
    fixture_expect_at_rest(&fixture);
    kill(fixture.program.pid, SIGTERM);
    fixture_finish(&fixture, &end, &counters);
    cr_assert_eq(counters.accepted, counters.closed, "%s: %d accepted, %d closed", model,
                 (int)counters.accepted, (int)counters.closed);
    cr_assert_eq(counters.aborted, ROUNDS_KILLED, "%s: %d aborted", model, (int)counters.aborted);
}

Test(faults, fork_killed_children_are_counted)
{
    kill_children("fork");
}

Test(faults, prefork_killed_children_are_replaced)
{
    kill_children("prefork");
}

/* Its acceptor sits in accept(2) when the last child dies: the next client once waited for the one after it.
 */
Test(faults, prefork_pass_killed_children_are_replaced)
{
    kill_children("prefork_pass");
}

/* Children that die as soon as they are born: one a second, not as many as the machine can fork. */
static void children_die_young(const char *model)
{
    enum { WATCH_MS = 2500, MOST = 5 };
    int64_t until_ns;
    pid_t children[LISTED_MAX], last = 0;
    int killed = 0;

    fixture_start(&fixture, &(struct fixture_plan){.model = model, .clients = 1});
    until_ns = clock_now_ns() + WATCH_MS * NS_PER_MS;
    while (clock_now_ns() < until_ns) {
        if (list_children(fixture.program.pid, children) == 1 && children[0] != last &&
            kill(children[0], SIGKILL) == 0) {
            last = children[0];
            killed++;
        }
        clock_sleep_ns(NS_PER_MS);
    }
    cr_assert(killed >= 1 && killed <= MOST, "%s: %d children in %d ms", model, killed, WATCH_MS);
    fixture_expect_unharmed(&fixture);
}

Test(faults, prefork_children_die_young)
{
    children_die_young("prefork");
}

Test(faults, prefork_pass_children_die_young)
{
    children_die_young("prefork_pass");
}

MATRIX_SUITE(faults);

#define CASES(test, model) test(model, a_poor_start) test(model, many_lives) test(model, the_parent_is_killed)
#define MODEL(model)       CASES(FAULTS, model)
#define REFERENCE(model)
#include "models.def"
