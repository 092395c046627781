/*
 * The bytes of a connected socket: signals, full buffers, time-outs, and peers that leave.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "clock.h"
#include "net.h"
#include "sockets.h"

enum { LARGE = 8 << 20, SIGNALS = 10 };

TestSuite(net, .timeout = 60);

/* ---- bytes ---- */

static void *send_later(void *fd)
{
    sockets_pester_wait(SIGNALS);
    cr_expect(net_send(*(int *)fd, "late", 4) == 4);
    return NULL;
}

Test(net, receive_goes_on_after_signals)
{
    struct sockets_pair pair = sockets_tcp_pair();
    struct sockets_pester pester;
    char bytes[16];
    pthread_t thread;

    sockets_pester_start(&pester);
    cr_assert(pthread_create(&thread, NULL, send_later, &pair.client) == 0);
    cr_assert(net_receive(pair.server, bytes, sizeof(bytes)) == 4 && memcmp(bytes, "late", 4) == 0);
    pthread_join(thread, NULL);
    cr_assert(sockets_pester_stop(&pester) >= SIGNALS);
    sockets_close(&pair);
}

struct draining {
    int fd;
    char *bytes;
    size_t count;
};

/* Reads to the end, slowly at first, so that the sender meets a full buffer. */
static void *drain(void *argument)
{
    struct draining *draining = argument;
    ssize_t received;

    sockets_pester_wait(SIGNALS);
    while ((received = net_receive(draining->fd, draining->bytes + draining->count,
                                   LARGE + 1 - draining->count)) > 0)
        draining->count += (size_t)received;
    return NULL;
}

Test(net, send_all_sends_all_among_signals_and_full_buffers)
{
    struct sockets_pair pair = sockets_tcp_pair();
    struct draining draining = {pair.server, malloc(LARGE + 1), 0};
    char *bytes = malloc(LARGE);
    struct sockets_pester pester;
    pthread_t thread;

    for (int i = 0; i < LARGE; i++)
        bytes[i] = (char)(i * 7 + i / 251);
    sockets_pester_start(&pester);
    cr_assert(pthread_create(&thread, NULL, drain, &draining) == 0);
    cr_assert(net_send_all(pair.client, bytes, LARGE) == 0);
    cr_assert(sockets_pester_stop(&pester) >= SIGNALS);
    shutdown(pair.client, SHUT_WR);
    pthread_join(thread, NULL);
    cr_assert(draining.count == LARGE && memcmp(draining.bytes, bytes, LARGE) == 0);
    free(bytes);
    free(draining.bytes);
    sockets_close(&pair);
}

Test(net, a_full_buffer_is_a_partial_send_and_then_again)
{
    struct sockets_pair pair = sockets_tcp_pair();
    char *bytes = calloc(1, LARGE);
    ssize_t sent;

    cr_assert(net_set_nonblocking(pair.client, true) == 0 && net_set_nonblocking(pair.server, true) == 0);
    cr_assert(net_receive(pair.server, bytes, 1) == -1 && errno == EAGAIN);
    sent = net_send(pair.client, bytes, LARGE);
    cr_assert(sent > 0 && sent < LARGE, "%zd", sent);
    while ((sent = net_send(pair.client, bytes, LARGE)) > 0)
        ;
    cr_assert(sent == -1 && errno == EAGAIN);
    cr_assert(net_send_all(pair.client, bytes, 1) == -1 && errno == EAGAIN);
    free(bytes);
    sockets_close(&pair);
}

/* From the place that is named, whatever the file's own offset; less than asked where the file ends, then 0.
 */
Test(net, a_piece_of_a_file_is_sent)
{
    struct sockets_pair pair = sockets_tcp_pair();
    FILE *file = tmpfile();
    char back[16] = "";

    cr_assert(file != NULL && fputs("0123456789", file) >= 0 && fflush(file) == 0);
    cr_assert(net_send_file(pair.client, fileno(file), 2, 3) == 3);
    cr_assert(net_send_file(pair.client, fileno(file), 8, 100) == 2);
    cr_assert(net_send_file(pair.client, fileno(file), 10, 100) == 0);
    cr_assert(net_receive(pair.server, back, sizeof back) == 5);
    cr_assert_str_eq(back, "23489");
    cr_assert(net_send_file(pair.client, -1, 0, 1) == -1 && errno == EBADF);
    fclose(file);
    sockets_close(&pair);
}

Test(net, a_file_larger_than_the_buffer_is_sent_in_parts)
{
    struct sockets_pair pair = sockets_tcp_pair();
    FILE *file = tmpfile();
    uint64_t at = 0;
    ssize_t sent;

    cr_assert(file != NULL && ftruncate(fileno(file), LARGE) == 0);
    cr_assert(net_set_nonblocking(pair.client, true) == 0);
    while ((sent = net_send_file(pair.client, fileno(file), at, LARGE - at)) > 0)
        at += (uint64_t)sent;
    cr_assert(sent == -1 && errno == EAGAIN && at > 0 && at < LARGE, "%zd at %ju", sent, (uintmax_t)at);
    fclose(file);
    sockets_close(&pair);
}

