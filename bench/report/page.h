/*
 * page - report.html and report.md.
 *
 * The page is one file: template, style and script are read from bench/report/ (share/tenk/report/ when
 * installed) and put into it, so that it needs nothing else and works offline. Every text that comes from a
 * run is escaped.
 */
#ifndef PAGE_H
#define PAGE_H

#include <stdio.h>

#include "chart.h"
#include "report_options.h"

struct report {
    struct past_run runs[REPORT_RUNS_MAX];
    struct chart charts[REPORT_RUNS_MAX][CHARTS];
    unsigned run_count;
    char output[LAUNCH_PATH_MAX]; /* directory */
    const char *title;            /* NULL: made from the runs */
    bool has_plots;
};

/* Writes both files into report->output. 0; -1 with a sentence. */
int page_write(const struct report *report, struct failure *failure);

/* ---- the parts of the page, each in a file of its own ---- */

void page_findings(FILE *out, const struct past_run *run);
void page_caveats(FILE *out, const struct past_run *run);
void page_charts(FILE *out, const struct chart charts[CHARTS], unsigned index);
void page_capacities(FILE *out, const struct past_run *run);
void page_table(FILE *out, const struct report *report, const struct past_run *run, unsigned index);
void page_machine(FILE *out, const struct past_run *run);
void page_comparison(FILE *out, const struct past_run *base, const struct past_run *other);
void page_duet(FILE *out, const struct past_run *run); /* nothing of a run that is none */
int page_markdown(const struct report *report, struct failure *failure);

#endif
