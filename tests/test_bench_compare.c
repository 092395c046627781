/*
 * tenk-compare on runs whose differences the test made: what is there is found and named, what is not is
 * not, and what cannot be compared is refused.
 */
#include <criterion/criterion.h>
#include <ftw.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "made_run.h"
#include "program.h"

enum { TIMEOUT_S = 60, REGRESSION = 1, USAGE = 2, CANNOT = 3, SEEDS = 6 };

static char directory[] = "/tmp/tenk-test-compare-XXXXXX";
static char base_path[64], new_path[64], errors[PROGRAM_TEXT_MAX];
static struct program_end end;

static void enter(void)
{
    cr_assert_not_null(mkdtemp(directory));
    snprintf(base_path, sizeof(base_path), "%s/base", directory);
    snprintf(new_path, sizeof(new_path), "%s/new", directory);
}

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
    (void)status, (void)kind, (void)walk;
    return remove(path);
}

static void remove_tree(const char *path)
{
    nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

static void leave(void)
{
    remove_tree(directory);
}

TestSuite(bench_compare, .init = enter, .fini = leave, .timeout = TIMEOUT_S);

/* ---- running ---- */

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void compare(const char *const *words)
{
    const char *argv[PROGRAM_ARGUMENTS_MAX] = {program_path("tenk-compare")};

    for (unsigned i = 0; words[i]; i++)
        argv[i + 1] = words[i];
    program_run(argv, &end, errors);
    cr_assert(end.exited, "ended by signal %d: %s", end.signal, errors);
}

static void expect(int status, const char *part)
{
    cr_assert_eq(end.status, status, "status %d, expected %d: %s%s", end.status, status, errors, end.out);
    cr_assert(strstr(end.out, part) || strstr(errors, part), "\"%s\" is not in: %s%s", part, errors, end.out);
}

static void expect_sentence(int status, const char *part)
{
    expect(status, part);
    cr_assert_eq(strncmp(errors, "tenk-compare: ", 14), 0, "%s", errors);
    cr_assert_eq(strchr(errors, '\n'), errors + strlen(errors) - 1, "more than a line: %s", errors);
    cr_assert_str_eq(end.out, "");
}

/* A run and another one, made differently in one respect. */
static struct made_run base_of(uint64_t seed)
{
    struct made_run made = made_run_default();

    made.seed = seed;
    return made;
}

static void make_both(const struct made_run *base, const struct made_run *new)
{
    made_run_write(base_path, base);
    made_run_write(new_path, new);
}

static json_t *as_json(const char *const *words)
{
    json_error_t error;
    json_t *root;

    compare(words);
    root = json_loads(end.out, 0, &error);
    cr_assert_not_null(root, "%s: %s%s", error.text, errors, end.out);
    return root;
}

static const json_t *comparison_of(const json_t *root, const char *kind, const char *model,
                                   const char *metric)
{
    const json_t *list = json_object_get(root, "comparisons");

    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *item = json_array_get(list, i);

        if (strcmp(json_string_value(json_object_get(item, "kind")), kind) == 0 &&
            strcmp(json_string_value(json_object_get(item, "model")), model) == 0 &&
            strcmp(json_string_value(json_object_get(item, "metric")), metric) == 0)
            return item;
    }
    cr_assert_fail("no comparison %s %s %s", kind, model, metric);
    return NULL;
}

static double number(const json_t *object, const char *name)
{
    return json_number_value(json_object_get(object, name));
}

static void expect_verdict(const json_t *item, const char *verdict)
{
    const char *got = json_string_value(json_object_get(item, "verdict"));

    cr_assert_str_eq(got, verdict, "%s %s: %s, ratio %g [%g, %g], p %g, floor %g",
                     json_string_value(json_object_get(item, "model")),
                     json_string_value(json_object_get(item, "metric")), got, number(item, "ratio"),
                     number(item, "ratio_low"), number(item, "ratio_high"), number(item, "p_holm"),
                     number(item, "floor"));
}

/* ---- two runs ---- */

