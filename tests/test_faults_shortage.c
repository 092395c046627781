/*
 * When the system runs short: of descriptors, processes, threads, memory for an interest list. The
 * server sheds or pauses, says so once, goes on, and never spins.
 *
 * The failures are real where they can be (RLIMIT_NOFILE, FD_SETSIZE) and made by strace's fault
 * injection elsewhere.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/select.h>

#include "clock.h"
#include "expect.h"
#include "injection.h"
#include "matrix.h"
#include "process.h"
#include "sanitized.h"

enum { FEW_DESCRIPTORS = 32, CROWD = 60, PAUSE_MS = 1200, BUSY_PERCENT = 30, CLIENTS = 12 };

static struct fixture fixture;
static struct wire wire;
static struct wire crowd[CROWD];

static const char hello_request[] = "GET / HTTP/1.1\r\nHost: test\r\n\r\n";

/* ---- descriptors ---- */

/*
 * 60 clients for a server with 32 descriptors. Those without one wait in the backlog, always ready to
 * be accepted: a loop that just tries again burns a core. When others leave, they are answered.
 */
static void few_descriptors(struct fixture_plan plan)
{
    int64_t start_ns, cpu_ms, took_ms;

    plan.descriptors = FEW_DESCRIPTORS;
    plan.warns = true;
    plan.clients = CROWD;
    plan.in_order = true; /* they are waited for in the order they came */
    fixture_start(&fixture, &plan);
    for (size_t i = 0; i < CROWD; i++) {
        fixture_connect(&fixture, &crowd[i]);
        wire_text(&crowd[i], hello_request);
    }
    expect_hello(&crowd[0]);
    start_ns = clock_now_ns();
    cpu_ms = process_cpu_ms(fixture.program.pid);
    clock_sleep_ns(PAUSE_MS * NS_PER_MS);
    cpu_ms = process_cpu_ms(fixture.program.pid) - cpu_ms;
    took_ms = (clock_now_ns() - start_ns) / NS_PER_MS;
    cr_assert(cpu_ms * 100 < took_ms * BUSY_PERCENT, "%s used %d ms of CPU in %d ms, short of descriptors",
              plan.model, (int)cpu_ms, (int)took_ms);
    wire_close(&crowd[0]);
    for (size_t i = 1; i < CROWD; i++) {
        expect_hello(&crowd[i]);
        wire_close(&crowd[i]);
    }
    fixture_expect_unharmed(&fixture);
}

/* More clients than an fd_set can name: none of them may corrupt memory, all are served in the end. */
Test(faults, select_beyond_fd_setsize)
{
    enum { MANY = 1100 };
    struct wire *many = calloc(MANY, sizeof(*many));
    struct process_use use;
    struct rlimit limit;

    getrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_max < MANY + 100)
        cr_skip_test("at most %d descriptors here", (int)limit.rlim_max);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    fixture_start(&fixture, &(struct fixture_plan){.model = "select", .warns = true});
    for (size_t i = 0; i < MANY; i++) {
        fixture_connect(&fixture, &many[i]);
        wire_text(&many[i], hello_request);
    }
    expect_hello(&many[0]);
    process_use(fixture.program.pid, &use);
    cr_assert(use.descriptors <= FD_SETSIZE, "it holds descriptors an fd_set cannot name");
    wire_close(&many[0]);
    for (size_t i = 1; i < MANY; i++) {
        expect_hello(&many[i]);
        wire_close(&many[i]);
    }
    free(many);
    fixture_expect_unharmed(&fixture);
}

/* ---- failing calls ---- */

/* A fresh client either gets an exact answer or is closed with none: never half of one. */
static bool answered(void)
{
    struct reply reply;
    bool whole;

    fixture_connect(&fixture, &wire);
    wire_text(&wire, hello_request);
    whole = reply_read(&wire, &reply, false) == 0 && reply.status == 200;
    cr_assert(whole || wire.received == 0, "%s: half an answer", fixture.plan.model);
    reply_free(&reply);
    wire_close(&wire);
    return whole;
}

/*
 * Serves CLIENTS clients, one after the other, while calls fail as `expression` says. At least
 * `least` of them must be answered, and everybody afterwards.
 */
static void inject(const struct fixture_plan *plan, const char *expression, bool follow, int least)
{
    struct injection injection;
    int count = 0;

    fixture_start(&fixture, plan);
    injection_attach(&injection, fixture.program.pid, expression, follow);
    for (int i = 0; i < CLIENTS; i++)
        count += answered();
    injection_detach(&injection);
    cr_assert(count >= least, "%s, %s: %d of %d clients were answered, not %d", plan->model, expression,
              count, CLIENTS, least);
    fixture_expect_unharmed(&fixture);
}

