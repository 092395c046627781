/*
 * selfcheck - how often the verdicts of a duet are wrong, or miss what is there: its rounds are resampled
 * into hundreds of sessions of a minute, and each is judged by the rule of every comparison.
 *
 * Of two copies of one program every "better" and "worse" is a false alarm. Starts are drawn first and rounds
 * within them; which copy is called new is tossed for each start anew, because what one process has from
 * its start on (where its memory lies) is the difference that could be taken for one of the programs.
 *
 * Beside it stands what comparing without pairs makes of the same data: ten slices of one, then the next
 * ten of the other, and Mann and Whitney's test.
 */
#ifndef SELFCHECK_H
#define SELFCHECK_H

#include <stdio.h>

#include "recorded.h"

enum { SELFCHECK_SESSIONS = 400, SELFCHECK_SESSION_S = 60, SELFCHECK_RUNS = 10 };

/* Prints the table for the first model and connection count of every duet in the run. 0; -1 with a sentence.
 */
int selfcheck_print(FILE *out, const struct recorded *run, unsigned sessions, uint64_t seed,
                    struct failure *failure);

#endif
