/*
 * load_search - the highest rate that holds, by bisection: which rate to try next, and when to stop.
 *
 *     search -> rate -> (somebody measures whether it holds) -> note -> next rate ... -> bracket
 *
 * Nothing is measured here, so that it can be tested without a server. One measurement may be disturbed,
 * therefore a rate fails only when it failed twice, and the rate that is the answer has held twice: where
 * verdicts differ, two of three decide.
 */
#ifndef LOAD_SEARCH_H
#define LOAD_SEARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "load_rates.h"

/* The bracket is narrow enough when the rate that fails is at most so many times the one that holds. */
#define LOAD_SEARCH_PRECISION 1.05
#define LOAD_SEARCH_GROWTH    1.5 /* while nothing has failed yet */

struct load_search {
    struct {
        uint64_t rate;
        unsigned held, failed; /* how often */
    } tried[LOAD_STEPS_MAX];   /* each rate once */
    size_t count;
    size_t last;   /* index of the rate noted last */
    size_t steps;  /* measurements so far, at most LOAD_STEPS_MAX */
    uint64_t from; /* the first rate to try */
    uint64_t least, most;
};

/* Prepares a search that tries `from` first and nothing outside [least, most], 1 <= least <= from <= most. */
void load_search_open(struct load_search *search, uint64_t from, uint64_t least, uint64_t most);

/* The rate to measure next; 0: the search is over. */
uint64_t load_search_next(const struct load_search *search);

/* Says how a measurement at the rate of load_search_next went. */
void load_search_note(struct load_search *search, uint64_t rate, bool held);

/* The highest rate that holds, 0 when there is none; the lowest that fails, 0 when there is none. */
uint64_t load_search_holds(const struct load_search *search);
uint64_t load_search_fails(const struct load_search *search);

/* Whether the answer has held twice; false when the steps ran out before. */
bool load_search_confirmed(const struct load_search *search);

#endif
