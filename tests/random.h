/*
 * random - repeatable random numbers for property tests. A test says its seed when it fails;
 * TENK_SEED=n in the environment runs it again with the same numbers.
 */
#ifndef RANDOM_H
#define RANDOM_H

#include <stdint.h>
#include <stdlib.h>
#include <time.h>

static uint64_t random_state;

/* Returns the seed, for the messages of assertions. */
static inline uint64_t random_start(void)
{
    const char *text = getenv("TENK_SEED");

    random_state = text ? strtoull(text, NULL, 10) : (uint64_t)time(NULL);
    return random_state;
}

/* splitmix64: any seed will do, 0 too. */
static inline uint64_t random_u64(void)
{
    uint64_t z = random_state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

/* A number of 1 to `bits` (at most 64) bits, each length as likely as the next. */
static inline uint64_t random_magnitude(unsigned bits)
{
    unsigned length = 1 + (unsigned)(random_u64() % bits);

    return random_u64() >> (64 - length);
}

#endif
