/*
 * tenk-compare on runs whose differences the test made: what is there is found and named, what is not is
 * not, and what cannot be compared is refused.
 */
#include <math.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "made_runs.h"

TestSuite(bench_compare, .init = enter, .fini = bench_directory_leave, .timeout = TIMEOUT_S);

/* ---- two runs ---- */

/* The same servers twice, on a machine that was as fast or a quarter slower: nothing is claimed. */
Test(bench_compare, equal_servers_do_not_differ)
{
    for (unsigned i = 0; i < SEEDS; i++) {
        struct made_run base = base_of(100 + i), new = base_of(200 + i);

        new.drift = i % 2 ? 1.25 : 1;
        make_both(&base, &new);
        compare(BENCH_WORDS(base_path, new_path));
        bench_expect(0, "no difference >= ");
        cr_assert_null(strstr(bench_end.out, "REGRESSION"), "%s", bench_end.out);
        bench_remove_tree(base_path);
        bench_remove_tree(new_path);
    }
}

Test(bench_compare, a_dearer_server_is_a_regression)
{
    struct made_run base = base_of(1), new = base_of(2);
    json_t *root;

    new.epoll_cpu = 1.08;
    make_both(&base, &new);
    root = as_json(BENCH_WORDS(base_path, new_path, "--json"));
    cr_assert_eq(bench_end.status, REGRESSION);
    expect_verdict(comparison_of(root, "timing", "epoll", "cpu"), "worse");
    expect_verdict(comparison_of(root, "timing", "epoll", "req/s"), "worse");
    expect_verdict(comparison_of(root, "timing", "poll", "cpu"), "no difference");
    cr_assert(fabs(number(comparison_of(root, "timing", "epoll", "cpu"), "ratio") - 1.08) < 0.01);
    cr_assert_str_eq(json_string_value(json_object_get(comparison_of(root, "timing", "epoll", "cpu"), "way")),
                     "controlled");
    json_decref(root);
    compare(BENCH_WORDS(base_path, new_path));
    bench_expect(REGRESSION, "REGRESSION: worse");
    bench_expect(REGRESSION, "cannot be told from what the\nservers did");
}

/* ---- two runs, other ways ---- */

Test(bench_compare, the_other_way_round_it_is_better)
{
    struct made_run base = base_of(1), new = base_of(2);
    json_t *root;

    base.epoll_cpu = 1.08;
    make_both(&base, &new);
    root = as_json(BENCH_WORDS(base_path, new_path, "--json"));
    cr_assert_eq(bench_end.status, 0);
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
    root = as_json(BENCH_WORDS(base_path, new_path, "--json"));
    expect_verdict(comparison_of(root, "timing", "epoll", "cpu"), "no difference");
    cr_assert(number(comparison_of(root, "timing", "epoll", "cpu"), "smallest_difference") > 0.09);
    json_decref(root);
    bench_remove_tree(new_path);
    new.epoll_cpu = 1.2;
    made_run_write(new_path, &new);
    root = as_json(BENCH_WORDS(base_path, new_path, "--json"));
    expect_verdict(comparison_of(root, "timing", "epoll", "cpu"), "worse");
    json_decref(root);
}

/* ---- limits ---- */

Test(bench_compare, limits_say_what_is_a_regression)
{
    struct made_run base = base_of(1), new = base_of(2);

    new.epoll_cpu = 1.08;
    make_both(&base, &new);
    compare(BENCH_WORDS(base_path, new_path, "--fail-if", "cpu>+5%"));
    bench_expect(REGRESSION, "REGRESSION: worse, beyond cpu>+5%");
    compare(BENCH_WORDS(base_path, new_path, "--fail-if", "req/s<-5%", "p99>+10%", "syscalls>0"));
    bench_expect(REGRESSION, "worse, beyond req/s<-5%");
    compare(BENCH_WORDS(base_path, new_path, "--fail-if", "cpu>+15%", "syscalls>0"));
    bench_expect(0, "0 regressions");
    compare(BENCH_WORDS(base_path, new_path, "--fail-if", "cpu>0.2"));
    bench_expect(REGRESSION, "beyond cpu>0.2");
    compare(BENCH_WORDS(base_path, new_path, "--fail-if", "cpu>0.8"));
    bench_expect(0, "0 regressions");
}

