/*
 * histogram_v2 - the V2 encoding of HdrHistogram, the word of text at the end of a line of an interval
 * log. For histogram_log.c; programs use histogram.h.
 */
#ifndef HISTOGRAM_V2_H
#define HISTOGRAM_V2_H

#include "histogram.h"

/* The histogram as one word of base64, which the caller frees. NULL with ENOMEM. */
char *histogram_v2_text(const struct histogram *histogram);

/*
 * Decodes such a word, which is destroyed, into an empty histogram; minimum and maximum are the outer
 * ends of their cells. 0, or -1 with EINVAL (not such a word) or ENOMEM and `into` in pieces.
 */
int histogram_v2_read(char *text, struct histogram *into);

#endif
