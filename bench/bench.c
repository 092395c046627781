/*
 * tenk-bench - measures server models and says how much each costs.
 *
 *   scenarios -> cells -> a shuffled plan of slices -> one row per slice, on disk at once
 *             -> paired ratios, verdicts -> a table, results.csv, results.json, results.md
 *
 * This file wires the parts; the method is in bench/README.md.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#include "compare_report.h"
#include "environment.h"
#include "interrupt.h"
#include "report.h"
#include "run_json.h"
#include "selfcheck.h"
#include "setup.h"
#include "summary.h"
#include "syscalls.h"
#include "units.h"

static int complain(const struct failure *failure)
{
    fprintf(stderr, "tenk-bench: %s\n", failure->text);
    return (int)failure->status;
}

/* ---- the plan, before anything runs ---- */

static void print_part(const struct session_part *part)
{
    const struct scenario *scenario = &part->scenario;
    char slice[UNITS_TEXT_MAX], ramp[UNITS_TEXT_MAX], turns[SCENARIO_NAME_MAX];

    fprintf(stderr, "%s: %u models x connections", scenario->name, scenario->models.count);
    for (unsigned i = 0; i < scenario->connections.count; i++)
        fprintf(stderr, " %u", scenario->connections.items[i]);
    fprintf(stderr, ", %u %s %s%s after %s of ramp",
            (unsigned)(scenario->capacity[0] ? scenario->searches : scenario->rounds),
            scenario->capacity[0] ? "searches of the capacity in slices of" : "rounds of",
            units_format_duration(slice, scenario->slice_ns),
            scenario_turns_words(scenario, turns, sizeof(turns)),
            units_format_duration(ramp, scenario->ramp_ns));
    fprintf(stderr, "%s; %u slices, %u starts\n", scenario_has_client(scenario, "wrk") ? ", wrk beside" : "",
            part->plan.count, part->plan.blocks);
    for (unsigned i = 0; i < part->registry.count; i++)
        if (part->registry.models[i].unavailable[0] &&
            name_list_has(&scenario->models, part->registry.models[i].name))
            fprintf(stderr, "%s: left out: %s\n", part->registry.models[i].name,
                    part->registry.models[i].unavailable);
}

static bool is_counted(const struct session *session)
{
    for (unsigned p = 0; p < session->part_count; p++)
        for (unsigned i = 0; i < session->parts[p].plan.count; i++)
            if (session->parts[p].plan.slices[i].cost)
                return true;
    return false;
}

static void print_plan(const struct session *session)
{
    char time[UNITS_TEXT_MAX];
    unsigned done, slices = session_slices(session, &done);
    const char *obstacle = is_counted(session) ? syscalls_obstacle() : NULL;

    for (unsigned i = 0; i < session->part_count; i++)
        print_part(&session->parts[i]);
    if (obstacle)
        fprintf(stderr, "system calls are not counted: %s\n", obstacle);
    if (done > 0)
        fprintf(stderr, "%u of %u slices are there already\n", done, slices);
    fprintf(stderr, "%s %s; seed %ju", done < slices ? "about" : "nothing left to run,",
            done < slices ? units_format_duration(time, session_expected_ns(session)) : "only to report",
            (uintmax_t)session->seed);
    if (session->run.path[0])
        fprintf(stderr, "; %s", session->run.path);
    putc('\n', stderr);
}

static const char *slice_word(const struct slice *slice)
{
    if (slice->turns)
        return "turns";
    return slice->cost || slice->search || slice->beside > 0 ? slice_kind(slice) : client_name(slice->client);
}

static void print_slices(const struct session *session)
{
    for (unsigned p = 0; p < session->part_count; p++) {
        const struct session_part *part = &session->parts[p];

        for (unsigned i = 0; i < part->plan.count; i++) {
            const struct slice *slice = &part->plan.slices[i];

            printf("%s %u start %u round %u %s %s%s %u\n", part->scenario.name, slice->index, slice->block,
                   slice->round, slice_word(slice), part->scenario.models.items[slice->model],
                   slice->copy > 0 ? " (copy)" : "", slice->connections);
        }
    }
}

/* ---- the end ---- */

