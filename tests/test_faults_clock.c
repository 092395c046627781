/*
 * The clock of the wall is set while a server runs, ten years ahead and ten years back: by an administrator,
 * by NTP, by a virtual machine that wakes up. Under every model the Date header follows, no connection is
 * closed before its time or kept beyond it, no handler waits shorter or for ever, and nothing spins.
 *
 * The server is tenk-serve-faults, for which time(2), clock_gettime(2) and gettimeofday(2) say what the test
 * wants.
 */
#include <stdlib.h>
#include <time.h>

#include "clock.h"
#include "expect.h"
#include "fault_plan.h"
#include "matrix.h"

enum {
    IDLE_MS = 400,
    WAIT_MS = 100,
    QUIET_MS = 150,
    CALLS_MAX = 400, /* of a server at rest in that time: a loop that spins makes tens of thousands */
    SURE_S = 3,      /* between the server's look at the clock and ours */
    YEARS_S = 3650 * 86400,
};

static struct fixture fixture;
static struct wire wire;
static struct faults *faults;

static void leave(void)
{
    fixture_leave();
    fault_plan_remove();
}

TestSuite(faults, .timeout = MATRIX_TIMEOUT_S, .fini = leave);

static void set_clock(int64_t shift_s)
{
    atomic_store(&faults->shift_s, shift_s);
}

/* The connection is still there, and the answer has the date of the server's clock. */
static void expect_date(int64_t shift_s)
{
    char value[REPLY_LINE_MAX] = "";
    struct reply reply;
    struct tm date = {0};

    wire_text(&wire, "GET / HTTP/1.1\r\nHost: test\r\n\r\n");
    expect_status(&wire, 200, &reply);
    cr_assert_not_null(reply_header(&reply, "Date", value));
    cr_assert_not_null(strptime(value, "%a, %d %b %Y %H:%M:%S GMT", &date), "no date: %s", value);
    cr_assert_leq(llabs(timegm(&date) - (time(NULL) + shift_s)), SURE_S,
                  "%s: the clock moved by %lld s, and it says %s", fixture.plan.model, (long long)shift_s,
                  value);
    reply_free(&reply);
}

static void expect_quiet(void)
{
    uint64_t before = atomic_load(&faults->all), calls;

    clock_sleep_ns(QUIET_MS * NS_PER_MS);
    calls = atomic_load(&faults->all) - before;
    cr_assert_leq(calls, CALLS_MAX, "%s: %llu calls in %d ms, and nobody asks", fixture.plan.model,
                  (unsigned long long)calls, QUIET_MS);
}

/* One connection: the clock moves while it is idle, while its handler waits, and while its time-out runs. */
static void live_through(int64_t first_s, int64_t second_s)
{
    int64_t begin_ns;

    set_clock(0);
    fixture_connect(&fixture, &wire);
    expect_date(0);
    set_clock(first_s);
    expect_date(first_s);
    begin_ns = clock_now_ns();
    wire_text(&wire, "GET /wait/100000 HTTP/1.1\r\nHost: test\r\n\r\n");
    clock_sleep_ns(WAIT_MS / 4 * NS_PER_MS);
    set_clock(second_s);
    expect_hello(&wire);
    cr_assert_geq(clock_now_ns() - begin_ns, WAIT_MS * NS_PER_MS, "%s: it did not wait", fixture.plan.model);
    expect_date(second_s);
    begin_ns = clock_now_ns();
    set_clock(first_s);
    expect_quiet();
    expect_end(&wire);
    cr_assert_geq(clock_now_ns() - begin_ns, IDLE_MS / 2 * NS_PER_MS, "%s: closed before its time",
                  fixture.plan.model);
    wire_close(&wire);
}

static void clock_is_set(struct fixture_plan plan)
{
    faults = fault_plan_open();
    plan.program = "tenk-serve-faults";
    plan.options[0] = "--idle-timeout=400ms";
    fixture_start(&fixture, &plan);
    live_through(YEARS_S, -YEARS_S);
    live_through(-YEARS_S, YEARS_S);
    fixture_expect_unharmed(&fixture);
}

#define MODEL(model) FAULTS(model, clock_is_set)
#define REFERENCE(model)
#include "models.def"
