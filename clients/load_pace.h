/*
 * load_pace - when requests are due in open loop.
 *
 * The times are fixed beforehand and do not depend on the server: a request that cannot be sent when
 * it is due stays due, and its latency counts from then. That is what keeps a stall of the server
 * from hiding itself by stopping its own measurement ("coordinated omission").
 *
 * The schedule is spread over threads without talking: with equal gaps thread `rank` of `of` takes
 * every of-th time; the sum of independent Poisson streams is a Poisson stream again.
 */
#ifndef LOAD_PACE_H
#define LOAD_PACE_H

#include <stdbool.h>
#include <stdint.h>

struct load_pace {
    int64_t next_ns; /* when the next request of this thread is due; INT64_MAX before the start */
    int64_t origin_ns;
    double gap_ns;  /* mean distance of this thread's requests */
    double at_ns;   /* of the next request, from the origin */
    uint64_t count; /* requests taken so far */
    bool poisson;
    uint64_t random;
};

struct load_pace_options {
    double rate; /* per second, of all threads together */
    bool poisson;
    unsigned rank, of;
    uint64_t seed;
};

/* Makes a schedule that has not started: nothing is ever due. */
void load_pace_open(struct load_pace *pace, const struct load_pace_options *options);

/* Starts it: the first requests are due at origin_ns. */
void load_pace_start(struct load_pace *pace, int64_t origin_ns);

/* Takes the request due at next_ns and moves on to the following one. */
void load_pace_advance(struct load_pace *pace);

#endif
