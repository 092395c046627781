/*
 * io_uring - one loop over completions: the kernel accepts, receives and sends, and tells what it has done.
 *
 *     [ accept, once for all clients        ]                        [ accepted: descriptor 9       ]
 *     [ receive, once for all of a client's ] --> io_uring_enter --> [ received: 40 bytes, buffer 7 ]
 *     [ send | send | send                  ]                        [ (only if a send fell short)  ]
 *          ^                                                                      |
 *          '-------------- answer <-- conn <-- copied from buffer 7 <-------------'
 *
 * A connection is owned by the ring while an operation is under way for it, and by the loop from a
 * completion to the next operation. It waits in io_uring_enter(2), as all others do. A receive is under
 * way nearly always, so a client is freed, and its descriptor closed, only when the completion of its last
 * operation has come (`peer_leave`).
 *
 * Readiness loops make two calls per request and learn readiness from a third, shared one. Here the answer
 * to this request and the news of the next travel in the same io_uring_enter(2), which all share who have
 * something to send. That stands on two facts:
 *
 *  - A multishot receive needs no re-arming. The price: the kernel receives before we want it. Who sends
 *    while an answer is pending has its bytes held, its receive is cancelled, and until it is idle again
 *    it gets single receives. So a client can make us hold what it sent within one round, at most a shelf
 *    of buffers, and all of them together HELD_MAX; who would exceed that is dropped.
 *  - A send of what fits the socket is over when it is submitted, and its success is not even told: no
 *    completion means sent. So no answer is in the kernel's hands while the loop runs, and its buffer goes
 *    back as soon as io_uring_enter(2) returns.
 *
 * Tried and left out, because a request got no cheaper than the noise: lending the shelf's buffers to
 * connections instead of copying out of them (a request has some 40 bytes), larger and smaller rings, polling
 * before the first receive. Registered descriptors save one per cent of a request, and cost two calls
 * per connection.
 *
 * Cost: 1 system call per request for one client, a tenth for 64 that are all ready. Limits: the shelf (who
 * finds it empty has its receive asked for again), the completion ring (beyond it completions wait in the
 * kernel), descriptors. It needs Linux 6.1, and sandboxes often forbid it: it is tried before it runs.
 *
 * The connection stands in uring_peer.c, what is asked of the kernel in uring_ring.c, datagrams in
 * uring_datagram.c.
 *
 * io_uring(7), io_uring_enter(2), io_uring_prep_recv_multishot(3)
 */
#include "model.h"

#ifdef WITH_LIBURING
#include "net.h"
#include "uring_datagram.h"
#include "uring_peer.h"

#include <err.h>
#include <errno.h>

enum { CUT_OFF_ROUNDS = 100 }; /* how often the last completions are waited for, a millisecond each */

static struct uring uring;
static bool accepting, accept_cancelled, accept_multishot;
static unsigned backlog; /* as the kernel has it: so many may be accepted before we hear of the first */

/* ---- completions ---- */

static void on_accepted(const struct io_uring_cqe *cqe)
{
    struct client *client;

    if ((cqe->flags & IORING_CQE_F_MORE) == 0)
        accepting = accept_cancelled = false;
    if (cqe->res < 0 && cqe->res != -ECANCELED)
        loop_accept_failed(&uring.loop, -cqe->res);
    if (cqe->res >= 0 && (client = loop_enter(&uring.loop, cqe->res)) != NULL)
        peer_open(&uring, client);
}

static struct peer *peer_of(const struct io_uring_cqe *cqe, enum operation *operation)
{
    uint64_t data = io_uring_cqe_get_data64(cqe);

    *operation = (enum operation)(data & OPERATION_MASK);
    return (struct peer *)(uintptr_t)(data - *operation);
}

/* SEND has been noted, and after SHUTDOWN loop_running asks why. Tag 0: a cancelling came too late. */
static void on_completion(const struct io_uring_cqe *cqe)
{
    enum operation operation;
    struct peer *peer = peer_of(cqe, &operation);

    if (operation == ACCEPT)
        on_accepted(cqe);
    else if (operation == RECEIVE)
        peer_received(&uring, peer, cqe);
    else if (operation == ROOM)
        peer_has_room(&uring, peer, cqe);
}

