/*
 * array - growing an array without losing it.
 */
#ifndef ARRAY_H
#define ARRAY_H

#include <stddef.h>

/*
 * Makes room for `count` items of `item_size` bytes in *items, whose room is *capacity items; grows
 * by doubling, never shrinks. 0; -1 with errno ENOMEM and everything as before.  realloc(3)
 */
int array_reserve(void **items, size_t *capacity, size_t count, size_t item_size);

#endif
