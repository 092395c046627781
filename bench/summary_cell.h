/*
 * summary_cell - the figures of one cell from its slices.
 */
#ifndef SUMMARY_CELL_H
#define SUMMARY_CELL_H

#include "summary.h"

/* Rows of a run that belong together; `rows` is free()d by the caller. */
struct selection {
    const struct row **rows;
    unsigned count;
};

/* The final timing rows of a group, of one model or (NULL) of all. 0; -1 with no memory. */
int summary_select(struct selection *selection, const struct session *session,
                   const struct summary_group *group, const char *model);

/*
 * Whether a row's figures count: its verdict is VALID or spoils the rate only. A rate that the client
 * limited is still a rate; the verdict of the cell says what it is worth.
 */
bool summary_usable(const struct row *row);

/* Whether nothing worse than a circumstance (noise) befell it: good enough for a pair when there is no
 * better. */
bool summary_tolerable(const struct row *row);

/* Fills the cell but for its ratios. The columns that name it are set. 0; -1 with no memory. */
int summary_cell(struct row *cell, const struct session *session, const struct summary_group *group);

#endif
