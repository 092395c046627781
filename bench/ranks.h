/*
 * ranks - tests on ranks, and what several of them prove together.
 *
 * They ask whether one sample lies higher than another without asking how either is distributed: one
 * wild slice counts as one slice. Exact where the samples are small and without ties, else the normal
 * approximation with the corrections for ties and continuity; the same rules, and to printed precision
 * the same results, as scipy.stats.mannwhitneyu and scipy.stats.wilcoxon with their defaults.
 *
 * Mann and Whitney 1947; Wilcoxon 1945; Holm 1979.
 */
#ifndef RANKS_H
#define RANKS_H

#include <stddef.h>

enum {
    RANKS_EXACT_MAX = 60, /* the larger sample, or the pairs: beyond it the approximation is as good */
};

/* Two-sided p of samples that do not belong together; NaN without values or memory. Changes nothing. */
double ranks_mann_whitney(const double *a, size_t a_count, const double *b, size_t b_count);

/*
 * Two-sided p of differences that belong together being centred on 0. Zeros are left out, as Wilcoxon
 * did. NaN without values or memory, 1 when all are zero.
 */
double ranks_wilcoxon(const double *differences, size_t count);

/* The smallest p these tests can give at all for samples of that size: what even complete separation shows.
 */
double ranks_mann_whitney_least(size_t a_count, size_t b_count);
double ranks_wilcoxon_least(size_t count);

/*
 * Holm's step-down correction in place: afterwards values below 0.05 hold together with a risk of 5 %
 * that any of them is false. NaN is no test, is not counted and stays.
 */
void ranks_holm(double *p, size_t count);

/* The standard normal distribution: how many deviations leave `tail` above them. tail in (0, 0.5]. */
double ranks_normal_deviations(double tail);

#endif
