/*
 * clock - see clock.h. Reading a clock cannot fail here: the ids are constants that every Linux
 * kernel has, and the address is ours.
 */
#include "clock.h"

#include <errno.h>
#include <time.h>

static int64_t read_ns(clockid_t id)
{
    struct timespec now;

    clock_gettime(id, &now);
    return now.tv_sec * NS_PER_S + now.tv_nsec;
}

int64_t clock_now_ns(void)
{
    return read_ns(CLOCK_MONOTONIC);
}

int64_t clock_coarse_ns(void)
{
    return read_ns(CLOCK_MONOTONIC_COARSE);
}

int64_t clock_wall_ns(void)
{
    return read_ns(CLOCK_REALTIME);
}

int64_t clock_thread_cpu_ns(void)
{
    return read_ns(CLOCK_THREAD_CPUTIME_ID);
}

int clock_sleep_ns(int64_t duration_ns)
{
    struct timespec duration = {.tv_sec = duration_ns / NS_PER_S, .tv_nsec = duration_ns % NS_PER_S};
    int error;

    if (duration_ns <= 0)
        return 0;
    /* Unlike other calls this one returns the error instead of setting errno. */
    error = clock_nanosleep(CLOCK_MONOTONIC, 0, &duration, NULL);
    if (error == 0)
        return 0;
    errno = error;
    return -1;
}
