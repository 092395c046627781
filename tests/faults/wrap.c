/*
 * wrap - calls that fail by plan (faults.h), in a server that is otherwise the one people run.
 *
 * A call is counted and made to fail before the kernel or the allocator hears of it. Which call is the
 * k-th is decided by one counter for all threads and children.
 */
#include "faults.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static struct faults *plan;

void *__real_mmap(void *at, size_t size, int protection, int flags, int fd, off_t offset);

__attribute__((constructor)) static void map_plan(void)
{
    const char *path = getenv("TENK_FAULTS");
    int fd = path != NULL ? open(path, O_RDWR | O_CLOEXEC) : -1;

    if (fd < 0)
        return;
    void *mapped = __real_mmap(NULL, sizeof *plan, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (mapped != MAP_FAILED)
        plan = mapped;
}

/* From here on no call of this process fails: what it does now is no work of a server (tests/gcov/exit.c). */
void faults_leave(void);
void faults_leave(void)
{
    plan = NULL;
}

/* The errno this call is to fail with; 0: it is not to. */
static int fault(enum faults_call call)
{
    if (plan == NULL)
        return 0;
    atomic_fetch_add(&plan->all, 1);
    if (atomic_load(&plan->armed) != call)
        return 0;
    uint64_t number = atomic_fetch_add(&plan->calls, 1) + 1;
    if (number < atomic_load(&plan->first) || number > atomic_load(&plan->last))
        return 0;
    atomic_fetch_add(&plan->failed, 1);
    return atomic_load(&plan->error);
}

#define WRAP(type, name, parameters, arguments, failure)                                                     \
    type __real_##name parameters;                                                                           \
    type __wrap_##name parameters;                                                                           \
    type __wrap_##name parameters                                                                            \
    {                                                                                                        \
        int error = fault(FAULTS_##name);                                                                    \
                                                                                                             \
        if (error == 0)                                                                                      \
            return __real_##name arguments;                                                                  \
        errno = error;                                                                                       \
        return failure;                                                                                      \
    }

WRAP(int, accept4, (int fd, struct sockaddr *at, socklen_t *size, int flags), (fd, at, size, flags), -1)
WRAP(ssize_t, recv, (int fd, void *at, size_t size, int flags), (fd, at, size, flags), -1)
WRAP(ssize_t, send, (int fd, const void *at, size_t size, int flags), (fd, at, size, flags), -1)
WRAP(ssize_t, sendfile, (int to, int from, off_t *at, size_t size), (to, from, at, size), -1)
WRAP(ssize_t, recvmsg, (int fd, struct msghdr *message, int flags), (fd, message, flags), -1)
WRAP(ssize_t, sendmsg, (int fd, const struct msghdr *message, int flags), (fd, message, flags), -1)
WRAP(int, poll, (struct pollfd * list, nfds_t size, int timeout), (list, size, timeout), -1)
WRAP(int, ppoll, (struct pollfd * list, nfds_t size, const struct timespec *timeout, const sigset_t *mask),
     (list, size, timeout, mask), -1)
WRAP(int, pselect,
     (int top, fd_set *in, fd_set *out, fd_set *other, const struct timespec *timeout, const sigset_t *mask),
     (top, in, out, other, timeout, mask), -1)
WRAP(int, epoll_wait, (int fd, struct epoll_event *events, int size, int timeout),
     (fd, events, size, timeout), -1)
WRAP(int, epoll_pwait, (int fd, struct epoll_event *events, int size, int timeout, const sigset_t *mask),
     (fd, events, size, timeout, mask), -1)
WRAP(int, epoll_pwait2,
     (int fd, struct epoll_event *events, int size, const struct timespec *timeout, const sigset_t *mask),
     (fd, events, size, timeout, mask), -1)
WRAP(pid_t, fork, (void), (), -1)
WRAP(int, pthread_create,
     (pthread_t * thread, const pthread_attr_t *attributes, void *(*run)(void *), void *argument),
     (thread, attributes, run, argument), error)
WRAP(void *, malloc, (size_t size), (size), NULL)
WRAP(void *, calloc, (size_t count, size_t size), (count, size), NULL)
WRAP(void *, realloc, (void *at, size_t size), (at, size), NULL)
WRAP(void *, mmap, (void *at, size_t size, int protection, int flags, int fd, off_t offset),
     (at, size, protection, flags, fd, offset), MAP_FAILED)

/* To take a descriptor off the list needs no memory. */
int __real_epoll_ctl(int fd, int operation, int target, struct epoll_event *event);
int __wrap_epoll_ctl(int fd, int operation, int target, struct epoll_event *event);
int __wrap_epoll_ctl(int fd, int operation, int target, struct epoll_event *event)
{
    int error = operation == EPOLL_CTL_DEL ? 0 : fault(FAULTS_epoll_ctl);

    if (error == 0)
        return __real_epoll_ctl(fd, operation, target, event);
    errno = error;
    return -1;
}

/* ---- the clock of the wall ---- */

static int64_t shift_s(void)
{
    if (plan == NULL)
        return 0;
    atomic_fetch_add(&plan->all, 1);
    return atomic_load(&plan->shift_s);
}

time_t __real_time(time_t *at);
time_t __wrap_time(time_t *at);
time_t __wrap_time(time_t *at)
{
    time_t now = __real_time(NULL) + shift_s();

    if (at != NULL)
        *at = now;
    return now;
}

int __real_clock_gettime(clockid_t id, struct timespec *now);
int __wrap_clock_gettime(clockid_t id, struct timespec *now);
int __wrap_clock_gettime(clockid_t id, struct timespec *now)
{
    int result = __real_clock_gettime(id, now);
    int64_t shift = shift_s();

    if (result == 0 && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE))
        now->tv_sec += shift;
    return result;
}

int __real_gettimeofday(struct timeval *now, void *zone);
int __wrap_gettimeofday(struct timeval *now, void *zone);
int __wrap_gettimeofday(struct timeval *now, void *zone)
{
    int result = __real_gettimeofday(now, zone);

    if (result == 0)
        now->tv_sec += shift_s();
    return result;
}

/* liburing returns the negative errno of io_uring_enter(2). Without it these names are never called. */
struct io_uring;
struct io_uring_cqe;
struct __kernel_timespec;

#pragma weak __real_io_uring_submit_and_wait_timeout
#pragma weak __real_io_uring_submit_and_get_events
WRAP(int, io_uring_submit_and_wait_timeout,
     (struct io_uring * ring, struct io_uring_cqe **cqe, unsigned count, struct __kernel_timespec *timeout,
      sigset_t *mask),
     (ring, cqe, count, timeout, mask), -error)
WRAP(int, io_uring_submit_and_get_events, (struct io_uring * ring), (ring), -error)
