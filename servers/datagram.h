/*
 * datagram - the echo service over datagrams (RFC 862): what waits in a socket is received in one call
 * and answered in one call. How a model waits for datagrams is its lesson and stays in its own file.
 *
 *     while (!server_stopping() && datagrams_receive(&batch, ...) != DATAGRAMS_OVER)   <- where it waits
 *         datagrams_answer(&batch);
 *     datagrams_drain(&batch);
 *
 * A datagram has no connection: nobody is accepted, limited, timed out or drained; no state stands between
 * a question and its answer. It comes back whole or not at all, from the address it was sent to.
 * recvmmsg(2), sendmmsg(2), udp(7), unix(7)
 */
#ifndef DATAGRAM_H
#define DATAGRAM_H

#include "model.h"
#include "net.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

enum {
    DATAGRAM_BATCH = 32,        /* received in one call */
    DATAGRAM_DRAIN_BATCHES = 64 /* answered at most after the stop: a flood must not hold the end up */
};

enum datagrams_status {
    DATAGRAMS_NONE, /* none waits, or a signal came */
    DATAGRAMS_SOME, /* answer them */
    DATAGRAMS_OVER, /* the socket was shut down, and what had come before is answered */
};

/* Datagrams received and not yet answered. Belongs to one thread at a time. */
struct datagrams {
    int fd;
    struct counters *counters; /* of whoever works on it now */
    unsigned capacity, count;
    bool wildcard; /* the socket is bound to any address: answers must name theirs */
    struct datagram *slots;
    struct mmsghdr *messages;
    char *bytes; /* NET_DATAGRAM_MAX for each; untouched pages cost nothing */
};

/*
 * A batch of up to `capacity` for a socket of this server. 0, or -1 with ENOMEM. `fd` is server->listener,
 * unless a worker has a socket of its own.
 */
int datagrams_open(struct datagrams *datagrams, const struct server *server, int fd,
                   struct counters *counters, unsigned capacity);
void datagrams_close(struct datagrams *datagrams);

/* recvmmsg(2): what waits now, at most a batch. With `wait` it blocks until there is one. */
enum datagrams_status datagrams_receive(struct datagrams *datagrams, bool wait);

/*
 * sendmmsg(2): the batch goes back. Who cannot be answered is dropped and counted (aborted), as one
 * that came cut off or without a sender's name is (bad_requests): nobody waits for a client here.
 */
void datagrams_answer(struct datagrams *datagrams);

/* Answers what had come when the server stopped; then the batch is closed. */
void datagrams_drain(struct datagrams *datagrams);

#endif
