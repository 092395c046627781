/*
 * fdqueue - see fdqueue.h. A ring buffer under a mutex, with one condition for each thing that can be
 * waited for.
 *
 * Two rules make it safe. A wait stands in a loop that looks at the state again, because a wake-up says
 * only that something may have changed. And the state, `closed` included, changes only under the mutex:
 * a flag set outside could fall between a waiter's look at it and its going to sleep, and then the
 * wake-up is lost and the thread sleeps for ever.
 */
#include "fdqueue.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

struct fdqueue {
    pthread_mutex_t mutex;
    pthread_cond_t not_full;
    pthread_cond_t not_empty;
    size_t push_waiting; /* threads asleep in push, in pop: without any, nobody is signalled */
    size_t pop_waiting;
    bool closed;
    size_t size;
    size_t first; /* index of the oldest */
    size_t count;
    int fds[];
};

struct fdqueue *fdqueue_open(size_t size)
{
    struct fdqueue *queue;

    if (size == 0 || size > FDQUEUE_SIZE_MAX) {
        errno = EINVAL;
        return NULL;
    }
    queue = calloc(1, sizeof(*queue) + size * sizeof(*queue->fds));
    if (!queue)
        return NULL;
    queue->size = size;
    /* With default attributes these three cannot fail on Linux. */
    pthread_mutex_init(&queue->mutex, NULL);
    pthread_cond_init(&queue->not_full, NULL);
    pthread_cond_init(&queue->not_empty, NULL);
    return queue;
}

/* Sleeps once, with the mutex released meanwhile, and is counted so that others know to signal. */
static void wait_for(pthread_cond_t *condition, pthread_mutex_t *mutex, size_t *waiting)
{
    ++*waiting;
    pthread_cond_wait(condition, mutex);
    --*waiting;
}

bool fdqueue_push(struct fdqueue *queue, int fd)
{
    bool pushed, wake;

    assert(fd >= 0);
    pthread_mutex_lock(&queue->mutex);
    while (queue->count == queue->size && !queue->closed)
        wait_for(&queue->not_full, &queue->mutex, &queue->push_waiting);
    pushed = !queue->closed;
    if (pushed)
        queue->fds[(queue->first + queue->count++) % queue->size] = fd;
    wake = pushed && queue->pop_waiting > 0;
    pthread_mutex_unlock(&queue->mutex);
    /* Signalled after the unlock: the thread that wakes finds the mutex free. */
    if (wake)
        pthread_cond_signal(&queue->not_empty);
    return pushed;
}

int fdqueue_pop(struct fdqueue *queue)
{
    bool wake;
    int fd = -1;

    pthread_mutex_lock(&queue->mutex);
    while (queue->count == 0 && !queue->closed)
        wait_for(&queue->not_empty, &queue->mutex, &queue->pop_waiting);
    if (queue->count > 0) {
        fd = queue->fds[queue->first];
        queue->first = (queue->first + 1) % queue->size;
        queue->count--;
    }
    wake = fd >= 0 && queue->push_waiting > 0;
    pthread_mutex_unlock(&queue->mutex);
    if (wake)
        pthread_cond_signal(&queue->not_full);
    return fd;
}

void fdqueue_close(struct fdqueue *queue)
{
    pthread_mutex_lock(&queue->mutex);
    queue->closed = true;
    pthread_cond_broadcast(&queue->not_full);
    pthread_cond_broadcast(&queue->not_empty);
    pthread_mutex_unlock(&queue->mutex);
}

void fdqueue_free(struct fdqueue *queue)
{
    if (!queue)
        return;
    assert(queue->push_waiting == 0 && queue->pop_waiting == 0);
    for (; queue->count > 0; queue->count--) {
        close(queue->fds[queue->first]);
        queue->first = (queue->first + 1) % queue->size;
    }
    pthread_cond_destroy(&queue->not_empty);
    pthread_cond_destroy(&queue->not_full);
    pthread_mutex_destroy(&queue->mutex);
    free(queue);
}
