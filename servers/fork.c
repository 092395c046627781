/*
 * fork - a child process per connection, forked when the client has been accepted.
 *
 *     parent: accept --> fork --> close --> accept ...
 *                          |
 *     child:               '--> recv, answer, send --> ... --> _exit
 *
 * A connection is owned by its child; the parent closes its copy at once, or the client would never
 * see the end. The child waits in recv(2), the parent in accept(2). Dead children are reaped by the
 * SIGCHLD handler, in a loop: signals do not queue, and one may stand for many deaths.
 *
 * Cost: 2 system calls per request, and per connection a fork, an exit and a wait. Hard limit: the
 * number of processes (--max-connections, RLIMIT_NPROC, pid_max, the cgroup's pids.max).
 *
 * fork(2), accept(2), waitpid(2), sigaction(2), prctl(2) about PR_SET_PDEATHSIG
 */
#include "blocking.h"
#include "clock.h"
#include "model.h"
#include "stop.h"

#include <err.h>
#include <errno.h>
#include <semaphore.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

struct place {
    pid_t pid;       /* 0: nobody */
    uint64_t closed; /* what the slot counted before the child was born */
};

/* Written with SIGCHLD blocked, or by its handler. Child i uses counter slot i + 1. */
static struct place *children;
static struct counters_table *counters_table;
static unsigned children_size, children_high; /* slots there are, slots ever used */
static sem_t children_free;

/* Made ready by the parent: a child finds them as they are, and touches as few pages as it can. */
static struct conn_worker worker;
static struct seat seat;

/* A child that was killed has not counted its connection as closed. */
static void count_lost_client(unsigned i)
{
    struct counters *counters = counters_slot(counters_table, i + 1);

    if (atomic_load(&counters->closed) != children[i].closed)
        return;
    counters_add(&counters->aborted, 1);
    counters_add(&counters->closed, 1);
}

/* Reaps all children that have died. True while others live. */
static bool reap(void)
{
    pid_t pid;

    while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
        for (unsigned i = 0; i < children_high; i++)
            if (children[i].pid == pid) {
                count_lost_client(i);
                children[i].pid = 0;
                sem_post(&children_free);
                break;
            }
    return pid == 0;
}

static void on_child_exit(int signal)
{
    int saved = errno;

    (void)signal;
    reap();
    errno = saved;
}

static unsigned free_slot(void)
{
    unsigned i = 0;

    while (children[i].pid != 0)
        i++;
    if (i >= children_high)
        children_high = i + 1;
    return i;
}

/* The child: serve this connection, then leave without the parent's exit handlers and buffers. */
_Noreturn static void serve(const struct server *server, unsigned slot, int fd, pid_t parent)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(0);
    close(server->listener);
    worker.counters = counters_slot(server->counters, slot + 1);
    stop_in_child(&seat);
    seat_take(&seat, fd);
    blocking_serve(&worker, &seat);
    _exit(0);
}

/*
 * SIGCHLD stays blocked from before the fork until the child is on record: it may die at once. In the
 * child it stays so: it has no children, and two system calls less.
 */
static void hand_over(const struct server *server, int fd, const sigset_t *child_signal)
{
    struct counters *counters = counters_slot(server->counters, 0);
    pid_t parent = getpid();

    conn_worker_refresh(&worker);
    sigprocmask(SIG_BLOCK, child_signal, NULL);
    unsigned slot = free_slot();
    children[slot].closed = atomic_load(&counters_slot(server->counters, slot + 1)->closed);
    pid_t pid = fork();
    if (pid == 0)
        serve(server, slot, fd, parent);
    if (pid > 0) {
        children[slot].pid = pid;
    } else {
        counters_add(&counters->shed, 1);
        counters_add(&counters->closed, 1);
        sem_post(&children_free);
        server_warn_once(WARN_PROCESS, "fork failed (no more processes): the connection is closed");
    }
    close(fd);
    sigprocmask(SIG_UNBLOCK, child_signal, NULL);
}

static void signal_children(int signal)
{
    for (unsigned i = 0; i < children_high; i++)
        if (children[i].pid != 0)
            kill(children[i].pid, signal);
}

/* Children get the stop signal too, and as much time as the drain lasts. */
static void drain(const sigset_t *child_signal)
{
    const struct timespec tick = {.tv_nsec = 10 * NS_PER_MS};

    sigprocmask(SIG_BLOCK, child_signal, NULL);
    signal_children(SIGTERM);
    while (reap()) {
        if (stop_drain_left_ns() == 0)
            signal_children(SIGKILL);
        sigtimedwait(child_signal, NULL, &tick);
    }
}

static void run(const struct server *server)
{
    sigset_t child_signal;
    int fd;

    counters_table = server->counters;
    children_size = server->max_connections;
    children = calloc(children_size, sizeof *children);
    if (children == NULL)
        err(EXIT_CANNOT, "fork: table of %u children", children_size);
    conn_worker_open(&worker, server->service, counters_slot(server->counters, 0));
    seat_open(&seat);
    sem_init(&children_free, 0, children_size);
    stop_watch_semaphore(&children_free);
    sigemptyset(&child_signal);
    sigaddset(&child_signal, SIGCHLD);
    sigaction(SIGCHLD, &(struct sigaction){.sa_handler = on_child_exit, .sa_flags = SA_NOCLDSTOP}, NULL);
    server_ready(server);
    while (!server_stopping()) {
        if (sem_wait(&children_free) < 0)
            continue;
        if (!blocking_accept(server, counters_slot(server->counters, 0), &fd))
            break;
        hand_over(server, fd, &child_signal);
    }
    stop_watch_semaphore(NULL);
    drain(&child_signal);
    free(children);
}

const struct server_model model_fork = {
    .name = "fork",
    .summary = "a child process per connection",
    .family = "processes",
    .properties = MODEL_CONCURRENT | MODEL_PER_CONNECTION,
    .syscalls_per_request = 2,
    .run = run,
};