/* Sends that fell short: these completions are looked at before all others. */
static void note_short_sends(unsigned count)
{
    enum operation operation;
    struct io_uring_cqe *cqe;
    unsigned head, seen = 0;

    io_uring_for_each_cqe(&uring.ring.uring, head, cqe)
    {
        if (seen++ == count)
            break;
        struct peer *peer = peer_of(cqe, &operation);
        if (operation == SEND)
            peer->sent = cqe->res;
    }
}

static void serve_completions(void)
{
    unsigned count = io_uring_cq_ready(&uring.ring.uring), head, seen = 0;
    struct io_uring_cqe *cqe;

    note_short_sends(count);
    peers_sent(&uring);
    io_uring_for_each_cqe(&uring.ring.uring, head, cqe)
    {
        if (seen++ == count)
            break; /* what came while these were served belongs to the next round */
        on_completion(cqe);
    }
    io_uring_cq_advance(&uring.ring.uring, count);
}

static void serve_due(void)
{
    struct client *client;

    while ((client = loop_overdue(&uring.loop)) != NULL)
        if (client->due)
            peer_waited(&uring, (struct peer *)client);
        else
            peer_leave(&uring, (struct peer *)client, EXPIRED);
}

/* ---- the loop ---- */

/*
 * A multishot accept takes all that wait in the backlog, which must not be more than there are places for:
 * near --max-connections clients are accepted one by one.
 */
static void watch_listener(void)
{
    bool wanted = loop_accepting(&uring.loop) && loop_has_place(&uring.loop);
    bool multishot = wanted && uring.loop.connections_max - uring.loop.count > backlog;

    if (wanted && !accepting) {
        ring_accept(&uring.ring, uring.loop.listener, multishot, ACCEPT);
        accepting = true;
        accept_multishot = multishot;
    } else if (accepting && !accept_cancelled && (!wanted || (accept_multishot && !multishot))) {
        ring_cancel(&uring.ring, ACCEPT);
        accept_cancelled = true;
    }
}

/* Asks the kernel for all that is to be done, and serves what it has done. */
static void round_trip(const struct timespec *timeout)
{
    struct client *turn_later = uring.turn_later;
    bool sleep = turn_later == NULL && !uring.more_to_do;

    if (ring_wait(&uring.ring, sleep, timeout) < 0)
        err(EXIT_CANNOT, "io_uring: io_uring_enter");
    loop_wake(&uring.loop);
    uring.turn_later = NULL;
    serve_completions();
    peers_turn(&uring, turn_later);
}

/* The drain time is over: whoever is left goes, and the kernel lets go of what is ours. */
static void cut_off(void)
{
    const struct timespec moment = {.tv_nsec = 1000 * 1000};

    for (size_t i = uring.loop.count; i-- > 0;)
        peer_leave(&uring, (struct peer *)uring.loop.clients[i], CLOSED);
    for (int i = 0; i < CUT_OFF_ROUNDS && uring.loop.count > 0; i++)
        round_trip(&moment);
    ring_close(&uring.ring);
    loop_close(&uring.loop);
}

static void run(const struct server *server)
{
    const char *why = ring_open(&uring.ring, BUFFER_SIZE);

    if (why != NULL)
        errx(EXIT_CANNOT, "io_uring: %s", why);
    loop_open(&uring.loop, server, 0);
    uring.loop.client_size = sizeof(struct peer);
    backlog = (unsigned)net_backlog_effective(server->backlog);
    ring_await_shutdown(&uring.ring, uring.loop.listener, SHUTDOWN);
    server_ready(server);
    while (loop_running(&uring.loop)) {
        watch_listener();
        round_trip(loop_timeout(&uring.loop));
        serve_due();
    }
    cut_off();
}
#endif

const struct server_model model_io_uring = {
    .name = "io_uring",
    .summary = "one loop over the completions of io_uring(7)",
    .family = "completions",
    .properties = MODEL_CONCURRENT | MODEL_NONBLOCKING,
    .syscalls_per_request = 1,
#ifdef WITH_LIBURING
    .probe = ring_probe,
    .run = run,
    .run_datagrams = uring_datagrams_run,
#else
    .unavailable = "built without liburing (Debian: liburing-dev)",
#endif
};
