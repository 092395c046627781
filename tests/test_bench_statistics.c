/*
 * The statistics of this stage: medians, quantiles, paired ratios and the words made of them.
 */
#include <criterion/criterion.h>
#include <math.h>

#include "../bench/ranks.c"
#include "../bench/statistics.c"

enum { TIMEOUT_S = 60, SEED = 7 };

TestSuite(bench_statistics, .timeout = TIMEOUT_S);

static void expect_near(double got, double expected)
{
    cr_assert(fabs(got - expected) < 1e-12, "%.15g is not %.15g", got, expected);
}

/* ---- medians and quantiles: numpy.median, numpy.quantile(x, q) with its default, linear ---- */

Test(bench_statistics, median_of_odd_count)
{
    double values[] = {3, 9, 1};

    expect_near(statistics_median(values, 3), 3);
}

Test(bench_statistics, median_of_even_count)
{
    double values[] = {4, 1, 3, 9};

    expect_near(statistics_median(values, 4), 3.5);
}

Test(bench_statistics, median_of_one_and_none)
{
    double values[] = {5};

    expect_near(statistics_median(values, 1), 5);
    cr_assert(isnan(statistics_median(values, 0)));
}

Test(bench_statistics, quantiles)
{
    double values[] = {10, 1, 7, 4, 2}; /* numpy.quantile([1,2,4,7,10], [0, .025, .25, .975, 1]) */

    expect_near(statistics_quantile(values, 5, 0), 1);
    expect_near(statistics_quantile(values, 5, 0.025), 1.1);
    expect_near(statistics_quantile(values, 5, 0.25), 2);
    expect_near(statistics_quantile(values, 5, 0.975), 9.7);
    expect_near(statistics_quantile(values, 5, 1), 10);
}

/* What the bootstrap draws is not sorted; its median is the same to the last bit. */
Test(bench_statistics, quick_median_is_the_median)
{
    struct splitmix random = {.state = SEED};

    for (int i = 0; i < 20000; i++) {
        double values[40], same[40];
        size_t count = 1 + splitmix_below(&random, 40);

        for (size_t k = 0; k < count; k++)
            values[k] = same[k] = (double)splitmix_below(&random, i % 2 ? 5 : 1000000) / 7;
        cr_assert_eq(quick_median(values, count), statistics_median(same, count), "count %zu, case %d", count,
                     i);
    }
}

/* ---- paired ratios ---- */

static struct estimate estimate_of(const double *ratios, size_t count, unsigned per_start)
{
    struct pair pairs[64];

    for (size_t i = 0; i < count; i++)
        pairs[i] = (struct pair){.log_ratio = log(ratios[i]), .start = (unsigned)(i / per_start)};
    return statistics_paired(pairs, count, SEED);
}

Test(bench_statistics, equal_pairs_leave_no_doubt)
{
    double ratios[] = {1.25, 1.25, 1.25, 1.25};
    struct estimate estimate = estimate_of(ratios, 4, 2);

    expect_near(estimate.ratio, 1.25);
    expect_near(estimate.low, 1.25);
    expect_near(estimate.high, 1.25);
}

Test(bench_statistics, median_ratio_and_its_interval)
{
    double ratios[] = {1.02, 1.05, 1.04, 1.10, 1.03, 1.06};
    struct estimate estimate = estimate_of(ratios, 6, 2);

    expect_near(estimate.ratio, sqrt(1.04 * 1.05)); /* the middle of two logarithms is a geometric mean */
    cr_assert(estimate.low >= 1.02 && estimate.low < estimate.ratio, "%g", estimate.low);
    cr_assert(estimate.high <= 1.10 && estimate.high > estimate.ratio, "%g", estimate.high);
    cr_assert_eq(estimate.pairs, 6);
}

Test(bench_statistics, same_seed_same_interval)
{
    double ratios[] = {0.97, 1.01, 1.04, 0.99, 1.02, 1.00};
    struct estimate first = estimate_of(ratios, 6, 2), second = estimate_of(ratios, 6, 2);

    cr_assert_eq(first.low, second.low);
    cr_assert_eq(first.high, second.high);
}

