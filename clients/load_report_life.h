/*
 * load_report_life - what the reports say of connections that live otherwise (load_life.h).
 */
#ifndef LOAD_REPORT_LIFE_H
#define LOAD_REPORT_LIFE_H

#include <jansson.h>
#include <stdio.h>

#include "load_options.h"
#include "load_stats.h"

/* "thinking 10.0 ms, " and the like, for the title; nothing when there is nothing to say. */
void load_report_life_title(FILE *out, const struct load_options *options);

/* Lines of the summary: connects, idle connections, resets. */
void load_report_life_text(FILE *out, const struct load_options *options, const struct load_result *result);

/* Adds "idle", "resets" and what was asked for to the object. */
void load_report_life_json(json_t *object, const struct load_options *options,
                           const struct load_result *result);

#endif
