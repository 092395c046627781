/*
 * tenk-load against servers that lie: each lie is caught, counted once, and under the right kind; and
 * what is merely unusual is not called an error.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "liar.h"
#include "load_outcome.h"

enum {
    TIMEOUT_S = 90,
    REQUESTS_MIN = 100, /* a load of fewer is tried again for longer: the machine was elsewhere */
    TRIES = 4,
};

TestSuite(load_liar, .timeout = TIMEOUT_S);

static struct liar liar;
static struct load_outcome outcome;

/* Loads the liar of the plan on two connections, with more arguments if any. */
static void load_liar_for(const char *duration, const char *timeout, struct liar_plan plan,
                          const char *const *more)
{
    const char *arguments[LOAD_OUTCOME_ARGUMENTS_MAX] = {
        "-c", "2", "-d", duration, "--timeout", timeout, "--warmup", "0.05s", "--payload", "64"};
    int count = 10;

    for (; more != NULL && *more != NULL; more++)
        arguments[count++] = *more;
    if (plan.every == 0)
        plan.every = 10;
    if (plan.wait_ms == 0)
        plan.wait_ms = 1;
    liar_start(&liar, &plan);
    load_outcome_run(&outcome, liar.target, arguments);
    liar_stop(&liar);
}

/* For a short time, and so patiently that a slow machine does not look like a silent server. */
static void load_liar(struct liar_plan plan, const char *const *more)
{
    static const char *const durations[TRIES] = {"0.3s", "1s", "3s", "9s"};

    load_liar_for(durations[0], "10s", plan, more);
    for (int i = 1; i < TRIES && liar.requests < REQUESTS_MIN; i++) {
        load_outcome_close(&outcome);
        load_liar_for(durations[i], "10s", plan, more);
    }
}

/* A server that is silent: the time-out is what is tested. */
static void load_silence(struct liar_plan plan, const char *const *more)
{
    load_liar_for("2.5s", "0.8s", plan, more);
}

/* What the client counted must be what the server did. */
static void expect_counts_equal(void)
{
    cr_assert_eq(load_outcome_count(&outcome, "connections.opened"), liar.accepted,
                 "opened, not accepted: %s", outcome.end.out);
    cr_assert_eq(load_outcome_count(&outcome, "total.sent"), liar.requests, "sent, the server saw %llu: %s",
                 (unsigned long long)liar.requests, outcome.end.out);
}

/* Every lie is an error of that kind, no other error was seen, and the exit status says so. */
static void expect_caught(const char *kind)
{
    char path[64];
    uint64_t errors = load_outcome_count(&outcome, "errors.total");

    snprintf(path, sizeof(path), "errors.%s", kind);
    cr_assert_gt(liar.lies, 3, "the server hardly lied: too few requests");
    cr_assert_gt(errors, 0, "nothing was caught of %llu lies", (unsigned long long)liar.lies);
    cr_assert_eq(load_outcome_count(&outcome, path), errors, "not all are \"%s\": %s", kind, outcome.end.out);
    cr_assert_eq(load_outcome_count(&outcome, "total.errors"), liar.lies, "of %llu lies were caught: %s",
                 (unsigned long long)liar.lies, outcome.end.out);
    cr_assert_eq(load_outcome_count(&outcome, "total.requests"), liar.requests - liar.lies,
                 "good answers: %s", outcome.end.out);
    cr_assert_eq(outcome.end.status, 1);
    expect_counts_equal();
    load_outcome_close(&outcome);
}

static void expect_fine(void)
{
    cr_assert_eq(load_outcome_count(&outcome, "total.errors"), 0, "called an error: %s", outcome.end.out);
    cr_assert_gt(liar.requests, 20);
    cr_assert_eq(load_outcome_count(&outcome, "total.requests"), liar.requests);
    cr_assert_eq(load_outcome_count(&outcome, "connections.served"), 2);
    cr_assert_eq(outcome.end.status, 0);
    expect_counts_equal();
    load_outcome_close(&outcome);
}

/* ---- honest ---- */

Test(load_liar, honest)
{
    load_liar((struct liar_plan){.lie = LIAR_HONEST}, NULL);
    expect_fine();
}

Test(load_liar, answer_byte_by_byte)
{
    load_liar((struct liar_plan){.lie = LIAR_PIECES, .every = 3}, NULL);
    expect_fine();
}

Test(load_liar, chunked_answer)
{
    load_liar((struct liar_plan){.lie = LIAR_CHUNKED, .every = 3}, NULL);
    expect_fine();
}

