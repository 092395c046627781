/*
 * net - sockets (net.h): made, connected, configured.
 *
 *     file             what it has of net.h
 *     net_endpoint.c   endpoints as text, as parts and as addresses
 *     net_listen.c     the servers' side: listen and accept, and the table of transports
 *     net.c            the clients' side: connect; options
 *     net_reader.c     the bytes of a connected socket, the buffered reader
 */
#include "net.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "clock.h"
#include "net_socket.h"

/* ---- what every socket goes through ---- */

int net_socket_explain(struct net_failure *failure, const char *operation)
{
    *failure = (struct net_failure){operation, strerrordesc_np(errno), errno};
    return -1;
}

int net_socket_close_failed(int fd)
{
    int error = errno;

    close(fd);
    errno = error;
    return -1;
}

int net_socket_set(int fd, int level, int option, int value)
{
    return setsockopt(fd, level, option, &value, sizeof(value));
}

/*
 * TCP_NODELAY on every socket: an answer leaves when it is written, instead of waiting (up to 40 ms,
 * Nagle's algorithm against the peer's delayed acknowledgement) for the answer before it to be
 * acknowledged. tcp(7)
 */
int net_socket_open(const struct net_address *address, int flags)
{
    int fd = socket(address->storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);

    if (fd >= 0 && !net_socket_is_unix(address) && net_socket_set(fd, IPPROTO_TCP, TCP_NODELAY, 1) < 0)
        return net_socket_close_failed(fd);
    return fd;
}

/* ---- clients ---- */

/*
 * connect(2) on a blocking socket, bounded by SO_SNDTIMEO: that works for TCP (EINPROGRESS when time is
 * up) and also for Unix sockets (EAGAIN), where a full backlog cannot be waited for with poll. After
 * a signal the attempt goes on in the kernel, and asking again joins it.
 */
static int connect_within(int fd, const struct net_address *address, int64_t timeout_ns)
{
    int64_t start_ns = clock_now_ns();

    do {
        int64_t left_ns = timeout_ns ? timeout_ns - (clock_now_ns() - start_ns) : 0;

        errno = ETIMEDOUT;
        if (timeout_ns && left_ns <= 0)
            return -1;
        if (net_set_timeouts_ns(fd, left_ns) < 0)
            return -1;
        if (connect(fd, net_socket_address(address), address->length) == 0)
            return net_set_timeouts_ns(fd, 0);
    } while (errno == EINTR);
    if (errno == EINPROGRESS || errno == EAGAIN || errno == EALREADY)
        errno = ETIMEDOUT;
    return -1;
}

static int connect_to(const struct net_address *address, int64_t timeout_ns, struct net_failure *failure)
{
    int fd = net_socket_open(address, 0);

    if (fd < 0)
        return net_socket_explain(failure, "socket");
    if (connect_within(fd, address, timeout_ns) == 0)
        return fd;
    net_socket_explain(failure, "connect");
    return net_socket_close_failed(fd);
}

int net_connect(const struct net_endpoint *endpoint, int64_t timeout_ns, struct net_failure *failure)
{
    struct net_address addresses[NET_ADDRESSES_MAX];
    int count = net_resolve(endpoint, false, addresses, NET_ADDRESSES_MAX, failure);
    int fd = -1;

    for (int i = 0; i < count && fd < 0; i++)
        fd = connect_to(&addresses[i], timeout_ns, failure);
    return fd;
}

/*
 * A bind(2) would pick the port before the destination is known, and one local address would be used
 * up after 28 000 connections to anywhere; IP_BIND_ADDRESS_NO_PORT leaves it to connect. ip(7)
 */
static int bind_local(int fd, const struct net_address *local)
{
    if (!net_socket_is_unix(local) && net_socket_set(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1) < 0)
        return -1;
    return bind(fd, net_socket_address(local), local->length);
}

int net_connect_start(const struct net_address *remote, const struct net_address *local)
{
    int fd = net_socket_open(remote, SOCK_NONBLOCK);

    if (fd < 0)
        return -1;
    if (local && bind_local(fd, local) < 0)
        return net_socket_close_failed(fd);
    if (connect(fd, net_socket_address(remote), remote->length) < 0 && errno != EINPROGRESS)
        return net_socket_close_failed(fd);
    return fd;
}

int net_connect_error(int fd)
{
    int error;
    socklen_t size = sizeof(error);

    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0 ? errno : error;
}

/* ---- options ---- */

int net_set_nonblocking(int fd, bool nonblocking)
{
    int flags = fcntl(fd, F_GETFL);

    if (flags < 0)
        return -1;
    return fcntl(fd, F_SETFL, nonblocking ? flags | O_NONBLOCK : flags & ~O_NONBLOCK);
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
    if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)) < 0)
        return -1;
    return setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout));
}

int net_set_reset_on_close(int fd)
{
    const struct linger none = {.l_onoff = 1, .l_linger = 0};

    return setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof(none));
}
