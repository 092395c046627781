/*
 * comparison_series - from the rows of a run to what statistics take: one value per round.
 */
#ifndef COMPARISON_SERIES_H
#define COMPARISON_SERIES_H

#include "comparison.h"

/* The rows of a run that count, found once: of a slice that was run again only the last attempt. */
struct comparison_rows {
    const struct recorded *run;
    const struct row **rows;
    unsigned count;
};

/* 0; -1 with no memory. */
int comparison_rows_open(struct comparison_rows *rows, const struct recorded *run);
void comparison_rows_close(struct comparison_rows *rows);

/* A model of one side in a group. */
struct comparison_place {
    const struct comparison_rows *rows;
    const struct comparison_group *group;
    const char *model, *control; /* as the run calls them */
};

/* What became of a model there, before any figure is looked at. */
struct comparison_state {
    unsigned slices, usable;
    bool fault;
    bool all_served;   /* in the usable slices */
    bool server_bound; /* most of the usable slices speak for the rate as well */
    char reason[64];   /* of the first slice that is not usable; "" */
};
void comparison_state(const struct comparison_place *place, struct comparison_state *state);

/* One entry per round: the logarithm of the metric, over the control's in the same round or as it is. */
struct comparison_series {
    struct pair items[SCENARIO_ROUNDS_MAX];
    size_t count;
};

/* The model over the control (over_control), or as it is. */
void comparison_series_of(struct comparison_series *series, const struct comparison_place *place,
                          const struct metric *metric, bool over_control);

/* The second copy of the control over the first. */
void comparison_series_same(struct comparison_series *series, const struct comparison_place *place,
                            const struct metric *metric);

/* One model over another of the same run: pairs. */
void comparison_series_paired(struct comparison_series *series, const struct comparison_place *after,
                              const struct comparison_place *before, const struct metric *metric);

/* The median of the metric over the usable slices, or over the cost slices of a counted one; NaN without. */
double comparison_median(const struct comparison_place *place, const struct metric *metric);

#endif