Test(load_liar, interim_answer)
{
    load_liar((struct liar_plan){.lie = LIAR_CONTINUE, .every = 3}, NULL);
    expect_fine();
}

Test(load_liar, announced_close)
{
    load_liar((struct liar_plan){.lie = LIAR_LEAVES}, NULL);
    cr_assert_gt(liar.accepted, 2, "the server never closed");
    expect_fine();
}

Test(load_liar, body_until_close)
{
    load_liar((struct liar_plan){.lie = LIAR_UNTIL_CLOSE, .every = 1}, NULL);
    expect_fine();
}

/* ---- content ---- */

Test(load_liar, wrong_byte)
{
    load_liar((struct liar_plan){.lie = LIAR_WRONG_BYTE}, NULL);
    expect_caught("content");
}

Test(load_liar, wrong_length)
{
    load_liar((struct liar_plan){.lie = LIAR_WRONG_LENGTH}, NULL);
    expect_caught("content");
}

/* The first answer would be the reference: that all are wrong alike shows only by knowing better. */
Test(load_liar, always_wrong_but_stated)
{
    load_liar((struct liar_plan){.lie = LIAR_WRONG_BYTE, .every = 1},
              (const char *[]){"--expect", "text:" LIAR_BODY, NULL});
    expect_caught("content");
}

Test(load_liar, always_wrong_but_known)
{
    load_liar((struct liar_plan){.lie = LIAR_WRONG_BYTE, .every = 1, .tenk = true}, NULL);
    expect_caught("content");
}

Test(load_liar, anything_goes_when_told_so)
{
    load_liar((struct liar_plan){.lie = LIAR_WRONG_LENGTH}, (const char *[]){"--expect", "any", NULL});
    expect_fine();
}

Test(load_liar, status)
{
    load_liar((struct liar_plan){.lie = LIAR_STATUS}, NULL);
    expect_caught("status");
}

Test(load_liar, stated_status)
{
    load_liar((struct liar_plan){.lie = LIAR_STATUS, .every = 1}, (const char *[]){"--status", "503", NULL});
    expect_fine();
}

/* ---- the end in the wrong place ---- */

Test(load_liar, short_body)
{
    load_liar((struct liar_plan){.lie = LIAR_SHORT_BODY}, NULL);
    expect_caught("short");
}

Test(load_liar, short_head)
{
    load_liar((struct liar_plan){.lie = LIAR_SHORT_HEAD}, NULL);
    expect_caught("short");
}

Test(load_liar, close_without_answer)
{
    load_liar((struct liar_plan){.lie = LIAR_NO_ANSWER}, NULL);
    expect_caught("short");
}

Test(load_liar, reset)
{
    load_liar((struct liar_plan){.lie = LIAR_RESET}, NULL);
    expect_caught("reset");
}

/* ---- framing ---- */

Test(load_liar, garbage)
{
    load_liar((struct liar_plan){.lie = LIAR_GARBAGE}, NULL);
    expect_caught("framing");
}

Test(load_liar, two_lengths)
{
    load_liar((struct liar_plan){.lie = LIAR_TWO_LENGTHS}, NULL);
    expect_caught("framing");
}

Test(load_liar, bad_chunk)
{
    load_liar((struct liar_plan){.lie = LIAR_BAD_CHUNK}, NULL);
    expect_caught("framing");
}

/* The answer itself was good: the error is what came behind it. */
static void expect_surplus_caught(void)
{
    cr_assert_gt(liar.lies, 3);
    cr_assert_eq(load_outcome_count(&outcome, "errors.framing"),
                 load_outcome_count(&outcome, "errors.total"));
    cr_assert_gt(load_outcome_count(&outcome, "errors.framing"), 0);
    cr_assert_eq(load_outcome_count(&outcome, "total.errors"), liar.lies, "of %llu lies: %s",
                 (unsigned long long)liar.lies, outcome.end.out);
    cr_assert_eq(load_outcome_count(&outcome, "total.requests"), liar.requests);
    cr_assert_eq(outcome.end.status, 1);
    expect_counts_equal();
    load_outcome_close(&outcome);
}

Test(load_liar, extra_reply)
{
    load_liar((struct liar_plan){.lie = LIAR_EXTRA_REPLY}, NULL);
    expect_surplus_caught();
}

Test(load_liar, extra_byte)
{
    load_liar((struct liar_plan){.lie = LIAR_EXTRA_BYTE}, NULL);
    expect_surplus_caught();
}

