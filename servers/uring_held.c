/* uring_held - see uring_held.h. */
#include "uring_held.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static size_t total;

bool held_add(struct held **held, const char *bytes, size_t size)
{
    uint32_t start = *held != NULL ? (*held)->start : 0, end = *held != NULL ? (*held)->end : 0;

    if (total + size > HELD_MAX)
        return false;
    struct held *grown = realloc(*held, sizeof *grown + end + size);
    if (grown == NULL)
        return false;
    memcpy(grown->bytes + end, bytes, size);
    grown->start = start;
    grown->end = end + (uint32_t)size;
    total += size;
    *held = grown;
    return true;
}

void held_take(struct held **held, size_t size)
{
    assert(size <= (*held)->end - (*held)->start);
    (*held)->start += (uint32_t)size;
    if ((*held)->start == (*held)->end)
        held_drop(held);
}

void held_drop(struct held **held)
{
    if (*held != NULL)
        total -= (*held)->end;
    free(*held);
    *held = NULL;
}
