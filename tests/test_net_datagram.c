/*
 * Datagrams over real sockets: whole or not there, empty ones too; who sent them, which address was
 * asked; peers that are not there; and who may bind where.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "net.h"
#include "sockets.h"

TestSuite(net_datagram, .timeout = 30, .init = sockets_make_directory, .fini = sockets_remove_directory);

enum { LARGEST = 65507, SIGNALS = 10 }; /* LARGEST: 65535 less the headers of IPv4 and UDP */

/* Abstract names are the whole machine's: other tests, and other runs of this one, have names of their own.
 */
static const char *abstract_name(void)
{
    static char name[SOCKETS_PATH_MAX];

    snprintf(name, sizeof name, "@tenk-test-datagram-%d", (int)getpid());
    return name;
}

static const char *transports(int i)
{
    static char text[SOCKETS_PATH_MAX + 16];

    snprintf(text, sizeof text, "unixdgram:%s", i == 1 ? sockets_path : abstract_name());
    return i == 0 ? "udp://127.0.0.1:0" : text;
}

enum { TRANSPORTS = 3 };

/* The client's datagram comes to the server as it is, and the answer goes back to whom it came from. */
static void check_there_and_back(int server, int client, const char *bytes, size_t size)
{
    static char got[NET_DATAGRAM_MAX];
    struct net_address from;

    cr_assert(net_send(client, bytes, size) == (ssize_t)size);
    cr_assert(net_receive_from(server, got, sizeof got, &from) == (ssize_t)size);
    cr_assert(memcmp(got, bytes, size) == 0 && from.length > 0);
    cr_assert(net_send_to(server, got, size, &from) == (ssize_t)size);
    memset(got, 0, sizeof got);
    cr_assert(net_receive(client, got, sizeof got) == (ssize_t)size && memcmp(got, bytes, size) == 0);
}

Test(net_datagram, all_lengths_come_whole_and_can_be_answered)
{
    static const size_t sizes[] = {0, 1, 1472, 1473, 9000, LARGEST};
    char *bytes = malloc(LARGEST);

    for (size_t i = 0; i < LARGEST; i++)
        bytes[i] = (char)(i * 7 + i / 251);
    for (int t = 0; t < TRANSPORTS; t++) {
        struct net_endpoint bound;
        int server = sockets_bind(transports(t), &bound), client = sockets_connect(&bound);

        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
            check_there_and_back(server, client, bytes, sizes[i]);
        close(client);
        close(server);
        unlink(sockets_path);
    }
    free(bytes);
}

Test(net_datagram, one_that_is_too_long_is_refused_and_nothing_of_it_sent)
{
    struct net_endpoint bound;
    int server = sockets_bind("udp://127.0.0.1:0", &bound), client = sockets_connect(&bound);
    char *bytes = calloc(1, LARGEST + 1);

    cr_assert(net_send(client, bytes, LARGEST + 1) == -1 && errno == EMSGSIZE);
    cr_assert(net_set_nonblocking(server, true) == 0);
    cr_assert(net_receive_from(server, bytes, LARGEST, NULL) == -1 && errno == EAGAIN);
    free(bytes);
    close(client);
    close(server);
}

Test(net_datagram, a_cut_off_end_shows_in_the_length)
{
    for (int t = 0; t < TRANSPORTS; t++) {
        struct net_endpoint bound;
        int server = sockets_bind(transports(t), &bound), client = sockets_connect(&bound);
        char bytes[4];

        cr_assert(net_send(client, "hello", 5) == 5 && net_send(client, "next", 4) == 4);
        cr_assert(net_receive_from(server, bytes, 4, NULL) == 5, "%s", transports(t));
        cr_assert(memcmp(bytes, "hell", 4) == 0);
        cr_assert(net_receive_from(server, bytes, 4, NULL) == 4 && memcmp(bytes, "next", 4) == 0,
                  "the rest of the first is gone");
        close(client);
        close(server);
        unlink(sockets_path);
    }
}

Test(net_datagram, the_sender_has_an_address_that_can_be_read)
{
    struct net_endpoint bound, from, client_end;
    int server = sockets_bind("udp://127.0.0.1:0", &bound), client = sockets_connect(&bound);
    struct net_address address;
    char text[NET_TEXT_MAX], client_text[NET_TEXT_MAX];

    cr_assert(net_send(client, "x", 1) == 1);
    cr_assert(net_receive_from(server, text, 1, &address) == 1);
    cr_assert(net_address_describe(&address, NET_UDP, &from) == 0 && net_local(client, &client_end) == 0);
    cr_assert_str_eq(net_endpoint_format(&from, text), net_endpoint_format(&client_end, client_text));
    cr_assert(bound.transport == NET_UDP && strncmp(text, "udp://127.0.0.1:", 16) == 0);
    close(client);
    close(server);
}

