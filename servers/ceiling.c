/*
 * ceiling - not a server but a yardstick: the least an epoll loop can do for an answer.
 *
 *     epoll_wait --> recv --> send the same canned reply, whatever arrived
 *
 * No parsing, no time-outs, no back-pressure: a client that does not take its reply is closed. What a
 * model costs above this row is what its correctness costs. The reply looks like that of GET / on
 * the other models, byte for byte but for the Date; with --protocol echo the bytes come back.
 *
 * Cost: 2 system calls per request and its share of an epoll_wait(2). It must not be used for
 * anything but comparison: a pipelined or fragmented request gets the wrong number of replies.
 *
 * epoll(7)
 */
#include "clock.h"
#include "handler.h"
#include "model.h"
#include "net.h"
#include "stop.h"

#include <err.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { EVENTS = 256 };

static struct counters *counters;
static char reply[REPLY_CACHE_SIZE];
static size_t reply_size;

static void render_reply(const char *model)
{
    time_t now = time(NULL);
    struct tm utc;
    char date[40];

    gmtime_r(&now, &utc);
    strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", &utc);
    reply_size = (size_t)snprintf(reply, sizeof reply,
                                  "HTTP/1.1 200 OK\r\nServer: tenk/%s\r\nDate: %s\r\n"
                                  "Content-Type: text/plain\r\nContent-Length: %zu\r\n\r\n" HANDLER_TEXT,
                                  model, date, sizeof HANDLER_TEXT - 1);
}

static void leave(int fd)
{
    close(fd);
    counters_add(&counters->closed, 1);
}

static void answer(int fd)
{
    static char bytes[BUFFER_SIZE];
    ssize_t n = net_receive(fd, bytes, sizeof bytes);
    const char *out = reply_size > 0 ? reply : bytes;
    ssize_t size = reply_size > 0 ? (ssize_t)reply_size : n;

    counters_add(&counters->receives, 1);
    if (n <= 0) {
        leave(fd);
        return;
    }
    counters_add(&counters->sends, 1);
    counters_add(&counters->requests, 1);
    if (net_send(fd, out, (size_t)size) != size)
        leave(fd);
}

static void accept_some(int epoll_fd, int listener)
{
    int fd;
    enum net_accept_status status = NET_ACCEPT_AGAIN;

    for (int i = 0; i < ACCEPT_BATCH && (status = net_accept(listener, true, &fd)) == NET_ACCEPTED; i++) {
        counters_add(&counters->accepted, 1);
        if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &(struct epoll_event){.events = EPOLLIN, .data.fd = fd}) <
            0)
            leave(fd);
    }
    if (status == NET_ACCEPT_SHORT)
        clock_sleep_ns(PAUSE_MS * NS_PER_MS);
}

static void run(const struct server *server)
{
    static struct epoll_event events[EVENTS];
    int epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    int listener = server->listener;

    counters = counters_slot(server->counters, 0);
    if (server->service->protocol == &protocol_http)
        render_reply(server->service->model);
    if (epoll_fd < 0 || epoll_ctl(epoll_fd, EPOLL_CTL_ADD, listener,
                                  &(struct epoll_event){.events = EPOLLIN, .data.fd = listener}) < 0)
        err(EXIT_CANNOT, "ceiling: epoll");
    server_ready(server);
    while (!server_stopping()) {
        int ready = epoll_wait(epoll_fd, events, EVENTS, -1);

        for (int i = 0; i < ready; i++) {
            if (events[i].data.fd == listener)
                accept_some(epoll_fd, listener);
            else
                answer(events[i].data.fd);
        }
    }
    close(epoll_fd);
}

const struct server_model model_ceiling = {
    .name = "ceiling",
    .summary = "yardstick: a bare epoll loop with a canned reply",
    .family = "yardsticks",
    .properties = MODEL_CONCURRENT | MODEL_NONBLOCKING | MODEL_REFERENCE,
    .syscalls_per_request = 3,
    .run = run,
};
