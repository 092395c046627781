/*
 * Tests on ranks against reference values: scipy 1.10.1 (Debian 12), the call stands beside each constant;
 * against brute force, which counts every arrangement; and Holm's correction by hand.
 */
#include <criterion/criterion.h>
#include <math.h>

#include "../bench/ranks.c"

enum { TIMEOUT_S = 60, MANY = 70 };

TestSuite(bench_ranks, .timeout = TIMEOUT_S);

static void expect_p(double got, double expected)
{
    cr_assert(fabs(got - expected) <= 1e-12 * fmax(1, fabs(expected)), "%.17g is not %.17g", got, expected);
}

#define VALUES(...) (const double[]){__VA_ARGS__}, sizeof((double[]){__VA_ARGS__}) / sizeof(double)

/* ---- Mann-Whitney ---- */

Test(bench_ranks, mann_whitney_exact)
{
    /* mannwhitneyu([19,22,16,29,24], [20,11,17,12], method='exact').pvalue: the example of its page */
    expect_p(ranks_mann_whitney(VALUES(19, 22, 16, 29, 24), VALUES(20, 11, 17, 12)), 0.1111111111111111);
    expect_p(ranks_mann_whitney(VALUES(20, 11, 17, 12), VALUES(19, 22, 16, 29, 24)), 0.1111111111111111);
}

Test(bench_ranks, mann_whitney_exact_of_a_default_run)
{
    double a[24], b[30];

    /* a = [((i*37)%101)/7 for i in range(24)]; b = [((i*53)%97)/6.1 + 3 for i in range(30)]
     * mannwhitneyu(a, b, method='exact').pvalue */
    for (int i = 0; i < 24; i++)
        a[i] = (i * 37) % 101 / 7.0;
    for (int i = 0; i < 30; i++)
        b[i] = (i * 53) % 97 / 6.1 + 3;
    expect_p(ranks_mann_whitney(a, 24, b, 30), 0.009433281244758809);
}

Test(bench_ranks, mann_whitney_with_ties)
{
    /* mannwhitneyu([1,2,2,3,5,8], [2,4,4,6,9,9,10], method='asymptotic').pvalue */
    expect_p(ranks_mann_whitney(VALUES(1, 2, 2, 3, 5, 8), VALUES(2, 4, 4, 6, 9, 9, 10)), 0.09760706947335236);
    /* mannwhitneyu([1.5,1.5,1.5], [1.5,1.5], method='asymptotic').pvalue */
    expect_p(ranks_mann_whitney(VALUES(1.5, 1.5, 1.5), VALUES(1.5, 1.5)), 1);
}

Test(bench_ranks, mann_whitney_of_large_samples)
{
    double a[MANY], b[MANY];

    /* a = [((i*37)%101) for i in range(70)]; b = [((i*53)%97)+9 for i in range(70)]
     * mannwhitneyu(a, b, method='asymptotic').pvalue */
    for (int i = 0; i < MANY; i++) {
        a[i] = (i * 37) % 101;
        b[i] = (i * 53) % 97 + 9;
    }
    expect_p(ranks_mann_whitney(a, MANY, b, MANY), 0.28038431609580716);
}

/* Every way to choose which of the ranks are the a's: how many have a U at least as far from the middle. */
static double brute_mann_whitney(unsigned a, unsigned b, unsigned chosen)
{
    unsigned n = a + b, extreme = 0, all = 0;
    double middle = a * b / 2.0, distance = -1;

    for (unsigned pass = 0; pass < 2; pass++)
        for (unsigned mask = 0; mask < 1U << n; mask++) {
            double u = -(double)(a * (a + 1)) / 2;

            if ((unsigned)__builtin_popcount(mask) != a)
                continue;
            for (unsigned i = 0; i < n; i++)
                u += mask >> i & 1 ? i + 1 : 0;
            if (pass == 0 && mask == chosen)
                distance = fabs(u - middle);
            all += pass;
            extreme += pass == 1 && fabs(u - middle) >= distance;
        }
    return (double)extreme / all;
}

Test(bench_ranks, mann_whitney_by_brute_force)
{
    enum { A = 4, B = 5 };

    for (unsigned mask = 0; mask < 1U << (A + B); mask++) {
        double a[A], b[B];
        unsigned a_count = 0, b_count = 0;

        if (__builtin_popcount(mask) != A)
            continue;
        for (unsigned i = 0; i < A + B; i++)
            if (mask >> i & 1)
                a[a_count++] = i;
            else
                b[b_count++] = i;
        expect_p(ranks_mann_whitney(a, A, b, B), brute_mann_whitney(A, B, mask));
    }
}

