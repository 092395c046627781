/*
 * uring_ring - one io_uring and the buffers the kernel receives into: every operation the io_uring model
 * asks for, and what has to be set up before. It knows no connection.
 *
 * Submission: ring_* functions write an entry; the kernel sees it at the next ring_wait. A `tag` comes
 * back in the completion's user_data. Tag 0 is for what nobody waits to hear of.
 *
 * io_uring(7), io_uring_enter(2), io_uring_setup_buf_ring(3)
 */
#ifndef URING_RING_H
#define URING_RING_H

#include <liburing.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

struct ring {
    struct io_uring uring;
    struct io_uring_buf_ring *shelf; /* the kernel takes an empty buffer from here for what it receives */
    size_t buffer_size;
    char *bytes; /* the buffers themselves, one behind the other */
};

/* NULL, or a sentence (static storage) that says why io_uring cannot be used here. */
const char *ring_open(struct ring *ring, size_t buffer_size);
void ring_close(struct ring *ring);

/* That sentence for an errno. */
const char *ring_reason(int error);

/* The same as ring_open, and bytes sent and received by way of trial; nothing stays open. */
const char *ring_probe(void);

/*
 * Submits what has been asked for. With `sleep` it returns when there is a completion, after `timeout`
 * (NULL: none), or after a signal. One io_uring_enter(2). 0, or -1 with errno: the ring is unusable.
 */
int ring_wait(struct ring *ring, bool sleep, const struct timespec *timeout);

/* True when the kernel has taken everything that was asked for. */
bool ring_all_taken(const struct ring *ring);

/* accept4(2) with SOCK_CLOEXEC, once or until it is cancelled or fails. */
void ring_accept(struct ring *ring, int listener, bool multishot, uint64_t tag);

/* Completes when the socket is shut down, and not before. */
void ring_await_shutdown(struct ring *ring, int fd, uint64_t tag);

/*
 * recv(2) into a buffer from the shelf, once or until it is cancelled, the input ends or fails. With
 * `full_length` (once) the completion tells the length a record had, beyond BUFFER_SIZE where it was cut
 * off. recv(2) about MSG_TRUNC, which must not be asked of a stream
 */
void ring_receive(struct ring *ring, int fd, bool multishot, bool full_length, uint64_t tag);

/*
 * recvmsg(2) into buffers from the shelf, until it is cancelled, an empty datagram comes or it fails. `shape`
 * says how much room address and control part get in a buffer, and must stay as long as the operation.
 * io_uring_prep_recvmsg_multishot(3)
 */
void ring_receive_messages(struct ring *ring, int fd, struct msghdr *shape, uint64_t tag);

/* sendmsg(2) of a datagram, as ring_send: over in ring_wait, and a completion tells only of failure. */
void ring_send_message(struct ring *ring, int fd, const struct msghdr *message, uint64_t tag);

/*
 * send(2) of what fits the socket now. It is over when the kernel has taken the entry, in ring_wait;
 * `bytes` must stay until then. **If all of it was sent there is no completion**; else the completion says
 * how many bytes were, or the errno: EAGAIN when the socket is full.
 */
void ring_send(struct ring *ring, int fd, const void *bytes, size_t size, uint64_t tag);

/*
 * Completes with poll(2) events whenever room comes up in a full socket, until it is cancelled. Other
 * events may come, too, the first at once.
 */
void ring_await_room(struct ring *ring, int fd, uint64_t tag);

/* Ends the operation with that tag, whose completion still comes. Nothing tells of the cancelling. */
void ring_cancel(struct ring *ring, uint64_t tag);

/* The bytes of a completed receive, and their return to the shelf. */
char *ring_received(const struct ring *ring, const struct io_uring_cqe *cqe);
void ring_recycle(struct ring *ring, const struct io_uring_cqe *cqe);

#endif
