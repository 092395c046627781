/*
 * Which address a datagram was sent to, comes from and is answered from; IPv4 and IPv6 on one socket.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "net.h"
#include "sockets.h"

TestSuite(net_datagram_address, .timeout = 60);

/* ---- which address was asked ---- */

static void answer_from_where_it_was_asked(int server)
{
    char bytes[16];
    union {
        struct cmsghdr header;
        char bytes[NET_DESTINATION_SIZE];
    } control;
    struct net_address from;
    struct iovec piece = {.iov_base = bytes, .iov_len = sizeof bytes};
    struct msghdr message = {.msg_name = &from.storage,
                             .msg_namelen = sizeof from.storage,
                             .msg_iov = &piece,
                             .msg_iovlen = 1,
                             .msg_control = control.bytes,
                             .msg_controllen = sizeof control.bytes};
    ssize_t size = recvmsg(server, &message, 0);

    cr_assert(size == 4);
    piece.iov_len = (size_t)size;
    net_answer_from(&message);
    cr_assert(sendmsg(server, &message, 0) == size, "%s", strerror(errno));
}

static void check_asked(const char *listen, const char *host)
{
    struct net_endpoint bound;
    int server = sockets_bind(listen, &bound);

    cr_assert(net_is_wildcard(&bound) && net_ask_destination(server) == 0);
    snprintf(bound.host, sizeof bound.host, "%s", host);
    bound.family = AF_UNSPEC;
    int client = sockets_connect(&bound);
    cr_assert(net_set_timeouts_ns(client, 5 * NS_PER_S) == 0);
    cr_assert(net_send(client, "ping", 4) == 4);
    answer_from_where_it_was_asked(server);
    cr_assert(net_receive(client, (char[8]){0}, 8) == 4, "%s asked at %s answers from elsewhere: %s", listen,
              host, strerror(errno));
    close(client);
    close(server);
}

Test(net_datagram_address, the_answer_comes_from_the_address_that_was_asked)
{
    check_asked("udp4://:0", "127.0.0.9");
    check_asked("udp://0.0.0.0:0", "127.1.2.3");
    if (!sockets_have_ipv6())
        cr_skip_test("no IPv6 here");
    check_asked("udp://[::]:0", "127.0.0.9"); /* IPv4 on an IPv6 socket */
    check_asked("udp://[::]:0", "::1");
    check_asked("udp6://[::]:0", "::1");
}

/* Each family has an option of its own, and takes the other's without a word. */
static void expect_asked(const char *listen, int level, int option)
{
    int server = sockets_bind(listen, NULL), value = 0;

    cr_assert(net_ask_destination(server) == 0);
    cr_assert(net_get_option(server, level, option, &value) == 0 && value == 1, "%s", listen);
    close(server);
}

Test(net_datagram_address, it_is_asked_for_in_the_family_of_the_socket)
{
    expect_asked("udp4://:0", IPPROTO_IP, IP_PKTINFO);
    if (!sockets_have_ipv6())
        cr_skip_test("no IPv6 here");
    expect_asked("udp6://[::]:0", IPPROTO_IPV6, IPV6_RECVPKTINFO);
    cr_assert(net_ask_destination(1000) == -1 && errno == EBADF);
}

/* Nothing can be sent from the address of a broadcast: one of ours takes its place. */
Test(net_datagram_address, a_broadcast_is_answered_from_an_address_of_ours)
{
    struct net_endpoint bound, all = sockets_endpoint("udp4://127.255.255.255:1");
    int server = sockets_bind("udp4://:0", &bound), client = sockets_bind("udp4://127.0.0.1:0", NULL);
    struct net_address to;
    struct net_failure failure;

    memcpy(all.port, bound.port, sizeof all.port);
    cr_assert(net_ask_destination(server) == 0 && net_resolve(&all, false, &to, 1, &failure) == 1);
    cr_assert(net_set_option(client, SOL_SOCKET, SO_BROADCAST, 1) == 0);
    cr_assert(net_send_to(client, "ping", 4, &to) == 4, "%s", strerror(errno));
    answer_from_where_it_was_asked(server);
    cr_assert(net_receive(client, (char[8]){0}, 8) == 4);
    close(client);
    close(server);
}

Test(net_datagram_address, wildcards_are_known)
{
    static const char *const any[] = {"udp://:1", "tcp://0.0.0.0:1", "udp6://[::]:1"};
    static const char *const one[] = {"udp://127.0.0.1:1", "tcp://[::1]:1", "unixdgram:@x", "unix:/x"};

    for (size_t i = 0; i < sizeof any / sizeof *any; i++)
        cr_expect(net_is_wildcard(&(struct net_endpoint[]){sockets_endpoint(any[i])}[0]), "%s", any[i]);
    for (size_t i = 0; i < sizeof one / sizeof *one; i++)
        cr_expect(!net_is_wildcard(&(struct net_endpoint[]){sockets_endpoint(one[i])}[0]), "%s", one[i]);
}

/* ---- IPv4 and IPv6 ---- */

/* Whether a client of `host` reaches this server. */
static bool reaches(int server, struct net_endpoint bound, const char *host)
{
    char byte = 0;

    snprintf(bound.host, sizeof bound.host, "%s", host);
    bound.family = AF_UNSPEC;
    int client = sockets_connect(&bound);
    cr_assert(net_set_timeouts_ns(server, 200 * NS_PER_MS) == 0);
    cr_assert(net_send(client, "x", 1) == 1);
    bool reached = net_receive_from(server, &byte, 1, NULL) == 1 && byte == 'x';
    close(client);
    return reached;
}