/* p99 scatters by 40 %: a limit of 1 % could not be shown to be broken, and the reader is told so. */
Test(bench_compare, a_blind_gate_is_said)
{
    struct made_run base = base_of(1), new = base_of(2);

    base.noise = new.noise = 0.04;
    make_both(&base, &new);
    compare(BENCH_WORDS(base_path, new_path, "--fail-if", "p99>+16%"));
    bench_expect(0, "the gate is blind there");
}

Test(bench_compare, a_system_call_more_is_counted)
{
    struct made_run base = base_of(1), new = base_of(2);

    new.epoll_syscalls = 3.04;
    make_both(&base, &new);
    compare(BENCH_WORDS(base_path, new_path, "--fail-if", "syscalls>0"));
    bench_expect(REGRESSION, "beyond syscalls>0");
    bench_remove_tree(new_path);
    new.epoll_syscalls = 2.06; /* a wait serves a little fewer connections: no call more */
    made_run_write(new_path, &new);
    compare(BENCH_WORDS(base_path, new_path, "--fail-if", "syscalls>0"));
    bench_expect(0, "0 regressions");
}

Test(bench_compare, limits_that_are_none)
{
    struct made_run base = base_of(1);

    make_both(&base, &base);
    compare(BENCH_WORDS(base_path, new_path, "--fail-if", "speed<-5%"));
    bench_expect_sentence(USAGE, "\"speed<-5%\" is no limit");
    cr_assert_not_null(strstr(bench_errors, "metrics are: cpu req/s p50 p99 capacity syscalls memory"), "%s",
                       bench_errors);
    compare(BENCH_WORDS(base_path, new_path, "--fail-if", "cpu>much"));
    bench_expect_sentence(USAGE, "\"cpu>much\" is no limit");
    compare(BENCH_WORDS(base_path, new_path, "--fail-if", "cpu>5 %"));
    bench_expect_sentence(USAGE, "is no limit");
}

/* ---- what cannot be compared ---- */

Test(bench_compare, another_kernel_is_refused)
{
    struct made_run base = base_of(1), new = base_of(2);

    new.kernel = "6.2.0";
    make_both(&base, &new);
    compare(BENCH_WORDS(base_path, new_path));
    bench_expect_sentence(CANNOT, "kernel: 6.1.0 in BASE, 6.2.0 in NEW");
    cr_assert_not_null(strstr(bench_errors, "--anyway"), "%s", bench_errors);
    compare(BENCH_WORDS(base_path, new_path, "--anyway"));
    bench_expect(0, "compared although kernel: 6.1.0 in BASE, 6.2.0 in NEW");
}

Test(bench_compare, other_settings_are_refused)
{
    struct made_run base = base_of(1), new = base_of(2);

    new.slice = "500ms";
    make_both(&base, &new);
    compare(BENCH_WORDS(base_path, new_path));
    bench_expect_sentence(CANNOT, "scenario made, slice: 1000000000ns in BASE, 500000000ns in NEW");
}

Test(bench_compare, a_broken_server_is_a_regression)
{
    struct made_run base = base_of(1), new = base_of(2);

    new.epoll_reason = "wrong-answer";
    make_both(&base, &new);
    compare(BENCH_WORDS(base_path, new_path, "--fail-if", "cpu>+5%"));
    bench_expect(REGRESSION, "REGRESSION: cannot be compared: NEW: wrong-answer");
    compare(BENCH_WORDS(new_path, base_path)); /* it was broken before: nothing has got worse */
    bench_expect(0, "cannot be compared: BASE: wrong-answer");
}

