/*
 * advise_choice - from what was measured to the model to choose: nothing is measured here.
 *
 *   screening    one look at each candidate in closed loop: who cannot be used, who is clearly behind
 *   which load   somebody clearly keeps the objective even then: closed loop, the most its connections can
 * ask for; nobody does: open loop, at the highest rate that each keeps it (up_down.h) choice       who keeps
 * the objective before who does not; then requests per second; where no difference of those is shown, CPU
 * time per request
 *
 * A difference is shown when the 95 % interval of the ratios within rounds excludes 1 and it is larger than
 * what may be claimed: 3 %, of the rates of a walk its smallest step. Where the client was the limit
 * of both, their rates are the client's and are not compared.
 */
#ifndef ADVISE_CHOICE_H
#define ADVISE_CHOICE_H

#include "advise_workload.h"
#include "statistics.h"
#include "up_down.h"

enum { ADVISE_ROUNDS_MAX = 256, ADVISE_WHY_MAX = 200 };

/* One slice. */
struct advise_sample {
    bool measured;
    unsigned start;    /* of the servers */
    double rate_per_s; /* answered; in open loop offered, NaN before the walk has settled */
    double cpu_us;     /* server CPU time per request */
    double latency_us; /* that of the objective, or the 99th percentile */
    bool kept;         /* the objective */
    bool client_bound; /* the client was the limit */
};

/* A candidate and what is known of it. */
struct advise_runner {
    const char *name;
    unsigned workers; /* 0: it has none */
    bool out;         /* of the race; why says for what reason */
    bool unusable;    /* it cannot serve this load at all, or did something wrong */
    char why[ADVISE_WHY_MAX];
    struct advise_sample screen;
    struct advise_sample rounds[ADVISE_ROUNDS_MAX]; /* by number of the round */
    struct up_down walk;                            /* open loop */
    unsigned partly;                                /* rounds in which not everybody was served */
    int64_t ramp_ns, start_ns; /* what it has been found to need; expected of a start and its end */
};

struct advise_field {
    const struct advise_workload *workload;
    struct advise_runner *runners;
    unsigned count, rounds; /* rounds run */
    bool open;              /* loop */
    double least_per_s;     /* of an open loop: less would not ask every client */
    uint64_t seed;          /* of the intervals */
};

/* Figures of a runner over its rounds, medians; without rounds those of the screening. */
struct advise_figures {
    double rate_per_s, cpu_us, latency_us;
    bool keeps, client_bound;
};
struct advise_figures advise_figures(const struct advise_field *field, const struct advise_runner *runner);

/* After the screening: says which loop, and takes all but the most promising out of the race (two stay). */
void advise_screen(struct advise_field *field, unsigned finalists);

/* One runner over another. */
struct advise_margin {
    struct estimate rate, cpu; /* over the rounds of both */
    bool client_bound;         /* both: rates are not compared */
    enum difference rate_differs, cpu_differs;
};
struct advise_margin advise_margin(const struct advise_field *field, const struct advise_runner *one,
                                   const struct advise_runner *other);

/* Who to choose, and over whom by how much. NULL: there is none. */
struct advise_answer {
    const struct advise_runner *chosen, *second;
    struct advise_figures figures, second_figures;
    struct advise_margin margin;
    bool kept;  /* the chosen one keeps the objective */
    bool shown; /* the difference */
};
struct advise_answer advise_choose(const struct advise_field *field);

/* Nobody keeps the objective in closed loop, though one look at each had said so: begins anew in open loop.
 */
void advise_reopen(struct advise_field *field);

/* Between starts: takes out who is shown to be behind; two stay. Whether enough is known. */
bool advise_prune(struct advise_field *field);

/* The answer in three lines. */
void advise_print(FILE *out, const struct advise_field *field, const struct advise_answer *answer);

#endif
