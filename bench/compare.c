/*
 * tenk-compare - is the new one better, worse, or can it not be told?
 *
 *   two runs (or one duet) -> the same cells on both sides -> ratios, intervals, p-values
 *                          -> verdicts in words, limits -> a table, JSON, JUnit, benchstat's input
 *
 * This file wires the parts; the method is in bench/README.md.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compare_report.h"
#include "options.h"
#include "selfcheck.h"

static const char usage[] =
    "usage: tenk-compare BASE NEW [options]     two run directories of tenk-bench\n"
    "       tenk-compare DUET [options]         the directory of tenk-bench --duet\n"
    "\n"
    "Compares every cell that both have: change with its 95 % interval, p-value after Holm's correction "
    "over\n"
    "the table, a verdict in words, and the smallest difference that could have been shown.\n"
    "\n";

static const char notes[] =
    "\n"
    "LIMIT is METRIC<-5% or METRIC>+10% (of BASE), or METRIC>0.5 (in its unit); a change counts only when "
    "it\n"
    "is shown. Without --fail-if every metric that is shown to be worse is a regression; a server that is\n"
    "broken in NEW and was not in BASE always is. Two runs made at different times cannot be told apart\n"
    "below the drift of the machine: for small differences use tenk-bench --duet.\n"
    "Exit status: 0 no regression; 1 a regression; 2 wrong usage; 3 the runs cannot be compared.\n"
    "Metrics:\n";

enum { SESSIONS_MAX = 100000 };

struct options {
    struct option_list limits;
    const char *junit;
    uint64_t seed, sessions; /* sessions: resampled ones of a duet; 0: none */
    bool json, benchstat, anyway, help;
    const char *base, *new; /* NULL: one directory, a duet */
};

static int complain(const struct failure *failure)
{
    fprintf(stderr, "tenk-compare: %s\n", failure->text);
    return (int)failure->status;
}

/* ---- the command line ---- */

static void print_help(const struct option_spec *specs)
{
    fputs(usage, stdout);
    options_help(stdout, specs);
    fputs(notes, stdout);
    for (unsigned i = 0; i < METRICS; i++)
        printf("  %-9s %s (%s)\n", metrics[i].name, metrics[i].text, metrics[i].unit);
}

/* "--fail-if A B C" reads well: operands that look like limits are some. */
static int take_operands(struct options *options, int count, char **operands)
{
    for (int i = 0; i < count; i++)
        if (strpbrk(operands[i], "<>") && options->limits.count < OPTIONS_LIST_MAX)
            options->limits.items[options->limits.count++] = operands[i];
        else if (!options->base)
            options->base = operands[i];
        else if (!options->new)
            options->new = operands[i];
        else
            return -1;
    return options->base ? 0 : -1;
}

/* -1: go on; else the status to exit with. */
static int parse(struct options *options, int argc, char **argv)
{
    const struct option_spec specs[] = {
        {"fail-if", 'f', OPTION_LIST, &options->limits, "LIMIT ...",
         "what is a regression: 'req/s<-5%' 'p99>+10%'"},
        {"json", 0, OPTION_FLAG, &options->json, NULL, "print one JSON object instead of the table"},
        {"junit", 0, OPTION_TEXT, &options->junit, "FILE",
         "write JUnit XML as well, a test case per comparison"},
        {"benchstat", 0, OPTION_FLAG, &options->benchstat, NULL,
         "print the slices for `benchstat -col side FILE` instead"},
        {"anyway", 0, OPTION_FLAG, &options->anyway, NULL, "compare although the environments differ"},
        {"resample", 0, OPTION_COUNT, &options->sessions, "N",
         "of a duet: judge N resampled sessions of a minute as well, as tenk-bench --aa does"},
        {"seed", 0, OPTION_COUNT, &options->seed, "N", "of the intervals (1)"},
        {"help", 'h', OPTION_FLAG, &options->help, NULL, "this text"},
        {0},
    };
    char error[OPTIONS_ERROR_MAX];
    int first = 0;

    *options = (struct options){.seed = COMPARISON_SEED};
    if (options_parse(specs, argc, argv, &first, error) < 0) {
        fprintf(stderr, "tenk-compare: %s\n", error);
        return EXIT_USAGE;
    }
    if (options->help) {
        print_help(specs);
        return EXIT_GOOD;
    }
    if (take_operands(options, argc - first, argv + first) < 0) {
        fputs("tenk-compare: give two run directories, or one of a duet; --help says more\n", stderr);
        return EXIT_USAGE;
    }
    if (options->sessions > SESSIONS_MAX ||
        (options->sessions > 0 && (options->new || options->json || options->benchstat))) {
        fprintf(stderr, "tenk-compare: --resample takes up to %d sessions of one duet, and prints a table\n",
                SESSIONS_MAX);
        return EXIT_USAGE;
    }
    if (options->json && options->benchstat) {
        fputs("tenk-compare: --json and --benchstat both take standard output; give one\n", stderr);
        return EXIT_USAGE;
    }
    return -1;
}

