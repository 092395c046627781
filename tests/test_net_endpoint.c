/*
 * Endpoints: what the parser takes and refuses, text to parts and back, resolving, and the addresses
 * of real sockets.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "net.h"
#include "sockets.h"

TestSuite(net_endpoint, .timeout = 30);

/* The kernel says IPV6_V6ONLY of a socket bound to ::1, though nobody asked for it: tcp:// it stays. */
Test(net_endpoint, an_ipv6_address_is_not_a_choice_of_family)
{
    struct net_endpoint bound;
    char text[NET_TEXT_MAX];

    if (!sockets_have_ipv6())
        cr_skip_test("no IPv6 here");
    close(sockets_listen("tcp://[::1]:0", 0, &bound));
    cr_assert(strncmp(net_endpoint_format(&bound, text), "tcp://[::1]:", 12) == 0, "%s", text);
}

/* ---- right ---- */

static void expect_tcp(const char *text, const char *host, const char *port)
{
    struct net_endpoint endpoint;
    const char *problem = net_endpoint_parse(text, &endpoint);

    cr_expect(problem == NULL, "\"%s\": %s", text, problem);
    cr_expect(!problem && endpoint.transport == NET_TCP && strcmp(endpoint.host, host) == 0 &&
                  strcmp(endpoint.port, port) == 0 && *endpoint.path == '\0',
              "\"%s\" is host \"%s\", port \"%s\"", text, endpoint.host, endpoint.port);
}

/* The other transports: which it is, and, over IP, of which family. */
static void expect_transport(const char *text, enum net_transport transport, int family)
{
    struct net_endpoint endpoint;
    const char *problem = net_endpoint_parse(text, &endpoint);

    cr_expect(!problem && endpoint.transport == transport && endpoint.family == family, "\"%s\"", text);
}

static void expect_unix(const char *text, const char *path)
{
    struct net_endpoint endpoint;
    const char *problem = net_endpoint_parse(text, &endpoint);

    cr_expect(!problem && endpoint.transport == NET_UNIX && strcmp(endpoint.path, path) == 0, "\"%s\"", text);
}

Test(net_endpoint, every_accepted_form)
{
    expect_tcp("tcp://127.0.0.1:8080", "127.0.0.1", "8080");
    expect_tcp("tcp://[::1]:8080", "::1", "8080");
    expect_tcp("tcp://[fe80::1%lo]:80", "fe80::1%lo", "80");
    expect_tcp("tcp://example.org:http", "example.org", "http");
    expect_tcp("tcp://:8080", "", "8080");
    expect_tcp("localhost:8080", "localhost", "8080");
    expect_tcp("localhost:http-alt", "localhost", "http-alt");
    expect_tcp("[::]:0", "::", "0");
    expect_tcp(":8080", "", "8080");
    expect_tcp("8080", "", "8080");
    expect_tcp("0", "", "0");
    expect_tcp("65535", "", "65535");
    expect_tcp("unixhost:80", "unixhost", "80");
    expect_unix("unix:/run/tenk.sock", "/run/tenk.sock");
    expect_unix("unix:relative", "relative");
    expect_unix("unix:/with:colons/and spaces", "/with:colons/and spaces");
    expect_unix("unix:tcp://1:2", "tcp://1:2");
    expect_unix("unix:@name", "@name");
}

Test(net_endpoint, every_transport)
{
    expect_transport("udp://127.0.0.1:53", NET_UDP, AF_UNSPEC);
    expect_transport("udp://[::1]:53", NET_UDP, AF_UNSPEC);
    expect_transport("udp4://localhost:53", NET_UDP, AF_INET);
    expect_transport("udp6://:53", NET_UDP, AF_INET6);
    expect_transport("tcp4://:80", NET_TCP, AF_INET);
    expect_transport("tcp6://[::]:80", NET_TCP, AF_INET6);
    expect_transport("unixpacket:/run/x", NET_UNIXPACKET, AF_UNSPEC);
    expect_transport("unixdgram:@x", NET_UNIXDGRAM, AF_UNSPEC);
}

