/*
 * ranks - see ranks.h.
 */
#include "ranks.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

/* One value, where it came from, and the rank it gets: the mean of the places of all its equals. */
struct ranked {
    double value, rank;
    bool from_a;
};

struct ranking {
    struct ranked *items;
    size_t count;
    double ties; /* the sum of t^3 - t over groups of t equals: 0 without ties */
};

/* The two-sided p of a statistic so many deviations from its mean. erfc(3) */
static double two_sided(double deviations)
{
    return fmin(1, erfc(fabs(deviations) / sqrt(2)));
}

double ranks_normal_deviations(double tail)
{
    double low = 0, high = 40;

    for (int i = 0; i < 100; i++) {
        double middle = (low + high) / 2;

        if (erfc(middle / sqrt(2)) / 2 > tail)
            low = middle;
        else
            high = middle;
    }
    return low;
}

/* ---- ranks ---- */

static int compare_values(const void *a, const void *b)
{
    double left = ((const struct ranked *)a)->value, right = ((const struct ranked *)b)->value;

    return (left > right) - (left < right);
}

static void give_ranks(struct ranking *ranking)
{
    struct ranked *items = ranking->items;

    qsort(items, ranking->count, sizeof(*items), compare_values);
    for (size_t first = 0, next; first < ranking->count; first = next) {
        double equals;

        for (next = first + 1; next < ranking->count && items[next].value == items[first].value; next++)
            ;
        equals = (double)(next - first);
        ranking->ties += equals * equals * equals - equals;
        for (size_t i = first; i < next; i++)
            items[i].rank = (double)(first + next + 1) / 2; /* places count from 1 */
    }
}

static double rank_sum(const struct ranking *ranking)
{
    double sum = 0;

    for (size_t i = 0; i < ranking->count; i++)
        sum += ranking->items[i].from_a ? ranking->items[i].rank : 0;
    return sum;
}

/* ---- Mann-Whitney ---- */

/*
 * ways[u] = in how many orders of a + b values the a's win u of their a * b comparisons: one factor
 * after the other of the Gaussian binomial coefficient, divided by their number so that nothing overflows.
 */
static double *mann_whitney_shares(size_t a, size_t b)
{
    size_t most = a * b;
    double *shares = calloc(most + 1, sizeof(*shares));

    if (!shares)
        return NULL;
    shares[0] = 1;
    for (size_t i = 1; i <= a; i++) {
        for (size_t u = most; u >= b + i; u--) /* times (1 - x^(b+i)) */
            shares[u] -= shares[u - (b + i)];
        for (size_t u = i; u <= most; u++) /* over (1 - x^i) */
            shares[u] += shares[u - i];
        for (size_t u = 0; u <= most; u++)
            shares[u] *= (double)i / (double)(b + i);
    }
    return shares;
}

/* The chance of a statistic at least as large as u, twice: both sides are alike. */
static double exact_tail(const double *shares, size_t most, double u)
{
    double tail = 0;

    for (size_t i = (size_t)ceil(u); i <= most; i++)
        tail += shares[i];
    return fmin(1, 2 * tail);
}

static double mann_whitney_p(const struct ranking *ranking, size_t a, size_t b)
{
    double u = rank_sum(ranking) - (double)a * (double)(a + 1) / 2, product = (double)a * (double)b;
    double n = (double)(a + b), deviation, p;
    double *shares;

    u = fmax(u, product - u);
    if (ranking->ties == 0 && a <= RANKS_EXACT_MAX && b <= RANKS_EXACT_MAX) {
        shares = mann_whitney_shares(a, b);
        p = shares ? exact_tail(shares, a * b, u) : NAN;
        free(shares);
        return p;
    }
    deviation = sqrt(product / 12 * (n + 1 - ranking->ties / (n * (n - 1))));
    if (!(deviation > 0))
        return 1; /* all values are the same */
    return two_sided(fmax(0, u - product / 2 - 0.5) / deviation);
}

