/*
 * net_socket - what the files of the net module share among themselves; everybody else includes net.h.
 */
#ifndef NET_SOCKET_H
#define NET_SOCKET_H

#include "net.h"

/* A socket for this address: close-on-exec, TCP_NODELAY if tcp; `flags` may be SOCK_NONBLOCK. -1 with errno.
 */
int net_socket_open(const struct net_address *address, int flags);

/* Closes a descriptor without losing the errno of the call that went before. Returns -1. */
int net_socket_close_failed(int fd);

/* Notes that this operation failed, for the reason in errno. Returns -1. */
int net_socket_explain(struct net_failure *failure, const char *operation);

static inline const struct sockaddr *net_socket_address(const struct net_address *address)
{
    return (const struct sockaddr *)&address->storage;
}

static inline bool net_socket_is_unix(const struct net_address *address)
{
    return address->storage.ss_family == AF_UNIX;
}

#endif
