/*
 * The clients' side of common/net: connecting in time, in vain, among signals, and through several
 * addresses.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/tcp.h> /* its tcp_info is longer than that of netinet/tcp.h */
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "clock.h"
#include "net.h"
#include "sockets.h"

enum { CROWD_MAX = 16, SIGNALS = 10 };

TestSuite(net_connect, .timeout = 60);

static struct net_address address_of(const struct net_endpoint *endpoint)
{
    struct net_address address;
    struct net_failure failure;

    cr_assert(net_resolve(endpoint, false, &address, 1, &failure) == 1);
    return address;
}

/* A port on which nobody listens, nor can: this test has it, bound and no more. */
static struct net_endpoint nobodys_endpoint(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct net_endpoint endpoint;

    cr_assert(fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0);
    cr_assert(net_local(fd, &endpoint) == 0);
    return endpoint;
}

/* ---- waiting ---- */

Test(net_connect, a_refused_connection_says_so)
{
    struct net_endpoint endpoint = nobodys_endpoint();
    struct net_failure failure = {0};
    int64_t start_ns = clock_now_ns();

    cr_assert(net_connect(&endpoint, 10 * NS_PER_S, &failure) == -1);
    cr_assert(errno == ECONNREFUSED && failure.error == ECONNREFUSED);
    cr_assert_str_eq(failure.operation, "connect");
    cr_assert_str_eq(failure.reason, "Connection refused");
    cr_assert(clock_now_ns() - start_ns < 5 * NS_PER_S);
}

Test(net_connect, a_connected_socket_has_no_time_out_left)
{
    struct sockets_pair pair = sockets_tcp_pair();
    struct timeval timeout = {1, 1};
    socklen_t size = sizeof(timeout);

    cr_assert(getsockopt(pair.client, SOL_SOCKET, SO_SNDTIMEO, &timeout, &size) == 0);
    cr_assert(timeout.tv_sec == 0 && timeout.tv_usec == 0);
    cr_assert(getsockopt(pair.client, SOL_SOCKET, SO_RCVTIMEO, &timeout, &size) == 0);
    cr_assert(timeout.tv_sec == 0 && timeout.tv_usec == 0);
    sockets_close(&pair);
}

/* Of "no host" the resolver makes ::1 and 127.0.0.1; whichever comes first, the other is tried too. */
Test(net_connect, all_addresses_of_a_name_are_tried)
{
    static const char *const only[] = {"tcp://127.0.0.1:0", "tcp://[::1]:0"};

    if (!sockets_have_ipv6())
        cr_skip_test("one address only: no IPv6 here");
    for (size_t i = 0; i < 2; i++) {
        struct net_endpoint bound;
        int listener = sockets_listen(only[i], 0, &bound), client;
        struct net_failure failure = {0};

        *bound.host = '\0';
        client = net_connect(&bound, NS_PER_S, &failure);
        cr_assert(client >= 0, "%s: cannot %s: %s", only[i], failure.operation, failure.reason);
        close(client);
        close(listener);
    }
}

/* Fills the backlog of a listening socket until nobody gets in any more. Returns how long that took. */
static int64_t connect_until_full(const struct net_endpoint *endpoint, int64_t timeout_ns)
{
    for (int i = 0; i < CROWD_MAX; i++) {
        struct net_failure failure = {0};
        int64_t start_ns = clock_now_ns();

        if (net_connect(endpoint, timeout_ns, &failure) >= 0)
            continue;
        cr_assert(errno == ETIMEDOUT && failure.error == ETIMEDOUT, "%s: %s", failure.operation,
                  failure.reason);
        cr_assert_str_eq(failure.operation, "connect");
        return clock_now_ns() - start_ns;
    }
    cr_assert_fail("a backlog of 1 took %d connections", CROWD_MAX);
    return 0;
}

/* The kernel counts these time-outs in ticks of up to 10 ms, the first of which has begun already. */
static void check_time_out(const char *text)
{
    struct net_endpoint bound;
    int listener = sockets_listen(text, 1, &bound);
    int64_t took_ns = connect_until_full(&bound, 200 * NS_PER_MS);

    cr_assert(took_ns >= 190 * NS_PER_MS && took_ns < 5 * NS_PER_S, "%jd ns", (intmax_t)took_ns);
    close(listener);
}

Test(net_connect, connect_gives_up_in_time_tcp)
{
    check_time_out("tcp://127.0.0.1:0");
}

Test(net_connect, connect_gives_up_in_time_unix, .init = sockets_make_directory,
     .fini = sockets_remove_directory)
{
    check_time_out(sockets_unix);
}

Test(net_connect, connect_gives_up_in_time_among_signals, .init = sockets_make_directory,
     .fini = sockets_remove_directory)
{
    struct sockets_pester pester;

    sockets_pester_start(&pester);
    check_time_out("tcp://127.0.0.1:0");
    check_time_out(sockets_unix);
    cr_assert(sockets_pester_stop(&pester) > 0);
}

static void *make_room_later(void *listener)
{
    int fd;

    sockets_pester_wait(SIGNALS);
    net_accept(*(int *)listener, false, &fd);
    return NULL;
}

/* Interrupted while it waits for room in the backlog, the same attempt goes on and succeeds. */
static void check_interrupted(const char *text)
{
    struct net_endpoint bound;
    struct net_failure failure = {0};
    int listener = sockets_listen(text, 1, &bound), client;
    struct sockets_pester pester;
    pthread_t thread;

    connect_until_full(&bound, 300 * NS_PER_MS);
    sockets_pester_start(&pester);
    cr_assert(pthread_create(&thread, NULL, make_room_later, &listener) == 0);
    client = net_connect(&bound, 10 * NS_PER_S, &failure);
    cr_assert(client >= 0, "cannot %s: %s", failure.operation, failure.reason);
    pthread_join(thread, NULL);
    cr_assert(sockets_pester_stop(&pester) >= SIGNALS);
    close(client);
    close(listener);
}

