/*
 * made_run - run directories with known contents, for tests of the programs that read them. What a real
 * run holds is measured and never the same; here a difference is there because the test put it there.
 */
#ifndef MADE_RUN_H
#define MADE_RUN_H

#include <stdbool.h>
#include <stdint.h>

enum { MADE_ROUNDS = 24, MADE_ROUNDS_PER_START = 8, MADE_CONNECTIONS = 64, MADE_SEARCHES = 8 };

struct made_run {
    uint64_t seed;            /* of the noise */
    double noise;             /* of one slice, as a fraction (0.01) */
    double drift;             /* every figure of the run times this: the machine was slower (1) */
    double epoll_cpu;         /* epoll's CPU time per request times this (1) */
    double epoll_syscalls;    /* system calls per request of epoll (2.04) */
    double epoll_capacity;    /* highest rate at which epoll keeps the objective, times this (1) */
    double epoll_late;        /* its latency at half of that, times this (1) */
    const char *kernel;       /* "6.1.0" */
    const char *slice;        /* of the scenario: "1s" */
    const char *epoll_reason; /* of all of epoll's slices; NULL: they are valid */
    const char *models;       /* "ceiling epoll poll" */
    bool torn;                /* the last line of the samples is cut short */
};

struct made_run made_run_default(void);

/* Writes the directory, which must not exist. */
void made_run_write(const char *path, const struct made_run *made);

/*
 * The same for a duet of one model: epoll@base twice and epoll@new per round, alternately (kind timing) and
 * at the same time (kind duet); epoll_cpu is that of epoll@new.
 */
void made_duet_write(const char *path, const struct made_run *made);

/*
 * The same for a scenario that searches capacities (p99<10ms) and then offers half of each: ceiling twice and
 * epoll.
 */
void made_capacity_write(const char *path, const struct made_run *made);

#endif
