/*
 * fdqueue - a bounded queue of descriptors between an acceptor and a pool of workers.
 *
 *     acceptor --push--> [ fd | fd | fd |    |    ] --pop--> worker 1 ... worker N
 *
 * Written for one producer and N consumers; any number of either is safe. First in, first out. The
 * bound is the point: when all workers are busy and the queue is full, the acceptor stops accepting,
 * clients wait in the kernel's listen backlog, and memory does not grow. Nobody spins: who has to wait
 * sleeps on a condition variable, and a push or pop that finds nobody waiting for it makes no system
 * call.  pthread_mutex_lock(3), pthread_cond_wait(3)
 */
#ifndef FDQUEUE_H
#define FDQUEUE_H

#include <stdbool.h>
#include <stddef.h>

enum { FDQUEUE_SIZE_MAX = 1 << 20 };

struct fdqueue;

/* A queue for up to `size` descriptors (1 ... FDQUEUE_SIZE_MAX). NULL with errno EINVAL or ENOMEM. */
struct fdqueue *fdqueue_open(size_t size);

/*
 * Adds a descriptor (not negative), waiting while the queue is full. True: the descriptor now belongs
 * to whoever pops it. False: the queue is closed, before or during the wait, and the descriptor is
 * still the caller's to close. A signal does not end the wait; fdqueue_close does.
 */
bool fdqueue_push(struct fdqueue *queue, int fd);

/*
 * Takes the oldest descriptor, waiting while there is none; it is the caller's to close. -1 once the
 * queue is closed and empty: what was pushed before the close is still handed out, so that clients
 * already accepted get their answer.
 */
int fdqueue_pop(struct fdqueue *queue);

/*
 * Ends the queue: every waiting push and, when the queue is empty, every waiting pop returns. May be
 * called more than once and from any thread, but not from a signal handler (it takes the mutex).
 */
void fdqueue_close(struct fdqueue *queue);

/*
 * Frees the queue, and closes the descriptors still in it. Only when no thread uses it any more: close
 * the queue and join the workers first. NULL is fine.
 */
void fdqueue_free(struct fdqueue *queue);

#endif
