/*
 * tenk-advise - which model for this load, with how many workers, and how sure is that?
 *
 *   workload -> candidates -> screening -> rounds between the best -> three lines
 *
 * This file wires the parts; the method is in bench/README.md.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#include "advise_aa.h"
#include "advise_look.h"
#include "clock.h"
#include "interrupt.h"
#include "machine.h"
#include "options.h"
#include "premises.h"
#include "units.h"

static const char usage[] =
    "usage: tenk-advise [options]\n"
    "\n"
    "Runs a short search on this machine and answers in three lines: the model and the number of workers to\n"
    "choose, by how much it is better than the next one, and which that is.\n"
    "\n"
    "    tenk advise --connections 2000 --wait 5ms --objective 'p99<20ms'\n"
    "\n";

static const char notes[] =
    "\n"
    "Better is: keeps the objective; then more requests per second; where no difference of those is shown,\n"
    "less CPU time per request. Where none is shown at all the answer says so. Progress and who is left out "
    "go to stderr.\n"
    "Exit status: 0 answered; 1 nothing keeps the objective, or interrupted; 2 wrong usage, or too small a\n"
    "budget; 3 cannot run here. The method: bench/README.md.\n";

enum { ASKED_TWICE = 2 };

struct options {
    uint64_t connections, seed;
    int64_t wait_ns, spin_ns, budget_ns;
    const char *objective, *server_cpus, *client_cpus, *log;
    struct option_list models;
    bool aa, help;
};

static int complain(const struct failure *failure)
{
    fprintf(stderr, "tenk-advise: %s\n", failure->text);
    return (int)failure->status;
}

/* ---- the command line ---- */

/* -1: go on; else the status to exit with. */
static int parse(struct options *options, int argc, char **argv)
{
    const struct option_spec specs[] = {
        {"connections", 'c', OPTION_COUNT, &options->connections, "N", "clients, all of them busy (64)"},
        {"wait", 0, OPTION_DURATION, &options->wait_ns, "TIME",
         "every request waits so long, as for a database (0)"},
        {"spin", 0, OPTION_DURATION, &options->spin_ns, "TIME", "every request computes so long (0)"},
        {"objective", 'o', OPTION_TEXT, &options->objective, "'p99<20ms'",
         "the latency that has to be kept (any will do)"},
        {"budget", 0, OPTION_DURATION, &options->budget_ns, "TIME", "the answer is there by then (60s)"},
        {"models", 'm', OPTION_LIST, &options->models, "NAME", "look at this model; may be repeated (all)"},
        {"seed", 0, OPTION_COUNT, &options->seed, "N", "of the order and the rates (from the clock)"},
        {"log", 0, OPTION_TEXT, &options->log, "FILE", "writes every slice there, as CSV"},
        {"aa", 0, OPTION_FLAG, &options->aa, NULL,
         "measures the one --models NAME as if it were two: how often would a difference be claimed?"},
        PREMISES_CPU_OPTIONS(&options->server_cpus, &options->client_cpus),
        {"help", 'h', OPTION_FLAG, &options->help, NULL, "this text"},
        {0},
    };
    char error[OPTIONS_ERROR_MAX];
    int first = 0;

    *options = (struct options){.connections = 64, .budget_ns = 60 * NS_PER_S};
    if (options_parse(specs, argc, argv, &first, error) < 0) {
        fprintf(stderr, "tenk-advise: %s\n", error);
        return EXIT_USAGE;
    }
    if (options->help) {
        fputs(usage, stdout);
        options_help(stdout, specs);
        fputs(notes, stdout);
        return EXIT_GOOD;
    }
    if (first < argc) {
        fprintf(stderr, "tenk-advise: \"%.60s\" is no option; --help lists them\n", argv[first]);
        return EXIT_USAGE;
    }
    return -1;
}

static int read_workload(struct advise_workload *workload, const struct options *options,
                         struct failure *failure)
{
    const char *wrong = NULL;

    *workload = (struct advise_workload){
        .connections = options->connections > SCENARIO_CONNECTIONS_MAX ? 0 : (unsigned)options->connections,
        .wait_ns = options->wait_ns,
        .spin_ns = options->spin_ns,
    };
    if (options->objective && (wrong = objective_parse(options->objective, &workload->objective)))
        return failure_set(failure, EXIT_USAGE, "--objective %.60s: %.300s", options->objective, wrong);
    return advise_workload_check(workload, failure);
}

