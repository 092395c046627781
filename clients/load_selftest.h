/*
 * load_selftest - `tenk-load --self-test`: what this client can do on this machine.
 *
 * It loads tenk-serve ceiling, a bare loop with a canned answer, and tells how many requests the client makes
 * per second of its own CPU time, how late it sends in open loop, what sleeping costs at one connection, and
 * what reading the clock costs. A measurement that comes near to these numbers has measured the client.
 */
#ifndef LOAD_SELFTEST_H
#define LOAD_SELFTEST_H

#include <stdint.h>
#include <stdio.h>

#include "load_options.h"
#include "load_stats.h"

/* What was found. Closed: results without connections stay zero. */
struct load_selftest {
    int server_cpu, client_cpu;   /* -1: not pinned, there is only one */
    struct load_result saturated; /* closed loop, many connections */
    struct load_result paced;     /* open loop at half of that */
    struct load_result sleeping;  /* closed loop, one connection */
    struct load_result spinning;  /* the same, polling */
    double clock_ns;              /* of one reading of the clock */
    double record_ns;             /* of one value recorded */
};

/*
 * Runs it, in about 6 s, with results on stdout. `options` gives seed, json and quiet. The exit status: 0; 1
 * when a request failed; 3 with a sentence on stderr when it cannot run here.
 */
int load_selftest_main(const struct load_options *options);

/* load_selftest_report.c */
void load_selftest_text(FILE *out, const struct load_selftest *test);
int load_selftest_json(FILE *out, const struct load_selftest *test); /* 0, or -1 */

#endif
