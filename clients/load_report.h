/*
 * load_report - what a run found, for people (text), programs (JSON, CSV) and HdrHistogram's tools.
 *
 * Results go to stdout or into the files named; nothing else is written to stdout.
 */
#ifndef LOAD_REPORT_H
#define LOAD_REPORT_H

#include <stdio.h>

#include "load_plan.h"
#include "load_stats.h"

/* Little's law, closed loop: requests in the system = connections served x pipeline depth. */
struct load_littles_law {
    double expected, measured;
    double deviation; /* measured / expected - 1 */
};

struct load_littles_law load_report_littles_law(const struct load_plan *plan,
                                                const struct load_result *result);

double load_report_rate(const struct load_result *result); /* good answers per second */

void load_report_text(FILE *out, const struct load_plan *plan, const struct load_result *result);

/* 0, or -1 with ENOMEM. */
int load_report_json(FILE *out, const struct load_plan *plan, const struct load_result *result);

void load_report_csv(FILE *out, const struct load_plan *plan, const struct load_result *result);

/*
 * The histograms: latency; in open loop "service" (from the real send) and "lag"; "connect". 0, or -1
 * with errno when the file could not be written.
 */
int load_report_hlog(const char *path, const struct load_plan *plan, const struct load_result *result);
int load_report_hgrm(const char *path, const struct load_result *result);

#endif
