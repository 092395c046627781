/*
 * uring_peer - one connection of the io_uring model: what is asked of the kernel for it, what its
 * completions mean, and when it may be freed.
 */
#ifndef URING_PEER_H
#define URING_PEER_H

#include "loop.h"
#include "uring_held.h"
#include "uring_ring.h"

/* What a tag says beside the address of the peer, whose low bits malloc(3) leaves free. */
enum operation { ACCEPT = 1, SHUTDOWN, RECEIVE, SEND, ROOM, OPERATION_MASK = 7 };

/* Why a client is to go; it goes when nothing is under way for it any more. */
enum fate { STAYS, CLOSED, LOST, EXPIRED };

struct peer {
    struct client client; /* next_ready: in uring->sending, or (when queued) in uring->turn_later */
    struct held *held;    /* received when it could not be taken */
    uint32_t sending;     /* bytes asked to be sent; 0: none are */
    int32_t sent;         /* what became of them; all, if nothing else is told */
    uint8_t fate;
    bool receiving, receive_cancelled; /* a receive is under way; ... and is being cancelled */
    bool polling, poll_cancelled;      /* the same of the wait for room */
    bool full;                         /* its socket is; it waits for room */
    bool hasty;                        /* it sent before it was answered: single receives until it is idle */
    bool ended;                        /* its end of input has come, perhaps behind what is held */
};

static_assert(CLIENT_MEMORY(struct peer) <= CLIENT_MEMORY_MAX, "an idle connection stays small");

struct uring {
    struct loop loop;
    struct ring ring;
    struct client *sending;    /* who sends in this round */
    struct client *turn_later; /* whose turn was over with input left */
    bool more_to_do;           /* a send of this round is not the last for now: do not sleep over it */
};

/* Makes a peer of a client that has just been entered, and begins to receive. */
void peer_open(struct uring *uring, struct client *client);

/* A receive has completed, for the first time or once more. */
void peer_received(struct uring *uring, struct peer *peer, const struct io_uring_cqe *cqe);

/* The same of the wait for room in its socket. */
void peer_has_room(struct uring *uring, struct peer *peer, const struct io_uring_cqe *cqe);

/* It goes, as soon as nothing is under way for it; what is, is cancelled. */
void peer_leave(struct uring *uring, struct peer *peer, enum fate fate);

/* Its wait is over. */
void peer_waited(struct uring *uring, struct peer *peer);

/*
 * The kernel has been entered and `sent` of each peer that a completion named is set: takes note of all sends
 * of the round. To be called before other completions are looked at, for what was sent may have brought the
 * next request already.
 */
void peers_sent(struct uring *uring);

/* Gives those a new turn who were in the list; others may come to stand in uring->turn_later meanwhile. */
void peers_turn(struct uring *uring, struct client *turn_later);

#endif
