/*
 * comparison_judge - what may be said of two samples, and of all comparisons of a table together.
 */
#ifndef COMPARISON_JUDGE_H
#define COMPARISON_JUDGE_H

#include "comparison_series.h"

/* Both sides of a cell. */
struct comparison_cell {
    struct comparison_place before, after;
    struct comparison_state state_before, state_after;
    const char *model; /* as people call it */
};

/* Change, p and floor of one comparison, or why it is impossible. The verdict comes later. */
void comparison_judge(struct comparison *c, const struct comparison_cell *cell, uint64_t seed);

/* Holm's correction over the table, then verdicts, limits and the counts of the table. */
void comparison_conclude(struct comparison_table *table, const struct comparison_setting *setting);

#endif
