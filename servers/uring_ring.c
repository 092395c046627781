/* uring_ring - see uring_ring.h. */
#ifdef WITH_LIBURING
#include "uring_ring.h"

#include "clock.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

enum {
    SUBMISSIONS = 256,    /* entries written before the kernel must be asked to take them */
    COMPLETIONS = 1024,   /* more of them wait in the kernel */
    SHELF = 256,          /* buffers; a power of two. Short of them, a receive ends and is asked for again */
    SHELF_GROUP = 0,      /* its number among the ring's shelves */
    SHORTAGE_PAUSE_MS = 1 /* when the kernel has no memory for an operation just now */
};

static const size_t shelf_bytes = SHELF * sizeof(struct io_uring_buf);

static size_t mapped_bytes(const struct ring *ring)
{
    return shelf_bytes + SHELF * ring->buffer_size;
}

/* ---- opening ---- */

/*
 * DEFER_TASKRUN: what the network brings is worked on when we enter the kernel, not whenever an interrupt
 * lets it; it needs a single issuer. SUBMIT_ALL: a broken entry does not hold up those behind it.
 */
static int open_uring(struct ring *ring)
{
    struct io_uring_params params = {
        .flags = IORING_SETUP_CQSIZE | IORING_SETUP_SUBMIT_ALL | IORING_SETUP_COOP_TASKRUN |
                 IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN,
        .cq_entries = COMPLETIONS,
    };
    int error = -io_uring_queue_init_params(SUBMISSIONS, &ring->uring, &params);

    if (error == 0)
        io_uring_register_ring_fd(&ring->uring); /* spares a look-up per call; it works without, too */
    return error;
}

static char *buffer_at(const struct ring *ring, unsigned id)
{
    return ring->bytes + (size_t)id * ring->buffer_size;
}

static void put_on_shelf(struct ring *ring, unsigned id, int place)
{
    io_uring_buf_ring_add(ring->shelf, buffer_at(ring, id), (unsigned)ring->buffer_size, (unsigned short)id,
                          io_uring_buf_ring_mask(SHELF), place);
}

/* One mapping: the shelf, which must begin on a page, and behind it the buffers. Untouched pages cost
 * nothing. */
