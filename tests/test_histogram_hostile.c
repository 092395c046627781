/*
 * Hostile surroundings. V2 payloads that zlib and base64 let through, because whoever made them computed
 * the checksum too; the encoder here is written from the description of the format, not from ours. And
 * memory that runs out, at every allocation in turn.
 */
#include <criterion/criterion.h>

#include <endian.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include <zlib.h>

#include "histogram_v2.h"
#include "sanitizer.h"

enum { SIZE = 1 << 20 };

/* ---- payloads ---- */

/* The head of a payload; tests bend one field each. */
struct payload {
    uint32_t wrapper_cookie, cookie, counts_extra, offset, digits;
    uint64_t lowest, highest, ratio;
    const uint8_t *counts;
    size_t counts_size;
};

#define COUNTS(...)                                                                                          \
    .counts = (const uint8_t[]){__VA_ARGS__}, .counts_size = sizeof((const uint8_t[]){__VA_ARGS__})

static const struct payload good = {.wrapper_cookie = 0x1c849314,
                                    .cookie = 0x1c849313,
                                    .digits = 3,
                                    .lowest = 1,
                                    .highest = HISTOGRAM_HIGHEST_NS,
                                    .ratio = 0x3ff0000000000000,
                                    COUNTS(3, 4)}; /* -2 + 2: two empty cells, then 2 */

static uint8_t plain[SIZE], packed[SIZE];
static char text[2 * SIZE];
static struct histogram histogram;

static void setup(void)
{
    cr_assert(histogram_open(&histogram) == 0);
}

static void teardown(void)
{
    histogram_close(&histogram);
}

TestSuite(histogram_v2, .init = setup, .fini = teardown, .timeout = 60);

static void encode_base64(const uint8_t *bytes, size_t size)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t letters = (size * 8 + 5) / 6, length = (size + 2) / 3 * 4;

    for (size_t letter = 0; letter < letters; letter++) {
        unsigned value = 0;

        for (size_t bit = letter * 6; bit < letter * 6 + 6; bit++)
            value = value << 1 | (bit / 8 < size ? bytes[bit / 8] >> (7 - bit % 8) & 1 : 0);
        text[letter] = digits[value];
    }
    memset(text + letters, '=', length - letters);
    text[length] = '\0';
}

static size_t put_head(const struct payload *payload)
{
    uint32_t words[] = {htobe32(payload->cookie),
                        htobe32((uint32_t)payload->counts_size + payload->counts_extra),
                        htobe32(payload->offset), htobe32(payload->digits)};
    uint64_t longs[] = {htobe64(payload->lowest), htobe64(payload->highest), htobe64(payload->ratio)};

    memcpy(plain, words, sizeof(words));
    memcpy(plain + sizeof(words), longs, sizeof(longs));
    return sizeof(words) + sizeof(longs);
}

/* Wraps `size` bytes of `plain` and reads them. */
static int read_plain(uint32_t cookie, size_t size)
{
    uLongf packed_size = SIZE - 8;

    cr_assert(compress(packed + 8, &packed_size, plain, size) == Z_OK);
    memcpy(packed, (uint32_t[]){htobe32(cookie), htobe32((uint32_t)packed_size)}, 8);
    encode_base64(packed, packed_size + 8);
    histogram_clear(&histogram);
    errno = 0;
    return histogram_v2_read(text, &histogram);
}

static int read_payload(const struct payload *payload)
{
    size_t head = put_head(payload);

    memcpy(plain + head, payload->counts, payload->counts_size);
    return read_plain(payload->wrapper_cookie, head + payload->counts_size);
}

static void check_bad(struct payload payload, const char *what)
{
    cr_assert(read_payload(&payload) == -1 && errno == EINVAL, "accepted: %s", what);
}

/* A payload like the good one but for the counts. */
static struct payload with_counts(const uint8_t *counts, size_t size)
{
    struct payload payload = good;

    payload.counts = counts;
    payload.counts_size = size;
    return payload;
}

Test(histogram_v2, good_payload_is_good)
{
    cr_assert(read_payload(&good) == 0);
    cr_assert(histogram.cells[2] == 2 && histogram.total == 2);
    cr_assert(histogram.min_ns == 2 && histogram.max_ns == 2);
}

