/*
 * transport - what servers are measured over: the names that scenarios know.
 *
 * A transport is one for every model of a scenario (its key `transport`) or that of a variant: "epoll+udp".
 */
#ifndef TRANSPORT_H
#define TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "net.h"

/* Longer than a slow answer takes, shorter than a slice: a datagram that is not back by then is lost. */
enum { TRANSPORT_LOST_MS = 200 };

struct transport {
    const char *name;   /* "tcp", "tcp6", "unix", "unixpacket", "udp", "unixdgram" */
    const char *listen; /* where a server listens: all of it, or what stands before the path */
    const char *scheme; /* what tenk-load writes between protocol and place: "+udp://" */
    enum net_transport net;
    bool datagrams; /* no connections: http is impossible, and what is sent may be lost */
};

/* NULL when there is none of that name. */
const struct transport *transport_find(const char *name);

/* "tcp tcp6 unix ...", for messages; static storage. */
const char *transport_names(void);

/* Where the server of that number (unique among those alive in this process) is to listen. */
void transport_listen(const struct transport *transport, unsigned number, char *text, size_t size);

/* The operand for tenk-load: "http://127.0.0.1:4711/", "echo+unix:/path". `path` is the target of http. */
void transport_target(const struct transport *transport, const struct net_endpoint *endpoint,
                      const char *protocol, const char *path, char *text, size_t size);

#endif
