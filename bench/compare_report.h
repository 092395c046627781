/*
 * compare_report - a comparison as people and programs read it.
 */
#ifndef COMPARE_REPORT_H
#define COMPARE_REPORT_H

#include <stdio.h>

#include "comparison.h"

/* Tables per scenario, client and connection count, what differs, and what the reader must know. */
void compare_report_text(FILE *out, const struct comparison_table *table,
                         const struct comparison_setting *setting, const json_t *obstacles);

/* The same as a JSON object. A new object. */
json_t *compare_report_json(const struct comparison_table *table, const struct comparison_setting *setting,
                            const json_t *obstacles);

/* One test case per comparison: failed on a regression, skipped when impossible. */
void compare_report_junit(FILE *out, const struct comparison_table *table);

/* Every slice in the format of Go's benchmarks: `benchstat -col side FILE` reads it. */
void compare_report_benchstat(FILE *out, const struct comparison_table *table,
                              const struct comparison_setting *setting);

#endif