/* 0 is another way to write one empty cell; word size, offset and ratio mean nothing. */
Test(histogram_v2, other_spellings_are_good)
{
    struct payload payload = with_counts((const uint8_t[]){0, 1, 4, 0, 0}, 5);

    payload.cookie = 0x1c849303;
    payload.wrapper_cookie = 0x1c849304;
    payload.offset = 1;
    payload.ratio = 1;
    cr_assert(read_payload(&payload) == 0);
    cr_assert(histogram.cells[2] == 2 && histogram.total == 2);
    cr_assert(histogram.max_ns == 2, "empty cells behind the last value are not the maximum");
}

Test(histogram_v2, other_kinds_of_histogram_are_refused)
{
    struct payload payload = good;

    check_bad((payload = good, payload.wrapper_cookie = 0x1c849302, payload), "V1");
    check_bad((payload = good, payload.wrapper_cookie = 0x1c849309, payload), "V0");
    check_bad((payload = good, payload.wrapper_cookie = 0x0c72124f, payload), "floating point");
    check_bad((payload = good, payload.cookie = 0x1c849301, payload), "V1 in V2");
    check_bad((payload = good, payload.digits = 2, payload), "two digits");
    check_bad((payload = good, payload.lowest = 1000, payload), "microseconds");
}

Test(histogram_v2, wrong_lengths_are_refused)
{
    struct payload payload = good;

    check_bad((payload = good, payload.counts_extra = 1, payload), "one byte more than there is");
    check_bad((payload = good, payload.counts_extra = UINT32_MAX, payload), "one byte less");
    check_bad((payload = good, payload.counts_extra = 0x80000000, payload), "negative");
    for (size_t size = 0; size < put_head(&good); size++)
        cr_assert(read_plain(good.wrapper_cookie, size) == -1 && errno == EINVAL, "%zu", size);
}

Test(histogram_v2, wrapper_length_must_be_that_of_the_text)
{
    for (int extra = -1; extra <= 1; extra += 2) {
        uLongf packed_size = SIZE - 8;
        size_t size = put_head(&good);

        cr_assert(compress(packed + 8, &packed_size, plain, size) == Z_OK);
        memcpy(packed, (uint32_t[]){htobe32(good.wrapper_cookie), htobe32((uint32_t)packed_size + extra)}, 8);
        encode_base64(packed, packed_size + 8);
        cr_assert(histogram_v2_read(text, &histogram) == -1 && errno == EINVAL);
    }
}

Test(histogram_v2, number_that_is_cut_off_is_refused)
{
    static const uint8_t counts[] = {0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80};

    for (size_t size = 1; size <= sizeof(counts); size++)
        check_bad(with_counts(counts, size), "cut off");
}

/* The ninth byte ends a number whatever its first bit says: all bits set is the most negative one. */
Test(histogram_v2, run_of_2_to_the_63_empty_cells_is_refused)
{
    static const uint8_t counts[] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2};

    check_bad(with_counts(counts, sizeof(counts)), "INT64_MIN");
    check_bad(with_counts(counts, 9), "INT64_MIN at the end");
}

/* 55296 cells reach to 2^63; the run is a zigzag number of three bytes: 2 * n - 1. */
Test(histogram_v2, cells_end_at_2_to_the_63)
{
    enum { CELLS = 55296, LAST = 2 * (CELLS - 1) - 1, ALL = 2 * CELLS - 1 };
    static const uint8_t last[] = {0x80 | (LAST & 0x7f), 0x80 | (LAST >> 7 & 0x7f), LAST >> 14, 2};
    static const uint8_t beyond[] = {0x80 | (ALL & 0x7f), 0x80 | (ALL >> 7 & 0x7f), ALL >> 14, 2};
    struct payload payload = with_counts(last, sizeof(last));

    cr_assert(read_payload(&payload) == 0);
    cr_assert(histogram.clamped == 1 && histogram.total == 1);
    cr_assert(histogram.max_ns == INT64_MAX);
    cr_assert(histogram.cells[histogram_cell(HISTOGRAM_HIGHEST_NS)] == 1);
    check_bad(with_counts(beyond, sizeof(beyond)), "a value in cell 55296");
}

Test(histogram_v2, counts_that_overflow_their_sum_are_refused)
{
    /* INT64_MAX is 2^64 - 2 in zigzag. */
    static const uint8_t counts[] = {0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2};
    struct payload payload = with_counts(counts, 9);

    cr_assert(read_payload(&payload) == 0);
    cr_assert(histogram.cells[0] == INT64_MAX && histogram.total == INT64_MAX);
    check_bad(with_counts(counts, 10), "INT64_MAX + 1");
}

