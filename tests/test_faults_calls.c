/*
 * Every call that can fail fails: the k-th of its name, for growing k until a whole round of clients goes by
 * without it; and then all of them for a while. Under every model the service goes on, no client gets a
 * wrong answer, nothing is left behind, no loop spins, and the counters tell.
 *
 * The server is tenk-serve-faults (faults/wrap.c). One server lives through the whole table, so what one
 * failure leaves behind meets the next. TENK_STRESS=1 asks for all errors and larger k.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "docroot.h"
#include "expect.h"
#include "fault_plan.h"
#include "matrix.h"

enum {
    K_MAX = 6,         /* without TENK_STRESS */
    K_MAX_STRESS = 64, /* more calls of one name than a round makes */
    BURST = 40,        /* so often a passing error comes in a row */
    WINDOW_MS = 250,   /* how long all calls fail */
    SETTLE_MS = 2000,  /* how long a connection may take to be closed */
    CALLS_MAX = 400,   /* of a failing call in that time: a loop that spins makes tens of thousands */
    ERRORS_MAX = 6,
    HELD = 3,
};

/* What a call may fail with. `passing` errors mean try again, so they come in bursts but never for ever. */
struct fault_case {
    enum faults_call call;
    const char *name;
    int errors[ERRORS_MAX]; /* 0 ends them; the first one is always tried */
    bool passing;
    bool counted;  /* pauses, shed or aborted must tell when all of them fail */
    bool of_files; /* of a server with --root only */
};

#define FAULT(name) FAULTS_##name, #name

static const struct fault_case cases[] = {
    {FAULT(accept4), {ECONNABORTED, EINTR, EPROTO, ENETDOWN}, .passing = true},
    {FAULT(accept4), {EMFILE, ENFILE, ENOBUFS, ENOMEM}, .counted = true},
    {FAULT(recv), {EINTR}, .passing = true},
    {FAULT(recv), {ECONNRESET, ENOMEM, ETIMEDOUT, EHOSTUNREACH}, .counted = true},
    {FAULT(send), {EINTR}, .passing = true},
    {FAULT(send), {EPIPE, ECONNRESET, ENOBUFS, ENOMEM}, .counted = true},
    {FAULT(sendmsg), {EINTR, EAGAIN}, .passing = true},
    {FAULT(sendmsg), {ETOOMANYREFS, ENOBUFS, EMFILE}, .counted = true},
    {FAULT(recvmsg), {EINTR}, .passing = true},
    {FAULT(ppoll), {EINTR}, .passing = true},
    {FAULT(ppoll), {ENOMEM}, .counted = true},
    {FAULT(pselect), {EINTR}, .passing = true},
    {FAULT(pselect), {ENOMEM}, .counted = true},
    {FAULT(epoll_wait), {EINTR}, .passing = true},
    {FAULT(epoll_pwait), {EINTR}, .passing = true},
    {FAULT(epoll_pwait2), {EINTR}, .passing = true},
    {FAULT(epoll_pwait2), {ENOMEM}, .counted = true},
    {FAULT(epoll_ctl), {ENOMEM, ENOSPC}, .counted = true},
    {FAULT(fork), {EAGAIN, ENOMEM}, .counted = true},
    {FAULT(pthread_create), {EAGAIN}, .counted = true},
    {FAULT(malloc), {ENOMEM}, .counted = true},
    {FAULT(calloc), {ENOMEM}, .counted = true},
    {FAULT(realloc), {ENOMEM}, .counted = true},
    {FAULT(mmap), {ENOMEM}, .counted = true},
    {FAULT(io_uring_submit_and_wait_timeout), {EINTR, ETIME, EBUSY}, .passing = true},
    {FAULT(io_uring_submit_and_wait_timeout), {EAGAIN, ENOMEM}},
    {FAULT(io_uring_submit_and_get_events), {EINTR, EAGAIN, EBUSY}, .passing = true},
    {FAULT(sendfile), {EINTR}, .passing = true, .of_files = true},
    {FAULT(sendfile), {EPIPE, ECONNRESET, EIO, ENOMEM}, .counted = true, .of_files = true},
};

static struct fixture fixture;
static struct wire wire, held[HELD];
static struct faults *faults;
static uint64_t survived; /* calls that failed */
static const struct counters_table *counters;
static char *large_file; /* of the server's --root; NULL: it has none */
static char counters_path[] = "/tmp/tenk-counters-XXXXXX";

static bool stress(void)
{
    return getenv("TENK_STRESS") != NULL;
}

/*
 * libuv ends the process when epoll_ctl(2) fails behind its own trial, or its tables cannot grow: what a
 * model on it cannot survive is said in docs/robustness.md.
 */
static bool library_gives_up(const char *model, enum faults_call call)
{
    return strcmp(model, "libuv") == 0 && (call == FAULTS_epoll_ctl || call == FAULTS_realloc);
}

/* ---- the plan ---- */

static void arm(const struct fault_case *fault, int error, uint64_t first, uint64_t last)
{
    fault_plan_arm(faults, fault->call, error, first, last);
}

static void disarm(void)
{
    survived += atomic_load(&faults->failed);
    fault_plan_disarm(faults);
}

