/*
 * What each model costs, against tests/baseline/MODEL.json: counted, so that no noisy machine can
 * upset it, and committed, so that a change of costs is seen in review.
 *
 * Every model is measured twice: as it is, and in a build with one getppid(2) per request planted in
 * epoll. The first must be what the baseline says. Of the second the comparison must report exactly
 * epoll, and there exactly the system calls: that is what a regression would look like.
 *
 * `make baseline` sets TENK_BASELINE_RENEW: the files are then written instead of compared.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cost.h"
#include "matrix.h"
#include "sanitizer.h"

enum { DIFFERENCES_MAX = 2048 };

/* A build that counts lines makes calls of its own when a process ends, a sanitizer when a thread begins. */
#if defined(COUNTS_LINES) || defined(__SANITIZE_ADDRESS__)
static const bool costs_more = true;
#else
static const bool costs_more = false;
#endif

TestSuite(cost_baseline, .timeout = MATRIX_TIMEOUT_S, .fini = fixture_leave);

static void as_it_was(struct fixture_plan plan)
{
    bool renew = getenv("TENK_BASELINE_RENEW") != NULL, there;
    struct cost now, baseline;
    char text[DIFFERENCES_MAX];

    if (costs_more)
        cr_skip_test("this build makes calls of its own");
    cost_measure(plan, "counted", &now);
    there = cost_read(plan.model, &baseline);
    if (renew) {
        cost_write(plan.model, &now, there ? &baseline : NULL);
        return;
    }
    cr_assert(there, "%s has no baseline, or a broken one: `make baseline` writes it", plan.model);
    cr_assert_eq(
        cost_compare(&now, &baseline, text, sizeof(text)), 0,
        "%s does not cost what it did (if that is meant: `make baseline`, and commit the change):\n%s",
        plan.model, text);
}

static void planted(struct fixture_plan plan)
{
    struct cost now, baseline;
    const struct cost_value *request = baseline.values[COST_REQUEST];
    const struct cost_value *connection = baseline.values[COST_CONNECTION];
    char text[DIFFERENCES_MAX], expected[DIFFERENCES_MAX] = "";

    if (getenv("TENK_BASELINE_RENEW") || costs_more)
        cr_skip_test("renewing, or this build makes calls of its own");
    cost_measure(plan, "planted", &now);
    cr_assert(cost_read(plan.model, &baseline));
    cost_compare(&now, &baseline, text, sizeof(text));
    if (strcmp(plan.model, "epoll") == 0) /* one call for every look at a socket */
        snprintf(expected, sizeof(expected),
                 "request: syscalls %g, baseline %g\nconnection: syscalls %g, baseline %g\n",
                 request[COST_syscalls].count + request[COST_receives].count, request[COST_syscalls].count,
                 connection[COST_syscalls].count + connection[COST_receives].count,
                 connection[COST_syscalls].count);
    cr_assert_str_eq(text, expected, "%s, one call planted in epoll: the comparison says\n%s", plan.model,
                     text);
}

#define BASELINE(model, name) MATRIX_TEST(cost_baseline, model, name, "http", FIXTURE_TCP)
#define MODEL(model)          BASELINE(model, as_it_was) BASELINE(model, planted)
#define REFERENCE(model)
#include "models.def"

MATRIX_TEST(cost_baseline, ceiling, as_it_was, "http", FIXTURE_TCP)
