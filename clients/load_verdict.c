/*
 * load_verdict - judges one measurement.
 */
#include "load_verdict.h"

static bool late(const struct load_result *result)
{
    return histogram_percentile_ns(&result->window.lag, 99) > LOAD_LAG_WARN_NS;
}

/*
 * Open loop only. What this client sent late counts in the latency, so an objective that is kept in spite of
 * that is kept.
 */
static bool kept(const struct load_result *result, const struct objective *objective)
{
    return objective != NULL && result->rate_asked > 0 &&
           objective_value_ns(objective, &result->window.latency) < objective->limit_ns;
}

enum load_verdict load_verdict_of(const struct load_result *result, const struct objective *objective)
{
    bool closed = result->rate_asked <= 0, bound = load_result_bound(result);

    if (result->window.requests == 0)
        return LOAD_VERDICT_NOTHING;
    if (load_stats_errors(&result->window) > 0)
        return LOAD_VERDICT_ERRORS;
    if (load_result_overloaded(result))
        return bound ? LOAD_VERDICT_CLIENT_BOUND : LOAD_VERDICT_OVERLOADED;
    if (result->starved + result->refused > 0)
        return LOAD_VERDICT_STARVED;
    if (kept(result, objective))
        return LOAD_VERDICT_GOOD;
    if (bound && (closed || late(result)))
        return LOAD_VERDICT_CLIENT_BOUND;
    if (late(result))
        return LOAD_VERDICT_LATE;
    return objective != NULL && !closed ? LOAD_VERDICT_MISSED : LOAD_VERDICT_GOOD;
}

const char *load_verdict_text(enum load_verdict verdict)
{
    static const char *const texts[] = {
        [LOAD_VERDICT_NOTHING] = "nothing-served",
        [LOAD_VERDICT_ERRORS] = "errors",
        [LOAD_VERDICT_CLIENT_BOUND] = "client-bound",
        [LOAD_VERDICT_OVERLOADED] = "overloaded",
        [LOAD_VERDICT_LATE] = "sent-late",
        [LOAD_VERDICT_STARVED] = "starved",
        [LOAD_VERDICT_MISSED] = "objective-missed",
        [LOAD_VERDICT_GOOD] = "good",
    };

    return texts[verdict];
}
