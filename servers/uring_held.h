/*
 * uring_held - bytes a client sent before they could be taken, in order. Bounded for all clients together.
 */
#ifndef URING_HELD_H
#define URING_HELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HELD_MAX = 64 * 1024 * 1024 }; /* bytes in memory, of all clients */

/* NULL: nothing is held. */
struct held {
    uint32_t start, end; /* bytes[start ... end-1] are left of it */
    char bytes[];
};

/* Appends a copy. False when HELD_MAX or memory forbids it; nothing has changed then. */
bool held_add(struct held **held, const char *bytes, size_t size);

/* Takes `size` bytes off the front; without any left it is NULL again. */
void held_take(struct held **held, size_t size);

/* Forgets and frees all. */
void held_drop(struct held **held);

#endif
