/*
 * peer - how much of what a client has sent its server has not taken out of its socket yet.
 *
 * A Unix socket counts what the peer has not read as not sent (SIOCOUTQ). For TCP sock_diag(7) looks
 * the socket at the other end up by its addresses: how many bytes it has received in all, and how many
 * of them stand in its queue. (Acknowledgements would not do: they come up to 40 ms late.)
 */
#include "peer.h"

#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

enum { ANY_STATE = 0xfff }; /* idiag_states: a bit each */

struct question {
    struct nlmsghdr header;
    struct inet_diag_req_v2 request;
};

struct answer {
    struct nlmsghdr header;
    struct inet_diag_msg socket;
    char attributes[1024];
};

/* One for all questions of this process: to close one takes the kernel milliseconds. */
static int netlink_socket(void)
{
    static int netlink = -1;

    if (netlink < 0)
        netlink = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
    return netlink;
}

/* The tcp_info among the attributes of an answer of `size` bytes; NULL when it is not there. */
static const struct tcp_info *find_info(struct answer *answer, size_t size)
{
    size_t left = size - offsetof(struct answer, attributes);
    struct rtattr *attribute = (struct rtattr *)answer->attributes;

    for (; RTA_OK(attribute, left); attribute = RTA_NEXT(attribute, left)) {
        if (attribute->rta_type == INET_DIAG_INFO && RTA_PAYLOAD(attribute) >= sizeof(struct tcp_info))
            return RTA_DATA(attribute);
    }
    return NULL;
}

/*
 * Asks for the socket with that local and that remote address. Returns how many bytes have been taken
 * out of it so far, or -1.
 */
static int64_t taken_out(const struct sockaddr_in *local, const struct sockaddr_in *remote)
{
    struct question question = {
        .header = {.nlmsg_len = sizeof(question),
                   .nlmsg_type = SOCK_DIAG_BY_FAMILY,
                   .nlmsg_flags = NLM_F_REQUEST},
        .request = {.sdiag_family = AF_INET,
                    .sdiag_protocol = IPPROTO_TCP,
                    .idiag_ext = 1 << (INET_DIAG_INFO - 1),
                    .idiag_states = ANY_STATE,
                    .id = {.idiag_sport = local->sin_port,
                           .idiag_dport = remote->sin_port,
                           .idiag_src = {local->sin_addr.s_addr},
                           .idiag_dst = {remote->sin_addr.s_addr},
                           .idiag_cookie = {INET_DIAG_NOCOOKIE, INET_DIAG_NOCOOKIE}}},
    };
    struct answer answer;
    const struct tcp_info *info;
    ssize_t size;

    if (send(netlink_socket(), &question, sizeof(question), 0) != (ssize_t)sizeof(question))
        return -1;
    size = recv(netlink_socket(), &answer, sizeof(answer), 0);
    if (size < (ssize_t)offsetof(struct answer, attributes) ||
        answer.header.nlmsg_type != SOCK_DIAG_BY_FAMILY)
        return -1;
    info = find_info(&answer, (size_t)size);
    return info ? (int64_t)info->tcpi_bytes_received - answer.socket.idiag_rqueue : -1;
}

int64_t peer_unread(int fd, uint64_t sent)
{
    struct sockaddr_in ours = {0}, theirs = {0};
    socklen_t ours_size = sizeof(ours), theirs_size = sizeof(theirs);
    int unread = 0;
    int64_t taken;

    if (getpeername(fd, (struct sockaddr *)&theirs, &theirs_size) < 0)
        return 0; /* it has gone, and what we sent with it */
    if (theirs.sin_family != AF_INET) {
        ioctl(fd, SIOCOUTQ, &unread);
        return unread;
    }
    getsockname(fd, (struct sockaddr *)&ours, &ours_size);
    taken = taken_out(&theirs, &ours);
    return taken < 0 ? -1 : (int64_t)sent - taken;
}