Test(bench_ranks, least_p_is_that_of_complete_separation)
{
    expect_p(ranks_mann_whitney(VALUES(1, 2, 3, 4), VALUES(5, 6, 7)), ranks_mann_whitney_least(4, 3));
    expect_p(ranks_mann_whitney_least(4, 3), 2.0 / 35);
    expect_p(ranks_wilcoxon(VALUES(1, 2, 3, 4, 5, 6)), ranks_wilcoxon_least(6));
    expect_p(ranks_wilcoxon_least(6), 2.0 / 64);
}

/* ---- Wilcoxon ---- */

Test(bench_ranks, wilcoxon_exact)
{
    /* wilcoxon([6,8,14,16,23,24,28,29,41,-48,49,56,60,-67,75], mode='exact').pvalue: Darwin's plants */
    expect_p(ranks_wilcoxon(VALUES(6, 8, 14, 16, 23, 24, 28, 29, 41, -48, 49, 56, 60, -67, 75)),
             0.041259765625);
}

Test(bench_ranks, wilcoxon_with_ties_and_a_zero)
{
    /* wilcoxon([1,-1,2,3,3,-4,5,0,6,7,7,-8,9,10], mode='approx').pvalue */
    expect_p(ranks_wilcoxon(VALUES(1, -1, 2, 3, 3, -4, 5, 0, 6, 7, 7, -8, 9, 10)), 0.058939677704005336);
}

Test(bench_ranks, wilcoxon_of_a_large_sample)
{
    double d[MANY];

    /* wilcoxon([((i*37)%101)-40.5 for i in range(70)], mode='approx').pvalue */
    for (int i = 0; i < MANY; i++)
        d[i] = (i * 37) % 101 - 40.5;
    expect_p(ranks_wilcoxon(d, MANY), 0.013522226998969955);
}

Test(bench_ranks, wilcoxon_by_brute_force)
{
    enum { N = 9 };

    for (unsigned mask = 0; mask < 1U << N; mask++) {
        double d[N], w = 0, middle = N * (N + 1) / 4.0;
        unsigned extreme = 0;

        for (unsigned i = 0; i < N; i++) {
            d[i] = mask >> i & 1 ? i + 1.0 : -(i + 1.0);
            w += mask >> i & 1 ? i + 1.0 : 0;
        }
        for (unsigned other = 0; other < 1U << N; other++) {
            double sum = 0;

            for (unsigned i = 0; i < N; i++)
                sum += other >> i & 1 ? i + 1.0 : 0;
            extreme += fabs(sum - middle) >= fabs(w - middle);
        }
        expect_p(ranks_wilcoxon(d, N), extreme / (double)(1U << N));
    }
}

Test(bench_ranks, nothing_to_test)
{
    cr_assert(isnan(ranks_mann_whitney(VALUES(1), NULL, 0)));
    cr_assert(isnan(ranks_wilcoxon(NULL, 0)));
    expect_p(ranks_wilcoxon(VALUES(0, 0, 0)), 1);
}

/* ---- Holm ---- */

/* By hand: sorted .005 .01 .03 .04, times 4 3 2 1 = .02 .03 .06 .04, and none below the one before. */
Test(bench_ranks, holm)
{
    double p[] = {0.01, 0.04, 0.03, 0.005};

    ranks_holm(p, 4);
    expect_p(p[0], 0.03);
    expect_p(p[1], 0.06);
    expect_p(p[2], 0.06);
    expect_p(p[3], 0.02);
}

Test(bench_ranks, holm_leaves_out_what_is_no_test)
{
    double p[] = {NAN, 0.02, NAN, 0.9};

    ranks_holm(p, 4);
    cr_assert(isnan(p[0]) && isnan(p[2]));
    expect_p(p[1], 0.04);
    expect_p(p[3], 0.9);
}

Test(bench_ranks, normal_deviations)
{
    /* norm.isf(.025), norm.isf(.2), norm.isf(1e-5) */
    expect_p(ranks_normal_deviations(0.025), 1.9599639845400545);
    expect_p(ranks_normal_deviations(0.2), 0.8416212335729142);
    expect_p(ranks_normal_deviations(1e-5), 4.264890793922825);
}
