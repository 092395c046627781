/*
 * net_listen - the servers' side of net.h: bound and listening sockets, and what accept makes of trouble.
 *
 *     endpoint                          what its socket gets here
 *     tcp://HOST:PORT                   SO_REUSEADDR, TCP_NODELAY, a loop's TCP_NOTSENT_LOWAT; over IPv6
 *                                       IPV6_V6ONLY off; listen
 *     udp://HOST:PORT                   over IPv6 IPV6_V6ONLY off
 *     tcp6://HOST:PORT, udp6://...      the same with IPV6_V6ONLY on
 *     unix:/PATH, unixpacket:/PATH      its file, taken over when stale; listen
 *     unixdgram:/PATH                   the same without listen
 *     unix:@NAME, ...                   the name, which goes with its last descriptor
 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "net.h"
#include "net_socket.h"

#define UNIX_LOCK_PATIENCE_NS (1 * NS_PER_S)
#define UNIX_LOCK_RETRY_NS    (5 * NS_PER_MS)

/* ---- set up ---- */

/*
 * The send buffer of a connection grows to megabytes (tcp_wmem). A client that reads slowly gets all of that
 * filled, and a thousand such clients keep a loop busy for seconds: so the connections of a loop take only
 * NET_UNSENT_MAX beyond what is on its way to the client. What is on its way, hence the throughput, is not
 * bounded. Who blocks in send(2) keeps nobody waiting, and would only be woken more often. TCP_NOTSENT_LOWAT,
 * since Linux 3.12: tcp_notsent_lowat in Documentation/networking/ip-sysctl.rst
 */
static int configure_stream_listener(int fd, bool nonblocking)
{
    if (net_set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1) < 0)
        return -1;
    return nonblocking ? net_set_option(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, NET_UNSENT_MAX) : 0;
}

/*
 * SO_REUSEADDR lets a server come back while connections of its predecessor are in TIME_WAIT; on
 * Linux it does not let two listen on one port, but it does let two receive datagrams there. Whether "::"
 * also takes IPv4 is a system setting (net.ipv6.bindv6only) unless the socket says so. socket(7), ipv6(7)
 */
static int configure_listener(int fd, const struct net_address *address,
                              const struct net_listen_options *options)
{
    if (net_socket_is_unix(address))
        return 0;
    if (address->type != SOCK_DGRAM && configure_stream_listener(fd, options->nonblocking) < 0)
        return -1;
    if (options->reuse_port && net_set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1) < 0)
        return -1;
    if (address->storage.ss_family == AF_INET6)
        return net_set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, address->ipv6_only);
    return 0;
}

/* A `backlog` of 0: bind was all that was asked for. */
static int start_listening(int fd, int backlog, struct net_failure *failure)
{
    if (backlog != 0 && listen(fd, backlog) < 0)
        return net_socket_explain(failure, "listen");
    return 0;
}

/* ---- Unix socket files ---- */

static bool is_abstract(const struct net_address *address)
{
    return ((const struct sockaddr_un *)&address->storage)->sun_path[0] == '\0';
}

/*
 * Takes the lock under which Unix socket files are made and replaced in one directory: a lock on the
 * directory itself leaves no file behind. Without it two servers that find the same stale file could
 * each remove the other's new one. Returns the descriptor that holds the lock, -1 when it cannot be
 * had; the wait is bounded because anybody who may read the directory may lock it. flock(2)
 */
static int lock_directory(const struct net_address *address)
{
    char path[NET_PATH_MAX];
    int64_t deadline_ns = clock_now_ns() + UNIX_LOCK_PATIENCE_NS;
    int fd;

    snprintf(path, sizeof path, "%s", ((const struct sockaddr_un *)&address->storage)->sun_path);
    fd = open(dirname(path), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    while (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) < 0) {
        if ((errno != EWOULDBLOCK && errno != EINTR) || clock_now_ns() > deadline_ns)
            return net_socket_close_failed(fd);
        clock_sleep_ns(UNIX_LOCK_RETRY_NS);
    }
    return fd;
}

/*
 * Whether the owner of a socket file is gone: only then does connect say ECONNREFUSED, or ENOENT when
 * the owner was just leaving and has removed it meanwhile. unix(7)
 */
static bool unix_is_stale(const struct net_address *address)
{
    int fd = net_connect_start(address, NULL);
    bool stale = fd < 0 && (errno == ECONNREFUSED || errno == ENOENT);

    if (fd >= 0)
        close(fd);
    return stale;
}

/* Called when bind said EADDRINUSE. A file that is no socket is somebody's data and stays. */
static int replace_stale(int fd, const struct net_address *address, struct net_failure *failure)
{
    const char *path = ((const struct sockaddr_un *)&address->storage)->sun_path;
    struct stat file;

    if (lstat(path, &file) == 0 && !S_ISSOCK(file.st_mode)) {
        *failure = (struct net_failure){"bind", "a file that is not a socket stands there", EADDRINUSE};
        errno = EADDRINUSE;
        return -1;
    }
    if (!unix_is_stale(address)) {
        errno = EADDRINUSE;
        return net_socket_explain(failure, "bind");
    }
    if (unlink(path) < 0 && errno != ENOENT)
        return net_socket_explain(failure, "remove the stale socket");
    if (bind(fd, net_socket_address(address), address->length) < 0)
        return net_socket_explain(failure, "bind");
    return 0;
}

