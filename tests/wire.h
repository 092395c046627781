/*
 * wire - the client's end of a connection, as tests need it: in pieces, slowly, rudely.
 *
 * It shares no code with common/net on purpose: a test that leans on what it tests agrees with its
 * mistakes. All sockets are non-blocking and every wait is a poll(2) with a deadline, so that a server
 * that says nothing fails a test instead of hanging it. Functions return 0 (or a count), or -1 with
 * errno: ETIMEDOUT when WIRE_DEADLINE_MS went by.
 */
#ifndef WIRE_H
#define WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum {
    WIRE_DEADLINE_MS = 20000, /* generous: the machine may be shared with anything */
    WIRE_BUFFER = 20480,      /* takes the longest record of a server: one of its buffers */
};

struct wire {
    int fd; /* -1: closed */
    size_t start, end;
    uint64_t sent, received; /* bytes that went each way */
    const char *queued;      /* what wire_queue still has to send */
    size_t queued_size;
    char buffer[WIRE_BUFFER]; /* received, not yet taken: [start, end) */
};

/* Connects to "tcp://ADDRESS:PORT", "unix:/path" or "unixpacket:/path" (each send a record). TCP_NODELAY is
 * on: a piece sent is a segment. */
int wire_open(struct wire *wire, const char *endpoint);

/* The same with SO_RCVBUF set before the connection: a client with little room. */
int wire_open_narrow(struct wire *wire, const char *endpoint, int receive_buffer);

void wire_close(struct wire *wire);

/* Ends with a reset instead of an orderly close (SO_LINGER 0; on a Unix socket merely a close). */
void wire_reset(struct wire *wire);

/* No more bytes from us; answers can still come. */
int wire_half_close(struct wire *wire);

/* Sends all of it now. It must fit the way of things: who sends and echoes a lot wants wire_queue. */
int wire_send(struct wire *wire, const void *bytes, size_t size);
int wire_text(struct wire *wire, const char *text);

/* Sends what the socket takes without waiting: how much, 0 when it is full, -1. */
ssize_t wire_push(struct wire *wire, const void *bytes, size_t size);

/*
 * Gives bytes to be sent while receiving: they leave in wire_receive, whenever the socket takes some.
 * Both ends can then be full without standing still. The bytes must live until then.
 */
void wire_queue(struct wire *wire, const void *bytes, size_t size);

/* Some bytes, buffered ones first: how many, 0 at the end of input, -1. */
ssize_t wire_receive(struct wire *wire, void *bytes, size_t size);

/* Exactly `size` bytes: 0; -1 when input ended early (errno 0) or failed. */
int wire_receive_all(struct wire *wire, void *bytes, size_t size);

/* One line with its "\r\n" cut off, NUL-terminated: its length; -1, errno EPROTO when it is not one. */
ssize_t wire_line(struct wire *wire, char *line, size_t size);

/* True when nothing, not even the end, arrives for that long. */
bool wire_silent(struct wire *wire, int for_ms);

/* True when the next thing to arrive is the end of the connection, orderly or by reset. */
bool wire_ended(struct wire *wire);

/* Receives and drops what comes until the end; true when the end came. */
bool wire_drain(struct wire *wire);

/* Waits until the server has taken everything we sent out of its socket (peer.h). 0 or -1. */
int wire_consumed(const struct wire *wire);

#endif
