/*
 * load_ranks - several processes, often on several machines, that load one server together.
 *
 * Process R of N (--rank, --of) holds its share of the connections and sends its share of the rate, from
 * addresses and with random numbers of its own. They do not talk: all of them get the same command line but
 * for
 * --rank, and begin at one time of day (--start-at). Their histograms are added afterwards (load_merge).
 */
#ifndef LOAD_RANKS_H
#define LOAD_RANKS_H

#include <stdint.h>

struct load_options;

enum { LOAD_RANKS_MAX = 10000 };

/*
 * Reads a time of day: seconds since 1970 ("1764039600", "1764039600.5", what date +%s prints), or UTC as
 * "2025-11-25T03:00:00Z". NULL, or a sentence that says what --start-at takes.
 */
const char *load_ranks_parse_time(const char *text, int64_t *wall_ns);

/* The part of `total` that process `rank` of `of` has: parts differ by 1 at most and add up to `total`. */
uint64_t load_ranks_share(uint64_t total, uint64_t rank, uint64_t of);

/*
 * Makes these the options of process `rank` of `of`: connections and idle become its share. NULL, or a
 * sentence that says why that cannot be.
 */
const char *load_ranks_apply(struct load_options *options, uint64_t rank, uint64_t of);

/*
 * How long after --start-at the first request of the schedule is due: until then everybody has opened
 * connections. The same for all processes, because it follows from their common options.
 */
int64_t load_ranks_opening_ns(const struct load_options *options);

/* Sleeps until the clock on the wall says so. 0, or -1 when SIGINT or SIGTERM, which are blocked, came first.
 */
int load_ranks_await(int64_t wall_ns);

#endif
