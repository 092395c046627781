/*
 * load_stats - adding up what the workers saw.
 */
#include "load_stats.h"

#include <stdlib.h>

#include "clock.h"

const char *const load_error_names[LOAD_ERRORS] = {
    [LOAD_ERROR_CONNECT] = "connect", [LOAD_ERROR_RESET] = "reset",   [LOAD_ERROR_TIMEOUT] = "timeout",
    [LOAD_ERROR_SHORT] = "short",     [LOAD_ERROR_STATUS] = "status", [LOAD_ERROR_CONTENT] = "content",
    [LOAD_ERROR_FRAMING] = "framing", [LOAD_ERROR_LOST] = "lost",
};

int load_stats_open(struct load_stats *stats)
{
    *stats = (struct load_stats){0};
    if (histogram_open(&stats->latency) == 0 && histogram_open(&stats->service) == 0 &&
        histogram_open(&stats->lag) == 0 && histogram_open(&stats->connect) == 0)
        return 0;
    load_stats_close(stats);
    return -1;
}

void load_stats_close(struct load_stats *stats)
{
    histogram_close(&stats->latency);
    histogram_close(&stats->service);
    histogram_close(&stats->lag);
    histogram_close(&stats->connect);
}

void load_stats_add(struct load_stats *into, const struct load_stats *from)
{
    histogram_add(&into->latency, &from->latency);
    histogram_add(&into->service, &from->service);
    histogram_add(&into->lag, &from->lag);
    histogram_add(&into->connect, &from->connect);
    into->requests += from->requests;
    into->sent += from->sent;
    into->due += from->due;
    into->delayed += from->delayed;
    into->bytes_in += from->bytes_in;
    into->bytes_out += from->bytes_out;
    into->opened += from->opened;
    into->resets += from->resets;
    into->idle_closed += from->idle_closed;
    into->dropped += from->dropped;
    into->away_ns += from->away_ns;
    for (int kind = 0; kind < LOAD_ERRORS; kind++)
        into->errors[kind] += from->errors[kind];
}

uint64_t load_stats_errors(const struct load_stats *stats)
{
    uint64_t sum = 0;

    for (int kind = 0; kind < LOAD_ERRORS; kind++)
        sum += stats->errors[kind];
    return sum;
}

static int compare_counts(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;

    return (a > b) - (a < b);
}

struct load_fairness load_fairness_of(uint64_t *served, uint64_t count)
{
    double sum = 0, squares = 0;

    if (count == 0)
        return (struct load_fairness){0};
    qsort(served, count, sizeof(*served), compare_counts);
    for (uint64_t i = 0; i < count; i++) {
        sum += (double)served[i];
        squares += (double)served[i] * (double)served[i];
    }
    return (struct load_fairness){
        .jain = squares > 0 ? sum * sum / ((double)count * squares) : 0,
        .min = served[0],
        .median = served[count / 2],
        .max = served[count - 1],
    };
}

void load_result_close(struct load_result *result)
{
    load_stats_close(&result->window);
    histogram_close(&result->connect);
    for (size_t i = 0; i < result->kind_count; i++)
        histogram_close(&result->kinds[i].latency);
    free(result->kinds);
    free(result->thread_shares);
    free(result->served_each);
}

double load_result_rate(const struct load_result *result)
{
    if (result->duration_ns <= 0)
        return 0;
    return (double)result->window.requests * (double)NS_PER_S / (double)result->duration_ns;
}

double load_result_share_max(const struct load_result *result)
{
    double share = 0;

    for (unsigned i = 0; i < result->threads; i++)
        if (result->thread_shares[i] > share)
            share = result->thread_shares[i];
    return share;
}

bool load_result_bound(const struct load_result *result)
{
    return load_result_share_max(result) > LOAD_BOUND_SHARE;
}

bool load_result_overloaded(const struct load_result *result)
{
    const struct load_stats *window = &result->window;
    uint64_t done = window->requests + window->resets; /* what we reset was not meant to be answered */

    return (double)done < LOAD_ACHIEVED_MIN * (double)window->due && done + LOAD_ACHIEVED_SLACK < window->due;
}
