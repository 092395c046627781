/*
 * Bytes in pieces, messages with descriptors, connections that keep records whole, and the small
 * functions around them; all on real sockets.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

#include "clock.h"
#include "net.h"
#include "sockets.h"

enum { LARGE = 4 << 20, PIECES = 7, NOBODY = 65534, SIGNALS = 10 };

TestSuite(net_message, .timeout = 60, .init = sockets_make_directory, .fini = sockets_remove_directory);

static const char *packet_endpoint(void)
{
    static char text[SOCKETS_PATH_MAX + 16];

    snprintf(text, sizeof text, "unixpacket:%s", sockets_path);
    return text;
}

/* For tests that went on as nobody: the leak checker of the sanitizer build traces this process at its end.
 */
static void take_rights_back(void)
{
    if (getuid() == 0)
        cr_assert(seteuid(0) == 0);
}

/* ---- pieces ---- */

Test(net_message, pieces_are_filled_in_turn)
{
    struct sockets_pair pair = sockets_tcp_pair();
    char a[3], b[1], c[8];
    struct iovec to[] = {{a, sizeof a}, {b, sizeof b}, {c, sizeof c}};
    struct iovec from[] = {{(char[]){"ab"}, 2}, {NULL, 0}, {(char[]){"cdef"}, 4}};

    cr_assert(net_send_pieces(pair.client, from, 3) == 0);
    cr_assert(net_receive_pieces(pair.server, to, 3) == 6);
    cr_assert(memcmp(a, "abc", 3) == 0 && b[0] == 'd' && memcmp(c, "ef", 2) == 0);
    cr_assert(net_send_pieces(pair.client, from, 0) == 0, "nothing is sent easily");
    from[1] = (struct iovec){NULL, 0};
    cr_assert(net_send_pieces(pair.client, from + 1, 1) == 0, "a piece of nothing ends as well");
    cr_assert(net_shutdown(pair.client, SHUT_WR) == 0);
    cr_assert(net_receive_pieces(pair.server, to, 3) == 0, "the end of input");
    sockets_close(&pair);
}

static void *send_later(void *fd)
{
    sockets_pester_wait(SIGNALS);
    cr_expect(net_send(*(int *)fd, "late", 4) == 4);
    return NULL;
}

Test(net_message, filling_pieces_goes_on_after_signals)
{
    struct sockets_pair pair = sockets_tcp_pair();
    struct sockets_pester pester;
    char a[3], b[3];
    struct iovec to[] = {{a, sizeof a}, {b, sizeof b}};
    pthread_t thread;

    sockets_pester_start(&pester);
    cr_assert(pthread_create(&thread, NULL, send_later, &pair.client) == 0);
    cr_assert(net_receive_pieces(pair.server, to, 2) == 4 && memcmp(a, "lat", 3) == 0 && b[0] == 'e');
    pthread_join(thread, NULL);
    cr_assert(sockets_pester_stop(&pester) >= SIGNALS);
    sockets_close(&pair);
}

struct draining {
    int fd;
    char *bytes;
    size_t count;
};

static void *drain(void *argument)
{
    struct draining *draining = argument;
    ssize_t received;

    clock_sleep_ns(50 * NS_PER_MS);
    while ((received = net_receive(draining->fd, draining->bytes + draining->count,
                                   LARGE + 1 - draining->count)) > 0)
        draining->count += (size_t)received;
    return NULL;
}

/* Far more than the buffers hold: the kernel takes it in many parts, which end within pieces. */
Test(net_message, all_pieces_are_sent_among_signals_and_full_buffers)
{
    struct sockets_pair pair = sockets_tcp_pair();
    struct draining draining = {pair.server, malloc(LARGE + 1), 0};
    char *bytes = malloc(LARGE);
    struct iovec pieces[PIECES];
    struct sockets_pester pester;
    pthread_t thread;

    for (int i = 0; i < LARGE; i++)
        bytes[i] = (char)(i * 7 + i / 251);
    for (size_t i = 0, at = 0; i < PIECES; at += pieces[i++].iov_len)
        pieces[i] = (struct iovec){bytes + at, i == PIECES - 1 ? LARGE - at : 1 + i * 100003};
    sockets_pester_start(&pester);
    cr_assert(pthread_create(&thread, NULL, drain, &draining) == 0);
    cr_assert(net_send_pieces(pair.client, pieces, PIECES) == 0);
    cr_assert(sockets_pester_stop(&pester) > 0);
    cr_assert(net_shutdown(pair.client, SHUT_WR) == 0);
    pthread_join(thread, NULL);
    cr_assert(draining.count == LARGE && memcmp(draining.bytes, bytes, LARGE) == 0, "%zu", draining.count);
    free(bytes);
    free(draining.bytes);
    sockets_close(&pair);
}

