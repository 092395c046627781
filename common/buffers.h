/*
 * buffers - byte buffers of one size, lent to connections while bytes are in flight.
 *
 * A pool belongs to one worker (thread, process or loop) and is used by nobody else: no locks. Two
 * buffers live inside the pool, enough for a worker that serves one connection at a time, so that
 * neither a new thread nor a forked child allocates anything; further ones come from malloc(3) and
 * stay. The buffer returned last is lent first, because the cache still holds it.
 */
#ifndef BUFFERS_H
#define BUFFERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    BUFFER_SIZE = 16384 + 256, /* takes the longest request head (http.h) and then some */
    BUFFERS_BUILT_IN = 2,
    BUFFERS_SPARE = 64, /* free ones a travelling pool keeps; more go back to malloc */
};

struct buffer {
    struct buffer *next; /* in the free list */
    uint32_t start, end; /* bytes[start ... end-1] are filled */
    char bytes[BUFFER_SIZE];
};

struct buffers {
    struct buffer *free;
    size_t lent;      /* out with connections now (not counted while travelling) */
    size_t allocated; /* taken from malloc so far */
    size_t spare;     /* travelling: length of the free list */
    bool travelling;
    struct buffer built_in[BUFFERS_BUILT_IN];
};

void buffers_open(struct buffers *buffers);

/*
 * A pool of a worker whose connections move on to other workers, and take their buffers along: it
 * lends nothing built in, and takes back what another pool has lent.
 */
void buffers_open_travelling(struct buffers *buffers);

/* Frees what malloc gave. Nothing may be lent any more. */
void buffers_close(struct buffers *buffers);

/* An empty buffer, or NULL when malloc has no memory. */
struct buffer *buffers_borrow(struct buffers *buffers);

void buffers_return(struct buffers *buffers, struct buffer *buffer);

/* How many bytes are filled, and how many still fit behind them. */
static inline size_t buffer_filled(const struct buffer *buffer)
{
    return buffer->end - buffer->start;
}

static inline size_t buffer_room(const struct buffer *buffer)
{
    return sizeof buffer->bytes - buffer->end;
}

/* Moves the filled part to the front, so that all room is behind it. */
void buffer_compact(struct buffer *buffer);

#endif
