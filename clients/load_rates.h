/*
 * load_rates - the rates of --rate: one, or a ladder "1k,2k,5k" of which each step is a measurement.
 */
#ifndef LOAD_RATES_H
#define LOAD_RATES_H

#include <stddef.h>
#include <stdint.h>

#include "rate_search.h"

enum { LOAD_STEPS_MAX = RATE_SEARCH_STEPS_MAX }; /* a step keeps about 1 MiB of histograms until the end */

struct load_rates {
    uint64_t items[LOAD_STEPS_MAX]; /* requests per second, none of them 0 */
    size_t count;                   /* 0: closed loop */
};

/* Reads "1k,2k,5k". NULL, or a sentence that says what --rate takes. */
const char *load_rates_parse(const char *text, struct load_rates *rates);

#endif
