/*
 * load_plan - what is sent where, and what must come back: built once, then only read.
 *
 * Requests are constant bytes. For HTTP those of a kind lie in one buffer, as many copies as the pipeline is
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

#include "load_mix.h"
#include "load_options.h"
#include "net.h"

enum {
    LOAD_PATH_MAX = 4096,
    LOAD_BUFFER_SIZE = 64 * 1024, /* what a worker receives at once; longest answer compared whole */
    LOAD_DATAGRAM_MAX = 65507,    /* what UDP over IPv4 takes */
    LOAD_RECORD_MAX = 16384,      /* of requests in one record: what tenk-serve receives at once */
    LOAD_POOL_PERIOD = 65521,     /* prime: streams of equal payloads do not fall into step */
    LOAD_ERROR_TEXT_MAX = 512,
};

enum load_protocol { LOAD_HTTP, LOAD_ECHO };

struct load_plan {
    const struct load_options *options;
    enum load_protocol protocol;
    struct net_endpoint endpoint;
    bool records;             /* echo: the transport keeps messages, a request is one and so is its answer */
    bool datagrams;           /* ... and may lose them */
    bool pieces;              /* http over such a transport: an answer may come in several of its messages */
    char path[LOAD_PATH_MAX]; /* http: the target of the request line */

    struct net_address addresses[NET_ADDRESSES_MAX];
    size_t address_count;
    struct net_address *locals; /* source addresses to rotate over; none: the kernel chooses */
    size_t local_count;

    struct load_kind *kinds; /* the sorts of requests: one, or those of --mix */
    size_t kind_count;
    uint16_t *wheel; /* the order in which they are sent, over and over */
    size_t wheel_size;
    char *body;
    size_t body_size;
    char *expected;
    size_t expected_size;

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

/* load_request: builds the bytes of the requests of a kind (http). 0, or -1 with ENOMEM. */
int load_request_build(const struct load_plan *plan, struct load_kind *kind);

#endif
