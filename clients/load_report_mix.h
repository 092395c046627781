/*
 * load_report_mix - what the reports say of each kind of request of a --mix.
 */
#ifndef LOAD_REPORT_MIX_H
#define LOAD_REPORT_MIX_H

#include <jansson.h>
#include <stdio.h>

#include "load_plan.h"
#include "load_stats.h"

/* A line for each kind; nothing without --mix. */
void load_report_mix_text(FILE *out, const struct load_plan *plan, const struct load_result *result);

/* Adds "mix": an array in the order of the command line, each with its `latency` object; null without --mix.
 */
void load_report_mix_json(json_t *object, const struct load_plan *plan, const struct load_result *result,
                          json_t *(*latency)(const struct histogram *));

#endif
