/*
 * tenk-echo - sends stdin to an echo server (RFC 862) and writes what comes back to stdout.
 *
 *     stdin --read--> [ buffer ] --send--> server --recv--> stdout
 *
 * Both directions run at once, in one poll(2) loop over a non-blocking socket: a client that sends
 * everything before it reads deadlocks as soon as the buffers on the way are full, because the server
 * stops reading when it cannot write. At the end of stdin the sending half is closed (shutdown(2));
 * the server echoes the rest and closes. Over datagrams and records it is another program: echo_records.
 *
 * Exit status: 0 everything came back; 1 it did not; 2 wrong usage; 3 cannot run here.
 */
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "echo_records.h"
#include "net.h"
#include "options.h"

enum { EXIT_GOOD = 0, EXIT_FAULT = 1, EXIT_USAGE = 2, EXIT_CANNOT = 3, PIECE = 16384 };

struct echo {
    int fd;
    bool input_ended;  /* stdin is at its end */
    bool server_ended; /* the server has closed its half */
    size_t start, end; /* bytes[start ... end-1] wait to be sent */
    uint64_t sent, received;
    int64_t timeout_ns;
    char bytes[PIECE];
};

static int complain(int status, const char *what)
{
    fprintf(stderr, "tenk-echo: %s: %s\n", what, strerror(errno));
    return status;
}

/* Nothing is left to send and nothing more will come: tell the server. */
static void close_half(struct echo *echo)
{
    if (echo->input_ended && echo->start == echo->end)
        shutdown(echo->fd, SHUT_WR);
}

static int take_input(struct echo *echo)
{
    ssize_t size = read(STDIN_FILENO, echo->bytes, sizeof(echo->bytes));

    if (size < 0 && errno != EINTR && errno != EAGAIN)
        return complain(EXIT_CANNOT, "stdin");
    if (size < 0)
        return EXIT_GOOD;
    echo->input_ended = size == 0;
    echo->start = 0;
    echo->end = (size_t)size;
    close_half(echo);
    return EXIT_GOOD;
}

static int send_some(struct echo *echo)
{
    ssize_t size = net_send(echo->fd, echo->bytes + echo->start, echo->end - echo->start);

    if (size < 0)
        return errno == EAGAIN ? EXIT_GOOD : complain(EXIT_FAULT, "send");
    echo->start += (size_t)size;
    echo->sent += (uint64_t)size;
    close_half(echo);
    return EXIT_GOOD;
}

static int receive_some(struct echo *echo)
{
    static char bytes[PIECE];
    ssize_t size = net_receive(echo->fd, bytes, sizeof(bytes));

    if (size < 0)
        return errno == EAGAIN ? EXIT_GOOD : complain(EXIT_FAULT, "receive");
    echo->server_ended = size == 0;
    echo->received += (uint64_t)size;
    return echo_write_all(bytes, (size_t)size) < 0 ? complain(EXIT_CANNOT, "stdout") : EXIT_GOOD;
}

/* One wait. stdin is read only when the last piece of it is gone: the kernel's buffers are enough. */
static int step(struct echo *echo)
{
    bool empty = echo->start == echo->end;
    struct pollfd polled[2] = {
        {.fd = empty && !echo->input_ended ? STDIN_FILENO : -1, .events = POLLIN},
        {.fd = echo->fd, .events = (short)(POLLIN | (empty ? 0 : POLLOUT))},
    };
    /* Waiting for a person to type may take for ever; waiting for the server may not. */
    bool patient = !echo->input_ended && echo->received == echo->sent;
    int timeout_ms = patient || echo->timeout_ns == 0 ? -1 : (int)(echo->timeout_ns / NS_PER_MS);
    int ready = poll(polled, 2, timeout_ms);
    int status = EXIT_GOOD;

    if (ready < 0)
        return errno == EINTR ? EXIT_GOOD : complain(EXIT_CANNOT, "poll");
    if (ready == 0) {
        errno = ETIMEDOUT;
        return complain(EXIT_FAULT, "waiting for the server");
    }
    if (polled[1].revents & (POLLIN | POLLHUP | POLLERR))
        status = receive_some(echo);
    if (status == EXIT_GOOD && !echo->server_ended && (polled[1].revents & POLLOUT))
        status = send_some(echo);
    if (status == EXIT_GOOD && polled[0].revents != 0)
        status = take_input(echo);
    return status;
}

static int run(struct echo *echo)
{
    int status = EXIT_GOOD;

    while (status == EXIT_GOOD && !echo->server_ended)
        status = step(echo);
    if (status != EXIT_GOOD)
        return status;
    if (echo->input_ended && echo->start == echo->end && echo->received == echo->sent)
        return EXIT_GOOD;
    fprintf(stderr, "tenk-echo: the server closed the connection: %llu bytes sent, %llu came back\n",
            (unsigned long long)echo->sent, (unsigned long long)echo->received);
    return EXIT_FAULT;
}

static int connect_and_run(const struct net_endpoint *endpoint, const char *text, int64_t timeout_ns)
{
    static struct echo echo;
    struct net_failure failure;

    echo.timeout_ns = timeout_ns;
    echo.fd = net_connect(endpoint, timeout_ns, &failure);
    if (echo.fd < 0) {
        fprintf(stderr, "tenk-echo: cannot %s %s: %s\n", failure.operation, text, failure.reason);
        return EXIT_FAULT;
    }
    if (net_set_nonblocking(echo.fd, true) < 0)
        return complain(EXIT_CANNOT, text);
    bool stream = net_transport_type(endpoint->transport) == SOCK_STREAM;
    int status = stream ? run(&echo) : echo_records(echo.fd, timeout_ns);
    close(echo.fd);
    return status;
}

int main(int argc, char **argv)
{
    bool help = false;
    int64_t timeout_ns = 10 * NS_PER_S;
    const struct option_spec specs[] = {
        {"timeout", 0, OPTION_DURATION, &timeout_ns, "TIME",
         "give up when an answer is due for so long (10s)"},
        {"help", 'h', OPTION_FLAG, &help, NULL, "this text"},
        {0},
    };
    char error[OPTIONS_ERROR_MAX];
    struct net_endpoint endpoint;
    int first;

    if (options_parse(specs, argc, argv, &first, error) < 0) {
        fprintf(stderr, "tenk-echo: %s\n", error);
        return EXIT_USAGE;
    }
    if (help) {
        puts("usage: tenk-echo ENDPOINT [options]\n\nSends stdin to an echo server (tcp://host:port, "
             "host:port, udp://host:port,\n"
             "unix:/path, unixpacket:/path, unixdgram:/path) and writes what comes back to stdout.\n");
        options_help(stdout, specs);
        return EXIT_GOOD;
    }
    if (argc - first != 1) {
        fprintf(stderr, "tenk-echo: takes one endpoint, such as tcp://127.0.0.1:7 (see --help)\n");
        return EXIT_USAGE;
    }
    const char *wrong = net_endpoint_parse(argv[first], &endpoint);
    if (wrong != NULL) {
        fprintf(stderr, "tenk-echo: %s is not an endpoint: %s\n", argv[first], wrong);
        return EXIT_USAGE;
    }
    return connect_and_run(&endpoint, argv[first], timeout_ns);
}
