/*
 * report_options - see report_options.h.
 */
#include "report_options.h"

#include <stdio.h>

#include "failure.h"
#include "options.h"

static const char usage[] = "usage: tenk-report RUN [RUN ...] [options]\n"
                            "\n"
                            "Turns what tenk-bench measured into something to read: report.html (one file, "
                            "works offline), report.md, and\n"
                            "plots/*.svg. RUN is a run directory. Given several runs, each is shown, and "
                            "each is compared with the first; of a\n"
                            "duet its two programs are compared.\n"
                            "\n";

static const char notes[] =
    "\n"
    "Plots are drawn by gnuplot; without it they are left out, with a word. A chart whose data a run does "
    "not have is\n"
    "left out, and the report says why.\n"
    "\n"
    "Exit status: 0 good; 2 wrong usage, or a directory that is no run; 3 cannot write, or gnuplot failed.\n";

static int complain(const char *sentence)
{
    fprintf(stderr, "tenk-report: %s\n", sentence);
    return EXIT_USAGE;
}

int report_options_parse(struct report_options *options, int argc, char **argv)
{
    const struct option_spec specs[] = {
        {"output", 'o', OPTION_TEXT, &options->output, "DIRECTORY",
         "where to write (the first run's directory)"},
        {"title", 0, OPTION_TEXT, &options->title, "TEXT", "headline of the report"},
        {"explain", 0, OPTION_FLAG, &options->explain, NULL, "print what bound each cell, and write nothing"},
        {"no-plots", 0, OPTION_FLAG, &options->no_plots, NULL, "do not draw plots/*.svg"},
        {"help", 'h', OPTION_FLAG, &options->help, NULL, "this text"},
        {0},
    };
    char error[OPTIONS_ERROR_MAX];
    int first = 0;

    *options = (struct report_options){0};
    if (options_parse(specs, argc, argv, &first, error) < 0)
        return complain(error);
    if (options->help) {
        fputs(usage, stdout);
        options_help(stdout, specs);
        fputs(notes, stdout);
        return EXIT_GOOD;
    }
    if (first == argc)
        return complain("which run? tenk-report RUN, a directory that tenk-bench made");
    if (argc - first > REPORT_RUNS_MAX) {
        snprintf(error, sizeof(error), "at most %d runs in one report", REPORT_RUNS_MAX);
        return complain(error);
    }
    options->runs = argv + first;
    options->run_count = (unsigned)(argc - first);
    return -1;
}
