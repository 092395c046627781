/*
 * uring_datagram - see uring_datagram.h.
 *
 *     [ receive, once for all ] --> io_uring_enter --> [ received: buffer 7 | buffer 8 | buffer 9 ]
 *     [ send | send | send    ]                                        |
 *              ^                                                       |
 *              '------------- from the buffers they came in <----------'
 *
 * The kernel writes sender, control part and bytes of a datagram one behind the other into a buffer of
 * the shelf. The answer is sent from there, and as with connections it is over when it is submitted:
 * after io_uring_enter(2) all buffers of the round go back to the shelf.
 *
 * Cost: one system call for all datagrams that wait, and their answers go with the next. When the shelf
 * is empty the receive ends, datagrams wait in the socket, and it is asked for again.
 *
 * io_uring_prep_recvmsg_multishot(3)
 */
#ifdef WITH_LIBURING
#include "uring_datagram.h"

#include "datagram.h"
#include "net.h"
#include "stop.h"
#include "uring_peer.h"
#include "uring_ring.h"

#include <err.h>
#include <errno.h>

enum {
    ROUND = 128, /* datagrams answered before the kernel is entered; the rest of them wait in the ring */
    BUFFER = sizeof(struct io_uring_recvmsg_out) + sizeof(struct sockaddr_storage) + NET_DESTINATION_SIZE +
             NET_DATAGRAM_MAX,
};

/* What sendmsg(2) is told; must stay until the kernel has been entered. */
struct answer {
    struct msghdr message;
    struct iovec piece;
};

static struct ring ring;
static struct counters *counters;
static struct msghdr shape; /* room for the sender's address, and for ours if it must be told */
static struct answer answers[ROUND];
static unsigned answering;
static bool receiving;

/* The question in its buffer becomes the answer. False: cut off, or nobody to answer. */
static bool prepare(struct answer *answer, struct io_uring_recvmsg_out *question, int size)
{
    *answer = (struct answer){
        .message = {.msg_name = io_uring_recvmsg_name(question),
                    .msg_namelen = question->namelen,
                    .msg_iov = &answer->piece,
                    .msg_iovlen = 1},
        .piece = {.iov_base = io_uring_recvmsg_payload(question, &shape),
                  .iov_len = io_uring_recvmsg_payload_length(question, size, &shape)},
    };
    if (question->controllen > 0) {
        answer->message.msg_control = (char *)answer->message.msg_name + shape.msg_namelen;
        answer->message.msg_controllen = question->controllen;
        net_answer_from(&answer->message);
    }
    counters_add(&counters->bytes_in, answer->piece.iov_len);
    return question->namelen > 0 && (question->flags & MSG_TRUNC) == 0;
}

/* A shutdown looks like an empty datagram from nobody; only the end of the loop tells them apart. */
static void on_received(const struct server *server, const struct io_uring_cqe *cqe)
{
    struct io_uring_recvmsg_out *question = NULL;
    struct answer *answer = &answers[answering];

    if ((cqe->flags & IORING_CQE_F_MORE) == 0)
        receiving = false;
    if (cqe->res >= 0)
        question = io_uring_recvmsg_validate(ring_received(&ring, cqe), cqe->res, &shape);
    if (question == NULL)
        return; /* the shelf is empty, or a signal came */
    counters_add(&counters->receives, 1);
    if (prepare(answer, question, cqe->res)) {
        ring_send_message(&ring, server->listener, &answer->message, SEND);
        counters_add(&counters->sends, 1);
        counters_add(&counters->requests, 1);
        counters_add(&counters->bytes_out, answer->piece.iov_len);
        answering++;
    } else if (!server_stopping()) {
        counters_add(&counters->bad_requests, 1);
    }
}

/* An answer that could not be sent was counted as if it had been. (Its bytes stay counted: they were tried.)
 */
static void on_failed(void)
{
    atomic_fetch_sub_explicit(&counters->requests, 1, memory_order_relaxed);
    counters_add(&counters->aborted, 1);
}

/*
 * Looks at up to ROUND completions, then enters the kernel, which takes the answers: only then may their
 * buffers go back.
 */
static void serve_round(const struct server *server, bool sleep)
{
    struct io_uring_cqe *cqe, done[ROUND];
    unsigned head, count = 0;

    answering = 0;
    io_uring_for_each_cqe(&ring.uring, head, cqe)
    {
        if (count == ROUND)
            break;
        done[count++] = *cqe;
        if (cqe->user_data == RECEIVE)
            on_received(server, cqe);
        else if (cqe->user_data == SEND)
            on_failed();
    }
    io_uring_cq_advance(&ring.uring, count);
    if (!receiving) {
        ring_receive_messages(&ring, server->listener, &shape, RECEIVE);
        receiving = true;
    }
    do {
        if (ring_wait(&ring, sleep && count == 0, stop_timeout()) < 0)
            err(EXIT_CANNOT, "io_uring: io_uring_enter");
    } while (!ring_all_taken(&ring));
    for (unsigned i = 0; i < count; i++)
        if ((done[i].flags & IORING_CQE_F_BUFFER) != 0)
            ring_recycle(&ring, &done[i]);
}

/* What had come is answered: the first round fetches it from the kernel, the second finds it in the ring. */
static void drain(const struct server *server)
{
    for (int i = 0; i < DATAGRAM_DRAIN_BATCHES && (i < 2 || answering > 0); i++)
        serve_round(server, false);
}

void uring_datagrams_run(const struct server *server)
{
    const char *why = ring_open(&ring, BUFFER);

    if (why != NULL)
        errx(EXIT_CANNOT, "io_uring: %s", why);
    counters = counters_slot(server->counters, 0);
    shape.msg_namelen = sizeof(struct sockaddr_storage);
    if (net_is_wildcard(server->endpoint) && net_ask_destination(server->listener) == 0)
        shape.msg_controllen = NET_DESTINATION_SIZE;
    ring_await_shutdown(&ring, server->listener, SHUTDOWN);
    server_ready(server);
    while (!server_stopping())
        serve_round(server, true);
    drain(server);
    ring_close(&ring);
}
#endif
