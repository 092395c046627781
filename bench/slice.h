/*
 * slice - one slice: load one server for a moment, and read everything about it before and after.
 *
 *     time   |before|            |begin|                    |end|       |after|    |settled|
 *     client        |start ... ramp ...|====== measured ======|.. ends ..|
 *     server        |accepts ...       |    steady window     |  closes  |  closes  |
 *
 * CPU time and the server's own counters are read together at begin and end, both live, without
 * disturbing anybody. So CPU time per request is that of the steady state: neither opening 512
 * connections nor closing them, and no request is missing or too many in the denominator. The
 * counts of the whole slice, ramp included, are compared with the client's.
 *
 * Up to three servers may be loaded by turns of some milliseconds (load_turns.h): each alone, but what drifts
 * within seconds weighs on all of them alike.
 *
 * Two servers may be loaded at the same time, each by a client of its own: on one CPU whatever disturbs one
 * disturbs the other in the same milliseconds. Their CPU time per request can be compared as finely as
 * nothing else; rates and latencies follow the scheduler's shares and are left out of the rows.
 */
#ifndef SLICE_H
#define SLICE_H

#include "client_process.h"
#include "columns.h"
#include "plan.h"
#include "server_process.h"
#include "verdict.h"

struct slice_setting {
    const struct scenario *scenario;
    const struct client_setting *clients;
    const cpu_set_t *server_cpus;
    const char *directory;   /* the run's */
    struct client_pace pace; /* its ramp is at least the scenario's */
    int syscalls_fd;         /* cost slices: the counter on the server; -1: none */
    int64_t deadline_ns;     /* no waiting beyond that, be the client ready or not; 0: the usual grace */
};

enum slice_outcome { SLICE_DONE, SLICE_INTERRUPTED, SLICE_IMPOSSIBLE };

/* One server of a slice, and what becomes of it. */
struct slice_subject {
    const struct slice *slice;
    struct server_process *server;
    struct row *row; /* opened */
    enum verdict_reason reason;
};

enum { SLICE_SUBJECTS_MAX = 3 };

/*
 * Runs a slice, or several in the same time, and fills the rows, verdicts included. SLICE_INTERRUPTED:
 * Ctrl-C, the rows are to be dropped. SLICE_IMPOSSIBLE: a client could not even be started; *failure says
 * why.
 */
enum slice_outcome slice_run(const struct slice_setting *setting, struct slice_subject *subjects,
                             unsigned count, unsigned attempt, unsigned start, struct failure *failure);

/* Fills the columns that say which slice it is. */
void slice_identify(struct row *row, const struct scenario *scenario, const struct slice *slice,
                    const struct model *model, unsigned attempt, unsigned start);

#endif
