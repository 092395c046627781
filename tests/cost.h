/*
 * cost - what a request costs a server, counted: and the comparison with what it used to cost.
 *
 * Requests come one at a time, and the next one only when every thread of the server sleeps. So nothing
 * depends on who was faster: a model that costs three system calls and one switch costs exactly that,
 * on any machine, however loaded. A baseline is a file tests/baseline/MODEL.json, written by
 * `make baseline` and committed: a change of costs shows in the diff.
 *
 * These functions assert (Criterion).
 */
#ifndef COST_H
#define COST_H

#include <stdbool.h>

#include "fixture.h"

/* What is counted: JSON name and meaning. */
#define COST_LIST(X)                                                                                         \
    X(syscalls, "system calls, by strace(1)")                                                                \
    X(switches, "voluntary context switches")                                                                \
    X(allocations, "calls of malloc(3) and its like")                                                        \
    X(receives, "calls of recv(2) or its like, by the server's own count")                                   \
    X(sends, "calls of send(2), likewise")                                                                   \
    X(bytes_in, "bytes received")                                                                            \
    X(bytes_out, "bytes sent")

enum cost_measure {
#define X(name, text) COST_##name,
    COST_LIST(X)
#undef X
        COST_MEASURES
};

/* Of what: a request on a connection that is kept, or a connection with one request. */
enum cost_unit { COST_REQUEST, COST_CONNECTION, COST_UNITS };

struct cost_value {
    double count;
    bool at_most; /* not a fixed number but a bound: threads that race wake each other or do not */
};

struct cost {
    struct cost_value values[COST_UNITS][COST_MEASURES];
};

/* Measures the server of a plan in the build directory `servers` ("counted", "planted"). */
void cost_measure(struct fixture_plan plan, const char *servers, struct cost *cost);

/* Reads tests/baseline/MODEL.json. False when there is none, or what is there is no baseline. */
bool cost_read(const char *model, struct cost *cost);

/*
 * Writes it. Fixed numbers as they were counted; of a bound that still holds and is not far too wide
 * (`old`, may be NULL) the old one stays, so that renewing without a change changes nothing.
 */
void cost_write(const char *model, const struct cost *cost, const struct cost *old);

/*
 * Compares with the baseline: one line of text per difference, "request: syscalls 4, baseline 3\n". Less
 * than a fixed number is a difference too: an improvement belongs into the baseline. Returns how many.
 */
unsigned cost_compare(const struct cost *now, const struct cost *baseline, char *text, unsigned size);

#endif
