/*
 * wire - the client's end of a connection, as tests need it.
 */
#include "wire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "clock.h"
#include "peer.h"

/* ---- connecting ---- */

static bool is_packet(const char *endpoint)
{
    return strncmp(endpoint, "unixpacket:", 11) == 0;
}

static int parse(const char *endpoint, struct sockaddr_storage *address, socklen_t *length)
{
    struct sockaddr_un *unix_address = (struct sockaddr_un *)address;
    struct sockaddr_in *inet = (struct sockaddr_in *)address;
    struct sockaddr_in6 *inet6 = (struct sockaddr_in6 *)address;
    char host[64];
    int port;

    memset(address, 0, sizeof(*address));
    if (strncmp(endpoint, "unix:", 5) == 0 || is_packet(endpoint)) {
        unix_address->sun_family = AF_UNIX;
        snprintf(unix_address->sun_path, sizeof(unix_address->sun_path), "%s", strchr(endpoint, ':') + 1);
        *length = sizeof(*unix_address);
        return 0;
    }
    if (sscanf(endpoint, "tcp://[%63[0-9a-f:]]:%d", host, &port) == 2 ||
        sscanf(endpoint, "tcp6://[%63[0-9a-f:]]:%d", host, &port) == 2) {
        inet6->sin6_family = AF_INET6;
        inet6->sin6_port = htons((uint16_t)port);
        *length = sizeof(*inet6);
        return inet_pton(AF_INET6, host, &inet6->sin6_addr) == 1 ? 0 : -1;
    }
    inet->sin_family = AF_INET;
    *length = sizeof(*inet);
    if (sscanf(endpoint, "tcp://%63[0-9.]:%d", host, &port) != 2 ||
        inet_pton(AF_INET, host, &inet->sin_addr) != 1) {
        errno = EINVAL;
        return -1;
    }
    inet->sin_port = htons((uint16_t)port);
    return 0;
}

/* Waits for an event on the socket: 0, or -1 with ETIMEDOUT. */
static int await(int fd, short events, int timeout_ms)
{
    struct pollfd ready = {.fd = fd, .events = events};

    if (poll(&ready, 1, timeout_ms) == 1)
        return 0;
    errno = ETIMEDOUT;
    return -1;
}

static int connect_within_deadline(int fd, const struct sockaddr_storage *address, socklen_t length)
{
    int error = 0;
    socklen_t size = sizeof(error);

    if (connect(fd, (const struct sockaddr *)address, length) == 0)
        return 0;
    if (errno != EINPROGRESS || await(fd, POLLOUT, WIRE_DEADLINE_MS) < 0)
        return -1;
    getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
    errno = error;
    return error ? -1 : 0;
}

