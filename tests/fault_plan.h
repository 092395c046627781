/*
 * fault_plan - the plan (faults/faults.h) of the tenk-serve-faults that a test starts next.
 *
 * These functions assert (Criterion).
 */
#ifndef FAULT_PLAN_H
#define FAULT_PLAN_H

#include "faults/faults.h"

/* Makes an empty plan and names it to the servers started from now on. It stays mapped until the test ends.
 */
struct faults *fault_plan_open(void);

/* Removes its file, if there is one. For .fini, too. */
void fault_plan_remove(void);

/* From now on the calls first ... last of that name, counted from here, fail with `error`. */
void fault_plan_arm(struct faults *plan, enum faults_call call, int error, uint64_t first, uint64_t last);

/* From now on none does. */
void fault_plan_disarm(struct faults *plan);

#endif
