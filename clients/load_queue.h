/*
 * load_queue - connections in first-come order: a ring of pointers with room for each of them once.
 */
#ifndef LOAD_QUEUE_H
#define LOAD_QUEUE_H

#include <assert.h>
#include <stddef.h>
#include <stdlib.h>

struct load_conn;

struct load_queue {
    struct load_conn **items;
    size_t size, head, count;
};

/* 0, or -1 with ENOMEM. */
static inline int load_queue_open(struct load_queue *queue, size_t size)
{
    *queue = (struct load_queue){.items = calloc(size, sizeof(struct load_conn *)), .size = size};
    return queue->items != NULL ? 0 : -1;
}

static inline void load_queue_close(struct load_queue *queue)
{
    free(queue->items);
}

static inline void load_queue_push(struct load_queue *queue, struct load_conn *conn)
{
    size_t at = queue->head + queue->count;

    assert(queue->count < queue->size);
    queue->items[at < queue->size ? at : at - queue->size] = conn;
    queue->count++;
}

/* The first one, left where it is; the queue must not be empty. */
static inline struct load_conn *load_queue_first(const struct load_queue *queue)
{
    assert(queue->count > 0);
    return queue->items[queue->head];
}

static inline struct load_conn *load_queue_pop(struct load_queue *queue)
{
    struct load_conn *conn = load_queue_first(queue);

    queue->head = queue->head + 1 < queue->size ? queue->head + 1 : 0;
    queue->count--;
    return conn;
}

#endif
