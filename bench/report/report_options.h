/*
 * report_options - the command line of tenk-report.
 */
#ifndef REPORT_OPTIONS_H
#define REPORT_OPTIONS_H

#include <stdbool.h>

enum { REPORT_RUNS_MAX = 8 };

struct report_options {
    const char *output; /* directory; NULL: the first run's */
    const char *title;  /* NULL: made from the runs */
    bool explain, no_plots, help;
    char **runs;
    unsigned run_count;
};

/* -1: go on; else the status to end with. Prints help and complaints. */
int report_options_parse(struct report_options *options, int argc, char **argv);

#endif
