/*
 * tenk-load - loads a server, checks every answer, reports what the clients experienced.
 *
 *     options -> plan (what to send, what must come back) -> steps: run (threads) -> result -> reports
 *
 * In reading order: load_options (load_rates, load_objective), load_plan (load_target, load_mix,
 * load_request, load_expect), load_worker (load_connect, load_conn, load_send, load_check, load_phase,
 * load_life), load_reply (load_head),
 * load_pace, load_stats, load_run, load_steps (load_search, load_verdict,
 * load_ranks), load_report. Beside it: load_merge; load_selftest (load_child).
 *
 * Exit status: 0 good; 1 errors happened or nothing was served; 2 wrong usage; 3 cannot run here.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "load_merge.h"
#include "load_options.h"
#include "load_plan.h"
#include "load_report.h"
#include "load_selftest.h"
#include "load_steps.h"

enum { EXIT_GOOD = 0, EXIT_FAULT = 1, EXIT_CANNOT = 3 };

static int complain(const char *sentence)
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
        return load_search_holds(&steps->search) > 0 ? EXIT_GOOD : EXIT_FAULT;
    for (size_t i = 0; i < steps->count; i++)
        if (steps->items[i].total_errors > 0 || steps->items[i].served == 0)
            return EXIT_FAULT;
    return EXIT_GOOD;
}

static int report(const struct load_plan *plan, const struct load_steps *steps)
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

int main(int argc, char **argv)
{
    static struct load_steps steps;
    struct load_options options;
    struct load_plan plan;
    char error[LOAD_ERROR_TEXT_MAX] = "";

    if (argc > 1 && strcmp(argv[1], "merge") == 0)
        return load_merge_main(argc - 1, argv + 1);
    int status = load_options_parse(argc, argv, &options);
    if (status >= 0)
        return status;
    if (options.self_test)
        return load_selftest_main(&options);
    status = load_plan_open(&plan, &options, error);
    if (status != 0) {
        complain(error);
        load_plan_close(&plan);
        return status;
    }
    status = load_steps_run(&steps, &plan, &options, error);
    if (status != 0)
        complain(error);
    if (status == 0 || steps.count > 0) {
        int reported = report(&plan, &steps);
        status = status != 0 ? status : reported;
    }
    load_steps_close(&steps);
    load_plan_close(&plan);
    return status;
}
