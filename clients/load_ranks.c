/*
 * load_ranks - shares, and the common beginning.
 */
#include "load_ranks.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "clock.h"
#include "load_options.h"

#define MARGIN_NS (250 * NS_PER_MS) /* for the slowest of them to get going */

/* Seconds with up to nine decimals. False: not that. */
static bool parse_seconds(const char *text, int64_t *wall_ns)
{
    size_t whole = strspn(text, "0123456789");
    size_t fraction = text[whole] == '.' ? strspn(text + whole + 1, "0123456789") : 0;

    if (whole == 0 || whole > 10 || fraction > 9 || (text[whole] == '.' && fraction == 0) ||
        text[whole + (fraction > 0 ? fraction + 1 : 0)] != '\0')
        return false;
    *wall_ns = strtoll(text, NULL, 10) * NS_PER_S;
    int64_t unit_ns = NS_PER_S / 10;
    for (size_t i = 0; i < fraction; i++, unit_ns /= 10)
        *wall_ns += (text[whole + 1 + i] - '0') * unit_ns;
    return *wall_ns > 0;
}

/* 2025-11-25T03:00:00Z. strptime(3), timegm(3) */
static bool parse_date(const char *text, int64_t *wall_ns)
{
    struct tm parts = {0};
    const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &parts);

    if (rest == NULL || strcmp(rest, "Z") != 0)
        return false;
    *wall_ns = (int64_t)timegm(&parts) * NS_PER_S;
    return *wall_ns > 0;
}

const char *load_ranks_parse_time(const char *text, int64_t *wall_ns)
{
    if (parse_seconds(text, wall_ns) || parse_date(text, wall_ns))
        return NULL;
    return "--start-at takes seconds since 1970 (as date +%s prints them) or UTC such as "
           "2025-11-25T03:00:00Z";
}

uint64_t load_ranks_share(uint64_t total, uint64_t rank, uint64_t of)
{
    return total / of + (rank < total % of);
}

const char *load_ranks_apply(struct load_options *options, uint64_t rank, uint64_t of)
{
    if (of == 0 || of > LOAD_RANKS_MAX)
        return "--of takes the number of processes, 1 to 10000";
    if (rank >= of)
        return "--rank takes the number of this process, from 0 up and less than --of";
    options->rank = rank;
    options->of = of;
    options->connections_of_all = options->connections;
    options->connections = load_ranks_share(options->connections, rank, of);
    options->idle = load_ranks_share(options->idle, rank, of);
    if (options->connections == 0)
        return "--of must not exceed --connections: each process needs one of its own";
    if (options->threads > options->connections)
        return "--threads must not exceed --connections: each thread needs one of its own";
    return NULL;
}

int64_t load_ranks_opening_ns(const struct load_options *options)
{
    int64_t opening_ns = options->ramp_ns;

    if (opening_ns <= 0)
        opening_ns = (int64_t)options->connections_of_all * NS_PER_S / LOAD_OPEN_PER_SECOND;
    return opening_ns + MARGIN_NS;
}

int load_ranks_await(int64_t wall_ns)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    for (;;) { /* in pieces, because the clock may be set meanwhile */
        int64_t left_ns = wall_ns - clock_wall_ns();
        int64_t piece_ns = left_ns < NS_PER_S ? left_ns : NS_PER_S;

        if (left_ns <= 0)
            return 0;
        struct timespec time = {.tv_sec = piece_ns / NS_PER_S, .tv_nsec = piece_ns % NS_PER_S};
        if (sigtimedwait(&set, NULL, &time) > 0)
            return -1;
    }
}
