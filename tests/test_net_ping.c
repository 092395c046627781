/*
 * ICMP echo to this machine, over both kinds of socket where both are allowed.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "net_ping.h"
#include "sockets.h"

TestSuite(net_ping, .timeout = 30);

static struct net_address address_of(const char *text)
{
    struct net_endpoint endpoint = sockets_endpoint(text);
    struct net_address address;
    struct net_failure failure;

    cr_assert(net_resolve(&endpoint, false, &address, 1, &failure) == 1);
    return address;
}

static void check_echo(const char *text)
{
    struct net_address to = address_of(text);
    struct net_ping ping;
    struct net_failure failure = {0};
    char got[64];
    uint16_t sequence = 0;

    if (net_ping_open(&ping, &to, &failure) < 0)
        cr_skip_test("cannot %s: %s", failure.operation, failure.reason);
    for (uint16_t i = 1; i <= 3; i++) {
        cr_assert(net_ping_send(&ping, i, "are you there?", 14) == 0, "%s", strerror(errno));
        cr_assert(net_ping_receive(&ping, 5 * NS_PER_S, &sequence, got, sizeof got) == 14, "%s",
                  strerror(errno));
        cr_assert(sequence == i && memcmp(got, "are you there?", 14) == 0);
    }
    cr_assert(ping.identifier == (uint16_t)getpid(), "one of our own");
    cr_assert(net_ping_send(&ping, 4, "cut off", 7) == 0);
    memset(got, '-', sizeof got);
    cr_assert(net_ping_receive(&ping, 5 * NS_PER_S, &sequence, got, 3) == 7 && sequence == 4);
    cr_assert(memcmp(got, "cut-", 4) == 0, "no more than there is room for");
    cr_assert(net_ping_send(&ping, 4, got, NET_PING_PAYLOAD_MAX + 1) == -1 && errno == EMSGSIZE);
    cr_assert(net_ping_receive(&ping, 30 * NS_PER_MS, &sequence, got, sizeof got) == -1);
    cr_assert(errno == ETIMEDOUT, "nothing was sent, nothing comes: %s", strerror(errno));
    close(ping.fd);
}

Test(net_ping, this_machine_answers_over_ipv4)
{
    check_echo("127.0.0.1:0");
}

Test(net_ping, this_machine_answers_over_ipv6)
{
    if (!sockets_have_ipv6())
        cr_skip_test("no IPv6 here");
    check_echo("[::1]:0");
}

/* Two raw sockets see each other's replies, and the requests: each takes its own alone. */
Test(net_ping, only_our_own_replies_are_taken)
{
    struct net_address to = address_of("127.0.0.1:0");
    struct net_ping pings[2];
    struct net_failure failure = {0};
    char got[8];
    uint16_t sequence = 0;

    for (size_t i = 0; i < 2; i++) {
        if (net_ping_open(&pings[i], &to, &failure) < 0)
            cr_skip_test("cannot %s: %s", failure.operation, failure.reason);
        pings[i].identifier = (uint16_t)(pings[i].identifier + i);
    }
    cr_assert(net_ping_send(&pings[0], 7, "a", 1) == 0 && net_ping_send(&pings[1], 8, "b", 1) == 0);
    for (size_t i = 0; i < 2; i++) {
        cr_assert(net_ping_receive(&pings[i], 5 * NS_PER_S, &sequence, got, sizeof got) == 1);
        cr_assert(sequence == 7 + i && got[0] == "ab"[i]);
        cr_assert(net_ping_receive(&pings[i], 20 * NS_PER_MS, &sequence, got, sizeof got) == -1);
        close(pings[i].fd);
    }
}

Test(net_ping, a_unix_socket_cannot_be_pinged)
{
    struct net_address to = address_of("unix:@x");
    struct net_ping ping;
    struct net_failure failure = {0};

    cr_assert(net_ping_open(&ping, &to, &failure) == -1 && errno == EAFNOSUPPORT);
    cr_assert_str_eq(failure.reason, "ICMP echo goes to IP addresses only");
}

/* connect(2) to a broadcast address takes SO_BROADCAST. */
Test(net_ping, a_refusal_is_explained_and_leaves_no_descriptor)
{
    struct net_address to = address_of("255.255.255.255:0"), local = address_of("127.0.0.1:0");
    struct net_ping ping;
    struct net_failure failure = {0};
    int before;

    if (net_ping_open(&ping, &local, &failure) < 0)
        cr_skip_test("cannot %s: %s", failure.operation, failure.reason);
    close(ping.fd);
    before = sockets_descriptors();
    cr_assert(net_ping_open(&ping, &to, &failure) == -1 && errno == failure.error && failure.error != 0);
    cr_assert_str_eq(failure.operation, "connect");
    cr_assert(sockets_descriptors() == before);
}

/* RFC 1071, section 3: the sum of these is ddf2, and its complement goes into the packet. */
Test(net_ping, the_checksum_is_that_of_the_rfc)
{
    static const unsigned char bytes[] = {0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};

    cr_assert(net_ping_checksum(bytes, sizeof bytes) == (uint16_t)~0xddf2);
    cr_assert(net_ping_checksum("\x01", 1) == (uint16_t)~0x0100);
}
