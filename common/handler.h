/*
 * handler - what a request is for: the targets of the service and what each of them does.
 *
 *   /  /spin/USEC  /wait/USEC   13 bytes of text; at once, after USEC of CPU time, after USEC of waiting
 *   /bytes/N                    N bytes of a fixed pattern
 *   /echo                       POST: the body comes back
 *   /model  /stats              the model's name; the counters as JSON
 */
#ifndef HANDLER_H
#define HANDLER_H

#include "http.h"
#include "protocol.h"

#include <stddef.h>
#include <stdint.h>

enum handler_route {
    ROUTE_TEXT,
    ROUTE_BYTES,
    ROUTE_SPIN,
    ROUTE_WAIT,
    ROUTE_ECHO,
    ROUTE_MODEL,
    ROUTE_STATS,
    ROUTE_FILE, /* under the root directory: http_file.h finds it, handler_route does not */
};

#define HANDLER_TEXT "Hello, world!"

enum {
    HANDLER_PATTERN_PERIOD = 65,
    HANDLER_WAIT_MAX_US = 60 * 1000 * 1000, /* longest /wait and /spin: a minute */
    HANDLER_STATS_MAX = 768,                /* bytes of the /stats body */
};

/*
 * Finds the target's route. 0 with *route and *argument set; else the status that refuses it: 404
 * unknown, 405 known but not for this method (*route is set), 501 no such method, 400 the number is
 * none or too large.
 */
int handler_route(const struct http_request *request, enum handler_route *route, uint64_t *argument);

/* The methods a route takes, for the Allow field (RFC 9110, 10.2.1). */
const char *handler_allow(enum handler_route route);

/* Burns `usec` microseconds of this thread's CPU time: being preempted does not make it shorter. */
void handler_spin(uint64_t usec);

/*
 * The pattern of /bytes from offset `at_offset`: *bytes points at up to `size` of them (static
 * storage, never written again after the first call), the result says how many.
 */
size_t handler_pattern(uint64_t at_offset, uint64_t size, const char **bytes);

/* Writes the /stats body, at most HANDLER_STATS_MAX bytes; returns its length. */
size_t handler_stats(const struct service *service, char *text);

#endif
