/*
 * splitmix - a small generator with a seed, so that an order, an interval or a payload can be made again.
 * splitmix64 (Steele, Lea, Flood 2014): passes BigCrush, one word of state.
 */
#ifndef SPLITMIX_H
#define SPLITMIX_H

#include <stdint.h>

struct splitmix {
    uint64_t state;
};

static inline uint64_t splitmix_next(struct splitmix *random)
{
    uint64_t z = random->state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* 0 <= result < bound, evenly (Lemire's multiplication; the bias is below bound / 2^32). */
static inline uint32_t splitmix_below(struct splitmix *random, uint32_t bound)
{
    return (uint32_t)(((splitmix_next(random) >> 32) * bound) >> 32);
}

#endif