Test(net_message, a_full_buffer_leaves_what_was_not_sent_in_the_pieces)
{
    struct sockets_pair pair = sockets_tcp_pair();
    char *bytes = calloc(1, LARGE);
    struct iovec pieces[] = {{bytes, 10}, {bytes, LARGE}};
    size_t received = 0;

    cr_assert(net_set_nonblocking(pair.client, true) == 0);
    cr_assert(net_send_pieces(pair.client, pieces, 2) == -1 && errno == EAGAIN);
    cr_assert(pieces[0].iov_len == 0 && pieces[1].iov_len > 0 && pieces[1].iov_len < LARGE);
    close(pair.client);
    for (ssize_t n; (n = net_receive(pair.server, bytes, LARGE)) > 0;)
        received += (size_t)n;
    cr_assert(received == LARGE + 10 - pieces[1].iov_len, "%zu", received);
    free(bytes);
    close(pair.server);
}

Test(net_message, a_peer_that_left_is_an_error_and_no_signal)
{
    char name[64];

    snprintf(name, sizeof name, "unix:@tenk-test-message-%d", (int)getpid());
    struct sockets_pair pair = sockets_pair_over(name);
    struct iovec piece = {(char[]){"x"}, 1};
    struct net_message message = {.pieces = &piece, .count = 1};

    signal(SIGPIPE, SIG_DFL);
    close(pair.client);
    cr_assert(net_send_message(pair.server, &message) == -1 && errno == EPIPE);
    cr_assert(net_send_pieces(pair.server, &piece, 1) == -1 && errno == EPIPE);
    close(pair.server);
}

/* ---- addresses ---- */

Test(net_message, the_address_and_a_cut_off_end_are_told)
{
    struct net_endpoint bound;
    int server = sockets_bind("udp://127.0.0.1:0", &bound), client = sockets_bind("udp://127.0.0.1:0", NULL);
    struct net_address to, from;
    struct net_failure failure;
    char bytes[4];
    struct iovec out = {(char[]){"hello"}, 5}, in = {bytes, sizeof bytes};
    struct net_message sent = {.pieces = &out, .count = 1, .address = &to};
    struct net_message got = {.pieces = &in, .count = 1, .address = &from};

    cr_assert(net_resolve(&bound, false, &to, 1, &failure) == 1);
    cr_assert(net_send_message(client, &sent) == 5);
    cr_assert(net_receive_message(server, &got) == 4 && got.cut_off && from.length == to.length);
    got.address = NULL;
    out.iov_len = 4;
    cr_assert(net_send_message(client, &sent) == 4);
    cr_assert(net_receive_message(server, &got) == 4 && !got.cut_off);
    close(client);
    close(server);
}

/* ---- connections that keep records ---- */

Test(net_message, a_packet_connection_keeps_records_apart)
{
    struct sockets_pair pair = sockets_pair_over(packet_endpoint());
    struct net_endpoint local;
    char bytes[16];

    cr_assert(net_local(pair.server, &local) == 0 && local.transport == NET_UNIXPACKET);
    cr_assert(net_send(pair.client, "one", 3) == 3 && net_send(pair.client, "three", 5) == 5);
    cr_assert(net_receive(pair.server, bytes, sizeof bytes) == 3 && memcmp(bytes, "one", 3) == 0);
    cr_assert(net_receive_from(pair.server, bytes, 2, NULL) == 5 && memcmp(bytes, "th", 2) == 0);
    close(pair.client);
    cr_assert(net_receive(pair.server, bytes, sizeof bytes) == 0, "the end");
    signal(SIGPIPE, SIG_DFL);
    cr_assert(net_send(pair.server, "x", 1) == -1 && errno == EPIPE);
    close(pair.server);
}

