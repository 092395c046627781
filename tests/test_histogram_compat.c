/*
 * Other implementations: the percentile distribution (.hgrm) letter by letter as they print it, and an
 * interval log (.hlog) that they open. For the log this needs node and the package hdr-histogram-js
 * (tests/oracle_hlog.js says how to get it); without them that test is skipped.
 */
#include <criterion/criterion.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "histogram.h"
#include "random.h"

static struct histogram histogram;

static void setup(void)
{
    cr_assert(histogram_open(&histogram) == 0);
}

static void teardown(void)
{
    histogram_close(&histogram);
}

static void record_times(int64_t value_ns, unsigned times)
{
    while (times-- > 0)
        histogram_record(&histogram, value_ns);
}

TestSuite(histogram_compat, .init = setup, .fini = teardown, .timeout = 60);

/* The distribution as text, which the caller frees. */
static char *print_hgrm(double unit_ns)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    cr_assert(histogram_write_hgrm(out, &histogram, unit_ns) == 0);
    fclose(out);
    return text;
}

static void check_hgrm(double unit_ns, const char *expected)
{
    char *text = print_hgrm(unit_ns);

    cr_assert_str_eq(text, expected);
    free(text);
}

Test(histogram_compat, distribution_of_nothing_is_head_and_foot)
{
    check_hgrm(1000, "       Value     Percentile TotalCount 1/(1-Percentile)\n"
                     "\n"
                     "#[Mean    =        0.000, StdDeviation   =        0.000]\n"
                     "#[Max     =        0.000, Total count    =            0]\n"
                     "#[Buckets =           32, SubBuckets     =         2048]\n");
}

/* Expected: what hdr-histogram-js 3.0.1 (Java's algorithm) prints for the same values. */
Test(histogram_compat, distribution_is_printed_as_hdrhistogram_does)
{
    for (int64_t value = 100; value <= 900; value += 100)
        record_times(value, 10);
    record_times(50000, 9);
    record_times(1000447, 1);
    check_hgrm(1000, "       Value     Percentile TotalCount 1/(1-Percentile)\n"
                     "\n"
                     "       0.100 0.000000000000         10           1.00\n"
                     "       0.100 0.100000000000         10           1.11\n"
                     "       0.200 0.200000000000         20           1.25\n"
                     "       0.300 0.300000000000         30           1.43\n"
                     "       0.400 0.400000000000         40           1.67\n"
                     "       0.500 0.500000000000         50           2.00\n"
                     "       0.600 0.550000000000         60           2.22\n"
                     "       0.600 0.600000000000         60           2.50\n"
                     "       0.700 0.650000000000         70           2.86\n"
                     "       0.700 0.700000000000         70           3.33\n"
                     "       0.800 0.750000000000         80           4.00\n"
                     "       0.800 0.775000000000         80           4.44\n"
                     "       0.800 0.800000000000         80           5.00\n"
                     "       0.900 0.825000000000         90           5.71\n"
                     "       0.900 0.850000000000         90           6.67\n"
                     "       0.900 0.875000000000         90           8.00\n"
                     "       0.900 0.887500000000         90           8.89\n"
                     "       0.900 0.900000000000         90          10.00\n"
                     "      50.015 0.912500000000         99          11.43\n"
                     "      50.015 0.925000000000         99          13.33\n"
                     "      50.015 0.937500000000         99          16.00\n"
                     "      50.015 0.943750000000         99          17.78\n"
                     "      50.015 0.950000000000         99          20.00\n"
                     "      50.015 0.956250000000         99          22.86\n"
                     "      50.015 0.962500000000         99          26.67\n"
                     "      50.015 0.968750000000         99          32.00\n"
                     "      50.015 0.971875000000         99          35.56\n"
                     "      50.015 0.975000000000         99          40.00\n"
                     "      50.015 0.978125000000         99          45.71\n"
                     "      50.015 0.981250000000         99          53.33\n"
                     "      50.015 0.984375000000         99          64.00\n"
                     "      50.015 0.985937500000         99          71.11\n"
                     "      50.015 0.987500000000         99          80.00\n"
                     "      50.015 0.989062500000         99          91.43\n"
                     "    1000.447 0.990625000000        100         106.67\n"
                     "    1000.447 1.000000000000        100\n"
                     "#[Mean    =       14.952, StdDeviation   =      100.028]\n"
                     "#[Max     =     1000.447, Total count    =          100]\n"
                     "#[Buckets =           32, SubBuckets     =         2048]\n");
}

