/* stop - see stop.h. */
#include "stop.h"

#include "blocking.h"
#include "clock.h"
#include "model.h"
#include "sanitizer.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static atomic_bool stopping;
static _Atomic int64_t drain_until_ns = INT64_MAX;
static int64_t drain_time_ns;
static int listening_sockets[STOP_LISTENERS_MAX];
static _Atomic unsigned listening_count;
static const char *listening_path;
static int listening_end = SHUT_RDWR;
static pid_t owner; /* the process that stop_install() was called in; the others are its children */
static struct seat *_Atomic watched_seat;
static sem_t *_Atomic watched_semaphore;

/* SIGALRM: the drain time is over for the connection this thread serves. */
static void on_drain_over(int signal)
{
    int saved = errno;
    struct seat *seat = watched_seat;

    (void)signal;
    if (seat != NULL)
        seat_wake(seat, true);
    errno = saved;
}

static void start_alarm(int64_t after_ns)
{
    struct itimerval timer = {
        .it_value = {.tv_sec = after_ns / NS_PER_S, .tv_usec = after_ns % NS_PER_S / NS_PER_US + 1},
        .it_interval = {.tv_usec = 100000}, /* again, in case the wake-up met a busy moment */
    };

    setitimer(ITIMER_REAL, &timer, NULL);
}

static void on_stop(int signal)
{
    int saved = errno;
    bool has_parent = getpid() != owner; /* the kernel knows: the signal may precede a child's first line */
    bool again = atomic_exchange(&stopping, true) && !has_parent;
    int64_t drain_ns = again ? 0 : drain_time_ns;
    struct seat *seat = watched_seat;
    sem_t *semaphore = watched_semaphore;

    (void)signal;
    drain_until_ns = clock_now_ns() + drain_ns;
    if (listening_path != NULL && !again && !has_parent)
        unlink(listening_path);
    for (unsigned i = 0; i < listening_count && !has_parent; i++)
        shutdown(listening_sockets[i], listening_end);
    if (seat != NULL) {
        seat_wake(seat, again);
        start_alarm(drain_ns);
    }
    if (semaphore != NULL)
        sem_post(semaphore);
    errno = saved;
}

#ifdef __SANITIZE_THREAD__
/* The sanitizer makes its table of signals at the first blocking call, and loses one that comes then. */
static void before_signals(void)
{
    poll(NULL, 0, 0);
}

const struct timespec *stop_timeout(void)
{
    static const struct timespec moment = {.tv_nsec = PAUSE_MS * NS_PER_MS};

    clock_now_ns(); /* this call it knows: a signal that it has kept back comes now */
    return &moment;
}
#else
static void before_signals(void)
{
}

const struct timespec *stop_timeout(void)
{
    return NULL;
}
#endif

void stop_answers_to_come(void)
{
    listening_end = SHUT_RD;
}

bool stop_add_listener(int listener)
{
    unsigned count = listening_count;

    if (count == STOP_LISTENERS_MAX)
        return false;
    listening_sockets[count] = listener;
    listening_count = count + 1;
    return true;
}

void stop_install(int listener, const char *path, int64_t drain_ns)
{
    struct sigaction stop = {.sa_handler = on_stop};
    struct sigaction alarm = {.sa_handler = on_drain_over};
    sigset_t none;

    owner = getpid();
    stop_add_listener(listener);
    listening_path = path;
    drain_time_ns = drain_ns;
    before_signals();
    sigaction(SIGTERM, &stop, NULL);
    sigaction(SIGINT, &stop, NULL);
    sigaction(SIGHUP, &stop, NULL);
    sigaction(SIGALRM, &alarm, NULL);
    sigaction(SIGPIPE, &(struct sigaction){.sa_handler = SIG_IGN}, NULL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

bool server_stopping(void)
{
    return atomic_load_explicit(&stopping, memory_order_relaxed);
}

const atomic_bool *stop_flag(void)
{
    return &stopping;
}

int64_t stop_drain_left_ns(void)
{
    if (!server_stopping())
        return INT64_MAX;
    int64_t left_ns = drain_until_ns - clock_now_ns();
    return left_ns > 0 ? left_ns : 0;
}

void stop_watch_seat(struct seat *seat)
{
    watched_seat = seat;
}

void stop_watch_semaphore(sem_t *semaphore)
{
    watched_semaphore = semaphore;
}

void stop_in_child(struct seat *seat)
{
    watched_semaphore = NULL;
    watched_seat = seat;
}
