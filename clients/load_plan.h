/*
 * load_plan - what is sent where, and what must come back: built once, then only read.
 *
 * Requests are constant bytes. For HTTP they lie in one buffer, as many copies as the pipeline is
 * deep and behind them the one that asks for the connection to be closed, so that any burst a
 * connection may have to send is one contiguous piece. For echo every connection has its own stream
 * of random bytes, cut out of one pool.
 */
#ifndef LOAD_PLAN_H
#define LOAD_PLAN_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "load_expect.h"
#include "load_options.h"
#include "net.h"

enum {
    LOAD_PATH_MAX = 4096,
    LOAD_BUFFER_SIZE = 64 * 1024, /* what a worker receives at once; longest answer compared whole */
    LOAD_POOL_PERIOD = 65521,     /* prime: streams of equal payloads do not fall into step */
    LOAD_ERROR_TEXT_MAX = 512,
};

enum load_protocol { LOAD_HTTP, LOAD_ECHO };

struct load_plan {
    const struct load_options *options;
    enum load_protocol protocol;
    struct net_endpoint endpoint;
    char path[LOAD_PATH_MAX]; /* http: the target of the request line */

    struct net_address addresses[NET_ADDRESSES_MAX];
    size_t address_count;
    struct net_address *locals; /* source addresses to rotate over; none: the kernel chooses */
    size_t local_count;

    char *burst; /* http: `pipeline` requests of request_size, then one of last_size */
    size_t request_size, last_size;
    char *body;
    size_t body_size;
    char *expected;
    size_t expected_size;
    struct load_expect expect;

    char *pool; /* echo: LOAD_POOL_PERIOD random bytes, repeated so that no piece ever wraps */
};

/*
 * Reads the target, resolves it and builds everything. 0; else the exit code (2 the target or a file
 * named is wrong, 3 it cannot be resolved or there is no memory) with one sentence in `error`.
 */
int load_plan_open(struct load_plan *plan, const struct load_options *options,
                   char error[LOAD_ERROR_TEXT_MAX]);
void load_plan_close(struct load_plan *plan);

/* ---- parts of it ---- */

/* load_target: reads "http://host:port/path" and its relatives. NULL, or a sentence. */
const char *load_target_parse(const char *text, struct load_plan *plan);

/* load_request: builds the bytes of the requests (http). 0, or -1 with ENOMEM. */
int load_request_build(struct load_plan *plan);

#endif