Test(net_datagram_address, dual_stack_is_what_the_endpoint_says)
{
    static const struct {
        const char *listen;
        bool ipv4, ipv6;
    } cases[] = {
        {"udp://[::]:0", true, true}, {"udp6://[::]:0", false, true},   {"udp6://:0", false, true},
        {"udp4://:0", true, false},   {"udp://0.0.0.0:0", true, false},
    };

    if (!sockets_have_ipv6())
        cr_skip_test("no IPv6 here");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct net_endpoint bound;
        int server = sockets_bind(cases[i].listen, &bound);

        cr_expect(reaches(server, bound, "127.0.0.1") == cases[i].ipv4, "%s and IPv4", cases[i].listen);
        cr_expect(reaches(server, bound, "::1") == cases[i].ipv6, "%s and IPv6", cases[i].listen);
        close(server);
    }
}

Test(net_datagram_address, ipv6_only_shows_in_the_endpoint_and_leaves_the_port_to_ipv4)
{
    struct net_endpoint bound;
    struct net_failure failure = {0};
    char text[NET_TEXT_MAX];

    if (!sockets_have_ipv6())
        cr_skip_test("no IPv6 here");
    int six = sockets_listen("tcp6://[::]:0", 0, &bound);
    cr_assert(strncmp(net_endpoint_format(&bound, text), "tcp6://[::]:", 12) == 0, "%s", text);
    bound.family = AF_INET;
    strcpy(bound.host, "0.0.0.0");
    int four = net_listen(&bound, &(struct net_listen_options){0}, &failure);
    cr_assert(four >= 0, "%s", failure.reason);
    close(four);
    close(six);
}

/* ---- who sent it ---- */

/* Whatever stood there before: the address is whole, of a datagram, and can be answered. */
static void expect_sender(const char *listen, socklen_t length)
{
    struct net_endpoint bound;
    int server = sockets_bind(listen, &bound), client = sockets_connect(&bound);
    struct net_address from;

    memset(&from, 0xff, sizeof from);
    cr_assert(net_send(client, "ping", 4) == 4);
    cr_assert(net_receive_from(server, (char[4]){0}, 4, &from) == 4);
    cr_assert(from.length == length && from.type == SOCK_DGRAM && !from.ipv6_only);
    cr_assert(net_send_to(server, "pong", 4, &from) == 4 && net_receive(client, (char[4]){0}, 4) == 4);
    close(client);
    close(server);
}

Test(net_datagram_address, the_sender_is_told_whole)
{
    expect_sender("udp://127.0.0.1:0", sizeof(struct sockaddr_in));
    if (!sockets_have_ipv6())
        cr_skip_test("no IPv6 here");
    expect_sender("udp://[::1]:0", sizeof(struct sockaddr_in6));
}

/* ---- the control part of an answer ---- */

union control {
    struct cmsghdr header;
    char bytes[NET_DESTINATION_SIZE];
};

static struct msghdr asked(union control *control, int level, int type, const void *info, size_t size)
{
    control->header = (struct cmsghdr){.cmsg_len = CMSG_LEN(size), .cmsg_level = level, .cmsg_type = type};
    memcpy(CMSG_DATA(&control->header), info, size);
    return (struct msghdr){.msg_control = control->bytes, .msg_controllen = CMSG_SPACE(size)};
}

/* Routes lead back, not the interface of the question; a link-local address means nothing without its link.
 */
Test(net_datagram_address, an_answer_is_bound_to_no_interface_but_that_of_its_link)
{
    union control control = {0};
    struct in_pktinfo v4 = {.ipi_ifindex = 7};
    struct in6_pktinfo v6 = {.ipi6_addr = IN6ADDR_LOOPBACK_INIT, .ipi6_ifindex = 7};
    struct msghdr message = asked(&control, IPPROTO_IP, IP_PKTINFO, &v4, sizeof v4);

    net_answer_from(&message);
    memcpy(&v4, CMSG_DATA(&control.header), sizeof v4);
    cr_assert(v4.ipi_ifindex == 0);
    message = asked(&control, IPPROTO_IPV6, IPV6_PKTINFO, &v6, sizeof v6);
    net_answer_from(&message);
    memcpy(&v6, CMSG_DATA(&control.header), sizeof v6);
    cr_assert(v6.ipi6_ifindex == 0);
    v6 = (struct in6_pktinfo){.ipi6_addr.s6_addr = {0xfe, 0x80}, .ipi6_ifindex = 7};
    message = asked(&control, IPPROTO_IPV6, IPV6_PKTINFO, &v6, sizeof v6);
    net_answer_from(&message);
    memcpy(&v6, CMSG_DATA(&control.header), sizeof v6);
    cr_assert(v6.ipi6_ifindex == 7);
}

/* Without the question's address the answer has no control part: what is left of the buffer is no message. */
Test(net_datagram_address, an_answer_without_an_address_has_no_control_part)
{
    union control control = {0};
    struct msghdr message = {.msg_control = control.bytes, .msg_controllen = 1};

    net_answer_from(&message);
    cr_assert(message.msg_control == NULL && message.msg_controllen == 0);
}
