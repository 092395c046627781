/*
 * limit: the least that a client of 64 keep-alive connections can do: PORT epoll | io_uring [SECONDS].
 *
 *     epoll:     epoll_wait --> recv, look at the clock --> ... --> send, send, ...
 *     io_uring:  one system call submits all sends, waits, and has received (multishot, provided buffers)
 *
 * It checks nothing, records nothing and cannot reconnect; it exists so that what tenk-load spends on that
 * can be seen: bench/witnesses runs it beside the generators. Its io_uring cannot say when each request of a
 * batch left.
 */
#include <arpa/inet.h>
#include <liburing.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>

enum { CONNECTIONS = 64, BUFFERS = 256, BUFFER_SIZE = 4096, PAGE = 4096, SENT = CONNECTIONS };

static const char request[] = "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
static int sockets[CONNECTIONS];
static char buffers[BUFFERS][BUFFER_SIZE];
static double end_s;
static unsigned long answers;

static double now_s(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static bool answered(ssize_t size)
{
    answers++;
    return size > 0 && now_s() < end_s; /* the clock: a client that measures reads it for each answer */
}

static bool ask(int fd)
{
    return send(fd, request, sizeof request - 1, MSG_NOSIGNAL) == sizeof request - 1;
}

static void loop_epoll(void)
{
    struct epoll_event events[CONNECTIONS];
    int epoll_fd = epoll_create1(EPOLL_CLOEXEC);

    for (int i = 0; i < CONNECTIONS; i++) {
        struct epoll_event event = {.events = EPOLLIN, .data.fd = sockets[i]};

        if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, sockets[i], &event) < 0 || !ask(sockets[i]))
            exit(3);
    }
    for (;;) {
        int ready = epoll_wait(epoll_fd, events, CONNECTIONS, -1);

        for (int i = 0; i < ready; i++)
            if (!answered(recv(events[i].data.fd, buffers[0], BUFFER_SIZE, 0)))
                return;
        for (int i = 0; i < ready; i++)
            ask(events[i].data.fd);
    }
}

static void ask_ring(struct io_uring *ring, unsigned place)
{
    struct io_uring_sqe *entry = io_uring_get_sqe(ring);

    io_uring_prep_send(entry, (int)place, request, sizeof request - 1, MSG_NOSIGNAL);
    entry->flags |= IOSQE_FIXED_FILE | IOSQE_CQE_SKIP_SUCCESS;
    entry->user_data = SENT;
}

static struct io_uring_buf_ring *begin_ring(struct io_uring *ring)
{
    struct io_uring_params parameters = {.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN};
    struct io_uring_buf_ring *lent = aligned_alloc(PAGE, PAGE);
    struct io_uring_buf_reg group = {.ring_addr = (uintptr_t)lent, .ring_entries = BUFFERS};

    if (lent == NULL || io_uring_queue_init_params(2 * CONNECTIONS, ring, &parameters) < 0 ||
        io_uring_register_files(ring, sockets, CONNECTIONS) < 0 ||
        io_uring_register_buf_ring(ring, &group, 0) < 0)
        exit(3);
    io_uring_buf_ring_init(lent);
    for (int i = 0; i < BUFFERS; i++)
        io_uring_buf_ring_add(lent, buffers[i], BUFFER_SIZE, (unsigned short)i, BUFFERS - 1, i);
    io_uring_buf_ring_advance(lent, BUFFERS);
    for (unsigned i = 0; i < CONNECTIONS; i++) {
        struct io_uring_sqe *entry = io_uring_get_sqe(ring);

        io_uring_prep_recv_multishot(entry, (int)i, NULL, 0, 0);
        entry->flags |= IOSQE_FIXED_FILE | IOSQE_BUFFER_SELECT;
        entry->ioprio |= IORING_RECVSEND_POLL_FIRST;
        entry->user_data = i;
        ask_ring(ring, i);
    }
    return lent;
}

static void loop_ring(void)
{
    struct io_uring ring;
    struct io_uring_buf_ring *lent = begin_ring(&ring);

    for (;;) {
        struct io_uring_cqe *event;
        unsigned head, seen = 0;

        io_uring_submit_and_wait(&ring, 1);
        io_uring_for_each_cqe(&ring, head, event)
        {
            unsigned short id = (unsigned short)(event->flags >> IORING_CQE_BUFFER_SHIFT);

            if (event->user_data >= SENT || !(event->flags & IORING_CQE_F_MORE) || !answered(event->res))
                return;
            io_uring_buf_ring_add(lent, buffers[id], BUFFER_SIZE, id, BUFFERS - 1, (int)seen++);
            ask_ring(&ring, (unsigned)event->user_data);
        }
        io_uring_buf_ring_advance(lent, (int)seen);
        io_uring_cq_advance(&ring, seen);
    }
}

int main(int argc, char **argv)
{
    const char *how = argc > 2 ? argv[2] : "";
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons((uint16_t)(argc > 1 ? atoi(argv[1]) : 0)),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };

    if (strcmp(how, "epoll") != 0 && strcmp(how, "io_uring") != 0) {
        fputs("usage: client PORT epoll|io_uring [SECONDS]\n", stderr);
        return 2;
    }
    for (int i = 0; i < CONNECTIONS; i++) {
        sockets[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        setsockopt(sockets[i], IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
        if (connect(sockets[i], (struct sockaddr *)&address, sizeof address) < 0)
            return 3;
    }
    end_s = now_s() + (argc > 3 ? atof(argv[3]) : 1);
    strcmp(how, "epoll") == 0 ? loop_epoll() : loop_ring();
    printf("%lu answers\n", answers);
    return now_s() < end_s ? 1 : 0; /* early: the server has closed a connection */
}
