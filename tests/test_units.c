/*
 * Units and clocks: every unit, every limit at its edge, and every rounding that carries.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "units.h"

enum { UNTOUCHED = 77 };

TestSuite(units, .timeout = 30);
TestSuite(clocks, .timeout = 30);

/* ---- parsing ---- */

static void expect_count(const char *text, uint64_t expected)
{
    uint64_t count = UNTOUCHED;

    cr_expect(units_parse_count(text, &count) == 0, "\"%s\" is a count", text);
    cr_expect(count == expected, "\"%s\" is %ju, not %ju", text, (uintmax_t)expected, (uintmax_t)count);
}

static void expect_bytes(const char *text, uint64_t expected)
{
    uint64_t bytes = UNTOUCHED;

    cr_expect(units_parse_bytes(text, &bytes) == 0, "\"%s\" is a size", text);
    cr_expect(bytes == expected, "\"%s\" is %ju, not %ju", text, (uintmax_t)expected, (uintmax_t)bytes);
}

static void expect_duration(const char *text, int64_t expected)
{
    int64_t duration_ns = UNTOUCHED;

    cr_expect(units_parse_duration_ns(text, &duration_ns) == 0, "\"%s\" is a duration", text);
    cr_expect(duration_ns == expected, "\"%s\" is %jd ns, not %jd", text, (intmax_t)expected,
              (intmax_t)duration_ns);
}

/* All three parsers refuse the text with this errno and leave the result alone. */
static void expect_refused(const char *text, int error)
{
    uint64_t count = UNTOUCHED, bytes = UNTOUCHED;
    int64_t duration_ns = UNTOUCHED;

    errno = 0;
    cr_expect(units_parse_count(text, &count) == -1 && errno == error, "count \"%s\": errno %d", text, errno);
    errno = 0;
    cr_expect(units_parse_bytes(text, &bytes) == -1 && errno == error, "bytes \"%s\": errno %d", text, errno);
    errno = 0;
    cr_expect(units_parse_duration_ns(text, &duration_ns) == -1 && errno == error,
              "duration \"%s\": errno %d", text, errno);
    cr_expect(count == UNTOUCHED && bytes == UNTOUCHED && duration_ns == UNTOUCHED, "\"%s\" changed a result",
              text);
}

Test(units, counts)
{
    expect_count("0", 0);
    expect_count("64", 64);
    expect_count("007", 7);
    expect_count("10k", 10000);
    expect_count("10K", 10000);
    expect_count("1.5M", 1500000);
    expect_count("2G", 2000000000);
    expect_count("0.5k", 500);
    expect_count("1.0", 1);
    expect_count("1.2345k", 1235);
}

Test(units, counts_at_the_edge_of_64_bits)
{
    uint64_t count = UNTOUCHED;

    expect_count("18446744073709551615", UINT64_MAX);
    expect_count("18446744073709551k", UINT64_C(18446744073709551000));
    expect_count("18446744073709551.615k", UINT64_MAX);
    cr_expect(units_parse_count("18446744073709551616", &count) == -1 && errno == ERANGE);
    cr_expect(units_parse_count("18446744073709552k", &count) == -1 && errno == ERANGE);
    cr_expect(units_parse_count("18446744073709551.616k", &count) == -1 && errno == ERANGE);
    cr_expect(units_parse_count("18446744073709551616 ", &count) == -1 && errno == EINVAL);
    cr_expect(count == UNTOUCHED);
}

Test(units, bytes)
{
    expect_bytes("0", 0);
    expect_bytes("512", 512);
    expect_bytes("512B", 512);
    expect_bytes("64KiB", 65536);
    expect_bytes("64K", 65536);
    expect_bytes("64k", 65536);
    expect_bytes("10kB", 10000);
    expect_bytes("10KB", 10000);
    expect_bytes("1MiB", 1048576);
    expect_bytes("1M", 1048576);
    expect_bytes("1MB", 1000000);
    expect_bytes("1.5G", UINT64_C(1610612736));
    expect_bytes("2GB", UINT64_C(2000000000));
    expect_bytes("1TiB", UINT64_C(1) << 40);
    expect_bytes("1TB", UINT64_C(1000000000000));
    expect_bytes("16777215TiB", UINT64_C(16777215) << 40);
}

Test(units, bytes_beyond_64_bits)
{
    uint64_t bytes = UNTOUCHED;

    cr_expect(units_parse_bytes("16777216TiB", &bytes) == -1 && errno == ERANGE);
    cr_expect(units_parse_bytes("99999999999999999999999", &bytes) == -1 && errno == ERANGE);
    cr_expect(bytes == UNTOUCHED);
}

