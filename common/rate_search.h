/*
 * rate_search - the highest rate that holds, by bisection: which rate to try next, and when to stop.
 *
 *     search -> rate -> (somebody measures whether it holds) -> note -> next rate ... -> bracket
 *
 * Nothing is measured here, so that it can be tested without a server. One measurement may be disturbed,
 * therefore a rate fails only when it failed twice, and the rate that is the answer has held twice: where
 * verdicts differ, two of three decide.
 */
#ifndef RATE_SEARCH_H
#define RATE_SEARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The bracket is narrow enough when the rate that fails is at most so many times the one that holds. */
#define RATE_SEARCH_PRECISION 1.05
#define RATE_SEARCH_GROWTH    1.5 /* while nothing has failed yet */

/* The first rate to try when nothing is known but what a closed loop answered: this part of it. */
#define RATE_SEARCH_FIRST_SHARE 0.75

enum { RATE_SEARCH_STEPS_MAX = 64 };

struct rate_search {
    struct {
        uint64_t rate;
        unsigned held, failed;      /* how often */
    } tried[RATE_SEARCH_STEPS_MAX]; /* each rate once */
    size_t count;
    size_t last;   /* index of the rate noted last */
    size_t steps;  /* measurements so far, at most RATE_SEARCH_STEPS_MAX */
    uint64_t from; /* the first rate to try */
    uint64_t least, most;
};

/* Prepares a search that tries `from` first and nothing outside [least, most], 1 <= least <= from <= most. */
void rate_search_open(struct rate_search *search, uint64_t from, uint64_t least, uint64_t most);

/* The rate to measure next; 0: the search is over. */
uint64_t rate_search_next(const struct rate_search *search);

/* Says how a measurement at the rate of rate_search_next went. */
void rate_search_note(struct rate_search *search, uint64_t rate, bool held);

/* The highest rate that holds, 0 when there is none; the lowest that fails, 0 when there is none. */
uint64_t rate_search_holds(const struct rate_search *search);
uint64_t rate_search_fails(const struct rate_search *search);

/* Whether the answer has held twice; false when the steps ran out before. */
bool rate_search_confirmed(const struct rate_search *search);

#endif