static void start(struct fixture_plan plan, const char *option)
{
    static char counters_option[64];

    faults = fault_plan_open();
    cr_assert(close(mkstemp(counters_path)) == 0);
    snprintf(counters_option, sizeof(counters_option), "--counters=%s", counters_path);
    plan.program = "tenk-serve-faults";
    plan.warns = true;
    plan.clients = 4;
    plan.options[0] = counters_option;
    plan.options[1] = option;
    fixture_start(&fixture, &plan);
    counters = counters_map(counters_path);
    cr_assert_not_null(counters);
}

static void leave(void)
{
    fixture_leave();
    fault_plan_remove();
    unlink(counters_path);
    docroot_remove();
}

/* ---- clients ---- */

/* What came is the exact answer, or nothing more comes: the connection has ended. */
static bool answered(struct wire *client, const char *what, const void *body, size_t size)
{
    struct reply reply;
    bool whole = reply_read(client, &reply, false) == 0;

    cr_assert(whole || errno != ETIMEDOUT, "%s, %s: neither an answer nor an end", fixture.plan.model, what);
    if (whole && reply.status == 200)
        cr_assert(reply.size == size && memcmp(reply.body, body, size) == 0, "%s, %s: a wrong answer",
                  fixture.plan.model, what);
    reply_free(&reply);
    return whole;
}

static void one_client(const char *what, const char *request, int answers, const char *body, size_t size)
{
    fixture_connect(&fixture, &wire);
    wire_text(&wire, request);
    for (int i = 0; i < answers && answered(&wire, what, body, size); i++)
        ;
    wire_close(&wire);
}

#define GET(target) "GET " target " HTTP/1.1\r\nHost: test\r\n\r\n"

enum { LARGE = 300000 };

/* Each way through a server: a request, two in one piece, a body, a wait, more than a socket takes. */
static void round_of_clients(const char *what)
{
    static char *pattern;

    if (pattern == NULL)
        pattern = expect_pattern(LARGE);
    one_client(what, GET("/"), 1, EXPECT_HELLO, 13);
    one_client(what, GET("/") GET("/"), 2, EXPECT_HELLO, 13);
    one_client(what, "POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 5\r\n\r\n12345", 1, "12345", 5);
    one_client(what, GET("/wait/1000"), 1, EXPECT_HELLO, 13);
    one_client(what, GET("/bytes/300000"), 1, pattern, LARGE);
    if (large_file != NULL)
        one_client(what, GET("/large.bin"), 1, large_file, DOCROOT_LARGE);
}

/* ---- the two ways to fail ---- */

/* The k-th call fails, for k = 1, 2, ... until a round makes fewer calls than that. */
static void fail_one(const struct fault_case *fault, int error)
{
    int k_max = stress() ? K_MAX_STRESS : K_MAX;
    char what[96];

    for (int k = 1; k <= k_max; k++) {
        snprintf(what, sizeof(what), "%s %d says %s", fault->name, k, strerrorname_np(error));
        arm(fault, error, (uint64_t)k, (uint64_t)k);
        round_of_clients(what);
        disarm();
        if (atomic_load(&faults->failed) == 0)
            break;
    }
    fixture_expect_service(&fixture);
}

/* A passing error that comes again and again. */
static void fail_in_a_row(const struct fault_case *fault, int error)
{
    char what[96];

    snprintf(what, sizeof(what), "%s says %s %d times", fault->name, strerrorname_np(error), BURST);
    arm(fault, error, 1, BURST);
    round_of_clients(what);
    disarm();
    fixture_expect_service(&fixture);
}

static uint64_t troubles(void)
{
    struct counters_sum sum = counters_sum(counters);

    return sum.pauses + sum.shed + sum.aborted;
}

/* All calls of that name fail for a while, with clients at the door; then they are seen to. */
static void fail_all(const struct fault_case *fault, int error)
{
    uint64_t before = troubles(), calls, failed;
    char what[96];

    snprintf(what, sizeof(what), "every %s says %s", fault->name, strerrorname_np(error));
    arm(fault, error, 1, UINT64_MAX);
    for (int i = 0; i < HELD; i++) {
        fixture_connect(&fixture, &held[i]);
        wire_text(&held[i], GET("/"));
    }
    clock_sleep_ns(WINDOW_MS * NS_PER_MS);
    calls = atomic_load(&faults->calls);
    failed = atomic_load(&faults->failed);
    disarm();
    cr_assert(calls <= CALLS_MAX, "%s, %s: it was tried %llu times in %d ms", fixture.plan.model, what,
              (unsigned long long)calls, WINDOW_MS);
    for (int i = 0; i < HELD; i++) {
        answered(&held[i], what, EXPECT_HELLO, 13);
        wire_close(&held[i]);
    }
    fixture_expect_service(&fixture);
    if (fault->counted && failed > 0)
        cr_assert(troubles() > before, "%s, %s: no counter tells", fixture.plan.model, what);
}

