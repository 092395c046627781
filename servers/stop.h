/*
 * stop - how a server ends: SIGTERM, SIGINT or SIGHUP.
 *
 * The first signal sets a flag and shuts the listening socket down, which wakes every accept(2) and
 * every poller: new clients are refused from then on. What is in flight may finish until the drain
 * time is over; a second signal ends that time at once. signal-safety(7)
 */
#ifndef STOP_H
#define STOP_H

#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct seat;

/*
 * Installs the handlers, ignores SIGPIPE and unblocks what the parent may have left blocked. The file
 * of a Unix socket (`path`, else NULL) is removed while the socket still listens: a moment later it
 * could be a successor's.
 */
void stop_install(int listener, const char *path, int64_t drain_ns);

/*
 * One more listening socket to shut down at the first signal, for models whose workers have their
 * own. At most STOP_LISTENERS_MAX; call it before the workers run. False when there are too many.
 */
enum { STOP_LISTENERS_MAX = 1024 };
bool stop_add_listener(int listener);

/*
 * Datagrams: answers leave by the socket that is shut down, so only its receiving half is. To be called
 * before stop_install.
 */
void stop_answers_to_come(void);

/* True from the first signal on. */
bool server_stopping(void);

/* The flag itself, for struct service. */
const atomic_bool *stop_flag(void);

/*
 * For a wait that has no end of its own, because the shutdown of the listening socket wakes it: NULL, for
 * ever. With the thread sanitizer a moment: it keeps a signal back until the program makes a call that it
 * knows, and pselect(2), epoll_pwait2(2) and io_uring_enter(2) are none of them.
 */
struct timespec;
const struct timespec *stop_timeout(void);

/* What is left of the drain time; 0 when it is over. INT64_MAX while not stopping. */
int64_t stop_drain_left_ns(void);

/*
 * In a forked child, whose parent passes the stop on: from here the signal wakes the child's own seat.
 * From its birth on the listening socket and its file are the parent's to end (shutdown(2) would act on
 * the parent's too), and the signal ends no drain time, however often it comes: one to the whole group
 * (Ctrl-C) reaches the child twice, and a child born during the stop has inherited the flag. The parent
 * kills who stays.
 */
void stop_in_child(struct seat *seat);

/*
 * For a thread that serves its connection in the same thread that takes the signals (iterative, a
 * forked child): the handler itself wakes this seat when it is idle, or when the drain time is
 * over. NULL: no more.
 */
void stop_watch_seat(struct seat *seat);

/* A semaphore the main thread may sleep on besides accept(2): the handler posts it once. NULL: no more. */
void stop_watch_semaphore(sem_t *semaphore);

#endif