static int parse_limits(struct metric_limit *limits, const struct options *options, struct failure *failure)
{
    if (options->limits.count > COMPARISON_LIMITS_MAX)
        return failure_set(failure, EXIT_USAGE, "at most %d limits", COMPARISON_LIMITS_MAX);
    for (size_t i = 0; i < options->limits.count; i++)
        if (metric_limit_parse(&limits[i], options->limits.items[i], failure) < 0)
            return -1;
    return 0;
}

/* ---- comparing ---- */

static int refuse(const json_t *obstacles, struct failure *failure)
{
    size_t count = json_array_size(obstacles);

    return failure_set(
        failure, EXIT_HERE, "the runs cannot be compared: %.400s%s; --anyway compares them all the same",
        json_string_value(json_array_get(obstacles, 0)), count > 1 ? ", and more differs" : "");
}

static int write_junit(const char *path, const struct comparison_table *table, struct failure *failure)
{
    FILE *out = fopen(path, "we");
    bool bad = !out;

    if (out) {
        compare_report_junit(out, table);
        bad = ferror(out) != 0;
        bad |= fclose(out) != 0;
    }
    return bad ? failure_set(failure, EXIT_HERE, "cannot write %.300s: %s", path, strerror(errno)) : 0;
}

static int report(const struct comparison_table *table, const struct comparison_setting *setting,
                  const struct options *options, const json_t *obstacles, struct failure *failure)
{
    if (options->json) {
        json_t *root = compare_report_json(table, setting, obstacles);

        json_dumpf(root, stdout, JSON_INDENT(2) | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(9));
        putchar('\n');
        json_decref(root);
    } else if (options->benchstat) {
        compare_report_benchstat(stdout, table, setting);
    } else {
        compare_report_text(stdout, table, setting, obstacles);
    }
    if (options->sessions > 0 &&
        selfcheck_print(stdout, setting->before, (unsigned)options->sessions, options->seed, failure) < 0)
        return -1;
    if (fflush(stdout) != 0)
        return failure_set(failure, EXIT_HERE, "cannot write to standard output: %s", strerror(errno));
    return options->junit ? write_junit(options->junit, table, failure) : 0;
}

/* The status to exit with. */
static int compare(struct comparison_setting *setting, const struct options *options)
{
    json_t *obstacles = comparison_obstacles(setting->before, setting->after);
    struct comparison_table table = {0};
    struct failure failure;
    int status = -1;

    if (json_array_size(obstacles) > 0 && !options->anyway)
        refuse(obstacles, &failure);
    else if (comparison_make(&table, setting, &failure) == 0)
        status = report(&table, setting, options, obstacles, &failure);
    if (status < 0)
        status = complain(&failure);
    else
        status = table.regressions > 0 ? EXIT_FAULT : EXIT_GOOD;
    comparison_free(&table);
    json_decref(obstacles);
    return status;
}

int main(int argc, char **argv)
{
    struct metric_limit limits[COMPARISON_LIMITS_MAX];
    struct recorded before = {0}, after = {0};
    struct options options;
    struct failure failure;
    int status = parse(&options, argc, argv);

    if (status >= 0)
        return status;
    if (parse_limits(limits, &options, &failure) < 0 || recorded_read(&before, options.base, &failure) < 0 ||
        (options.new &&recorded_read(&after, options.new, &failure) < 0))
        status = complain(&failure);
    else
        status = compare(&(struct comparison_setting){.before = &before,
                                                      .after = options.new ? &after : &before,
                                                      .limits = limits,
                                                      .limit_count = (unsigned)options.limits.count,
                                                      .seed = options.seed},
                         &options);
    recorded_free(&before);
    recorded_free(&after);
    return status;
}
