/*
 * histogram_v2 - the V2 encoding of HdrHistogram: one histogram as a word of text.
 *
 * The text is base64 (RFC 4648) of, all numbers big-endian:
 *
 *     u32 0x1c849314      V2, compressed; the 1 in the second-last digit is the word size, which
 *     u32 length          V2 no longer has but every writer sets: readers mask it out
 *     zlib stream of      (RFC 1950)
 *         u32 0x1c849313  V2
 *         u32 length      of the counts below, in bytes
 *         u32 0           index offset of a shifted histogram in memory; means nothing for the file
 *         u32 digits      3
 *         u64 lowest      discernible value, 1
 *         u64 highest     trackable value
 *         f64 1.0         ratio of a floating-point histogram, which has other cookies
 *         counts          of the cells from 0 to the last one in use, each a zigzag LEB128 number of at
 *                         most 9 bytes (the ninth has 8 bits of payload); -n stands for n empty cells
 *
 * Readers ignore offset and ratio (hdr-histogram-js writes the integer 1 into both). The layout of the
 * cells depends on digits and lowest value alone, so a log with another highest value is readable: what
 * lies above ours is clamped, as recording it would have done.
 *
 * The text is untrusted input: every length is bounded before memory is taken for it.
 */
#include "histogram_v2.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <zlib.h>

#define COOKIE_PLAIN       UINT32_C(0x1c849303)
#define COOKIE_COMPRESSED  UINT32_C(0x1c849304)
#define COOKIE_WORD_SIZE   UINT32_C(0xf0)
#define COOKIE_WORD_SIZE_1 UINT32_C(0x10)
#define RATIO_ONE          UINT64_C(0x3ff0000000000000) /* 1.0 as IEEE 754 bits */

enum {
    WRAPPER_HEAD = 8,
    PAYLOAD_HEAD = 40,
    LEB128_MAX = 9,
    CELLS_MAX = 54 * HISTOGRAM_SUB_BUCKETS / 2, /* what any HdrHistogram of our digits can have: up to 2^63 */
    PAYLOAD_MAX = PAYLOAD_HEAD + LEB128_MAX * CELLS_MAX,
};

/* ---- numbers ---- */

static uint8_t *put_u32(uint8_t *at, uint32_t value)
{
    for (int shift = 24; shift >= 0; shift -= 8)
        *at++ = (uint8_t)(value >> shift);
    return at;
}

static uint8_t *put_u64(uint8_t *at, uint64_t value)
{
    return put_u32(put_u32(at, (uint32_t)(value >> 32)), (uint32_t)value);
}

static uint32_t get_u32(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static uint64_t get_u64(const uint8_t *at)
{
    return (uint64_t)get_u32(at) << 32 | get_u32(at + 4);
}

/* Small numbers of either sign become small unsigned ones: 0, -1, 1, -2 ... are 0, 1, 2, 3 ... */
static uint8_t *put_zigzag(uint8_t *at, int64_t value)
{
    uint64_t rest = (uint64_t)value << 1 ^ (value < 0 ? UINT64_MAX : 0);

    for (int bytes = 1; bytes < LEB128_MAX && rest >= 0x80; bytes++, rest >>= 7)
        *at++ = (uint8_t)(rest | 0x80);
    *at++ = (uint8_t)rest;
    return at;
}

/* Returns the first byte after the number, or NULL when it is cut off. */
static const uint8_t *get_zigzag(const uint8_t *at, const uint8_t *end, int64_t *value)
{
    uint64_t bits = 0;
    uint8_t byte = 0x80;

    for (int shift = 0; shift < 7 * LEB128_MAX && byte & 0x80; shift += 7) {
        if (at == end)
            return NULL;
        byte = *at++;
        bits |= (uint64_t)(shift < 7 * (LEB128_MAX - 1) ? byte & 0x7f : byte) << shift;
    }
    *value = (int64_t)(bits >> 1 ^ (bits & 1 ? UINT64_MAX : 0));
    return at;
}

/* ---- base64 ---- */

static const char base64_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* Writes (size + 2) / 3 * 4 letters; returns what follows them. */
static char *base64_encode(char *at, const uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size; i += 3) {
        uint32_t bits = (uint32_t)bytes[i] << 16 | (i + 1 < size ? (uint32_t)bytes[i + 1] << 8 : 0) |
                        (i + 2 < size ? (uint32_t)bytes[i + 2] : 0);

        *at++ = base64_digits[bits >> 18];
        *at++ = base64_digits[bits >> 12 & 63];
        *at++ = i + 1 < size ? base64_digits[bits >> 6 & 63] : '=';
        *at++ = i + 2 < size ? base64_digits[bits & 63] : '=';
    }
    return at;
}

