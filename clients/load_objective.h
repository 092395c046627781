/*
 * load_objective - what --find-capacity has to keep: "p99<10ms".
 */
#ifndef LOAD_OBJECTIVE_H
#define LOAD_OBJECTIVE_H

#include <stdint.h>

#include "histogram.h"

enum load_objective_kind { LOAD_OBJECTIVE_PERCENTILE, LOAD_OBJECTIVE_MEAN, LOAD_OBJECTIVE_MAX };

struct load_objective {
    const char *text; /* as it was given; NULL: none */
    enum load_objective_kind kind;
    double percent;   /* LOAD_OBJECTIVE_PERCENTILE: 0 < percent < 100 */
    int64_t limit_ns; /* the latency must be less */
};

/*
 * Reads "p99<10ms", "p99.9<50ms" ("p999" is the same), "mean<2ms" or "max<1s"; `text` must outlive the
 * objective. NULL, or a sentence that says what --find-capacity takes.
 */
const char *load_objective_parse(const char *text, struct load_objective *objective);

/* The latency that the objective looks at. */
int64_t load_objective_value_ns(const struct load_objective *objective, const struct histogram *latency);

#endif
