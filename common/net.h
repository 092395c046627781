/*
 * net - endpoints and sockets. The only file that creates or configures a socket.
 *
 * Every descriptor made here is close-on-exec. Byte order is converted here and nowhere else.
 * Functions return 0 or a descriptor, or -1 with errno; where several calls could have failed,
 * a `struct net_failure` says which one. Nothing here prints or exits.
 *
 * The transports stand in `enum net_transport` and in the table at the head of net_endpoint.c. Which
 * classic call is which function, with its errors: docs/sockets.md.
 */
#ifndef NET_H
#define NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/un.h>

enum net_transport {
    NET_TCP,        /* a stream of bytes over IP.  tcp(7) */
    NET_UDP,        /* datagrams over IP: may be lost, doubled, reordered.  udp(7) */
    NET_UNIX,       /* a stream of bytes on this machine.  unix(7) */
    NET_UNIXPACKET, /* a connection that keeps records whole: SOCK_SEQPACKET */
    NET_UNIXDGRAM,  /* datagrams on this machine: never lost, the sender waits instead */
};

enum {
    NET_BACKLOG = 4096,          /* default; the kernel caps it at net.core.somaxconn */
    NET_UNSENT_MAX = 128 * 1024, /* bytes a loop's TCP socket takes beyond what is on its way to the client */
    NET_HOST_MAX = 256,          /* RFC 1035: a name has at most 255 octets */
    NET_PORT_MAX = 32,           /* a number or a service name */
    NET_PATH_MAX = sizeof((struct sockaddr_un){0}.sun_path),
    NET_TEXT_MAX = NET_HOST_MAX + NET_PORT_MAX + 16,
    NET_ADDRESSES_MAX = 16, /* addresses of one name that are tried */
    NET_READER_SIZE = 16384,
    NET_WRITER_SIZE = 16384,
    NET_DATAGRAM_MAX = 65536,  /* takes any datagram over IP; on Unix sockets larger ones are possible */
    NET_DESCRIPTORS_MAX = 16,  /* in one message; Linux takes up to 253 (SCM_MAX_FD) */
    NET_MESSAGE_PIECES = 1024, /* UIO_MAXIOV: pieces in one readv or writev */
};

/* ---- endpoints: where to listen or connect, as text and as parts ---- */

struct net_endpoint {
    enum net_transport transport;
    int family; /* tcp, udp: AF_INET or AF_INET6 when only that will do, else AF_UNSPEC */
    char
        host[NET_HOST_MAX]; /* tcp, udp: name or address, no brackets; "": any (listen), loopback (connect) */
    char port[NET_PORT_MAX]; /* tcp, udp */
    char path[NET_PATH_MAX]; /* unix*: a file, or "@name" for a name of the abstract namespace */
};

/*
 * Parses "tcp://127.0.0.1:8080", "tcp://[::1]:8080", "udp://HOST:PORT", "unix:/path", "unix:@name",
 * "unixpacket:/path", "unixdgram:/path", "host:port", ":port" or "port" (tcp). tcp4, tcp6, udp4 and udp6
 * instead of tcp and udp take one family only. NULL when it is one; else a sentence (static storage)
 * that says what is wrong with it.
 */
const char *net_endpoint_parse(const char *text, struct net_endpoint *endpoint);

/* SOCK_STREAM, SOCK_DGRAM or SOCK_SEQPACKET. */
int net_transport_type(enum net_transport transport);

/* AF_UNIX: its endpoint is a path. */
bool net_transport_is_unix(enum net_transport transport);

/* The file of a Unix socket, NULL when it has none: an abstract name, or not a Unix socket. */
const char *net_endpoint_file(const struct net_endpoint *endpoint);

/* Writes the endpoint in its full form ("tcp://[::1]:8080"); text has NET_TEXT_MAX bytes. Returns text. */
const char *net_endpoint_format(const struct net_endpoint *endpoint, char *text);

