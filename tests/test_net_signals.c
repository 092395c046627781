/*
 * The calls of common/net that wait, interrupted again and again while nothing comes: each goes on.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "net.h"
#include "net_ping.h"
#include "sockets.h"

enum { SIGNALS = 5, DRAIN_SIZE = 1 << 16 };

TestSuite(net_signals, .timeout = 60);

static void *send_later(void *fd)
{
    sockets_pester_wait(SIGNALS);
    cr_expect(net_send(*(int *)fd, "late", 4) == 4);
    return NULL;
}

static ssize_t receive_from(int fd)
{
    return net_receive_from(fd, (char[8]){0}, 8, NULL);
}

static ssize_t receive_message(int fd)
{
    struct iovec piece = {(char[8]){0}, 8};
    struct net_message message = {.pieces = &piece, .count = 1};

    return net_receive_message(fd, &message);
}

/* Nothing is there when the signals begin, and comes after some of them. */
static void expect_patience(ssize_t (*receive)(int fd))
{
    struct net_endpoint bound;
    int server = sockets_bind("udp://127.0.0.1:0", &bound), client = sockets_connect(&bound);
    struct sockets_pester pester;
    pthread_t thread;
    ssize_t received;

    sockets_pester_start(&pester);
    cr_assert(pthread_create(&thread, NULL, send_later, &client) == 0);
    received = receive(server);
    cr_expect(received == 4, "%zd: %s", received, strerror(errno));
    pthread_join(thread, NULL);
    cr_expect(sockets_pester_stop(&pester) >= SIGNALS);
    close(client);
    close(server);
}

Test(net_signals, a_datagram_is_waited_for)
{
    expect_patience(receive_from);
}

Test(net_signals, a_message_is_waited_for)
{
    expect_patience(receive_message);
}

static void *drain_later(void *fd)
{
    static char bytes[DRAIN_SIZE];

    sockets_pester_wait(SIGNALS);
    while (net_receive(*(int *)fd, bytes, sizeof bytes) > 0)
        continue;
    return NULL;
}

/* The peer reads nothing until some signals have come: sendfile(2) waits for room, and has sent nothing. */
Test(net_signals, a_file_waits_for_room)
{
    struct sockets_pair pair = sockets_tcp_pair();
    FILE *file = tmpfile();
    struct sockets_pester pester;
    pthread_t thread;
    ssize_t sent;

    cr_assert(file != NULL && fputs("x", file) >= 0 && fflush(file) == 0);
    cr_assert(net_set_nonblocking(pair.client, true) == 0);
    while (net_send(pair.client, (char[DRAIN_SIZE]){0}, DRAIN_SIZE) > 0)
        continue;
    cr_assert(errno == EAGAIN && net_set_nonblocking(pair.client, false) == 0);
    sockets_pester_start(&pester);
    cr_assert(pthread_create(&thread, NULL, drain_later, &pair.server) == 0);
    sent = net_send_file(pair.client, fileno(file), 0, 1);
    cr_expect(sent == 1, "%zd: %s", sent, strerror(errno));
    cr_expect(net_shutdown(pair.client, SHUT_WR) == 0);
    pthread_join(thread, NULL);
    cr_expect(sockets_pester_stop(&pester) >= SIGNALS);
    fclose(file);
    sockets_close(&pair);
}

/* Nobody is asked, so nobody answers: the wait ends with its time, not with a signal. */
Test(net_signals, an_echo_is_waited_for_until_its_time)
{
    struct net_endpoint endpoint = sockets_endpoint("127.0.0.1:0");
    struct net_address to;
    struct net_ping ping;
    struct net_failure failure = {0};
    struct sockets_pester pester;
    uint16_t sequence;

    cr_assert(net_resolve(&endpoint, false, &to, 1, &failure) == 1);
    if (net_ping_open(&ping, &to, &failure) < 0)
        cr_skip_test("cannot %s: %s", failure.operation, failure.reason);
    sockets_pester_start(&pester);
    cr_expect(net_ping_receive(&ping, 100 * NS_PER_MS, &sequence, (char[1]){0}, 1) == -1);
    cr_expect(errno == ETIMEDOUT, "%s", strerror(errno));
    cr_expect(sockets_pester_stop(&pester) >= SIGNALS);
    close(ping.fd);
}
