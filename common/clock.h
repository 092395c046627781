/*
 * clock - the clocks of the project, all in nanoseconds.
 *
 * Every time-out and every latency is measured with CLOCK_MONOTONIC, which no administrator and
 * no NTP step can move. clock_gettime(2), vdso(7).
 */
#ifndef CLOCK_H
#define CLOCK_H

#include <stdint.h>

#define NS_PER_US INT64_C(1000)
#define NS_PER_MS INT64_C(1000000)
#define NS_PER_S  INT64_C(1000000000)

/* CLOCK_MONOTONIC: exact to about 20 ns, costs about 20 ns, makes no system call (vdso). */
int64_t clock_now_ns(void);

/* CLOCK_MONOTONIC_COARSE: the time of the last tick (1 to 10 ms old), costs about 5 ns. */
int64_t clock_coarse_ns(void);

/* CLOCK_REALTIME, since 1970: for dates people read, never for measuring. */
int64_t clock_wall_ns(void);

/* CPU time this thread has used. A real system call: not for a hot path. */
int64_t clock_thread_cpu_ns(void);

/* The end of a wait that usually ends at `usual_ns`: the deadline when that is sooner. 0: there is none. */
static inline int64_t clock_sooner_ns(int64_t usual_ns, int64_t deadline_ns)
{
    return deadline_ns > 0 && deadline_ns < usual_ns ? deadline_ns : usual_ns;
}

/*
 * Sleeps for `duration_ns`; nothing to do when it is not positive. 0, or -1 with errno EINTR when
 * a signal handler ran first.  clock_nanosleep(2)
 */
int clock_sleep_ns(int64_t duration_ns);

#endif
