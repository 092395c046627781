/*
 * verdict - whether a slice's figures may be believed, and if not, why.
 *
 * Four kinds of reasons:
 *   faults        the server did something wrong: the figures are worth nothing, and tenk-bench ends
 *                 with status 1
 *   circumstances the machine or the harness spoiled the slice: it is run again, and if that does not
 *                 help its figures are not ranked
 *   rate only     the client was the limit, or more was offered than could be served: the rate says
 *                 nothing about the server, its CPU time per request still does
 *   finding       clients starved: with its CPU full, the server did not get round to serving everybody, not
 *                 even after a long ramp. That is a result, not a defect, but what was measured is
 *                 another workload than what was asked for: shown and not ranked
 * A model that by nature serves fewer clients than asked starves nobody: that is a property, shown as
 * "served K of N".
 */
#ifndef VERDICT_H
#define VERDICT_H

#include <stdbool.h>

#include "columns.h"

enum verdict_reason {
    VERDICT_VALID,
    /* faults */
    VERDICT_SERVER_DIED,
    VERDICT_SERVER_EXIT,
    VERDICT_WRONG_ANSWER,
    VERDICT_ERRORS,
    VERDICT_NO_REPLY,
    VERDICT_LEAKED_DESCRIPTORS,
    VERDICT_LEAKED_TASKS,
    VERDICT_ZOMBIES,
    VERDICT_COUNT_MISMATCH,
    VERDICT_CLIENT_FAILED,
    /* a finding */
    VERDICT_STARVED,
    /* circumstances */
    VERDICT_LISTEN_OVERFLOW,
    VERDICT_UNSTEADY,
    VERDICT_LITTLES_LAW,
    VERDICT_NOISY,
    VERDICT_INTERRUPTED,
    /* rate only */
    VERDICT_CLIENT_BOUND,
    VERDICT_OVERLOADED,
    VERDICT_REASONS
};

/* What the row alone does not tell. */
struct verdict_facts {
    bool server_died;
    bool client_failed;
    const char *text;                  /* how the server ended, or what the client complained about */
    unsigned clients_at_once;          /* by nature; 0: all */
    double foreign_cpu_max, steal_max; /* in CPUs */
    double wall_s;                     /* length of the slice, its start and end included */
};

/* Open loop: whether sends were late because the client could not do more. Then its rate is the client's. */
bool verdict_client_late(const struct row *row);

/* Limits of the rules, as fractions; of lateness in microseconds. */
extern const double verdict_send_lag_max_us;
extern const double verdict_littles_law_max, verdict_client_busy, verdict_server_busy, verdict_achieved_min;

/* Sets `bound`, `verdict`, `reason` and `detail` of a timing or cost row, and returns the reason. */
enum verdict_reason verdict_decide(struct row *row, const struct verdict_facts *facts);

const char *verdict_name(enum verdict_reason reason);    /* "server-died"; "" for VALID */
enum verdict_reason verdict_from_name(const char *name); /* VERDICT_VALID for "" */
bool verdict_is_fault(enum verdict_reason reason);
bool verdict_is_finding(enum verdict_reason reason);
bool verdict_is_circumstance(enum verdict_reason reason); /* worth running again */
bool verdict_is_rate_only(enum verdict_reason reason);
bool verdict_wants_ramp(enum verdict_reason reason); /* a longer ramp may cure it */

#endif
