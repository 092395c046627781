/*
 * bench_options - the command line of tenk-bench.
 */
#include "setup.h"

#include <stdio.h>

#include "premises.h"

static const char usage[] =
    "usage: tenk-bench [SCENARIO ...] [options]\n"
    "       tenk-bench --duet BASE NEW [SCENARIO ...] [options]\n"
    "       tenk-bench --resume DIRECTORY\n"
    "\n"
    "Measures server models: starts them, loads them in short slices, in shuffled and interleaved rounds,\n"
    "checks everything it can, and prints a table led by server CPU time per request.\n"
    "\n"
    "SCENARIO is a file or the name of one in bench/scenarios (quick). An option given here overrides the\n"
    "scenario's key of the same name.\n"
    "\n";

static const char notes[] =
    "\n"
    "Exit status: 0 good; 1 a cell is invalid for a fault of the server, or the run was interrupted;\n"
    "2 wrong usage; 3 cannot run here. Keys of a scenario, method and bias: bench/README.md. Columns of the\n"
    "result files: results/README.md.\n";

static void print_columns(void)
{
    printf("## A slice\n\n");
    columns_markdown(stdout, &sample_columns);
    printf("\n## A cell\n\n");
    columns_markdown(stdout, &cell_columns);
    printf("\n## A capacity\n\n");
    columns_markdown(stdout, &capacity_columns);
}

/* Whether options and operands do not go together; then it has said why. */
static bool contradictory(const struct bench_options *options, int operands)
{
    if (options->quick && options->deep) {
        fputs("tenk-bench: --quick and --deep contradict each other; give one\n", stderr);
        return true;
    }
    if (options->resume && (operands > 0 || options->output)) {
        fputs("tenk-bench: --resume takes its scenarios and its directory from the run; give neither\n",
              stderr);
        return true;
    }
    if (options->duet && (operands < 2 || options->base)) {
        fputs(
            "tenk-bench: --duet takes two operands, BASE and NEW: programs or git revisions; --base REVISION "
            "compares with this build\n",
            stderr);
        return true;
    }
    return false;
}

int bench_options_parse(struct bench_options *options, int argc, char **argv)
{
    const struct option_spec specs[] = {
        {"model", 'm', OPTION_LIST, &options->models, "NAME", "measure this model; may be repeated (all)"},
        {"connections", 'c', OPTION_TEXT, &options->connections, "'N ...'", "connection counts"},
        {"client", 0, OPTION_LIST, &options->clients, "NAME", "tenk-load or wrk; may be repeated"},
        {"rounds", 'n', OPTION_TEXT, &options->rounds, "N", "rounds; pairs are formed within a round"},
        {"slice", 'd', OPTION_TEXT, &options->slice, "TIME", "length of a slice"},
        {"ramp", 0, OPTION_TEXT, &options->ramp, "TIME", "discarded at the beginning of a slice"},
        {"duet", 0, OPTION_FLAG, &options->duet, NULL,
         "compare two tenk-serve, or git revisions, in one sitting: alternately, and at the same time"},
        {"base", 0, OPTION_TEXT, &options->base, "REVISION", "a duet of that revision and this build"},
        {"aa", 0, OPTION_FLAG, &options->aa, NULL,
         "a duet of this build with itself (or the one given), resampled: how often is the verdict wrong?"},
        {"quick", 0, OPTION_FLAG, &options->quick, NULL, "12 rounds of 500ms"},
        {"deep", 0, OPTION_FLAG, &options->deep, NULL, "60 rounds of 1s"},
        {"until", 0, OPTION_TEXT, &options->until, "WIDTH",
         "stop when the interval of every CPU ratio is within +-WIDTH, such as 2%"},
        {"budget", 0, OPTION_DURATION, &options->budget_ns, "TIME", "stop when so much time is spent"},
        {"set", 's', OPTION_LIST, &options->settings, "KEY=VALUE", "any other key of the scenario"},
        {"no-cost", 0, OPTION_FLAG, &options->no_cost, NULL, "do not count system calls and memory"},
        {"seed", 0, OPTION_COUNT, &options->seed, "N", "of the order and the intervals (from the clock)"},
        PREMISES_CPU_OPTIONS(&options->server_cpus, &options->client_cpus),
        {"results", 0, OPTION_TEXT, &options->results, "DIRECTORY", "where runs are kept (results)"},
        {"output", 'o', OPTION_TEXT, &options->output, "DIRECTORY", "exactly this directory for the run"},
        {"resume", 0, OPTION_TEXT, &options->resume, "DIRECTORY", "complete a run, or print its table again"},
        {"explain", 0, OPTION_FLAG, &options->explain, NULL, "say below each table what bound each cell"},
        {"plan", 0, OPTION_FLAG, &options->plan, NULL, "print the plan and its time, run nothing"},
        {"columns", 0, OPTION_FLAG, &options->columns, NULL, "print the dictionary of the columns"},
        {"help", 'h', OPTION_FLAG, &options->help, NULL, "this text"},
        {0},
    };
    char error[OPTIONS_ERROR_MAX];
    int first = 0;

    *options = (struct bench_options){.results = "results"};
    if (options_parse(specs, argc, argv, &first, error) < 0) {
        fprintf(stderr, "tenk-bench: %s\n", error);
        return EXIT_USAGE;
    }
    if (options->help) {
        fputs(usage, stdout);
        options_help(stdout, specs);
        fputs(notes, stdout);
        return EXIT_GOOD;
    }
    if (options->columns) {
        print_columns();
        return EXIT_GOOD;
    }
    if (contradictory(options, argc - first))
        return EXIT_USAGE;
    if (options->duet) {
        options->sides[0] = argv[first++];
        options->sides[1] = argv[first++];
    }
    options->scenario_count = argc - first;
    options->scenarios = argv + first;
    return -1;
}
