/*
 * guarded - bytes that lie directly before a page nobody may read: a parser that looks one byte too
 * far dies at once, without any sanitizer.
 */
#ifndef GUARDED_H
#define GUARDED_H

#include <stddef.h>

enum { GUARDED_MAX = 65536 };

/* A copy of the bytes (at most GUARDED_MAX) that ends where the page begins; valid until the next call. */
const char *guarded(const char *bytes, size_t size);

#endif
