/*
 * load_combine - the results of several processes as one, as if one had held all connections; and a result as
 * bytes, to send it to another process.
 */
#ifndef LOAD_COMBINE_H
#define LOAD_COMBINE_H

#include <stddef.h>

#include "load_stats.h"

/*
 * Adds `from` into `into`: histograms cell by cell, counts and rates as sums, the window from the earliest
 * beginning and as long as the longest, fairness over all connections together. The kinds of a mix are not
 * told apart in the sum: it has none. 0, or -1 with ENOMEM and
 * `into` unchanged.
 */
int load_combine(struct load_result *into, const struct load_result *from);

/*
 * The result as bytes, for a process of the same program on a machine of the same kind. The caller frees
 * them. NULL with ENOMEM.
 */
void *load_combine_pack(const struct load_result *result, size_t *size);

/* The inverse, to be closed by load_result_close. 0, or -1 with ENOMEM or EINVAL (not such bytes). */
int load_combine_unpack(struct load_result *result, const void *bytes, size_t size);

#endif
