/*
 * crew - N threads that live as long as the server: what thread_pool, prethread and their kin share.
 */
#ifndef CREW_H
#define CREW_H

#include "blocking.h"
#include "model.h"

/* One thread of the crew: its seat, its slot of counters, its number. */
struct crew_member {
    const struct server *server;
    struct seat *seat;
    struct counters *counters;
    unsigned index; /* 0 ... workers-1 */
};

/*
 * Starts server->workers threads in `function`, whose argument is its struct crew_member; fewer when
 * the system has no more, with a warning. Not one: err(3). Returns how many. Threads take no signals.
 */
unsigned crew_start(const struct server *server, void *(*function)(void *));

/* The last thing a member does: `return crew_leave(member)`. */
void *crew_leave(struct crew_member *member);

/* Sleeps until the server stops: for a main thread that has nothing else to do. */
void crew_await_stop(void);

/*
 * Waits until every member has left, sending idle connections home; cuts the rest off when the drain
 * time is over. False when some are still there even so: what they use must stay.
 */
bool crew_drain(void);

#endif
