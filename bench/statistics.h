/*
 * statistics - medians, and paired ratios with their interval.
 *
 * The unit of analysis is the pair within a round: two slices measured within seconds of each other.
 * Whatever slows the whole machine slows both, so their ratio is far steadier than either figure
 * (bench/README.md shows how much). Pairs of one start of the servers resemble one another more than
 * pairs of different starts, so the bootstrap draws starts first and rounds within them.
 */
#ifndef STATISTICS_H
#define STATISTICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifndef STATISTICS_RESAMPLES /* a test of many sessions takes fewer */
#define STATISTICS_RESAMPLES 10000
#endif
enum { STATISTICS_PAIRS_MIN = 3, STATISTICS_INDEPENDENT_MIN = 6 };

/* The middle value, or the mean of the two middle ones. Sorts `values`. NaN for none. */
double statistics_median(double *values, size_t count);

/* The value below which `share` (0 to 1) of the values lie, between neighbours interpolated. Sorts. */
double statistics_quantile(double *values, size_t count, double share);

/* One round's comparison: the logarithm of a ratio, and the start of the servers it belongs to. */
struct pair {
    double log_ratio;
    unsigned start;
    unsigned round; /* for those who join two series; the statistics do not look at it */
};

struct estimate {
    double ratio, low, high; /* NaN when there are too few pairs */
    size_t pairs;
};

/*
 * Median ratio with its 95 % interval from a hierarchical percentile bootstrap, the same every time
 * for the same seed. Sorts nothing. With no memory the interval is NaN.
 */
struct estimate statistics_paired(const struct pair *pairs, size_t count, uint64_t seed);

/*
 * Median ratio of pairs that are independent of one another, no two of the same start, with the interval of
 * the sign test: between two of the values, by their rank (Conover 1999, section 3.2). It holds the true
 * median in at least 95 % of all cases, however few pairs and however they are distributed. A percentile
 * bootstrap promises that of many only. Below STATISTICS_INDEPENDENT_MIN pairs there is no such interval: all
 * is NaN, as without memory. Sorts nothing.
 */
struct estimate statistics_independent(const double *log_ratios, size_t count);

/*
 * The same as of pairs for samples that do not belong together, two runs: the ratio of the medians, `after`
 * over `before`, each resampled for itself. Wider than that of pairs: nothing that both share is taken out.
 */
struct estimate statistics_unpaired(const struct pair *before, size_t before_count, const struct pair *after,
                                    size_t after_count, uint64_t seed);

/*
 * The smallest difference, as a fraction, that an estimate with this interval would have shown in four
 * cases of five among `tests` that are judged together. NaN when there is no interval.
 */
double statistics_detectable(const struct estimate *estimate, size_t tests);

/* How far the interval reaches from 1, as a fraction: the floor two equal servers set. NaN when unknown. */
double statistics_floor(const struct estimate *same);

enum difference { DIFFERENCE_UNKNOWN, DIFFERENCE_NONE, DIFFERENCE_LESS, DIFFERENCE_MORE };

/*
 * Less or more only if the interval excludes 1 and the ratio differs from 1 by more than
 * max(1 %, floor); a NaN floor counts as none known: then nothing is claimed.
 */
enum difference statistics_verdict(const struct estimate *estimate, double floor);

/*
 * The rule of every comparison, stricter: the interval excludes 1, the ratio differs from 1 by more than
 * max(claim, floor), and p, corrected for all that is judged together, is below 0.05. A NaN interval or p
 * shows nothing; a NaN floor must be looked at before.
 */
bool statistics_shows(const struct estimate *estimate, double p, double floor, double claim);

#endif