/* ---- preparing ---- */

static int set_scenario(struct scenario *scenario, const struct advise_workload *workload,
                        const struct option_list *models, struct failure *failure)
{
    char names[SCENARIO_LIST_MAX * SCENARIO_NAME_MAX] = "";

    scenario_defaults(scenario);
    strcpy(scenario->name, "advise");
    strcpy(scenario->control, "none");
    advise_workload_target(workload, scenario->target, sizeof(scenario->target));
    scenario->connections = (struct count_list){.items = {workload->connections}, .count = 1};
    scenario->foreign_cpu_max = scenario->steal_max = 1e9; /* noise must not hide what else is wrong */
    for (size_t i = 0; i < models->count; i++) {
        size_t used = strlen(names);

        snprintf(names + used, sizeof(names) - used, " %s", models->items[i]);
    }
    return models->count > 0 ? scenario_set(scenario, "models", names, failure) : 0;
}

/* The copy's name is another for the same: over tcp. */
static int make_copy(struct advise_race *race, struct failure *failure)
{
    struct name_list *models = &race->scenario.models;

    if (models->count != 1 || strcmp(models->items[0], "all") == 0)
        return failure_set(failure, EXIT_USAGE, "--aa measures one model twice: name it with --models");
    snprintf(models->items[1], SCENARIO_NAME_MAX, "%.*s+tcp", SCENARIO_NAME_MAX - 5, models->items[0]);
    models->count = 2;
    return 0;
}

/* The candidates, variants and all, in registry and scenario. */
static int choose_models(struct advise_race *race, struct failure *failure)
{
    if (registry_read(&race->registry, failure) < 0 ||
        advise_candidates(&race->registry, race->field.workload, (unsigned)CPU_COUNT(&race->server_cpus),
                          &race->scenario.models, stderr, failure) < 0 ||
        (race->aa && make_copy(race, failure) < 0) ||
        registry_add_variants(&race->registry, &race->scenario, failure) < 0)
        return -1;
    return registry_choose(&race->registry, &race->scenario, failure);
}

static int make_plan(struct advise_race *race, struct failure *failure)
{
    unsigned workers[SCENARIO_LIST_MAX], count = race->scenario.models.count;
    char least[UNITS_TEXT_MAX], budget[UNITS_TEXT_MAX];
    int64_t least_s;

    for (unsigned i = 0; i < count; i++)
        workers[i] = model_workers(registry_find(&race->registry, race->scenario.models.items[i]), 0);
    advise_plan_make(&race->plan, race->field.workload, workers, count, race->budget_ns);
    least_s = (race->plan.least_ns + NS_PER_S - 1) / NS_PER_S;
    if (race->budget_ns < least_s * NS_PER_S)
        return failure_set(failure, EXIT_USAGE,
                           "--budget %s is too small for %u models at %u connections; the smallest is %s, or "
                           "name fewer --models",
                           units_format_duration(budget, race->budget_ns), count,
                           race->field.workload->connections,
                           units_format_duration(least, least_s * NS_PER_S));
    race->scenario.slice_ns = race->plan.slice_ns;
    race->scenario.ramp_ns = race->plan.ramp_ns;
    race->field.least_per_s =
        ASKED_TWICE * race->field.workload->connections * 1e9 / (double)race->plan.slice_ns;
    race->field.runners = calloc(count, sizeof(*race->field.runners));
    if (!race->field.runners)
        return failure_set(failure, EXIT_HERE, "out of memory");
    for (; race->field.count < count; race->field.count++)
        race->field.runners[race->field.count] = (struct advise_runner){
            .name = race->scenario.models.items[race->field.count],
            .workers = workers[race->field.count],
            .ramp_ns = race->plan.ramp_ns,
            .start_ns = advise_start_ns(workers[race->field.count]),
        };
    return 0;
}

