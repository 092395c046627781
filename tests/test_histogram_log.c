/*
 * The interval log (.hlog): what we write is what we read and what another implementation reads; what
 * is not such a log is refused, with the number of the line and nothing added.
 */
#include <criterion/criterion.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "histogram.h"
#include "random.h"

#define START_NS INT64_C(1700000000123456789)

static struct histogram written, back;
static uint64_t seed;
static char *log_text;
static size_t log_size;
static FILE *out;

static void setup(void)
{
    seed = random_start();
    cr_assert(histogram_open(&written) == 0 && histogram_open(&back) == 0);
    out = open_memstream(&log_text, &log_size);
}

static void teardown(void)
{
    fclose(out);
    free(log_text);
    histogram_close(&written);
    histogram_close(&back);
}

TestSuite(histogram_log, .init = setup, .fini = teardown, .timeout = 60);

static void record_many(unsigned count)
{
    while (count-- > 0)
        histogram_record(&written, (int64_t)random_magnitude(43));
}

/* Writes `written` as one interval of a second; log_text holds all that was written so far. */
static int write_interval(const char *tag)
{
    return histogram_hlog_interval(out, tag, START_NS, START_NS + NS_PER_S, &written);
}

/* Reads one interval of a text into `back`. */
static int read_text(const char *text, size_t size, char *tag, unsigned *line)
{
    FILE *in = fmemopen((void *)(uintptr_t)text, size, "r");

    cr_assert(in);
    errno = 0;
    *line = 0;

    int result = histogram_hlog_read(in, &back, tag, line);
    int error = errno;

    fclose(in);
    errno = error;
    return result;
}

static void check_refused(const char *text, unsigned expected_line)
{
    unsigned line;
    uint64_t total = back.total;
    int result = read_text(text, strlen(text), NULL, &line);

    cr_assert(result == -1 && errno == EINVAL, "accepted: %.80s", text);
    cr_assert(line == expected_line, "line %u of: %.80s", line, text);
    cr_assert(back.total == total);
}

/* All of a histogram survives but the exact minimum, and how many values were clamped: all of them may be. */
static void check_same(void)
{
    int64_t min_ns = written.min_ns < HISTOGRAM_HIGHEST_NS ? written.min_ns : HISTOGRAM_HIGHEST_NS;

    cr_assert(memcmp(written.cells, back.cells, HISTOGRAM_CELLS * sizeof(back.cells[0])) == 0, "seed %lu",
              seed);
    cr_assert(written.total == back.total && written.max_ns == back.max_ns, "seed %lu", seed);
    cr_assert((written.clamped > 0) == (back.clamped > 0), "seed %lu", seed);
    if (written.total > 0)
        cr_assert(back.min_ns == histogram_cell_lowest_ns(histogram_cell(min_ns)), "seed %lu", seed);
    else
        cr_assert(back.min_ns == INT64_MAX);
}

/* ---- what it looks like ---- */

Test(histogram_log, header)
{
    cr_assert(histogram_hlog_header(out, "tenk-load epoll", START_NS) == 0);
    cr_assert_str_eq(log_text, "#[tenk-load epoll]\n"
                               "#[Histogram log format version 1.3]\n"
                               "#[StartTime: 1700000000.123 (seconds since epoch), "
                               "Tue Nov 14 22:13:20 UTC 2023]\n"
                               "\"StartTimestamp\",\"Interval_Length\",\"Interval_Max\","
                               "\"Interval_Compressed_Histogram\"\n");
}

Test(histogram_log, header_without_comment_begins_with_the_version)
{
    cr_assert(histogram_hlog_header(out, NULL, START_NS) == 0);
    cr_assert(strncmp(log_text, "#[Histogram log format version 1.3]\n", 36) == 0);
}

Test(histogram_log, comment_of_two_lines_is_refused)
{
    cr_assert(histogram_hlog_header(out, "one\n0.0,1.0,0.0,two", START_NS) == -1 && errno == EINVAL);
    fflush(out);
    cr_assert(log_size == 0);
}

