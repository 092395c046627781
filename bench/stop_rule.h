/*
 * stop_rule - when a scenario has been measured enough: every interval is narrow enough, or its time is
 * spent. Looked at after every second round only: odd rounds run the order of the one before them
 * backwards, and what drifts weighs on all models alike only if both have been run. A search for a capacity
 * stands for itself.
 *
 * Stopping depends on the width of the intervals and never on where they lie, so that it does not make
 * differences of chance.
 */
#ifndef STOP_RULE_H
#define STOP_RULE_H

#include <stddef.h>
#include <stdint.h>

#include "samples.h"
#include "scenario.h"

enum {
    STOP_ROUNDS_MIN = 6,
    STOP_STARTS_MIN = 3,
    STOP_ROUNDS_TOGETHER = 2, /* rounds that are run to the end once they have begun */
    STOP_SEARCHES_TOGETHER = 1,
};

struct stop_rule {
    double width; /* 0: none. Half of the 95 % interval of CPU time over the control's, as a fraction */
    int64_t deadline_ns; /* clock_now_ns(); 0: none */
    uint64_t seed;       /* of the intervals */
};

/*
 * Whether a scenario is to be stopped before `round` (its rounds up to it have been measured), when the next
 * rounds that go together and what comes after all of them take so long. `why` receives a sentence.
 */
bool stop_rule_met(const struct stop_rule *rule, const struct scenario *scenario,
                   const struct samples *samples, unsigned round, unsigned together, int64_t next_ns,
                   char *why, size_t size);

#endif
