/*
 * why_counters - what the rules of why.c ask the slices of a cell, and the words they write.
 */
#ifndef WHY_COUNTERS_H
#define WHY_COUNTERS_H

#include <stdbool.h>

#include "why.h"

enum { WHY_DETAIL_MAX = 400 };

struct why {
    const struct row *cell;
    const struct why_slices *slices;
    const char *missing;      /* the first counter that was asked for and is not there */
    const char *scan_missing; /* the same for the scan, without which the rest can still be told */
    char detail[WHY_DETAIL_MAX];
};

/*
 * A counter that a rule cannot do without, of the timed slices or of those that counted: the median. NaN when
 * it is missing, and then `missing` names it.
 */
double why_timed(struct why *why, unsigned column);
double why_counted(struct why *why, unsigned column);

/* One that may be null by nature. */
double why_timed_if_any(const struct why *why, unsigned column);

/* The CPUs of the server. */
struct cpu {
    double cores, room;     /* CPUs' worth of time it used, and could have used: one per thread at most */
    unsigned cpus, threads; /* threads 0: not known */
    double kernel;          /* share of CPU time; NaN: not known */
};

struct cpu why_cpu(struct why *why);
bool why_cpu_is_full(const struct cpu *cpu);

/* How long the handler takes, in us, where the target says so ("/wait/5000"); NaN: it does not. */
double why_handler_us(const struct why *why, const char *target);

/* ---- words, added to `detail` ---- */

void why_say(struct why *why, const char *format, ...) __attribute__((format(printf, 2, 3)));
void why_say_cores(struct why *why, const struct cpu *cpu);
void why_say_busy(struct why *why); /* server and client */

/* What other programs and the hypervisor took. */
void why_say_foreign(struct why *why, const char *others, const char *before);

#endif
