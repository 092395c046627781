/*
 * The histogram against things that are plainly right: a slow way to find a cell, a sorted array, a
 * text written by another implementation. TENK_SEED=n repeats a random test; a failure names its seed.
 */
#include <criterion/criterion.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "histogram.h"
#include "random.h"

static struct histogram histogram;
static uint64_t seed;

static void setup(void)
{
    seed = random_start();
    cr_assert(histogram_open(&histogram) == 0);
}

static void teardown(void)
{
    histogram_close(&histogram);
}

/* As many values of 1 bit as of 42 bits, so that all widths of cells are met. */
static int64_t random_value(void)
{
    return (int64_t)random_magnitude(42) % (HISTOGRAM_HIGHEST_NS + 1);
}

static void record_times(int64_t value_ns, unsigned times)
{
    while (times-- > 0)
        histogram_record(&histogram, value_ns);
}

TestSuite(histogram, .init = setup, .fini = teardown, .timeout = 60);

/* ---- cells ---- */

/* Doubles the width until the value is among the first 2048 cells of it: slow and obvious. */
static unsigned cell_slowly(int64_t value_ns)
{
    unsigned first = 0;

    for (; value_ns >= HISTOGRAM_SUB_BUCKETS; value_ns /= 2)
        first += HISTOGRAM_SUB_BUCKETS / 2;
    return first + (unsigned)value_ns;
}

Test(histogram, every_cell_begins_where_the_one_before_ends)
{
    int64_t expected = 0;

    for (unsigned cell = 0; cell < HISTOGRAM_CELLS; cell++) {
        int64_t lowest = histogram_cell_lowest_ns(cell);
        int64_t highest = histogram_cell_highest_ns(cell);

        cr_assert(lowest == expected, "cell %u begins at %ld", cell, lowest);
        cr_assert(histogram_cell(lowest) == cell && histogram_cell(highest) == cell, "cell %u", cell);
        cr_assert(cell_slowly(lowest) == cell && cell_slowly(highest) == cell, "cell %u", cell);
        cr_assert((highest - lowest) * 1000 <= lowest, "cell %u does not know three digits", cell);
        expected = highest + 1;
    }
    cr_assert(expected > HISTOGRAM_HIGHEST_NS);
}

Test(histogram, cells_at_the_edges)
{
    cr_assert(histogram_cell(0) == 0);
    cr_assert(histogram_cell(1) == 1);
    cr_assert(histogram_cell(2047) == 2047);
    cr_assert(histogram_cell(2048) == 2048);
    cr_assert(histogram_cell(2049) == 2048, "from 2048 on a cell holds two values");
    cr_assert(histogram_cell(HISTOGRAM_HIGHEST_NS) < HISTOGRAM_CELLS);
    for (int64_t power = 2; power <= HISTOGRAM_HIGHEST_NS; power *= 2)
        for (int64_t value = power - 1; value <= power + 1; value++)
            cr_assert(histogram_cell(value) == cell_slowly(value), "%ld", value);
}

/* ---- recording ---- */

Test(histogram, negative_counts_as_zero)
{
    histogram_record(&histogram, -1);
    histogram_record(&histogram, INT64_MIN);
    cr_assert(histogram.cells[0] == 2 && histogram.total == 2);
    cr_assert(histogram.min_ns == 0 && histogram.max_ns == 0 && histogram.clamped == 0);
}

Test(histogram, highest_value_is_not_clamped)
{
    histogram_record(&histogram, HISTOGRAM_HIGHEST_NS);
    cr_assert(histogram.clamped == 0 && histogram.max_ns == HISTOGRAM_HIGHEST_NS);
    cr_assert(histogram_percentile_ns(&histogram, 50) == HISTOGRAM_HIGHEST_NS);
}

