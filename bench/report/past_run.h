/*
 * past_run - a run directory as a reader finds it: what tenk-bench wrote, with whatever is missing.
 *
 * results.json is required; without run.json the machine is unknown, without samples.jsonl there is no
 * spread and nothing that only single slices know. Columns are looked up by the names of columns.def:
 * unknown ones are ignored, missing ones are null.
 */
#ifndef PAST_RUN_H
#define PAST_RUN_H

#include <jansson.h>
#include <stdbool.h>

#include "columns.h"
#include "failure.h"
#include "launch.h"
#include "samples.h"

enum {
    PAST_RUN_NAME_MAX = 256,
    PAST_RUN_CELLS_MAX = 100000, /* more than any machine measures in a week */
    PAST_SCENARIOS_MAX = 128,    /* of which a report says something; and of connection counts in one */
};

/* All models at one connection count under one client: a table of results.md. Texts belong to the JSON. */
struct past_group {
    const char *scenario, *client, *control;
    unsigned connections;
    double same, same_low, same_high; /* the control's second copy over its first; NaN: unknown */
    double smallest;                  /* smaller differences of CPU time are not claimed; NaN: unknown */
    unsigned first, count;            /* its cells */
};

/* What the searches of all models at one connection count found: a table of capacities. */
struct past_capacities {
    const char *scenario, *objective, *control;
    unsigned connections;
    double smallest;  /* smaller differences are not claimed; NaN: unknown */
    struct row *rows; /* capacity_columns, in the order of the file */
    unsigned count;
};

struct past_run {
    char path[LAUNCH_PATH_MAX];
    char name[PAST_RUN_NAME_MAX]; /* last part of the path */
    json_t *about;                /* run.json; an empty object when there is none */
    json_t *results;              /* results.json */
    struct row *cells;
    unsigned cell_count;
    struct past_group *groups;
    unsigned group_count;
    struct past_capacities *capacities;
    unsigned capacities_count;
    struct samples samples;
    const struct row **slices; /* of those run again the last one; sorted by cell */
    unsigned slice_count;
    bool has_samples;
};

/* Opens DIRECTORY (or the results.json in it). 0; -1 with a sentence that names the file at fault. */
int past_run_open(struct past_run *run, const char *path, struct failure *failure);
void past_run_close(struct past_run *run);

/* A number or text of a JSON object; NaN or "" when it is not there, or something else. */
double past_run_number_at(const json_t *object, const char *key);
const char *past_run_text_at(const json_t *object, const char *key);

/* For past_run_open: the capacities of results.json. 0; -1 with a sentence. */
int past_run_read_capacities(struct past_run *run, struct failure *failure);
void past_run_drop_capacities(struct past_run *run);

/* For past_run_open: finds the slices that count and sorts them. 0; -1 with no memory. */
int past_run_sort(struct past_run *run);

/* For past_run_open: what bound the cells that do not say so themselves. 0; -1 with no memory. */
int past_run_explain(struct past_run *run);

const struct past_group *past_run_group_of(const struct past_run *run, const struct row *cell);

/* The group of a scenario a reader looks at first: 64 connections, else the middle count; tenk-load before
 * wrk. */
const struct past_group *past_run_main_group(const struct past_run *run, const char *scenario);

/* The load its cells were offered, over the capacity of each model. NaN: none, or no cells. */
double past_run_load(const struct past_run *run, const struct past_group *group);

/* The distinct scenarios with cells, in the order of the file: the first group of each. */
unsigned past_run_scenarios(const struct past_run *run, const struct past_group **firsts, unsigned max);

/* The first table of capacities of a scenario. NULL: it has none. */
const struct past_capacities *past_run_capacities(const struct past_run *run, const char *scenario);

/* A field of run.json's description of a model or of a scenario; NULL when it is not there. */
const json_t *past_run_model(const struct past_run *run, const char *scenario, const char *model);
const json_t *past_run_scenario(const struct past_run *run, const char *scenario);
bool past_run_is_reference(const struct past_run *run, const char *scenario, const char *model);

/* The slices of a cell: *count of them, side by side. */
const struct row **past_run_slices(const struct past_run *run, const struct row *cell, unsigned *count);

/*
 * How a column lies over the slices of a cell whose figures count: those that were timed, or the cost slice
 * for what only it knows. NaN without any.
 */
struct spread {
    double low, middle, high, mean; /* quartiles, median, mean */
    unsigned count;
};
struct spread past_run_spread(const struct past_run *run, const struct row *cell, unsigned sample_column);

/* The first text, or number, that a slice of the cell has in a column; "" or NaN. */
const char *past_run_text(const struct past_run *run, const struct row *cell, unsigned sample_column);
double past_run_number(const struct past_run *run, const struct row *cell, unsigned sample_column);

#endif
