/*
 * summary - from slices to cells: medians, paired ratios with their interval, verdicts.
 */
#ifndef SUMMARY_H
#define SUMMARY_H

#include "capacity_table.h"
#include "columns.h"
#include "session.h"
#include "statistics.h"
#include "verdict.h"

/* All models at one connection count under one client. */
struct summary_group {
    const struct session_part *part;
    enum client_kind client;
    unsigned connections;
    double load;          /* fraction of each model's own capacity that was offered; 0: not so */
    struct estimate same; /* the control's second copy over its first: what no difference looks like */
    double floor;         /* how far that reaches from 1: smaller differences are not claimed */
    struct row *cells;    /* sorted: ranked ones by CPU per request, partly served ones, invalid ones */
    unsigned count;
};

struct summary {
    const struct session *session;
    struct summary_group *groups;
    unsigned count;
    struct capacity_table capacities;
    unsigned slices, repeats, noisy; /* slices measured; run again; of the final ones still noisy */
    bool fault;                      /* a cell is invalid for a reason that is a fault */
};

/* 0; -1 when out of memory. */
int summary_make(struct summary *summary, const struct session *session, struct failure *failure);
void summary_free(struct summary *summary);

/* How a cell stands in a table. */
enum standing { STANDING_RANKED, STANDING_PARTLY_SERVED, STANDING_INVALID };
enum standing summary_standing(const struct row *cell);

/* The paired ratio of a column (of CPU time or rate) of model `a` over model `b` in the group. */
struct estimate summary_compare(const struct summary *summary, const struct summary_group *group,
                                const char *a, const char *b, unsigned column);

/* The first group of that client at that connection count in the same scenario, or NULL. */
const struct summary_group *summary_find_group(const struct summary *summary, const struct session_part *part,
                                               enum client_kind client, unsigned connections);

/* Where the latencies of a cell are kept in the run directory: "cells/quick-64-epoll.hlog". Returns name. */
enum { SUMMARY_LOG_NAME_MAX = 256 };
const char *summary_log_name(const struct row *cell, char name[SUMMARY_LOG_NAME_MAX]);

const struct row *summary_find_cell(const struct summary_group *group, const char *model);

#endif
