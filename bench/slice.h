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
    const char *directory; /* the run's */
    int64_t ramp_ns;       /* discarded at the beginning: at least the scenario's */
    int syscalls_fd;       /* cost slices: the counter on the server; -1: none */
};

enum slice_outcome { SLICE_DONE, SLICE_INTERRUPTED, SLICE_IMPOSSIBLE };

/*
 * Runs the slice and fills an opened row, verdict included. SLICE_INTERRUPTED: Ctrl-C, the row is to
 * be dropped. SLICE_IMPOSSIBLE: the client could not even be started; *failure says why.
 */
enum slice_outcome slice_run(const struct slice_setting *setting, const struct slice *slice, unsigned attempt,
                             unsigned start, struct server_process *server, struct row *row,
                             enum verdict_reason *reason, struct failure *failure);

/* Fills the columns that say which slice it is. */
void slice_identify(struct row *row, const struct scenario *scenario, const struct slice *slice,
                    const struct model *model, unsigned attempt, unsigned start);

#endif