static int base64_digit(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Decodes in place (the bytes are fewer than the letters). Returns how many, or -1: not base64. */
static ssize_t base64_decode(char *text, size_t length)
{
    uint8_t *bytes = (uint8_t *)text;
    size_t digits = length;

    if (length == 0 || length % 4 != 0)
        return -1;
    while (digits > length - 2 && text[digits - 1] == '=')
        digits--;
    for (size_t i = 0, bits = 0; i < digits; i++) {
        int digit = base64_digit(text[i]);

        if (digit < 0)
            return -1;
        bits = (bits << 6 | (size_t)digit) & 0xffffff;
        if (i % 4 > 0)
            *bytes++ = (uint8_t)(bits >> (6 - 2 * (i % 4)));
    }
    return bytes - (uint8_t *)text;
}

/* ---- writing ---- */

/* The counts up to the last one in use; n empty cells in a row are the one number -n. */
static uint8_t *put_counts(uint8_t *at, const struct histogram *histogram)
{
    const uint64_t *counts = histogram->cells;
    unsigned cells = HISTOGRAM_CELLS;

    while (cells > 0 && counts[cells - 1] == 0)
        cells--;
    for (unsigned cell = 0; cell < cells; cell++) {
        unsigned empty = 0;

        while (counts[cell] == 0)
            cell++, empty++;
        if (empty > 0)
            at = put_zigzag(at, -(int64_t)empty);
        assert(counts[cell] <= INT64_MAX);
        at = put_zigzag(at, (int64_t)counts[cell]);
    }
    return at;
}

/* Returns the size of the payload. */
static size_t payload_put(uint8_t *payload, const struct histogram *histogram)
{
    const uint8_t *end = put_counts(payload + PAYLOAD_HEAD, histogram);
    uint8_t *at = payload;

    at = put_u32(at, COOKIE_PLAIN | COOKIE_WORD_SIZE_1);
    at = put_u32(at, (uint32_t)(end - payload) - PAYLOAD_HEAD);
    at = put_u32(at, 0);
    at = put_u32(at, HISTOGRAM_DIGITS);
    at = put_u64(at, 1);
    at = put_u64(at, HISTOGRAM_HIGHEST_NS);
    at = put_u64(at, RATIO_ONE);
    assert(at == payload + PAYLOAD_HEAD);
    return (size_t)(end - payload);
}

/* Compresses the payload behind its wrapper. Returns the bytes, or NULL with ENOMEM. */
static uint8_t *payload_wrap(const uint8_t *payload, size_t size, size_t *wrapped_size)
{
    uLongf compressed = compressBound(size);
    uint8_t *wrapped = malloc(WRAPPER_HEAD + compressed);

    if (!wrapped)
        return NULL;
    if (compress(wrapped + WRAPPER_HEAD, &compressed, payload, size) != Z_OK) {
        free(wrapped);
        errno = ENOMEM; /* the only way it can fail: the bound is zlib's own */
        return NULL;
    }
    put_u32(put_u32(wrapped, COOKIE_COMPRESSED | COOKIE_WORD_SIZE_1), (uint32_t)compressed);
    *wrapped_size = WRAPPER_HEAD + compressed;
    return wrapped;
}

char *histogram_v2_text(const struct histogram *histogram)
{
    uint8_t *payload = malloc(PAYLOAD_HEAD + LEB128_MAX * HISTOGRAM_CELLS);
    uint8_t *wrapped = NULL;
    char *text = NULL;
    size_t size;

    if (payload)
        wrapped = payload_wrap(payload, payload_put(payload, histogram), &size);
    if (wrapped)
        text = malloc((size + 2) / 3 * 4 + 1);
    if (text)
        *base64_encode(text, wrapped, size) = '\0';
    free(wrapped);
    free(payload);
    return text;
}

/* ---- reading ---- */

/* The last cell that is recorded into; foreign histograms may go beyond. */
static unsigned highest_cell(void)
{
    return histogram_cell(HISTOGRAM_HIGHEST_NS);
}

/* Takes `count` values of a cell; false when more values than a log can hold come together. */
static bool cell_take(struct histogram *into, unsigned cell, int64_t count)
{
    if ((uint64_t)count > INT64_MAX - into->total)
        return false;
    if (into->total == 0)
        into->min_ns = histogram_cell_lowest_ns(cell);
    into->max_ns = histogram_cell_highest_ns(cell);
    into->total += (uint64_t)count;
    if (cell > highest_cell()) {
        into->clamped += (uint64_t)count;
        cell = highest_cell();
    }
    into->cells[cell] += (uint64_t)count;
    return true;
}

static bool counts_take(struct histogram *into, const uint8_t *at, const uint8_t *end)
{
    uint64_t cell = 0;

    while (at < end) {
        int64_t count;

        at = get_zigzag(at, end, &count);
        if (!at)
            return false;
        if (count > 0 && (cell >= CELLS_MAX || !cell_take(into, (unsigned)cell, count)))
            return false;
        cell += count < 0 ? -(uint64_t)count : 1;
        if (cell > CELLS_MAX)
            return false;
    }
    return true;
}

static bool payload_take(struct histogram *into, const uint8_t *payload, size_t size)
{
    return size >= PAYLOAD_HEAD && (get_u32(payload) & ~COOKIE_WORD_SIZE) == COOKIE_PLAIN &&
           get_u32(payload + 4) == size - PAYLOAD_HEAD && get_u32(payload + 12) == HISTOGRAM_DIGITS &&
           get_u64(payload + 16) == 1 && counts_take(into, payload + PAYLOAD_HEAD, payload + size);
}

/* Decompresses and decodes what base64 held. 0, or -1 with EINVAL or ENOMEM. */
static int wrapper_take(struct histogram *into, const uint8_t *bytes, size_t size)
{
    uLongf plain = PAYLOAD_MAX;
    uint8_t *payload;
    int status;

    errno = EINVAL;
    if (size < WRAPPER_HEAD || (get_u32(bytes) & ~COOKIE_WORD_SIZE) != COOKIE_COMPRESSED ||
        get_u32(bytes + 4) != size - WRAPPER_HEAD)
        return -1;
    payload = malloc(PAYLOAD_MAX);
    if (!payload)
        return -1;
    status = uncompress(payload, &plain, bytes + WRAPPER_HEAD, size - WRAPPER_HEAD);
    if (status == Z_OK && !payload_take(into, payload, plain))
        status = Z_DATA_ERROR;
    free(payload);
    errno = status == Z_MEM_ERROR ? ENOMEM : EINVAL;
    return status == Z_OK ? 0 : -1;
}

int histogram_v2_read(char *text, struct histogram *into)
{
    ssize_t size = base64_decode(text, strlen(text));

    if (size < 0) {
        errno = EINVAL;
        return -1;
    }
    return wrapper_take(into, (const uint8_t *)text, (size_t)size);
}
