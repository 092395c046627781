/*
 * load_steps - the measurements of one call: one, a ladder of rates, or a search for the capacity.
 */
#ifndef LOAD_STEPS_H
#define LOAD_STEPS_H

#include "load_plan.h"
#include "load_stats.h"
#include "rate_search.h"

/*
 * Processes that run every step together and know of each other (tenk-load-mpi): what happens before and
 * after a step.
 */
struct load_team {
    void (*await_all)(void);
    /*
     * `status` is how the step went here. 0 and *result becomes the sum of all; else the status of somebody
     * who failed, with a sentence in `error`, and *result is only to be closed.
     */
    int (*combine)(struct load_result *result, int status, char error[LOAD_ERROR_TEXT_MAX]);
};

struct load_steps {
    const struct load_team *team; /* set by the caller; NULL: alone */
    struct load_result items[LOAD_STEPS_MAX];
    size_t count;
    bool interrupted; /* Ctrl-C ended the last one and what would have followed */

    /* --find-capacity */
    struct load_result closed; /* closed loop, to know where to begin; no threads when it was not needed */
    struct rate_search search;
};

/* --find-capacity: a measurement of the lowest rate that fails, which did fail. NULL when there is none. */
const struct load_result *load_steps_find_failed(const struct load_steps *steps,
                                                 const struct objective *objective);

/*
 * Measures what the options ask for, one step after the other, until the end or SIGINT or SIGTERM. 0; 3
 * when a step could not run here, with one sentence in `error` and the steps before it in *steps. Close
 * it in any case. `options` are those of the plan: their rate is set to that of each step.
 */
int load_steps_run(struct load_steps *steps, struct load_plan *plan, struct load_options *options,
                   char error[LOAD_ERROR_TEXT_MAX]);
void load_steps_close(struct load_steps *steps);

#endif
