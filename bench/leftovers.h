/*
 * leftovers - what a runner that was killed could not tidy up: counters in /dev/shm, sockets in /tmp,
 * empty control groups. All carry the process id of their runner in their names.
 */
#ifndef LEFTOVERS_H
#define LEFTOVERS_H

/* Removes those whose runner is gone. Quiet: what cannot be removed stays. */
void leftovers_remove(void);

#endif