/* ---- sockets, options, modes ---- */

static void expect_no_socket(int family, int type, int protocol, int error, const char *sentence)
{
    struct net_failure failure = {0};
    int fd = net_socket(family, type, protocol, &failure);

    cr_assert(fd == -1 && errno == error && failure.error == error, "%s", strerror(errno));
    cr_assert(strstr(failure.reason, sentence), "%s", failure.reason);
    cr_assert_str_eq(failure.operation, "socket");
}

Test(net_message, what_linux_does_not_offer_is_refused_with_a_sentence)
{
    expect_no_socket(AF_INET, SOCK_RDM, 0, ESOCKTNOSUPPORT, "no reliably delivered messages");
    expect_no_socket(AF_INET, SOCK_RDM | SOCK_NONBLOCK, 0, ESOCKTNOSUPPORT, "no reliably delivered messages");
    expect_no_socket(AF_INET6, SOCK_RDM, 0, ESOCKTNOSUPPORT, "no reliably delivered messages");
    expect_no_socket(AF_INET, SOCK_SEQPACKET, 0, ESOCKTNOSUPPORT, "on Unix sockets only");
    expect_no_socket(AF_INET, SOCK_STREAM, IPPROTO_UDP, EPROTONOSUPPORT, "rotocol not supported");
}

Test(net_message, a_raw_socket_takes_a_right)
{
    if (geteuid() != 0)
        expect_no_socket(AF_INET, SOCK_RAW, IPPROTO_ICMP, EPERM, "CAP_NET_RAW");
    else if (seteuid(NOBODY) == 0)
        expect_no_socket(AF_INET, SOCK_RAW, IPPROTO_ICMP, EPERM, "CAP_NET_RAW");
    take_rights_back();
}

Test(net_message, a_socket_is_closed_on_exec_and_takes_its_flags)
{
    struct net_failure failure = {0};
    int fd = net_socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0, &failure);

    cr_assert(fd >= 0 && (fcntl(fd, F_GETFD) & FD_CLOEXEC) && net_is_nonblocking(fd) == 1);
    cr_assert(net_set_nonblocking(fd, false) == 0 && net_is_nonblocking(fd) == 0);
    cr_assert(net_close(fd) == 0);
    cr_assert(net_close(fd) == -1 && errno == EBADF, "it is closed");
    cr_assert(net_is_nonblocking(fd) == -1 && errno == EBADF);
    cr_assert(net_shutdown(fd, SHUT_RD) == -1 && errno == EBADF);
}

Test(net_message, options_are_set_and_read)
{
    struct sockets_pair pair = sockets_tcp_pair();
    int value = 0;

    cr_assert(net_get_option(pair.client, IPPROTO_TCP, TCP_NODELAY, &value) == 0 && value == 1);
    cr_assert(net_set_option(pair.client, IPPROTO_TCP, TCP_NODELAY, 0) == 0);
    cr_assert(net_get_option(pair.client, IPPROTO_TCP, TCP_NODELAY, &value) == 0 && value == 0);
    cr_assert(net_set_option(pair.client, IPPROTO_TCP, 9999, 0) == -1 && errno == ENOPROTOOPT);
    cr_assert(net_get_option(pair.client, IPPROTO_TCP, 9999, &value) == -1 && errno == ENOPROTOOPT);
    sockets_close(&pair);
}

