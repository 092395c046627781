/*
 * load_output - hands the results to the report that was asked for, and writes the files that were.
 */
#ifndef LOAD_OUTPUT_H
#define LOAD_OUTPUT_H

#include "load_plan.h"
#include "load_steps.h"

/*
 * Writes to stdout and into the files of the options. The exit status of the program: 0; 1 when errors
 * happened, nothing was served or no capacity was found; 3 with a sentence on stderr when something cannot be
 * written.
 */
int load_output(const struct load_plan *plan, const struct load_steps *steps);

/* Prints "tenk-load: SENTENCE" on stderr; 3, the exit status of what cannot be done here. */
int load_output_complain(const char *sentence);

#endif
