/*
 * fault_plan - see fault_plan.h.
 */
#include "fault_plan.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static char path[32];

struct faults *fault_plan_open(void)
{
    strcpy(path, "/tmp/tenk-faults-XXXXXX");
    int fd = mkstemp(path);
    struct faults *plan;

    cr_assert(fd >= 0 && ftruncate(fd, sizeof(*plan)) == 0);
    plan = mmap(NULL, sizeof(*plan), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    cr_assert(plan != MAP_FAILED);
    close(fd);
    setenv("TENK_FAULTS", path, 1);
    return plan;
}

void fault_plan_remove(void)
{
    if (path[0])
        unlink(path);
    path[0] = '\0';
}

void fault_plan_arm(struct faults *plan, enum faults_call call, int error, uint64_t first, uint64_t last)
{
    atomic_store(&plan->armed, FAULTS_NONE);
    atomic_store(&plan->calls, 0);
    atomic_store(&plan->failed, 0);
    atomic_store(&plan->error, error);
    atomic_store(&plan->first, first);
    atomic_store(&plan->last, last);
    atomic_store(&plan->armed, call);
}

void fault_plan_disarm(struct faults *plan)
{
    atomic_store(&plan->armed, FAULTS_NONE);
}
