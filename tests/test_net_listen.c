/*
 * The servers' side of common/net: how a listening socket is set up.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "net.h"
#include "sockets.h"

TestSuite(net_listen, .timeout = 60);

static int listen_with(const struct net_endpoint *endpoint, struct net_listen_options options,
                       struct net_failure *failure)
{
    return net_listen(endpoint, &options, failure);
}

static int option_of(int fd, int level, int option)
{
    int value = -1;
    socklen_t size = sizeof(value);

    cr_assert(getsockopt(fd, level, option, &value, &size) == 0);
    return value;
}

/* ---- sockets ---- */

Test(net_listen, every_descriptor_is_close_on_exec_and_without_delay)
{
    struct net_endpoint bound;
    int listener = sockets_listen("tcp://127.0.0.1:0", 0, &bound);
    int client = sockets_connect(&bound), server = -1;
    const int all[] = {listener, client, (net_accept(listener, false, &server), server)};

    for (size_t i = 0; i < 3; i++) {
        cr_assert(fcntl(all[i], F_GETFD) == FD_CLOEXEC);
        cr_assert(option_of(all[i], IPPROTO_TCP, TCP_NODELAY) == 1);
        cr_assert(!(fcntl(all[i], F_GETFL) & O_NONBLOCK));
        close(all[i]);
    }
}

Test(net_listen, blocking_or_not_as_asked)
{
    struct net_endpoint endpoint = sockets_endpoint("tcp://127.0.0.1:0"), bound;
    struct net_failure failure;
    int listener = listen_with(&endpoint, (struct net_listen_options){.nonblocking = true}, &failure);
    int client, server = -1;

    cr_assert(net_local(listener, &bound) == 0);
    cr_assert(fcntl(listener, F_GETFL) & O_NONBLOCK);
    cr_assert(net_accept(listener, true, &server) == NET_ACCEPT_AGAIN && server == -1, "nobody waits");
    client = sockets_connect(&bound);
    cr_assert(net_accept(listener, true, &server) == NET_ACCEPTED);
    cr_assert(fcntl(server, F_GETFL) & O_NONBLOCK);
    close(client);
    close(server);
    client = sockets_connect(&bound);
    cr_assert(net_accept(listener, false, &server) == NET_ACCEPTED);
    cr_assert(!(fcntl(server, F_GETFL) & O_NONBLOCK), "the listener's flag is not inherited");
    close(client);
    close(server);
    close(listener);
}

/* How much an accepted connection takes while its client reads nothing. */
static size_t taken_unread(bool nonblocking)
{
    static const char zeros[16384];
    struct net_endpoint endpoint = sockets_endpoint("tcp://127.0.0.1:0"), bound;
    struct net_failure failure;
    int listener = listen_with(&endpoint, (struct net_listen_options){.nonblocking = nonblocking}, &failure);
    int server = -1;
    size_t taken = 0;
    ssize_t n;

    cr_assert(net_local(listener, &bound) == 0);
    int client = sockets_connect(&bound);
    while (net_accept(listener, true, &server) == NET_ACCEPT_AGAIN) {
    }
    while ((n = net_send(server, zeros, sizeof zeros)) > 0)
        taken += (size_t)n;
    cr_assert(errno == EAGAIN);
    close(client);
    close(server);
    close(listener);
    return taken;
}

/* What is on its way is what the client's window takes: the same for both. */
Test(net_listen, a_loops_connection_takes_little_that_its_client_does_not_read)
{
    size_t loop = taken_unread(true), blocking = taken_unread(false);

    cr_assert(loop + NET_UNSENT_MAX < blocking, "a loop's takes %zu, a blocking one's %zu", loop, blocking);
}

Test(net_listen, a_port_in_use_is_refused_by_name)
{
    struct net_endpoint bound;
    int listener = sockets_listen("tcp://127.0.0.1:0", 0, &bound);
    struct net_failure failure = {0};

    cr_assert(listen_with(&bound, (struct net_listen_options){0}, &failure) == -1);
    cr_assert(errno == EADDRINUSE && failure.error == EADDRINUSE);
    /* Linux lets two sockets bind a port with SO_REUSEADDR as long as none listens. */
    cr_assert(strcmp(failure.operation, "bind") == 0 || strcmp(failure.operation, "listen") == 0);
    cr_assert_str_eq(failure.reason, "Address already in use");
    close(listener);
}

Test(net_listen, an_address_of_another_machine_is_refused)
{
    struct net_endpoint endpoint = sockets_endpoint("tcp://192.0.2.1:0");
    struct net_failure failure = {0};

    cr_assert(listen_with(&endpoint, (struct net_listen_options){0}, &failure) == -1);
    cr_assert(failure.error == EADDRNOTAVAIL && strcmp(failure.operation, "bind") == 0);
}

