/*
 * capacity - the highest rate at which a model keeps an objective: searched by bisection, slice by slice.
 *
 *     step 0      closed loop: what the server answers at most
 *     then        open loop at the rate that halves the bracket, from 0.75 of that on (common/rate_search)
 *     over        the rate that fails is at most 5 % above the one that holds; both were seen twice
 *
 * A search keeps no state of its own: where it stands follows from its rows. So it can be taken up again
 * after a crash like everything else, and its slices are interleaved with those of the other models.
 *
 * A step that missed its objective while other programs took the CPU says nothing, and its rate is tried
 * again; one that kept it in spite of them has kept it, and one that answered less than they can explain has
 * missed it.
 */
#ifndef CAPACITY_H
#define CAPACITY_H

#include <stdbool.h>

#include "objective.h"
#include "plan.h"
#include "rate_search.h"
#include "samples.h"
#include "scenario.h"

enum {
    CAPACITY_MOST = 16,        /* a search does not look above so many times its first rate, */
    CAPACITY_LEAST_SHARE = 32, /* nor below this part of it: all its steps would not be enough */
};

/* A search whose steps are spent has found something when the rate that fails is at most so many times its
 * own. */
#define CAPACITY_BRACKET 1.25

enum capacity_state {
    CAPACITY_SEARCHING, /* there is a rate to try */
    CAPACITY_FOUND,
    CAPACITY_MISSED,  /* no rate kept the objective */
    CAPACITY_PARTLY,  /* by its nature the model leaves clients unserved: an objective kept for some is not
                         kept */
    CAPACITY_UNKNOWN, /* its steps were spent before the bracket was narrow: too many were disturbed */
    CAPACITY_BROKEN,  /* a step met with a fault of the server */
};

/* One search: where it stands. */
struct capacity_search {
    struct objective objective;
    enum capacity_state state;
    double rate_per_s;        /* CAPACITY_SEARCHING: the next; 0: closed loop */
    double found_per_s;       /* the highest that held so far; 0: none */
    const struct row *best;   /* the row at which it held; NULL: none */
    const struct row *lowest; /* the open-loop row with the lowest latency; NULL: none */
    const struct row *last;  /* the row looked at last; CAPACITY_BROKEN: the one with the fault. NULL: none */
    const struct row *limit; /* the row of the lowest rate that failed; NULL: none */
    unsigned start;          /* of the servers, in its last row */
    unsigned steps;          /* rows looked at */
    struct rate_search rates;
};

/* The column that holds the latency an objective looks at; -1: a row has no such latency. */
int capacity_column(const struct objective *objective);

/* Which search: of a model (one copy) at a connection count in a scenario. */
struct capacity_place {
    const struct scenario *scenario;
    const char *model;
    unsigned copy, connections, search;
};

/* Looks where a search stands. The rows stay the samples'. */
void capacity_look(struct capacity_search *search, const struct samples *samples,
                   const struct capacity_place *place);

/* Whether a slice is to be run, and at which rate. */
enum capacity_need {
    CAPACITY_RUN,      /* *rate_per_s receives the rate; 0: closed loop */
    CAPACITY_NEEDLESS, /* its search is over; or the load is a part of a capacity that there is not */
    CAPACITY_NOT_YET,  /* the load is a part of a capacity that is not known yet */
};
enum capacity_need capacity_need(const struct scenario *scenario, const struct samples *samples,
                                 const struct slice *slice, double *rate_per_s);

/* All searches of a model at a connection count that have rows. */
struct capacity_searches {
    struct capacity_search *items; /* free()d by whoever asked for them */
    unsigned count, found;
    unsigned open; /* not at their end, those without rows included */
};

/* Looks at all of them; the control has CAPACITY_COPIES in each. 0; -1: no memory. */
enum { CAPACITY_COPIES = 2 };
int capacity_look_at_all(struct capacity_searches *all, const struct scenario *scenario,
                         const struct samples *samples, const char *model, unsigned connections);

/* Why a search found nothing: "objective-missed", or the reason of the slice that met with a fault. */
const char *capacity_reason(const struct capacity_search *search);

/* The median of what they found; NaN: nothing. */
double capacity_median(const struct capacity_searches *all);

/*
 * In the row of a search's last step stands what the search found, in that of a load the capacity it is a
 * part of. `row` is the slice's, one of the samples.
 */
void capacity_note(const struct scenario *scenario, const struct samples *samples, const struct slice *slice,
                   struct row *row);

/* Marks slices that are not needed as done. */
void capacity_mark_needless(const struct scenario *scenario, const struct samples *samples,
                            const struct plan *plan, bool *done);

#endif