/*
 * Between bind and listen a Unix socket refuses connections just as a stale one does, so both happen
 * under the lock. Without the lock nothing is taken over.
 */
static int bind_unix(int fd, const struct net_address *address, int backlog, struct net_failure *failure)
{
    int lock = is_abstract(address) ? -1 : lock_directory(address);
    int result = bind(fd, net_socket_address(address), address->length);

    if (result < 0) {
        net_socket_explain(failure, "bind");
        if (errno == EADDRINUSE && lock >= 0)
            result = replace_stale(fd, address, failure);
    }
    if (result == 0)
        result = start_listening(fd, backlog, failure);
    if (lock >= 0)
        net_socket_close_failed(lock);
    return result;
}

/* ---- listen ---- */

static int bind_inet(int fd, const struct net_address *address, int backlog, struct net_failure *failure)
{
    if (bind(fd, net_socket_address(address), address->length) < 0)
        return net_socket_explain(failure, "bind");
    return start_listening(fd, backlog, failure);
}

static int bind_to(const struct net_address *address, const struct net_listen_options *options, int backlog,
                   struct net_failure *failure)
{
    int fd = net_socket_open(address, options->nonblocking ? SOCK_NONBLOCK : 0);
    int result;

    if (fd < 0)
        return net_socket_explain(failure, "socket");
    if (configure_listener(fd, address, options) < 0) {
        net_socket_explain(failure, "setsockopt");
        return net_socket_close_failed(fd);
    }
    result = (net_socket_is_unix(address) ? bind_unix : bind_inet)(fd, address, backlog, failure);
    return result < 0 ? net_socket_close_failed(fd) : fd;
}

/* Binds to the first address of the endpoint that can be had. */
static int bind_first(const struct net_endpoint *endpoint, const struct net_listen_options *options,
                      int backlog, struct net_failure *failure)
{
    struct net_address addresses[NET_ADDRESSES_MAX];
    int count = net_resolve(endpoint, true, addresses, NET_ADDRESSES_MAX, failure);
    int fd = -1;

    for (int i = 0; i < count && fd < 0; i++)
        fd = bind_to(&addresses[i], options, backlog, failure);
    return fd;
}

int net_listen(const struct net_endpoint *endpoint, const struct net_listen_options *options,
               struct net_failure *failure)
{
    if (net_transport_type(endpoint->transport) != SOCK_DGRAM)
        return bind_first(endpoint, options, options->backlog ? options->backlog : NET_BACKLOG, failure);
    *failure =
        (struct net_failure){"listen", "datagrams come without a connection to listen for", EOPNOTSUPP};
    errno = EOPNOTSUPP;
    return -1;
}

int net_bind(const struct net_endpoint *endpoint, const struct net_listen_options *options,
             struct net_failure *failure)
{
    return bind_first(endpoint, options, 0, failure);
}

int net_backlog_effective(int backlog)
{
    unsigned asked = backlog ? (unsigned)backlog : NET_BACKLOG; /* a negative one is huge, as in the kernel */
    FILE *file = fopen("/proc/sys/net/core/somaxconn", "re");
    unsigned limit;

    if (file && fscanf(file, "%u", &limit) == 1 && asked > limit)
        asked = limit;
    if (file)
        fclose(file);
    return (int)asked;
}

/* ---- accept ---- */

/*
 * accept(2), "Error handling": Linux hands over errors that the new connection already has, and a
 * server is to treat them like EAGAIN. EINVAL comes from a listening socket that was shut down; the
 * others beside it mean that there is no listening socket. What nobody foresaw is answered with a
 * pause: it can then neither end the service nor spin.
 */
enum net_accept_status net_accept_failed(int error)
{
    switch (error) {
    case EAGAIN:
    case EINTR:
    case ECONNABORTED:
    case EPERM: /* a firewall rule */
    case EPROTO:
    case ENOPROTOOPT:
    case EOPNOTSUPP:
    case ENETDOWN:
    case ENETUNREACH:
    case EHOSTDOWN:
    case EHOSTUNREACH:
    case ENONET:
    case ETIMEDOUT:
        return NET_ACCEPT_AGAIN;
    case EINVAL:
    case EBADF:
    case ENOTSOCK:
        return NET_ACCEPT_STOPPED;
    default: /* EMFILE, ENFILE, ENOBUFS, ENOMEM */
        return NET_ACCEPT_SHORT;
    }
}

/*
 * A Unix listening socket that was shut down wakes its pollers for ever, yet a non-blocking accept on
 * it says EAGAIN and not EINVAL: a loop that believed it would spin. Only poll(2) tells.
 */
bool net_is_shut_down(int fd)
{
    struct pollfd state = {.fd = fd, .events = POLLRDHUP};

    return poll(&state, 1, 0) == 1 && (state.revents & (POLLHUP | POLLRDHUP));
}

enum net_accept_status net_accept(int listener, bool nonblocking, int *fd)
{
    int accepted = accept4(listener, NULL, NULL, SOCK_CLOEXEC | (nonblocking ? SOCK_NONBLOCK : 0));

    if (accepted < 0)
        return errno == EAGAIN && net_is_shut_down(listener) ? NET_ACCEPT_STOPPED : net_accept_failed(errno);
    *fd = accepted;
    return NET_ACCEPTED;
}
