/*
 * plan_time - how long slices and plans take: see plan.h.
 */
#include "clock.h"
#include "plan.h"

enum {
    SLICE_OVERHEAD_MS = 110,      /* the client's start, its connections, settling afterwards */
    IDLE_PER_SECOND_MOST = 20000, /* tenk-load opens so many connections when the server keeps up */
    IDLE_PER_SECOND_LEAST = 14000,
    START_MS = 60, /* starting, checking and stopping one server */
};

int64_t slice_idle_least_ns(const struct slice *slice)
{
    return (int64_t)slice->idle * NS_PER_S / IDLE_PER_SECOND_MOST;
}

int64_t slice_idle_most_ns(const struct slice *slice)
{
    return (int64_t)slice->idle * NS_PER_S / IDLE_PER_SECOND_LEAST;
}

int64_t slice_window_ns(const struct slice *slice, const struct scenario *scenario)
{
    if (slice->cost)
        return scenario->cost_slice_ns;
    return slice->turns ? scenario->slice_ns * slice->at_once : scenario->slice_ns;
}

int64_t slice_expected_ns(const struct slice *slice, const struct scenario *scenario)
{
    int64_t overhead_ns = SLICE_OVERHEAD_MS * NS_PER_MS + 2 * slice_idle_most_ns(slice);

    if (slice->beside > 1 || slice->step >= PLAN_SEARCH_USUAL)
        return 0; /* in the same time as the one before; not needed as a rule */
    if (slice->client == CLIENT_WRK)
        return scenario->wrk_slice_ns + overhead_ns;
    return scenario->ramp_ns + slice_window_ns(slice, scenario) + overhead_ns;
}

int64_t plan_expected_ns(const struct plan *plan, const struct scenario *scenario, const bool *done)
{
    int64_t sum_ns = 0;
    unsigned block = UINT32_MAX;

    for (unsigned i = 0; i < plan->count; i++) {
        const struct slice *slice = &plan->slices[i];

        if (done && done[i])
            continue;
        sum_ns += slice_expected_ns(slice, scenario);
        if (slice->block != block)
            sum_ns += (slice->cost ? 1 : scenario->models.count + 1) * START_MS * NS_PER_MS;
        block = slice->block;
    }
    return sum_ns;
}
