/*
 * net - sockets (net.h): made, connected, configured.
 *
 *     file             what it has of net.h
 *     net_endpoint.c   the table of transports; endpoints as text, as parts and as addresses
 *     net_listen.c     the servers' side: bind, listen and accept
 *     net.c            the clients' side: socket and connect
 *     net_bytes.c      the bytes of a connected socket: received, sent, ended
 *     net_datagram.c   datagrams: from whom, to whom, and from which of our addresses
 *     net_message.c    sendmsg and recvmsg: pieces, addresses and descriptors
 *     net_options.c    options, time-outs, blocking mode
 *     net_reader.c     lines, records and exact counts out of a socket, and into one
 *     net_ping.c       ICMP echo (net_ping.h)
 */
#include "net.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "net_socket.h"

/* ---- what every socket goes through ---- */

int net_socket_explain(struct net_failure *failure, const char *operation)
{
    *failure = (struct net_failure){operation, strerrordesc_np(errno), errno};
    return -1;
}

int net_socket_close_failed(int fd)
{
    int error = errno;

    close(fd);
    errno = error;
    return -1;
}

/* Why a socket cannot be had, where the error's own text would leave a reader puzzled. */
static const char *why_not(int family, int type, int error)
{
    bool not_offered = error == ESOCKTNOSUPPORT || error == EPROTONOSUPPORT;

    type &= ~(SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (type == SOCK_RDM && not_offered)
        return "Linux has no reliably delivered messages (SOCK_RDM) here: over IP it offers streams and "
               "datagrams, on Unix sockets also SOCK_SEQPACKET";
    if (type == SOCK_SEQPACKET && family != AF_UNIX && not_offered)
        return "a connection that keeps records whole (SOCK_SEQPACKET) is offered on Unix sockets only";
    if (type == SOCK_RAW && error == EPERM)
        return "a raw socket takes the capability CAP_NET_RAW";
    return strerrordesc_np(error);
}

int net_socket(int family, int type, int protocol, struct net_failure *failure)
{
    int fd = socket(family, type | SOCK_CLOEXEC, protocol);

    if (fd < 0)
        *failure = (struct net_failure){"socket", why_not(family, type, errno), errno};
    return fd;
}

/*
 * TCP_NODELAY on every stream over IP: an answer leaves when it is written, instead of waiting (up to
 * 40 ms, Nagle's algorithm against the peer's delayed acknowledgement) for the answer before it to be
 * acknowledged. tcp(7)
 */
int net_socket_open(const struct net_address *address, int flags)
{
    int type = address->type ? address->type : SOCK_STREAM;
    int fd = socket(address->storage.ss_family, type | SOCK_CLOEXEC | flags, 0);

    if (fd >= 0 && type == SOCK_STREAM && !net_socket_is_unix(address) &&
        net_set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1) < 0)
        return net_socket_close_failed(fd);
    return fd;
}

/* ---- clients ---- */

/*
 * A socket that will be connected. Datagrams of a Unix socket without a name cannot be answered: with
 * an address of the family alone, bind(2) makes up an abstract name. unix(7), "Autobind feature"
 */
static int open_client(const struct net_address *remote, int flags)
{
    const struct sockaddr_un nameless = {.sun_family = AF_UNIX};
    int fd = net_socket_open(remote, flags);

    if (fd >= 0 && net_socket_is_unix(remote) && remote->type == SOCK_DGRAM &&
        bind(fd, (const struct sockaddr *)&nameless, sizeof nameless.sun_family) < 0)
        return net_socket_close_failed(fd);
    return fd;
}

/*
 * connect(2) on a blocking socket, bounded by SO_SNDTIMEO: that works for TCP (EINPROGRESS when time is
 * up) and also for Unix sockets (EAGAIN), where a full backlog cannot be waited for with poll. After
 * a signal the attempt goes on in the kernel, and asking again joins it.
 */
static int connect_within(int fd, const struct net_address *address, int64_t timeout_ns)
{
    int64_t start_ns = clock_now_ns();

    do {
        int64_t left_ns = timeout_ns ? timeout_ns - (clock_now_ns() - start_ns) : 0;

        errno = ETIMEDOUT;
        if (timeout_ns && left_ns <= 0)
            return -1;
        if (net_set_timeouts_ns(fd, left_ns) < 0)
            return -1;
        if (connect(fd, net_socket_address(address), address->length) == 0)
            return net_set_timeouts_ns(fd, 0);
    } while (errno == EINTR);
    if (errno == EINPROGRESS || errno == EAGAIN || errno == EALREADY)
        errno = ETIMEDOUT;
    return -1;
}

static int connect_to(const struct net_address *address, int64_t timeout_ns, struct net_failure *failure)
{
    int fd = open_client(address, 0);

    if (fd < 0)
        return net_socket_explain(failure, "socket");
    if (connect_within(fd, address, timeout_ns) == 0)
        return fd;
    net_socket_explain(failure, "connect");
    return net_socket_close_failed(fd);
}

int net_connect(const struct net_endpoint *endpoint, int64_t timeout_ns, struct net_failure *failure)
{
    struct net_address addresses[NET_ADDRESSES_MAX];
    int count = net_resolve(endpoint, false, addresses, NET_ADDRESSES_MAX, failure);
    int fd = -1;

    for (int i = 0; i < count && fd < 0; i++)
        fd = connect_to(&addresses[i], timeout_ns, failure);
    return fd;
}

/*
 * A bind(2) would pick the port before the destination is known, and one local address would be used
 * up after 28 000 connections to anywhere; IP_BIND_ADDRESS_NO_PORT leaves it to connect. ip(7)
 */
static int bind_local(int fd, const struct net_address *local)
{
    if (!net_socket_is_unix(local) && net_set_option(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1) < 0)
        return -1;
    return bind(fd, net_socket_address(local), local->length);
}

/* What has to be set before the connect. */
static int prepare(int fd, const struct net_address *remote, const struct net_connect_how *how)
{
    bool tcp = !net_socket_is_unix(remote) && remote->type == SOCK_STREAM;

    if (how->receive_buffer > 0 && net_set_option(fd, SOL_SOCKET, SO_RCVBUF, how->receive_buffer) < 0)
        return -1;
    if (how->speaks_first && tcp && net_set_option(fd, IPPROTO_TCP, TCP_QUICKACK, 0) < 0)
        return -1;
    return how->local ? bind_local(fd, how->local) : 0;
}

int net_connect_start_how(const struct net_address *remote, const struct net_connect_how *how)
{
    int fd = open_client(remote, SOCK_NONBLOCK);

    if (fd < 0)
        return -1;
    if (prepare(fd, remote, how) < 0)
        return net_socket_close_failed(fd);
    if (connect(fd, net_socket_address(remote), remote->length) < 0 && errno != EINPROGRESS)
        return net_socket_close_failed(fd);
    return fd;
}

int net_connect_start(const struct net_address *remote, const struct net_address *local)
{
    return net_connect_start_how(remote, &(struct net_connect_how){.local = local});
}

int net_connect_error(int fd)
{
    int error;

    return net_get_option(fd, SOL_SOCKET, SO_ERROR, &error) < 0 ? errno : error;
}

int net_connect_number(int fd, const struct net_address *remote)
{
    int result;

    do
        result = connect(fd, net_socket_address(remote), remote->length);
    while (result < 0 && errno == EINTR);
    return result < 0 ? errno : 0;
}
