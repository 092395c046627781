/*
 * load_run - one run: start the workers, say when the window is, gather what they saw.
 */
#ifndef LOAD_RUN_H
#define LOAD_RUN_H

#include "load_plan.h"
#include "load_stats.h"

/*
 * Runs the plan to its end, or until SIGINT or SIGTERM. 0 with *result filled (close it); 3 when it
 * could not run here, with one sentence in `error`.
 */
int load_run(struct load_plan *plan, struct load_result *result, char error[LOAD_ERROR_TEXT_MAX]);

/*
 * Raises RLIMIT_NOFILE as far as needed and allowed. 0; -1 when `connections` and `threads` do not
 * fit, with one sentence that says how many descriptors they need.
 */
int load_run_raise_limits(uint64_t connections, uint64_t threads, char error[LOAD_ERROR_TEXT_MAX]);

#endif