/* The same servers twice, on a machine that was as fast or a quarter slower: nothing is claimed. */
Test(bench_compare, equal_servers_do_not_differ)
{
    for (unsigned i = 0; i < SEEDS; i++) {
        struct made_run base = base_of(100 + i), new = base_of(200 + i);

        new.drift = i % 2 ? 1.25 : 1;
        make_both(&base, &new);
        compare(WORDS(base_path, new_path));
        expect(0, "no difference >= ");
        cr_assert_null(strstr(end.out, "REGRESSION"), "%s", end.out);
        remove_tree(base_path);
        remove_tree(new_path);
    }
}

Test(bench_compare, a_dearer_server_is_a_regression)
{
    struct made_run base = base_of(1), new = base_of(2);
    json_t *root;

    new.epoll_cpu = 1.08;
    make_both(&base, &new);
    root = as_json(WORDS(base_path, new_path, "--json"));
    cr_assert_eq(end.status, REGRESSION);
    expect_verdict(comparison_of(root, "timing", "epoll", "cpu"), "worse");
    expect_verdict(comparison_of(root, "timing", "epoll", "req/s"), "worse");
    expect_verdict(comparison_of(root, "timing", "poll", "cpu"), "no difference");
    cr_assert(fabs(number(comparison_of(root, "timing", "epoll", "cpu"), "ratio") - 1.08) < 0.01);
    cr_assert_str_eq(json_string_value(json_object_get(comparison_of(root, "timing", "epoll", "cpu"), "way")),
                     "controlled");
    json_decref(root);
    compare(WORDS(base_path, new_path));
    expect(REGRESSION, "REGRESSION: worse");
    expect(REGRESSION, "cannot be told from what the\nservers did");
}

Test(bench_compare, the_other_way_round_it_is_better)
{
    struct made_run base = base_of(1), new = base_of(2);
    json_t *root;

    base.epoll_cpu = 1.08;
    make_both(&base, &new);
    root = as_json(WORDS(base_path, new_path, "--json"));
    cr_assert_eq(end.status, 0);
    expect_verdict(comparison_of(root, "timing", "epoll", "cpu"), "better");
    json_decref(root);
}

/* The machine moved by 10 %: an effect of 4 % is below what two runs can show then, and one of 20 % is not.
 */
Test(bench_compare, nothing_below_the_drift_is_claimed)
{
    struct made_run base = base_of(1), new = base_of(2);
    json_t *root;

    new.drift = 1.10;
    new.epoll_cpu = 1.04;
    make_both(&base, &new);
    root = as_json(WORDS(base_path, new_path, "--json"));
    expect_verdict(comparison_of(root, "timing", "epoll", "cpu"), "no difference");
    cr_assert(number(comparison_of(root, "timing", "epoll", "cpu"), "smallest_difference") > 0.09);
    json_decref(root);
    remove_tree(new_path);
    new.epoll_cpu = 1.2;
    made_run_write(new_path, &new);
    root = as_json(WORDS(base_path, new_path, "--json"));
    expect_verdict(comparison_of(root, "timing", "epoll", "cpu"), "worse");
    json_decref(root);
}

/* ---- limits ---- */

Test(bench_compare, limits_say_what_is_a_regression)
{
    struct made_run base = base_of(1), new = base_of(2);

    new.epoll_cpu = 1.08;
    make_both(&base, &new);
    compare(WORDS(base_path, new_path, "--fail-if", "cpu>+5%"));
    expect(REGRESSION, "REGRESSION: worse, beyond cpu>+5%");
    compare(WORDS(base_path, new_path, "--fail-if", "req/s<-5%", "p99>+10%", "syscalls>0"));
    expect(REGRESSION, "worse, beyond req/s<-5%");
    compare(WORDS(base_path, new_path, "--fail-if", "cpu>+15%", "syscalls>0"));
    expect(0, "0 regressions");
    compare(WORDS(base_path, new_path, "--fail-if", "cpu>0.2"));
    expect(REGRESSION, "beyond cpu>0.2");
    compare(WORDS(base_path, new_path, "--fail-if", "cpu>0.8"));
    expect(0, "0 regressions");
}

/* p99 scatters by 40 %: a limit of 1 % could not be shown to be broken, and the reader is told so. */
Test(bench_compare, a_blind_gate_is_said)
{
    struct made_run base = base_of(1), new = base_of(2);

    base.noise = new.noise = 0.04;
    make_both(&base, &new);
    compare(WORDS(base_path, new_path, "--fail-if", "p99>+16%"));
    expect(0, "the gate is blind there");
}

