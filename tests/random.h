/*
 * random - repeatable random numbers for property tests. A test says its seed when it fails;
 * TENK_SEED=n in the environment runs it again with the same numbers.
 */
#ifndef RANDOM_H
#define RANDOM_H

#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include "splitmix.h"

static struct splitmix random_state;

/* Returns the seed, for the messages of assertions. */
static inline uint64_t random_start(void)
{
    const char *text = getenv("TENK_SEED");

    random_state.state = text ? strtoull(text, NULL, 10) : (uint64_t)time(NULL);
    return random_state.state;
}

/* Any seed will do, 0 too. */
static inline uint64_t random_u64(void)
{
    return splitmix_next(&random_state);
}

/* A number of 1 to `bits` (at most 64) bits, each length as likely as the next. */
static inline uint64_t random_magnitude(unsigned bits)
{
    unsigned length = 1 + (unsigned)(random_u64() % bits);

    return random_u64() >> (64 - length);
}

#endif
