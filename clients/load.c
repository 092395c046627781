/*
 * tenk-load - loads a server, checks every answer, reports what the clients experienced.
 *
 *     options -> plan (what to send, what must come back) -> run (threads) -> result -> reports
 *
 * In reading order: load_options, load_plan (load_target, load_request, load_expect), load_worker
 * (load_conn, load_send, load_check, load_phase), load_reply (load_head), load_pace, load_stats,
 * load_run, load_report.
 *
 * Exit status: 0 good; 1 errors happened or nothing was served; 2 wrong usage; 3 cannot run here.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "load_options.h"
#include "load_plan.h"
#include "load_report.h"
#include "load_run.h"

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

static int report(const struct load_plan *plan, const struct load_result *result)
{
    const struct load_options *options = plan->options;

    if (options->json) {
        if (load_report_json(stdout, plan, result) < 0)
            return cannot_write("the results");
    } else if (options->csv) {
        load_report_csv(stdout, plan, result);
    } else {
        load_report_text(stdout, plan, result);
    }
    if (fflush(stdout) != 0)
        return cannot_write("the results");
    if (options->hlog != NULL && load_report_hlog(options->hlog, plan, result) < 0)
        return cannot_write(options->hlog);
    if (options->hgrm != NULL && load_report_hgrm(options->hgrm, result) < 0)
        return cannot_write(options->hgrm);
    return result->total_errors > 0 || result->served == 0 ? EXIT_FAULT : EXIT_GOOD;
}

int main(int argc, char **argv)
{
    struct load_options options;
    struct load_plan plan;
    struct load_result result;
    char error[LOAD_ERROR_TEXT_MAX] = "";

    int status = load_options_parse(argc, argv, &options);
    if (status >= 0)
        return status;
    status = load_plan_open(&plan, &options, error);
    if (status != 0) {
        complain(error);
        load_plan_close(&plan);
        return status;
    }
    status = load_run(&plan, &result, error);
    if (status != 0)
        complain(error);
    else
        status = report(&plan, &result);
    load_result_close(&result);
    load_plan_close(&plan);
    return status;
}