/* Without a name the answer would have nowhere to go: unix(7) makes one up. */
Test(net_datagram, a_unix_client_gets_a_name_and_a_nameless_sender_is_told_as_such)
{
    struct net_endpoint bound, name;
    int server = sockets_bind(transports(1), &bound), client = sockets_connect(&bound);
    int nameless = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct net_address address, from = {.length = 99};
    struct net_failure failure;

    cr_assert(net_local(client, &name) == 0 && name.path[0] == '@' && name.path[1] != '\0');
    cr_assert(bound.transport == NET_UNIXDGRAM && name.transport == NET_UNIXDGRAM);
    cr_assert(net_resolve(&bound, false, &address, 1, &failure) == 1);
    cr_assert(net_send_to(nameless, "who", 3, &address) == 3);
    cr_assert(net_receive_from(server, (char[4]){0}, 4, &from) == 3 && from.length == 0);
    cr_assert(net_address_describe(&from, NET_UNIXDGRAM, &name) == 0 && name.path[0] == '\0');
    close(nameless);
    close(client);
    close(server);
}

/* ---- nobody there ---- */

/* ICMP tells the connected sender, at its next call; then the socket goes on as if nothing had been. */
Test(net_datagram, nobody_there_is_told_once_and_survived)
{
    struct net_endpoint bound;
    int server = sockets_bind("udp://127.0.0.1:0", &bound), client = sockets_connect(&bound);
    struct net_failure failure = {0};
    char byte;

    close(server);
    cr_assert(net_set_timeouts_ns(client, 5 * NS_PER_S) == 0);
    cr_assert(net_send(client, "x", 1) == 1, "sending does not know yet");
    cr_assert(net_receive(client, &byte, 1) == -1 && errno == ECONNREFUSED);
    server = net_bind(&bound, &(struct net_listen_options){0}, &failure);
    cr_assert(server >= 0, "%s", failure.reason);
    check_there_and_back(server, client, "again", 5);
    close(server);
    close(client);
}

Test(net_datagram, a_unix_receiver_that_left_is_told_at_once)
{
    struct net_endpoint bound;
    int server = sockets_bind(transports(1), &bound), client = sockets_connect(&bound);

    close(server);
    cr_assert(net_send(client, "x", 1) == -1 && errno == ECONNREFUSED);
    close(client);
}

Test(net_datagram, a_full_unix_receiver_makes_the_sender_wait)
{
    struct net_endpoint bound;
    int server = sockets_bind(transports(1), &bound), client = sockets_connect(&bound), sent = 0;

    cr_assert(net_set_nonblocking(client, true) == 0);
    while (sent < 100000 && net_send(client, "x", 1) == 1)
        sent++;
    cr_assert(sent > 0 && sent < 100000 && errno == EAGAIN, "after %d: %s", sent, strerror(errno));
    for (int i = 0; i < sent; i++)
        cr_assert(net_receive_from(server, (char[1]){0}, 1, NULL) == 1, "none was lost");
    close(client);
    close(server);
}

/* ---- signals, time-outs, the end ---- */

static void *make_room_later(void *fd)
{
    sockets_pester_wait(SIGNALS);
    cr_expect(net_receive_from(*(int *)fd, (char[1]){0}, 1, NULL) == 1);
    return NULL;
}

Test(net_datagram, a_sender_that_waits_goes_on_after_signals)
{
    struct net_endpoint bound;
    struct net_address to;
    struct net_failure failure;
    struct sockets_pester pester;
    int server = sockets_bind(transports(1), &bound), client = sockets_connect(&bound);
    pthread_t thread;

    cr_assert(net_resolve(&bound, false, &to, 1, &failure) == 1);
    cr_assert(net_set_nonblocking(client, true) == 0);
    while (net_send(client, "x", 1) == 1)
        continue;
    cr_assert(errno == EAGAIN && net_set_nonblocking(client, false) == 0);
    sockets_pester_start(&pester);
    cr_assert(pthread_create(&thread, NULL, make_room_later, &server) == 0);
    cr_assert(net_send_to(client, "y", 1, &to) == 1, "%s", strerror(errno));
    pthread_join(thread, NULL);
    cr_assert(sockets_pester_stop(&pester) >= SIGNALS);
    close(client);
    close(server);
}

