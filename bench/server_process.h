/*
 * server_process - one server of a start: started, proved to be the one we think it is, watched, stopped.
 */
#ifndef SERVER_PROCESS_H
#define SERVER_PROCESS_H

#include <sched.h>
#include <stdbool.h>
#include <sys/types.h>

#include "counters.h"
#include "cpu_group.h"
#include "failure.h"
#include "net.h"
#include "process_tree.h"
#include "registry.h"
#include "scenario.h"

struct server_process {
    const struct model *model;
    pid_t pid;  /* 0: not running */
    int output; /* its standard output: the ready line, its counters at the end */
    bool has_endpoint;
    struct net_endpoint endpoint;
    struct cpu_group group;
    char counters_path[128];               /* "" for an external server */
    const struct counters_table *counters; /* NULL for an external server */
    char log_path[LAUNCH_PATH_MAX];        /* its standard error */
    struct process_tree base;              /* what it was made of before its first client */
};

/* How the servers of a run are started. */
struct server_setting {
    const struct registry *registry;
    const struct scenario *scenario;
    const cpu_set_t *cpus;
    const char *directory; /* where logs go */
    unsigned start;        /* which start: part of the names of files */
    unsigned padding;      /* bytes of environment */
    int64_t deadline_ns;   /* a server that is not ready by then does not start; 0: the usual patience */
};

/*
 * Starts the server of a model and returns when it has said that it is ready, the listening socket
 * was found among its descriptors, and it has given one exact answer under its own name. 0; -1 with a
 * sentence, and then nothing is left running. `attach` (may be NULL) is called while
 * the new process waits before exec: to hang perf events on it.
 */
int server_process_start(struct server_process *server, const struct server_setting *setting,
                         const struct model *model, unsigned copy, void (*attach)(pid_t pid, void *context),
                         void *context, struct failure *failure);

/* Whether it still runs. */
bool server_process_alive(const struct server_process *server);

/* How it ended, "was killed by SIGSEGV"; it stays to be reaped by server_process_stop_all. */
void server_process_death(const struct server_process *server, char *text, size_t size);

/* Requests, connections and calls so far; all 0 for an external server. */
struct counters_sum server_process_counters(const struct server_process *server);

/* How a server ended. */
struct server_end {
    bool good;           /* status 0 in time, and nothing left behind */
    unsigned left;       /* processes of its group that outlived it (they are killed) */
    char text[256];      /* "" when good, else a sentence */
    char counters[2048]; /* the line of JSON it printed; "" without */
};

/* SIGTERM to all servers first, then each is waited for; those that do not end in time are killed. */
void server_process_stop_all(struct server_process *servers, unsigned count, struct server_end *ends);

/* The same; in time is before that deadline (clock_now_ns()). */
void server_process_stop_by(struct server_process *servers, unsigned count, int64_t deadline_ns,
                            struct server_end *ends);

/* The operand for tenk-load: "http://127.0.0.1:4711/", "echo+unix:/path". */
void server_process_target(const struct server_process *server, const struct scenario *scenario, char *text,
                           size_t size);

#endif
