/*
 * The servers' side of common/net: how a listening socket is set up, who gets a Unix socket file, and
 * what accept makes of trouble.
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

enum { RIVALS = 6, ROUNDS = 20, NOBODY = 65534 };

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

static int connect_to(const struct net_endpoint *endpoint)
{
    struct net_failure failure = {0};
    int fd = net_connect(endpoint, 5 * NS_PER_S, &failure);

    cr_assert(fd >= 0, "cannot %s: %s", failure.operation, failure.reason);
    return fd;
}

/* Whether somebody listens there and gets the connection that is made now. */
static void expect_reaches(const struct net_endpoint *endpoint, int listener)
{
    int client = connect_to(endpoint), server = -1;

    cr_assert(net_accept(listener, false, &server) == NET_ACCEPTED);
    cr_assert(net_send(client, "x", 1) == 1);
    cr_assert(net_receive(server, (char[1]){0}, 1) == 1);
    close(client);
    close(server);
}

/* ---- sockets ---- */

Test(net_listen, every_descriptor_is_close_on_exec_and_without_delay)
{
    struct net_endpoint bound;
    int listener = sockets_listen("tcp://127.0.0.1:0", 0, &bound);
    int client = connect_to(&bound), server = -1;
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
    client = connect_to(&bound);
    cr_assert(net_accept(listener, true, &server) == NET_ACCEPTED);
    cr_assert(fcntl(server, F_GETFL) & O_NONBLOCK);
    close(client);
    close(server);
    client = connect_to(&bound);
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
    int client = connect_to(&bound);
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
    int listener = sockets_listen("tcp://127.0.0.1:0", 0, &bound), client = connect_to(&bound), server, again;
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
    expect_reaches(&bound, listener);
    strcpy(bound.host, "127.0.0.1");
    expect_reaches(&bound, listener);
    *bound.host = '\0';
    expect_reaches(&bound, listener);
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

/* ---- Unix socket files ---- */

TestSuite(net_listen_unix, .timeout = 60, .init = sockets_make_directory, .fini = sockets_remove_directory);

Test(net_listen_unix, a_file_left_behind_is_taken_over)
{
    struct net_endpoint endpoint;
    int old = sockets_listen(sockets_unix, 0, &endpoint), new;

    close(old);
    cr_assert(access(sockets_path, F_OK) == 0, "close leaves the file");
    new = sockets_listen(sockets_unix, 0, NULL);
    expect_reaches(&endpoint, new);
    close(new);
}

static void expect_refused(struct net_endpoint *endpoint, const char *reason)
{
    struct net_failure failure = {0};

    errno = 0;
    cr_assert(listen_with(endpoint, (struct net_listen_options){0}, &failure) == -1);
    cr_assert(errno == EADDRINUSE && failure.error == EADDRINUSE, "%s", failure.reason);
    cr_assert_str_eq(failure.operation, "bind");
    cr_assert_str_eq(failure.reason, reason);
}

Test(net_listen_unix, a_live_owner_keeps_it)
{
    struct net_endpoint endpoint;
    int owner = sockets_listen(sockets_unix, 0, &endpoint), probe = -1;

    expect_refused(&endpoint, "Address already in use");
    cr_assert(net_accept(owner, false, &probe) == NET_ACCEPTED, "the probe was seen");
    cr_assert(net_receive(probe, (char[1]){0}, 1) == 0, "and has left");
    close(probe);
    expect_reaches(&endpoint, owner);
    close(owner);
}

Test(net_listen_unix, a_live_owner_with_a_full_backlog_keeps_it)
{
    struct net_endpoint endpoint;
    int owner = sockets_listen(sockets_unix, 1, &endpoint), clients[8], count = 0;
    struct net_address address;
    struct net_failure failure;

    cr_assert(net_resolve(&endpoint, false, &address, 1, &failure) == 1);
    while (count < 8 && (clients[count] = net_connect_start(&address, NULL)) >= 0)
        count++;
    cr_assert(count < 8 && errno == EAGAIN, "the backlog is full after %d", count);
    expect_refused(&endpoint, "Address already in use");
    while (count > 0)
        close(clients[--count]);
    close(owner);
}

Test(net_listen_unix, a_directory_that_may_not_be_written_is_refused)
{
    struct net_endpoint endpoint = sockets_endpoint(sockets_unix);
    struct net_failure failure = {0};
    char *slash = strrchr(endpoint.path, '/');

    *slash = '\0';
    cr_assert(chmod(endpoint.path, 0555) == 0);
    *slash = '/';
    if (geteuid() == 0)
        cr_assert(seteuid(NOBODY) == 0);
    cr_assert(listen_with(&endpoint, (struct net_listen_options){0}, &failure) == -1);
    cr_assert(failure.error == EACCES, "%s: %s", failure.operation, failure.reason);
    if (getuid() == 0)
        cr_assert(seteuid(0) == 0);
    *slash = '\0';
    chmod(endpoint.path, 0700);
}

Test(net_listen_unix, a_file_that_is_no_socket_is_left_alone)
{
    struct net_endpoint endpoint = sockets_endpoint(sockets_unix);
    FILE *file = fopen(sockets_path, "w+e");
    char text[16] = "";

    cr_assert(file && fputs("precious", file) >= 0 && fflush(file) == 0);
    expect_refused(&endpoint, "a file that is not a socket stands there");
    rewind(file);
    cr_assert(fgets(text, sizeof(text), file) && strcmp(text, "precious") == 0);
    cr_assert(access(sockets_path, F_OK) == 0);
    fclose(file);
}

Test(net_listen_unix, a_symbolic_link_is_left_alone)
{
    struct net_endpoint endpoint = sockets_endpoint(sockets_unix);
    struct stat file;

    cr_assert(symlink("nowhere", sockets_path) == 0);
    expect_refused(&endpoint, "a file that is not a socket stands there");
    cr_assert(lstat(sockets_path, &file) == 0 && S_ISLNK(file.st_mode));
}

Test(net_listen_unix, a_directory_that_is_not_there_is_named)
{
    struct net_endpoint endpoint = sockets_endpoint("unix:/no/such/directory/socket");
    struct net_failure failure = {0};

    cr_assert(listen_with(&endpoint, (struct net_listen_options){0}, &failure) == -1);
    cr_assert(failure.error == ENOENT && strcmp(failure.operation, "bind") == 0);
}

Test(net_listen_unix, the_longest_path_works_and_a_longer_one_is_no_endpoint)
{
    struct net_endpoint endpoint = sockets_endpoint(sockets_unix);
    char text[NET_PATH_MAX + 8];
    int listener;

    memset(endpoint.path + strlen(endpoint.path), 'x', NET_PATH_MAX - 1 - strlen(endpoint.path));
    snprintf(text, sizeof(text), "unix:%.107s", endpoint.path);
    listener = sockets_listen(text, 0, &endpoint);
    cr_assert(strlen(endpoint.path) == NET_PATH_MAX - 1 && strcmp(endpoint.path, text + 5) == 0);
    expect_reaches(&endpoint, listener);
    close(listener);
    unlink(endpoint.path);
    strcat(text, "x");
    cr_assert(net_endpoint_parse(text, &endpoint) != NULL);
}

/* While somebody else holds the directory's lock a free path still works; only nothing is taken over. */
Test(net_listen_unix, without_the_lock_nothing_is_taken_over)
{
    struct net_endpoint endpoint;
    int lock = open(sockets_directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int64_t start_ns = clock_now_ns();
    int first;

    cr_assert(lock >= 0 && flock(lock, LOCK_EX) == 0);
    first = sockets_listen(sockets_unix, 0, &endpoint);
    close(first);
    expect_refused(&endpoint, "Address already in use");
    cr_assert(clock_now_ns() - start_ns < 10 * NS_PER_S, "the wait is bounded");
    close(lock);
    close(sockets_listen(sockets_unix, 0, NULL));
}

static void *rival(void *result)
{
    struct net_endpoint endpoint = sockets_endpoint(sockets_unix);
    struct net_failure failure;

    *(int *)result = listen_with(&endpoint, (struct net_listen_options){0}, &failure);
    return NULL;
}

/* Of several that find one stale file at the same time exactly one gets it, and it can be reached. */
Test(net_listen_unix, rivals_for_a_stale_file_do_not_remove_each_others)
{
    struct net_endpoint endpoint;

    close(sockets_listen(sockets_unix, 0, &endpoint));
    for (int round = 0; round < ROUNDS; round++) {
        pthread_t threads[RIVALS];
        int results[RIVALS], winner = -1;

        for (int i = 0; i < RIVALS; i++)
            cr_assert(pthread_create(&threads[i], NULL, rival, &results[i]) == 0);
        for (int i = 0; i < RIVALS; i++) {
            pthread_join(threads[i], NULL);
            cr_assert(results[i] < 0 || winner < 0, "two winners in round %d", round);
            winner = results[i] >= 0 ? results[i] : winner;
        }
        cr_assert(winner >= 0, "no winner in round %d", round);
        cr_assert(net_set_nonblocking(winner, true) == 0);
        for (int probe; net_accept(winner, false, &probe) == NET_ACCEPTED;)
            close(probe);
        cr_assert(net_set_nonblocking(winner, false) == 0);
        expect_reaches(&endpoint, winner);
        close(winner);
    }
}
