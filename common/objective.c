/*
 * objective - reads and looks up the latency of an objective.
 */
#include "objective.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "units.h"

static const char not_an_objective[] =
    "an objective is a latency and its limit: 'p99<10ms', 'p99.9<50ms', 'mean<2ms' or 'max<1s'";

/* "99", "99.9", and "999" for 99.9 as JSON names have it. False for anything else. */
static bool parse_percent(const char *digits, size_t length, double *percent)
{
    char text[UNITS_TEXT_MAX];
    bool nines = length > 2 && strncmp(digits, "99", 2) == 0 && digits[2] != '.';

    if (length == 0 || length > 10 || strspn(digits, "0123456789.") < length)
        return false;
    snprintf(text, sizeof(text), nines ? "99.%.*s" : "%.*s", (int)(nines ? length - 2 : length),
             nines ? digits + 2 : digits);
    char *end;
    *percent = strtod(text, &end);
    return *end == '\0' && *percent > 0 && *percent < 100;
}

const char *objective_parse(const char *text, struct objective *objective)
{
    size_t length = strcspn(text, "<");

    *objective = (struct objective){.text = text};
    if (length == 4 && strncmp(text, "mean", 4) == 0)
        objective->kind = OBJECTIVE_MEAN;
    else if (length == 3 && strncmp(text, "max", 3) == 0)
        objective->kind = OBJECTIVE_MAX;
    else if (text[0] != 'p' || !parse_percent(text + 1, length - 1, &objective->percent))
        return not_an_objective;
    if (text[length] != '<' || units_parse_duration_ns(text + length + 1, &objective->limit_ns) < 0 ||
        objective->limit_ns <= 0)
        return not_an_objective;
    return NULL;
}

int64_t objective_value_ns(const struct objective *objective, const struct histogram *latency)
{
    switch (objective->kind) {
    case OBJECTIVE_MEAN:
        return (int64_t)histogram_mean_ns(latency);
    case OBJECTIVE_MAX:
        return latency->max_ns;
    case OBJECTIVE_PERCENTILE:
        break;
    }
    return histogram_percentile_ns(latency, objective->percent);
}