/* A duet is a comparison: the same table as `tenk-compare DIRECTORY`. */
static void print_comparison(const struct session *session, json_t *root, bool resampled)
{
    struct recorded view = {.run = session->run, .samples = session->samples, .json = root}; /* not owned */
    struct comparison_setting setting = {.before = &view, .after = &view, .seed = session->seed};
    struct comparison_table table;
    struct failure failure;

    view.scenarios = calloc(session->part_count, sizeof(*view.scenarios));
    for (; view.scenarios && view.scenario_count < session->part_count; view.scenario_count++)
        view.scenarios[view.scenario_count] = session->parts[view.scenario_count].scenario;
    if (comparison_make(&table, &setting, &failure) < 0)
        complain(&failure);
    else
        compare_report_text(stdout, &table, &setting, NULL);
    if (resampled && selfcheck_print(stdout, &view, SELFCHECK_SESSIONS, session->seed, &failure) < 0)
        complain(&failure);
    comparison_free(&table);
    free(view.scenarios);
}

static bool is_duet(const struct session *session)
{
    return session->parts[0].scenario.duet_base[0] != '\0';
}

static int finish(struct session *session, const struct bench_options *options, json_t *root,
                  enum session_outcome outcome, struct failure *failure)
{
    struct summary summary;
    struct failure later;
    unsigned done, slices = session_slices(session, &done);
    int status = EXIT_GOOD;

    if (session->slices_run > 0 || outcome != SESSION_COMPLETE)
        run_json_ended(root, session, outcome == SESSION_COMPLETE);
    if (summary_make(&summary, session, &later) < 0)
        return complain(&later);
    if (is_duet(session))
        print_comparison(session, root, options->aa && outcome == SESSION_COMPLETE);
    else
        report_tables(stdout, &summary, options->explain ? REPORT_EXPLAINED : REPORT_TEXT);
    if (run_json_write(session, root, &later) < 0 || report_files(&summary, root, &later) < 0)
        status = complain(&later);
    if (outcome == SESSION_FAILED)
        status = complain(failure);
    if (outcome == SESSION_INTERRUPTED)
        fprintf(stderr,
                "interrupted: %u of %u slices are measured and kept; go on with: tenk-bench --resume %s\n",
                done, slices, session->run.path);
    else
        printf("%s\n", session->run.path);
    if (outcome == SESSION_COMPLETE && session_stopped(session))
        fprintf(stderr,
                "stopped early with %u of %u slices; the rest is measured by: tenk-bench --resume %s\n", done,
                slices, session->run.path);
    if (status == EXIT_GOOD && (summary.fault || outcome == SESSION_INTERRUPTED))
        status = EXIT_FAULT;
    summary_free(&summary);
    return status;
}

static int run(struct session *session, const struct bench_options *options, int argc, char **argv)
{
    char revision[REVISION_MAX];
    enum session_outcome outcome;
    struct failure failure;
    json_t *root = NULL;
    int status;

    if ((options->resume ? setup_resume(session, options, &root, &failure)
                         : setup_new(session, options, &failure)) < 0) {
        json_decref(root);
        return complain(&failure);
    }
    if (options->plan) {
        print_slices(session);
        print_plan(session);
        json_decref(root);
        return EXIT_GOOD;
    }
    environment_revision(revision);
    if (!root &&
        run_directory_create(&session->run, options->results, options->output, revision, &failure) < 0)
        return complain(&failure);
    if (!root)
        root = run_json_new(session, argc, argv, revision);
    else if (session_expected_ns(session) > 0)
        run_json_resumed(root, revision);
    status = run_json_write(session, root, &failure);
    if (status == 0 && !options->resume)
        status = run_json_write_scenarios(session, &failure);
    if (status < 0) {
        json_decref(root);
        return complain(&failure);
    }
    print_plan(session);
    outcome = session_run(session, &failure);
    status = finish(session, options, root, outcome, &failure);
    json_decref(root);
    return status;
}

int main(int argc, char **argv)
{
    struct bench_options options;
    struct session session;
    int status = bench_options_parse(&options, argc, argv);

    if (status >= 0)
        return status;
    interrupt_watch();
    prctl(PR_SET_CHILD_SUBREAPER, 1); /* what a server leaves behind becomes ours to find and end */
    status = run(&session, &options, argc, argv);
    setup_free(&session);
    return status;
}
