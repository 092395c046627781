/*
 * up_down - the highest rate that holds, followed in many short looks: up after one that held, down after
 * one that did not.
 *
 * A bisection (common/rate_search) needs a dozen looks for one answer. Here every look after the first few
 * is one: the rate walks around the one at which as many looks hold as do not. A look that was disturbed
 * moves it by one step, and the next ones move it back. This is the up-and-down method of Dixon and Mood
 * (1948) with steps that become smaller at each turn (Levitt 1971).
 */
#ifndef UP_DOWN_H
#define UP_DOWN_H

#include <stdbool.h>

#define UP_DOWN_FIRST 1.25 /* factor of a step, before the first turn */
#define UP_DOWN_LEAST 1.05 /* of the smallest step: what the walk can tell apart */
#define UP_DOWN_FALL  2.0  /* downward while nothing has held yet */

struct up_down {
    double rate_per_s; /* of the next look */
    double least_per_s, most_per_s;
    double step; /* its logarithm */
    unsigned turns, held, failed;
    bool last; /* did the last look hold? */
};

/* `first_per_s` is looked at first, and nothing outside [least, most]. */
void up_down_open(struct up_down *walk, double first_per_s, double least_per_s, double most_per_s);

/* Says how the look at walk->rate_per_s went. */
void up_down_note(struct up_down *walk, bool held);

/* Whether the walk has come to where it stays: its rates count from now on. */
bool up_down_settled(const struct up_down *walk);

#endif
