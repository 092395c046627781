/*
 * metric - see metric.h. What may be claimed from how far: bench/README.md.
 */
#include "metric.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "columns.h"

const double metric_duet_claim = 0.003;

/* clang-format off */
const struct metric metrics[METRICS] = {
    {"cpu", "us/request", SAMPLE_server_cpu_us_per_request, METRIC_TIMED, METRIC_ANY, false, 0.01, 0, "server CPU time per request"},
    {"req/s", "req/s", SAMPLE_requests_per_s, METRIC_TIMED, METRIC_RATE, true, 0.03, 0, "requests per second, where the server was the limit"},
    {"p50", "us", SAMPLE_latency_p50_us, METRIC_TIMED, METRIC_LATENCY, false, 0.03, 0, "median latency, where every client was served"},
    {"p99", "us", SAMPLE_latency_p99_us, METRIC_TIMED, METRIC_LATENCY, false, 0.15, 0, "99th percentile of latency, likewise"},
    {"capacity", "req/s", SAMPLE_capacity_per_s, METRIC_TIMED, METRIC_RATE, true, 0.05, 0, "highest rate that kept the objective, where the server was the limit"},
    {"syscalls", "calls/request", SAMPLE_syscalls_per_request, METRIC_COUNTED, METRIC_ANY, false, 0, 0.1, "system calls per request, counted"},
    {"memory", "KiB", SAMPLE_memory_pss_kib, METRIC_COUNTED, METRIC_ANY, false, 0.05, 64, "memory of the server under load, counted"},
};
/* clang-format on */

const struct metric *metric_find(const char *name)
{
    for (unsigned i = 0; i < METRICS; i++)
        if (strcmp(metrics[i].name, name) == 0)
            return &metrics[i];
    return NULL;
}

static int unknown(const char *text, struct failure *failure)
{
    char known[FAILURE_TEXT_MAX / 4] = "";

    for (unsigned i = 0; i < METRICS; i++) {
        strcat(known, i > 0 ? " " : "");
        strcat(known, metrics[i].name);
    }
    return failure_set(failure, EXIT_USAGE,
                       "\"%.60s\" is no limit: write METRIC<-5%% or METRIC>+5%%; metrics are: %s", text,
                       known);
}

int metric_limit_parse(struct metric_limit *limit, const char *text, struct failure *failure)
{
    size_t length = strcspn(text, "<>");
    char name[32], *end;

    snprintf(name, sizeof(name), "%.*s", (int)(length < sizeof(name) ? length : 0), text);
    *limit = (struct metric_limit){.metric = metric_find(name), .above = text[length] == '>', .text = text};
    if (!limit->metric || text[length] == '\0')
        return unknown(text, failure);
    limit->value = strtod(text + length + 1, &end);
    if (end == text + length + 1 || !(limit->value > -1e9 && limit->value < 1e9))
        return unknown(text, failure);
    limit->relative = *end == '%' || limit->value == 0;
    if (*end == '%')
        limit->value /= 100;
    end += *end == '%';
    return *end == '\0' ? 0 : unknown(text, failure);
}

bool metric_limit_broken(const struct metric_limit *limit, double before, double ratio)
{
    double change = limit->relative ? ratio - 1 : before * (ratio - 1);

    return limit->above ? change > limit->value : change < limit->value;
}
