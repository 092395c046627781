/*
 * page_words - what a run says, in sentences made from its numbers. Plain text: whoever writes it escapes it.
 */
#ifndef PAGE_WORDS_H
#define PAGE_WORDS_H

#include "past_run.h"

/* "Server models compared: HOST, 2026-11-20", or of several runs. */
void words_title(char *text, size_t size, const struct past_run *runs, unsigned count);

/* What it was measured on, in one line. */
void words_about(char *text, size_t size, const struct past_run *run);

/* Receives one sentence or more. `label`: the scenario it is about; "" for the whole run. */
struct words_sink {
    void (*say)(void *context, const char *label, const char *text, bool warning);
    void *context;
};

/* Per scenario: the finding tenk-bench stated, and which models were cheaper, dearer, or showed no
 * difference. */
void words_findings(const struct words_sink *sink, const struct past_run *run);

/* What stands against believing it: invalid cells, noise, limits of the machine. */
void words_caveats(const struct words_sink *sink, const struct past_run *run);

#endif