/* accept(2) passes on what the network or a hurried client did: every second call fails. */
static void accept_fails(struct fixture_plan plan)
{
    static const char *const passing[] = {"ECONNABORTED", "EINTR", "EPROTO", "ENETDOWN", "EHOSTUNREACH"};
    static const char *const shortage[] = {"EMFILE", "ENFILE", "ENOBUFS", "ENOMEM"};
    char expression[128];

    injection_skip_unless_possible();
    for (size_t i = 0; i < sizeof(passing) / sizeof(passing[0]); i++) {
        snprintf(expression, sizeof(expression), "inject=accept,accept4:error=%s:when=1+2", passing[i]);
        inject(&plan, expression, false, CLIENTS);
    }
    plan.warns = true;
    for (size_t i = 0; i < sizeof(shortage) / sizeof(shortage[0]); i++) {
        snprintf(expression, sizeof(expression), "inject=accept,accept4:error=%s:when=1+5", shortage[i]);
        inject(&plan, expression, false, CLIENTS);
    }
}

/* Every wait is interrupted now and then: nobody notices. */
static void calls_are_interrupted(struct fixture_plan plan)
{
    injection_skip_unless_possible();
    inject(&plan, "inject=recvfrom,sendto,read,write:error=EINTR:when=1+3", true, CLIENTS);
    inject(&plan,
           "inject=epoll_wait,epoll_pwait,epoll_pwait2,poll,ppoll,select,pselect6:error=EINTR:when=1+2", true,
           CLIENTS);
}

/*
 * A client that is found dead in recv(2) or send(2) is closed; the others are served. How many meet
 * the failing call depends on the model, for strace counts the calls of each thread by itself.
 */
static void calls_meet_dead_clients(struct fixture_plan plan)
{
    injection_skip_unless_possible();
    inject(&plan, "inject=recvfrom:error=ECONNRESET:when=2+4", true, 0);
    inject(&plan, "inject=recvfrom:error=ETIMEDOUT:when=1+2", true, 0);
    inject(&plan, "inject=sendto:error=EPIPE:when=1+3", true, 0);
    inject(&plan, "inject=sendto:error=ENOBUFS:when=2+3", true, 0);
}

/* Every third process or thread cannot be had: that client is closed or waits, no other. */
Test(faults, fork_without_processes)
{
    injection_skip_unless_possible();
    inject(&(struct fixture_plan){.model = "fork", .warns = true},
           "inject=clone,clone3,fork:error=EAGAIN:when=1+3", false, CLIENTS / 2);
}

Test(faults, thread_without_threads)
{
    injection_skip_unless_possible();
    inject(&(struct fixture_plan){.model = "thread", .warns = true},
           "inject=clone,clone3:error=EAGAIN:when=1+3", false, CLIENTS / 2);
}

/*
 * SIGTERM between accept(2) and fork(2): the child is born into a server that stops already, and the
 * signal its parent then sends it is its first: it comes while the child is kept in its very first call.
 * Its client's request is answered like any other.
 */
Test(faults, fork_child_born_while_stopping)
{
    struct injection injection;
    struct counters_sum counters;
    struct program_end end;

    injection_skip_unless_possible();
    fixture_start(&fixture, &(struct fixture_plan){.model = "fork"});
    injection_attach(&injection, fixture.program.pid, "inject=clone,clone3,fork,prctl:delay_enter=300000",
                     true);
    fixture_connect(&fixture, &wire);
    wire_text(&wire, "GET /wait/600000 HTTP/1.1\r\nHost: test\r\n\r\n");
    clock_sleep_ns(100 * NS_PER_MS);
    fixture_terminate(&fixture);
    expect_hello(&wire);
    wire_close(&wire);
    injection_detach(&injection);
    fixture_finish(&fixture, &end, &counters);
    cr_assert_eq(counters.aborted, 0);
}

/* There is no memory for the stack of a thread. (A sanitizer's own mmap(2) must not fail.) */
Test(faults, thread_without_stacks)
{
    if (sanitized)
        cr_skip_test("sanitizers do not survive this");
    injection_skip_unless_possible();
    inject(&(struct fixture_plan){.model = "thread", .warns = true}, "inject=mmap:error=ENOMEM:when=1+3",
           false, CLIENTS / 2);
}

/* max_user_watches is used up, or the kernel has no memory for the entry: epoll_ctl(2). */
Test(faults, epoll_without_watches)
{
    injection_skip_unless_possible();
    inject(&(struct fixture_plan){.model = "epoll", .warns = true}, "inject=epoll_ctl:error=ENOSPC:when=1+3",
           false, CLIENTS / 2);
    inject(&(struct fixture_plan){.model = "epoll", .warns = true}, "inject=epoll_ctl:error=ENOMEM:when=1+3",
           false, CLIENTS / 2);
}

/* The kernel has no memory for the table poll(2) or select(2) copies in: try again, do not die. */
Test(faults, poll_and_select_without_memory)
{
    injection_skip_unless_possible();
    inject(&(struct fixture_plan){.model = "poll", .warns = true}, "inject=poll,ppoll:error=ENOMEM:when=1+3",
           false, CLIENTS);
    inject(&(struct fixture_plan){.model = "select", .warns = true},
           "inject=select,pselect6:error=ENOMEM:when=1+3", false, CLIENTS);
}

MATRIX_SUITE(faults);

#define CASES(test, model)                                                                                   \
    test(model, few_descriptors) test(model, accept_fails) test(model, calls_are_interrupted)                \
        test(model, calls_meet_dead_clients)
#define MODEL(model) CASES(FAULTS, model)
#define REFERENCE(model)
#include "models.def"
