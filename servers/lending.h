/*
 * lending - a loop that lends its ready clients to threads and gets them back.
 *
 * What epoll_pool and leader_followers share. The loop owns every client and its deadlines; a client
 * that is ready is lent (queued = true), a thread makes progress with it and hands it back. While it
 * is lent the loop only notes its edges.
 *
 * Registration is edge-triggered and made once. The clients handed back form a stack that threads push
 * with one atomic exchange; whoever finds the loop asleep writes an eventfd.
 */
#ifndef LENDING_H
#define LENDING_H

#include "crew.h"
#include "loop.h"

#include <stdatomic.h>

struct lending {
    struct loop loop;
    int epoll_fd, event_fd;
    bool listener_watched;
    atomic_bool asleep;                 /* the loop waits, or is about to */
    struct client *_Atomic handed_back; /* stack, linked by next_ready */
    struct client *ready, **ready_end;  /* lent, but not given to a thread yet; linked by next_ready */
    unsigned ready_count;
};

/* err(3) when the kernel has no descriptor for it. */
void lending_open(struct lending *lending, const struct server *server);

/* Only when every client has been handed back. */
void lending_close(struct lending *lending);

/*
 * One round: takes back, waits (not when some are ready already), accepts, lends what is ready or due.
 * One thread at a time.
 */
void lending_round(struct lending *lending);

/* Takes the first ready client off the list, NULL when there is none. One thread at a time. */
struct client *lending_take(struct lending *lending);

/*
 * The life of a thread of the crew: borrows a client from `next`, makes progress with it, hands it
 * back, until `next` says NULL. Returns what the thread function returns.
 */
void *lending_work(struct lending *lending, struct crew_member *member, struct client *(*next)(void));

#endif
