/*
 * block - the servers of one start, all alive together, and the rows that say what became of them.
 */
#ifndef BLOCK_H
#define BLOCK_H

#include "server_process.h"
#include "session.h"

struct stop_rule;

enum { BLOCK_SERVERS_MAX = SCENARIO_LIST_MAX + 1 };

/* The servers of one start. The control's second copy has the last place. */
struct block {
    struct session *session;
    struct session_part *part;
    struct server_setting setting;
    struct server_process servers[BLOCK_SERVERS_MAX];
    char broken[BLOCK_SERVERS_MAX][FAILURE_TEXT_MAX]; /* why one could not be started; "" */
    bool *done;
    const struct stop_rule *stop;
    unsigned start;
    double rate_per_s; /* of the slice that runs; 0: closed loop */
    int syscalls_fd;
};

/* Where the server of a slice stands in `servers`. */
unsigned block_place(const struct block *block, const struct slice *slice);

/* Starts the server of a slice unless it runs already or could not be started before. -1: disk full. */
int block_ensure_server(struct block *block, const struct slice *slice, struct failure *failure);

/* Starts every server that this block still has a slice for. 0; -1 with a sentence. */
int block_start_servers(struct block *block, unsigned number, struct failure *failure);

/* Stops them all and stores how each ended. 0; -1 with a sentence. */
int block_stop_servers(struct block *block, struct failure *failure);

/* Puts the last rows on disk; stores the row of a slice whose server could not be started. */
int block_store(struct session *session, unsigned rows, struct failure *failure);
int block_store_broken(struct block *block, const struct slice *slice, unsigned place,
                       struct failure *failure);

#endif