Test(net_endpoint, format_is_the_full_form_and_parses_back)
{
    static const char *const pairs[][2] = {
        {"127.0.0.1:8080", "tcp://127.0.0.1:8080"},
        {"[::1]:8080", "tcp://[::1]:8080"},
        {"80", "tcp://:80"},
        {"tcp://localhost:http", "tcp://localhost:http"},
        {"unix:/run/x", "unix:/run/x"},
        {"unix:@x", "unix:@x"},
        {"unixpacket:/run/x", "unixpacket:/run/x"},
        {"unixdgram:x", "unixdgram:x"},
        {"udp://[::1]:53", "udp://[::1]:53"},
        {"udp4://:53", "udp4://:53"},
        {"tcp6://[::]:80", "tcp6://[::]:80"},
    };
    char text[NET_TEXT_MAX];

    for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++) {
        struct net_endpoint endpoint = sockets_endpoint(pairs[i][0]), again;

        cr_assert_str_eq(net_endpoint_format(&endpoint, text), pairs[i][1]);
        again = sockets_endpoint(text);
        cr_assert(memcmp(&endpoint, &again, sizeof(again)) == 0);
    }
}

/* ---- wrong: one sentence that says what and how ---- */

static void expect_refused(const char *text, const char *beginning)
{
    struct net_endpoint endpoint, before;
    const char *problem;

    memset(&endpoint, 0x55, sizeof(endpoint));
    before = endpoint;
    problem = net_endpoint_parse(text, &endpoint);
    cr_expect(problem && strncmp(problem, beginning, strlen(beginning)) == 0, "\"%s\": %s", text, problem);
    cr_expect(!problem || (!strchr(problem, '\n') && problem[strlen(problem) - 1] != '.'));
    cr_expect(memcmp(&endpoint, &before, sizeof(before)) == 0, "the result is left alone");
}

Test(net_endpoint, what_is_wrong_is_said)
{
    expect_refused("", "the endpoint is empty; write tcp://HOST:PORT, ");
    expect_refused("localhost", "the port is missing; write tcp://HOST:PORT, ");
    expect_refused("localhost:", "the port is missing; write ");
    expect_refused("tcp://", "the port is missing; write ");
    expect_refused("tcp://8080", "the port is missing; write ");
    expect_refused("tcp://localhost:", "the port is missing; write ");
    expect_refused(":", "the port is missing; write ");
    expect_refused("65536", "the port is larger than 65535; write ");
    expect_refused("127.0.0.1:65536", "the port is larger than 65535; write ");
    expect_refused("127.0.0.1:99999999999999999999999999999", "the port is larger than 65535; write ");
    expect_refused("127.0.0.1:80/", "the port is neither a number nor the name of a service; write ");
    expect_refused("127.0.0.1:80!", "the port is neither a number nor the name of a service; write ");
}

Test(net_endpoint, ipv6_needs_its_brackets)
{
    expect_refused("::1:8080", "an IPv6 address needs brackets: write tcp://[::1]:8080");
    expect_refused("tcp://::1:8080", "an IPv6 address needs brackets: write tcp://[::1]:8080");
    expect_refused("a:b:c", "an IPv6 address needs brackets");
    expect_refused("[::1", "the bracket around the IPv6 address is not closed");
    expect_refused("tcp://[::1:8080", "the bracket around the IPv6 address is not closed");
    expect_refused("[::1]", "the port is missing after the bracket");
    expect_refused("[::1]8080", "the port is missing after the bracket");
    expect_refused("[::1]:", "the port is missing; write ");
    expect_refused("[127.0.0.1]:80", "only an IPv6 address stands in brackets");
    expect_refused("[]:80", "only an IPv6 address stands in brackets");
}

Test(net_endpoint, unknown_transports_are_refused)
{
    expect_refused("http://127.0.0.1:8080", "the transport is unknown; write tcp://HOST:PORT, ");
    expect_refused("TCP://127.0.0.1:8080", "the transport is unknown; write ");
    expect_refused("rdm://127.0.0.1:80", "Linux has no reliably delivered messages (SOCK_RDM) over IP; use ");
    expect_refused("unixraw:/run/x", "the port is neither a number nor the name of a service; write ");
    expect_refused("unixpacket:", "the path of the Unix socket is missing; write unix:/PATH");
    expect_refused("unix:@", "the name behind the @ is missing; write unix:@NAME");
    expect_refused("udp://127.0.0.1", "the port is missing; write ");
    expect_refused("unix:", "the path of the Unix socket is missing; write unix:/PATH");
    expect_refused("unix", "the port is missing; write ");
}

Test(net_endpoint, characters_no_host_has_are_refused)
{
    expect_refused("a b:80", "the host holds a character that no name or address has");
    expect_refused("user@host:80", "the host holds a character that no name or address has");
    expect_refused("tcp:///path:80", "the host holds a character that no name or address has");
    expect_refused("h\nost:80", "the host holds a character that no name or address has");
    expect_refused("h\xffost:80", "the host holds a character that no name or address has");
    expect_refused(" 80", "the port is missing");
    expect_refused("host:8 0", "the port is neither");
    expect_refused("host:+80", "the port is neither");
}

