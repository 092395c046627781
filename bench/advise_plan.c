/*
 * advise_plan - see advise_plan.h.
 */
#include "advise_plan.h"

#include "clock.h"

enum {
    SLICE_LEAST_MS = 200,
    SLICE_MOST_MS = 1000,
    SLICE_SHARE = 200, /* a slice is this part of the budget */
    RAMP_MS = 100,     /* discarded, beside the opening of connections and two requests' time */
    OVERHEAD_MS = 110,
    START_MS = 80,
    WORKER_US = 200, /* starting and ending a thread or process */
    STOP_MS = 700,
    CONNECTION_RAMP_US = 75, /* opened and accepted; who needs more gets it at a second look */
    CONNECTION_END_US = 60,
};

static int64_t clamp_ns(int64_t ns, int64_t least_ns, int64_t most_ns)
{
    if (ns < least_ns)
        return least_ns;
    return ns > most_ns ? most_ns : ns;
}

int64_t advise_start_ns(unsigned workers)
{
    return START_MS * NS_PER_MS + (int64_t)workers * WORKER_US * NS_PER_US;
}

static int64_t whole_ns(const struct advise_plan *plan, int64_t slice_ns)
{
    return plan->ramp_ns + slice_ns + plan->overhead_ns;
}

/* The shortest ones; what their starts take is not known before it is known who they are. */
static int64_t finals_ns(const struct advise_plan *plan, int64_t slice_ns, int64_t longest_start_ns,
                         unsigned models)
{
    int64_t finalists = models > 1 ? 2 : 1;

    return finalists * ADVISE_ROUNDS_LEAST * (whole_ns(plan, slice_ns) + longest_start_ns);
}

static int64_t least_ns(const struct advise_plan *plan, const unsigned *workers, unsigned models)
{
    int64_t sum_ns = plan->stop_ns, longest_ns = 0;

    for (unsigned i = 0; i < models; i++) {
        int64_t start_ns = advise_start_ns(workers[i]);

        sum_ns += start_ns + whole_ns(plan, SLICE_LEAST_MS * NS_PER_MS);
        longest_ns = start_ns > longest_ns ? start_ns : longest_ns;
    }
    return sum_ns + finals_ns(plan, SLICE_LEAST_MS * NS_PER_MS, longest_ns, models);
}

void advise_plan_make(struct advise_plan *plan, const struct advise_workload *workload,
                      const unsigned *workers, unsigned models, int64_t budget_ns)
{
    int64_t most_workers = 0;

    *plan = (struct advise_plan){
        .ramp_ns = RAMP_MS * NS_PER_MS + (int64_t)workload->connections * CONNECTION_RAMP_US * NS_PER_US +
                   2 * (workload->wait_ns + workload->spin_ns),
        .overhead_ns =
            OVERHEAD_MS * NS_PER_MS + (int64_t)workload->connections * CONNECTION_END_US * NS_PER_US,
        .slice_ns = clamp_ns(budget_ns / SLICE_SHARE, SLICE_LEAST_MS * NS_PER_MS, SLICE_MOST_MS * NS_PER_MS),
        .stop_ns = STOP_MS * NS_PER_MS,
    };
    for (unsigned i = 0; i < models; i++)
        most_workers = workers[i] > most_workers ? workers[i] : most_workers;
    plan->least_ns = least_ns(plan, workers, models);
    if (budget_ns - plan->least_ns < plan->least_ns / 4) /* nothing to spare for longer slices */
        plan->slice_ns = SLICE_LEAST_MS * NS_PER_MS;
    plan->finals_ns = finals_ns(plan, plan->slice_ns, advise_start_ns((unsigned)most_workers), models);
}

unsigned advise_finalists(const struct advise_plan *plan, int64_t left_ns)
{
    int64_t fit = left_ns / (ADVISE_ROUNDS_WANTED * whole_ns(plan, plan->slice_ns));

    return (unsigned)clamp_ns(fit, 2, ADVISE_FINALISTS_MAX);
}
