/*
 * advise_choice - from what was measured to the model to choose: nothing is measured here.
 *
 *   screening    one look at each candidate in closed loop: who cannot be used, who is clearly behind
 *   which load   somebody clearly keeps the objective even then: closed loop, the most its connections can
 * ask for; nobody does: open loop, at the highest rate at which each keeps it (advise_open.h) choice who
 * keeps the objective before who does not; then requests per second; then CPU time per request
 *
 * Each only where a difference is shown, by the rule of every comparison (statistics_shows): the 95 %
 * interval of the ratios within rounds excludes 1, it is larger than what may be claimed (3 % of rates and
 * CPU time, 5 % of rates that were searched, 15 % of latencies), and Wilcoxon's p is below 5 % when corrected
 * for all the questions that were asked: every pair of finalists, every figure, and every look taken before
 * the end. Where the client was the limit of both, their rates are the client's and are not compared.
 *
 * Where nothing is shown, the figures alone decide who is named first, and the answer says so: whose median
 * keeps the objective, then who answers 10 % more within rounds, then who takes less CPU time per request.
 */
#ifndef ADVISE_CHOICE_H
#define ADVISE_CHOICE_H

#include "advise_workload.h"
#include "rate_search.h"
#include "statistics.h"

enum { ADVISE_ROUNDS_MAX = 256, ADVISE_WHY_MAX = 200 };

/* Where no difference is shown, a rate so many times another still comes first. */
#define ADVISE_ALIKE 1.10

/* One slice. */
struct advise_sample {
    bool measured;
    double rate_per_s; /* answered; in open loop offered, of a round: just kept */
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
    struct rate_search search;                      /* open loop: where about the rate is that it keeps, */
    double found_per_s;                             /* as found by that; 0: none that holds */
    double low_per_s, high_per_s;                   /* what is left of the bracket of a round, */
    unsigned looks;                                 /* after so many of it */
    unsigned partly;                                /* rounds in which not everybody was served */
    int64_t ramp_ns, start_ns; /* what it has been found to need; expected of a start and its end */
};

struct advise_field {
    const struct advise_workload *workload;
    struct advise_runner *runners;
    unsigned count, rounds; /* rounds run */
    unsigned finalists;     /* that began the rounds */
    unsigned alike;         /* no worse in the screening than those, but there was no time */
    unsigned peeks,
        peek;           /* looks at the rounds before the end; at so many rounds is the next (0: the first) */
    bool open;          /* loop */
    unsigned halvings;  /* of the bracket in each round of an open loop */
    double least_per_s; /* of an open loop: less would not ask every client */
    uint64_t seed;      /* of the rates that are looked at */
};

/* Figures of a runner over its rounds, medians; without rounds those of the screening. */
struct advise_figures {
    double rate_per_s, cpu_us, latency_us;
    bool keeps, client_bound;
};
struct advise_figures advise_figures(const struct advise_field *field, const struct advise_runner *runner);

/* One runner over another. */
struct advise_margin {
    struct estimate rate, cpu, latency; /* over the rounds of both */
    double rate_times, cpu_times; /* the ratios; with too few rounds for an interval those of the medians */
    bool client_bound;            /* both: rates are not compared */
    enum difference rate_differs, cpu_differs, latency_differs;
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
    bool few;   /* rounds: not even if all agreed could they show one */
};
struct advise_answer advise_choose(const struct advise_field *field);

/*
 * Between rounds: takes out who is shown to be behind; two stay. Whether enough is known. It looks only at 12
 * rounds, and whenever they have doubled: the first look spends half of the 5 % risk of a false alarm, the
 * next a quarter, and so on; what is left is the end's.
 */
bool advise_prune(struct advise_field *field);

/* The answer in three lines. */
void advise_print(FILE *out, const struct advise_field *field, const struct advise_answer *answer);

#endif
