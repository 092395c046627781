/* buffers - see buffers.h. */
#include "buffers.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

void buffers_open(struct buffers *buffers)
{
    buffers->free = NULL;
    buffers->lent = 0;
    buffers->allocated = 0;
    buffers->spare = 0;
    buffers->travelling = false;
    for (size_t i = 0; i < BUFFERS_BUILT_IN; i++) {
        buffers->built_in[i].next = buffers->free;
        buffers->free = &buffers->built_in[i];
    }
}

void buffers_open_travelling(struct buffers *buffers)
{
    buffers_open(buffers);
    buffers->free = NULL;
    buffers->travelling = true;
}

static bool is_built_in(const struct buffers *buffers, const struct buffer *buffer)
{
    for (size_t i = 0; i < BUFFERS_BUILT_IN; i++)
        if (buffer == &buffers->built_in[i])
            return true;
    return false;
}

void buffers_close(struct buffers *buffers)
{
    assert(buffers->travelling || buffers->lent == 0);
    while (buffers->free != NULL) {
        struct buffer *buffer = buffers->free;

        buffers->free = buffer->next;
        if (!is_built_in(buffers, buffer))
            free(buffer);
    }
}

struct buffer *buffers_borrow(struct buffers *buffers)
{
    struct buffer *buffer = buffers->free;

    if (buffer != NULL) {
        buffers->free = buffer->next;
        buffers->spare -= buffers->travelling;
    } else {
        buffer = malloc(sizeof *buffer);
        if (buffer == NULL)
            return NULL;
        buffers->allocated++;
    }
    buffers->lent++;
    buffer->start = buffer->end = 0;
    return buffer;
}

void buffers_return(struct buffers *buffers, struct buffer *buffer)
{
    assert(buffers->travelling || buffers->lent > 0);
    buffers->lent--;
    if (buffers->travelling && buffers->spare == BUFFERS_SPARE) {
        free(buffer);
        return;
    }
    buffers->spare += buffers->travelling;
    buffer->next = buffers->free;
    buffers->free = buffer;
}

void buffer_compact(struct buffer *buffer)
{
    size_t filled = buffer_filled(buffer);

    if (buffer->start == 0)
        return;
    memmove(buffer->bytes, buffer->bytes + buffer->start, filled);
    buffer->start = 0;
    buffer->end = (uint32_t)filled;
}
