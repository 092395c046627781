/*
 * recorded - a run as it lies in its directory, read and not changed: for programs that look back.
 */
#ifndef RECORDED_H
#define RECORDED_H

#include <jansson.h>

#include "run_directory.h"
#include "scenario.h"

struct recorded {
    struct run_directory run; /* not open for writing */
    struct samples samples;
    json_t *json; /* run.json */
    struct scenario *scenarios;
    unsigned scenario_count;
};

/* 0; -1 with a sentence, and then nothing is kept. A run that was interrupted is read as far as it came. */
int recorded_read(struct recorded *recorded, const char *path, struct failure *failure);
void recorded_free(struct recorded *recorded);

const struct scenario *recorded_scenario(const struct recorded *recorded, const char *name);

/* A text of run.json at two or three names deep ("environment", "build", "revision"); "" without. */
const char *recorded_text(const struct recorded *recorded, const char *first, const char *second,
                          const char *third);

#endif
