/*
 * histogram - see histogram.h. Here: cells, percentiles, moments and the text form (.hgrm); the
 * interval log (.hlog) is in histogram_log.c.
 *
 * The cells lie in one array. With 2048 sub-buckets the first 2048 cells hold one value each; from
 * there on every power of two is cut into 1024 cells, each twice as wide as those of the power before:
 *
 *     cell   0 ...... 2047 | 2048 ...... 3071 | 3072 ...... 4095 | ...
 *     value  0 ...... 2047 | 2048 ...... 4095 | 4096 ...... 8191 | ...
 *     width  1             | 2                | 4                | ...
 *
 * A cell is therefore never wider than 1/1024 of the values in it: that is what three significant
 * digits mean.
 *
 * What HdrHistogram computes from the cells alone we compute from the cells and the exact extremes:
 * the largest value is known, so no percentile exceeds it and the 100th is it; the smallest is known, so
 * the 0th is it; and the mean lies between the two. Everywhere else the figures are those of
 * HdrHistogram's Java version, whose percentile (count = ceil(p * total), after taking one unit
 * in the last place off p) never skips past a cell because of rounding.
 */
#include "histogram.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static_assert(HISTOGRAM_SUB_BUCKETS == 2 << HISTOGRAM_HALF_MAGNITUDE, "half of the sub-buckets");
static_assert((int64_t)HISTOGRAM_SUB_BUCKETS << (HISTOGRAM_BUCKETS - 1) > HISTOGRAM_HIGHEST_NS &&
                  (int64_t)HISTOGRAM_SUB_BUCKETS << (HISTOGRAM_BUCKETS - 2) <= HISTOGRAM_HIGHEST_NS,
              "just enough buckets for the highest value");

/* ---- life ---- */

int histogram_open(struct histogram *histogram)
{
    histogram->cells = calloc(HISTOGRAM_CELLS, sizeof(*histogram->cells));
    if (!histogram->cells)
        return -1;
    histogram_clear(histogram);
    return 0;
}

void histogram_close(struct histogram *histogram)
{
    free(histogram->cells);
    histogram->cells = NULL;
}

void histogram_clear(struct histogram *histogram)
{
    memset(histogram->cells, 0, HISTOGRAM_CELLS * sizeof(*histogram->cells));
    histogram->total = 0;
    histogram->min_ns = INT64_MAX;
    histogram->max_ns = 0;
    histogram->clamped = 0;
}

void histogram_add(struct histogram *into, const struct histogram *from)
{
    for (unsigned cell = 0; cell < HISTOGRAM_CELLS; cell++)
        into->cells[cell] += from->cells[cell];
    into->total += from->total;
    into->clamped += from->clamped;
    if (from->min_ns < into->min_ns)
        into->min_ns = from->min_ns;
    if (from->max_ns > into->max_ns)
        into->max_ns = from->max_ns;
}

/* ---- what the cells say ---- */

/* The last cell in use. Everything above the highest value shares one. */
static unsigned last_cell(const struct histogram *histogram)
{
    int64_t max_ns = histogram->max_ns;

    return histogram_cell(max_ns < HISTOGRAM_HIGHEST_NS ? max_ns : HISTOGRAM_HIGHEST_NS);
}

/* The largest value a cell can hold; in the last cell, the largest there was. */
static int64_t upper_end_ns(const struct histogram *histogram, unsigned cell)
{
    return cell == last_cell(histogram) ? histogram->max_ns : histogram_cell_highest_ns(cell);
}

/* The value that stands for all values of a cell in sums: its middle, as in HdrHistogram. */
static double middle_ns(const struct histogram *histogram, unsigned cell)
{
    int64_t lowest_ns = histogram_cell_lowest_ns(cell);
    int64_t middle_ns = lowest_ns + (histogram_cell_highest_ns(cell) - lowest_ns + 1) / 2;

    if (middle_ns > histogram->max_ns)
        middle_ns = histogram->max_ns;
    if (middle_ns < histogram->min_ns)
        middle_ns = histogram->min_ns;
    return (double)middle_ns;
}

/* How many of the smallest values make up `percent` of all, at least one. */
static uint64_t rank(uint64_t total, double percent)
{
    double count = ceil(nextafter(percent, 0) * (double)total / 100);

    return count < 1 ? 1 : (uint64_t)count;
}

