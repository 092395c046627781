/*
 * why - what bound a cell: the resource that was full, or what its requests waited for.
 *
 *     slices -> counters (medians) -> the rules, in order; the first that holds is the answer
 *
 * The rules, their thresholds and the counters they use are one table in why.c and one in bench/README.md.
 * A rule whose counters are missing is not passed over: the answer is then "not known", and which counter
 * is missing.
 */
#ifndef WHY_H
#define WHY_H

#include <stdio.h>

#include "selection.h"

/* The slices of one cell, those that were timed and those that counted, and what no counter tells. */
struct why_slices {
    struct selection timing, cost;
    bool scans; /* the model looks at every descriptor each time it waits */
};

/*
 * Sets `why` and `why_detail` of a cell whose other columns are set. They are texts for people; the first is
 * one of a few.
 */
void why_explain(struct row *cell, const struct why_slices *slices);

/* A line for each cell: its model, what bound it, the figures. */
void why_print(FILE *out, const struct row *cells, unsigned count);

#endif
