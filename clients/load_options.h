/*
 * load_options - the command line of tenk-load.
 */
#ifndef LOAD_OPTIONS_H
#define LOAD_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "load_rates.h"
#include "load_turns.h"
#include "objective.h"
#include "options.h"

enum {
    LOAD_THREADS_MAX = 256,
    LOAD_CONNECTIONS_MAX = 1000000,
    LOAD_RATE_MAX = 100000000,
    LOAD_OPEN_PER_SECOND = 20000, /* connections are opened, unless --ramp says otherwise */
    LOAD_PIPELINE_MAX = 1024,
    LOAD_ADDRESSES_MAX = 10000,        /* local addresses */
    LOAD_BURST_MAX = 64 * 1024 * 1024, /* bytes one connection may have to send at once */
};

struct load_options {
    const char *target;
    uint64_t connections;
    uint64_t threads;
    int64_t duration_ns, warmup_ns, ramp_ns, timeout_ns;
    struct load_rates rates;          /* --rate: each is a step of its own; none: closed loop */
    uint64_t rate;                    /* of the present step, requests per second; 0: closed loop */
    struct objective objective;       /* --find-capacity */
    bool poisson;                     /* open loop: exponential gaps instead of equal ones */
    uint64_t requests_per_connection; /* 0: no limit */
    uint64_t pipeline;
    struct load_turn turn;          /* closed loop: when it is this client's turn */
    int64_t think_ns;               /* closed loop: pause between an answer and the next request */
    uint64_t idle;                  /* connections held beside the others and never asked */
    uint64_t slow_read, slow_write; /* bytes per second and connection; 0: as fast as it goes */
    uint64_t reset_every;           /* each so many requests the connection is reset; 0: never */
    uint64_t payload;               /* echo: bytes per request */
    uint64_t seed;
    uint64_t local_addresses; /* 0: decide by need */
    uint64_t status;          /* http: the status a good answer has */
    const char *method, *body, *expect;
    struct option_list headers, mix;
    uint64_t rank, of;           /* this process and how many there are; of 1: alone */
    uint64_t connections_of_all; /* of all processes; `connections` is the share of this one */
    int64_t start_wall_ns;       /* --start-at; 0: at once */
    bool spin, json, csv, benchstat, quiet, self_test;
    const char *hlog, *hgrm;
};

/*
 * Reads the command line into *options. -1: go on; otherwise the exit code: 0 after --help, 2 after
 * one sentence on stderr that names what is wrong.
 */
int load_options_parse(int argc, char **argv, struct load_options *options);

/* GET, HEAD or POST. */
bool load_method_is_known(const char *method);

/* What --find-capacity has to keep; NULL without it. */
const struct objective *load_options_objective(const struct load_options *options);

/* No progress on stderr: it was asked for, or a program reads the results. */
bool load_options_silent(const struct load_options *options);

#endif
