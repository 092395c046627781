/*
 * advise_race - the search of tenk-advise: a screening of all candidates, then rounds between the best.
 *
 * The budget is a limit on wall time, and a hard one: no slice and no start begins that would not fit any
 * more by what they took so far, each has a deadline of its own, and at the end servers that do not stop
 * are killed.
 */
#ifndef ADVISE_RACE_H
#define ADVISE_RACE_H

#include "advise_choice.h"
#include "advise_plan.h"
#include "client_process.h"
#include "scratch.h"

struct advise_race {
    struct advise_field field;
    struct advise_plan plan;
    struct scenario scenario;
    struct registry registry;
    struct client_setting clients;
    cpu_set_t server_cpus, client_cpus;
    int64_t begun_ns, budget_ns;
    bool aa;                /* one model twice: no round is spared */
    struct scratch scratch; /* the slices' files */
    FILE *log;              /* a line of each slice; NULL: none */
    uint64_t seed;
    unsigned slices, starts;
    double foreign_cpu; /* of other programs, in CPUs, summed over the slices */
};

enum advise_outcome { ADVISE_COMPLETE, ADVISE_INTERRUPTED, ADVISE_FAILED };

/* Runs it; progress goes to stderr. ADVISE_FAILED: *failure says why. */
enum advise_outcome advise_race_run(struct advise_race *race, struct failure *failure);

#endif