Test(histogram_log, interval_line)
{
    static const char expected[] = "Tag=warm-up,1700000000.123,1.000,12.345678,HISTF";

    histogram_record(&written, 12345678);
    cr_assert(write_interval("warm-up") == 0);
    cr_assert(strncmp(log_text, expected, sizeof(expected) - 1) == 0, "%s", log_text);
    cr_assert(strchr(log_text, '\n') == log_text + log_size - 1);
}

Test(histogram_log, interval_when_the_date_was_set_back_has_no_length)
{
    cr_assert(histogram_hlog_interval(out, NULL, START_NS, START_NS - 5 * NS_PER_S, &written) == 0);
    cr_assert(strncmp(log_text, "1700000000.123,0.000,0.000000,HISTF", 35) == 0, "%s", log_text);
}

Test(histogram_log, tag_that_would_break_the_line_is_refused)
{
    static const char *const tags[] = {"a,b", "a b", "a\tb", "a\nb", "a\rb"};
    char longest[HISTOGRAM_TAG_MAX + 1], tag[HISTOGRAM_TAG_MAX];
    unsigned line;

    for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++)
        cr_assert(write_interval(tags[i]) == -1 && errno == EINVAL);
    memset(longest, 'x', HISTOGRAM_TAG_MAX);
    longest[HISTOGRAM_TAG_MAX] = '\0';
    cr_assert(write_interval(longest) == -1 && errno == EINVAL);
    fflush(out);
    cr_assert(log_size == 0);

    longest[HISTOGRAM_TAG_MAX - 1] = '\0';
    cr_assert(write_interval(longest) == 0);
    cr_assert(read_text(log_text, log_size, tag, &line) == 1);
    cr_assert_str_eq(tag, longest);
}

Test(histogram_log, full_disk_is_an_error)
{
    FILE *full = fopen("/dev/full", "w");

    cr_assert(histogram_hlog_header(full, NULL, START_NS) == -1 && errno == ENOSPC);
    cr_assert(histogram_hlog_interval(full, NULL, START_NS, START_NS, &written) == -1);
    fclose(full);
}

/* ---- there and back ---- */

static void check_there_and_back(void)
{
    char tag[HISTOGRAM_TAG_MAX] = "?";
    unsigned line;

    rewind(out);
    cr_assert(write_interval(NULL) == 0);
    histogram_clear(&back);
    cr_assert(read_text(log_text, log_size, tag, &line) == 1, "seed %lu", seed);
    cr_assert(line == 1);
    cr_assert_str_empty(tag);
    check_same();
}

Test(histogram_log, random_histograms_survive)
{
    for (unsigned round = 0; round < 30; round++) {
        histogram_clear(&written);
        record_many((unsigned)random_magnitude(15));
        check_there_and_back();
    }
}

Test(histogram_log, histograms_at_the_limits_survive)
{
    check_there_and_back();
    histogram_record(&written, 0);
    check_there_and_back();
    histogram_record(&written, HISTOGRAM_HIGHEST_NS);
    check_there_and_back();
    histogram_record(&written, 2 * HISTOGRAM_HIGHEST_NS);
    check_there_and_back();
    histogram_clear(&written);
    for (unsigned cell = 0; cell <= histogram_cell(HISTOGRAM_HIGHEST_NS); cell++)
        histogram_record(&written, histogram_cell_highest_ns(cell));
    check_there_and_back();
}

/* Counts of 1 to 63 bits are numbers of 1 to 9 bytes in the file. */
Test(histogram_log, counts_of_every_length_survive)
{
    for (unsigned bit = 0; bit < 62; bit++) {
        histogram_record(&written, bit * 10);
        written.cells[bit * 10] += (UINT64_C(1) << bit) - 1;
        written.total += (UINT64_C(1) << bit) - 1;
    }
    check_there_and_back();
}

