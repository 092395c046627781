/*
 * setup - from a command line to a session that can be run: scenarios found, read and overridden,
 * models chosen, plans made, limits raised, programs found.
 */
#ifndef SETUP_H
#define SETUP_H

#include "options.h"
#include "session.h"

struct bench_options {
    struct option_list models, clients, settings; /* settings: KEY=VALUE */
    const char *connections, *rounds, *slice, *ramp;
    const char *output, *results, *resume;
    const char *server_cpus, *client_cpus;
    const char *base;  /* the revision to be compared with; NULL: none */
    const char *until; /* "2%" */
    int64_t budget_ns; /* 0: none */
    uint64_t seed;     /* 0: from the clock */
    bool duet, aa, quick, deep, no_cost, explain, plan, columns, help;
    const char *sides[2]; /* of a duet: BASE and NEW; NULL: none */
    int scenario_count;
    char **scenarios; /* operands: files or names */
};

/* Reads the command line. -1: go on; else the status to exit with. */
int bench_options_parse(struct bench_options *options, int argc, char **argv);

/* Everything a new run needs. 0; -1 with a sentence. Warnings go to stderr. */
int setup_new(struct session *session, const struct bench_options *options, struct failure *failure);

/*
 * The same for a run that is taken up again: scenarios and seed come from its directory, which is
 * opened. *root receives its run.json.
 */
int setup_resume(struct session *session, const struct bench_options *options, json_t **root,
                 struct failure *failure);

void setup_free(struct session *session);

#endif