/* One resolved address, ready for socket(2), bind(2), connect(2) and sendto(2). */
struct net_address {
    struct sockaddr_storage storage;
    socklen_t length; /* 0: none */
    int type;         /* of the socket it is for; 0: SOCK_STREAM */
    bool ipv6_only;   /* a socket for it takes no IPv4 (IPV6_V6ONLY) */
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

/* The address that came with a datagram, as an endpoint of that transport. 0 or -1 with errno. */
int net_address_describe(const struct net_address *address, enum net_transport transport,
                         struct net_endpoint *endpoint);

/*
 * socket(2), close-on-exec; `type` may carry SOCK_NONBLOCK. What Linux does not offer is refused with
 * a sentence in *failure: SOCK_RDM over IP (ESOCKTNOSUPPORT), SOCK_RAW without the right (EPERM).
 */
int net_socket(int family, int type, int protocol, struct net_failure *failure);

/* ---- servers ---- */

struct net_listen_options {
    int backlog;      /* 0: NET_BACKLOG */
    bool nonblocking; /* O_NONBLOCK on the listening socket */
    bool reuse_port;  /* SO_REUSEPORT: several sockets on one port; tcp and udp only */
};

/*
 * socket, SO_REUSEADDR, TCP_NODELAY, TCP_NOTSENT_LOWAT if `nonblocking` (accepted sockets inherit both),
 * IPV6_V6ONLY (on for tcp6, else off: "[::]" takes IPv4 as well), bind, listen. A Unix path whose old owner
 * is dead (connect says ECONNREFUSED) is taken over; one that answers, or that is not a socket, is
 * EADDRINUSE. Returns the listening socket; -1 with *failure, EOPNOTSUPP for datagrams.
 */
int net_listen(const struct net_endpoint *endpoint, const struct net_listen_options *options,
               struct net_failure *failure);

/*
 * The same up to bind: all that a socket for datagrams needs to receive. No SO_REUSEADDR for
 * datagrams: it would let a second server take the port over in silence. socket(7)
 */
int net_bind(const struct net_endpoint *endpoint, const struct net_listen_options *options,
             struct net_failure *failure);

/*
 * True when shutdown(2) has ended the receiving half of this socket: how a datagram's receiver tells an
 * end from an empty datagram, and a loop a stopped Unix listening socket from a quiet one.
 */
bool net_is_shut_down(int fd);

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
 * blocking socket, over tcp with TCP_NODELAY; -1 with *failure (errno ETIMEDOUT when time ran out).
 * A datagram socket then sends to that address and receives from it alone; over unixdgram it gets an
 * abstract name of its own, without which nobody could answer it. unix(7) about autobind
 */
int net_connect(const struct net_endpoint *endpoint, int64_t timeout_ns, struct net_failure *failure);

/*
 * Starts to connect a non-blocking socket to one address, from `local` unless NULL (the port is
 * chosen at connect: IP_BIND_ADDRESS_NO_PORT). Returns the socket, connected or connecting (wait
 * until it is writable, then ask net_connect_error); -1 with errno: EAGAIN is a full Unix backlog,
 * EADDRNOTAVAIL no free port.
 */
int net_connect_start(const struct net_address *remote, const struct net_address *local);

/* How a connection is started; zeros: as net_connect_start does without a local address. */
struct net_connect_how {
    const struct net_address *local; /* connects from there */
    /*
     * Bytes (the kernel doubles them and has a least size): what is not read soon stays with the sender. Set
     * before the connect, because a window once offered stays. tcp(7)
     */
    int receive_buffer;
    /*
     * TCP: the caller sends at once, so the ACK that ends the handshake waits for its first bytes and one of
     * ten segments of a short connection is saved, and the server woken once instead of twice. TCP_QUICKACK,
     * tcp(7)
     */
    bool speaks_first;
};

/* As net_connect_start. */
int net_connect_start_how(const struct net_address *remote, const struct net_connect_how *how);

/* SO_ERROR: 0 when connected, else the errno of the attempt. */
int net_connect_error(int fd);

/*
 * connect(2) of a socket to one address, going on after EINTR, with the error number as its value: 0,
 * ECONNREFUSED, ...; EINPROGRESS for a non-blocking socket that has only begun.
 */
int net_connect_number(int fd, const struct net_address *remote);

/* ---- bytes ---- */

/* recv(2) once, restarted after EINTR. 0 is the end of input; -1 with errno. */
ssize_t net_receive(int fd, void *bytes, size_t size);

/* send(2) once with MSG_NOSIGNAL, restarted after EINTR; may send less than `size`. */
ssize_t net_send(int fd, const void *bytes, size_t size);

/*
 * sendfile(2) once, restarted after EINTR: up to `size` bytes of a file from `offset`; 0 when it ends there.
 * It raises SIGPIPE as a plain write(2) does, so the caller has to ignore that signal.
 */
ssize_t net_send_file(int fd, int file, uint64_t offset, size_t size);

/* Sends it all on a blocking socket. 0 or -1. */
int net_send_all(int fd, const void *bytes, size_t size);

/* readv(2) once, restarted after EINTR: fills the pieces in turn. As net_receive. */
ssize_t net_receive_pieces(int fd, const struct iovec *pieces, size_t count);

/*
 * writev(2) without SIGPIPE, as often as it takes: all the pieces, in order. They are used up: after
 * an error they say what is left. At most NET_MESSAGE_PIECES. 0 or -1.
 */
int net_send_pieces(int fd, struct iovec *pieces, size_t count);

/* How a connection ends: shutdown(2) with SHUT_RD, SHUT_WR or SHUT_RDWR. 0, or -1: ENOTCONN. */
int net_shutdown(int fd, int how);

/*
 * close(2), never a second time: after EINTR Linux has closed it already, and its number may be
 * somebody else's. 0, or -1 when it was no descriptor or unsent data is lost.
 */
int net_close(int fd);

/* ---- datagrams ---- */

/*
 * recvfrom(2), restarted after EINTR; *from (may be NULL) is who sent it, with length 0 for a Unix
 * socket without a name. Returns the length of the datagram, which is larger than `size` when its end
 * was cut off; 0 is an empty datagram (or net_is_shut_down). ECONNREFUSED: an earlier one, sent by a
 * connected socket, found nobody; the socket goes on.
 */
ssize_t net_receive_from(int fd, void *bytes, size_t size, struct net_address *from);

/* sendto(2), restarted after EINTR: the whole datagram or -1: EMSGSIZE too long, ECONNREFUSED, EAGAIN. */
ssize_t net_send_to(int fd, const void *bytes, size_t size, const struct net_address *to);

/*
 * A socket bound to any address must answer from the one that was asked, or the client, whose socket
 * is connected to that, never sees the answer. net_ask_destination makes the kernel tell it with each
 * datagram (IP_PKTINFO, IPV6_RECVPKTINFO); net_answer_from turns the control part of a datagram that
 * recvmsg(2) received into that of its answer. ip(7), ipv6(7)
 */
enum { NET_DESTINATION_SIZE = 64 }; /* room for the control part; aligned as cmsghdr */
int net_ask_destination(int fd);
void net_answer_from(struct msghdr *message);

/* Whether an endpoint is any address of the machine ("0.0.0.0", "::", ""). */
bool net_is_wildcard(const struct net_endpoint *endpoint);

/* ---- messages: pieces, address and descriptors in one call ---- */

struct net_message {
    struct iovec *pieces;
    size_t count;
    struct net_address *address; /* NULL: the connected one / do not tell */
    int descriptors[NET_DESCRIPTORS_MAX];
    size_t descriptor_count; /* received ones are close-on-exec, and the caller's to close */
    bool cut_off;            /* received: its end did not fit the pieces */
    bool descriptors_lost;   /* received: there was no room, or no free descriptor, for all */
};

/* sendmsg(2) once, with SCM_RIGHTS when there are descriptors; not restarted. Bytes sent, or -1. */
ssize_t net_send_message(int fd, const struct net_message *message);

/* recvmsg(2), restarted after EINTR. Bytes received (as net_receive_from), or -1. */
ssize_t net_receive_message(int fd, struct net_message *message);

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

/* setsockopt(2) and getsockopt(2) for the many options that are an int. 0 or -1. */
int net_set_option(int fd, int level, int option, int value);
int net_get_option(int fd, int level, int option, int *value);

/* O_NONBLOCK, set and read: 1 or 0, -1 with errno. */
int net_set_nonblocking(int fd, bool nonblocking);
int net_is_nonblocking(int fd);

/*
 * SO_RCVTIMEO and SO_SNDTIMEO, set (both) and read; 0 = wait for ever. A blocking call then fails
 * with EAGAIN. The kernel rounds upwards to its ticks. socket(7)
 */
int net_set_timeouts_ns(int fd, int64_t timeout_ns);
int net_timeouts_ns(int fd, int64_t *receive_ns, int64_t *send_ns);

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

/*
 * Reads one record: its length in 4 bytes, network byte order, then its bytes. Returns the length; -1
 * with errno: 0 = end of input between records, EBADMSG = within one, EMSGSIZE = longer than `size`
 * (nothing of it was read; nothing can be read behind it).
 */
ssize_t net_read_record(struct net_reader *reader, void *bytes, size_t size);

/* ---- its counterpart: collects what is written, sends it when the buffer is full or flushed ---- */

struct net_writer {
    int fd;
    size_t filled;
    char bytes[NET_WRITER_SIZE];
};

/* 0, or -1 with errno as net_send_all: what of the buffered bytes was sent is then unknown. */
void net_writer_open(struct net_writer *writer, int fd);
int net_write(struct net_writer *writer, const void *bytes, size_t size);
int net_write_line(struct net_writer *writer, const char *line); /* with "\r\n" behind it */
int net_write_record(struct net_writer *writer, const void *bytes, uint32_t size);
int net_flush(struct net_writer *writer);

/* ---- byte order: numbers in network order at any address ---- */

void net_put_16(void *at, uint16_t value);
void net_put_32(void *at, uint32_t value);
uint16_t net_get_16(const void *at);
uint32_t net_get_32(const void *at);

#endif