/* Text of `length` times 'x' between two others. */
static const char *stretch(const char *before, size_t length, const char *after)
{
    static char text[1024];

    snprintf(text, sizeof(text), "%s%*s%s", before, (int)length, "", after);
    memset(text + strlen(before), 'x', length);
    return text;
}

Test(net_endpoint, a_host_is_at_most_255_bytes)
{
    struct net_endpoint endpoint = sockets_endpoint(stretch("tcp://", 255, ":80"));
    char text[NET_TEXT_MAX];

    cr_assert(strlen(endpoint.host) == 255);
    cr_assert(strlen(net_endpoint_format(&endpoint, text)) == 6 + 255 + 3);
    expect_refused(stretch("tcp://", 256, ":80"), "the host is longer than 255 bytes");
    expect_refused(stretch("[::", 254, "]:80"), "the host is longer than 255 bytes");
}

Test(net_endpoint, a_port_is_at_most_31_bytes)
{
    cr_assert(strlen(sockets_endpoint(stretch("host:", 31, "")).port) == 31);
    expect_refused(stretch("host:", 32, ""), "the port is too long");
    expect_tcp("host:0000000000000000000000000000080", "host", "0000000000000000000000000000080");
}

Test(net_endpoint, a_unix_path_is_at_most_107_bytes)
{
    cr_assert(strlen(sockets_endpoint(stretch("unix:/", 106, "")).path) == 107);
    expect_refused(stretch("unix:/", 107, ""), "the path of a Unix socket has at most 107 bytes");
}

/* The longest endpoint there can be still fits its text. */
Test(net_endpoint, the_longest_text_fits)
{
    struct net_endpoint endpoint = {.transport = NET_TCP};
    char *text = malloc(NET_TEXT_MAX);

    memset(endpoint.host, ':', NET_HOST_MAX - 1);
    memset(endpoint.port, '9', NET_PORT_MAX - 1);
    net_endpoint_format(&endpoint, text);
    cr_assert(text[strlen(text) - 1] == '9' && strlen(text) == 6 + 2 + 255 + 1 + 31);
    free(text);
}

/* ---- resolving ---- */

static int resolve(const char *text, bool passive, size_t max, struct net_address *addresses)
{
    struct net_endpoint endpoint = sockets_endpoint(text);
    struct net_failure failure = {0};
    int count = net_resolve(&endpoint, passive, addresses, max, &failure);

    cr_assert(count >= 0, "%s: %s", failure.operation, failure.reason);
    return count;
}

Test(net_endpoint, addresses_resolve_to_themselves)
{
    struct net_address addresses[NET_ADDRESSES_MAX];
    const struct sockaddr_in *v4 = (const struct sockaddr_in *)&addresses[0].storage;
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)&addresses[0].storage;

    cr_assert(resolve("127.0.0.2:8080", false, NET_ADDRESSES_MAX, addresses) == 1);
    cr_assert(addresses[0].length == sizeof(*v4) && v4->sin_family == AF_INET);
    cr_assert(ntohs(v4->sin_port) == 8080 && ntohl(v4->sin_addr.s_addr) == 0x7f000002);
    cr_assert(resolve("[::1]:443", false, NET_ADDRESSES_MAX, addresses) == 1);
    cr_assert(addresses[0].length == sizeof(*v6) && v6->sin6_family == AF_INET6);
    cr_assert(ntohs(v6->sin6_port) == 443 && IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr));
    cr_assert(resolve("unix:/run/x", true, NET_ADDRESSES_MAX, addresses) == 1);
    cr_assert(addresses[0].storage.ss_family == AF_UNIX && addresses[0].length == 2 + strlen("/run/x") + 1);
}

Test(net_endpoint, no_host_is_any_to_listen_and_loopback_to_connect)
{
    struct net_address addresses[NET_ADDRESSES_MAX];
    int count = resolve(":80", true, NET_ADDRESSES_MAX, addresses);

    cr_assert(count >= 1);
    if (count > 1)
        cr_assert(addresses[0].storage.ss_family == AF_INET6, "which takes IPv4 as well");
    for (int i = 0; i < count; i++)
        if (addresses[i].storage.ss_family == AF_INET)
            cr_assert(((struct sockaddr_in *)&addresses[i].storage)->sin_addr.s_addr == htonl(INADDR_ANY));
    count = resolve(":80", false, NET_ADDRESSES_MAX, addresses);
    for (int i = 0; i < count; i++)
        if (addresses[i].storage.ss_family == AF_INET)
            cr_assert(((struct sockaddr_in *)&addresses[i].storage)->sin_addr.s_addr ==
                      htonl(INADDR_LOOPBACK));
}

