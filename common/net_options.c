/*
 * net_options - what can be set on a socket, and read back (net.h). socket(7), fcntl(2)
 */
#include "net.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/time.h>

#include "clock.h"

int net_set_option(int fd, int level, int option, int value)
{
    return setsockopt(fd, level, option, &value, sizeof value);
}

int net_get_option(int fd, int level, int option, int *value)
{
    socklen_t size = sizeof *value;

    return getsockopt(fd, level, option, value, &size);
}

/* ---- blocking mode ---- */

int net_set_nonblocking(int fd, bool nonblocking)
{
    int flags = fcntl(fd, F_GETFL);

    if (flags < 0)
        return -1;
    return fcntl(fd, F_SETFL, nonblocking ? flags | O_NONBLOCK : flags & ~O_NONBLOCK);
}

int net_is_nonblocking(int fd)
{
    int flags = fcntl(fd, F_GETFL);

    return flags < 0 ? -1 : (flags & O_NONBLOCK) != 0;
}

/* ---- time-outs ---- */

static int set_time(int fd, int option, const struct timeval *timeout)
{
    return setsockopt(fd, SOL_SOCKET, option, timeout, sizeof *timeout);
}

int net_set_timeouts_ns(int fd, int64_t timeout_ns)
{
    /* Rounded upwards: less than a microsecond must not become 0, which means for ever. */
    int64_t timeout_us = timeout_ns / NS_PER_US + (timeout_ns % NS_PER_US != 0);
    struct timeval timeout = {.tv_sec = timeout_us / 1000000, .tv_usec = timeout_us % 1000000};

    if (timeout_ns < 0) {
        errno = EINVAL;
        return -1;
    }
    return set_time(fd, SO_RCVTIMEO, &timeout) < 0 ? -1 : set_time(fd, SO_SNDTIMEO, &timeout);
}

static int time_ns(int fd, int option, int64_t *timeout_ns)
{
    struct timeval timeout;
    socklen_t size = sizeof timeout;

    if (getsockopt(fd, SOL_SOCKET, option, &timeout, &size) < 0)
        return -1;
    *timeout_ns = timeout.tv_sec * NS_PER_S + timeout.tv_usec * NS_PER_US;
    return 0;
}

int net_timeouts_ns(int fd, int64_t *receive_ns, int64_t *send_ns)
{
    return time_ns(fd, SO_RCVTIMEO, receive_ns) < 0 ? -1 : time_ns(fd, SO_SNDTIMEO, send_ns);
}

/* ---- the end of a connection ---- */

int net_set_reset_on_close(int fd)
{
    const struct linger none = {.l_onoff = 1, .l_linger = 0};

    return setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof none);
}
