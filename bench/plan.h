/*
 * plan - the plan: which slices, in which order.
 *
 *   round      for each connection count (shuffled): every model once, the control twice (shuffled)
 *   order      odd rounds run the order of the round before them backwards, so that whatever drifts
 *              slowly (a machine that warms up) weighs on all models alike
 *   block      rounds_per_start rounds, during which the same server processes are alive
 *   witness    wrk's slices stand in rounds spread over the whole run, right after tenk-load's at the
 *              same connection count; the control once
 *   turns      when two programs are compared: base and new of a model, and of the first one the control's
 *              second copy, have their slices in the same time, but by turns of some milliseconds: each is
 *              loaded alone
 *   duet       after these: base and new of each model at the same time, and the control's two copies; each
 *              pair has two slices
 *   search     instead of rounds, when a capacity is searched (capacity.h): of each model and connection
 *              count so many steps, as many as a search may take; those it does not need are left out. A
 *              search is a block: its steps run in turn with those of the other models
 *   load       after the searches, when a scenario asks for it: rounds, in which each model runs at each
 *              fraction of its own capacity
 *   cost       at the end, one slice per model and connection count, each model in a start of its own:
 *              counting system calls slows every one of them, so nothing is timed there
 *
 * The plan is a pure function of scenario, registry and seed: a run that was interrupted makes it
 * again and goes on with the slices that are missing.
 */
#ifndef PLAN_H
#define PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "registry.h"
#include "scenario.h"

enum client_kind { CLIENT_TENK_LOAD, CLIENT_WRK };

enum {
    PLAN_SEARCH_STEPS = 20, /* a search has at most so many steps */
    PLAN_SEARCH_USUAL = 12, /* and takes about so many: what is expected of it */
};

struct slice {
    unsigned index; /* place in the plan */
    bool cost;      /* counts instead of timing */
    bool search;    /* a step of the search for a capacity; `round` says which search */
    unsigned step;  /* of the search, from 0 */
    double load;    /* fraction of the model's own capacity that is offered; 0: not so */
    enum client_kind client;
    unsigned model;   /* index in scenario->models */
    unsigned copy;    /* 0; 1: the control's second copy */
    unsigned beside;  /* 0: alone; else its place, from 1, among its neighbours that run in the same time */
    unsigned at_once; /* how many these are; alone 1 */
    bool turns;       /* ... by turns: none of them while another is loaded */
    unsigned connections;
    unsigned idle;  /* connections beside them that send nothing */
    bool datagrams; /* what is not back soon is lost: TRANSPORT_LOST_MS */
    unsigned block; /* servers are started anew at the beginning of each */
    unsigned round;
    unsigned position; /* within the round */
};

struct plan {
    struct slice *slices;
    unsigned count;
    unsigned blocks; /* the cost blocks included */
};

/* Makes the plan; models that are not available are left out. 0; -1 with a sentence (no memory). */
int plan_make(struct plan *plan, const struct scenario *scenario, const struct registry *registry,
              uint64_t seed, struct failure *failure);
void plan_free(struct plan *plan);

/* How long the client of a slice measures: its own part, and the turns of those beside it. */
int64_t slice_window_ns(const struct slice *slice, const struct scenario *scenario);

/* How long tenk-load takes to open the idle connections of a slice, before its ramp: at least, at most. */
int64_t slice_idle_least_ns(const struct slice *slice);
int64_t slice_idle_most_ns(const struct slice *slice);

/* How long a slice is expected to take, its start and end included. */
int64_t slice_expected_ns(const struct slice *slice, const struct scenario *scenario);

/* The same for slices not marked in `done` (NULL: none is), with the starts of the servers. */
int64_t plan_expected_ns(const struct plan *plan, const struct scenario *scenario, const bool *done);

const char *client_name(enum client_kind client);
const char *slice_kind(const struct slice *slice); /* "timing", "cost", "duet", "search", "load" */

#endif