static int prepare(struct advise_race *race, const struct options *options, struct failure *failure)
{
    race->seed = options->seed ? options->seed : (uint64_t)clock_wall_ns() % 1000000000;
    race->field.seed = race->seed;
    race->budget_ns = options->budget_ns;
    race->aa = options->aa;
    race->clients.cpus = &race->client_cpus;
    if (premises_cpus(&race->server_cpus, &race->client_cpus, options->server_cpus, options->client_cpus,
                      failure) < 0 ||
        premises_clients(&race->clients, failure) < 0 ||
        set_scenario(&race->scenario, race->field.workload, &options->models, failure) < 0 ||
        choose_models(race, failure) < 0 || make_plan(race, failure) < 0)
        return -1;
    return premises_descriptors(race->field.workload->connections, failure);
}

static int open_log(struct advise_race *race, const char *path, struct failure *failure)
{
    if (!path)
        return 0;
    race->log = fopen(path, "we");
    if (!race->log)
        return failure_set(failure, EXIT_HERE, "cannot write --log %.300s: %s", path, strerror(errno));
    look_log_begin(race->log);
    return 0;
}

/* -1: something of it could not be written. */
static int close_log(struct advise_race *race)
{
    bool bad = race->log && ferror(race->log);

    if (race->log && fclose(race->log) != 0)
        bad = true;
    race->log = NULL;
    if (bad)
        fputs("tenk-advise: the --log is not complete, it could not be written\n", stderr);
    return bad ? -1 : 0;
}

/* ---- the whole ---- */

static void say_plan(const struct advise_race *race)
{
    char text[SCENARIO_TEXT_MAX], slice[UNITS_TEXT_MAX], budget[UNITS_TEXT_MAX];

    fprintf(stderr, "%s: %u candidates, slices of %s, answered within %s; seed %ju\n",
            advise_workload_words(race->field.workload, text, sizeof(text)), race->field.count,
            units_format_duration(slice, race->plan.slice_ns), units_format_duration(budget, race->budget_ns),
            (uintmax_t)race->seed);
}

/* The exit status. */
static int answer(const struct advise_race *race)
{
    struct advise_answer answer = advise_choose(&race->field);
    struct advise_aa aa;

    if (!race->aa) {
        advise_print(stdout, &race->field, &answer);
    } else if (advise_aa_judge(&race->field, ADVISE_AA_SESSIONS, &aa) == 0) {
        advise_aa_print(stdout, &race->field, &aa);
    } else {
        fputs("tenk-advise: too few rounds to judge by; give it a larger --budget\n", stderr);
        return EXIT_FAULT;
    }
    if (fflush(stdout) != 0) {
        perror("tenk-advise: cannot write to standard output");
        return EXIT_HERE;
    }
    return race->aa || answer.kept ? EXIT_GOOD : EXIT_FAULT;
}

static int run(struct advise_race *race, const struct options *options)
{
    struct failure failure;
    enum advise_outcome outcome;
    int status, said;

    if (prepare(race, options, &failure) < 0 || open_log(race, options->log, &failure) < 0)
        return complain(&failure);
    say_plan(race);
    outcome = advise_race_run(race, &failure);
    status = close_log(race) < 0 ? EXIT_HERE : EXIT_GOOD;
    if (outcome == ADVISE_FAILED)
        return complain(&failure);
    if (outcome == ADVISE_INTERRUPTED) {
        fputs("tenk-advise: interrupted before it was known\n", stderr);
        return EXIT_FAULT;
    }
    said = answer(race);
    return status == EXIT_GOOD ? said : status;
}

int main(int argc, char **argv)
{
    struct advise_workload workload;
    struct options options;
    struct failure failure;
    struct advise_race *race;
    int status = parse(&options, argc, argv);

    if (status >= 0)
        return status;
    if (read_workload(&workload, &options, &failure) < 0)
        return complain(&failure);
    race = calloc(1, sizeof(*race));
    if (!race) {
        fputs("tenk-advise: out of memory\n", stderr);
        return EXIT_HERE;
    }
    race->begun_ns = clock_now_ns();
    race->field.workload = &workload;
    interrupt_watch();
    prctl(PR_SET_CHILD_SUBREAPER, 1); /* what a server leaves behind becomes ours to end */
    status = run(race, &options);
    free(race->field.runners);
    free(race);
    return status;
}