/* Connections on which the server ignores the close are given up after the time-out. */
Test(load_liar, ignored_close)
{
    load_silence((struct liar_plan){.lie = LIAR_KEEP_OPEN, .every = 5},
                 (const char *[]){"-k", "1", "-c", "4", NULL});
    uint64_t errors = load_outcome_count(&outcome, "total.errors");

    cr_assert_gt(errors, 0);
    cr_assert_leq(errors, liar.lies);
    cr_assert_geq(errors + 4, liar.lies, "at most those of the end may be missing of %llu: %s",
                  (unsigned long long)liar.lies, outcome.end.out);
    cr_assert_eq(load_outcome_count(&outcome, "errors.framing"),
                 load_outcome_count(&outcome, "errors.total"));
    cr_assert_eq(outcome.end.status, 1);
    load_outcome_close(&outcome);
}

/* ---- silence ---- */

Test(load_liar, hang)
{
    load_silence((struct liar_plan){.lie = LIAR_HANG}, NULL);
    uint64_t errors = load_outcome_count(&outcome, "total.errors");

    cr_assert_gt(load_outcome_count(&outcome, "errors.timeout"), 0, "%s", outcome.end.out);
    cr_assert_eq(load_outcome_count(&outcome, "errors.timeout"),
                 load_outcome_count(&outcome, "errors.total"));
    cr_assert_eq(errors + load_outcome_count(&outcome, "total.unanswered"), liar.lies, "%s", outcome.end.out);
    cr_assert_geq(load_outcome_number(&outcome, "latency_us.max"), 800e3, "the wait is not in the histogram");
    cr_assert_eq(outcome.end.status, 1);
    expect_counts_equal();
    load_outcome_close(&outcome);
}

Test(load_liar, never_an_answer)
{
    load_liar_for("0.3s", "10s", (struct liar_plan){.lie = LIAR_HANG, .every = 1}, NULL);
    cr_assert_eq(load_outcome_count(&outcome, "requests"), 0);
    cr_assert_eq(load_outcome_count(&outcome, "connections.starved"), 2);
    cr_assert_eq(load_outcome_count(&outcome, "unanswered.count"), 2);
    cr_assert_geq(load_outcome_number(&outcome, "unanswered.oldest_us"), 300e3);
    cr_assert_eq(outcome.end.status, 1, "nothing was served");
    load_outcome_close(&outcome);
}

/* ---- echo ---- */

Test(load_liar, echo_honest)
{
    load_liar((struct liar_plan){.lie = LIAR_HONEST, .echo = 64}, NULL);
    expect_fine();
}

Test(load_liar, echo_wrong_byte)
{
    load_liar((struct liar_plan){.lie = LIAR_ECHO_WRONG_BYTE, .echo = 64}, NULL);
    expect_caught("content");
}

Test(load_liar, echo_extra_byte)
{
    load_liar((struct liar_plan){.lie = LIAR_ECHO_EXTRA_BYTE, .echo = 64}, NULL);
    expect_caught("framing");
}

/* Each connection sends a stream of its own, so an answer that belongs to another one is seen. */
Test(load_liar, echo_answer_of_another_connection)
{
    load_liar((struct liar_plan){.lie = LIAR_ECHO_CROSSED, .every = 3, .echo = 64}, NULL);
    expect_caught("content");
}

Test(load_liar, echo_close_in_the_middle)
{
    load_liar((struct liar_plan){.lie = LIAR_ECHO_CLOSES, .echo = 64}, NULL);
    expect_caught("short");
}

Test(load_liar, echo_lost_byte)
{
    load_silence((struct liar_plan){.lie = LIAR_ECHO_LOSES_BYTE, .echo = 64}, NULL);
    cr_assert_gt(load_outcome_count(&outcome, "errors.timeout"), 0, "%s", outcome.end.out);
    cr_assert_eq(load_outcome_count(&outcome, "errors.timeout"),
                 load_outcome_count(&outcome, "errors.total"));
    cr_assert_eq(outcome.end.status, 1);
    load_outcome_close(&outcome);
}

/* ---- pipelined: the lie is the middle one of several answers in flight ---- */

Test(load_liar, pipelined_wrong_byte)
{
    load_liar((struct liar_plan){.lie = LIAR_WRONG_BYTE}, (const char *[]){"--pipeline", "8", NULL});
    expect_caught("content");
}

Test(load_liar, pipelined_honest)
{
    load_liar((struct liar_plan){.lie = LIAR_HONEST}, (const char *[]){"--pipeline", "8", NULL});
    expect_fine();
}
