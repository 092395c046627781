/*
 * interrupt - see interrupt.h.
 */
#include "interrupt.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <time.h>

#include "clock.h"

static volatile sig_atomic_t signal_came;
static sigset_t waiting_mask; /* the signal mask while waiting: both signals get through */

static void remember(int number)
{
    signal_came = number;
}

void interrupt_watch(void)
{
    struct sigaction action = {.sa_handler = remember, .sa_flags = (int)SA_RESETHAND};
    sigset_t blocked;

    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    signal(SIGPIPE, SIG_IGN); /* a pager that quits must not end a measurement */
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGINT);
    sigaddset(&blocked, SIGTERM);
    sigprocmask(SIG_BLOCK, &blocked, &waiting_mask);
    sigdelset(&waiting_mask, SIGINT);
    sigdelset(&waiting_mask, SIGTERM);
}

bool interrupted(void)
{
    sigset_t pending;

    if (signal_came)
        return true;
    sigpending(&pending); /* it may have come while blocked and nobody has waited since */
    return sigismember(&pending, SIGINT) == 1 || sigismember(&pending, SIGTERM) == 1;
}

void interrupt_forget(void)
{
    signal_came = 0;
}

void interrupt_restore_in_child(void)
{
    sigset_t none;

    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
    signal(SIGPIPE, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static struct timespec time_left(int64_t deadline_ns)
{
    int64_t left_ns = deadline_ns - clock_now_ns();

    if (left_ns < 0)
        left_ns = 0;
    return (struct timespec){.tv_sec = left_ns / NS_PER_S, .tv_nsec = left_ns % NS_PER_S};
}

void wait_until(int64_t at_ns)
{
    while (!signal_came && clock_now_ns() < at_ns) {
        struct timespec left = time_left(at_ns);

        ppoll(NULL, 0, &left, &waiting_mask);
    }
}

int wait_readable(int fd, int64_t deadline_ns)
{
    struct pollfd watched = {.fd = fd, .events = POLLIN};

    while (!signal_came) {
        struct timespec left = time_left(deadline_ns);
        int ready = ppoll(&watched, 1, &left, &waiting_mask);

        if (ready > 0)
            return 1;
        if (ready == 0)
            return 0;
    }
    return -1;
}

int wait_readable_uninterrupted(int fd, int64_t deadline_ns)
{
    struct pollfd watched = {.fd = fd, .events = POLLIN};

    for (;;) {
        struct timespec left = time_left(deadline_ns);
        int ready = ppoll(&watched, 1, &left, NULL);

        if (ready >= 0)
            return ready;
    }
}
