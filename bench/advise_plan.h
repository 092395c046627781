/*
 * advise_plan - what fits into a budget: how long slices are, and whether that is enough for an answer.
 *
 *   |<- begun                                                                       hard ->|
 *   | screening: start, slice, stop of each candidate | finals: rounds, with starts | stop |
 *
 * The figures here are expectations; what a slice really took so far is put in their place as the race runs.
 */
#ifndef ADVISE_PLAN_H
#define ADVISE_PLAN_H

#include "advise_workload.h"

enum {
    ADVISE_ROUNDS_LEAST = 6,   /* of the finals, without which there is no use in beginning */
    ADVISE_ROUNDS_WANTED = 16, /* so many, rather than more finalists */
    ADVISE_FINALISTS_MAX = 4,  /* the more, the more is asked, and the less is shown */
};

struct advise_plan {
    int64_t slice_ns, ramp_ns;
    int64_t overhead_ns; /* of a slice: the client's start and end, the server settling */
    int64_t finals_ns;   /* what the shortest finals take */
    int64_t stop_ns;     /* kept for the end */
    int64_t least_ns;    /* smallest budget */
};

/* Makes the plan for models with so many workers each (0: none). */
void advise_plan_make(struct advise_plan *plan, const struct advise_workload *workload,
                      const unsigned *workers, unsigned models, int64_t budget_ns);

/* Starting and stopping a server. */
int64_t advise_start_ns(unsigned workers);

/* How many finalists the time left is enough for, two at least. */
unsigned advise_finalists(const struct advise_plan *plan, int64_t left_ns);

#endif