Test(net_datagram, signals_do_not_end_a_wait_and_time_outs_do)
{
    int server = sockets_bind("udp://127.0.0.1:0", NULL);
    struct sockets_pester pester;
    int64_t start_ns = clock_now_ns();

    /* Each restart begins the time-out anew, so the signals have to stop for it to come. */
    cr_assert(net_set_timeouts_ns(server, 100 * NS_PER_MS) == 0);
    cr_assert(net_receive_from(server, (char[1]){0}, 1, NULL) == -1 && errno == EAGAIN);
    cr_assert(clock_now_ns() - start_ns >= 90 * NS_PER_MS);
    struct net_endpoint bound;
    cr_assert(net_local(server, &bound) == 0 && net_set_timeouts_ns(server, 0) == 0);
    int client = sockets_connect(&bound);
    sockets_pester_start(&pester);
    for (int i = 0; i < 200; i++)
        check_there_and_back(server, client, "among signals", 13);
    clock_sleep_ns(50 * NS_PER_MS);
    sockets_pester_stop(&pester);
    close(client);
    close(server);
}

struct waiting {
    int fd;
    _Atomic ssize_t result;
};

static void *wait_for_one(void *argument)
{
    struct waiting *waiting = argument;
    struct net_address from;

    waiting->result = net_receive_from(waiting->fd, (char[4]){0}, 4, &from);
    return NULL;
}

Test(net_datagram, a_shutdown_ends_a_wait_and_is_told_from_an_empty_datagram)
{
    for (int t = 0; t < TRANSPORTS; t++) {
        struct net_endpoint bound;
        struct waiting waiting = {sockets_bind(transports(t), &bound), -99};
        int client = sockets_connect(&bound);
        pthread_t thread;

        cr_assert(net_send(client, "", 0) == 0);
        cr_assert(net_receive_from(waiting.fd, (char[4]){0}, 4, NULL) == 0 && !net_is_shut_down(waiting.fd));
        cr_assert(pthread_create(&thread, NULL, wait_for_one, &waiting) == 0);
        clock_sleep_ns(30 * NS_PER_MS);
        cr_assert(waiting.result == -99, "it waits");
        shutdown(waiting.fd, SHUT_RD);
        pthread_join(thread, NULL);
        cr_assert(waiting.result == 0 && net_is_shut_down(waiting.fd), "%s: %zd", transports(t),
                  waiting.result);
        close(client);
        close(waiting.fd);
        unlink(sockets_path);
    }
}

/* ---- who may bind ---- */

/* With SO_REUSEADDR a second server would take all datagrams from then on, and both would think it well. */
Test(net_datagram, a_port_is_not_taken_over)
{
    struct net_endpoint bound;
    int first = sockets_bind("udp://127.0.0.1:0", &bound);
    struct net_failure failure = {0};

    cr_assert(net_bind(&bound, &(struct net_listen_options){0}, &failure) == -1 && errno == EADDRINUSE);
    cr_assert_str_eq(failure.operation, "bind");
    close(first);
}

Test(net_datagram, reuse_port_shares_it_when_both_ask)
{
    struct net_listen_options shared = {.reuse_port = true};
    struct net_endpoint endpoint = sockets_endpoint("udp://127.0.0.1:0"), bound;
    struct net_failure failure = {0};
    int first = net_bind(&endpoint, &shared, &failure), second;

    cr_assert(first >= 0 && net_local(first, &bound) == 0);
    second = net_bind(&bound, &shared, &failure);
    cr_assert(second >= 0, "%s", failure.reason);
    close(first);
    close(second);
}

Test(net_datagram, a_unix_path_is_taken_over_when_its_owner_is_gone_only)
{
    struct net_endpoint bound;
    struct net_failure failure = {0};
    int first = sockets_bind(transports(1), &bound), second;

    cr_assert(net_bind(&bound, &(struct net_listen_options){0}, &failure) == -1 && errno == EADDRINUSE);
    close(first);
    second = sockets_bind(transports(1), NULL);
    close(second);
}

/* An abstract name leaves no file, and is free as soon as its socket is closed. */
Test(net_datagram, an_abstract_name_is_taken_while_its_socket_lives)
{
    struct net_endpoint bound;
    struct net_failure failure = {0};
    int first = sockets_bind(transports(2), &bound);

    cr_assert_str_eq(bound.path, abstract_name());
    cr_assert(access(abstract_name(), F_OK) < 0);
    cr_assert(net_bind(&bound, &(struct net_listen_options){0}, &failure) == -1 && errno == EADDRINUSE);
    close(first);
    close(sockets_bind(transports(2), NULL));
}

Test(net_datagram, there_is_nothing_to_listen_for)
{
    struct net_endpoint endpoint = sockets_endpoint("udp://127.0.0.1:0");
    struct net_failure failure = {0};

    cr_assert(net_listen(&endpoint, &(struct net_listen_options){0}, &failure) == -1);
    cr_assert(errno == EOPNOTSUPP && strstr(failure.reason, "without a connection"));
}
