/* datagram - see datagram.h. */
#include "datagram.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* What belongs to one datagram beside its bytes. The answer is sent from where the question stands. */
struct datagram {
    struct sockaddr_storage peer;
    struct iovec piece;
    union {
        struct cmsghdr header;
        char bytes[NET_DESTINATION_SIZE];
    } control;
};

/* A message is set up to receive: all fields that the last one changed are as they were. */
static void set_up(struct datagrams *datagrams, unsigned i)
{
    struct datagram *slot = &datagrams->slots[i];

    slot->piece.iov_len = NET_DATAGRAM_MAX;
    datagrams->messages[i].msg_hdr = (struct msghdr){
        .msg_name = &slot->peer,
        .msg_namelen = sizeof slot->peer,
        .msg_iov = &slot->piece,
        .msg_iovlen = 1,
        .msg_control = datagrams->wildcard ? slot->control.bytes : NULL,
        .msg_controllen = datagrams->wildcard ? sizeof slot->control : 0,
    };
}

int datagrams_open(struct datagrams *datagrams, const struct server *server, int fd,
                   struct counters *counters, unsigned capacity)
{
    *datagrams = (struct datagrams){
        .fd = fd,
        .counters = counters,
        .capacity = capacity,
        .wildcard = net_is_wildcard(server->endpoint) && net_ask_destination(fd) == 0,
        .slots = calloc(capacity, sizeof *datagrams->slots),
        .messages = calloc(capacity, sizeof *datagrams->messages),
        .bytes = malloc((size_t)capacity * NET_DATAGRAM_MAX),
    };
    if (datagrams->slots == NULL || datagrams->messages == NULL || datagrams->bytes == NULL) {
        datagrams_close(datagrams);
        return -1;
    }
    for (unsigned i = 0; i < capacity; i++) {
        datagrams->slots[i].piece.iov_base = datagrams->bytes + (size_t)i * NET_DATAGRAM_MAX;
        set_up(datagrams, i);
    }
    return 0;
}

void datagrams_close(struct datagrams *datagrams)
{
    free(datagrams->slots);
    free(datagrams->messages);
    free(datagrams->bytes);
}

/* ---- receiving ---- */

/*
 * An end of input is an empty message from nobody. So is an empty datagram of a Unix socket without a
 * name; only the socket itself can tell the two apart.
 */
static bool is_over(const struct datagrams *datagrams)
{
    const struct mmsghdr *first = &datagrams->messages[0];

    return datagrams->count == 1 && first->msg_len == 0 && first->msg_hdr.msg_namelen == 0 &&
           net_is_shut_down(datagrams->fd);
}

enum datagrams_status datagrams_receive(struct datagrams *datagrams, bool wait)
{
    int flags = wait ? MSG_WAITFORONE : MSG_DONTWAIT;
    int count = recvmmsg(datagrams->fd, datagrams->messages, datagrams->capacity, flags, NULL);

    counters_add(&datagrams->counters->receives, 1);
    if (count <= 0)
        return DATAGRAMS_NONE; /* EAGAIN, EINTR; or an error of an earlier answer, of which it is free now */
    datagrams->count = (unsigned)count;
    if (!is_over(datagrams))
        return DATAGRAMS_SOME;
    datagrams->count = 0;
    set_up(datagrams, 0);
    return DATAGRAMS_OVER;
}

/* ---- answering ---- */

/* False: cut off, or there is nobody to answer. */
static bool prepare_answer(struct datagrams *datagrams, unsigned i)
{
    struct mmsghdr *message = &datagrams->messages[i];
    bool whole = (message->msg_hdr.msg_flags & MSG_TRUNC) == 0;

    counters_add(&datagrams->counters->bytes_in, message->msg_len);
    datagrams->slots[i].piece.iov_len = message->msg_len;
    if (datagrams->wildcard)
        net_answer_from(&message->msg_hdr);
    return whole && message->msg_hdr.msg_namelen > 0;
}

static void note_sent(struct datagrams *datagrams, unsigned from, unsigned count)
{
    counters_add(&datagrams->counters->requests, count);
    for (unsigned i = from; i < from + count; i++)
        counters_add(&datagrams->counters->bytes_out, datagrams->messages[i].msg_len);
}

/*
 * Sends messages from ... to-1. The call stops at the first that cannot be sent (its client has left,
 * or does not read): that one is dropped, and the next call begins behind it.
 */
static void send_answers(struct datagrams *datagrams, unsigned from, unsigned to)
{
    while (from < to) {
        int sent =
            sendmmsg(datagrams->fd, datagrams->messages + from, to - from, MSG_NOSIGNAL | MSG_DONTWAIT);

        counters_add(&datagrams->counters->sends, 1);
        if (sent > 0) {
            note_sent(datagrams, from, (unsigned)sent);
            from += (unsigned)sent;
        } else if (errno != EINTR) {
            counters_add(&datagrams->counters->aborted, 1);
            from++;
        }
    }
}

void datagrams_answer(struct datagrams *datagrams)
{
    unsigned from = 0, count = datagrams->count;

    for (unsigned i = 0; i < count; i++) {
        if (prepare_answer(datagrams, i))
            continue;
        counters_add(&datagrams->counters->bad_requests, 1);
        send_answers(datagrams, from, i);
        from = i + 1;
    }
    send_answers(datagrams, from, count);
    for (unsigned i = 0; i < count; i++)
        set_up(datagrams, i);
    datagrams->count = 0;
}

void datagrams_drain(struct datagrams *datagrams)
{
    for (int i = 0; i < DATAGRAM_DRAIN_BATCHES; i++) {
        if (datagrams_receive(datagrams, false) != DATAGRAMS_SOME)
            break;
        datagrams_answer(datagrams);
    }
    datagrams_close(datagrams);
}
