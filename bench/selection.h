/*
 * selection - rows of samples that belong together, and one figure from a column of them.
 */
#ifndef SELECTION_H
#define SELECTION_H

#include <stdbool.h>

#include "columns.h"

/* The rows belong to others; `rows`, the list, is free()d by whoever asked for it. */
struct selection {
    const struct row **rows;
    unsigned count;
};

/*
 * Whether a row's figures count: its verdict is VALID or spoils the rate only. A rate that the client
 * limited is still a rate; the verdict of the cell says what it is worth.
 */
bool selection_usable(const struct row *row);

/* Whether nothing worse than a circumstance (noise) befell it: good enough when there is no better. */
bool selection_tolerable(const struct row *row);

/* Whether a slice offered this fraction of its model's own capacity. 0: whatever it offered. */
bool selection_has_load(const struct row *row, double load);

/* The median of a column over the usable rows, or over the tolerable ones when none is usable; else NaN. */
double selection_median(const struct selection *selection, unsigned column);

/* The greatest value over all rows; NaN when none has one. */
double selection_greatest(const struct selection *selection, unsigned column);

#endif
