/*
 * net_ping - see net_ping.h.
 *
 *     0      1      2         4            6          8
 *     | type | code | checksum| identifier | sequence | payload ...   the same for ICMP and ICMPv6
 */
#include "net_ping.h"

#include <errno.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "net_socket.h"

enum {
    CHECKSUM_AT = 2,
    IDENTIFIER_AT = 4,
    SEQUENCE_AT = 6,
    IP_HEADER_MAX = 60, /* RFC 791: 15 words */
    PACKET_MAX = IP_HEADER_MAX + NET_PING_HEADER + NET_PING_PAYLOAD_MAX,
};

uint16_t net_ping_checksum(const void *bytes, size_t size)
{
    const unsigned char *at = bytes;
    uint32_t sum = 0;

    for (; size > 1; size -= 2, at += 2)
        sum += (uint32_t)(at[0] << 8 | at[1]);
    if (size == 1)
        sum += (uint32_t)(at[0] << 8);
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)~sum;
}

static int open_socket(int family, bool *raw, struct net_failure *failure)
{
    int protocol = family == AF_INET6 ? (int)IPPROTO_ICMPV6 : (int)IPPROTO_ICMP;
    int fd = net_socket(family, SOCK_DGRAM, protocol, failure);

    *raw = fd < 0 && (errno == EACCES || errno == EPERM || errno == EPROTONOSUPPORT);
    return *raw ? net_socket(family, SOCK_RAW, protocol, failure) : fd;
}

int net_ping_open(struct net_ping *ping, const struct net_address *to, struct net_failure *failure)
{
    ping->family = to->storage.ss_family;
    if (ping->family != AF_INET && ping->family != AF_INET6) {
        *failure = (struct net_failure){"ping", "ICMP echo goes to IP addresses only", EAFNOSUPPORT};
        errno = EAFNOSUPPORT;
        return -1;
    }
    ping->identifier = (uint16_t)getpid();
    ping->fd = open_socket(ping->family, &ping->raw, failure);
    if (ping->fd < 0)
        return -1;
    errno = net_connect_number(ping->fd, to);
    if (errno == 0)
        return 0;
    net_socket_explain(failure, "connect");
    return net_socket_close_failed(ping->fd);
}

/* The kernel makes the checksum of ICMPv6, which covers addresses we do not know; of ICMP we do. */
int net_ping_send(const struct net_ping *ping, uint16_t sequence, const void *payload, size_t size)
{
    unsigned char packet[NET_PING_HEADER + NET_PING_PAYLOAD_MAX] = {0};

    if (size > NET_PING_PAYLOAD_MAX) {
        errno = EMSGSIZE;
        return -1;
    }
    packet[0] = ping->family == AF_INET6 ? ICMP6_ECHO_REQUEST : ICMP_ECHO;
    net_put_16(packet + IDENTIFIER_AT, ping->identifier);
    net_put_16(packet + SEQUENCE_AT, sequence);
    memcpy(packet + NET_PING_HEADER, payload, size);
    if (ping->family == AF_INET)
        net_put_16(packet + CHECKSUM_AT, net_ping_checksum(packet, NET_PING_HEADER + size));
    return net_send(ping->fd, packet, NET_PING_HEADER + size) < 0 ? -1 : 0;
}

/* The reply in what came, or NULL: a raw IPv4 socket hands over the IP header, and others' ICMP. */
static const unsigned char *find_reply(const struct net_ping *ping, const unsigned char *packet, size_t *size)
{
    unsigned char reply = ping->family == AF_INET6 ? ICMP6_ECHO_REPLY : ICMP_ECHOREPLY;
    size_t skip = ping->raw && ping->family == AF_INET && *size > 0 ? (size_t)(packet[0] & 15) * 4 : 0;

    if (*size < skip + NET_PING_HEADER || packet[skip] != reply)
        return NULL;
    if (ping->raw && net_get_16(packet + skip + IDENTIFIER_AT) != ping->identifier)
        return NULL;
    *size -= skip;
    return packet + skip;
}

/* Waits until the socket is readable. 0, or -1: ETIMEDOUT at the deadline. */
static int await(int fd, int64_t deadline_ns)
{
    struct pollfd state = {.fd = fd, .events = POLLIN};

    for (;;) {
        int64_t left_ns = deadline_ns - clock_now_ns();
        struct timespec left = {left_ns / NS_PER_S, left_ns % NS_PER_S};
        int ready = left_ns > 0 ? ppoll(&state, 1, &left, NULL) : 0;

        if (ready > 0)
            return 0;
        if (ready == 0)
            errno = ETIMEDOUT;
        if (ready == 0 || errno != EINTR)
            return -1;
    }
}

ssize_t net_ping_receive(const struct net_ping *ping, int64_t timeout_ns, uint16_t *sequence, void *payload,
                         size_t size)
{
    int64_t deadline_ns = clock_now_ns() + timeout_ns;
    unsigned char packet[PACKET_MAX];

    while (await(ping->fd, deadline_ns) == 0) {
        ssize_t received = net_receive(ping->fd, packet, sizeof packet);
        size_t length = received > 0 ? (size_t)received : 0;
        const unsigned char *reply = find_reply(ping, packet, &length);

        if (received < 0)
            return -1;
        if (reply == NULL)
            continue;
        length -= NET_PING_HEADER;
        *sequence = net_get_16(reply + SEQUENCE_AT);
        memcpy(payload, reply + NET_PING_HEADER, length < size ? length : size);
        return (ssize_t)length;
    }
    return -1;
}
