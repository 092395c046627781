/*
 * uring_probe - whether io_uring works here as uring_ring needs it. Neither a version nor a list of opcodes
 * tells: distributions backport, sandboxes filter, administrators forbid. So it is tried.
 */
#ifdef WITH_LIBURING
#include "uring_ring.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    PROBE_S = 1,               /* how long a completion may take */
    PROBE_ROOM = 4096,         /* what the socket is asked to hold, */
    PROBE_BYTES = 1024 * 1024, /* and what it is given: surely too much */
    PROBE_BUFFER = 16384,      /* the size of its buffers */
    PROBE_TAG = 1,
};

/* Waits for the completion of what was asked for last. 0 with *cqe, or an errno. */
static int complete(struct ring *ring, struct io_uring_cqe *cqe)
{
    const struct timespec timeout = {.tv_sec = PROBE_S};
    struct io_uring_cqe *completed;

    if (ring_wait(ring, true, &timeout) < 0)
        return errno;
    if (io_uring_peek_cqe(&ring->uring, &completed) != 0)
        return ETIME;
    *cqe = *completed;
    io_uring_cqe_seen(&ring->uring, completed);
    return cqe->res < 0 ? -cqe->res : 0;
}

/* A multishot receive from a shelf; one byte tells. */
static int receive_a_byte(struct ring *ring, const int ends[2])
{
    struct io_uring_cqe cqe = {0};

    ring_receive(ring, ends[0], true, false, PROBE_TAG);
    if (write(ends[1], "!", 1) != 1)
        return errno;
    int error = complete(ring, &cqe);
    if (error != 0)
        return error;
    bool good = cqe.res == 1 && (cqe.flags & IORING_CQE_F_MORE) != 0 &&
                (cqe.flags & IORING_CQE_F_BUFFER) != 0 && *ring_received(ring, &cqe) == '!';
    return good ? 0 : EINVAL;
}

/* More than a socket takes: the completion must say how much it was. (What is sent are the empty buffers.) */
static int send_too_much(struct ring *ring, const int ends[2])
{
    struct io_uring_cqe cqe = {0};
    int size = PROBE_ROOM;

    setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    ring_send(ring, ends[0], ring->bytes, PROBE_BYTES, PROBE_TAG);
    int error = complete(ring, &cqe);
    return error == 0 || error != EAGAIN ? error : EINVAL;
}

const char *ring_probe(void)
{
    struct ring ring;
    int ends[2];
    const char *why = ring_open(&ring, PROBE_BUFFER);

    if (why != NULL)
        return why;
    int error = socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0 ? errno : 0;
    if (error == 0) {
        error = receive_a_byte(&ring, ends);
        if (error == 0)
            error = send_too_much(&ring, ends);
        close(ends[0]);
        close(ends[1]);
    }
    ring_close(&ring);
    return error == 0 ? NULL : ring_reason(error);
}
#endif
