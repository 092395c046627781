/*
 * net - endpoints and sockets. The only file that creates or configures a socket.
 *
 * Every descriptor made here is close-on-exec. Byte order is converted here and nowhere else.
 * Functions return 0 or a descriptor, or -1 with errno; where several calls could have failed,
 * a `struct net_failure` says which one. Nothing here prints or exits.
 *
 * Transports: tcp (IPv4 and IPv6) and Unix stream sockets. Others get their line in `enum
 * net_transport` and their row in the table at the head of net.c.
 */
#ifndef NET_H
#define NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/un.h>

enum net_transport { NET_TCP, NET_UNIX };

enum {
    NET_BACKLOG = 4096, /* default; the kernel caps it at net.core.somaxconn */
    NET_HOST_MAX = 256, /* RFC 1035: a name has at most 255 octets */
    NET_PORT_MAX = 32,  /* a number or a service name */
    NET_PATH_MAX = sizeof((struct sockaddr_un){0}.sun_path),
    NET_TEXT_MAX = NET_HOST_MAX + NET_PORT_MAX + 16,
    NET_ADDRESSES_MAX = 16, /* addresses of one name that are tried */
    NET_READER_SIZE = 16384,
};

/* ---- endpoints: where to listen or connect, as text and as parts ---- */

struct net_endpoint {
    enum net_transport transport;
    char host[NET_HOST_MAX]; /* tcp: name or address, no brackets; "": any (listen), loopback (connect) */
    char port[NET_PORT_MAX]; /* tcp */
    char path[NET_PATH_MAX]; /* unix */
};

/*
 * Parses "tcp://127.0.0.1:8080", "tcp://[::1]:8080", "unix:/path", "host:port", ":port" or "port".
 * NULL when it is one; else a sentence (static storage) that says what is wrong with it.
 */
const char *net_endpoint_parse(const char *text, struct net_endpoint *endpoint);

/* Writes the endpoint in its full form ("tcp://[::1]:8080"); text has NET_TEXT_MAX bytes. Returns text. */
const char *net_endpoint_format(const struct net_endpoint *endpoint, char *text);

/* One resolved address, ready for bind(2) and connect(2). */
struct net_address {
    struct sockaddr_storage storage;
    socklen_t length;
};

/* What failed, for "cannot OPERATION ENDPOINT: REASON". */
struct net_failure {
    const char *operation; /* "resolve", "socket", "bind", "listen", "connect", ... */
    const char *reason;    /* gai_strerror or strerror text */
    int error;             /* errno, 0 when the resolver said no */
};

/*
 * Resolves an endpoint (getaddrinfo(3)) into at most `max` addresses, in the order to try them.
 * Returns how many, or -1 with *failure filled.
 */
int net_resolve(const struct net_endpoint *endpoint, bool passive, struct net_address *addresses, size_t max,
                struct net_failure *failure);

/* The address a socket is bound to / connected to, as an endpoint. getsockname(2), getpeername(2) */
int net_local(int fd, struct net_endpoint *endpoint);
int net_peer(int fd, struct net_endpoint *endpoint);

/* ---- servers ---- */

struct net_listen_options {
    int backlog;      /* 0: NET_BACKLOG */
    bool nonblocking; /* O_NONBLOCK on the listening socket */
    bool reuse_port;  /* SO_REUSEPORT: several listening sockets on one port; tcp only */
};

/*
 * socket, SO_REUSEADDR, TCP_NODELAY (accepted sockets inherit it), IPV6_V6ONLY off for "[::]", bind,
 * listen. A Unix path whose old owner is dead (connect says ECONNREFUSED) is taken over; one that
 * answers, or that is not a socket, is EADDRINUSE. Returns the listening socket; -1 with *failure.
 */
int net_listen(const struct net_endpoint *endpoint, const struct net_listen_options *options,
               struct net_failure *failure);

/* What the kernel makes of a backlog: min(backlog, net.core.somaxconn).  listen(2) */
int net_backlog_effective(int backlog);