double ranks_mann_whitney(const double *a, size_t a_count, const double *b, size_t b_count)
{
    struct ranking ranking = {.count = a_count + b_count};
    double p;

    if (a_count == 0 || b_count == 0 || !(ranking.items = calloc(ranking.count, sizeof(*ranking.items))))
        return NAN;
    for (size_t i = 0; i < ranking.count; i++)
        ranking.items[i] =
            (struct ranked){.value = i < a_count ? a[i] : b[i - a_count], .from_a = i < a_count};
    give_ranks(&ranking);
    p = mann_whitney_p(&ranking, a_count, b_count);
    free(ranking.items);
    return p;
}

double ranks_mann_whitney_least(size_t a_count, size_t b_count)
{
    double orders = 1;

    for (size_t i = 1; i <= a_count; i++)
        orders *= (double)(b_count + i) / (double)i;
    return a_count > 0 && b_count > 0 ? fmin(1, 2 / orders) : NAN;
}

/* ---- Wilcoxon ---- */

/* shares[w] = the share of all 2^n ways to give n ranks a sign that have a positive sum of w. */
static double *wilcoxon_shares(size_t n)
{
    size_t most = n * (n + 1) / 2;
    double *shares = calloc(most + 1, sizeof(*shares));

    if (!shares)
        return NULL;
    shares[0] = 1;
    for (size_t rank = 1; rank <= n; rank++)
        for (size_t w = rank * (rank + 1) / 2 + 1; w-- > 0;)
            shares[w] = (shares[w] + (w >= rank ? shares[w - rank] : 0)) / 2;
    return shares;
}

static double wilcoxon_p(const struct ranking *ranking, bool zeros)
{
    double n = (double)ranking->count, all = n * (n + 1) / 2, w = rank_sum(ranking), deviation, p;
    double *shares;

    w = fmax(w, all - w);
    if (ranking->ties == 0 && !zeros && ranking->count <= RANKS_EXACT_MAX) {
        shares = wilcoxon_shares(ranking->count);
        p = shares ? exact_tail(shares, (size_t)all, w) : NAN;
        free(shares);
        return p;
    }
    deviation = sqrt(n * (n + 1) * (2 * n + 1) / 24 - ranking->ties / 48);
    return two_sided((w - all / 2) / deviation); /* scipy's default: without a correction for continuity */
}

double ranks_wilcoxon(const double *differences, size_t count)
{
    struct ranking ranking = {.items = count > 0 ? calloc(count, sizeof(*ranking.items)) : NULL};
    double p = 1;

    if (!ranking.items)
        return NAN;
    for (size_t i = 0; i < count; i++)
        if (differences[i] != 0)
            ranking.items[ranking.count++] =
                (struct ranked){.value = fabs(differences[i]), .from_a = differences[i] > 0};
    give_ranks(&ranking);
    if (ranking.count > 0)
        p = wilcoxon_p(&ranking, ranking.count < count);
    free(ranking.items);
    return p;
}

double ranks_wilcoxon_least(size_t count)
{
    return count > 0 ? fmin(1, exp2(1 - (double)count)) : NAN;
}

/* ---- Holm ---- */

static int compare_p(const void *a, const void *b)
{
    double left = **(double *const *)a, right = **(double *const *)b;

    return (left > right) - (left < right);
}

void ranks_holm(double *p, size_t count)
{
    double **order = calloc(count + 1, sizeof(*order)), least = 0;
    size_t tests = 0;

    for (size_t i = 0; order && i < count; i++)
        if (!isnan(p[i]))
            order[tests++] = &p[i];
    if (order)
        qsort(order, tests, sizeof(*order), compare_p);
    for (size_t i = 0; order && i < tests; i++) { /* none may fall below one that was smaller */
        least = fmax(least, fmin(1, *order[i] * (double)(tests - i)));
        *order[i] = least;
    }
    for (size_t i = 0; !order && i < count; i++)
        p[i] = isnan(p[i]) ? p[i] : 1; /* no memory: nothing is claimed */
    free(order);
}
