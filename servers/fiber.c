/*
 * fiber - a user-level thread per connection, over one epoll(7) loop.
 *
 *     loop:  epoll_wait --> resume the fiber of each ready connection, one after the other
 *               ^                              |
 *     fiber:    '-- arm, switch back <-- recv, answer, send
 *
 * A connection is owned by its fiber, whose code is as straight as a thread's: wait, serve, wait again,
 * until the end (serve_client). Where a thread would block in the kernel a fiber arms its descriptor
 * and switches to the loop, which waits for all of them. Fibers run one at a time and switch only
 * where they wait, so they share buffers and counters without a lock; an idle one holds no buffer.
 *
 * Cost: 3 system calls per request, as epoll, and two switches in user mode; a connection costs no call
 * more, once its stack has been used before. A stack of COROUTINE_STACK bytes of address space, of
 * which a page (4 KiB) or more is touched and stays so while the connection is idle: twenty times what
 * the epoll model keeps. Hard limit: mappings, two per stack (vm.max_map_count: some 32,000 fibers); who
 * finds none is closed and counted as shed.
 *
 * There is no library in it, because Debian has none that is kept. State Threads (libst-dev 1.9, of
 * 2009) is built there for select(2) and poll(2) only, hands all waiting fibers to the kernel in every
 * round, and its assembler part makes the stack of the whole program executable; GNU Pth (of 2006) knows
 * select(2) only; Boost.Fiber is for C++. The C library itself brings what is needed: see coroutine.c.
 *
 * epoll(7), makecontext(3), setjmp(3)
 */
#include "coroutine.h"
#include "loop.h"
#include "model.h"

#include <err.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { EVENTS = 256 };

/* What loop.h allocates for each connection. */
struct fiber_client {
    struct client client;
    struct coroutine *fiber;
};

static struct loop loop;
static int epoll_fd;
static bool listener_watched;

/* ---- what runs in a fiber ---- */

/* With nothing armed (a handler waits) errors and hang-ups are still reported. */
static uint32_t interest(enum conn_status status)
{
    return status == CONN_WANT_READ ? EPOLLIN : status == CONN_WANT_WRITE ? EPOLLOUT : 0;
}

/* The kernel's list may be full (ENOSPC) or without memory: then this client cannot be served. */
static bool watch(struct client *client, enum conn_status status)
{
    struct epoll_event event = {.events = interest(status), .data.ptr = client};
    int operation = client->watched == CONN_DONE ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;

    client->watched = status;
    if (epoll_ctl(epoll_fd, operation, client->conn.fd, &event) == 0)
        return true;
    conn_abort(&client->conn);
    return false;
}

/* Switches to the loop until the descriptor is ready or the time has come. */
static void wait_for(struct client *client, enum conn_status status)
{
    bool armed = status == client->watched || status == CONN_WANT_TIME;

    if (armed || watch(client, status))
        coroutine_wait();
}

static void serve_client(void *argument)
{
    struct client *client = argument;
    enum conn_status status = CONN_WANT_READ;

    while (status != CONN_DONE) {
        wait_for(client, status);
        status = loop_serve(&loop, client);
    }
    loop_drop(&loop, client); /* close(2) takes it off the kernel's list */
}

/* ---- the loop, which resumes them ---- */

static struct coroutine *fiber_of(const struct client *client)
{
    return ((const struct fiber_client *)client)->fiber;
}

static void accept_some(void)
{
    struct client *client;

    for (int i = 0; i < ACCEPT_BATCH && (client = loop_accept(&loop)) != NULL; i++) {
        struct coroutine *fiber = coroutine_start(serve_client, client);

        ((struct fiber_client *)client)->fiber = fiber;
        if (fiber != NULL)
            continue;
        counters_add(&loop.worker.counters->shed, 1);
        loop_drop(&loop, client);
        server_warn_once(WARN_THREAD, "no mapping left for a stack: the connection is closed");
    }
}

/*
 * A client that waits for its handler stays armed for reading, which costs nothing as long as it is
 * silent. If it sends more it is disarmed until its answer is out, or the event would come for ever.
 */
static void disturbed(struct client *client, uint32_t events)
{
    bool lost = (events & (EPOLLERR | EPOLLHUP)) != 0;

    if (lost)
        conn_abort(&client->conn);
    if (lost || !watch(client, CONN_WANT_TIME))
        coroutine_resume(fiber_of(client));
}

/* A client dropped earlier in this round may have another event in it: it is done, and still in memory. */
static void on_event(const struct epoll_event *event)
{
    struct client *client = event->data.ptr;

    if (client == NULL)
        accept_some();
    else if (client->conn.done)
        return;
    else if (conn_wants(&client->conn) == CONN_WANT_TIME)
        disturbed(client, event->events);
    else
        coroutine_resume(fiber_of(client));
}

/* Takes the listening socket (data.ptr NULL) off the list while accepting rests, or puts it back. */
static void watch_listener(void)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
    bool accepting = loop_accepting(&loop);

    if (listener_watched == accepting)
        return;
    if (epoll_ctl(epoll_fd, accepting ? EPOLL_CTL_ADD : EPOLL_CTL_DEL, loop.listener, &event) == 0)
        listener_watched = accepting;
    else
        loop_unwatched(&loop);
}

/* Fibers that still wait when the drain time is over hold nothing but their stack. */
static void close_all(void)
{
    for (size_t i = 0; i < loop.count; i++)
        coroutine_abandon(fiber_of(loop.clients[i]));
    coroutines_close();
    loop_close(&loop);
    close(epoll_fd);
}

static void run(const struct server *server)
{
    struct epoll_event events[EVENTS];
    struct client *client;

    epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (epoll_fd < 0)
        err(EXIT_CANNOT, "fiber: epoll_create1");
    loop_open(&loop, server, 0);
    loop.client_size = sizeof(struct fiber_client);
    server_ready(server);
    while (loop_running(&loop)) {
        watch_listener();
        int ready = loop_epoll_wait(epoll_fd, events, EVENTS, loop_timeout(&loop));
        if (ready < 0)
            loop_wait_failed(&loop);
        loop_wake(&loop);
        for (int i = 0; i < ready; i++)
            on_event(&events[i]);
        while ((client = loop_due(&loop)) != NULL)
            coroutine_resume(fiber_of(client));
    }
    close_all();
}

const struct server_model model_fiber = {
    .name = "fiber",
    .summary = "a user-level thread per connection, over epoll(7)",
    .family = "event loops",
    .properties = MODEL_CONCURRENT | MODEL_NONBLOCKING,
    .syscalls_per_request = 3,
    .run = run,
};
