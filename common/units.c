/*
 * units - see units.h.
 *
 * Numbers are read by hand rather than with strtod(3), which would take "inf", "0x1p3", " 5" and
 * "-1", follow the locale's decimal point, and lose the last digits of a large count. The whole part
 * stays an exact integer; only what stands behind the point goes through a double, and the result is
 * rounded to the nearest whole. A fraction of a thing that cannot be divided ("1.5" connections,
 * "0.5ns") is not such a number.
 */
#include "units.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "clock.h"

struct unit {
    const char *name;
    uint64_t scale;
};

static const struct unit count_units[] = {
    {"", 1}, {"k", 1000}, {"K", 1000}, {"M", 1000000}, {"G", 1000000000}, {0},
};

static const struct unit byte_units[] = {
    {"", 1},
    {"B", 1},
    {"K", UINT64_C(1) << 10},
    {"k", UINT64_C(1) << 10},
    {"KiB", UINT64_C(1) << 10},
    {"M", UINT64_C(1) << 20},
    {"MiB", UINT64_C(1) << 20},
    {"G", UINT64_C(1) << 30},
    {"GiB", UINT64_C(1) << 30},
    {"T", UINT64_C(1) << 40},
    {"TiB", UINT64_C(1) << 40},
    {"kB", 1000},
    {"KB", 1000},
    {"MB", 1000000},
    {"GB", 1000000000},
    {"TB", UINT64_C(1000000000000)},
    {0},
};

static const struct unit duration_units[] = {
    {"", NS_PER_S},         {"ns", 1},
    {"us", NS_PER_US},      {"ms", NS_PER_MS},
    {"s", NS_PER_S},        {"m", 60 * NS_PER_S},
    {"h", 3600 * NS_PER_S}, {0},
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static int fail(int error)
{
    errno = error;
    return -1;
}

/* What a text says before its unit is known. */
struct number {
    uint64_t whole;
    double fraction; /* 0 <= fraction < 1 */
    bool overflow;   /* more than 64 bits: ERANGE, unless the text turns out to be no number at all */
};

/* Reads "12" or "12.5" and returns where it ends; NULL when the text does not start with one. */
static const char *read_number(const char *text, struct number *number)
{
    double place = 1;

    if (!is_digit(*text))
        return NULL;
    for (; is_digit(*text); text++)
        number->overflow |= __builtin_mul_overflow(number->whole, 10, &number->whole) ||
                            __builtin_add_overflow(number->whole, (uint64_t)(*text - '0'), &number->whole);
    if (*text != '.')
        return text;
    if (!is_digit(*++text))
        return NULL;
    for (; is_digit(*text); text++)
        number->fraction += (*text - '0') * (place /= 10);
    return text;
}

static const struct unit *find_unit(const struct unit *units, const char *name)
{
    for (; units->name; units++)
        if (strcmp(units->name, name) == 0)
            return units;
    return NULL;
}

static int parse(const char *text, const struct unit *units, uint64_t max, uint64_t *result)
{
    struct number number = {0};
    const char *end = read_number(text, &number);
    const struct unit *unit = end ? find_unit(units, end) : NULL;
    uint64_t value;

    if (!unit || (unit->scale == 1 && number.fraction > 0))
        return fail(EINVAL);
    if (number.overflow || __builtin_mul_overflow(number.whole, unit->scale, &value) ||
        __builtin_add_overflow(value, (uint64_t)(number.fraction * (double)unit->scale + 0.5), &value) ||
        value > max)
        return fail(ERANGE);
    *result = value;
    return 0;
}

int units_parse_count(const char *text, uint64_t *count)
{
    return parse(text, count_units, UINT64_MAX, count);
}

int units_parse_bytes(const char *text, uint64_t *bytes)
{
    return parse(text, byte_units, UINT64_MAX, bytes);
}

int units_parse_duration_ns(const char *text, int64_t *duration_ns)
{
    uint64_t value;

    if (parse(text, duration_units, INT64_MAX, &value) < 0)
        return -1;
    *duration_ns = (int64_t)value;
    return 0;
}

/*
 * Writes a value with three significant digits. The limits are where rounding carries: 9.996 must
 * become "10.0", not "10.00". Past six digits only a power of ten is readable.
 */
static const char *write_three_digits(char *text, double value, const char *unit)
{
    double size = value < 0 ? -value : value;
    int decimals = size < 9.995 ? 2 : size < 99.95 ? 1 : 0;

    if (size >= 1e6)
        snprintf(text, UNITS_TEXT_MAX, "%.3g%s", value, unit);
    else
        snprintf(text, UNITS_TEXT_MAX, "%.*f%s", decimals, value, unit);
    return text;
}

/*
 * Divides the value by `step` until it is below it (as printed: 999.6 is "1.00k") or the units are
 * used up. What needs no division and is whole is written without decimals.
 */
static const char *write_scaled(char *text, double value, double step, const char *const *units)
{
    double size = value < 0 ? -value : value;
    double divisor = 1;

    if (size < step - 0.5 && value == (double)(int)value) {
        snprintf(text, UNITS_TEXT_MAX, "%d%s", (int)value, *units);
        return text;
    }
    for (; size / divisor >= step - 0.5 && units[1]; units++)
        divisor *= step;
    return write_three_digits(text, value / divisor, *units);
}

const char *units_format_count(char *text, double count)
{
    static const char *const units[] = {"", "k", "M", "G", "T", "P", "E", NULL};

    return write_scaled(text, count, 1000, units);
}

const char *units_format_bytes(char *text, double bytes)
{
    static const char *const units[] = {" B", " KiB", " MiB", " GiB", " TiB", " PiB", " EiB", NULL};

    return write_scaled(text, bytes, 1024, units);
}

/* From a minute up: "2m05s", from an hour up: "1h05m"; rounded to the last unit shown. */
static const char *write_long_duration(char *text, double seconds)
{
    const char *sign = seconds < 0 ? "-" : "";
    int64_t total_s = (int64_t)((seconds < 0 ? -seconds : seconds) + 0.5);
    int64_t total_m = (total_s + 30) / 60;

    if (total_s < 3600)
        snprintf(text, UNITS_TEXT_MAX, "%s%dm%02ds", sign, (int)(total_s / 60), (int)(total_s % 60));
    else
        snprintf(text, UNITS_TEXT_MAX, "%s%lldh%02dm", sign, (long long)(total_m / 60), (int)(total_m % 60));
    return text;
}

const char *units_format_duration(char *text, int64_t duration_ns)
{
    double ns = (double)duration_ns;
    double size = ns < 0 ? -ns : ns;

    if (size < 1e3) {
        snprintf(text, UNITS_TEXT_MAX, "%d ns", (int)duration_ns);
        return text;
    }
    if (size < 999.5e3)
        return write_three_digits(text, ns / 1e3, " us");
    if (size < 999.5e6)
        return write_three_digits(text, ns / 1e6, " ms");
    if (size < 59.95e9)
        return write_three_digits(text, ns / 1e9, " s");
    return write_long_duration(text, ns / 1e9);
}
