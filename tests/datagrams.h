/*
 * datagrams - a client of a datagram service as tests need it; as wire.h, it shares nothing with common/net.
 */
#ifndef DATAGRAMS_H
#define DATAGRAMS_H

#include <stddef.h>
#include <sys/types.h>

/* A socket connected to "udp://127.0.0.1:PORT", "udp://[::1]:PORT" or "unixdgram:/path"; asserts. */
int datagrams_connect(const char *endpoint);

/* Sends one; asserts that it went whole. */
void datagrams_send(int fd, const void *bytes, size_t size);

/* The length of the next one, received whole; -1 when none came for `timeout_ms`. */
ssize_t datagrams_receive(int fd, void *bytes, size_t size, int timeout_ms);

/* Sends one and asserts that it comes back as it was. */
void datagrams_expect_echo(int fd, const void *bytes, size_t size);

#endif
