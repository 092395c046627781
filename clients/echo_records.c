/*
 * echo_records - see echo_records.h.
 *
 *     stdin --read--> record --send--> server --recv--> the same record? --> stdout
 *
 * A record is what one read(2) of stdin brings: a line from a terminal, up to RECORD bytes from a pipe. There
 * is no stream in which bytes could wait for each other, so there is one record under way at a time, and
 * one that does not come back in time is lost, counted and told: a datagram service owes nothing.
 */
#include "echo_records.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "net.h"

enum { EXIT_GOOD = 0, EXIT_FAULT = 1, EXIT_CANNOT = 3 };

enum { RECORD = 8192 }; /* fits every server's buffer, and a datagram */

static char record[RECORD], back[NET_DATAGRAM_MAX];

static int complain(int status, const char *what)
{
    fprintf(stderr, "tenk-echo: %s: %s\n", what, strerror(errno));
    return status;
}

int echo_write_all(const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t written = write(STDOUT_FILENO, bytes, size);

        if (written < 0 && errno != EINTR)
            return -1;
        if (written > 0) {
            bytes += written;
            size -= (size_t)written;
        }
    }
    return 0;
}

/* Waits until the socket is readable, or not that long: a signal came. False at the deadline (0: none). */
static bool await(int fd, int64_t deadline_ns)
{
    struct pollfd ready = {.fd = fd, .events = POLLIN};
    int64_t left_ns = deadline_ns > 0 ? deadline_ns - clock_now_ns() : 0;
    struct timespec left = {left_ns / NS_PER_S, left_ns % NS_PER_S};

    if (deadline_ns > 0 && left_ns <= 0)
        return false;
    ppoll(&ready, 1, deadline_ns > 0 ? &left : NULL, NULL);
    return true;
}

/* An empty record is the end of a connection; of datagrams it is the echo of nothing. */
static bool ends(int fd, ssize_t received)
{
    int type;

    return received == 0 && net_get_option(fd, SOL_SOCKET, SO_TYPE, &type) == 0 && type == SOCK_SEQPACKET;
}

/*
 * Waits for this record to come back. 1: it has; 0: not in time; -1 with errno (0: the server has closed).
 * Anything else that comes is the late echo of a record given up before.
 */
static int await_echo(int fd, size_t size, int64_t timeout_ns)
{
    int64_t deadline_ns = timeout_ns > 0 ? clock_now_ns() + timeout_ns : 0;

    while (await(fd, deadline_ns)) {
        ssize_t received = net_receive(fd, back, sizeof back);

        if (received < 0 && errno != EAGAIN)
            return -1;
        if (received == (ssize_t)size && memcmp(back, record, size) == 0)
            return 1;
        if (ends(fd, received)) {
            errno = 0;
            return -1;
        }
    }
    return 0;
}

/* One record there and back. tenk-echo's exit status; *lost counts those that did not come back. */
static int echo_one(int fd, size_t size, int64_t timeout_ns, unsigned long *lost)
{
    if (net_send(fd, record, size) < 0)
        return complain(EXIT_FAULT, "send");
    int came = await_echo(fd, size, timeout_ns);

    if (came < 0 && errno == 0)
        fprintf(stderr, "tenk-echo: the server closed the connection\n");
    else if (came < 0)
        complain(EXIT_FAULT, "receive");
    if (came < 0)
        return EXIT_FAULT;
    *lost += came == 0;
    if (came > 0 && echo_write_all(back, size) < 0)
        return complain(EXIT_CANNOT, "stdout");
    return EXIT_GOOD;
}

int echo_records(int fd, int64_t timeout_ns)
{
    unsigned long sent = 0, lost = 0;
    int status = EXIT_GOOD;
    ssize_t size;

    while (status == EXIT_GOOD && (size = read(STDIN_FILENO, record, sizeof record)) != 0) {
        if (size < 0 && errno != EINTR)
            return complain(EXIT_CANNOT, "stdin");
        if (size < 0)
            continue;
        sent++;
        status = echo_one(fd, (size_t)size, timeout_ns, &lost);
    }
    if (lost > 0)
        fprintf(stderr, "tenk-echo: %lu of %lu records did not come back\n", lost, sent);
    return lost > 0 && status == EXIT_GOOD ? EXIT_FAULT : status;
}
