/*
 * What accept says: somebody came, nobody is there, we have run short, it is over. Each over TCP and
 * over a Unix socket where they could differ.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "clock.h"
#include "net.h"
#include "sockets.h"

TestSuite(net_accept, .timeout = 30, .init = sockets_make_directory, .fini = sockets_remove_directory);

static const char *transports(int i)
{
    return i == 0 ? "tcp://127.0.0.1:0" : sockets_unix;
}

static int connect_to(const struct net_endpoint *endpoint)
{
    struct net_failure failure = {0};
    int fd = net_connect(endpoint, 5 * NS_PER_S, &failure);

    cr_assert(fd >= 0, "cannot %s: %s", failure.operation, failure.reason);
    return fd;
}

/* ---- what an error number means ---- */

Test(net_accept, every_error_means_wait_run_short_or_over)
{
    static const struct {
        int error;
        enum net_accept_status status;
    } table[] = {
        {EAGAIN, NET_ACCEPT_AGAIN},    {EINTR, NET_ACCEPT_AGAIN},      {ECONNABORTED, NET_ACCEPT_AGAIN},
        {EMFILE, NET_ACCEPT_SHORT},    {ENFILE, NET_ACCEPT_SHORT},     {ENOBUFS, NET_ACCEPT_SHORT},
        {ENOMEM, NET_ACCEPT_SHORT},    {EINVAL, NET_ACCEPT_STOPPED},   {EBADF, NET_ACCEPT_STOPPED},
        {EPROTO, NET_ACCEPT_AGAIN},    {EPERM, NET_ACCEPT_AGAIN},      {EHOSTUNREACH, NET_ACCEPT_AGAIN},
        {ETIMEDOUT, NET_ACCEPT_AGAIN}, {ENOTSOCK, NET_ACCEPT_STOPPED},
    };

    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        cr_expect(net_accept_failed(table[i].error) == table[i].status, "%s: %d",
                  strerrorname_np(table[i].error), net_accept_failed(table[i].error));
}

/* ---- over ---- */

struct accepting {
    int listener;
    _Atomic int status;
};

enum { NOT_YET = 99 };

static void *accept_once(void *argument)
{
    struct accepting *accepting = argument;
    int fd;

    accepting->status = net_accept(accepting->listener, false, &fd);
    return NULL;
}

Test(net_accept, a_shutdown_ends_an_accept_that_waits_and_all_after_it)
{
    for (int i = 0; i < 2; i++) {
        struct accepting accepting = {sockets_listen(transports(i), 0, NULL), NOT_YET};
        pthread_t thread;
        int fd = -1;

        cr_assert(pthread_create(&thread, NULL, accept_once, &accepting) == 0);
        clock_sleep_ns(50 * NS_PER_MS);
        cr_assert(accepting.status == NOT_YET, "%s: it waits", transports(i));
        shutdown(accepting.listener, SHUT_RDWR);
        pthread_join(thread, NULL);
        cr_assert(accepting.status == NET_ACCEPT_STOPPED, "%s: %d", transports(i), accepting.status);
        cr_assert(net_accept(accepting.listener, true, &fd) == NET_ACCEPT_STOPPED && fd == -1);
        close(accepting.listener);
    }
}

Test(net_accept, a_shutdown_wakes_a_poller)
{
    for (int i = 0; i < 2; i++) {
        int listener = sockets_listen(transports(i), 0, NULL), fd;
        struct pollfd waiting = {listener, POLLIN, 0};

        cr_assert(net_set_nonblocking(listener, true) == 0);
        cr_assert(poll(&waiting, 1, 0) == 0);
        shutdown(listener, SHUT_RDWR);
        cr_assert(poll(&waiting, 1, 5000) == 1, "%s", transports(i));
        cr_assert(net_accept(listener, true, &fd) == NET_ACCEPT_STOPPED);
        close(listener);
    }
}

Test(net_accept, what_is_no_listening_socket_is_over_too)
{
    struct sockets_pair pair = sockets_tcp_pair();
    int pipes[2], fd;

    cr_assert(pipe2(pipes, O_CLOEXEC) == 0);
    cr_assert(net_accept(pair.client, false, &fd) == NET_ACCEPT_STOPPED, "a connected socket");
    cr_assert(net_accept(pipes[0], false, &fd) == NET_ACCEPT_STOPPED, "a pipe");
    close(pipes[0]);
    cr_assert(net_accept(pipes[0], false, &fd) == NET_ACCEPT_STOPPED, "a closed descriptor");
    close(pipes[1]);
    sockets_close(&pair);
}

/* ---- short ---- */

Test(net_accept, without_a_descriptor_it_is_short_and_the_client_keeps_waiting)
{
    for (int i = 0; i < 2; i++) {
        struct net_endpoint bound;
        int listener = sockets_listen(transports(i), 0, &bound), client = connect_to(&bound), server = dup(1);
        struct rlimit limit;

        close(server);
        cr_assert(getrlimit(RLIMIT_NOFILE, &limit) == 0);
        cr_assert(setrlimit(RLIMIT_NOFILE, &(struct rlimit){(rlim_t)server, limit.rlim_max}) == 0);
        for (int again = 0; again < 3; again++)
            cr_expect(net_accept(listener, true, &server) == NET_ACCEPT_SHORT, "%s", transports(i));
        cr_assert(setrlimit(RLIMIT_NOFILE, &limit) == 0);
        cr_assert(net_accept(listener, false, &server) == NET_ACCEPTED, "%s: it was not dropped",
                  transports(i));
        cr_assert(net_send_all(client, "hello", 5) == 0 && net_receive(server, (char[8]){0}, 8) == 5);
        close(client);
        close(server);
        close(listener);
    }
}

/* ---- not an error ---- */

Test(net_accept, a_signal_is_reported_so_that_the_caller_can_look_around)
{
    for (int i = 0; i < 2; i++) {
        int listener = sockets_listen(transports(i), 0, NULL), fd = -1;
        struct sockets_pester pester;
        enum net_accept_status status;

        sockets_pester_start(&pester);
        status = net_accept(listener, false, &fd);
        cr_assert(sockets_pester_stop(&pester) > 0);
        cr_assert(status == NET_ACCEPT_AGAIN && fd == -1, "%s: %d", transports(i), status);
        close(listener);
    }
}

Test(net_accept, a_client_that_reset_before_it_was_accepted_harms_nobody)
{
    struct net_endpoint bound;
    int listener = sockets_listen("tcp://127.0.0.1:0", 0, &bound), gone = connect_to(&bound), client,
        server = -1;
    enum net_accept_status status;

    cr_assert(net_set_nonblocking(listener, true) == 0);
    cr_assert(net_set_reset_on_close(gone) == 0);
    close(gone);
    client = connect_to(&bound);
    status = net_accept(listener, false, &server);
    cr_assert(status == NET_ACCEPTED || status == NET_ACCEPT_AGAIN);
    /* Linux hands the dead connection over, and reading it says what happened. accept(2) */
    if (status == NET_ACCEPTED) {
        cr_assert(net_receive(server, (char[1]){0}, 1) == -1 && errno == ECONNRESET);
        close(server);
    }
    cr_assert(net_accept(listener, false, &server) == NET_ACCEPTED);
    cr_assert(net_accept(listener, false, &(int){0}) == NET_ACCEPT_AGAIN);
    close(server);
    close(client);
    close(listener);
}
