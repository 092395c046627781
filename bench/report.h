/*
 * report - the results as people and programs read them.
 */
#ifndef REPORT_H
#define REPORT_H

#include <jansson.h>
#include <stdio.h>

#include "report_layout.h"
#include "run_directory.h"
#include "summary.h"

/* One table per scenario and connection count, the finding of each scenario, and the notes. */
void report_tables(FILE *out, const struct summary *summary, enum report_style style);

/*
 * One or two sentences about the group a reader looks at first (64 connections, else the middle one),
 * made from the numbers. Returns text; "" when there is nothing to say.
 */
enum { FINDING_MAX = 700 };
const char *report_finding(const struct summary *summary, const struct session_part *part,
                           enum report_style style, char text[FINDING_MAX]);

/* The capacities of a group: a table as on the terminal or in Markdown; one sentence; an object of
 * results.json. */
void report_capacity(FILE *out, const struct capacity_group *group, enum report_style style);
const char *report_capacity_finding(const struct session *session, const struct capacity_group *group,
                                    char text[FINDING_MAX]);
json_t *report_capacity_json(const struct capacity_group *group);

/* p50 and p99 over the load, in fractions of each model's own capacity: a table per connection count. */
void report_load(FILE *out, const struct summary *summary, const struct session_part *part,
                 enum report_style style);

/* Below a title: how far two copies of the control were apart, and so what of it; nothing when that is not
 * known. */
void report_same(FILE *out, const char *control, const struct estimate *same, const char *so,
                 enum report_style style);

/* The ratios of the scenario's `pairs` in a group, a line each. */
void report_pairs(FILE *out, const struct summary *summary, const struct summary_group *group,
                  enum report_style style);

/* The same as a list of objects: {"a", "b", "cpu": {"ratio", "low", "high"}, "rate": {...}}. */
json_t *report_pairs_json(const struct summary *summary, const struct summary_group *group);

/* {"ratio", "low", "high"}, null where not known. */
json_t *report_estimate_json(const struct estimate *estimate);

/* results.csv, results.json and results.md. 0; -1 with a sentence. */
int report_files(const struct summary *summary, const json_t *run_json, struct failure *failure);

#endif
