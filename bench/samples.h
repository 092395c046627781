/*
 * samples - the rows of a run, in memory.
 */
#ifndef SAMPLES_H
#define SAMPLES_H

#include <stdbool.h>

#include "columns.h"

struct samples {
    struct row *rows;
    unsigned count, capacity;
};

/* Appends an empty row and returns it; NULL: no memory. Pointers to earlier rows become invalid. */
struct row *samples_add(struct samples *samples);

/* Takes the last row away again: its slice was interrupted. */
void samples_drop_last(struct samples *samples);

void samples_free(struct samples *samples);

/* Whether a row is the last attempt at its slice (a row that is no slice always is). */
bool samples_counts(const struct samples *samples, unsigned index);

/* Marks the slices of a scenario that were measured. */
void samples_mark_done(const struct samples *samples, const char *scenario, bool *done, unsigned count);

/* Rows a slice has already: the number of its next attempt. */
unsigned samples_attempts(const struct samples *samples, const char *scenario, unsigned slice);

/* The number after the greatest start that occurs: servers started next get it. */
unsigned samples_next_start(const struct samples *samples);

#endif
