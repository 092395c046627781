/*
 * advise_open - the open loop of tenk-advise: the highest rate at which each finalist keeps the objective.
 *
 *   search    each for itself, by bisection (rate_search.h): where about that is
 *   rounds    one bracket for all of a round, halved by each for itself, in turn: up after a look that held,
 *             down after one that did not
 *
 *   low |-----------------+-----------------| high      the first look: the same rate for all
 *                         |--------+--------|           held: the upper half next
 *                         |----+---|                    did not: the lower one
 *
 * A round begins anew: nothing of what a finalist answered in the round before is in its next rate, only in
 * the bracket, and that is the same for all. So the ratios of two finalists within rounds are independent of
 * one another, as their interval and test take for granted, and of equal finalists as often above 1 as below.
 * (What each did next was once made to follow from its own last look, an up-and-down walk: neighbours in such
 * a walk resemble each other, and two equal servers were told apart in 22 to 66 sessions of a hundred.)
 */
#ifndef ADVISE_OPEN_H
#define ADVISE_OPEN_H

#include "advise_choice.h"

enum { ADVISE_SEARCH_LOOKS = 10, ADVISE_HALVINGS_LEAST = 2, ADVISE_HALVINGS_MOST = 4 };

/* Begins the search of everybody in the race, from what the screening found. */
void advise_search_begin(struct advise_field *field);

/* The rate to look at next; 0: known as near as needed, or all its looks are spent. */
double advise_search_rate(const struct advise_runner *runner);
void advise_search_note(struct advise_runner *runner, double rate_per_s, bool held);

/* The search is over, early or not: leaves the best in the race, two at least and `most` at most. */
void advise_search_end(struct advise_field *field, unsigned most);

/* What a round looks at: one for all. Around what is known of those in the race, and shifted a little. */
struct advise_bracket {
    double low_per_s, high_per_s;
};
struct advise_bracket advise_bracket(const struct advise_field *field);

/* Begins round `field->rounds` of everybody in the race. */
void advise_round_begin(struct advise_field *field);

/* The rate of a runner's next look in it. */
double advise_round_rate(const struct advise_runner *runner);

/*
 * A look at that rate; NULL: not everybody was served, which does not hold. The last of field->halvings makes
 * the round count: its rate is one within what is left of the bracket, its CPU time per request that of
 * the first look, at the rate all were offered, and its latency that at the highest rate that held.
 */
void advise_round_note(const struct advise_field *field, struct advise_runner *runner,
                       const struct advise_sample *look);

#endif