Test(histogram_compat, distribution_ends_with_the_exact_maximum)
{
    char text[1024];
    FILE *out = fmemopen(text, sizeof(text), "w");

    histogram_record(&histogram, 1000001);
    cr_assert(histogram_write_hgrm(out, &histogram, 1) == 0);
    fclose(out);
    cr_assert(strstr(text, " 1000001.000 1.000000000000          1\n"), "%s", text);
    cr_assert(strstr(text, "#[Max     =  1000001.000, Total"), "%s", text);
}

/* Levels come closer to 100 % until they do not move any more: printing must end there. */
Test(histogram_compat, distribution_of_very_many_values_ends)
{
    size_t size;
    char *text;
    FILE *out = open_memstream(&text, &size);

    histogram_record(&histogram, 1);
    histogram_record(&histogram, 2);
    histogram.cells[1] += UINT64_C(1) << 62;
    histogram.total += UINT64_C(1) << 62;
    cr_assert(histogram_write_hgrm(out, &histogram, 1) == 0);
    fclose(out);
    cr_assert(strstr(text, "       2.000 1.000000000000 4611686018427387906\n"), "%s", text);
    free(text);
}

Test(histogram_compat, distribution_to_a_full_disk_is_an_error)
{
    FILE *out = fopen("/dev/full", "w");

    setvbuf(out, NULL, _IONBF, 0);
    cr_assert(histogram_write_hgrm(out, &histogram, 1) == -1);
    fclose(out);
}

/* ---- the oracle ---- */

enum { ORACLE_ABSENT = 77, SHELL_FOUND_NO_NODE = 127 };

struct findings {
    uint64_t total;
    int64_t min_ns, max_ns, p50_ns, p99_ns, p999_ns;
};

/* Three intervals with tags and without; `all` receives their sum. */
static void write_log(FILE *out, struct histogram *all)
{
    struct histogram interval;

    cr_assert(histogram_open(&interval) == 0);
    cr_assert(histogram_hlog_header(out, "for the oracle", clock_wall_ns()) == 0);
    for (int i = 0; i < 3; i++) {
        int64_t begin_ns = clock_wall_ns() + i * NS_PER_S;

        for (int n = 0; n < 20000; n++)
            histogram_record(&interval, (int64_t)(20000 + random_magnitude(n % 100 ? 18 : 34)));
        cr_assert(histogram_hlog_interval(out, i == 1 ? "tagged" : NULL, begin_ns, begin_ns + NS_PER_S,
                                          &interval) == 0);
        histogram_add(all, &interval);
        histogram_clear(&interval);
    }
    histogram_close(&interval);
}

/* The output of the script, to be closed by pclose. */
static FILE *start_oracle(const char *path, const char *what)
{
    char command[256];

    snprintf(command, sizeof(command),
             "exec timeout 30 node tests/oracle_hlog.js %s %s </dev/null 2>/dev/null", path, what);
    FILE *answer = popen(command, "r");
    cr_assert(answer);
    return answer;
}

/* Runs the script; the status it exits with. */
static int ask_oracle(const char *path, struct findings *found)
{
    FILE *answer = start_oracle(path, "");
    int fields;

    fields = fscanf(answer, "%lu %ld %ld %ld %ld %ld", &found->total, &found->min_ns, &found->max_ns,
                    &found->p50_ns, &found->p99_ns, &found->p999_ns);

    int status = pclose(answer);

    cr_assert(WIFEXITED(status));
    cr_assert(WEXITSTATUS(status) != 0 || fields == 6, "the oracle said %d numbers", fields);
    return WEXITSTATUS(status);
}

