/*
 * leader_followers - N threads take turns at the loop: one waits for events, the others serve or rest.
 *
 *     leader:    epoll_wait --> takes one ready client, makes a follower leader --> recv, answer, send
 *     followers: wait for their turn to lead                                            |
 *        ^                                                                              |
 *        '------------------------------------------------------------------------------'
 *
 * A connection is owned by the loop, and lent to the thread that took it while it makes progress: the
 * thread that saw the event serves it, so there is no queue and no hand-over on the way in. A
 * connection waits in the leader's epoll_wait(2); a thread waits for the lock that is the leadership.
 *
 * What is ready but not taken stays in the list for the next leader, who looks there before it waits.
 *
 * Cost: 2 system calls per request, the lock, and a wake-up of the next leader. Limit: N requests at a
 * time. (Schmidt et al., "Leader/Followers", 2000)
 *
 * epoll(7), eventfd(2), pthread_mutex_lock(3)
 */
#include "crew.h"
#include "lending.h"
#include "model.h"

static struct lending lending;
static pthread_mutex_t leadership = PTHREAD_MUTEX_INITIALIZER;

/* Leads until there is a client to serve; NULL when the server has ended. */
static struct client *lead(void)
{
    struct client *client;

    pthread_mutex_lock(&leadership);
    while ((client = lending_take(&lending)) == NULL && loop_running(&lending.loop))
        lending_round(&lending);
    pthread_mutex_unlock(&leadership);
    return client;
}

static void *serve(void *argument)
{
    return lending_work(&lending, argument, lead);
}

static void run(const struct server *server)
{
    lending_open(&lending, server);
    crew_start(server, serve);
    server_ready(server);
    crew_await_stop();
    if (crew_drain())
        lending_close(&lending);
}

const struct server_model model_leader_followers = {
    .name = "leader_followers",
    .summary = "N threads take turns at one epoll loop and serve what they see",
    .family = "loop and workers",
    .properties = MODEL_CONCURRENT | MODEL_WORKERS | MODEL_NONBLOCKING,
    .workers_default = 16,
    .syscalls_per_request = 0, /* its threads wake each other as it comes */
    .run = run,
};