Test(histogram, beyond_the_highest_is_clamped_and_counted_and_the_maximum_kept)
{
    record_times(5, 9);
    histogram_record(&histogram, HISTOGRAM_HIGHEST_NS + 1);
    histogram_record(&histogram, INT64_MAX);
    cr_assert(histogram.clamped == 2 && histogram.total == 11);
    cr_assert(histogram.cells[histogram_cell(HISTOGRAM_HIGHEST_NS)] == 2);
    cr_assert(histogram.max_ns == INT64_MAX);
    cr_assert(histogram_percentile_ns(&histogram, 50) == 5);
    cr_assert(histogram_percentile_ns(&histogram, 99) == INT64_MAX);
}

Test(histogram, clear_makes_it_empty)
{
    histogram_record(&histogram, INT64_MAX);
    histogram_clear(&histogram);
    for (unsigned cell = 0; cell < HISTOGRAM_CELLS; cell++)
        cr_assert(histogram.cells[cell] == 0);
    cr_assert(histogram.total == 0 && histogram.clamped == 0);
    cr_assert(histogram.min_ns == INT64_MAX && histogram.max_ns == 0);
}

/* ---- percentiles ---- */

static int compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

/* The percentile in thousandths of a percent, so that its rank is computed without rounding. */
static void check_percentile(const int64_t *sorted, unsigned count, unsigned milli)
{
    uint64_t rank = ((uint64_t)milli * count + 99999) / 100000;
    int64_t exact = sorted[rank > 0 ? rank - 1 : 0];
    int64_t reported = histogram_percentile_ns(&histogram, milli / 1000.0);
    int64_t highest = histogram_cell_highest_ns(histogram_cell(exact));

    if (milli == 0)
        highest = exact;
    if (highest > sorted[count - 1])
        highest = sorted[count - 1];
    cr_assert(reported == highest, "seed %lu: %u values, %u/1000 %%: %ld, not %ld (exactly %ld)", seed, count,
              milli, reported, highest, exact);
}

Test(histogram, percentiles_are_those_of_a_sorted_array)
{
    static int64_t values[4096];

    for (unsigned round = 0; round < 50; round++) {
        unsigned count = 1 + (unsigned)(random_u64() % (round < 25 ? 20 : 4096));

        histogram_clear(&histogram);
        for (unsigned i = 0; i < count; i++)
            histogram_record(&histogram, values[i] = random_value());
        qsort(values, count, sizeof(values[0]), compare);
        cr_assert(histogram.min_ns == values[0] && histogram.max_ns == values[count - 1], "seed %lu", seed);
        for (unsigned percent = 0; percent <= 100; percent++)
            check_percentile(values, count, percent * 1000);
        for (unsigned i = 0; i < 100; i++)
            check_percentile(values, count, (unsigned)(random_u64() % 100001));
        check_percentile(values, count, 99900);
        check_percentile(values, count, 99999);
    }
}

Test(histogram, no_percentile_is_above_the_maximum)
{
    histogram_record(&histogram, 1000000); /* its cell ends at 1000447 */
    cr_assert(histogram_cell_highest_ns(histogram_cell(1000000)) > 1000000);
    for (double percent = 0; percent <= 100; percent += 0.5)
        cr_assert(histogram_percentile_ns(&histogram, percent) == 1000000, "%g", percent);
}

Test(histogram, percentiles_outside_0_to_100_are_the_extremes)
{
    record_times(3, 1);
    record_times(7, 1);
    cr_assert(histogram_percentile_ns(&histogram, -1) == 3);
    cr_assert(histogram_percentile_ns(&histogram, NAN) == 3);
    cr_assert(histogram_percentile_ns(&histogram, 101) == 7);
    cr_assert(histogram_percentile_ns(&histogram, INFINITY) == 7);
}

/* 99.9 % of 1000 is 999.0000000000001 in binary: the 999th value is meant, not the last. */
Test(histogram, rounding_does_not_skip_to_the_next_value)
{
    for (int64_t value = 1; value <= 1000; value++)
        histogram_record(&histogram, value);
    cr_assert(histogram_percentile_ns(&histogram, 99.9) == 999);
    cr_assert(histogram_percentile_ns(&histogram, 50) == 500);
    cr_assert(histogram_percentile_ns(&histogram, 50.0001) == 501);
    cr_assert(histogram_percentile_ns(&histogram, 7) == 70);
}

