/*
 * comparison - two measurements of the same cells, cell by cell and metric by metric.
 *
 * Three ways, the surest first:
 *   paired       both were measured in one sitting: the pair within a round is the unit
 *                (statistics_paired, Wilcoxon)
 *   controlled   two runs: each slice over the control's in its own round, which takes out what slowed the
 *                whole machine; then the two sets of ratios (statistics_unpaired, Mann-Whitney)
 *   counted      a cost slice of each: the difference itself
 *
 * A difference is claimed only if the 95 % interval excludes 1, the p-value holds after Holm's correction
 * over the whole table, and it is larger than what may be claimed of the metric, than the two copies
 * of the control differed in either run, and, of two runs, than the control itself moved between them.
 */
#ifndef COMPARISON_H
#define COMPARISON_H

#include "metric.h"
#include "recorded.h"
#include "statistics.h"

enum comparison_way { COMPARISON_PAIRED, COMPARISON_CONTROLLED, COMPARISON_COUNTED };

enum comparison_verdict { COMPARISON_NONE, COMPARISON_BETTER, COMPARISON_WORSE, COMPARISON_IMPOSSIBLE };

/* All models at one connection count under one client, in a scenario that both sides have. */
struct comparison_group {
    const char *scenario; /* its name */
    const char *kind;     /* of the rows: "timing"; "duet": both servers at the same time; "search"; "load" */
    const char *client;
    unsigned connections;
    double load; /* of "load": the fraction of each model's own capacity; else 0 */
};

/* Whether a metric makes sense in a group: rates and latencies of servers that shared a CPU do not. */
bool comparison_applies(const struct metric *metric, const struct comparison_group *group);

/* ", the capacity": what is said of a group beside scenario, connections and client. Returns text. */
const char *comparison_group_words(const struct comparison_group *group, char *text, size_t size);

struct comparison {
    struct comparison_group group;
    char model[SCENARIO_NAME_MAX];
    const struct metric *metric;
    enum comparison_way way;
    double before, after; /* medians, in the metric's unit; NaN: not measured */
    size_t before_count, after_count;
    struct estimate change; /* after over before; NaN where there are too few */
    double p, p_holm;       /* NaN: no test */
    double least_p;         /* the smallest these samples could have given */
    double floor;           /* what equal servers differed by; NaN: not known */
    double detectable;      /* the smallest difference this would have shown; INFINITY: none */
    enum comparison_verdict verdict;
    bool fault; /* NEW is broken where BASE was not */
    bool regression;
    const struct metric_limit *broken; /* the limit that says so; NULL: the rule without limits */
    bool blind;    /* a limit is set that the comparison could not have shown to be broken */
    char why[200]; /* it is impossible; "" */
};

enum {
    COMPARISON_LIMITS_MAX = 32,
    COMPARISON_NOTES_MAX = 64,
    COMPARISON_SEED = 1, /* unless another one is asked for: who compares the same runs finds the same */
};

struct comparison_setting {
    const struct recorded *before, *after; /* the same one: a duet */
    const struct metric_limit *limits;
    unsigned limit_count;
    uint64_t seed; /* of the intervals */
};

struct comparison_table {
    struct comparison *items;
    size_t count, capacity;
    size_t tests; /* judged together: Holm's family */
    char notes[COMPARISON_NOTES_MAX][160];
    unsigned note_count;
    unsigned regressions, impossible, blind;
};

/* Compares what both have. 0; -1 with a sentence: no memory, or nothing in common. */
int comparison_make(struct comparison_table *table, const struct comparison_setting *setting,
                    struct failure *failure);
void comparison_free(struct comparison_table *table);

const char *comparison_way_name(enum comparison_way way);             /* "paired" */
const char *comparison_verdict_name(enum comparison_verdict verdict); /* "better" */

/* The verdict as a sentence: "no difference >= 2.1 %", "cannot be compared: …". Returns text. */
const char *comparison_words(const struct comparison *comparison, char *text, size_t size);

/* ---- a duet: model names of the two sides in one run ---- */

#define COMPARISON_BEFORE "@base"
#define COMPARISON_AFTER  "@new"

/* ---- comparability ---- */

/*
 * What differs between two runs and changes what is measured: kernel, CPU, mitigations, governor,
 * compiler and flags, CPUs used, network settings, scenario settings; not the revision. One sentence each,
 * as json strings; an empty array when they can be compared. A new object.
 */
json_t *comparison_obstacles(const struct recorded *before, const struct recorded *after);

#endif
