/*
 * load_verdict - one word for what a measurement is worth, and which step of a search holds.
 */
#ifndef LOAD_VERDICT_H
#define LOAD_VERDICT_H

#include "load_stats.h"
#include "objective.h"

#define LOAD_LAG_WARN_NS INT64_C(1000000) /* sends later than this at p99 are not what was asked for */

enum load_verdict {
    LOAD_VERDICT_NOTHING,      /* no good answer at all */
    LOAD_VERDICT_ERRORS,       /* some requests failed */
    LOAD_VERDICT_CLIENT_BOUND, /* this client was at its limit: the rate is its own, or it fell behind */
    LOAD_VERDICT_OVERLOADED,   /* not all that was due was answered: no percentile means anything */
    LOAD_VERDICT_STARVED,      /* some connections were never answered */
    LOAD_VERDICT_LATE,         /* this client sent late, though it had time */
    LOAD_VERDICT_MISSED,       /* the objective was not kept */
    LOAD_VERDICT_GOOD,
};

/* `objective` may be NULL. */
enum load_verdict load_verdict_of(const struct load_result *result, const struct objective *objective);

/* "overloaded": for tables and JSON. */
const char *load_verdict_text(enum load_verdict verdict);

#endif
