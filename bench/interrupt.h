/*
 * interrupt - Ctrl-C and SIGTERM, and waiting in a way that neither can be missed.
 *
 * Both signals are blocked except while waiting, so that a signal that comes between a check and a
 * wait ends the wait. The first one is remembered; a second one ends the program at once (children
 * die with it, see launch.h). ppoll(2), sigaction(2)
 */
#ifndef INTERRUPT_H
#define INTERRUPT_H

#include <stdbool.h>
#include <stdint.h>

void interrupt_watch(void);
bool interrupted(void);

/* For tests and for the second half of a run that was interrupted: forget what came. */
void interrupt_forget(void);

/* Undoes the blocking in a child, before exec. */
void interrupt_restore_in_child(void);

/* Sleeps until that time (clock_now_ns()) or until interrupted. */
void wait_until(int64_t at_ns);

/* Waits until the descriptor is readable. 1 readable, 0 the time has come, -1 interrupted. */
int wait_readable(int fd, int64_t deadline_ns);

/* The same, but Ctrl-C does not cut it short: for cleaning up. */
int wait_readable_uninterrupted(int fd, int64_t deadline_ns);

#endif
