/*
 * net_bytes - the bytes of a connected socket (net.h): received, sent, ended; and numbers as bytes.
 *
 * Two things happen to every call here. A signal may interrupt it (EINTR): it is made again. And it
 * may move fewer bytes than asked for, which is no error: a stream promises order, not portions.
 */
#include "net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

ssize_t net_receive(int fd, void *bytes, size_t size)
{
    ssize_t received;

    do
        received = recv(fd, bytes, size, 0);
    while (received < 0 && errno == EINTR);
    return received;
}

/* MSG_NOSIGNAL: a peer that has left is EPIPE, not a SIGPIPE that ends the whole server. send(2) */
ssize_t net_send(int fd, const void *bytes, size_t size)
{
    ssize_t sent;

    do
        sent = send(fd, bytes, size, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    return sent;
}

ssize_t net_send_file(int fd, int file, uint64_t offset, size_t size)
{
    off_t at = (off_t)offset;
    ssize_t sent;

    do
        sent = sendfile(fd, file, &at, size);
    while (sent < 0 && errno == EINTR);
    return sent;
}

int net_send_all(int fd, const void *bytes, size_t size)
{
    const char *rest = bytes;

    while (size > 0) {
        ssize_t sent = net_send(fd, rest, size);

        if (sent < 0)
            return -1;
        rest += sent;
        size -= (size_t)sent;
    }
    return 0;
}

/* ---- in pieces ---- */

ssize_t net_receive_pieces(int fd, const struct iovec *pieces, size_t count)
{
    ssize_t received;

    do
        received = readv(fd, pieces, (int)count);
    while (received < 0 && errno == EINTR);
    return received;
}

/* Takes `sent` bytes off the front of the pieces; returns how many pieces they used up. */
static size_t advance(struct iovec *pieces, size_t count, size_t sent)
{
    size_t done = 0;

    while (done < count && sent >= pieces[done].iov_len) {
        sent -= pieces[done].iov_len;
        pieces[done++].iov_len = 0;
    }
    if (sent > 0) {
        pieces[done].iov_base = (char *)pieces[done].iov_base + sent;
        pieces[done].iov_len -= sent;
    }
    return done;
}

/* sendmsg(2) and not writev(2), which has no flags: a peer that has left would be a SIGPIPE. */
int net_send_pieces(int fd, struct iovec *pieces, size_t count)
{
    size_t done = advance(pieces, count, 0);

    while (done < count) {
        struct msghdr message = {.msg_iov = pieces + done, .msg_iovlen = count - done};
        ssize_t sent = sendmsg(fd, &message, MSG_NOSIGNAL);

        if (sent < 0 && errno != EINTR)
            return -1;
        if (sent > 0)
            done += advance(pieces + done, count - done, (size_t)sent);
    }
    return 0;
}

/* ---- the end ---- */

int net_shutdown(int fd, int how)
{
    return shutdown(fd, how);
}

int net_close(int fd)
{
    return close(fd) < 0 && errno != EINTR ? -1 : 0;
}

/* ---- byte order: memcpy, because an address in a message need not be a multiple of the size ---- */

void net_put_16(void *at, uint16_t value)
{
    value = htons(value);
    memcpy(at, &value, sizeof value);
}

void net_put_32(void *at, uint32_t value)
{
    value = htonl(value);
    memcpy(at, &value, sizeof value);
}

uint16_t net_get_16(const void *at)
{
    uint16_t value;

    memcpy(&value, at, sizeof value);
    return ntohs(value);
}

uint32_t net_get_32(const void *at)
{
    uint32_t value;

    memcpy(&value, at, sizeof value);
    return ntohl(value);
}
