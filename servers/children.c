/* children - see children.h. */
#include "children.h"

#include "clock.h"
#include "stop.h"

#include <err.h>
#include <errno.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

enum { YOUNG_MS = 1000, REPLACE_PAUSE_MS = 1000, TICK_US = 250000 };

/* In memory that parent and children share. */
struct place {
    pid_t pid; /* 0: nobody */
    int64_t born_ns, replace_ns;
    _Atomic uint64_t taken; /* what the slot's `closed` will be when the last connection taken here is */
};

static const struct server *the_server;
static void (*the_serve)(struct child *child);
static struct place *places;
static size_t places_size;
static sem_t news; /* posted by SIGCHLD and by the stop signals */
static bool tick_while_missing;
static atomic_bool ticking;

/* SIGALRM every so often interrupts whatever the parent waits in. Safe in a signal handler. */
static void tick(bool on)
{
    struct itimerval every = {.it_value.tv_usec = on ? TICK_US : 0, .it_interval.tv_usec = on ? TICK_US : 0};

    if (!tick_while_missing)
        return;
    ticking = on;
    setitimer(ITIMER_REAL, &every, NULL);
}

void children_tick_while_missing(void)
{
    tick_while_missing = true;
}

static void on_child_exit(int signal)
{
    int saved = errno;

    (void)signal;
    sem_post(&news);
    tick(true);
    errno = saved;
}

static struct counters *slot_of(unsigned index)
{
    return counters_slot(the_server->counters, index + 1);
}

_Noreturn static void be_child(unsigned index, pid_t parent)
{
    static struct child child;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(0);
    signal(SIGCHLD, SIG_DFL);
    child.server = the_server;
    child.taken = &places[index].taken;
    conn_worker_open(&child.worker, the_server->service, slot_of(index));
    seat_open(&child.seat);
    stop_in_child(&child.seat);
    the_serve(&child);
    _exit(0);
}

void children_serve(struct child *child, int fd)
{
    atomic_store(child->taken, atomic_load(&child->worker.counters->closed) + 1);
    seat_take(&child->seat, fd);
    blocking_serve(&child->worker, &child->seat);
}

/* The child has died, so the slot is ours until the next one is born. */
static void count_lost_client(struct place *place)
{
    struct counters *counters = slot_of((unsigned)(place - places));

    if (atomic_load(&counters->closed) >= atomic_load(&place->taken))
        return;
    counters_add(&counters->aborted, 1);
    counters_add(&counters->closed, 1);
}

static bool start_child(unsigned index)
{
    pid_t parent = getpid();
    pid_t pid = fork();

    if (pid == 0)
        be_child(index, parent);
    places[index].born_ns = clock_now_ns();
    places[index].pid = pid > 0 ? pid : 0;
    if (pid < 0) {
        places[index].replace_ns = clock_now_ns() + REPLACE_PAUSE_MS * NS_PER_MS;
        server_warn_once(WARN_PROCESS, "fork failed (no more processes): trying again every second");
    }
    return pid > 0;
}

void children_start(const struct server *server, void (*serve)(struct child *child))
{
    unsigned started = 0;

    the_server = server;
    the_serve = serve;
    places_size = server->workers * sizeof *places;
    places = mmap(NULL, places_size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (places == MAP_FAILED)
        err(EXIT_CANNOT, "%s: table of %u children", server->model->name, server->workers);
    sem_init(&news, 0, 0);
    sigaction(SIGCHLD, &(struct sigaction){.sa_handler = on_child_exit, .sa_flags = SA_NOCLDSTOP}, NULL);
    for (unsigned i = 0; i < server->workers; i++)
        started += start_child(i);
    if (started == 0)
        err(EXIT_CANNOT, "%s: not one child could be started", server->model->name);
}

static struct place *place_of(pid_t pid)
{
    for (unsigned i = 0; i < the_server->workers; i++)
        if (places[i].pid == pid)
            return &places[i];
    return NULL;
}

/* Reaps all that have died. True while others live. */
static bool reap(void)
{
    pid_t pid;

    while ((pid = waitpid(-1, NULL, WNOHANG)) > 0) {
        struct place *place = place_of(pid);

        if (place == NULL)
            continue;
        bool young = clock_now_ns() - place->born_ns < YOUNG_MS * NS_PER_MS;
        count_lost_client(place);
        place->pid = 0;
        place->replace_ns = clock_now_ns() + (young ? REPLACE_PAUSE_MS * NS_PER_MS : 0);
    }
    return pid == 0;
}

static bool any_missing(void)
{
    for (unsigned i = 0; i < the_server->workers; i++)
        if (places[i].pid == 0)
            return true;
    return false;
}

static void replace_missing(void)
{
    reap();
    for (unsigned i = 0; i < the_server->workers; i++)
        if (places[i].pid == 0 && places[i].replace_ns <= clock_now_ns() && !server_stopping())
            start_child(i);
}

/* The second look is for a child that died just before the ticking was turned off. */
void children_look_after(void)
{
    replace_missing();
    if (ticking && !any_missing()) {
        tick(false);
        replace_missing();
    }
    if (any_missing())
        tick(true);
}

void children_await_stop(void)
{
    stop_watch_semaphore(&news);
    while (!server_stopping()) {
        struct timespec until;

        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_sec++;
        if (any_missing())
            sem_clockwait(&news, CLOCK_MONOTONIC, &until);
        else
            sem_wait(&news);
        children_look_after();
    }
    stop_watch_semaphore(NULL);
}

static void signal_children(int signal)
{
    for (unsigned i = 0; i < the_server->workers; i++)
        if (places[i].pid > 0)
            kill(places[i].pid, signal);
}

void children_drain(void)
{
    signal_children(SIGTERM);
    while (reap()) {
        if (stop_drain_left_ns() == 0)
            signal_children(SIGKILL);
        clock_sleep_ns(5 * NS_PER_MS);
    }
    munmap(places, places_size);
}
