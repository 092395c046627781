/*
 * load_pace - the open loop schedule: equal gaps or exponential ones.
 */
#include "load_pace.h"

#include <math.h>

#include "clock.h"

/* xorshift64* (Vigna 2014), as a number in (0, 1]: its logarithm is finite. */
static double random_unit(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return (double)((*state * UINT64_C(0x2545f4914f6cdd1d) >> 11) + 1) / 9007199254740992.0;
}

void load_pace_open(struct load_pace *pace, const struct load_pace_options *options)
{
    double spacing_ns = (double)NS_PER_S / options->rate;

    *pace = (struct load_pace){
        .next_ns = INT64_MAX,
        .gap_ns = spacing_ns * options->of,
        .at_ns = spacing_ns * options->rank,
        .poisson = options->poisson,
        .random = (options->seed + options->rank + 1) * UINT64_C(0x9e3779b97f4a7c15) | 1,
    };
    if (pace->poisson)
        pace->at_ns = -log(random_unit(&pace->random)) * pace->gap_ns;
}

void load_pace_start(struct load_pace *pace, int64_t origin_ns)
{
    pace->origin_ns = origin_ns;
    pace->next_ns = origin_ns + (int64_t)pace->at_ns;
}

void load_pace_advance(struct load_pace *pace)
{
    pace->count++;
    pace->at_ns += pace->poisson ? -log(random_unit(&pace->random)) * pace->gap_ns : pace->gap_ns;
    pace->next_ns = pace->origin_ns + (int64_t)pace->at_ns;
}