int64_t histogram_percentile_ns(const struct histogram *histogram, double percent)
{
    if (histogram->total == 0)
        return 0;
    if (!(percent > 0))
        return histogram->min_ns;

    uint64_t wanted = rank(histogram->total, percent < 100 ? percent : 100);
    uint64_t seen = 0;
    unsigned last = last_cell(histogram);

    for (unsigned cell = 0; cell < last; cell++) {
        seen += histogram->cells[cell];
        if (seen >= wanted)
            return histogram_cell_highest_ns(cell);
    }
    return histogram->max_ns;
}

double histogram_mean_ns(const struct histogram *histogram)
{
    double sum = 0;

    if (histogram->total == 0)
        return 0;
    for (unsigned cell = 0; cell <= last_cell(histogram); cell++)
        if (histogram->cells[cell] > 0)
            sum += (double)histogram->cells[cell] * middle_ns(histogram, cell);
    return sum / (double)histogram->total;
}

double histogram_stddev_ns(const struct histogram *histogram)
{
    double mean_ns = histogram_mean_ns(histogram);
    double sum = 0;

    if (histogram->total == 0)
        return 0;
    for (unsigned cell = 0; cell <= last_cell(histogram); cell++) {
        double deviation = middle_ns(histogram, cell) - mean_ns;

        if (histogram->cells[cell] > 0)
            sum += (double)histogram->cells[cell] * deviation * deviation;
    }
    return sqrt(sum / (double)histogram->total);
}

/* ---- the percentile distribution (.hgrm) ---- */

enum { HGRM_TICKS = 5 }; /* lines on the way from one percentile half-way to 100 */

/*
 * The percentile that is printed after `percent`: HGRM_TICKS steps lead from 0 to 50, as many from 50
 * to 75, from 75 to 87.5 and so on, so that the tail gets as many lines as the body. Beyond 2^50 values
 * the steps get smaller than a double can tell apart; then there is nothing between here and 100.
 */
static double hgrm_next(double percent)
{
    double halvings = floor(log2(100 / (100 - percent)));
    double next = percent + 100 / (HGRM_TICKS * exp2(halvings + 1));

    return next > percent ? next : 100;
}

/*
 * Prints every level the cell reaches; returns the first level it does not. The cell that holds the
 * last value reaches them all: it gets one line of its own and the line for 100 %, which has no
 * 1/(1-p).
 */
static double hgrm_cell(FILE *out, double value, uint64_t seen, uint64_t total, double level)
{
    double reached = 100 * (double)seen / (double)total;

    while (reached >= level && level < 100) {
        fprintf(out, "%12.*f %2.12f %10" PRIu64 " %14.2f\n", HISTOGRAM_DIGITS, value, level / 100, seen,
                1 / (1 - level / 100));
        level = hgrm_next(level);
        if (seen == total)
            break;
    }
    if (seen == total)
        fprintf(out, "%12.*f %2.12f %10" PRIu64 "\n", HISTOGRAM_DIGITS, value, 1.0, seen);
    return level;
}

static void hgrm_footer(FILE *out, const struct histogram *histogram, double unit_ns)
{
    fprintf(out, "#[Mean    = %12.*f, StdDeviation   = %12.*f]\n", HISTOGRAM_DIGITS,
            histogram_mean_ns(histogram) / unit_ns, HISTOGRAM_DIGITS,
            histogram_stddev_ns(histogram) / unit_ns);
    fprintf(out, "#[Max     = %12.*f, Total count    = %12" PRIu64 "]\n", HISTOGRAM_DIGITS,
            (double)histogram->max_ns / unit_ns, histogram->total);
    fprintf(out, "#[Buckets = %12d, SubBuckets     = %12d]\n", HISTOGRAM_BUCKETS, HISTOGRAM_SUB_BUCKETS);
}

int histogram_write_hgrm(FILE *out, const struct histogram *histogram, double unit_ns)
{
    uint64_t seen = 0;
    double level = 0;

    fprintf(out, "%12s %14s %10s %14s\n\n", "Value", "Percentile", "TotalCount", "1/(1-Percentile)");
    for (unsigned cell = 0; seen < histogram->total; cell++) {
        assert(cell < HISTOGRAM_CELLS);
        if (histogram->cells[cell] == 0)
            continue;
        seen += histogram->cells[cell];
        level =
            hgrm_cell(out, (double)upper_end_ns(histogram, cell) / unit_ns, seen, histogram->total, level);
    }
    hgrm_footer(out, histogram, unit_ns);
    return ferror(out) ? -1 : 0;
}
