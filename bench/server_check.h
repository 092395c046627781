/*
 * server_check - is this the server we started, and does it answer what it should?
 *
 * A stale server on the same port, or a wrong one, has been measured before in this field. So: the
 * listening socket must be among the descriptors of the process that was started, and one answer is
 * compared byte by byte, with the name the server gives itself.
 */
#ifndef SERVER_CHECK_H
#define SERVER_CHECK_H

#include <stdint.h>
#include <sys/types.h>

#include "net.h"

enum {
    CHECK_TEXT_MAX = 256,
    CHECK_ANSWER_TIMEOUT_S = 10, /* from connecting to the last byte of the answer */
};

/* 0; -1 with a sentence when no process of the group holds that listening socket. */
int server_check_owner(pid_t leader, const struct net_endpoint *endpoint, char wrong[CHECK_TEXT_MAX]);

/*
 * http: `GET /` must give status 200 and "Hello, world!", and `Server: tenk/MODEL` unless model is
 * NULL. echo: 64 bytes must come back. 0; -1 with a sentence, at the latest after CHECK_ANSWER_TIMEOUT_S or
 * at deadline_ns (clock_now_ns(); 0: none), however little at a time the server sends.
 */
int server_check_answer(const struct net_endpoint *endpoint, const char *protocol, const char *model,
                        int64_t deadline_ns, char wrong[CHECK_TEXT_MAX]);

#endif