Test(net_connect, connect_survives_signals_tcp)
{
    check_interrupted("tcp://127.0.0.1:0");
}

Test(net_connect, connect_survives_signals_unix, .init = sockets_make_directory,
     .fini = sockets_remove_directory)
{
    check_interrupted(sockets_unix);
}

Test(net_connect, a_missing_unix_socket_is_no_such_file)
{
    struct net_endpoint endpoint = sockets_endpoint("unix:/no/such/socket");
    struct net_failure failure = {0};

    cr_assert(net_connect(&endpoint, NS_PER_S, &failure) == -1);
    cr_assert(failure.error == ENOENT && strcmp(failure.operation, "connect") == 0);
}

/* ---- without waiting ---- */

Test(net_connect, a_started_connection_tells_when_it_stands)
{
    struct net_endpoint bound, local, from = sockets_endpoint("127.0.0.3:0");
    int listener = sockets_listen("tcp://127.0.0.1:0", 0, &bound);
    struct net_address remote = address_of(&bound), source = address_of(&from);
    int client = net_connect_start(&remote, &source);
    struct pollfd waiting = {client, POLLOUT, 0};
    int late = 0;

    cr_assert(client >= 0);
    cr_assert(fcntl(client, F_GETFL) & O_NONBLOCK);
    cr_assert(fcntl(client, F_GETFD) == FD_CLOEXEC);
    cr_assert(poll(&waiting, 1, 5000) == 1 && net_connect_error(client) == 0);
    cr_assert(net_local(client, &local) == 0 && strcmp(local.host, "127.0.0.3") == 0);
    cr_assert(net_get_option(client, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &late) == 0 && late == 1);
    close(client);
    close(listener);
}

/* How many segments a connection has sent when connect(2) has returned: over loopback it is there by then. */
static unsigned segments_of_a_handshake(const struct net_address *remote, bool speaks_first)
{
    struct tcp_info info = {0};
    socklen_t size = sizeof(info);
    int client = net_connect_start_how(remote, &(struct net_connect_how){.speaks_first = speaks_first});

    cr_assert(client >= 0);
    cr_assert(getsockopt(client, IPPROTO_TCP, TCP_INFO, &info, &size) == 0);
    close(client);
    return info.tcpi_segs_out;
}

Test(net_connect, who_speaks_first_sends_no_ack_before)
{
    struct net_endpoint endpoint;
    int listener = sockets_listen("tcp://127.0.0.1:0", 0, &endpoint);
    struct net_address remote = address_of(&endpoint);

    cr_assert(segments_of_a_handshake(&remote, false) == 2, "SYN and ACK");
    cr_assert(segments_of_a_handshake(&remote, true) == 1, "SYN; the ACK waits");
    close(listener);
}

Test(net_connect, a_started_connection_tells_when_it_was_refused)
{
    struct net_endpoint endpoint = nobodys_endpoint();
    struct net_address remote = address_of(&endpoint);
    int client = net_connect_start(&remote, NULL);
    struct pollfd waiting = {client, POLLOUT, 0};

    if (client < 0) {
        cr_assert(errno == ECONNREFUSED);
        return;
    }
    cr_assert(poll(&waiting, 1, 5000) == 1 && net_connect_error(client) == ECONNREFUSED);
    close(client);
    cr_assert(net_connect_error(client) == EBADF);
}

Test(net_connect, a_source_that_is_not_ours_is_refused)
{
    struct net_endpoint endpoint = nobodys_endpoint(), from = sockets_endpoint("192.0.2.1:0");
    struct net_address remote = address_of(&endpoint), source = address_of(&from);
    int before = dup(1), after;

    close(before);
    cr_assert(net_connect_start(&remote, &source) == -1 && errno == EADDRNOTAVAIL);
    after = dup(1);
    close(after);
    cr_assert(before == after, "no descriptor stays behind");
}

Test(net_connect, a_start_that_fails_leaves_no_descriptor)
{
    struct net_endpoint endpoint = sockets_endpoint("unix:/nonexistent/socket");
    struct net_address remote = address_of(&endpoint);
    int before = sockets_descriptors();

    cr_assert(net_connect_start(&remote, NULL) == -1 && errno == ENOENT);
    cr_assert(sockets_descriptors() == before);
}

/* What is not read stays with the sender, from the first byte on: that is what the small buffer is for. */
Test(net_connect, a_small_buffer_takes_little)
{
    enum { SMALL = 4096 };
    struct net_endpoint bound;
    int listener = sockets_listen("tcp://127.0.0.1:0", 0, &bound), plain, small, server = -1;
    struct net_address remote = address_of(&bound);
    int usual = 0, size = 0;

    plain = net_connect_start(&remote, NULL);
    small = net_connect_start_how(&remote, &(struct net_connect_how){.receive_buffer = SMALL});
    cr_assert(plain >= 0 && small >= 0 && poll(&(struct pollfd){small, POLLOUT, 0}, 1, 5000) == 1);
    cr_assert(net_get_option(plain, SOL_SOCKET, SO_RCVBUF, &usual) == 0);
    cr_assert(net_get_option(small, SOL_SOCKET, SO_RCVBUF, &size) == 0);
    cr_assert(size >= SMALL && size < usual, "%d of usually %d", size, usual);
    for (int i = 0; i < 2; i++)
        cr_assert(net_accept(listener, true, &server) == NET_ACCEPTED);
    close(plain);
    close(small);
    close(server);
    close(listener);
}
