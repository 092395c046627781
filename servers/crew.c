/* crew - see crew.h. */
#include "crew.h"

#include "clock.h"
#include "stop.h"

#include <err.h>
#include <semaphore.h>
#include <stdlib.h>

static struct seats seats;
static struct crew_member *members;
static _Atomic unsigned working;

unsigned crew_start(const struct server *server, void *(*function)(void *))
{
    pthread_attr_t attributes;
    pthread_t thread;
    unsigned started = 0;

    members = calloc(server->workers, sizeof *members);
    if (members == NULL || seats_open(&seats, server->workers) < 0)
        err(EXIT_CANNOT, "%s: seats for %u workers", server->model->name, server->workers);
    serving_thread_attributes(&attributes);
    for (unsigned i = 0; i < server->workers && started == i; i++) {
        members[i] = (struct crew_member){server, &seats.row[i], counters_slot(server->counters, i + 1), i};
        working++;
        if (pthread_create(&thread, &attributes, function, &members[i]) == 0)
            started++;
        else
            working--;
    }
    pthread_attr_destroy(&attributes);
    if (started == 0)
        errx(EXIT_CANNOT, "%s: not one worker could be started", server->model->name);
    if (started < server->workers)
        server_warn_once(WARN_THREAD, "fewer workers than asked for: no more threads can be created");
    return started;
}

void *crew_leave(struct crew_member *member)
{
    (void)member;
    working--;
    return NULL;
}

void crew_await_stop(void)
{
    sem_t stopped;

    sem_init(&stopped, 0, 0);
    stop_watch_semaphore(&stopped);
    while (!server_stopping())
        sem_wait(&stopped);
    stop_watch_semaphore(NULL);
    sem_destroy(&stopped);
}

bool crew_drain(void)
{
    while (working > 0 && stop_drain_left_ns() > 0) {
        seats_drain(&seats);
        clock_sleep_ns(5 * NS_PER_MS);
    }
    seats_drain(&seats);
    for (int i = 0; i < PAUSE_MS && working > 0; i++)
        clock_sleep_ns(NS_PER_MS);
    if (working > 0)
        return false;
    seats_close(&seats);
    free(members);
    return true;
}