/* The part of the table that is of files, or the other one. */
static void run_cases(bool of_files)
{
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct fault_case *fault = &cases[i];

        if (fault->of_files != of_files || library_gives_up(fixture.plan.model, fault->call))
            continue;
        for (int j = 0; j < ERRORS_MAX && fault->errors[j] != 0 && (j == 0 || stress()); j++) {
            fail_one(fault, fault->errors[j]);
            (fault->passing ? fail_in_a_row : fail_all)(fault, fault->errors[j]);
        }
    }
}

/* Whose connections are a child's is at rest before the last of them is closed. */
static struct counters_sum settled(void)
{
    int64_t deadline_ns = clock_now_ns() + SETTLE_MS * NS_PER_MS;
    struct counters_sum sum;

    while (sum = counters_sum(counters), sum.accepted != sum.closed && clock_now_ns() < deadline_ns)
        clock_sleep_ns(NS_PER_MS);
    return sum;
}

/* The line that tests/survey reads is the last. */
static void end(void)
{
    struct counters_sum sum;

    fixture_expect_service(&fixture);
    fixture_expect_at_rest(&fixture);
    sum = settled();
    cr_assert_eq(sum.accepted, sum.closed, "%s: %llu accepted, %llu closed", fixture.plan.model,
                 (unsigned long long)sum.accepted, (unsigned long long)sum.closed);
    fixture_expect_unharmed(&fixture);
    printf("survived: %s %llu\n", fixture.plan.model, (unsigned long long)survived);
}

static void calls_fail(struct fixture_plan plan)
{
    start(plan, NULL);
    run_cases(false);
    end();
}

/*
 * The same for what only files need. `/` is a file as well then. A file system that has no sendfile(2), or a
 * kernel that has none, costs nobody an answer: the file is read instead.
 */
static void files_fail(struct fixture_plan plan)
{
    static const int none[] = {EINVAL, ENOSYS};
    static const struct fault_case fault = {FAULT(sendfile), {EINVAL, ENOSYS}};
    char option[FIXTURE_ENDPOINT_MAX];

    snprintf(option, sizeof(option), "--root=%s", docroot_make());
    large_file = expect_noise(DOCROOT_LARGE, DOCROOT_LARGE_SEED);
    start(plan, option);
    run_cases(true);
    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
        arm(&fault, none[i], 1, UINT64_MAX);
        fixture_connect(&fixture, &wire);
        wire_text(&wire, GET("/large.bin"));
        expect_reply(&wire, 200, large_file, DOCROOT_LARGE);
        wire_close(&wire);
        disarm();
    }
    end();
    free(large_file);
}

/*
 * The only place is taken, so the listening socket is not watched; when it is to be watched again, the kernel
 * has no memory for that. It once was taken for watched all the same, and nobody was ever accepted again.
 */
static void listener_comes_back(struct fixture_plan plan)
{
    static const struct fault_case fault = {FAULT(epoll_ctl), {ENOMEM}};

    start(plan, "--max-connections=1");
    fixture_connect(&fixture, &held[0]);
    wire_text(&held[0], GET("/"));
    cr_assert(answered(&held[0], "the only place", EXPECT_HELLO, 13));
    fixture_connect(&fixture, &held[1]);
    wire_text(&held[1], GET("/"));
    clock_sleep_ns(20 * NS_PER_MS); /* for the loop to find its table full */
    if (!library_gives_up(plan.model, FAULTS_epoll_ctl))
        arm(&fault, ENOMEM, 1, 3);
    wire_close(&held[0]);
    answered(&held[1], "a place is free", EXPECT_HELLO, 13);
    wire_close(&held[1]);
    disarm();
    fixture_expect_unharmed(&fixture);
}

/* A kernel without epoll_pwait2(2): every loop that would have used it serves all the same. */
static void an_older_kernel(struct fixture_plan plan)
{
    static const struct fault_case fault = {FAULT(epoll_pwait2), {ENOSYS}};

    faults = fault_plan_open();
    arm(&fault, ENOSYS, 1, UINT64_MAX);
    plan.program = "tenk-serve-faults";
    plan.options[0] = "--idle-timeout=300ms";
    fixture_start(&fixture, &plan);
    round_of_clients("no epoll_pwait2");
    fixture_connect(&fixture, &wire);
    expect_end(&wire);
    wire_close(&wire);
    fixture_expect_unharmed(&fixture);
}

/* docs/robustness.md has a row for each model. */
Test(faults, the_page_names_every_model)
{
    static char page[65536];
    FILE *file = fopen("docs/robustness.md", "re");

    cr_assert_not_null(file, "docs/robustness.md is missing (tests run in the project's directory)");
    page[fread(page, 1, sizeof(page) - 1, file)] = '\0';
    fclose(file);
#define MODEL(model) cr_assert(strstr(page, "\n| " #model " |"), "no row for " #model);
#define REFERENCE(model)
#include "models.def"
#undef MODEL
#undef REFERENCE
}

TestSuite(faults, .timeout = 280, .fini = leave);

#define MODEL(model)                                                                                         \
    FAULTS(model, calls_fail)                                                                                \
    FAULTS(model, files_fail) FAULTS(model, listener_comes_back) FAULTS(model, an_older_kernel)
#define REFERENCE(model)
#include "models.def"
