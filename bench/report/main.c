/*
 * tenk-report - what tenk-bench measured, as something to read.
 *
 *   run directories -> charts -> plots/NAME.svg (gnuplot)
 *                             -> report.html: findings, charts, tables, caveats, the machine, in one file
 *                             -> report.md
 *
 * This file wires the parts.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "family.h"
#include "interrupt.h"
#include "page.h"
#include "plot.h"
#include "report_options.h"
#include "why.h"

static int complain(const struct failure *failure)
{
    fprintf(stderr, "tenk-report: %s\n", failure->text);
    return (int)failure->status;
}

static int make_directory(const char *path, struct failure *failure)
{
    if (mkdir(path, 0777) == 0 || errno == EEXIST)
        return 0;
    return failure_set(failure, EXIT_HERE, "cannot make the directory %.300s: %s", path, strerror(errno));
}

/* ---- plots ---- */

static int draw_charts(const struct report *report, unsigned index, const char *gnuplot,
                       struct failure *failure)
{
    char directory[LAUNCH_PATH_MAX], path[LAUNCH_PATH_MAX];

    if (index == 0)
        snprintf(directory, sizeof(directory), "%.3900s/plots", report->output);
    else
        snprintf(directory, sizeof(directory), "%.3900s/plots-%u", report->output, index + 1);
    if (make_directory(directory, failure) < 0)
        return -1;
    for (unsigned i = 0; i < CHARTS; i++) {
        const struct chart *chart = &report->charts[index][i];

        snprintf(path, sizeof(path), "%.3900s/%s.svg", directory, chart->id);
        if (chart->count > 0 && plot_draw(gnuplot, chart, path, failure) < 0)
            return -1;
    }
    return 0;
}

static int draw(struct report *report, struct failure *failure)
{
    char gnuplot[LAUNCH_PATH_MAX];

    if (!plot_available(gnuplot)) {
        fputs("tenk-report: gnuplot is not installed (Debian: gnuplot-nox): plots/*.svg are left out\n",
              stderr);
        return 0;
    }
    for (unsigned i = 0; i < report->run_count; i++)
        if (draw_charts(report, i, gnuplot, failure) < 0)
            return -1;
    report->has_plots = true;
    return 0;
}

/* ---- the whole ---- */

static void tell_left_out(const struct report *report)
{
    for (unsigned i = 0; i < report->run_count; i++)
        for (unsigned c = 0; c < CHARTS; c++)
            if (report->charts[i][c].count == 0)
                printf("%s%sno %s chart: %s\n", report->run_count > 1 ? report->runs[i].name : "",
                       report->run_count > 1 ? ": " : "", report->charts[i][c].id,
                       report->charts[i][c].missing);
}

static void explain(const struct past_run *run)
{
    for (unsigned i = 0; i < run->group_count; i++) {
        const struct past_group *group = &run->groups[i];

        printf("%s: %u connection%s, %s\n", group->scenario, group->connections,
               group->connections == 1 ? "" : "s", group->client);
        why_print(stdout, run->cells + group->first, group->count);
        putchar('\n');
    }
}

/* The colours follow the models of the tenk-serve beside this program; without one all have the same. */
static void read_families(void)
{
    static struct registry registry; /* large */
    struct failure ignored;

    if (registry_read(&registry, &ignored) == 0)
        family_use(&registry);
}

static int open_runs(struct report *report, const struct report_options *options, struct failure *failure)
{
    for (unsigned i = 0; i < options->run_count; i++) {
        if (past_run_open(&report->runs[i], options->runs[i], failure) < 0)
            return -1;
        charts_make(report->charts[i], &report->runs[i]);
        report->run_count++;
    }
    report->title = options->title;
    snprintf(report->output, sizeof(report->output), "%.4000s",
             options->output ? options->output : report->runs[0].path);
    return 0;
}

static int run(struct report *report, const struct report_options *options, struct failure *failure)
{
    if (open_runs(report, options, failure) < 0)
        return -1;
    for (unsigned i = 0; options->explain && i < report->run_count; i++)
        explain(&report->runs[i]);
    if (options->explain)
        return 0;
    if (make_directory(report->output, failure) < 0 || (!options->no_plots && draw(report, failure) < 0) ||
        page_write(report, failure) < 0)
        return -1;
    tell_left_out(report);
    printf("%s/report.html\n", report->output);
    return 0;
}

int main(int argc, char **argv)
{
    static struct report report; /* large */
    struct report_options options;
    struct failure failure;
    int status = report_options_parse(&options, argc, argv);

    if (status >= 0)
        return status;
    interrupt_watch();
    read_families();
    status = run(&report, &options, &failure) < 0 ? complain(&failure) : EXIT_GOOD;
    for (unsigned i = 0; i < report.run_count; i++) {
        charts_free(report.charts[i]);
        past_run_close(&report.runs[i]);
    }
    return status;
}