Test(net, the_end_of_input_is_zero)
{
    struct sockets_pair pair = sockets_tcp_pair();
    char bytes[8];

    cr_assert(net_send_all(pair.client, "ab", 2) == 0);
    cr_assert(net_send_all(pair.client, NULL, 0) == 0, "nothing is sent easily");
    shutdown(pair.client, SHUT_WR);
    cr_assert(net_receive(pair.server, bytes, 8) == 2);
    cr_assert(net_receive(pair.server, bytes, 8) == 0 && net_receive(pair.server, bytes, 8) == 0);
    cr_assert(net_send(pair.server, "cd", 2) == 2, "only one direction has ended");
    cr_assert(net_receive(pair.client, bytes, 8) == 2);
    sockets_close(&pair);
}

/* ---- peers that leave ---- */

Test(net, a_reset_is_told_from_an_end)
{
    struct sockets_pair pair = sockets_tcp_pair();

    cr_assert(net_set_reset_on_close(pair.client) == 0);
    close(pair.client);
    cr_assert(net_receive(pair.server, (char[1]){0}, 1) == -1 && errno == ECONNRESET);
    close(pair.server);
}

/* With the default action a SIGPIPE would end this test's process: "crashing", not "failing". */
Test(net, sending_to_a_peer_that_left_is_an_error_and_no_signal)
{
    struct sockets_pair pair = sockets_tcp_pair();
    ssize_t sent = 0;

    signal(SIGPIPE, SIG_DFL);
    cr_assert(net_send_all(pair.server, "unread", 6) == 0);
    cr_assert(net_receive(pair.client, (char[1]){0}, 1) == 1);
    close(pair.client);
    for (int i = 0; i < 100 && sent >= 0; i++) {
        sent = net_send(pair.server, "x", 1);
        clock_sleep_ns(NS_PER_MS);
    }
    cr_assert(sent == -1 && (errno == ECONNRESET || errno == EPIPE));
    cr_assert(net_send(pair.server, "x", 1) == -1 && errno == EPIPE);
    cr_assert(net_send_all(pair.server, "x", 1) == -1 && errno == EPIPE);
    close(pair.server);
}

/* ---- options ---- */

Test(net, time_outs_end_a_receive_and_a_send)
{
    struct sockets_pair pair = sockets_tcp_pair();
    char *bytes = calloc(1, LARGE);
    int64_t start_ns = clock_now_ns();

    cr_assert(net_set_timeouts_ns(pair.server, 100 * NS_PER_MS) == 0);
    cr_assert(net_receive(pair.server, bytes, 1) == -1 && errno == EAGAIN);
    cr_assert(clock_now_ns() - start_ns >= 90 * NS_PER_MS && clock_now_ns() - start_ns < 5 * NS_PER_S);
    start_ns = clock_now_ns();
    cr_assert(net_send_all(pair.server, bytes, LARGE) == -1 && errno == EAGAIN);
    cr_assert(clock_now_ns() - start_ns >= 90 * NS_PER_MS && clock_now_ns() - start_ns < 5 * NS_PER_S);
    free(bytes);
    sockets_close(&pair);
}

Test(net, time_outs_at_their_edges)
{
    struct sockets_pair pair = sockets_tcp_pair();
    struct timeval timeout = {0, 0};
    socklen_t size = sizeof(timeout);

    cr_assert(net_set_timeouts_ns(pair.server, 1) == 0);
    cr_assert(getsockopt(pair.server, SOL_SOCKET, SO_RCVTIMEO, &timeout, &size) == 0);
    cr_assert(timeout.tv_sec == 0 && timeout.tv_usec > 0, "1 ns is short, not for ever");
    cr_assert(net_receive(pair.server, (char[1]){0}, 1) == -1 && errno == EAGAIN);
    cr_assert(net_set_timeouts_ns(pair.server, INT64_MAX) == 0);
    cr_assert(net_set_timeouts_ns(pair.server, -1) == -1 && errno == EINVAL);
    cr_assert(net_set_timeouts_ns(pair.server, 0) == 0);
    cr_assert(getsockopt(pair.server, SOL_SOCKET, SO_SNDTIMEO, &timeout, &size) == 0);
    cr_assert(timeout.tv_sec == 0 && timeout.tv_usec == 0);
    sockets_close(&pair);
}

Test(net, blocking_mode_can_be_changed_and_changes_nothing_else)
{
    struct sockets_pair pair = sockets_tcp_pair();

    cr_assert(fcntl(pair.server, F_SETFL, O_ASYNC) == 0);
    cr_assert(net_set_nonblocking(pair.server, true) == 0);
    cr_assert((fcntl(pair.server, F_GETFL) & (O_NONBLOCK | O_ASYNC)) == (O_NONBLOCK | O_ASYNC));
    cr_assert(net_set_nonblocking(pair.server, false) == 0);
    cr_assert((fcntl(pair.server, F_GETFL) & (O_NONBLOCK | O_ASYNC)) == O_ASYNC);
    sockets_close(&pair);
    cr_assert(net_set_nonblocking(pair.server, true) == -1 && errno == EBADF);
}
