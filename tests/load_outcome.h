/*
 * load_outcome - runs tenk-load for a test and reads the JSON that it printed.
 *
 * These functions assert (Criterion).
 */
#ifndef LOAD_OUTCOME_H
#define LOAD_OUTCOME_H

#include <jansson.h>
#include <stdint.h>

#include "program.h"

enum { LOAD_OUTCOME_ARGUMENTS_MAX = 24 };

struct load_outcome {
    struct program_end end;
    char errors[PROGRAM_TEXT_MAX]; /* its standard error */
    json_t *json;
};

/* Runs `tenk-load --json TARGET arguments ...` (NULL ends them) to its end; it must print an object. */
void load_outcome_run(struct load_outcome *outcome, const char *target, const char *const *arguments);

/* Takes over what a program that was started by the test has printed. */
void load_outcome_take(struct load_outcome *outcome, struct program *program, int timeout_ms);

/* The number at "a.b", which must be there. */
double load_outcome_number(const struct load_outcome *outcome, const char *path);
uint64_t load_outcome_count(const struct load_outcome *outcome, const char *path);

void load_outcome_close(struct load_outcome *outcome);

#endif
