/*
 * net_reader - the bytes of a connected socket (net.h): received and sent, and, out of a blocking
 * socket, lines and exact counts.
 *
 *     bytes  [ given out | start ... buffered ... end |   room   ]
 *
 * A stream has no records: one recv may bring half a line or three. What came too early stays between
 * `start` and `end` for the next call.
 */
#include "net.h"

#include <errno.h>
#include <string.h>

/* ---- bytes as the kernel moves them ---- */

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

/* ---- the buffered reader ---- */

void net_reader_open(struct net_reader *reader, int fd)
{
    reader->fd = fd;
    reader->start = reader->end = 0;
}

/* Moves what is buffered to the front, so that all the room is behind it. */
static void compact(struct net_reader *reader)
{
    memmove(reader->bytes, reader->bytes + reader->start, reader->end - reader->start);
    reader->end -= reader->start;
    reader->start = 0;
}

/* Receives once into the room. Returns how many bytes came, 0 at the end of input, -1 with errno. */
static ssize_t fill(struct net_reader *reader)
{
    ssize_t received;

    compact(reader);
    if (reader->end == sizeof(reader->bytes)) {
        errno = EMSGSIZE;
        return -1;
    }
    received = net_receive(reader->fd, reader->bytes + reader->end, sizeof(reader->bytes) - reader->end);
    if (received > 0)
        reader->end += (size_t)received;
    return received;
}

/* Gives out the line that ends at `newline`, with a NUL over its "\n" or "\r\n". */
static ssize_t take_line(struct net_reader *reader, char *newline, char **line)
{
    *line = reader->bytes + reader->start;
    reader->start = (size_t)(newline + 1 - reader->bytes);
    if (newline > *line && newline[-1] == '\r')
        newline--;
    *newline = '\0';
    return newline - *line;
}

ssize_t net_read_line(struct net_reader *reader, char **line)
{
    size_t searched = 0; /* buffered bytes known to hold no newline: each is looked at once */

    for (;;) {
        char *from = reader->bytes + reader->start + searched;
        char *newline = memchr(from, '\n', (size_t)(reader->bytes + reader->end - from));
        ssize_t received;

        if (newline)
            return take_line(reader, newline, line);
        searched = reader->end - reader->start;
        received = fill(reader);
        if (received == 0)
            errno = 0;
        if (received <= 0)
            return -1;
    }
}

ssize_t net_read(struct net_reader *reader, void *bytes, size_t size)
{
    size_t buffered = reader->end - reader->start;

    if (buffered == 0 && size >= sizeof(reader->bytes))
        return net_receive(reader->fd, bytes, size); /* no use in copying it twice */
    if (buffered == 0 && size > 0) {
        ssize_t received = fill(reader);

        if (received <= 0)
            return received;
        buffered = (size_t)received;
    }
    if (size > buffered)
        size = buffered;
    memcpy(bytes, reader->bytes + reader->start, size);
    reader->start += size;
    return (ssize_t)size;
}

int net_read_exactly(struct net_reader *reader, void *bytes, size_t size)
{
    char *rest = bytes;

    while (size > 0) {
        ssize_t taken = net_read(reader, rest, size);

        if (taken == 0)
            errno = 0;
        if (taken <= 0)
            return -1;
        rest += taken;
        size -= (size_t)taken;
    }
    return 0;
}
