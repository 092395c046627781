/*
 * units - numbers as people write them, in both directions.
 *
 * Parsers return 0, or -1 with errno EINVAL (not such a number) or ERANGE (does not fit) and leave
 * the result alone. They take the whole text: "10s x" is an error. Formatters fill `text` (give
 * UNITS_TEXT_MAX bytes) and return it.
 */
#ifndef UNITS_H
#define UNITS_H

#include <stddef.h>
#include <stdint.h>

enum { UNITS_TEXT_MAX = 32 };

/* "64", "10k", "1.5M", "2G": powers of 1000. */
int units_parse_count(const char *text, uint64_t *count);

/* "512", "64KiB", "1MiB", "10kB": KiB family 1024, kB family 1000; a bare K or M means KiB, MiB. */
int units_parse_bytes(const char *text, uint64_t *bytes);

/* "10s", "500ms", "250us", "80ns", "2m", "1h"; a bare number counts seconds ("0.5" = 500 ms). */
int units_parse_duration_ns(const char *text, int64_t *duration_ns);

/* "1.24k", "987", "3.10M": three significant digits. */
const char *units_format_count(char *text, double count);

/* "13 B", "64.0 KiB", "1.20 MiB". */
const char *units_format_bytes(char *text, double bytes);

/* "850 ns", "21.4 us", "1.20 ms", "3.00 s", "2m05s". */
const char *units_format_duration(char *text, int64_t duration_ns);

#endif
