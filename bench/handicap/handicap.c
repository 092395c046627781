/*
 * handicap - makes a server dearer by a known amount: tenk-serve linked once more, so that it burns
 * TENK_HANDICAP_NS nanoseconds of CPU time in every send(2), and a server of ours sends once per request. For
 * `make selfcheck`, which plants a difference and looks whether it is found. No program that is installed has
 * it.
 *
 *     TENK_HANDICAP_NS=100 build/handicap/tenk-serve epoll
 *
 * A loop whose speed is measured once at the start, because reading the clock would cost 20 ns each time.
 */
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

enum { TRIALS = 20, TRIAL_STEPS = 200000, NS_MAX = 1000000 };

static uint64_t steps; /* per send */

/* Each step needs the one before, so that no compiler and no CPU can do two at once. */
static void burn(uint64_t count)
{
    uint64_t x = count;

    for (uint64_t i = 0; i < count; i++) {
        x = x * 6364136223846793005U + 1;
        __asm__ volatile("" : "+r"(x));
    }
}

static int64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

__attribute__((constructor)) static void calibrate(void)
{
    const char *text = getenv("TENK_HANDICAP_NS");
    double wanted_ns = text ? strtod(text, NULL) : 0;
    int64_t best_ns = INT64_MAX;

    if (!(wanted_ns > 0 && wanted_ns < NS_MAX))
        return;
    for (int i = 0; i < TRIALS; i++) { /* the fastest: whatever interrupts makes it slower */
        int64_t begin_ns = now_ns(), took_ns;

        burn(TRIAL_STEPS);
        took_ns = now_ns() - begin_ns;
        best_ns = took_ns < best_ns ? took_ns : best_ns;
    }
    steps = (uint64_t)(wanted_ns * TRIAL_STEPS / (double)best_ns + 0.5);
}

/* The linker turns every send of the server into this one, and the true one into __real_send. ld(1), --wrap
 */
ssize_t __real_send(int fd, const void *bytes, size_t size, int flags);
ssize_t __wrap_send(int fd, const void *bytes, size_t size, int flags);

ssize_t __wrap_send(int fd, const void *bytes, size_t size, int flags)
{
    burn(steps);
    return __real_send(fd, bytes, size, flags);
}
