/*
 * epoll_pool - one loop waits for everybody; a pool of threads does what the requests ask for.
 *
 *     loop:     epoll_wait --> [ queue of ready clients ] --> worker: recv, answer, send
 *      ^                                                            |
 *      '--- eventfd <--- [ stack of clients handed back ] <---------'
 *
 * A connection is owned by the loop, and lent to one worker while it makes progress. It waits in the
 * loop's epoll_wait(2), then in the queue for a worker. So an idle client costs no worker, and a
 * handler that blocks or computes holds up its worker and not the loop: half-sync/half-async, the
 * answer to slow handlers. How clients are lent and come back stands in lending.c.
 *
 * Cost: 2 system calls per request, two hand-overs between threads, and a wake-up for each that finds
 * the other side asleep. Limit: N requests at a time.
 *
 * epoll(7), eventfd(2), pthread_cond_wait(3)
 */
#include "crew.h"
#include "lending.h"
#include "model.h"

static struct lending lending;

/* Ready clients, under one lock. It needs no bound: a client stands in it at most once. */
static pthread_mutex_t queue_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t queue_filled = PTHREAD_COND_INITIALIZER;
static struct client *queue_first, **queue_end = &queue_first;
static unsigned sleepers;
static bool queue_closed;

static struct client *take(void)
{
    pthread_mutex_lock(&queue_lock);
    while (queue_first == NULL && !queue_closed) {
        sleepers++;
        pthread_cond_wait(&queue_filled, &queue_lock);
        sleepers--;
    }
    struct client *client = queue_first;
    if (client != NULL)
        queue_first = client->next_ready;
    if (queue_first == NULL)
        queue_end = &queue_first;
    pthread_mutex_unlock(&queue_lock);
    return client;
}

/* Queues what became ready in this round under one lock, and wakes as many workers as there is work. */
static void queue_ready(void)
{
    unsigned wake = lending.ready_count;

    if (wake == 0)
        return;
    pthread_mutex_lock(&queue_lock);
    *queue_end = lending.ready;
    queue_end = lending.ready_end;
    if (wake > sleepers)
        wake = sleepers;
    pthread_mutex_unlock(&queue_lock);
    while (wake-- > 0)
        pthread_cond_signal(&queue_filled);
    lending.ready = NULL;
    lending.ready_end = &lending.ready;
    lending.ready_count = 0;
}

static void close_queue(void)
{
    pthread_mutex_lock(&queue_lock);
    queue_closed = true;
    pthread_mutex_unlock(&queue_lock);
    pthread_cond_broadcast(&queue_filled);
}

static void *serve(void *argument)
{
    return lending_work(&lending, argument, take);
}

static void run(const struct server *server)
{
    lending_open(&lending, server);
    crew_start(server, serve);
    server_ready(server);
    while (loop_running(&lending.loop)) {
        lending_round(&lending);
        queue_ready();
    }
    close_queue();
    if (crew_drain())
        lending_close(&lending);
}

const struct server_model model_epoll_pool = {
    .name = "epoll_pool",
    .summary = "one epoll loop, requests run in a pool of N threads",
    .family = "loop and workers",
    .properties = MODEL_CONCURRENT | MODEL_WORKERS | MODEL_NONBLOCKING,
    .workers_default = 16,
    .syscalls_per_request = 0, /* its threads wake each other as it comes */
    .run = run,
};
