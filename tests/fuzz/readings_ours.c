/*
 * readings_ours - a request as our parser reads it, driven as http.c drives it.
 */
#include "readings.h"

#include "http.h"

#include <string.h>

void reading_add_body(struct reading *reading, const char *bytes, size_t size)
{
    if (size <= READING_BODY_MAX - reading->body_size)
        memcpy(reading->body + reading->body_size, bytes, size);
    else
        reading->is = READING_REFUSED;
    reading->body_size += size;
}

static void ours_length(const char *bytes, size_t size, uint64_t length, struct reading *reading)
{
    if (size < length)
        return;
    reading->is = READING_COMPLETE;
    reading->used += length;
    reading_add_body(reading, bytes, (size_t)length);
}

/* Moves on by what a function of http.h said; false when the reading ends there. */
static bool move_on(int used, size_t *at, struct reading *reading)
{
    if (used < 0)
        reading->is = READING_REFUSED;
    if (used > 0)
        *at += (size_t)used;
    return used > 0;
}

static void ours_trailer(const char *bytes, size_t size, size_t at, struct reading *reading)
{
    int used;

    while (move_on(used = http_parse_trailer(bytes + at, size - at), &at, reading))
        if (used == 2) {
            reading->is = READING_COMPLETE;
            reading->used += at;
            return;
        }
}

static void ours_chunked(const char *bytes, size_t size, struct reading *reading)
{
    size_t at = 0;
    uint64_t length;

    while (move_on(http_parse_chunk(bytes + at, size - at, &length), &at, reading)) {
        if (length == 0) {
            ours_trailer(bytes, size, at, reading);
            return;
        }
        if (length > size - at || size - at - length < 2)
            return;
        reading_add_body(reading, bytes + at, (size_t)length);
        at += (size_t)length;
        if (memcmp(bytes + at, "\r\n", 2) != 0)
            reading->is = READING_REFUSED;
        if (reading->is == READING_REFUSED)
            return;
        at += 2;
    }
}

void reading_of_ours(const char *bytes, size_t size, struct reading *reading)
{
    struct http_request request;
    int used = http_parse(bytes, size, &request);

    reading->is = used < 0 ? READING_REFUSED : READING_MORE;
    reading->used = reading->body_size = 0;
    if (used <= 0)
        return;
    size_t blank = bytes[0] == '\r' ? 2 : 0;
    const char *space = memchr(bytes + blank, ' ', size - blank);
    size_t length = (size_t)(space - bytes) - blank;
    if (length >= sizeof(reading->method))
        length = sizeof(reading->method) - 1;
    memcpy(reading->method, bytes + blank, length);
    reading->method[length] = '\0';
    reading->target = request.target;
    reading->target_size = request.target_size;
    reading->used = (size_t)used;
    reading->chunked = request.chunked;
    if (request.chunked)
        ours_chunked(bytes + used, size - (size_t)used, reading);
    else
        ours_length(bytes + used, size - (size_t)used, request.length, reading);
}
