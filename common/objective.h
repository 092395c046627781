/*
 * objective - a latency that has to be kept, as people write it: "p99<10ms".
 */
#ifndef OBJECTIVE_H
#define OBJECTIVE_H

#include <stdint.h>

#include "histogram.h"

enum objective_kind { OBJECTIVE_PERCENTILE, OBJECTIVE_MEAN, OBJECTIVE_MAX };

struct objective {
    const char *text; /* as it was given; NULL: none */
    enum objective_kind kind;
    double percent;   /* OBJECTIVE_PERCENTILE: 0 < percent < 100 */
    int64_t limit_ns; /* the latency must be less */
};

/*
 * Reads "p99<10ms", "p99.9<50ms" ("p999" is the same), "mean<2ms" or "max<1s"; `text` must outlive the
 * objective. NULL, or a sentence that says what an objective is.
 */
const char *objective_parse(const char *text, struct objective *objective);

/* The latency that the objective looks at. */
int64_t objective_value_ns(const struct objective *objective, const struct histogram *latency);

#endif