Test(histogram_log, intervals_add_up)
{
    FILE *in;
    char tag[HISTOGRAM_TAG_MAX];
    unsigned line = 0;

    cr_assert(histogram_hlog_header(out, "three intervals", START_NS) == 0);
    record_many(100);
    cr_assert(write_interval("first") == 0);
    fprintf(out, "# a comment\n\n");
    cr_assert(write_interval(NULL) == 0);
    histogram_add(&written, &written);

    in = fmemopen(log_text, log_size, "r");
    cr_assert(histogram_hlog_read(in, &back, tag, &line) == 1 && line == 5);
    cr_assert_str_eq(tag, "first");
    cr_assert(histogram_hlog_read(in, &back, tag, &line) == 1 && line == 8);
    cr_assert_str_empty(tag);
    cr_assert(histogram_hlog_read(in, &back, tag, &line) == 0);
    check_same();
    fclose(in);
}

Test(histogram_log, lines_may_end_with_crlf_or_with_the_file)
{
    unsigned line;

    histogram_record(&written, 5);
    cr_assert(write_interval("x") == 0);
    cr_assert(read_text(log_text, log_size - 1, NULL, &line) == 1);
    log_text[log_size - 1] = '\r';
    fprintf(out, "\n");
    fflush(out);
    cr_assert(read_text(log_text, log_size, NULL, &line) == 1);
    cr_assert(back.cells[5] == 2);
}

/* ---- written by others ---- */

/* hdr-histogram-js 3.0.1, highest value 10^8: 0, 3 times 2, 200 times 2049, 70000 times 10^6. */
static const char foreign[] =
    "#[Histogram log format version 1.3]\n"
    "#[StartTime: 1700000000.000 (seconds since epoch), Tue Nov 14 2023 22:13:20 GMT+0000]\n\n"
    "\"StartTimestamp\",\"Interval_Length\",\"Interval_Max\",\"Interval_Compressed_Histogram\"\n"
    "Tag=late,1.500,1.000,1.000,"
    "HISTFAAAADF4nJNpmSzMwMDAy8DAwMjAwMDMAAEgNgPr14cMMD4TA9tP+QnM+/sYHxzlAACL0gfj\n";

Test(histogram_log, another_writers_log_is_read)
{
    char tag[HISTOGRAM_TAG_MAX];
    unsigned line;

    cr_assert(read_text(foreign, sizeof(foreign) - 1, tag, &line) == 1);
    cr_assert_str_eq(tag, "late");
    cr_assert(line == 5 && back.total == 70204);
    cr_assert(back.cells[0] == 1 && back.cells[2] == 3 && back.cells[2048] == 200);
    cr_assert(back.cells[histogram_cell(1000000)] == 70000);
    cr_assert(back.min_ns == 0 && back.max_ns == 1000000 && back.clamped == 0);
}

/* The same implementation, highest value 2^53 - 1: one 7, 2 times two hours. */
Test(histogram_log, values_above_ours_are_clamped)
{
    static const char text[] = "0.0,1.0,1.0,HISTFAAAACh4nJNpmSzMwMDAxsDAwMjAwMDMAAGMDPL/wQDG52Vqn8XCAgCp1wik";
    int64_t two_hours_ns = 2 * HISTOGRAM_HIGHEST_NS;
    unsigned line;

    cr_assert(read_text(text, sizeof(text) - 1, NULL, &line) == 1);
    cr_assert(back.total == 3 && back.clamped == 2 && back.cells[7] == 1);
    cr_assert(back.cells[histogram_cell(HISTOGRAM_HIGHEST_NS)] == 2);
    cr_assert(back.max_ns == histogram_cell_highest_ns(histogram_cell(two_hours_ns)));
}

/* The maximum in the line is believed only when it can be true; HdrHistogram_c writes raw units. */
Test(histogram_log, maximum_of_another_cell_is_ignored)
{
    static const char *const maxima[] = {"0.999423", "1.000448", "1000000.0", "0", "99999999999999999999"};
    char text[sizeof(foreign)];
    unsigned line;

    for (size_t i = 0; i < sizeof(maxima) / sizeof(maxima[0]); i++) {
        snprintf(text, sizeof(text), "1.500,1.000,%s,%s", maxima[i], strstr(foreign, "HISTF"));
        histogram_clear(&back);
        cr_assert(read_text(text, strlen(text), NULL, &line) == 1, "%s", text);
        cr_assert(back.max_ns == 1000447, "%s: %ld", maxima[i], back.max_ns);
    }
}