int wire_open_narrow(struct wire *wire, const char *endpoint, int receive_buffer)
{
    struct sockaddr_storage address;
    socklen_t length;
    int on = 1;

    memset(wire, 0, offsetof(struct wire, buffer));
    wire->fd = -1;
    if (parse(endpoint, &address, &length) < 0)
        return -1;
    wire->fd = socket(address.ss_family,
                      (is_packet(endpoint) ? SOCK_SEQPACKET : SOCK_STREAM) | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (receive_buffer > 0)
        setsockopt(wire->fd, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof(receive_buffer));
    if (address.ss_family != AF_UNIX)
        setsockopt(wire->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    if (connect_within_deadline(wire->fd, &address, length) == 0)
        return 0;
    int error = errno;
    wire_close(wire);
    errno = error;
    return -1;
}

int wire_open(struct wire *wire, const char *endpoint)
{
    return wire_open_narrow(wire, endpoint, 0);
}

/* ---- ending ---- */

void wire_close(struct wire *wire)
{
    if (wire->fd >= 0)
        close(wire->fd);
    wire->fd = -1;
}

void wire_reset(struct wire *wire)
{
    struct linger linger = {.l_onoff = 1, .l_linger = 0};

    setsockopt(wire->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
    wire_close(wire);
}

int wire_half_close(struct wire *wire)
{
    return shutdown(wire->fd, SHUT_WR);
}

/* ---- sending ---- */

/* Sends what the socket takes of the queue. 0, also when it takes nothing now; -1. */
static int push(struct wire *wire)
{
    ssize_t n = send(wire->fd, wire->queued, wire->queued_size, MSG_NOSIGNAL);

    if (n < 0)
        return errno == EAGAIN ? 0 : -1;
    wire->queued += n;
    wire->queued_size -= (size_t)n;
    wire->sent += (uint64_t)n;
    return 0;
}

void wire_queue(struct wire *wire, const void *bytes, size_t size)
{
    wire->queued = bytes;
    wire->queued_size = size;
}

ssize_t wire_push(struct wire *wire, const void *bytes, size_t size)
{
    wire_queue(wire, bytes, size);
    if (push(wire) < 0)
        return -1;
    size -= wire->queued_size;
    wire->queued_size = 0;
    return (ssize_t)size;
}

int wire_send(struct wire *wire, const void *bytes, size_t size)
{
    wire_queue(wire, bytes, size);
    while (wire->queued_size > 0) {
        if (await(wire->fd, POLLOUT, WIRE_DEADLINE_MS) < 0 || push(wire) < 0)
            return -1;
    }
    return 0;
}

int wire_text(struct wire *wire, const char *text)
{
    return wire_send(wire, text, strlen(text));
}

/* ---- receiving ---- */

/* Fills the empty buffer: how many bytes came, 0 at the end, -1. Sends the queue meanwhile. */
static ssize_t fill(struct wire *wire)
{
    int64_t deadline_ns = clock_now_ns() + WIRE_DEADLINE_MS * NS_PER_MS;

    while (clock_now_ns() < deadline_ns) {
        ssize_t n = recv(wire->fd, wire->buffer, sizeof(wire->buffer), 0);

        if (n >= 0) {
            wire->start = 0;
            wire->end = (size_t)n;
            wire->received += (uint64_t)n;
            return n;
        }
        if (errno != EAGAIN)
            return -1;
        if (wire->queued_size > 0 && push(wire) < 0)
            wire->queued_size = 0; /* the server wants no more; what it says about it is still to come */
        if (await(wire->fd, (short)(POLLIN | (wire->queued_size > 0 ? POLLOUT : 0)), WIRE_DEADLINE_MS) < 0)
            return -1;
    }
    errno = ETIMEDOUT;
    return -1;
}

ssize_t wire_receive(struct wire *wire, void *bytes, size_t size)
{
    size_t n;

    if (wire->start == wire->end) {
        ssize_t filled = fill(wire);

        if (filled <= 0)
            return filled;
    }
    n = wire->end - wire->start < size ? wire->end - wire->start : size;
    memcpy(bytes, wire->buffer + wire->start, n);
    wire->start += n;
    return (ssize_t)n;
}

int wire_receive_all(struct wire *wire, void *bytes, size_t size)
{
    char *at = bytes;

    while (size > 0) {
        ssize_t n = wire_receive(wire, at, size);

        if (n == 0)
            errno = 0;
        if (n <= 0)
            return -1;
        at += n;
        size -= (size_t)n;
    }
    return 0;
}

ssize_t wire_line(struct wire *wire, char *line, size_t size)
{
    size_t length = 0;

    while (length < size) {
        if (wire_receive_all(wire, line + length, 1) < 0)
            return -1;
        if (line[length++] != '\n')
            continue;
        if (length < 2 || line[length - 2] != '\r')
            break;
        line[length - 2] = '\0';
        return (ssize_t)length - 2;
    }
    errno = EPROTO;
    return -1;
}

bool wire_silent(struct wire *wire, int for_ms)
{
    return wire->start == wire->end && await(wire->fd, POLLIN, for_ms) < 0;
}

bool wire_ended(struct wire *wire)
{
    char byte;
    ssize_t n = wire_receive(wire, &byte, 1);

    return n == 0 || (n < 0 && (errno == ECONNRESET || errno == EPIPE));
}

bool wire_drain(struct wire *wire)
{
    char bytes[WIRE_BUFFER];
    ssize_t n;

    while ((n = wire_receive(wire, bytes, sizeof(bytes))) > 0)
        ;
    return n == 0 || errno == ECONNRESET || errno == EPIPE;
}

enum {
    YIELDS = 100,
    BLIND_MS = 2, /* what a server is given where the kernel does not say whether it has read */
};

int wire_consumed(const struct wire *wire)
{
    int64_t deadline_ns = clock_now_ns() + WIRE_DEADLINE_MS * NS_PER_MS;
    int64_t unread;

    for (int look = 0; (unread = peer_unread(wire->fd, wire->sent)) > 0; look++) {
        if (clock_now_ns() > deadline_ns) {
            errno = ETIMEDOUT;
            return -1;
        }
        if (look < YIELDS)
            sched_yield(); /* where timers are coarse the shortest sleep is 4 ms */
        else
            clock_sleep_ns(100 * NS_PER_US);
    }
    if (unread < 0)
        clock_sleep_ns(BLIND_MS * NS_PER_MS);
    return 0;
}
