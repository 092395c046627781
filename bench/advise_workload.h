/*
 * advise_workload - what tenk-advise is asked about, and which models are looked at for it.
 */
#ifndef ADVISE_WORKLOAD_H
#define ADVISE_WORKLOAD_H

#include <stdio.h>

#include "objective.h"
#include "registry.h"

struct advise_workload {
    unsigned connections;
    int64_t wait_ns, spin_ns;   /* of every request; at most one of them is not 0 */
    struct objective objective; /* text NULL: none, every latency will do */
};

/* Whether such a load can be made, and kept at all. 0; -1 with a sentence (EXIT_USAGE). */
int advise_workload_check(const struct advise_workload *workload, struct failure *failure);

/* The target of its requests: "/", "/wait/5000". Returns text. */
const char *advise_workload_target(const struct advise_workload *workload, char *text, size_t size);

/* "2000 connections, 5.00 ms of waiting in every request". Returns text. */
const char *advise_workload_words(const struct advise_workload *workload, char *text, size_t size);

/* The latency that the objective allows, in microseconds; without one infinity. */
double advise_limit_us(const struct advise_workload *workload);

/* The latency the objective looks at, as people call it: "p99"; without an objective that one, too. */
const char *advise_latency_name(const struct advise_workload *workload, char *text, size_t size);

/*
 * Replaces `models` ("all", or names) by the candidates. Left out, each with a line in `notes`: yardsticks,
 * what cannot run here, and what by its nature serves fewer clients than there are connections.
 *
 * How many workers: where a worker belongs to a connection until that ends, as many as connections; N workers
 * would serve N of them, at most N/wait requests per second. Where it belongs to a request, the default, and
 * four per CPU of the server: there waiting holds no worker. A name with its own number, "thread_pool@64",
 * stays as it is.
 *
 * 0; -1 with a sentence: an unknown name, nothing left.
 */
int advise_candidates(const struct registry *registry, const struct advise_workload *workload,
                      unsigned server_cpus, struct name_list *models, FILE *notes, struct failure *failure);

#endif
