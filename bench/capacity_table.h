/*
 * capacity_table - from searches to one row per model: the median, its interval over the searches, and how it
 * stands to the control, search by search.
 */
#ifndef CAPACITY_TABLE_H
#define CAPACITY_TABLE_H

#include "columns.h"
#include "failure.h"
#include "session.h"
#include "statistics.h"

/* A search looks to 5 %: smaller differences are not claimed whatever the interval says. */
extern const double capacity_claim;

/* All models at one connection count. */
struct capacity_group {
    const struct session_part *part;
    unsigned connections;
    struct estimate same; /* the control's second copy over its first, search by search */
    double floor;         /* max(5 %, how far that reaches from 1); NaN: not known */
    struct row *rows;     /* capacity_columns; sorted: the highest first, those without one last */
    unsigned count;
};

struct capacity_table {
    struct capacity_group *groups;
    unsigned count;
};

/* 0; -1 when out of memory. */
int capacity_table_make(struct capacity_table *table, const struct session *session, struct failure *failure);
void capacity_table_free(struct capacity_table *table);

/* Whether a row has a capacity that is the server's own, and so is ranked. */
bool capacity_ranked(const struct row *row);

/* The capacity of model `a` over that of model `b`, paired by search. Too few searches: NaN. */
struct estimate capacity_compare(const struct session *session, const struct capacity_group *group,
                                 const char *a, const char *b);

#endif