enum net_accept_status {
    NET_ACCEPTED,
    NET_ACCEPT_AGAIN,   /* nobody waits, a signal came, or the client has left already: not an error */
    NET_ACCEPT_SHORT,   /* EMFILE, ENFILE, ENOBUFS, ENOMEM: the client still waits; pause, do not spin */
    NET_ACCEPT_STOPPED, /* the listening socket was shut down */
};

/* accept4(2) with SOCK_CLOEXEC, and SOCK_NONBLOCK when asked. *fd is set when NET_ACCEPTED. */
enum net_accept_status net_accept(int listener, bool nonblocking, int *fd);

/* What an errno of accept4(2) means, for who accepts by other means (io_uring). */
enum net_accept_status net_accept_failed(int error);

/* ---- clients ---- */

/*
 * Connects, trying every address of the name, each for at most timeout_ns (0: no limit). Returns a
 * blocking socket with TCP_NODELAY; -1 with *failure (errno ETIMEDOUT when time ran out).
 */
int net_connect(const struct net_endpoint *endpoint, int64_t timeout_ns, struct net_failure *failure);

/*
 * Starts to connect a non-blocking socket to one address, from `local` unless NULL (the port is
 * chosen at connect: IP_BIND_ADDRESS_NO_PORT). Returns the socket, connected or connecting (wait
 * until it is writable, then ask net_connect_error); -1 with errno: EAGAIN is a full Unix backlog,
 * EADDRNOTAVAIL no free port.
 */
int net_connect_start(const struct net_address *remote, const struct net_address *local);

/* SO_ERROR: 0 when connected, else the errno of the attempt. */
int net_connect_error(int fd);

/* ---- bytes ---- */

/* recv(2) once, restarted after EINTR. 0 is the end of input; -1 with errno. */
ssize_t net_receive(int fd, void *bytes, size_t size);

/* send(2) once with MSG_NOSIGNAL, restarted after EINTR; may send less than `size`. */
ssize_t net_send(int fd, const void *bytes, size_t size);

/* Sends it all on a blocking socket. 0 or -1. */
int net_send_all(int fd, const void *bytes, size_t size);

/* ---- descriptors as messages, between related processes ---- */

/* A connected pair of Unix sockets that keep messages whole. socketpair(2) */
int net_descriptor_pair(int pair[2]);

/*
 * Sends a descriptor; waits while the queue is full. The message holds a reference of its own: the
 * caller closes its copy. 0, or -1 with errno: EINTR a signal came first, EAGAIN the time-out of the
 * socket, ETOOMANYREFS too many under way, EPIPE nobody receives.
 */
int net_pass_descriptor(int socket, int fd);

/*
 * Receives one, waiting for it, restarted after EINTR; it is the caller's to close. -1 with errno: 0
 * at the end of input, EBADMSG when a message came without one (no descriptor was free here).
 */
int net_take_descriptor(int socket);

/* ---- options ---- */

int net_set_nonblocking(int fd, bool nonblocking);

/* SO_RCVTIMEO and SO_SNDTIMEO; 0 = wait for ever. A blocking call then fails with EAGAIN. socket(7) */
int net_set_timeouts_ns(int fd, int64_t timeout_ns);

/* SO_LINGER 0: the next close sends RST. For clients that play hostile. */
int net_set_reset_on_close(int fd);

/* ---- a buffered reader over a blocking socket: lines and exact counts ---- */

struct net_reader {
    int fd;
    size_t start, end;
    char bytes[NET_READER_SIZE];
};

void net_reader_open(struct net_reader *reader, int fd);

/*
 * Next line without its "\n" or "\r\n", NUL-terminated in place, valid until the next call. Returns
 * its length; -1 with errno: 0 = end of input before a line, EMSGSIZE = longer than the buffer.
 */
ssize_t net_read_line(struct net_reader *reader, char **line);

/* Reads up to `size` bytes, buffered ones first; 0 at the end of input. */
ssize_t net_read(struct net_reader *reader, void *bytes, size_t size);

/* Reads exactly `size` bytes. 0; -1 with errno, 0 when input ended early. */
int net_read_exactly(struct net_reader *reader, void *bytes, size_t size);

#endif