/* ---- refused ---- */

Test(histogram_log, what_is_not_a_log_is_refused)
{
    check_refused("hello\n", 1);
    check_refused("# a comment\n\n\"Value\",\"Percentile\"\n", 3);
    check_refused("#[Histogram log format version 2.0]\n", 1);
    check_refused("Tag=x\n", 1);
    check_refused("Tag=x y,1,1,1,HISTF\n", 1);
    check_refused("1.0\n", 1);
    check_refused("1.0,1.0\n", 1);
    check_refused("1.0,1.0,1.0\n", 1);
    check_refused("1.0,1.0,1.0,\n", 1);
    check_refused(".,1.0,1.0,HIST\n", 1);
    check_refused("-1.0,1.0,1.0,HIST\n", 1);
    check_refused("1.0.0,1.0,1.0,HIST\n", 1);
    check_refused("1e3,1.0,1.0,HIST\n", 1);
    check_refused("1.0,1.0,1.0,HIST\n", 1);
    check_refused("1.0,1.0,1.0,HISTFAAAADF4nJN*\n", 1);
}

Test(histogram_log, cut_off_line_is_refused_wherever_it_ends)
{
    unsigned line;

    record_many(500);
    cr_assert(write_interval("cut") == 0);
    for (size_t size = 1; size < log_size - 1; size++) {
        cr_assert(read_text(log_text, size, NULL, &line) == -1 && errno == EINVAL, "seed %lu: %zu", seed,
                  size);
        cr_assert(line == 1 && back.total == 0, "seed %lu: %zu", seed, size);
    }
}

/* zlib's checksum sees every damaged byte; unused bits of the last base64 digit may be anything. */
Test(histogram_log, damaged_letter_is_refused_or_harmless)
{
    unsigned line;

    record_many(300);
    cr_assert(write_interval(NULL) == 0);
    for (char *at = strstr(log_text, "HIST"); *at != '\n'; at++) {
        char good = *at;

        *at = good == 'A' ? '/' : 'A';
        histogram_clear(&back);
        if (read_text(log_text, log_size, NULL, &line) == 1)
            check_same();
        else
            cr_assert(errno == EINVAL && back.total == 0, "seed %lu", seed);
        *at = good;
    }
}

Test(histogram_log, line_without_end_is_refused)
{
    FILE *zeros = fopen("/dev/zero", "r");
    size_t size = 3 << 20;
    char *text = malloc(size);
    unsigned line = 0;

    cr_assert(histogram_hlog_read(zeros, &back, NULL, &line) == -1 && errno == EINVAL && line == 1);
    fclose(zeros);
    memset(text, '1', size);
    cr_assert(read_text(text, size, NULL, &line) == -1 && errno == EINVAL && line == 1);
    free(text);
}

Test(histogram_log, nothing_is_the_end_and_a_directory_an_error)
{
    FILE *nothing = fopen("/dev/null", "r"), *directory = fopen("/", "r");
    unsigned line = 0;

    cr_assert(histogram_hlog_read(nothing, &back, NULL, &line) == 0 && line == 0);
    cr_assert(histogram_hlog_read(directory, &back, NULL, &line) == -1 && errno == EISDIR);
    fclose(nothing);
    fclose(directory);
}

Test(histogram_log, sum_that_no_counter_holds_is_refused)
{
    unsigned line;

    back.cells[1] = back.total = INT64_MAX - 70203;
    cr_assert(read_text(foreign, sizeof(foreign) - 1, NULL, &line) == -1 && errno == EINVAL && line == 5);
    back.cells[1] = --back.total;
    cr_assert(read_text(foreign, sizeof(foreign) - 1, NULL, &line) == 1 && back.total == INT64_MAX);
}