Test(bench_statistics, two_pairs_are_too_few)
{
    double ratios[] = {1.1, 1.2};
    struct estimate estimate = estimate_of(ratios, 2, 1);

    cr_assert(isnan(estimate.ratio) && isnan(estimate.low) && isnan(estimate.high));
}

/* Pairs that agree within a start and differ between starts: the interval must span the starts. */
Test(bench_statistics, starts_are_drawn_before_rounds)
{
    double ratios[12];
    struct estimate together, apart;

    for (int i = 0; i < 12; i++)
        ratios[i] = (i / 4 == 0 ? 1.0 : i / 4 == 1 ? 1.1 : 1.2) + 0.001 * (i % 4);
    apart = estimate_of(ratios, 12, 4);
    together = estimate_of(ratios, 12, 12);
    cr_assert(apart.low < 1.01 && apart.high > 1.19, "[%g, %g]", apart.low, apart.high);
    cr_assert(apart.high - apart.low > together.high - together.low, "[%g, %g] is no wider than [%g, %g]",
              apart.low, apart.high, together.low, together.high);
}

Test(bench_statistics, starts_of_unequal_length)
{
    struct pair pairs[] = {{0.1, 0}, {0.1, 0}, {0.1, 0}, {0.1, 5}, {0.1, 9}};
    struct estimate estimate = statistics_paired(pairs, 5, SEED);

    expect_near(estimate.low, exp(0.1));
    expect_near(estimate.high, exp(0.1));
}

/* ---- independent pairs: the ends by rank, [k, n + 1 - k] with the largest k for which
 * 1 - 2 * sum(math.comb(n, i) for i in range(k)) / 2**n >= 0.95; k is scipy.stats.binom.ppf(0.025, n, 0.5)
 * (1.10.1) ---- */

Test(bench_statistics, independent_pairs_by_rank)
{
    static const struct {
        size_t pairs, rank;
    } known[] = {{6, 1}, {8, 1}, {9, 2}, {11, 2}, {12, 3}, {15, 4}, {17, 5}, {20, 6}, {25, 8}, {30, 10}};
    double values[30];

    for (size_t i = 0; i < 30; i++)
        values[i] = (double)i * 7 / 100;
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        struct estimate estimate = statistics_independent(values, known[i].pairs);

        expect_near(log(estimate.low), values[known[i].rank - 1]);
        expect_near(log(estimate.high), values[known[i].pairs - known[i].rank]);
        expect_near(log(estimate.ratio), (double)(known[i].pairs - 1) * 7 / 200);
        cr_assert_eq(estimate.pairs, known[i].pairs);
    }
    cr_assert(isnan(statistics_independent(values, 5).ratio),
              "of five pairs even the ends hold it in 94 of 100 cases only");
    cr_assert(isnan(statistics_independent(values, 0).low));
}

enum { SESSIONS = 4000, FEW = 6, MANY = 24 };

/* Three kinds: even, far outliers, lopsided. The median of each is 0. */
static double draw(struct splitmix *random, unsigned kind)
{
    double even = (splitmix_below(random, 1000000) + 0.5) / 1000000 - 0.5;

    if (kind == 1)
        return even / (0.5 - fabs(even));
    return kind == 2 && even > 0 ? 20 * even : even;
}

/* How many of the sessions have an interval that does not hold 0. */
static unsigned missed(struct splitmix *random, size_t pairs, unsigned kind)
{
    unsigned count = 0;

    for (unsigned i = 0; i < SESSIONS; i++) {
        double values[MANY];
        struct estimate estimate;

        for (size_t k = 0; k < pairs; k++)
            values[k] = draw(random, kind);
        estimate = statistics_independent(values, pairs);
        count += estimate.low > 1 || estimate.high < 1;
    }
    return count;
}