Test(units, durations)
{
    expect_duration("0", 0);
    expect_duration("10s", 10 * NS_PER_S);
    expect_duration("10", 10 * NS_PER_S);
    expect_duration("0.5", NS_PER_S / 2);
    expect_duration("500ms", NS_PER_S / 2);
    expect_duration("250us", 250 * NS_PER_US);
    expect_duration("80ns", 80);
    expect_duration("2m", 120 * NS_PER_S);
    expect_duration("1h", 3600 * NS_PER_S);
    expect_duration("1.5h", 5400 * NS_PER_S);
    expect_duration("0.000000001s", 1);
    expect_duration("0.1", NS_PER_S / 10);
    expect_duration("1.123456789", INT64_C(1123456789));
}

Test(units, durations_at_the_edge_of_63_bits)
{
    int64_t duration_ns = UNTOUCHED;

    expect_duration("9223372036854775807ns", INT64_MAX);
    cr_expect(units_parse_duration_ns("9223372036854775808ns", &duration_ns) == -1 && errno == ERANGE);
    cr_expect(units_parse_duration_ns("9223372037", &duration_ns) == -1 && errno == ERANGE);
    cr_expect(units_parse_duration_ns("2562048h", &duration_ns) == -1 && errno == ERANGE);
    cr_expect(duration_ns == UNTOUCHED);
}

Test(units, what_is_no_number_is_refused_by_all)
{
    static const char *const texts[] = {
        "",   " ",    "x",     "-1",  "+1",  " 1",    "1 ",  "1 s",   "10s x", ".5",
        "5.", "1..5", "1.2.3", "0x1", "1e3", "inf",   "nan", "1,5",   "1.5 k", "kB",
        ".",  "1.k",  "1ss",   "1sm", "1kk", "1_000", "--1", "1.-5k", "１",
    };

    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
        expect_refused(texts[i], EINVAL);
    expect_refused("99999999999999999999", ERANGE);
}

Test(units, a_unit_of_another_family_is_refused)
{
    uint64_t count = UNTOUCHED;
    int64_t duration_ns = UNTOUCHED;

    cr_expect(units_parse_count("10s", &count) == -1 && errno == EINVAL);
    cr_expect(units_parse_count("10KiB", &count) == -1 && errno == EINVAL);
    cr_expect(units_parse_bytes("10s", &count) == -1 && errno == EINVAL);
    cr_expect(units_parse_duration_ns("10k", &duration_ns) == -1 && errno == EINVAL);
    cr_expect(units_parse_duration_ns("10S", &duration_ns) == -1 && errno == EINVAL);
}

Test(units, a_part_of_what_cannot_be_divided_is_refused)
{
    uint64_t count = UNTOUCHED;
    int64_t duration_ns = UNTOUCHED;

    cr_expect(units_parse_count("1.5", &count) == -1 && errno == EINVAL);
    cr_expect(units_parse_bytes("1.5B", &count) == -1 && errno == EINVAL);
    cr_expect(units_parse_duration_ns("0.5ns", &duration_ns) == -1 && errno == EINVAL);
    cr_expect(count == UNTOUCHED && duration_ns == UNTOUCHED);
}

/* ---- formatting ---- */

static void expect_text(const char *got, const char *expected)
{
    cr_expect(strcmp(got, expected) == 0, "\"%s\", not \"%s\"", expected, got);
}

Test(units, formatted_counts)
{
    char text[UNITS_TEXT_MAX];

    expect_text(units_format_count(text, 0), "0");
    expect_text(units_format_count(text, 7), "7");
    expect_text(units_format_count(text, 987), "987");
    expect_text(units_format_count(text, 999), "999");
    expect_text(units_format_count(text, 999.4), "999");
    expect_text(units_format_count(text, 999.5), "1.00k");
    expect_text(units_format_count(text, 1000), "1.00k");
    expect_text(units_format_count(text, 1240), "1.24k");
    expect_text(units_format_count(text, 9994), "9.99k");
    expect_text(units_format_count(text, 9996), "10.0k");
    expect_text(units_format_count(text, 99960), "100k");
    expect_text(units_format_count(text, 999499), "999k");
    expect_text(units_format_count(text, 999500), "1.00M");
    expect_text(units_format_count(text, 3.1e6), "3.10M");
    expect_text(units_format_count(text, 2e9), "2.00G");
    expect_text(units_format_count(text, 18446744073709551615.0), "18.4E");
    expect_text(units_format_count(text, 2.5), "2.50");
    expect_text(units_format_count(text, 0.004), "0.00");
    expect_text(units_format_count(text, -1240), "-1.24k");
    expect_text(units_format_count(text, -5), "-5");
}

