/*
 * net_ping - ICMP echo (RFC 792, RFC 4443): whether a host answers at all, and how fast at the least.
 *
 * A ping socket (SOCK_DGRAM, IPPROTO_ICMP) is tried first: it needs no right but a place in the sysctl
 * net.ipv4.ping_group_range, and the kernel sorts the answers. A raw socket (SOCK_RAW) takes
 * CAP_NET_RAW and sees everybody's ICMP, out of which ours is picked. icmp(7), raw(7)
 */
#ifndef NET_PING_H
#define NET_PING_H

#include "net.h"

enum {
    NET_PING_PAYLOAD_MAX = 1024,
    NET_PING_HEADER = 8, /* type, code, checksum, identifier, sequence */
};

struct net_ping {
    int fd;
    int family;          /* AF_INET or AF_INET6 */
    bool raw;            /* SOCK_RAW: we make the checksum and the identifier, and look through IP */
    uint16_t identifier; /* of the requests of a raw socket */
};

/* A socket that pings this address. 0; -1 with *failure (EPERM: neither kind is allowed here). */
int net_ping_open(struct net_ping *ping, const struct net_address *to, struct net_failure *failure);

/* Sends one echo request with at most NET_PING_PAYLOAD_MAX bytes of payload. 0, or -1 with errno. */
int net_ping_send(const struct net_ping *ping, uint16_t sequence, const void *payload, size_t size);

/*
 * Waits for an echo reply to one of our requests. Returns the size of its payload, of which at most `size`
 * bytes are copied; -1 with errno: ETIMEDOUT, EHOSTUNREACH, ECONNREFUSED, ...
 */
ssize_t net_ping_receive(const struct net_ping *ping, int64_t timeout_ns, uint16_t *sequence, void *payload,
                         size_t size);

/* The sum of RFC 1071 over these bytes, in the order it stands in a packet. */
uint16_t net_ping_checksum(const void *bytes, size_t size);

#endif
