/*
 * metric - what two runs are compared by, and the limits a gate sets on it. One table: the columns of a
 * comparison, the names --fail-if knows and the rules for what may be claimed all come from it.
 */
#ifndef METRIC_H
#define METRIC_H

#include <stdbool.h>

#include "failure.h"

enum metric_source {
    METRIC_TIMED,  /* of every slice: judged by statistics */
    METRIC_COUNTED /* of the cost slice: a count hardly varies, and a step is what matters */
};

enum metric_needs {
    METRIC_ANY,    /* believable whatever limited the rate */
    METRIC_RATE,   /* only where the server was the limit */
    METRIC_LATENCY /* only where every client was served */
};

struct metric {
    const char *name, *unit; /* "cpu", "us/request" */
    unsigned column;         /* SAMPLE_… */
    enum metric_source source;
    enum metric_needs needs;
    bool more_is_better;
    double claim; /* smaller differences are not claimed, as a fraction of BASE */
    double step;  /* counted: nor smaller ones than this, in its unit */
    const char *text;
};

enum { METRICS = 7 };
extern const struct metric metrics[METRICS];

/* Of two servers that ran at the same time on one CPU only CPU time is compared, and finer. */
extern const double metric_duet_claim;

const struct metric *metric_find(const char *name); /* NULL: there is none */

/* "p99>+10%": what counts as a regression. */
struct metric_limit {
    const struct metric *metric;
    bool above;    /* > : fails above the limit; else below it */
    bool relative; /* in per cent of BASE; else in the metric's unit */
    double value;  /* a fraction, or in the unit */
    const char *text;
};

/* Reads "METRIC<-5%", "METRIC>+10%", "METRIC>0.5". `text` must outlive the limit. 0; -1 with a sentence. */
int metric_limit_parse(struct metric_limit *limit, const char *text, struct failure *failure);

/* Whether a change from `before` to `after` is beyond the limit. */
bool metric_limit_broken(const struct metric_limit *limit, double before, double ratio);

#endif