/* Whole ticks of every kernel (CONFIG_HZ of 100 and more) come back as they were. */
Test(net_message, time_outs_are_read_as_they_were_set)
{
    struct sockets_pair pair = sockets_tcp_pair();
    int64_t receive_ns = -1, send_ns = -1;

    cr_assert(net_timeouts_ns(pair.client, &receive_ns, &send_ns) == 0 && receive_ns == 0 && send_ns == 0);
    cr_assert(net_set_timeouts_ns(pair.client, 1500 * NS_PER_MS) == 0);
    cr_assert(net_timeouts_ns(pair.client, &receive_ns, &send_ns) == 0);
    cr_assert(receive_ns == 1500 * NS_PER_MS && send_ns == 1500 * NS_PER_MS);
    cr_assert(setsockopt(pair.client, SOL_SOCKET, SO_SNDTIMEO, &(struct timeval){2, 0},
                         sizeof(struct timeval)) == 0);
    cr_assert(net_timeouts_ns(pair.client, &receive_ns, &send_ns) == 0);
    cr_assert(receive_ns == 1500 * NS_PER_MS && send_ns == 2000 * NS_PER_MS, "each has its own");
    sockets_close(&pair);
    cr_assert(net_timeouts_ns(pair.client, &receive_ns, &send_ns) == -1 && errno == EBADF);
}

Test(net_message, a_shutdown_ends_the_side_it_names)
{
    struct sockets_pair pair = sockets_tcp_pair();
    char byte;

    cr_assert(net_shutdown(pair.client, SHUT_WR) == 0);
    cr_assert(net_receive(pair.server, &byte, 1) == 0);
    cr_assert(net_send(pair.server, "x", 1) == 1 && net_receive(pair.client, &byte, 1) == 1);
    cr_assert(net_shutdown(pair.client, SHUT_RD) == 0 && net_receive(pair.client, &byte, 1) == 0);
    sockets_close(&pair);
    int unconnected = socket(AF_INET, SOCK_STREAM, 0);
    cr_assert(net_shutdown(unconnected, SHUT_WR) == -1 && errno == ENOTCONN);
    close(unconnected);
}

/* ---- connecting, with the error number as the value ---- */

static struct net_address address_of(const struct net_endpoint *endpoint)
{
    struct net_address address;
    struct net_failure failure;

    cr_assert(net_resolve(endpoint, false, &address, 1, &failure) == 1);
    return address;
}

Test(net_message, connect_gives_its_error_number)
{
    struct net_endpoint bound;
    int listener = sockets_listen("tcp://127.0.0.1:0", 0, &bound);
    struct net_address remote = address_of(&bound);
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    cr_assert(net_connect_number(fd, &remote) == 0 && net_connect_number(fd, &remote) == EISCONN);
    close(fd);
    close(listener);
    fd = socket(AF_INET, SOCK_STREAM, 0);
    cr_assert(net_connect_number(fd, &remote) == ECONNREFUSED);
    close(fd);
    cr_assert(net_connect_number(fd, &remote) == EBADF);
}

static void *accept_later(void *listener)
{
    int fd;

    clock_sleep_ns(100 * NS_PER_MS);
    while (net_accept(*(int *)listener, false, &fd) == NET_ACCEPTED)
        close(fd);
    return NULL;
}

/* A Unix listener whose backlog is full keeps connect waiting, and signals come meanwhile. */
Test(net_message, connect_goes_on_after_signals)
{
    struct net_endpoint bound;
    int listener = sockets_listen(sockets_unix, 1, &bound), full = 0, fd;
    struct net_address remote = address_of(&bound);
    struct sockets_pester pester;
    pthread_t thread;

    while (full < 16 && net_connect_start(&remote, NULL) >= 0)
        full++;
    cr_assert(full < 16 && errno == EAGAIN);
    fd = socket(AF_UNIX, SOCK_STREAM, 0);
    cr_assert(pthread_create(&thread, NULL, accept_later, &listener) == 0);
    sockets_pester_start(&pester);
    cr_assert(net_connect_number(fd, &remote) == 0);
    cr_assert(sockets_pester_stop(&pester) > 0);
    shutdown(listener, SHUT_RDWR);
    pthread_join(thread, NULL);
    close(fd);
    close(listener);
}

/* ---- byte order ---- */

Test(net_message, numbers_have_the_byte_order_of_the_network)
{
    unsigned char bytes[7] = {0};

    net_put_16(bytes + 1, 0x1234); /* at an odd address, too */
    net_put_32(bytes + 3, 0xfedcba98);
    cr_assert(memcmp(bytes, "\0\x12\x34\xfe\xdc\xba\x98", 7) == 0);
    cr_assert(net_get_16(bytes + 1) == 0x1234 && net_get_32(bytes + 3) == 0xfedcba98);
}