/* 5 % are 200; chance adds to that more than 42, three deviations, in one case of a thousand. */
Test(bench_statistics, independent_pairs_hold_the_median_however_few_they_are)
{
    struct splitmix random = {.state = SEED};

    for (size_t pairs = FEW; pairs <= MANY; pairs++)
        for (unsigned kind = 0; kind < 3; kind++)
            cr_assert_leq(missed(&random, pairs, kind), SESSIONS / 20 + 42, "%zu pairs of kind %u", pairs,
                          kind);
}

/* ---- two runs ---- */

static void fill(struct pair *pairs, const double *ratios, size_t count)
{
    for (size_t i = 0; i < count; i++)
        pairs[i] = (struct pair){.log_ratio = log(ratios[i]), .start = (unsigned)(i / 2)};
}

Test(bench_statistics, unpaired_is_the_ratio_of_the_medians)
{
    double then[] = {1.00, 1.01, 0.99, 1.02, 0.98, 1.00}, now[] = {1.10, 1.12, 1.08, 1.11, 1.09};
    struct pair before[6], after[5];
    struct estimate estimate;

    fill(before, then, 6);
    fill(after, now, 5);
    estimate = statistics_unpaired(before, 6, after, 5, SEED);
    expect_near(estimate.ratio, 1.10);
    cr_assert(estimate.low > 1.05 && estimate.low < 1.10, "%g", estimate.low);
    cr_assert(estimate.high < 1.15 && estimate.high > 1.10, "%g", estimate.high);
    cr_assert_eq(estimate.pairs, 5);
    cr_assert(isnan(statistics_unpaired(before, 6, after, 2, SEED).ratio), "two rounds are too few");
}

/* By hand: an interval of +-2 % has a deviation of 1.96; 80 % power needs (1.96 + 0.84) of them. */
Test(bench_statistics, detectable_difference)
{
    struct estimate estimate = {.ratio = 1.0, .low = exp(-0.02), .high = exp(0.02)};
    double one = statistics_detectable(&estimate, 1), ten = statistics_detectable(&estimate, 10);

    cr_assert(fabs(one - expm1(0.02 * (1.959964 + 0.841621) / 1.959964)) < 1e-6, "%g", one);
    cr_assert(ten > one, "of ten tests each has to be surer: %g, %g", ten, one);
    estimate.low = NAN;
    cr_assert(isnan(statistics_detectable(&estimate, 1)));
}

/* ---- words ---- */

static enum difference verdict(double ratio, double low, double high, double floor)
{
    struct estimate estimate = {.ratio = ratio, .low = low, .high = high, .pairs = 6};

    return statistics_verdict(&estimate, floor);
}

Test(bench_statistics, words)
{
    cr_assert_eq(verdict(1.05, 1.03, 1.07, 0.02), DIFFERENCE_MORE);
    cr_assert_eq(verdict(0.95, 0.93, 0.97, 0.02), DIFFERENCE_LESS);
    cr_assert_eq(verdict(1.05, 0.99, 1.07, 0.02), DIFFERENCE_NONE, "the interval holds 1");
    cr_assert_eq(verdict(1.015, 1.01, 1.02, 0.02), DIFFERENCE_NONE, "two equal servers differed by as much");
    cr_assert_eq(verdict(1.009, 1.008, 1.010, 0.001), DIFFERENCE_NONE,
                 "below one percent nothing is claimed");
    cr_assert_eq(verdict(1.5, NAN, NAN, 0.02), DIFFERENCE_UNKNOWN);
    cr_assert_eq(verdict(1.5, 1.4, 1.6, NAN), DIFFERENCE_UNKNOWN, "without a control nothing is known");
}

Test(bench_statistics, floor_is_the_farther_end)
{
    struct estimate same = {.ratio = 1.0, .low = 0.97, .high = 1.02};

    expect_near(statistics_floor(&same), 0.03);
    same.low = NAN;
    cr_assert(isnan(statistics_floor(&same)));
}
