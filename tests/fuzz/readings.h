/*
 * readings - one request as two parsers read it: ours, and llhttp, the parser of Node.js, in its strict mode
 * (Debian: node-llhttp, which ships its C sources). Where two parsers read the same bytes in two ways,
 * requests are smuggled.
 */
#ifndef READINGS_H
#define READINGS_H

#include <stdbool.h>
#include <stddef.h>

enum { READING_BODY_MAX = 65536 };

struct reading {
    enum { READING_MORE, READING_COMPLETE, READING_REFUSED } is;
    size_t used; /* bytes of the request, when complete */
    char method[64];
    const char *target; /* in the input; ours lacks what stands before the path and behind it */
    size_t target_size;
    char body[READING_BODY_MAX]; /* what fits of it */
    size_t body_size;
    bool chunked;               /* ours only */
    const char *error, *reason; /* llhttp's name of it, and its words */
};

/* Appends to the body; one that does not fit is refused. */
void reading_add_body(struct reading *reading, const char *bytes, size_t size);

void reading_of_ours(const char *bytes, size_t size, struct reading *reading);
void reading_of_llhttp(const char *bytes, size_t size, struct reading *reading);

#endif
