/*
 * sockets - what the tests of common/net have in common: listening sockets, connected pairs over a real
 * transport, a directory for Unix socket files, and a thread that disturbs another one with signals.
 */
#ifndef SOCKETS_H
#define SOCKETS_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "net.h"

enum { SOCKETS_PATH_MAX = 64 };

/* An endpoint from text that must be one. */
struct net_endpoint sockets_endpoint(const char *text);

/* Listens where the text says and, when `bound` is not NULL, puts there where that is. Must succeed. */
int sockets_listen(const char *text, int backlog, struct net_endpoint *bound);

/* Binds a datagram socket where the text says; the same. */
int sockets_bind(const char *text, struct net_endpoint *bound);

/*
 * Whoever sends to this bound UDP socket is told from now on that nobody is there: it is connected to another
 * address. (A closed one would do the same until somebody else gets its port.)
 */
void sockets_turn_away(int fd);

/* Connects there, in time. Must succeed. */
int sockets_connect(const struct net_endpoint *endpoint);

/* Fails the test unless a connection made there now comes out of `listener` and carries a byte. */
void sockets_expect_reaches(const struct net_endpoint *endpoint, int listener);

/* How many descriptors this process has open. */
int sockets_descriptors(void);

/* The two ends of a new connection over TCP on loopback. */
struct sockets_pair {
    int client, server;
};
struct sockets_pair sockets_tcp_pair(void);
struct sockets_pair sockets_pair_over(const char *text);
void sockets_close(struct sockets_pair *pair);

/* Whether this machine has IPv6 on loopback. */
bool sockets_have_ipv6(void);

/*
 * A fresh directory for the test, and the endpoint "unix:DIRECTORY/socket" in it. The first goes into
 * .init, the second, which removes both, into .fini.
 */
extern char sockets_directory[SOCKETS_PATH_MAX];
extern char sockets_path[SOCKETS_PATH_MAX];
extern char sockets_unix[SOCKETS_PATH_MAX];
void sockets_make_directory(void);
void sockets_remove_directory(void);

/*
 * Sends SIGUSR1 (whose handler is installed without SA_RESTART) to the calling thread every 5 ms, until
 * stopped. _wait, for another thread, waits until the handler has run that often: the one that is pestered
 * sits in the call under test meanwhile. _stop returns how often it ran.
 */
struct sockets_pester {
    pthread_t thread, target;
    _Atomic bool stop;
};
void sockets_pester_start(struct sockets_pester *pester);
void sockets_pester_wait(int signals);
int sockets_pester_stop(struct sockets_pester *pester);

#endif
