/*
 * load_live - progress on stderr: a line that changes on a terminal, else a line per second.
 */
#ifndef LOAD_LIVE_H
#define LOAD_LIVE_H

#include <stdbool.h>
#include <stdint.h>

#include "histogram.h"
#include "load_options.h"

struct load_worker;

struct load_live {
    struct load_worker *workers;
    uint64_t count;
    bool terminal;
    int64_t every_ns; /* 0: silent */
    int64_t next_ns;
    int64_t begin_ns;
    uint64_t *requests; /* of each worker, when last looked at */
    int64_t *at_ns;
    uint64_t errors;
    struct histogram before, now, between;
};

/* Decides whether and how often there is something to show. 0, or -1 with ENOMEM. */
int load_live_open(struct load_live *live, const struct load_options *options, struct load_worker *workers);

/* Shows what happened since the last time, if it is time to. */
void load_live_step(struct load_live *live);

/* Clears the line. */
void load_live_close(struct load_live *live);

#endif
