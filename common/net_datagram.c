/*
 * net_datagram - datagrams (net.h): from whom, to whom, and from which of our addresses.
 *
 *     bound to 0.0.0.0     asked at 127.0.0.9           answered from
 *     sendto(2) alone      -------------------->        127.0.0.1, as the routes have it: not recognised
 *     with the control     -------------------->        127.0.0.9
 *     part of the request
 *
 * A datagram is whole or not there: no call here sends or receives a part of one and then the rest.
 */
#include "net.h"

#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "net_socket.h"

ssize_t net_receive_from(int fd, void *bytes, size_t size, struct net_address *from)
{
    struct net_address ignored = {.length = 0};
    struct net_address *address = from != NULL ? from : &ignored;
    ssize_t received;

    /* MSG_TRUNC: the value is the length the datagram had, not what was left of it. recv(2) */
    do {
        address->length = sizeof address->storage;
        received =
            recvfrom(fd, bytes, size, MSG_TRUNC, (struct sockaddr *)&address->storage, &address->length);
    } while (received < 0 && errno == EINTR);
    address->type = SOCK_DGRAM;
    address->ipv6_only = false;
    return received;
}

ssize_t net_send_to(int fd, const void *bytes, size_t size, const struct net_address *to)
{
    ssize_t sent;

    do
        sent = sendto(fd, bytes, size, MSG_NOSIGNAL, net_socket_address(to), to->length);
    while (sent < 0 && errno == EINTR);
    return sent;
}

/* ---- the address that was asked ---- */

static_assert(NET_DESTINATION_SIZE >= CMSG_SPACE(sizeof(struct in6_pktinfo)) &&
                  NET_DESTINATION_SIZE >= CMSG_SPACE(sizeof(struct in_pktinfo)),
              "room for either");

int net_ask_destination(int fd)
{
    int domain;

    if (net_get_option(fd, SOL_SOCKET, SO_DOMAIN, &domain) < 0)
        return -1;
    if (domain == AF_INET6)
        return net_set_option(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
    return net_set_option(fd, IPPROTO_IP, IP_PKTINFO, 1);
}

/*
 * The received part already has the shape of one to send. Only the interface must be forgotten: it is
 * the one the question came in by, and routes decide which one leads back.
 */
void net_answer_from(struct msghdr *message)
{
    struct cmsghdr *header = CMSG_FIRSTHDR(message);

    if (header == NULL) {
        message->msg_control = NULL;
        message->msg_controllen = 0;
    } else if (header->cmsg_level == IPPROTO_IP && header->cmsg_type == IP_PKTINFO) {
        struct in_pktinfo *info = (struct in_pktinfo *)(void *)CMSG_DATA(header);

        info->ipi_ifindex = 0; /* ipi_spec_dst is ours already, also where a broadcast was asked */
    } else if (header->cmsg_level == IPPROTO_IPV6 && header->cmsg_type == IPV6_PKTINFO) {
        struct in6_pktinfo *info = (struct in6_pktinfo *)(void *)CMSG_DATA(header);

        if (!IN6_IS_ADDR_LINKLOCAL(&info->ipi6_addr))
            info->ipi6_ifindex = 0; /* a link-local address means nothing without its link */
    }
}
