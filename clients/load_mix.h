/*
 * load_mix - several sorts of requests in given shares: --mix '70 /' --mix '25 /bytes/1000' --mix '5 POST
 * /echo'.
 *
 * The shares are exact: a wheel with as many places as the weights add up to, shuffled once, goes round and
 * round in each thread. Each kind has its own request bytes and its own idea of a good answer.
 */
#ifndef LOAD_MIX_H
#define LOAD_MIX_H

#include <stddef.h>
#include <stdint.h>

#include "load_expect.h"

enum {
    LOAD_MIX_WEIGHT_MAX = 10000, /* all weights together: places of the wheel */
};

struct load_plan;

/* One sort of request. */
struct load_kind {
    const char *method, *path; /* path is not owned */
    char *method_text;         /* owned, NULL when the method is that of --method */
    uint64_t weight;
    char *burst; /* `pipeline` requests of request_size, then one of last_size, which asks for a close */
    size_t request_size, last_size;
    struct load_expect expect;
};

/*
 * Makes the kinds of the plan, one for each --mix, or the one of the target, and the wheel. NULL, or a
 * sentence (static storage) about what is wrong with a --mix.
 */
const char *load_mix_open(struct load_plan *plan);
void load_mix_close(struct load_plan *plan);

#endif
