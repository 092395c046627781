/*
 * scratch - a directory of a program's own under TMPDIR, that goes away in any case.
 *
 * Its owner holds a lock on it (flock(2)), which the kernel takes away even from a process that is killed. So
 * whoever makes the next one can tell those that nobody uses any more, and removes them.
 */
#ifndef SCRATCH_H
#define SCRATCH_H

#include "launch.h"

struct scratch {
    char path[LAUNCH_PATH_MAX];
    int fd; /* holds the lock; not inherited by programs that are started */
};

/*
 * Makes TMPDIR/PROGRAM-XXXXXX (TMPDIR: /tmp when not set), and removes those of this program and user that
 * nobody holds. 0; -1 with a sentence.
 */
int scratch_open(struct scratch *scratch, const char *program, struct failure *failure);

/* Removes it and all that is in it. */
void scratch_close(struct scratch *scratch);

#endif
