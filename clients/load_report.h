/*
 * load_report - what a run found, for people (text), programs (JSON, CSV, benchstat) and HdrHistogram's
 * tools.
 *
 * Results go to stdout or into the files named; nothing else is written to stdout.
 */
#ifndef LOAD_REPORT_H
#define LOAD_REPORT_H

#include <jansson.h>
#include <stdio.h>

#include "load_plan.h"
#include "load_stats.h"
#include "load_steps.h"

/* Little's law, closed loop: requests in the system = connections served x pipeline depth. */
struct load_littles_law {
    double expected, measured;
    double deviation; /* measured / expected - 1 */
};

struct load_littles_law load_report_littles_law(const struct load_plan *plan,
                                                const struct load_result *result);

/* The summary of one measurement. */
void load_report_text(FILE *out, const struct load_plan *plan, const struct load_result *result);

/* Parts of it: "name  p50 ... max", and the table of percentiles; nothing when no value is in it. */
void load_report_latency(FILE *out, const char *name, const struct histogram *histogram);
void load_report_percentiles(FILE *out, const struct histogram *histogram);

/* Count, mean, min, percentiles and max in microseconds. NULL without memory. */
json_t *load_report_latency_json(const struct histogram *histogram);

/* Several of them: a line each, and what a search found. */
void load_report_table(FILE *out, const struct load_plan *plan, const struct load_steps *steps);

/*
 * One object for one measurement, an array of them for a ladder of rates, an object that says what was found
 * and holds the array for a search. 0, or -1 with ENOMEM.
 */
int load_report_json(FILE *out, const struct load_plan *plan, const struct load_steps *steps);

/* A line of names, then a line per measurement. */
void load_report_csv(FILE *out, const struct load_plan *plan, const struct load_steps *steps);

/* Lines of the Go benchmark format, which benchstat compares between runs.
 * go.dev/design/14313-benchmark-format */
void load_report_benchstat(FILE *out, const struct load_plan *plan, const struct load_steps *steps);

/*
 * The histograms: latency; in open loop "service" (from the real send) and "lag"; "connect". With several
 * rates each has its tags: at-5000, at-5000-service. 0, or -1 with errno when the file could not be written.
 */
int load_report_hlog(const char *path, const struct load_plan *plan, const struct load_steps *steps);
int load_report_hgrm(const char *path, const struct load_result *result);

#endif
