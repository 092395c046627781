/*
 * datagrams - see datagrams.h.
 */
#include "datagrams.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { DEADLINE_MS = 20000, ROOM = 70000 };

static int connect_unix(const char *path)
{
    struct sockaddr_un server = {.sun_family = AF_UNIX}, own = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    snprintf(server.sun_path, sizeof server.sun_path, "%s", path);
    cr_assert(bind(fd, (const struct sockaddr *)&own, sizeof own.sun_family) == 0, "no name of our own");
    cr_assert(connect(fd, (const struct sockaddr *)&server, sizeof server) == 0, "%s: %s", path,
              strerror(errno));
    return fd;
}

static int connect_udp(const char *endpoint)
{
    struct sockaddr_in server = {.sin_family = AF_INET};
    struct sockaddr_in6 server6 = {.sin6_family = AF_INET6};
    char host[64];
    int port, fd;

    if (sscanf(endpoint, "udp://[%63[0-9a-f:]]:%d", host, &port) == 2) {
        cr_assert(inet_pton(AF_INET6, host, &server6.sin6_addr) == 1);
        server6.sin6_port = htons((uint16_t)port);
        fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        cr_assert(connect(fd, (const struct sockaddr *)&server6, sizeof server6) == 0);
        return fd;
    }
    cr_assert(sscanf(endpoint, "udp://%63[0-9.]:%d", host, &port) == 2, "%s", endpoint);
    cr_assert(inet_pton(AF_INET, host, &server.sin_addr) == 1);
    server.sin_port = htons((uint16_t)port);
    fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    cr_assert(connect(fd, (const struct sockaddr *)&server, sizeof server) == 0);
    return fd;
}

int datagrams_connect(const char *endpoint)
{
    if (strncmp(endpoint, "unixdgram:", 10) == 0)
        return connect_unix(endpoint + 10);
    return connect_udp(endpoint);
}

void datagrams_send(int fd, const void *bytes, size_t size)
{
    cr_assert(send(fd, bytes, size, MSG_NOSIGNAL) == (ssize_t)size, "%zu bytes: %s", size, strerror(errno));
}

ssize_t datagrams_receive(int fd, void *bytes, size_t size, int timeout_ms)
{
    struct pollfd ready = {.fd = fd, .events = POLLIN};

    if (poll(&ready, 1, timeout_ms) != 1)
        return -1;
    return recv(fd, bytes, size, MSG_TRUNC);
}

void datagrams_expect_echo(int fd, const void *bytes, size_t size)
{
    char *back = malloc(ROOM);

    datagrams_send(fd, bytes, size);
    ssize_t got = datagrams_receive(fd, back, ROOM, DEADLINE_MS);
    cr_assert_eq(got, (ssize_t)size, "a datagram of %zu bytes comes back with %zd: %s", size, got,
                 strerror(errno));
    cr_assert(memcmp(bytes, back, size) == 0, "other bytes come back");
    free(back);
}
