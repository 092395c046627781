/*
 * limit - what the bare loops of this directory share: a listening socket on the port of 127.0.0.1
 * that is the first argument (0 or none: a free one), the ready line, a canned reply to whatever
 * arrives, and an end by SIGTERM with status 0, so that tenk-bench can run them beside the models.
 *
 * The programs here are the least that can be written in the shape of a model. They parse nothing and
 * survive nothing; they exist so that "at most 1.12 times the bare loop" is a claim anyone can check:
 * `make bench-limits`.
 */
#ifndef LIMIT_H
#define LIMIT_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LIMIT_BACKLOG = 4096, LIMIT_REQUEST_MAX = 16384 };

static const char limit_reply[] =
    "HTTP/1.1 200 OK\r\nServer: tenk/limit\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\n"
    "Content-Type: text/plain\r\nContent-Length: 13\r\n\r\nHello, world!";

static inline void limit_end(int number)
{
    (void)number;
    _exit(0);
}

static inline int limit_listen(int argc, char **argv)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons((uint16_t)(argc > 1 ? atoi(argv[1]) : 0)),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    signal(SIGTERM, limit_end);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    if (bind(fd, (struct sockaddr *)&address, size) < 0 || listen(fd, LIMIT_BACKLOG) < 0)
        exit(3);
    getsockname(fd, (struct sockaddr *)&address, &size);
    printf("ready tcp://127.0.0.1:%u\n", ntohs(address.sin_port));
    fflush(stdout);
    return fd;
}

/* One request, one reply. 0 when the connection is over. */
static inline int limit_answer(int fd)
{
    char bytes[LIMIT_REQUEST_MAX];

    return recv(fd, bytes, sizeof bytes, 0) > 0 &&
           send(fd, limit_reply, sizeof limit_reply - 1, MSG_NOSIGNAL) == sizeof limit_reply - 1;
}

static inline void limit_serve(int fd)
{
    while (limit_answer(fd))
        continue;
    close(fd);
}

#endif