/* A megabyte of zeros is a kilobyte when compressed: the bound stands before the memory. */
Test(histogram_v2, bomb_is_refused)
{
    memset(plain, 0, SIZE);
    put_head(&good);
    cr_assert(read_plain(good.wrapper_cookie, SIZE - 1) == -1 && errno == EINVAL);
}

Test(histogram_v2, base64_must_be_base64)
{
    static const char *const words[] = {"",      "=",        "====",  "H===", "HI=T", "HISTF",
                                        "HIS\n", "HI==HIST", "HI ST", "HIS*", "HIS-"};

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        strcpy(text, words[i]);
        cr_assert(histogram_v2_read(text, &histogram) == -1 && errno == EINVAL, "%s", words[i]);
    }
}

/* ---- memory ---- */

#ifdef __SANITIZE_ADDRESS__
static const bool sanitized = true;
#else
static const bool sanitized = false;
#endif

enum { STEP = 32 << 10, STEPS_MAX = 1024 };

static char *log_text;
static size_t log_size;
static FILE *out;

static void setup_memory(void)
{
    if (sanitized)
        cr_skip_test("the address sanitizer dies where malloc would fail");
    cr_assert(histogram_open(&histogram) == 0);
    for (int64_t value = 1; value < 1000000; value += 1009)
        histogram_record(&histogram, value);
    out = open_memstream(&log_text, &log_size);
}

static void teardown_memory(void)
{
    fclose(out);
    free(log_text);
    histogram_close(&histogram);
}

TestSuite(histogram_memory, .init = setup_memory, .fini = teardown_memory, .timeout = 60);

/* Address space in use, in bytes. proc(5), statm */
static rlim_t space_in_use(void)
{
    FILE *statm = fopen("/proc/self/statm", "r");
    unsigned long pages = 0;

    cr_assert(statm && fscanf(statm, "%lu", &pages) == 1);
    fclose(statm);
    return pages * (rlim_t)sysconf(_SC_PAGESIZE);
}

/*
 * Calls with a little more address space each time (RLIMIT_AS, setrlimit(2)) until it works, so that every
 * allocation in it is once the one that fails. Returns how often it did not work.
 */
static unsigned torture(int (*call)(void), int success)
{
    struct rlimit before, tight;

    cr_assert(getrlimit(RLIMIT_AS, &before) == 0);
    for (unsigned step = 0; step < STEPS_MAX; step++) {
        tight = (struct rlimit){.rlim_cur = space_in_use() + step * STEP, .rlim_max = before.rlim_max};
        cr_assert(setrlimit(RLIMIT_AS, &tight) == 0);
        errno = 0;

        int result = call();
        int error = errno;

        setrlimit(RLIMIT_AS, &before); /* before any assertion, which may need memory */
        if (result == success)
            return step;
        cr_assert(result == -1 && error == ENOMEM, "step %u: %d, %s", step, result, strerror(error));
    }
    cr_assert(false, "it never worked");
    return 0;
}

static int open_one(void)
{
    struct histogram other;
    int result = histogram_open(&other);

    if (result == 0)
        histogram_close(&other);
    return result;
}

static int write_one(void)
{
    return histogram_hlog_interval(out, NULL, 0, 1, &histogram);
}

static FILE *in;

static int read_one(void)
{
    unsigned line = 0;

    rewind(in);
    return histogram_hlog_read(in, &histogram, NULL, &line);
}

Test(histogram_memory, open)
{
    cr_assert(torture(open_one, 0) > 0);
}

Test(histogram_memory, write_leaves_no_half_line)
{
    cr_assert(torture(write_one, 0) > 0);
    cr_assert(strncmp(log_text, "0.000,0.000,", 12) == 0 &&
              strchr(log_text, '\n') == log_text + log_size - 1);
}

Test(histogram_memory, read_adds_nothing_or_all)
{
    uint64_t total = histogram.total;

    cr_assert(write_one() == 0);
    in = fmemopen(log_text, log_size, "r");
    cr_assert(torture(read_one, 1) > 0);
    cr_assert(histogram.total == 2 * total);
    fclose(in);
}
