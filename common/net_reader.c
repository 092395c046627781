/*
 * net_reader - lines, records and exact counts out of a blocking socket, and into one (net.h).
 *
 *     bytes  [ given out | start ... buffered ... end |   room   ]
 *
 * A stream has no records: one recv may bring half a line or three. What came too early stays between
 * `start` and `end` for the next call. In the other direction small pieces are collected, because each
 * send(2) costs the same whether it carries one byte or all of them.
 */
#include "net.h"

#include <errno.h>
#include <string.h>

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

ssize_t net_read_record(struct net_reader *reader, void *bytes, size_t size)
{
    unsigned char head[4];
    ssize_t first = net_read(reader, head, 1);

    if (first == 0)
        errno = 0; /* between two records: the orderly end */
    if (first <= 0)
        return -1;
    if (net_read_exactly(reader, head + 1, sizeof head - 1) < 0) {
        errno = errno == 0 ? EBADMSG : errno;
        return -1;
    }
    uint32_t length = net_get_32(head);
    if (length > size) {
        errno = EMSGSIZE;
        return -1;
    }
    if (net_read_exactly(reader, bytes, length) < 0) {
        errno = errno == 0 ? EBADMSG : errno;
        return -1;
    }
    return (ssize_t)length;
}

/* ---- the buffered writer ---- */

void net_writer_open(struct net_writer *writer, int fd)
{
    writer->fd = fd;
    writer->filled = 0;
}

int net_flush(struct net_writer *writer)
{
    size_t filled = writer->filled;

    writer->filled = 0;
    return net_send_all(writer->fd, writer->bytes, filled);
}

int net_write(struct net_writer *writer, const void *bytes, size_t size)
{
    if (size > sizeof writer->bytes - writer->filled && net_flush(writer) < 0)
        return -1;
    if (size >= sizeof writer->bytes)
        return net_send_all(writer->fd, bytes, size); /* no use in copying it */
    memcpy(writer->bytes + writer->filled, bytes, size);
    writer->filled += size;
    return 0;
}

int net_write_line(struct net_writer *writer, const char *line)
{
    return net_write(writer, line, strlen(line)) < 0 ? -1 : net_write(writer, "\r\n", 2);
}

int net_write_record(struct net_writer *writer, const void *bytes, uint32_t size)
{
    unsigned char head[4];

    net_put_32(head, size);
    return net_write(writer, head, sizeof head) < 0 ? -1 : net_write(writer, bytes, size);
}
