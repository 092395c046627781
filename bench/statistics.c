/*
 * statistics - see statistics.h.
 */
#include "statistics.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ranks.h"
#include "splitmix.h"

static const double smallest_claim = 0.01, risk = 0.05, missed_max = 0.2;

static int compare(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;

    return (left > right) - (left < right);
}

double statistics_quantile(double *values, size_t count, double share)
{
    double place;
    size_t below;

    if (count == 0)
        return NAN;
    place = share * (double)(count - 1);
    below = (size_t)place;
    qsort(values, count, sizeof(*values), compare);
    if (below + 1 >= count)
        return values[count - 1];
    return values[below] + (place - (double)below) * (values[below + 1] - values[below]);
}

double statistics_median(double *values, size_t count)
{
    return statistics_quantile(values, count, 0.5);
}

/* ---- the bootstrap ---- */

/* Brings the value of that rank to its place, smaller ones before it (Hoare's selection): no whole sort. */
static void select_rank(double *values, size_t count, size_t rank)
{
    size_t first = 0, last = count - 1;

    while (first < last) {
        double pivot = values[first + (last - first) / 2];
        size_t up = first, down = last;

        for (;;) {
            while (values[up] < pivot)
                up++;
            while (values[down] > pivot)
                down--;
            if (up >= down)
                break;
            double swapped = values[up];
            values[up++] = values[down];
            values[down--] = swapped;
        }
        if (rank <= down)
            last = down;
        else
            first = down + 1;
    }
}

/* As statistics_median, for what is drawn ten thousand times. */
static double quick_median(double *values, size_t count)
{
    size_t middle = count / 2;
    double below;

    select_rank(values, count, middle);
    if (count % 2 == 1)
        return values[middle];
    below = values[0];
    for (size_t i = 1; i < middle; i++)
        below = fmax(below, values[i]);
    return below + 0.5 * (values[middle] - below);
}

struct bootstrap {
    const struct pair **by_start; /* the pairs, those of one start side by side */
    size_t *first;                /* where each start begins; one more for the end */
    size_t starts;
    double *drawn, *medians;
};

static int compare_starts(const void *a, const void *b)
{
    const struct pair *left = *(const struct pair *const *)a, *right = *(const struct pair *const *)b;

    return (left->start > right->start) - (left->start < right->start);
}

static int bootstrap_open(struct bootstrap *bootstrap, const struct pair *pairs, size_t count)
{
    *bootstrap = (struct bootstrap){
        .by_start = calloc(count, sizeof(*bootstrap->by_start)),
        .first = calloc(count + 1, sizeof(size_t)),
        .medians = calloc(STATISTICS_RESAMPLES, sizeof(double)),
    };
    if (!bootstrap->by_start || !bootstrap->first || !bootstrap->medians)
        return -1;
    for (size_t i = 0; i < count; i++)
        bootstrap->by_start[i] = &pairs[i];
    qsort(bootstrap->by_start, count, sizeof(*bootstrap->by_start), compare_starts);
    size_t longest = 0;
    for (size_t i = 0; i < count; i++)
        if (i == 0 || bootstrap->by_start[i]->start != bootstrap->by_start[i - 1]->start)
            bootstrap->first[bootstrap->starts++] = i;
    bootstrap->first[bootstrap->starts] = count;
    for (size_t s = 0; s < bootstrap->starts; s++)
        if (bootstrap->first[s + 1] - bootstrap->first[s] > longest)
            longest = bootstrap->first[s + 1] - bootstrap->first[s];
    /* The longest start could be drawn every time. */
    bootstrap->drawn = calloc(bootstrap->starts * longest, sizeof(double));
    return bootstrap->drawn ? 0 : -1;
}

static void bootstrap_close(struct bootstrap *bootstrap)
{
    free(bootstrap->by_start);
    free(bootstrap->first);
    free(bootstrap->drawn);
    free(bootstrap->medians);
}

/* Draws as many starts as there are, with replacement, and from each as many pairs as it has. */
static double resample(const struct bootstrap *bootstrap, struct splitmix *random)
{
    size_t drawn = 0;

    for (size_t s = 0; s < bootstrap->starts; s++) {
        size_t start = splitmix_below(random, (uint32_t)bootstrap->starts);
        size_t first = bootstrap->first[start], size = bootstrap->first[start + 1] - first;

        for (size_t i = 0; i < size; i++)
            bootstrap->drawn[drawn++] =
                bootstrap->by_start[first + splitmix_below(random, (uint32_t)size)]->log_ratio;
    }
    return quick_median(bootstrap->drawn, drawn);
}

static double median_of(const struct pair *pairs, size_t count)
{
    double *values = calloc(count, sizeof(*values));
    double median;

    if (!values)
        return NAN;
    for (size_t i = 0; i < count; i++)
        values[i] = pairs[i].log_ratio;
    median = statistics_median(values, count);
    free(values);
    return median;
}