Test(bench_compare, a_system_call_more_is_counted)
{
    struct made_run base = base_of(1), new = base_of(2);

    new.epoll_syscalls = 3.04;
    make_both(&base, &new);
    compare(WORDS(base_path, new_path, "--fail-if", "syscalls>0"));
    expect(REGRESSION, "beyond syscalls>0");
    remove_tree(new_path);
    new.epoll_syscalls = 2.06; /* a wait serves a little fewer connections: no call more */
    made_run_write(new_path, &new);
    compare(WORDS(base_path, new_path, "--fail-if", "syscalls>0"));
    expect(0, "0 regressions");
}

Test(bench_compare, limits_that_are_none)
{
    struct made_run base = base_of(1);

    make_both(&base, &base);
    compare(WORDS(base_path, new_path, "--fail-if", "speed<-5%"));
    expect_sentence(USAGE, "\"speed<-5%\" is no limit");
    cr_assert_not_null(strstr(errors, "metrics are: cpu req/s p50 p99 syscalls memory"), "%s", errors);
    compare(WORDS(base_path, new_path, "--fail-if", "cpu>much"));
    expect_sentence(USAGE, "\"cpu>much\" is no limit");
    compare(WORDS(base_path, new_path, "--fail-if", "cpu>5 %"));
    expect_sentence(USAGE, "is no limit");
}

/* ---- what cannot be compared ---- */

Test(bench_compare, another_kernel_is_refused)
{
    struct made_run base = base_of(1), new = base_of(2);

    new.kernel = "6.2.0";
    make_both(&base, &new);
    compare(WORDS(base_path, new_path));
    expect_sentence(CANNOT, "kernel: 6.1.0 in BASE, 6.2.0 in NEW");
    cr_assert_not_null(strstr(errors, "--anyway"), "%s", errors);
    compare(WORDS(base_path, new_path, "--anyway"));
    expect(0, "compared although kernel: 6.1.0 in BASE, 6.2.0 in NEW");
}

Test(bench_compare, other_settings_are_refused)
{
    struct made_run base = base_of(1), new = base_of(2);

    new.slice = "500ms";
    make_both(&base, &new);
    compare(WORDS(base_path, new_path));
    expect_sentence(CANNOT, "scenario made, slice: 1000000000ns in BASE, 500000000ns in NEW");
}

Test(bench_compare, a_broken_server_is_a_regression)
{
    struct made_run base = base_of(1), new = base_of(2);

    new.epoll_reason = "wrong-answer";
    make_both(&base, &new);
    compare(WORDS(base_path, new_path, "--fail-if", "cpu>+5%"));
    expect(REGRESSION, "REGRESSION: cannot be compared: NEW: wrong-answer");
    compare(WORDS(new_path, base_path)); /* it was broken before: nothing has got worse */
    expect(0, "cannot be compared: BASE: wrong-answer");
}

Test(bench_compare, a_rate_the_client_limited_is_not_compared)
{
    struct made_run base = base_of(1), new = base_of(2);
    json_t *root;

    base.epoll_reason = new.epoll_reason = "client-bound";
    make_both(&base, &new);
    root = as_json(WORDS(base_path, new_path, "--json"));
    expect_verdict(comparison_of(root, "timing", "epoll", "req/s"), "cannot be compared");
    expect_verdict(comparison_of(root, "timing", "epoll", "cpu"), "no difference");
    json_decref(root);
}

Test(bench_compare, a_model_only_one_has_is_said)
{
    struct made_run base = base_of(1), new = base_of(2);

    new.models = "ceiling epoll";
    make_both(&base, &new);
    compare(WORDS(base_path, new_path));
    expect(0, "made: only BASE has poll");
}

Test(bench_compare, no_run_and_wrong_usage)
{
    struct made_run base = base_of(1);

    made_run_write(base_path, &base);
    compare(WORDS(base_path, "/tmp/no-such-run"));
    expect_sentence(USAGE, "is that a run directory?");
    compare(WORDS("--json"));
    expect_sentence(USAGE, "give two run directories");
    compare(WORDS(base_path, base_path, base_path));
    expect_sentence(USAGE, "give two run directories");
    compare(WORDS(base_path));
    expect_sentence(CANNOT, "nothing to compare");
}