Test(units, formatted_bytes)
{
    char text[UNITS_TEXT_MAX];

    expect_text(units_format_bytes(text, 0), "0 B");
    expect_text(units_format_bytes(text, 13), "13 B");
    expect_text(units_format_bytes(text, 1023), "1023 B");
    expect_text(units_format_bytes(text, 1024), "1.00 KiB");
    expect_text(units_format_bytes(text, 65536), "64.0 KiB");
    expect_text(units_format_bytes(text, 1258291), "1.20 MiB");
    expect_text(units_format_bytes(text, 1023.4 * 1024), "1023 KiB");
    expect_text(units_format_bytes(text, 1023.6 * 1024), "1.00 MiB");
    expect_text(units_format_bytes(text, 1024.0 * 1024 * 1024 * 1.5), "1.50 GiB");
}

Test(units, formatted_durations)
{
    char text[UNITS_TEXT_MAX];

    expect_text(units_format_duration(text, 0), "0 ns");
    expect_text(units_format_duration(text, 850), "850 ns");
    expect_text(units_format_duration(text, 999), "999 ns");
    expect_text(units_format_duration(text, 1000), "1.00 us");
    expect_text(units_format_duration(text, 21400), "21.4 us");
    expect_text(units_format_duration(text, 999499), "999 us");
    expect_text(units_format_duration(text, 999500), "1.00 ms");
    expect_text(units_format_duration(text, 1200000), "1.20 ms");
    expect_text(units_format_duration(text, 999500000), "1.00 s");
    expect_text(units_format_duration(text, 3 * NS_PER_S), "3.00 s");
    expect_text(units_format_duration(text, 59940 * NS_PER_MS), "59.9 s");
    expect_text(units_format_duration(text, 59960 * NS_PER_MS), "1m00s");
    expect_text(units_format_duration(text, 125 * NS_PER_S), "2m05s");
    expect_text(units_format_duration(text, 3599 * NS_PER_S), "59m59s");
    expect_text(units_format_duration(text, 3599600 * NS_PER_MS), "1h00m");
    expect_text(units_format_duration(text, 3900 * NS_PER_S), "1h05m");
    expect_text(units_format_duration(text, -850), "-850 ns");
    expect_text(units_format_duration(text, -125 * NS_PER_S), "-2m05s");
    expect_text(units_format_duration(text, INT64_MAX), "2562047h47m");
    expect_text(units_format_duration(text, INT64_MIN), "-2562047h47m");
}

/* Whatever number comes, the text ends inside UNITS_TEXT_MAX bytes. */
Test(units, a_formatted_text_always_fits)
{
    static const double values[] = {1e18, 9.99e20, 1e25, 1e300, -1e300, 1.0 / 0.0, 0.0 / 0.0, 1e-300};
    char text[UNITS_TEXT_MAX];

    for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++) {
        cr_expect(strlen(units_format_count(text, values[i])) < UNITS_TEXT_MAX - 1);
        cr_expect(strlen(units_format_bytes(text, values[i])) < UNITS_TEXT_MAX - 1);
    }
}

/* ---- clocks ---- */

Test(clocks, go_forward_and_agree)
{
    int64_t before = clock_now_ns();
    int64_t coarse = clock_coarse_ns();
    int64_t after = clock_now_ns();

    cr_assert(after >= before);
    cr_assert(coarse <= after && coarse > before - NS_PER_S, "the coarse clock lags by at most a tick");
    cr_assert(clock_wall_ns() > INT64_C(1600000000) * NS_PER_S, "it is later than 2020");
}

Test(clocks, sleep_takes_at_least_what_was_asked_and_no_cpu)
{
    int64_t start_ns = clock_now_ns(), start_cpu_ns = clock_thread_cpu_ns();

    cr_assert(clock_sleep_ns(50 * NS_PER_MS) == 0);
    cr_assert(clock_now_ns() - start_ns >= 50 * NS_PER_MS);
    cr_assert(clock_thread_cpu_ns() - start_cpu_ns < 25 * NS_PER_MS);
}

Test(clocks, sleep_of_nothing_returns_at_once)
{
    cr_assert(clock_sleep_ns(0) == 0);
    cr_assert(clock_sleep_ns(-5) == 0);
    cr_assert(clock_sleep_ns(INT64_MIN) == 0);
}

static void ignore_signal(int number)
{
    (void)number;
}

static void *interrupt_after_50_ms(void *thread)
{
    clock_sleep_ns(50 * NS_PER_MS);
    pthread_kill(*(pthread_t *)thread, SIGUSR1);
    return NULL;
}

Test(clocks, sleep_is_ended_by_a_signal)
{
    pthread_t self = pthread_self(), other;
    int64_t start_ns = clock_now_ns();

    sigaction(SIGUSR1, &(struct sigaction){.sa_handler = ignore_signal}, NULL);
    cr_assert(pthread_create(&other, NULL, interrupt_after_50_ms, &self) == 0);
    errno = 0;
    cr_assert(clock_sleep_ns(15 * NS_PER_S) == -1 && errno == EINTR);
    cr_assert(clock_now_ns() - start_ns < 10 * NS_PER_S);
    pthread_join(other, NULL);
}
