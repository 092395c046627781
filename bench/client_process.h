/*
 * client_process - the load clients: how tenk-load and wrk are called, and what they say.
 *
 * Their standard output goes straight into a file of the run directory and is parsed from there, so
 * that what was printed is kept whatever becomes of us.
 */
#ifndef CLIENT_PROCESS_H
#define CLIENT_PROCESS_H

#include <sched.h>
#include <stdbool.h>
#include <sys/types.h>

#include "columns.h"
#include "failure.h"
#include "plan.h"
#include "launch.h"
#include "scenario.h"

/* Where the clients are and how they run. */
struct client_setting {
    char load[LAUNCH_PATH_MAX];   /* tenk-load */
    char wrk[LAUNCH_PATH_MAX];    /* "" when it is not installed */
    char report[LAUNCH_PATH_MAX]; /* bench/wrk/report.lua */
    const cpu_set_t *cpus;
};

/* The files of one slice, in the run directory. */
struct client_files {
    char output[LAUNCH_PATH_MAX], log[LAUNCH_PATH_MAX];
    char histogram[LAUNCH_PATH_MAX]; /* tenk-load only */
};

/* What neither scenario nor plan says of a slice's load. */
struct client_pace {
    int64_t ramp_ns;   /* tenk-load discards so much first */
    double rate_per_s; /* open loop; 0: closed loop */
};

/* Threads the client gets: one for each of its CPUs, never more than connections. */
unsigned client_threads(const struct client_setting *setting, unsigned connections);

/*
 * Starts the client of a slice against `target`. The process id; -1 with a sentence.
 */
pid_t client_start(const struct client_setting *setting, const struct scenario *scenario,
                   const struct slice *slice, const char *target, const struct client_pace *pace,
                   const struct client_files *files, struct failure *failure);

/* Fills the client's columns of a row from its output. 0; -1: there is no result in it. */
int client_parse(enum client_kind client, const char *text, struct row *row);

/* Reads the output file and parses it; with -1, `wrong` says what the client complained about. */
int client_result(enum client_kind client, const struct client_files *files, struct row *row, char *wrong,
                  size_t size);

#endif
