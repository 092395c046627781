/*
 * Who gets the file of a Unix socket: its owner while it lives, whoever asks first afterwards.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "net.h"
#include "sockets.h"

enum { RIVALS = 6, ROUNDS = 20, NOBODY = 65534 };

TestSuite(net_listen_unix, .timeout = 60, .init = sockets_make_directory, .fini = sockets_remove_directory);

static int listen_with(const struct net_endpoint *endpoint, struct net_listen_options options,
                       struct net_failure *failure)
{
    return net_listen(endpoint, &options, failure);
}

Test(net_listen_unix, a_file_left_behind_is_taken_over)
{
    struct net_endpoint endpoint;
    int old = sockets_listen(sockets_unix, 0, &endpoint), new;

    close(old);
    cr_assert(access(sockets_path, F_OK) == 0, "close leaves the file");
    new = sockets_listen(sockets_unix, 0, NULL);
    sockets_expect_reaches(&endpoint, new);
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
    sockets_expect_reaches(&endpoint, owner);
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
    sockets_expect_reaches(&endpoint, listener);
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
        sockets_expect_reaches(&endpoint, winner);
        close(winner);
    }
}
