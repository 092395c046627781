/* timers - see timers.h. The heap's root is heap[0]; children of i are 2i+1 and 2i+2. */
#include "timers.h"

#include "array.h"

#include <assert.h>
#include <stdlib.h>

void timers_open(struct timers *timers)
{
    *timers = (struct timers){0};
}

void timers_close(struct timers *timers)
{
    free(timers->heap);
    *timers = (struct timers){0};
}

int timers_reserve(struct timers *timers, size_t count)
{
    void *heap = timers->heap;

    if (array_reserve(&heap, &timers->capacity, count, sizeof *timers->heap) < 0)
        return -1;
    timers->heap = heap;
    return 0;
}

static void put(struct timers *timers, size_t index, struct timer *timer)
{
    timers->heap[index] = timer;
    timer->place = index + 1;
}

/* Moves the timer at `index` towards the root while it is earlier than its parent. */
static void rise(struct timers *timers, size_t index, struct timer *timer)
{
    while (index > 0) {
        size_t parent = (index - 1) / 2;

        if (timers->heap[parent]->deadline_ns <= timer->deadline_ns)
            break;
        put(timers, index, timers->heap[parent]);
        index = parent;
    }
    put(timers, index, timer);
}

/* Moves the timer at `index` away from the root while a child is earlier. */
static void sink(struct timers *timers, size_t index, struct timer *timer)
{
    for (;;) {
        size_t child = 2 * index + 1;

        if (child >= timers->count)
            break;
        if (child + 1 < timers->count &&
            timers->heap[child + 1]->deadline_ns < timers->heap[child]->deadline_ns)
            child++;
        if (timer->deadline_ns <= timers->heap[child]->deadline_ns)
            break;
        put(timers, index, timers->heap[child]);
        index = child;
    }
    put(timers, index, timer);
}

void timers_set(struct timers *timers, struct timer *timer, int64_t deadline_ns)
{
    size_t index = timer->place - 1;
    int64_t before_ns = timer->deadline_ns;

    timer->deadline_ns = deadline_ns;
    if (timer->place == 0) {
        assert(timers->count < timers->capacity);
        rise(timers, timers->count++, timer);
    } else if (deadline_ns < before_ns) {
        rise(timers, index, timer);
    } else {
        sink(timers, index, timer);
    }
}

void timers_cancel(struct timers *timers, struct timer *timer)
{
    size_t index = timer->place - 1;

    if (timer->place == 0)
        return;
    timer->place = 0;
    struct timer *last = timers->heap[--timers->count];
    if (last == timer)
        return;
    /* The last timer takes the free place and goes wherever order sends it from there. */
    put(timers, index, last);
    rise(timers, index, last);
    sink(timers, last->place - 1, last);
}

struct timer *timers_expired(struct timers *timers, int64_t now_ns)
{
    struct timer *first = timers->count > 0 ? timers->heap[0] : NULL;

    if (first == NULL || first->deadline_ns > now_ns)
        return NULL;
    timers_cancel(timers, first);
    return first;
}

int64_t timers_next_ns(const struct timers *timers)
{
    return timers->count > 0 ? timers->heap[0]->deadline_ns : INT64_MAX;
}
