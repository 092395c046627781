/*
 * slice_row - from what was observed during a slice to the columns of its row.
 */
#ifndef SLICE_ROW_H
#define SLICE_ROW_H

#include "launch.h"
#include "machine.h"
#include "slice.h"

/* What is read together, at one moment. */
struct mark {
    int64_t at_ns;
    bool has_cpu;
    struct cpu_time cpu;
    struct counters_sum counters;
    int64_t syscalls;
    struct process_tree tree; /* cost slices only */
};

struct observation {
    struct machine machine_before, machine_after;
    struct mark before, begin, end, after, settled;
    int64_t pss_kib;       /* of a cost slice: memory when all connections stood */
    int64_t own_cpu_ns;    /* the runner's, during the slice */
    int64_t beside_cpu_ns; /* of the server and client that ran at the same time */
    struct launch_result client;
    bool server_died, result_missing;
    char wrong[256];
    double settle_ms;
};

/* Fills every column but those of the client's own result (client_result) and the verdict. */
void slice_fill(struct row *row, const struct slice_setting *setting, const struct slice *slice,
                const struct server_process *server, const struct observation *seen);

#endif
