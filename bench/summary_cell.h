/*
 * summary_cell - the figures of one cell from its slices.
 */
#ifndef SUMMARY_CELL_H
#define SUMMARY_CELL_H

#include "selection.h"
#include "summary.h"

/* The final timing rows of a group, of one model or (NULL) of all; `rows` is the caller's. 0; -1 with no
 * memory. */
int summary_select(struct selection *selection, const struct session *session,
                   const struct summary_group *group, const char *model);

/* Says what bound a cell whose other columns are set, ratios included, there and in its slices. 0; -1 with no
 * memory. */
int summary_why(struct row *cell, const struct session *session, const struct summary_group *group);

/* Fills the cell but for its ratios and what bound it. The columns that name it are set. 0; -1 with no
 * memory. */
int summary_cell(struct row *cell, const struct session *session, const struct summary_group *group);

#endif
