/*
 * thread - a detached thread per connection, made when the client has been accepted.
 *
 *     main: take a seat --> accept --> pthread_create --> take a seat ...
 *                                           |
 *     thread:                               '--> recv, answer, send --> ... --> leave the seat
 *
 * A connection is owned by its thread from the moment it starts. The thread waits in recv(2), main in
 * accept(2), or in sem_wait(3) while all seats are taken.
 *
 * Cost: 2 system calls per request; per connection a clone, a stack of SERVING_STACK bytes of address
 * space (touched pages count: about 24 KiB) and a seat. Hard limit: threads (--max-connections,
 * threads-max, pid_max). When no thread can be had the client is closed, and the next is tried.
 *
 * pthread_create(3), pthread_attr_setstacksize(3), accept(2), sem_wait(3)
 */
#include "blocking.h"
#include "clock.h"
#include "model.h"
#include "stop.h"

#include <err.h>
#include <semaphore.h>
#include <stdlib.h>
#include <unistd.h>

static const struct server *the_server;
static struct seats seats;
static sem_t seats_free;

/* Free seats as a stack of indices, so that the same few stay in use and in the cache. */
static pthread_mutex_t free_lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned *free_seats, free_count;

static unsigned take_seat(void)
{
    pthread_mutex_lock(&free_lock);
    unsigned seat = free_seats[--free_count];
    pthread_mutex_unlock(&free_lock);
    return seat;
}

static void leave_seat(unsigned seat)
{
    pthread_mutex_lock(&free_lock);
    free_seats[free_count++] = seat;
    pthread_mutex_unlock(&free_lock);
    sem_post(&seats_free);
}

static void *serve(void *argument)
{
    struct seat *seat = argument;
    unsigned index = (unsigned)(seat - seats.row);
    struct conn_worker worker; /* on this stack: no memory is allocated for a connection */

    conn_worker_open(&worker, the_server->service, counters_slot(the_server->counters, index + 1));
    blocking_serve(&worker, seat);
    conn_worker_close(&worker);
    leave_seat(index);
    return NULL;
}

/* The connection sits down before its thread exists: nothing is shared with the acceptor's next round. */
static void hand_over(const pthread_attr_t *attributes, struct counters *counters, int fd)
{
    pthread_t thread;
    unsigned index = take_seat();
    struct seat *seat = &seats.row[index];

    seat_take(seat, fd);
    if (pthread_create(&thread, attributes, serve, seat) == 0)
        return;
    seat_leave(seat);
    close(fd);
    leave_seat(index);
    counters_add(&counters->shed, 1);
    counters_add(&counters->closed, 1);
    server_warn_once(WARN_THREAD, "pthread_create failed (no more threads): the connection is closed");
}

static bool all_left(void)
{
    pthread_mutex_lock(&free_lock);
    bool left = free_count == seats.count;
    pthread_mutex_unlock(&free_lock);
    return left;
}

/*
 * Detached threads cannot be joined; their seats tell when they have gone. Who has not gone when the
 * drain time is over is cut off, and ends with the process at the latest.
 */
static void drain(void)
{
    while (!all_left() && stop_drain_left_ns() > 0) {
        seats_drain(&seats);
        clock_sleep_ns(5 * NS_PER_MS);
    }
    seats_drain(&seats);
    for (int i = 0; i < PAUSE_MS && !all_left(); i++)
        clock_sleep_ns(NS_PER_MS);
}

static void run(const struct server *server)
{
    struct counters *counters = counters_slot(server->counters, 0);
    pthread_attr_t attributes;
    int fd;

    the_server = server;
    free_seats = calloc(server->max_connections, sizeof *free_seats);
    if (free_seats == NULL || seats_open(&seats, server->max_connections) < 0)
        err(EXIT_CANNOT, "thread: seats for %u connections", server->max_connections);
    while (free_count < seats.count)
        free_seats[free_count] = (unsigned)seats.count - 1 - free_count, free_count++;
    sem_init(&seats_free, 0, server->max_connections);
    stop_watch_semaphore(&seats_free);
    serving_thread_attributes(&attributes);
    server_ready(server);
    while (!server_stopping()) {
        if (sem_wait(&seats_free) < 0)
            continue;
        if (!blocking_accept(server, counters, &fd))
            break;
        hand_over(&attributes, counters, fd);
    }
    stop_watch_semaphore(NULL);
    drain();
    pthread_attr_destroy(&attributes);
}

const struct server_model model_thread = {
    .name = "thread",
    .summary = "a thread per connection",
    .family = "threads",
    .properties = MODEL_CONCURRENT | MODEL_PER_CONNECTION,
    .syscalls_per_request = 2,
    .run = run,
};