/* A run that was cut short is read and left as it is: only --resume may mend it. */
Test(bench_compare, reading_changes_nothing)
{
    struct made_run base = base_of(1), torn = base_of(2);
    struct stat before, after;
    char path[96];

    torn.torn = true;
    make_both(&base, &torn);
    snprintf(path, sizeof(path), "%s/samples.jsonl", new_path);
    cr_assert_eq(stat(path, &before), 0);
    compare(WORDS(base_path, new_path));
    expect(0, "no difference");
    cr_assert_eq(stat(path, &after), 0);
    cr_assert_eq(before.st_size, after.st_size);
}

/* ---- a duet ---- */

/* Two per cent between two builds, alternating: found. One per cent on one CPU at the same time: found. */
Test(bench_compare, a_duet_is_paired)
{
    struct made_run made = base_of(3);
    json_t *root;

    made.noise = 0.006;
    made.epoll_cpu = 1.02;
    made_duet_write(base_path, &made);
    root = as_json(WORDS(base_path, "--json"));
    cr_assert_eq(end.status, REGRESSION, "%s", end.out);
    expect_verdict(comparison_of(root, "timing", "epoll", "cpu"), "worse");
    expect_verdict(comparison_of(root, "duet", "epoll", "cpu"), "worse");
    cr_assert_str_eq(json_string_value(json_object_get(comparison_of(root, "timing", "epoll", "cpu"), "way")),
                     "paired");
    cr_assert_eq(number(comparison_of(root, "duet", "epoll", "cpu"), "base_rounds"), MADE_ROUNDS);
    json_decref(root);
    remove_tree(base_path);
    made.epoll_cpu = 1;
    made_duet_write(base_path, &made);
    compare(WORDS(base_path));
    expect(0, "both servers at the same time on one CPU");
}

/* ---- other formats ---- */

Test(bench_compare, junit)
{
    struct made_run base = base_of(1), new = base_of(2);
    char path[96], text[PROGRAM_TEXT_MAX];
    size_t length;
    FILE *in;

    new.epoll_cpu = 1.08;
    make_both(&base, &new);
    snprintf(path, sizeof(path), "%s/junit.xml", directory);
    compare(WORDS(base_path, new_path, "--fail-if", "cpu>+5%", "--junit", path));
    cr_assert_eq(end.status, REGRESSION);
    in = fopen(path, "r");
    cr_assert_not_null(in);
    length = fread(text, 1, sizeof(text) - 1, in);
    text[length] = '\0';
    fclose(in);
    cr_assert_not_null(strstr(text, "tests=\"12\" failures=\"1\" skipped=\"0\""), "%s", text);
    cr_assert_not_null(strstr(text,
                              "<testcase classname=\"made.timing.tenk-load.64\" name=\"epoll cpu\"><failure "
                              "message=\"worse, beyond cpu&gt;+5%\"/></testcase>"),
                       "%s", text);
    compare(WORDS(base_path, new_path, "--junit", "/proc/nowhere"));
    expect(CANNOT, "cannot write /proc/nowhere");
}

/* One line per slice and side, as golang.org/x/perf/benchfmt describes it. */
Test(bench_compare, benchstat)
{
    struct made_run base = base_of(1), new = base_of(2);

    new.models = base.models = "ceiling epoll";
    make_both(&base, &new);
    compare(WORDS(base_path, new_path, "--benchstat"));
    expect(0, "\nside: "
              "base\nBenchmarkTenk/scenario=made/client=tenk-load/kind=timing/connections=64/model=epoll 1 ");
    expect(0, "\nside: new\nBenchmarkTenk/");
    expect(0, "Unit req/s better=higher\n");
    expect(0, " cpu-us/request ");
}

Test(bench_compare, front_door)
{
    const char *argv[] = {program_path("tenk"), "compare", "--help", NULL};

    program_run(argv, &end, errors);
    expect(0, "usage: tenk-compare BASE NEW");
}