Test(histogram_compat, another_implementation_reads_our_log)
{
    char path[] = "/tmp/tenk-oracle-XXXXXX";
    FILE *out = fdopen(mkstemp(path), "w");
    struct findings found = {0};
    struct histogram all;
    uint64_t seed = random_start();

    cr_assert(histogram_open(&all) == 0);
    write_log(out, &all);
    fclose(out);

    int status = ask_oracle(path, &found);

    unlink(path);
    if (status == ORACLE_ABSENT || status == SHELL_FOUND_NO_NODE) {
        histogram_close(&all);
        cr_skip_test("node or its package hdr-histogram-js is not installed");
    }
    cr_assert(status == 0, "the oracle exited with %d", status);
    cr_assert(found.total == all.total, "seed %lu: %lu, not %lu", seed, found.total, all.total);
    cr_assert(found.min_ns == histogram_cell_lowest_ns(histogram_cell(all.min_ns)), "seed %lu", seed);
    cr_assert(found.max_ns == histogram_cell_highest_ns(histogram_cell(all.max_ns)), "seed %lu", seed);
    cr_assert(found.p50_ns == histogram_percentile_ns(&all, 50), "seed %lu", seed);
    cr_assert(found.p99_ns == histogram_percentile_ns(&all, 99), "seed %lu", seed);
    cr_assert(found.p999_ns == histogram_percentile_ns(&all, 99.9), "seed %lu", seed);
    histogram_close(&all);
}

/*
 * Word for word, but that the twelfth decimal of a percentile may differ by one: 0.9997802734375 lies in the
 * middle, and printf(3) rounds to even, JavaScript and Java up.
 */
static void check_same_distribution(char *ours, char *theirs)
{
    char *our_place, *their_place;
    char *our_word = strtok_r(ours, " \n", &our_place), *their_word = strtok_r(theirs, " \n", &their_place);

    for (; our_word && their_word; our_word = strtok_r(NULL, " \n", &our_place)) {
        double apart = strtod(our_word, NULL) - strtod(their_word, NULL);
        bool rounded = strncmp(our_word, "0.", 2) == 0 && apart > -1.5e-12 && apart < 1.5e-12;

        cr_assert(strcmp(our_word, their_word) == 0 || rounded, "%s, not %s", our_word, their_word);
        their_word = strtok_r(NULL, " \n", &their_place);
    }
    cr_assert(!our_word && !their_word, "one of them is longer");
}

/* The distribution that it makes of our log is ours. */
Test(histogram_compat, another_implementation_prints_our_distribution)
{
    char path[] = "/tmp/tenk-oracle-XXXXXX", theirs[65536];
    FILE *out = fdopen(mkstemp(path), "w");
    uint64_t seed = random_start();

    write_log(out, &histogram);
    fclose(out);
    FILE *answer = start_oracle(path, "hgrm");
    size_t length = fread(theirs, 1, sizeof(theirs) - 1, answer);
    int status = pclose(answer);

    theirs[length] = '\0';
    unlink(path);
    cr_assert(WIFEXITED(status));
    if (WEXITSTATUS(status) == ORACLE_ABSENT || WEXITSTATUS(status) == SHELL_FOUND_NO_NODE)
        cr_skip_test("node or its package hdr-histogram-js is not installed");
    cr_assert(WEXITSTATUS(status) == 0, "the oracle exited with %d, seed %lu", status, seed);
    histogram.max_ns =
        histogram_cell_highest_ns(histogram_cell(histogram.max_ns)); /* it knows the cell only */

    char *ours = print_hgrm(1000);

    check_same_distribution(ours, theirs);
    free(ours);
}
