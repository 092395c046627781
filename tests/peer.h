/*
 * peer - how much of what a client has sent its server has not taken out of its socket yet.
 *
 * The kernel knows both ends of a connection on this machine, so no help of the server is needed: a
 * test can cut a request anywhere and be sure that the server has seen the first part alone.
 */
#ifndef PEER_H
#define PEER_H

#include <stdint.h>

/*
 * Of `sent` bytes that went out on `fd`, how many the peer on this machine has not received; TCP over
 * IPv4, or Unix. 0 when the peer has gone; -1 when the kernel does not tell.
 */
int64_t peer_unread(int fd, uint64_t sent);

#endif
