/* array - see array.h. */
#include "array.h"

#include <stdlib.h>

enum { ARRAY_FIRST = 16 };

int array_reserve(void **items, size_t *capacity, size_t count, size_t item_size)
{
    size_t larger = *capacity > 0 ? *capacity : ARRAY_FIRST;

    if (count <= *capacity)
        return 0;
    while (larger < count)
        larger *= 2;
    void *moved = reallocarray(*items, larger, item_size);
    if (moved == NULL)
        return -1;
    *items = moved;
    *capacity = larger;
    return 0;
}