Test(bench_compare, a_rate_the_client_limited_is_not_compared)
{
    struct made_run base = base_of(1), new = base_of(2);
    json_t *root;

    base.epoll_reason = new.epoll_reason = "client-bound";
    make_both(&base, &new);
    root = as_json(BENCH_WORDS(base_path, new_path, "--json"));
    expect_verdict(comparison_of(root, "timing", "epoll", "req/s"), "cannot be compared");
    expect_verdict(comparison_of(root, "timing", "epoll", "cpu"), "no difference");
    json_decref(root);
}

Test(bench_compare, a_model_only_one_has_is_said)
{
    struct made_run base = base_of(1), new = base_of(2);

    new.models = "ceiling epoll";
    make_both(&base, &new);
    compare(BENCH_WORDS(base_path, new_path));
    bench_expect(0, "made: only BASE has poll");
}

Test(bench_compare, no_run_and_wrong_usage)
{
    struct made_run base = base_of(1);

    made_run_write(base_path, &base);
    compare(BENCH_WORDS(base_path, "/tmp/no-such-run"));
    bench_expect_sentence(USAGE, "is that a run directory?");
    compare(BENCH_WORDS("--json"));
    bench_expect_sentence(USAGE, "give two run directories");
    compare(BENCH_WORDS(base_path, base_path, base_path));
    bench_expect_sentence(USAGE, "give two run directories");
    compare(BENCH_WORDS(base_path));
    bench_expect_sentence(CANNOT, "nothing to compare");
}

/* A run that was cut short is read and left as it is: only --resume may mend it. */
Test(bench_compare, reading_changes_nothing)
{
    struct made_run base = base_of(1), torn = base_of(2);
    struct stat before, after;
    char path[96];

    torn.torn = true;
    make_both(&base, &torn);
    snprintf(path, sizeof(path), "%.60s/samples.jsonl", new_path);
    cr_assert_eq(stat(path, &before), 0);
    compare(BENCH_WORDS(base_path, new_path));
    bench_expect(0, "no difference");
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
    root = as_json(BENCH_WORDS(base_path, "--json"));
    cr_assert_eq(bench_end.status, REGRESSION, "%s", bench_end.out);
    expect_verdict(comparison_of(root, "timing", "epoll", "cpu"), "worse");
    expect_verdict(comparison_of(root, "duet", "epoll", "cpu"), "worse");
    cr_assert_str_eq(json_string_value(json_object_get(comparison_of(root, "timing", "epoll", "cpu"), "way")),
                     "paired");
    cr_assert_eq(number(comparison_of(root, "duet", "epoll", "cpu"), "base_rounds"), MADE_ROUNDS);
    json_decref(root);
    bench_remove_tree(base_path);
    made.epoll_cpu = 1;
    made_duet_write(base_path, &made);
    compare(BENCH_WORDS(base_path));
    bench_expect(0, "both servers at the same time on one CPU");
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
    snprintf(path, sizeof(path), "%.60s/junit.xml", bench_directory);
    compare(BENCH_WORDS(base_path, new_path, "--fail-if", "cpu>+5%", "--junit", path));
    cr_assert_eq(bench_end.status, REGRESSION);
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
    compare(BENCH_WORDS(base_path, new_path, "--junit", "/proc/nowhere"));
    bench_expect(CANNOT, "cannot write /proc/nowhere");
}

/* One line per slice and side, as golang.org/x/perf/benchfmt describes it. */
Test(bench_compare, benchstat)
{
    struct made_run base = base_of(1), new = base_of(2);

    new.models = base.models = "ceiling epoll";
    make_both(&base, &new);
    compare(BENCH_WORDS(base_path, new_path, "--benchstat"));
    bench_expect(
        0, "\nside: "
           "base\nBenchmarkTenk/scenario=made/client=tenk-load/kind=timing/connections=64/model=epoll 1 ");
    bench_expect(0, "\nside: new\nBenchmarkTenk/");
    bench_expect(0, "Unit req/s better=higher\n");
    bench_expect(0, " cpu-us/request ");
}

Test(bench_compare, front_door)
{
    bench_run_program("tenk", BENCH_WORDS("compare", "--help"));
    bench_expect(0, "usage: tenk-compare BASE NEW");
}