Test(net_listen, no_descriptor_left_is_the_sockets_failure)
{
    struct net_endpoint endpoint = sockets_endpoint("tcp://127.0.0.1:0");
    struct net_failure failure = {0};
    struct rlimit limit;
    int next = dup(1);

    close(next);
    cr_assert(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    cr_assert(setrlimit(RLIMIT_NOFILE, &(struct rlimit){(rlim_t)next, limit.rlim_max}) == 0);
    cr_assert(listen_with(&endpoint, (struct net_listen_options){0}, &failure) == -1);
    cr_assert(setrlimit(RLIMIT_NOFILE, &limit) == 0);
    cr_assert(failure.error == EMFILE && strcmp(failure.operation, "socket") == 0);
}

Test(net_listen, a_failure_leaves_no_descriptor, .init = sockets_make_directory,
     .fini = sockets_remove_directory)
{
    struct net_endpoint bound, local;
    int listener = sockets_listen("tcp://127.0.0.1:0", 0, &bound),
        unix_listener = sockets_listen(sockets_unix, 0, &local);
    struct net_failure failure;
    int before = dup(1), after;

    close(before);
    cr_assert(listen_with(&bound, (struct net_listen_options){0}, &failure) == -1);
    cr_assert(listen_with(&local, (struct net_listen_options){0}, &failure) == -1);
    after = dup(1);
    close(after);
    cr_assert(after == before);
    close(listener);
    close(unix_listener);
}

Test(net_listen, one_port_for_several_only_when_all_ask)
{
    struct net_endpoint endpoint = sockets_endpoint("tcp://127.0.0.1:0"), bound;
    const struct net_listen_options shared = {.reuse_port = true};
    struct net_failure failure;
    int first = listen_with(&endpoint, shared, &failure), second;

    cr_assert(first >= 0 && net_local(first, &bound) == 0);
    second = listen_with(&bound, shared, &failure);
    cr_assert(second >= 0);
    cr_assert(listen_with(&bound, (struct net_listen_options){0}, &failure) == -1 &&
              failure.error == EADDRINUSE);
    close(first);
    close(second);
}

/* A server that closed first leaves TIME_WAIT behind, and its successor must not have to wait for it. */
Test(net_listen, the_port_is_free_again_at_once)
{
    struct net_endpoint bound;
    int listener = sockets_listen("tcp://127.0.0.1:0", 0, &bound), client = sockets_connect(&bound), server,
        again;
    struct net_failure failure = {0};

    cr_assert(net_accept(listener, false, &server) == NET_ACCEPTED);
    close(server);
    cr_assert(net_receive(client, (char[1]){0}, 1) == 0);
    close(client);
    close(listener);
    again = listen_with(&bound, (struct net_listen_options){0}, &failure);
    cr_assert(again >= 0, "cannot %s: %s", failure.operation, failure.reason);
    close(again);
}

Test(net_listen, any_takes_ipv6_and_ipv4)
{
    struct net_endpoint bound;
    int listener;

    if (!sockets_have_ipv6())
        cr_skip_test("no IPv6 here");
    listener = sockets_listen(":0", 0, &bound);
    cr_assert_str_eq(bound.host, "::");
    strcpy(bound.host, "::1");
    sockets_expect_reaches(&bound, listener);
    strcpy(bound.host, "127.0.0.1");
    sockets_expect_reaches(&bound, listener);
    *bound.host = '\0';
    sockets_expect_reaches(&bound, listener);
    close(listener);
}

static long somaxconn(void)
{
    FILE *file = fopen("/proc/sys/net/core/somaxconn", "re");
    long value = 0;

    cr_assert(file && fscanf(file, "%ld", &value) == 1);
    fclose(file);
    return value;
}

Test(net_listen, the_kernel_caps_the_backlog)
{
    int limit = (int)somaxconn();

    cr_assert(net_backlog_effective(1) == 1);
    cr_assert(net_backlog_effective(limit - 1) == limit - 1);
    cr_assert(net_backlog_effective(limit) == limit);
    cr_assert(net_backlog_effective(limit + 1) == limit);
    cr_assert(net_backlog_effective(-1) == limit, "the kernel takes it for a huge number");
    cr_assert(net_backlog_effective(0) == (NET_BACKLOG < limit ? NET_BACKLOG : limit));
}

/* As often as the file is read, no descriptor of it stays. */
Test(net_listen, asking_the_kernel_leaves_no_descriptor)
{
    int before = sockets_descriptors();

    net_backlog_effective(0);
    cr_assert(sockets_descriptors() == before);
}

/* "::" would take IPv4 as well and is not to be had, so the next address of the endpoint is tried. */
Test(net_listen, every_address_of_the_endpoint_is_tried)
{
    struct net_endpoint bound, endpoint = sockets_endpoint("tcp://:0");
    struct net_failure failure = {0};

    if (!sockets_have_ipv6())
        cr_skip_test("no IPv6 here");
    int six = sockets_listen("tcp6://[::]:0", 0, &bound);
    memcpy(endpoint.port, bound.port, sizeof endpoint.port);
    int four = listen_with(&endpoint, (struct net_listen_options){0}, &failure);
    cr_assert(four >= 0, "%s", failure.reason);
    cr_assert(net_local(four, &bound) == 0 && strcmp(bound.host, "0.0.0.0") == 0, "%s", bound.host);
    close(four);
    close(six);
}