static int open_shelf(struct ring *ring)
{
    void *mapped = mmap(NULL, mapped_bytes(ring), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    struct io_uring_buf_reg shelf = {.ring_addr = (uintptr_t)mapped, .ring_entries = SHELF};

    if (mapped == MAP_FAILED)
        return errno;
    ring->shelf = mapped;
    ring->bytes = (char *)mapped + shelf_bytes;
    io_uring_buf_ring_init(ring->shelf);
    shelf.bgid = SHELF_GROUP;
    int error = -io_uring_register_buf_ring(&ring->uring, &shelf, 0);
    if (error != 0) {
        munmap(mapped, mapped_bytes(ring));
        return error;
    }
    for (int id = 0; id < SHELF; id++)
        put_on_shelf(ring, (unsigned)id, id);
    io_uring_buf_ring_advance(ring->shelf, SHELF);
    return 0;
}

const char *ring_reason(int error)
{
    static char text[128];

    switch (error) {
    case ENOSYS:
        return "this kernel has no io_uring";
    case EPERM:
    case EACCES:
        return "io_uring is forbidden here: by the sysctl kernel.io_uring_disabled or by a sandbox";
    case EINVAL:
    case EOPNOTSUPP:
        return "the io_uring of this kernel is too old: Linux 6.1 brought what it takes";
    case ENOMEM:
        return "io_uring gets no memory here (RLIMIT_MEMLOCK, or the limit of the cgroup)";
    }
    snprintf(text, sizeof text, "io_uring fails: %s", strerror(error));
    return text;
}

const char *ring_open(struct ring *ring, size_t buffer_size)
{
    int error = open_uring(ring);

    ring->buffer_size = buffer_size;
    if (error != 0)
        return ring_reason(error);
    error = open_shelf(ring);
    if (error == 0)
        return NULL;
    io_uring_queue_exit(&ring->uring);
    return ring_reason(error);
}

void ring_close(struct ring *ring)
{
    io_uring_queue_exit(&ring->uring);
    munmap(ring->shelf, mapped_bytes(ring));
}

/* ---- entering the kernel ---- */

/* What io_uring_enter(2) says in passing: time is up, a signal came, memory is short, completions wait. */
static bool passing(int error)
{
    return error == ETIME || error == EINTR || error == EAGAIN || error == EBUSY || error == ENOMEM;
}

int ring_wait(struct ring *ring, bool sleep, const struct timespec *timeout)
{
    struct __kernel_timespec time = {0};
    struct io_uring_cqe *cqe;
    int result;

    if (timeout != NULL)
        time = (struct __kernel_timespec){timeout->tv_sec, timeout->tv_nsec};
    if (sleep)
        result =
            io_uring_submit_and_wait_timeout(&ring->uring, &cqe, 1, timeout != NULL ? &time : NULL, NULL);
    else
        result = io_uring_submit_and_get_events(&ring->uring);
    if (result == -EAGAIN || result == -ENOMEM)
        clock_sleep_ns(SHORTAGE_PAUSE_MS * NS_PER_MS);
    if (result >= 0 || passing(-result))
        return 0;
    errno = -result;
    return -1;
}

bool ring_all_taken(const struct ring *ring)
{
    return io_uring_sq_ready(&ring->uring) == 0;
}

/* A free entry. When all are written the kernel takes them now; without memory it takes a moment. */
static struct io_uring_sqe *entry(struct ring *ring)
{
    struct io_uring_sqe *sqe;

    while ((sqe = io_uring_get_sqe(&ring->uring)) == NULL)
        if (io_uring_submit(&ring->uring) < 0)
            clock_sleep_ns(SHORTAGE_PAUSE_MS * NS_PER_MS);
    return sqe;
}

/* ---- operations ---- */

void ring_accept(struct ring *ring, int listener, bool multishot, uint64_t tag)
{
    struct io_uring_sqe *sqe = entry(ring);

    if (multishot)
        io_uring_prep_multishot_accept(sqe, listener, NULL, NULL, SOCK_CLOEXEC);
    else
        io_uring_prep_accept(sqe, listener, NULL, NULL, SOCK_CLOEXEC);
    io_uring_sqe_set_data64(sqe, tag);
}

/* A poll for nothing: errors and hang-ups are reported all the same. */
void ring_await_shutdown(struct ring *ring, int fd, uint64_t tag)
{
    struct io_uring_sqe *sqe = entry(ring);

    io_uring_prep_poll_add(sqe, fd, 0);
    io_uring_sqe_set_data64(sqe, tag);
}

void ring_receive(struct ring *ring, int fd, bool multishot, bool full_length, uint64_t tag)
{
    struct io_uring_sqe *sqe = entry(ring);

    if (multishot)
        io_uring_prep_recv_multishot(sqe, fd, NULL, 0, 0);
    else
        io_uring_prep_recv(sqe, fd, NULL, 0, full_length ? MSG_TRUNC : 0);
    sqe->flags |= IOSQE_BUFFER_SELECT;
    sqe->buf_group = SHELF_GROUP;
    io_uring_sqe_set_data64(sqe, tag);
}

void ring_receive_messages(struct ring *ring, int fd, struct msghdr *shape, uint64_t tag)
{
    struct io_uring_sqe *sqe = entry(ring);

    io_uring_prep_recvmsg_multishot(sqe, fd, shape, 0);
    sqe->flags |= IOSQE_BUFFER_SELECT;
    sqe->buf_group = SHELF_GROUP;
    io_uring_sqe_set_data64(sqe, tag);
}

void ring_send_message(struct ring *ring, int fd, const struct msghdr *message, uint64_t tag)
{
    struct io_uring_sqe *sqe = entry(ring);

    io_uring_prep_sendmsg(sqe, fd, message, MSG_NOSIGNAL | MSG_DONTWAIT);
    sqe->flags |= IOSQE_CQE_SKIP_SUCCESS;
    io_uring_sqe_set_data64(sqe, tag);
}

/*
 * MSG_DONTWAIT: no waiting for room, in the kernel's poll or in a worker thread. MSG_WAITALL: to send less
 * than all is a failure. CQE_SKIP_SUCCESS: only failures are told.
 */
void ring_send(struct ring *ring, int fd, const void *bytes, size_t size, uint64_t tag)
{
    struct io_uring_sqe *sqe = entry(ring);

    io_uring_prep_send(sqe, fd, bytes, size, MSG_NOSIGNAL | MSG_DONTWAIT | MSG_WAITALL);
    sqe->flags |= IOSQE_CQE_SKIP_SUCCESS;
    io_uring_sqe_set_data64(sqe, tag);
}

/*
 * Why not let a send wait: the kernel's poll always asks for POLLRDHUP as well. A client that has ended its
 * side is "ready" for ever, the send is tried again and again, and in the end it is given a thread of its
 * own to block in. A multishot poll tells each event but once.
 */
void ring_await_room(struct ring *ring, int fd, uint64_t tag)
{
    struct io_uring_sqe *sqe = entry(ring);

    io_uring_prep_poll_multishot(sqe, fd, POLLOUT);
    io_uring_sqe_set_data64(sqe, tag);
}

void ring_cancel(struct ring *ring, uint64_t tag)
{
    struct io_uring_sqe *sqe = entry(ring);

    io_uring_prep_cancel64(sqe, tag, 0);
    sqe->flags |= IOSQE_CQE_SKIP_SUCCESS;
    io_uring_sqe_set_data64(sqe, 0);
}

/* ---- the shelf ---- */

char *ring_received(const struct ring *ring, const struct io_uring_cqe *cqe)
{
    return buffer_at(ring, cqe->flags >> IORING_CQE_BUFFER_SHIFT);
}

void ring_recycle(struct ring *ring, const struct io_uring_cqe *cqe)
{
    put_on_shelf(ring, cqe->flags >> IORING_CQE_BUFFER_SHIFT, 0);
    io_uring_buf_ring_advance(ring->shelf, 1);
}
#endif
