/*
 * epoll_loop - the level-triggered epoll loop, alone (epoll) or in several workers (epoll_workers).
 */
#ifndef EPOLL_LOOP_H
#define EPOLL_LOOP_H

#include "datagram.h"
#include "loop.h"

#include <stdbool.h>
#include <stdint.h>

struct epoll_loop {
    struct loop loop;
    int fd;                   /* the epoll instance */
    uint32_t listener_events; /* EPOLLIN, with EPOLLEXCLUSIVE when other loops watch the same socket */
    bool listener_watched;
};

/* 0, or -1 with errno (EMFILE, ENOMEM). `slot` is its slot of counters; `listener` its listening socket. */
int epoll_loop_open(struct epoll_loop *epoll_loop, const struct server *server, unsigned slot, int listener);

/* Serves until the server stops and the loop's connections have ended, then frees all. */
void epoll_loop_run(struct epoll_loop *epoll_loop);

/* The same over datagrams: waits in epoll_wait(2) until the server stops, then drains and closes the batch.
 */
int epoll_datagrams_run(struct datagrams *batch);

#endif