/* ---- moments and sums ---- */

Test(histogram, mean_and_deviation_of_small_values_are_exact)
{
    for (int64_t value = 2; value <= 10; value += 2)
        histogram_record(&histogram, value);
    cr_assert(histogram_mean_ns(&histogram) == 6);
    cr_assert(fabs(histogram_stddev_ns(&histogram) - sqrt(8)) < 1e-12);
}

Test(histogram, mean_lies_between_the_extremes)
{
    histogram_record(&histogram, 2048); /* the middle of its cell is 2049 */
    cr_assert(histogram_mean_ns(&histogram) == 2048);
    cr_assert(histogram_stddev_ns(&histogram) == 0);
    histogram_clear(&histogram);
    record_times(1000447, 3); /* the middle of its cell is 1000192 */
    cr_assert(histogram_mean_ns(&histogram) == 1000447);
}

Test(histogram, mean_and_deviation_are_right_to_three_digits)
{
    double sum = 0, squares = 0;
    unsigned count = 20000;

    for (unsigned i = 0; i < count; i++) {
        double value = (double)(int64_t)(10000 + random_u64() % 50000000);

        histogram_record(&histogram, (int64_t)value);
        sum += value;
        squares += value * value;
    }

    double mean = sum / count, deviation = sqrt(squares / count - mean * mean);

    cr_assert(fabs(histogram_mean_ns(&histogram) / mean - 1) < 0.0005, "seed %lu", seed);
    cr_assert(fabs(histogram_stddev_ns(&histogram) / deviation - 1) < 0.001, "seed %lu", seed);
}

static void check_equal(const struct histogram *a, const struct histogram *b)
{
    cr_assert(memcmp(a->cells, b->cells, HISTOGRAM_CELLS * sizeof(a->cells[0])) == 0, "seed %lu", seed);
    cr_assert(a->total == b->total && a->min_ns == b->min_ns, "seed %lu", seed);
    cr_assert(a->max_ns == b->max_ns && a->clamped == b->clamped, "seed %lu", seed);
}

Test(histogram, adding_is_recording_all_into_one)
{
    struct histogram parts[3], sum;

    cr_assert(histogram_open(&sum) == 0);
    for (unsigned i = 0; i < 3; i++)
        cr_assert(histogram_open(&parts[i]) == 0);
    for (unsigned i = 0; i < 3000; i++) {
        int64_t value = i % 100 ? random_value() : HISTOGRAM_HIGHEST_NS + i;

        histogram_record(&parts[i % 3], value);
        histogram_record(&histogram, value);
    }
    for (unsigned i = 0; i < 3; i++) {
        histogram_add(&sum, &parts[i]);
        histogram_close(&parts[i]);
    }
    check_equal(&sum, &histogram);
    histogram_close(&sum);
}

Test(histogram, adding_an_empty_one_changes_nothing)
{
    struct histogram empty;

    cr_assert(histogram_open(&empty) == 0);
    record_times(17, 1);
    histogram_add(&histogram, &empty);
    cr_assert(histogram.total == 1 && histogram.min_ns == 17 && histogram.max_ns == 17);
    histogram_add(&empty, &histogram);
    check_equal(&empty, &histogram);
    histogram_close(&empty);
}

Test(histogram, empty_one_has_only_zeros_to_tell)
{
    cr_assert(histogram_percentile_ns(&histogram, 0) == 0);
    cr_assert(histogram_percentile_ns(&histogram, 50) == 0);
    cr_assert(histogram_percentile_ns(&histogram, 100) == 0);
    cr_assert(histogram_mean_ns(&histogram) == 0);
    cr_assert(histogram_stddev_ns(&histogram) == 0);
}
