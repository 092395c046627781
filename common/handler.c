/* handler - see handler.h. */
#include "handler.h"

#include "clock.h"
#include "counters.h"
#include "http_syntax.h"

#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

/* ---- routes ---- */

struct target {
    const char *path; /* ends in '/' when a number follows */
    enum handler_route route;
    uint64_t argument_max; /* 0: takes none */
};

static const struct target targets[] = {
    {"/", ROUTE_TEXT, 0},
    {"/bytes/", ROUTE_BYTES, HTTP_BODY_MAX},
    {"/spin/", ROUTE_SPIN, HANDLER_WAIT_MAX_US},
    {"/wait/", ROUTE_WAIT, HANDLER_WAIT_MAX_US},
    {"/echo", ROUTE_ECHO, 0},
    {"/model", ROUTE_MODEL, 0},
    {"/stats", ROUTE_STATS, 0},
};

static const struct target *find_target(struct slice path)
{
    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
        const struct target *target = &targets[i];
        size_t size = strlen(target->path);
        bool fits = target->argument_max > 0 ? path.size > size : path.size == size;

        if (fits && memcmp(path.at, target->path, size) == 0)
            return target;
    }
    return NULL;
}

/* Decimal digits only, at most `max`. */
static bool parse_argument(const char *digits, size_t size, uint64_t max, uint64_t *argument)
{
    uint64_t value = 0;

    for (size_t i = 0; i < size; i++) {
        if (digits[i] < '0' || digits[i] > '9')
            return false;
        value = value * 10 + (uint64_t)(digits[i] - '0');
        if (value > max)
            return false;
    }
    *argument = value;
    return true;
}

static bool takes_method(const struct target *target, enum http_method method)
{
    return target->route == ROUTE_ECHO ? method == HTTP_POST : method == HTTP_GET || method == HTTP_HEAD;
}

enum { TARGET_MAX = 64 }; /* of a decoded path: longer than all of ours */

/* "%2F" means the byte 0x2F (RFC 9110, 4.2.3). A path that has to be decoded stands in `room` then. */
static struct slice decoded(struct slice path, char room[TARGET_MAX])
{
    size_t size;

    if (memchr(path.at, '%', path.size) == NULL)
        return path;
    size = http_decode(path, room, TARGET_MAX);
    return (struct slice){room, size <= TARGET_MAX ? size : 0};
}

int handler_route(const struct http_request *request, enum handler_route *route, uint64_t *argument)
{
    char room[TARGET_MAX];

    if (request->method == HTTP_OTHER)
        return 501;
    struct slice path = decoded((struct slice){request->target, request->target_size}, room);
    const struct target *target = find_target(path);
    if (target == NULL)
        return 404;
    *route = target->route;
    *argument = 0;
    if (!takes_method(target, request->method))
        return 405;
    size_t prefix = strlen(target->path);
    if (target->argument_max > 0 &&
        !parse_argument(path.at + prefix, path.size - prefix, target->argument_max, argument))
        return 400;
    return 0;
}

const char *handler_allow(enum handler_route route)
{
    return route == ROUTE_ECHO ? "POST" : "GET, HEAD";
}

/* ---- spin ---- */

enum { SPIN_STEPS = 2000 }; /* a few microseconds between two looks at the clock */

void handler_spin(uint64_t usec)
{
    int64_t end_ns = clock_thread_cpu_ns() + (int64_t)usec * NS_PER_US;
    volatile uint32_t state = 1;

    while (clock_thread_cpu_ns() < end_ns)
        for (int i = 0; i < SPIN_STEPS; i++)
            state = state * 1664525u + 1013904223u;
}

/* ---- pattern ---- */

enum { PATTERN_SIZE = HANDLER_PATTERN_PERIOD * 1008 }; /* just under 64 KiB: few sends, fits the cache */

static const char period[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_\n";
static char pattern[PATTERN_SIZE];
static pthread_once_t pattern_once = PTHREAD_ONCE_INIT;

static_assert(sizeof period - 1 == HANDLER_PATTERN_PERIOD, "the period is what its name says");

static void fill_pattern(void)
{
    for (size_t i = 0; i < PATTERN_SIZE; i++)
        pattern[i] = period[i % HANDLER_PATTERN_PERIOD];
}

size_t handler_pattern(uint64_t at_offset, uint64_t size, const char **bytes)
{
    size_t start = at_offset % HANDLER_PATTERN_PERIOD;
    size_t have = PATTERN_SIZE - start;

    pthread_once(&pattern_once, fill_pattern);
    *bytes = pattern + start;
    return size < have ? (size_t)size : have;
}

/* ---- stats ---- */

size_t handler_stats(const struct service *service, char *text)
{
    struct counters_sum sum = {0};
    char fields[HANDLER_STATS_MAX - 128];

    if (service->counters != NULL)
        sum = counters_sum(service->counters);
    counters_json(&sum, fields, sizeof fields);
    int n = snprintf(text, HANDLER_STATS_MAX, "{\"model\": \"%.63s\", %s}\n", service->model, fields);
    return (size_t)n < HANDLER_STATS_MAX ? (size_t)n : HANDLER_STATS_MAX - 1;
}
