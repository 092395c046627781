/*
 * load_combine - adds results; packs them.
 *
 * Packed: the struct as it lies in memory, then everything that it points to, in a fixed order: the cells of
 * its histograms, the share of each thread, the requests of each connection.
 */
#include "load_combine.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    STATS_HISTOGRAMS = 4,
    HISTOGRAMS = STATS_HISTOGRAMS + 1,
    CELLS_SIZE = HISTOGRAM_CELLS * sizeof(uint64_t)
};

_Static_assert(offsetof(struct load_stats, requests) == STATS_HISTOGRAMS * sizeof(struct histogram),
               "load_stats has another number of histograms: list_histograms must name them all");

/* Every histogram of a result but those of its kinds. */
static void list_histograms(struct load_result *result, struct histogram *list[HISTOGRAMS])
{
    list[0] = &result->window.latency;
    list[1] = &result->window.service;
    list[2] = &result->window.lag;
    list[3] = &result->window.connect;
    list[4] = &result->connect;
}

/* ---- adding ---- */

/* Both lists in one. */
static void *joined(const void *first, size_t first_size, const void *second, size_t second_size)
{
    char *list = malloc(first_size + second_size + 1);

    if (list == NULL)
        return NULL;
    if (first_size > 0)
        memcpy(list, first, first_size);
    if (second_size > 0)
        memcpy(list + first_size, second, second_size);
    return list;
}

static int join_lists(struct load_result *into, const struct load_result *from)
{
    size_t share = sizeof(*into->thread_shares), each = sizeof(*into->served_each);
    double *shares =
        joined(into->thread_shares, into->threads * share, from->thread_shares, from->threads * share);
    uint64_t *served = joined(into->served_each, into->served_each_count * each, from->served_each,
                              from->served_each_count * each);

    if (shares == NULL || served == NULL) {
        free(shares);
        free(served);
        return -1;
    }
    free(into->thread_shares);
    free(into->served_each);
    into->thread_shares = shares;
    into->served_each = served;
    into->threads += from->threads;
    into->served_each_count += from->served_each_count;
    into->fairness = load_fairness_of(into->served_each, into->served_each_count);
    return 0;
}

static void add_counts(struct load_result *into, const struct load_result *from)
{
    into->rate_asked += from->rate_asked;
    into->total_requests += from->total_requests;
    into->total_errors += from->total_errors;
    into->total_sent += from->total_sent;
    into->total_opened += from->total_opened;
    into->total_unanswered += from->total_unanswered;
    into->total_resets += from->total_resets;
    into->total_idle_closed += from->total_idle_closed;
    into->idle_held += from->idle_held;
    into->asked += from->asked;
    into->served += from->served;
    into->starved += from->starved;
    into->refused += from->refused;
    into->unused += from->unused;
    into->unanswered += from->unanswered;
    into->unsent += from->unsent;
    into->in_flight += from->in_flight;
    into->cpu_ns += from->cpu_ns;
}

int load_combine(struct load_result *into, const struct load_result *from)
{
    if (join_lists(into, from) < 0)
        return -1;
    load_stats_add(&into->window, &from->window);
    histogram_add(&into->connect, &from->connect);
    add_counts(into, from);
    if (from->begin_wall_ns < into->begin_wall_ns)
        into->begin_wall_ns = from->begin_wall_ns;
    if (from->duration_ns > into->duration_ns)
        into->duration_ns = from->duration_ns;
    if (from->oldest_ns > into->oldest_ns)
        into->oldest_ns = from->oldest_ns;
    into->interrupted |= from->interrupted;
    return 0;
}

/* ---- packing ---- */

static size_t packed_size(const struct load_result *result)
{
    return sizeof(*result) + (size_t)HISTOGRAMS * CELLS_SIZE +
           result->threads * sizeof(*result->thread_shares) +
           result->served_each_count * sizeof(*result->served_each);
}

static char *put(char *at, const void *bytes, size_t size)
{
    if (size > 0)
        memcpy(at, bytes, size);
    return at + size;
}

static const char *get(const char *at, void *bytes, size_t size)
{
    if (size > 0)
        memcpy(bytes, at, size);
    return at + size;
}

void *load_combine_pack(const struct load_result *result, size_t *size)
{
    struct load_result copy = *result; /* of the struct alone: what it points to is only read */
    struct histogram *list[HISTOGRAMS];
    char *bytes = malloc(packed_size(result));

    if (bytes == NULL)
        return NULL;
    char *at = put(bytes, result, sizeof(*result));
    list_histograms(&copy, list);
    for (int i = 0; i < HISTOGRAMS; i++)
        at = put(at, list[i]->cells, CELLS_SIZE);
    at = put(at, result->thread_shares, result->threads * sizeof(*result->thread_shares));
    at = put(at, result->served_each, result->served_each_count * sizeof(*result->served_each));
    *size = (size_t)(at - bytes);
    return bytes;
}

/*
 * Takes what is known here out of a struct that came from elsewhere, where its pointers meant something. A
 * member that nobody has added here is missing in the sum; it is never a pointer into another process.
 */
static void take_struct(struct load_result *result, const void *bytes)
{
    struct histogram *list[HISTOGRAMS];
    struct load_result from;

    memcpy(&from, bytes, sizeof(from));
    *result = (struct load_result){
        .window = from.window,
        .connect = from.connect,
        .duration_ns = from.duration_ns,
        .begin_wall_ns = from.begin_wall_ns,
        .oldest_ns = from.oldest_ns,
        .interrupted = from.interrupted,
        .fairness = from.fairness,
        .threads = from.threads,
        .served_each_count = from.served_each_count,
    };
    add_counts(result, &from);
    list_histograms(result, list);
    for (int i = 0; i < HISTOGRAMS; i++)
        list[i]->cells = NULL;
}

int load_combine_unpack(struct load_result *result, const void *bytes, size_t size)
{
    struct histogram *list[HISTOGRAMS];
    bool complete = true;

    *result = (struct load_result){0};
    errno = EINVAL;
    if (size < sizeof(*result))
        return -1;
    take_struct(result, bytes);
    if (size != packed_size(result)) {
        *result = (struct load_result){0};
        return -1;
    }
    list_histograms(result, list);
    for (int i = 0; i < HISTOGRAMS; i++)
        complete = (list[i]->cells = malloc(CELLS_SIZE)) != NULL && complete;
    result->thread_shares = calloc(result->threads + 1, sizeof(*result->thread_shares));
    result->served_each = calloc(result->served_each_count + 1, sizeof(*result->served_each));
    if (!complete || result->thread_shares == NULL || result->served_each == NULL) {
        load_result_close(result);
        *result = (struct load_result){0};
        errno = ENOMEM;
        return -1;
    }
    const char *at = (const char *)bytes + sizeof(*result);
    for (int i = 0; i < HISTOGRAMS; i++)
        at = get(at, list[i]->cells, CELLS_SIZE);
    at = get(at, result->thread_shares, result->threads * sizeof(*result->thread_shares));
    get(at, result->served_each, result->served_each_count * sizeof(*result->served_each));
    return 0;
}
