/*
 * progress - telling how far a run is: one line that is rewritten on a terminal, plain lines now and
 * then when piped.
 */
#ifndef PROGRESS_H
#define PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "plan.h"

struct progress {
    bool terminal;
    int64_t started_ns;
    int64_t expected_ns; /* of all that is to be run, by the plan */
    int64_t gone_ns;     /* of that, what has been run, by the plan */
    unsigned round;      /* of the last plain line */
    unsigned connections;
    bool cost;
    bool line_open; /* the terminal's cursor stands behind a status */
};

void progress_begin(struct progress *progress, int64_t expected_ns);

/* A slice is about to run. */
void progress_slice(struct progress *progress, const struct scenario *scenario, const struct slice *slice,
                    unsigned attempt);

/* A slice has been run that was expected to take so long. */
void progress_done(struct progress *progress, int64_t expected_ns);

/* A line that stays: warnings. */
void progress_note(struct progress *progress, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Takes the status line away. */
void progress_end(struct progress *progress);

#endif
