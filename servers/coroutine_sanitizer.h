/*
 * coroutine_sanitizer - the sanitizers follow stacks, so they must be told of each switch. Without them
 * all of this is empty.
 *
 * A `track` stands for one stack. switch_leave is the last call on the old stack, switch_arrive the
 * first on the new one. sanitizer/common_interface_defs.h, sanitizer/tsan_interface.h
 */
#ifndef COROUTINE_SANITIZER_H
#define COROUTINE_SANITIZER_H

#include "sanitizer.h"

#include <stddef.h>

struct track {
    const void *bottom; /* of the stack; NULL: the thread's own, not yet known */
    size_t size;
    void *shadow;
};

#if defined(__SANITIZE_ADDRESS__)

#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>

static inline void track_open(struct track *track, const void *bottom, size_t size)
{
    *track = (struct track){bottom, size, NULL};
}

static inline void track_close(struct track *track)
{
    ASAN_UNPOISON_MEMORY_REGION(track->bottom, track->size);
}

static inline void switch_leave(struct track *from, const struct track *to)
{
    __sanitizer_start_switch_fiber(&from->shadow, to->bottom, to->size);
}

/* The first switch away from the thread's own stack tells where that is. */
static inline void switch_arrive(struct track *from, const struct track *at)
{
    const void *bottom;
    size_t size;

    __sanitizer_finish_switch_fiber(at->shadow, &bottom, &size);
    from->bottom = bottom;
    from->size = size;
}

#elif defined(__SANITIZE_THREAD__)

#include <sanitizer/tsan_interface.h>

static inline void track_open(struct track *track, const void *bottom, size_t size)
{
    *track = (struct track){bottom, size, __tsan_create_fiber(0)};
}

static inline void track_close(struct track *track)
{
    __tsan_destroy_fiber(track->shadow);
}

static inline void switch_leave(struct track *from, const struct track *to)
{
    if (from->bottom == NULL)
        from->shadow = __tsan_get_current_fiber();
    __tsan_switch_to_fiber(to->shadow, 0);
}

static inline void switch_arrive(struct track *from, const struct track *at)
{
    (void)from, (void)at;
}

#else

static inline void track_open(struct track *track, const void *bottom, size_t size)
{
    (void)track, (void)bottom, (void)size;
}

static inline void track_close(struct track *track)
{
    (void)track;
}

static inline void switch_leave(struct track *from, const struct track *to)
{
    (void)from, (void)to;
}

static inline void switch_arrive(struct track *from, const struct track *at)
{
    (void)from, (void)at;
}

#endif

#endif
