/*
 * tenk-load - loads a server, checks every answer, reports what the clients experienced.
 *
 *     options -> plan (what to send, what must come back) -> steps: run (threads) -> result -> reports
 *
 * In reading order: load_options (load_rates, objective), load_plan (load_target, load_mix,
 * load_request, load_expect), load_worker (load_connect, load_conn, load_send, load_check, load_phase,
 * load_life), load_reply (load_head),
 * load_pace, load_stats, load_run, load_steps (rate_search, load_verdict,
 * load_ranks), load_output (load_report). Beside it: load_merge; load_selftest (load_child).
 *
 * Exit status: 0 good; 1 errors happened or nothing was served; 2 wrong usage; 3 cannot run here.
 */
#include <stdio.h>
#include <string.h>

#include "load_merge.h"
#include "load_options.h"
#include "load_output.h"
#include "load_plan.h"
#include "load_selftest.h"
#include "load_steps.h"

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
        load_output_complain(error);
        load_plan_close(&plan);
        return status;
    }
    status = load_steps_run(&steps, &plan, &options, error);
    if (status != 0)
        load_output_complain(error);
    if (status == 0 || steps.count > 0) {
        int reported = load_output(&plan, &steps);
        status = status != 0 ? status : reported;
    }
    load_steps_close(&steps);
    load_plan_close(&plan);
    return status;
}
