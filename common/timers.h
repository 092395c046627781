/*
 * timers - deadlines for event loops: idle time-outs and waiting handlers, by the ten thousand.
 *
 * A binary heap of pointers to timers that live inside their owners. Setting and cancelling cost
 * O(log n), the next deadline O(1). Idle time-outs are set lazily: the loop notes only when a
 * connection was last active and looks at that when its timer comes, so that a request costs no
 * timer operation at all.
 */
#ifndef TIMERS_H
#define TIMERS_H

#include <stddef.h>
#include <stdint.h>

struct timer {
    int64_t deadline_ns; /* on the clock of clock_now_ns */
    size_t place;        /* 1 + index in the heap; 0: not set. All zero is a valid, unset timer */
};

struct timers {
    struct timer **heap;
    size_t count, capacity;
};

void timers_open(struct timers *timers);
void timers_close(struct timers *timers);

/*
 * Makes room for `count` timers in all, so that timers_set cannot fail for them. 0, or -1 with
 * ENOMEM and nothing changed.
 */
int timers_reserve(struct timers *timers, size_t count);

/* Sets a timer, or moves one that is set. Room must have been reserved. */
void timers_set(struct timers *timers, struct timer *timer, int64_t deadline_ns);

/* Unsets a timer; nothing to do when it is not set. */
void timers_cancel(struct timers *timers, struct timer *timer);

/* Takes out one timer whose deadline is at or before now_ns; NULL when there is none. */
struct timer *timers_expired(struct timers *timers, int64_t now_ns);

/* The earliest deadline, INT64_MAX when no timer is set. */
int64_t timers_next_ns(const struct timers *timers);

#endif
