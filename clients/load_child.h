/*
 * load_child - a server of our own to load: tenk-serve, which stands beside this program.
 */
#ifndef LOAD_CHILD_H
#define LOAD_CHILD_H

#include <sys/types.h>

enum { LOAD_CHILD_TEXT_MAX = 256 };

struct load_child {
    pid_t pid;
    int out;                            /* reading end of its standard output */
    char endpoint[LOAD_CHILD_TEXT_MAX]; /* where it serves: 127.0.0.1:PORT */
};

/*
 * Starts tenk-serve MODEL on a free port of 127.0.0.1, pinned to `cpu` (-1: as we are), and waits at most 5 s
 * for its ready line. It dies with us. 0, or -1 with one sentence in `error`.
 */
int load_child_start(struct load_child *child, const char *model, int cpu, char error[LOAD_CHILD_TEXT_MAX]);

/* Asks it to stop, waits at most 5 s, then kills it. */
void load_child_stop(struct load_child *child);

#endif
