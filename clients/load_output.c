/*
 * load_output - chooses the report, writes the files, judges.
 */
#include "load_output.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "load_report.h"

enum { EXIT_GOOD = 0, EXIT_FAULT = 1, EXIT_CANNOT = 3 };

int load_output_complain(const char *sentence)
{
    fprintf(stderr, "tenk-load: %s\n", sentence);
    return EXIT_CANNOT;
}

static int cannot_write(const char *path)
{
    fprintf(stderr, "tenk-load: cannot write %s: %s\n", path, strerror(errno));
    return EXIT_CANNOT;
}

static int report_to_stdout(const struct load_plan *plan, const struct load_steps *steps)
{
    const struct load_options *options = plan->options;

    if (options->json)
        return load_report_json(stdout, plan, steps);
    if (options->csv)
        load_report_csv(stdout, plan, steps);
    else if (options->benchstat)
        load_report_benchstat(stdout, plan, steps);
    else if (options->rates.count > 1 || options->objective.text != NULL)
        load_report_table(stdout, plan, steps);
    else
        load_report_text(stdout, plan, &steps->items[0]);
    return fflush(stdout);
}

/* Steps of a search may fail, that is how it finds out; it has failed when no rate holds. */
static int judge(const struct load_plan *plan, const struct load_steps *steps)
{
    if (plan->options->objective.text != NULL)
        return rate_search_holds(&steps->search) > 0 ? EXIT_GOOD : EXIT_FAULT;
    for (size_t i = 0; i < steps->count; i++)
        if (steps->items[i].total_errors > 0 || steps->items[i].served == 0)
            return EXIT_FAULT;
    return EXIT_GOOD;
}

int load_output(const struct load_plan *plan, const struct load_steps *steps)
{
    const struct load_options *options = plan->options;

    if (report_to_stdout(plan, steps) != 0)
        return cannot_write("the results");
    if (options->hlog != NULL && steps->count > 0 && load_report_hlog(options->hlog, plan, steps) < 0)
        return cannot_write(options->hlog);
    if (options->hgrm != NULL && load_report_hgrm(options->hgrm, &steps->items[0]) < 0)
        return cannot_write(options->hgrm);
    return judge(plan, steps);
}