Test(net_endpoint, never_more_addresses_than_there_is_room_for)
{
    struct net_address addresses[2] = {0};

    cr_assert(resolve(":80", true, 1, addresses) == 1);
    cr_assert(addresses[1].length == 0);
    cr_assert(resolve(":80", false, 1, addresses) == 1);
    cr_assert(addresses[1].length == 0);
}

Test(net_endpoint, a_service_has_a_name)
{
    struct net_endpoint endpoint = sockets_endpoint("127.0.0.1:no-such-service");
    struct net_address addresses[1];
    struct net_failure failure = {.error = 77};

    errno = EBADMSG;
    cr_assert(net_resolve(&endpoint, false, addresses, 1, &failure) == -1);
    cr_assert_str_eq(failure.operation, "resolve");
    cr_assert(failure.error == 0 && errno == 0);
    cr_assert_str_eq(failure.reason, gai_strerror(EAI_SERVICE), "the resolver's words");
}

/* ---- the two ends of real sockets ---- */

Test(net_endpoint, local_and_peer_mirror_each_other)
{
    struct sockets_pair pair = sockets_tcp_pair();
    struct net_endpoint ours, theirs;

    cr_assert(net_local(pair.client, &ours) == 0 && net_peer(pair.server, &theirs) == 0);
    cr_assert(memcmp(&ours, &theirs, sizeof(ours)) == 0);
    cr_assert(ours.transport == NET_TCP && strcmp(ours.host, "127.0.0.1") == 0 && atoi(ours.port) > 0);
    cr_assert(net_peer(pair.client, &theirs) == 0 && net_local(pair.server, &ours) == 0);
    cr_assert(memcmp(&ours, &theirs, sizeof(ours)) == 0);
    sockets_close(&pair);
}

Test(net_endpoint, a_unix_socket_is_its_path_and_its_client_has_none, .init = sockets_make_directory,
     .fini = sockets_remove_directory)
{
    struct net_endpoint bound, end;
    int listener = sockets_listen(sockets_unix, 0, &bound);
    struct net_failure failure;
    int client = net_connect(&bound, NS_PER_S, &failure), server;
    char text[NET_TEXT_MAX];

    cr_assert_str_eq(net_endpoint_format(&bound, text), sockets_unix);
    cr_assert(net_accept(listener, false, &server) == NET_ACCEPTED);
    cr_assert(net_peer(client, &end) == 0 && memcmp(&end, &bound, sizeof(end)) == 0);
    cr_assert(net_local(server, &end) == 0 && memcmp(&end, &bound, sizeof(end)) == 0);
    cr_assert(net_peer(server, &end) == 0 && end.transport == NET_UNIX && *end.path == '\0');
    close(client);
    close(server);
    close(listener);
}

Test(net_endpoint, what_has_no_address_says_so)
{
    int tcp = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0),
        netlink = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0);
    struct net_endpoint endpoint;

    cr_assert(net_peer(tcp, &endpoint) == -1 && errno == ENOTCONN);
    cr_assert(net_local(netlink, &endpoint) == -1 && errno == EAFNOSUPPORT);
    cr_assert(net_local(1000, &endpoint) == -1 && errno == EBADF);
    close(tcp);
    close(netlink);
}

Test(net_endpoint, what_is_no_address_is_refused)
{
    struct net_address none = {.length = sizeof(struct sockaddr_in), .storage.ss_family = AF_UNSPEC};
    struct net_endpoint endpoint;

    errno = 0;
    cr_assert(net_address_describe(&none, NET_TCP, &endpoint) == -1 && errno == EINVAL);
}

Test(net_endpoint, only_a_path_has_a_file)
{
    struct net_endpoint path = sockets_endpoint("unix:/run/x"), name = sockets_endpoint("unix:@x"),
                        tcp = sockets_endpoint("127.0.0.1:1");

    cr_assert_str_eq(net_endpoint_file(&path), "/run/x");
    cr_assert(net_endpoint_file(&name) == NULL && net_endpoint_file(&tcp) == NULL);
}
