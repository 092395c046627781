/*
 * registry - the servers there are: what `tenk-serve --list --json` tells, and external ones.
 *
 * The runner knows no model by name. What a model is (a yardstick, one that serves a few clients
 * only) comes from here.
 */
#ifndef REGISTRY_H
#define REGISTRY_H

#include <stdbool.h>

#include "failure.h"
#include "launch.h"
#include "scenario.h"
#include "transport.h"

enum { REGISTRY_MAX = 64, REGISTRY_TEXT_MAX = 160 };

struct model {
    char name[SCENARIO_NAME_MAX];
    char base[SCENARIO_NAME_MAX];      /* of a variant, "thread_pool@16": the model it is; else "" */
    const struct transport *transport; /* what it is measured over: the scenario's, or the variant's own */
    unsigned workers;                  /* of a variant; else 0 */
    unsigned idle;                     /* of a variant, "epoll+10000": idle connections beside; else 0 */
    char summary[REGISTRY_TEXT_MAX];
    char family[SCENARIO_NAME_MAX];      /* "event loops"; "" of external servers */
    char unavailable[REGISTRY_TEXT_MAX]; /* why it cannot run here; "" when it can */
    bool reference;                      /* a yardstick, not a server */
    bool uses_workers;
    bool datagrams;           /* serves them, too */
    bool scans;               /* every wait for events looks at all descriptors */
    unsigned connections_max; /* 0: no limit of its own */
    unsigned workers_default;
    unsigned clients_at_once;    /* 0: not limited by nature */
    double syscalls_per_request; /* documented; 0: not */
    const char *command;         /* of an external server; NULL: one of ours */
    const char *program;         /* the tenk-serve that runs it; NULL: the registry's */
};

struct registry {
    char serve[LAUNCH_PATH_MAX]; /* the tenk-serve that was asked */
    struct model models[REGISTRY_MAX];
    unsigned count;
};

/* Asks tenk-serve. 0; -1 with a sentence. */
int registry_read(struct registry *registry, struct failure *failure);

/* The same of a given tenk-serve, wherever it is. */
int registry_read_program(struct registry *registry, const char *program, struct failure *failure);

/* The same from the text of `--list --json`: for tests. */
int registry_parse(struct registry *registry, const char *json, struct failure *failure);

/* Adds the external servers of a scenario (its strings must outlive the registry). */
int registry_add_external(struct registry *registry, const struct scenario *scenario,
                          struct failure *failure);

/*
 * Gives every model the scenario's transport, and adds the variants that the scenario names: "thread_pool@16"
 * (so many workers), "epoll+10000" (so many idle connections beside), "epoll+udp" (another transport), or
 * several of these: "prethread@16+unix".
 */
int registry_add_variants(struct registry *registry, const struct scenario *scenario,
                          struct failure *failure);

const struct model *registry_find(const struct registry *registry, const char *name);

/*
 * Replaces "all" in the scenario by every model that is no yardstick, the control and the external
 * servers, in the order of the registry, and checks that all names are known. 0; -1 with a sentence.
 */
int registry_choose(const struct registry *registry, struct scenario *scenario, struct failure *failure);

/*
 * How many clients a model serves at once with that many workers (0: its default), by its nature or
 * its limit on connections; 0: all.
 */
unsigned model_clients_at_once(const struct model *model, unsigned workers);

/* Whether it is measured over datagrams. */
bool model_over_datagrams(const struct model *model);

/* The name tenk-serve knows the model by. */
const char *model_served_as(const struct model *model);

/* The workers a model gets, a variant always its own number; 0 when it has none. */
unsigned model_workers(const struct model *model, unsigned workers);

#endif
