/*
 * session - runs the plans of a run, slice by slice, and stores every row as it comes.
 */
#ifndef SESSION_H
#define SESSION_H

#include <stdint.h>

#include "client_process.h"
#include "plan.h"
#include "progress.h"
#include "registry.h"
#include "run_directory.h"
#include "samples.h"

enum { SESSION_SCENARIOS_MAX = 16 };

/* One scenario of a run, expanded. */
struct session_part {
    struct scenario scenario;
    struct registry registry; /* with the external servers of this scenario */
    struct plan plan;
    unsigned rounds; /* as many as are to be measured: the scenario's, or fewer when stopped early */
    char stopped[SCENARIO_TEXT_MAX]; /* why it was; "" */
};

struct session {
    struct session_part *parts;
    unsigned part_count;
    struct client_setting clients;
    cpu_set_t server_cpus, client_cpus;
    struct run_directory run;
    struct samples samples;
    struct progress progress;
    uint64_t seed;
    unsigned next_start;          /* number of the next start of servers */
    double until;                 /* stop a scenario when its intervals are so narrow; 0: never */
    int64_t budget_ns;            /* stop when so much time is spent in this sitting; 0: never */
    unsigned slices_run, repeats; /* of this sitting: how many were run, how many of them again */
};

enum session_outcome { SESSION_COMPLETE, SESSION_INTERRUPTED, SESSION_FAILED };

/* Runs every slice that has no row yet. SESSION_FAILED: *failure says why; the rows so far are kept. */
enum session_outcome session_run(struct session *session, struct failure *failure);

/* The plan's time for what is still to be run: of one scenario, of all. */
int64_t session_part_expected_ns(const struct session *session, const struct session_part *part);
int64_t session_expected_ns(const struct session *session);

/* Whether a scenario was stopped before all its rounds because enough was known, or its time spent. */
bool session_stopped(const struct session *session);

/* Marks the slices of a part that have a row, or are not needed any more. */
void session_mark_done(const struct session *session, const struct session_part *part, bool *done);

/* Slices of all parts, and how many of them have a row. */
unsigned session_slices(const struct session *session, unsigned *done);

#endif