static struct estimate interval_of(double ratio, double *logarithms, size_t count, size_t pairs)
{
    return (struct estimate){
        .ratio = ratio,
        .low = exp(statistics_quantile(logarithms, count, 0.025)),
        .high = exp(statistics_quantile(logarithms, count, 0.975)),
        .pairs = pairs,
    };
}

struct estimate statistics_paired(const struct pair *pairs, size_t count, uint64_t seed)
{
    struct estimate estimate = {.ratio = NAN, .low = NAN, .high = NAN, .pairs = count};
    struct splitmix random = {.state = seed};
    struct bootstrap bootstrap;

    if (count < STATISTICS_PAIRS_MIN)
        return estimate;
    estimate.ratio = exp(median_of(pairs, count));
    if (bootstrap_open(&bootstrap, pairs, count) == 0) {
        for (size_t i = 0; i < STATISTICS_RESAMPLES; i++)
            bootstrap.medians[i] = resample(&bootstrap, &random);
        estimate = interval_of(estimate.ratio, bootstrap.medians, STATISTICS_RESAMPLES, count);
    }
    bootstrap_close(&bootstrap);
    return estimate;
}

/* ---- the interval of the sign test ---- */

/* How likely `below` of so many values lie below their median. */
static double share_of(size_t below, size_t count)
{
    double n = (double)count, k = (double)below;

    return exp(lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1) - n * log(2));
}

/* The values beyond the interval and its end itself, on each side; 0: there are too few for one. */
static size_t rank_of_end(size_t count)
{
    double outside = share_of(0, count);
    size_t rank = 0;

    while (outside <= risk / 2)
        outside += share_of(++rank, count);
    return rank;
}

struct estimate statistics_independent(const double *log_ratios, size_t count)
{
    struct estimate estimate = {.ratio = NAN, .low = NAN, .high = NAN, .pairs = count};
    double *sorted = count < STATISTICS_INDEPENDENT_MIN ? NULL : calloc(count, sizeof(*sorted));
    size_t rank = rank_of_end(count);

    if (!sorted)
        return estimate;
    memcpy(sorted, log_ratios, count * sizeof(*sorted));
    estimate.ratio = exp(statistics_median(sorted, count));
    estimate.low = exp(sorted[rank - 1]);
    estimate.high = exp(sorted[count - rank]);
    free(sorted);
    return estimate;
}

/* ---- two runs ---- */

struct estimate statistics_unpaired(const struct pair *before, size_t before_count, const struct pair *after,
                                    size_t after_count, uint64_t seed)
{
    size_t least = before_count < after_count ? before_count : after_count;
    struct estimate estimate = {.ratio = NAN, .low = NAN, .high = NAN, .pairs = least};
    struct splitmix random = {.state = seed};
    struct bootstrap below, above = {0};

    if (least < STATISTICS_PAIRS_MIN)
        return estimate;
    if (bootstrap_open(&below, before, before_count) == 0 &&
        bootstrap_open(&above, after, after_count) == 0) {
        for (size_t i = 0; i < STATISTICS_RESAMPLES; i++)
            above.medians[i] = resample(&above, &random) - resample(&below, &random);
        estimate = interval_of(exp(median_of(after, after_count) - median_of(before, before_count)),
                               above.medians, STATISTICS_RESAMPLES, least);
    }
    bootstrap_close(&below);
    bootstrap_close(&above);
    return estimate;
}

double statistics_detectable(const struct estimate *estimate, size_t tests)
{
    double width = log(estimate->high) - log(estimate->low);
    double deviation = width / (2 * ranks_normal_deviations(risk / 2));
    double needed = ranks_normal_deviations(risk / 2 / (double)(tests > 0 ? tests : 1)) +
                    ranks_normal_deviations(missed_max);

    return expm1(needed * deviation);
}

/* ---- words ---- */

double statistics_floor(const struct estimate *same)
{
    if (isnan(same->low) || isnan(same->high))
        return NAN;
    return fmax(fabs(same->low - 1), fabs(same->high - 1));
}

enum difference statistics_verdict(const struct estimate *estimate, double floor)
{
    double needed = fmax(smallest_claim, floor);

    if (isnan(estimate->low) || isnan(estimate->high) || isnan(floor))
        return DIFFERENCE_UNKNOWN;
    if (estimate->high < 1 && 1 - estimate->ratio > needed)
        return DIFFERENCE_LESS;
    if (estimate->low > 1 && estimate->ratio - 1 > needed)
        return DIFFERENCE_MORE;
    return DIFFERENCE_NONE;
}

bool statistics_shows(const struct estimate *estimate, double p, double floor, double claim)
{
    return (estimate->low > 1 || estimate->high < 1) && fabs(estimate->ratio - 1) > fmax(claim, floor) &&
           p < risk;
}
