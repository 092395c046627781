/*
 * A measurement cut short, by a rule or by misfortune: enough is known, the time is spent, the disk is full,
 * a server vanishes, a generator never stops, somebody kills the runner again and again. Each is said, and
 * nothing that was measured is lost.
 */
#include <criterion/criterion.h>
#include <dirent.h>
#include <jansson.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench_directory.h"
#include "clock.h"

enum { TIMEOUT_S = 120, RUN_DEADLINE_MS = 90000, FAULT = 1, USAGE = 2, CANNOT_RUN = 3, SLICES_MAX = 700 };

static struct program bench;

static void leave(void)
{
    program_kill(&bench);
    bench_directory_leave();
}

TestSuite(bench_cut, .init = bench_directory_enter, .fini = leave, .timeout = TIMEOUT_S);

/* epoll once and ceiling twice a round. */
#define TINY(rounds, more)                                                                                   \
    "[scenario]\nname = tiny\nmodels = epoll\nconnections = 2\nrounds = " rounds "\nrounds_per_start = 2\n"  \
    "slice = 50ms\nramp = 20ms\ncost_slice = 0\nforeign_cpu_max = 1000\nsteal_max = 1000\nretries = "        \
    "0\n" more

/* How often each slice was measured for the first time, and how many of those rows name a fault. */
struct seen {
    unsigned rows[SLICES_MAX], slices, most, faults;
};

static void read_samples(struct seen *seen)
{
    char path[BENCH_PATH_MAX + 16], line[16384];
    FILE *in;

    *seen = (struct seen){0};
    snprintf(path, sizeof(path), "%s/samples.jsonl", bench_run);
    in = fopen(path, "r");
    cr_assert_not_null(in, "%s", path);
    while (fgets(line, sizeof(line), in)) {
        json_t *row = json_loads(line, 0, NULL);
        const json_t *slice = json_object_get(row, "slice");
        const char *reason = json_string_value(json_object_get(row, "reason"));

        cr_assert_not_null(row, "not a row: %s", line);
        if (json_is_integer(slice)) {
            unsigned index = (unsigned)json_integer_value(slice);

            cr_assert_lt(index, SLICES_MAX);
            if (json_integer_value(json_object_get(row, "attempt")) > 0) {
                json_decref(
                    row); /* run again with a longer ramp: an overloaded machine needs it now and then */
                continue;
            }
            seen->slices += seen->rows[index]++ == 0;
            seen->most = seen->rows[index] > seen->most ? seen->rows[index] : seen->most;
        }
        seen->faults +=
            reason && (strcmp(reason, "server-died") == 0 || strcmp(reason, "client-failed") == 0);
        json_decref(row);
    }
    fclose(in);
}

static json_t *run_json(void)
{
    char path[BENCH_PATH_MAX + 16];
    json_t *root;

    snprintf(path, sizeof(path), "%s/run.json", bench_run);
    root = json_load_file(path, 0, NULL);
    cr_assert_not_null(root, "%s", path);
    return root;
}

static void expect_stopped(const char *why)
{
    struct seen seen;
    json_t *root = run_json(), *stopped = json_array_get(json_object_get(root, "stopped"), 0);
    unsigned rounds = (unsigned)json_integer_value(json_object_get(stopped, "rounds"));

    read_samples(&seen);
    cr_assert_not_null(strstr(json_string_value(json_object_get(stopped, "why")), why));
    cr_assert(rounds >= 2 && rounds % 2 == 0, "an order and its reverse belong together: %u rounds", rounds);
    cr_assert_eq(seen.slices, rounds * 3);
    cr_assert(json_is_true(json_object_get(root, "complete")));
    json_decref(root);
}

/* ---- enough ---- */

Test(bench_cut, until_the_intervals_are_narrow)
{
    bench_write_scenario(TINY("40", ""));
    bench_run_program("tenk-bench", BENCH_WORDS(bench_scenario, "-o", bench_run, "--until", "99%"));
    bench_expect_end("tiny: stopped after ");
    bench_expect_end("no interval of CPU time is wider than +-");
    bench_expect_end("the rest is measured by: tenk-bench --resume ");
    expect_stopped("no interval");
}

Test(bench_cut, intervals_that_never_are)
{
    struct seen seen;

    bench_write_scenario(TINY("8", ""));
    bench_run_program("tenk-bench", BENCH_WORDS(bench_scenario, "-o", bench_run, "--until", "0.0001%"));
    bench_expect_end(bench_run);
    cr_assert_null(strstr(bench_errors, "stopped"), "%s", bench_errors);
    read_samples(&seen);
    cr_assert_eq(seen.slices, 8 * 3);
}

Test(bench_cut, budget_is_spent_and_the_rest_can_follow)
{
    struct seen seen;

    bench_write_scenario(TINY("200", ""));
    bench_run_program("tenk-bench", BENCH_WORDS(bench_scenario, "-o", bench_run, "--budget", "2s"));
    bench_expect_end("of 200 rounds: its time is spent");
    expect_stopped("its time is spent");
    read_samples(&seen);
    bench_run_program("tenk-bench", BENCH_WORDS("--resume", bench_run, "--budget", "1s"));
    bench_expect_end("its time is spent");
    expect_stopped("its time is spent");
    cr_assert_geq(bench_sample_lines(), seen.slices);
}

/* What is published of a run has no logs of servers, and git no empty directories. */
Test(bench_cut, a_published_run_can_be_completed)
{
    struct seen seen;
    char logs[BENCH_PATH_MAX + 16], away[BENCH_PATH_MAX + 16];

    bench_write_scenario(TINY("4", ""));
    bench_run_program("tenk-bench", BENCH_WORDS(bench_scenario, "-o", bench_run, "--budget", "1ms"));
    bench_expect_end("its time is spent");
    snprintf(logs, sizeof(logs), "%s/servers", bench_run);
    snprintf(away, sizeof(away), "%s/cells/servers", bench_run);
    cr_assert_eq(rename(logs, away), 0);
    bench_run_program("tenk-bench", BENCH_WORDS("--resume", bench_run));
    bench_expect_end(bench_run);
    read_samples(&seen);
    cr_assert_eq(seen.slices, 4 * 3);
    cr_assert_eq(seen.faults, 0, "%s", bench_end.out);
}

Test(bench_cut, depths)
{
    bench_write_scenario(TINY("3", ""));
    bench_run_program("tenk-bench", BENCH_WORDS(bench_scenario, "--plan", "--quick"));
    bench_expect(0, "12 rounds of 500 ms");
    bench_run_program("tenk-bench", BENCH_WORDS(bench_scenario, "--plan", "--deep"));
    bench_expect(0, "60 rounds of 1.00 s");
    bench_run_program("tenk-bench", BENCH_WORDS(bench_scenario, "--plan", "--deep", "-n", "5"));
    bench_expect(0, "5 rounds of 1.00 s");
    bench_run_program("tenk-bench", BENCH_WORDS(bench_scenario, "--plan", "--deep", "--quick"));
    bench_expect_sentence(USAGE, "--quick and --deep contradict each other");
    bench_run_program("tenk-bench", BENCH_WORDS(bench_scenario, "--plan", "--until", "2"));
    bench_expect_sentence(USAGE, "--until takes a width such as 2%, not \"2\"");
    bench_run_program("tenk-bench", BENCH_WORDS(bench_scenario, "--plan", "--budget", "soon"));
    bench_expect_sentence(USAGE, "--budget");
}

/* ---- misfortune ---- */

/* A disk of 400 KiB: some slices fit. With more room the run goes on, and every slice is there once. */
Test(bench_cut, full_disk)
{
    static const char script[] = "mount -t tmpfs -o size=400k tenk-test \"$1\" || exit 77\n"
                                 "\"$2\" \"$3\" -o \"$1/run\"; echo \"full: $?\"\n"
                                 "mount -o remount,size=32m \"$1\" || exit 77\n"
                                 "\"$2\" --resume \"$1/run\"; echo \"resumed: $?\"\n"
                                 "cp \"$1/run/samples.jsonl\" \"$1/run/run.json\" \"$4\"\n";
    char disk[BENCH_PATH_MAX];
    const char *argv[] = {"unshare",      "-m",      "sh", "-c",
                          script,         "sh",      disk, program_path("tenk-bench"),
                          bench_scenario, bench_run, NULL};
    struct seen seen;

    snprintf(disk, sizeof(disk), "%.60s/disk", bench_directory);
    cr_assert_eq(mkdir(disk, 0755), 0);
    cr_assert_eq(mkdir(bench_run, 0755), 0);
    bench_write_scenario(TINY("10", ""));
    program_run(argv, &bench_end, bench_errors);
    if (bench_end.status == 77 || strstr(bench_errors, "unshare"))
        cr_skip_test("no file system may be mounted here: %s", bench_errors);
    bench_expect(0, "full: 3");
    bench_expect(0, "is full (");
    bench_expect(0, "make room and go on with: tenk-bench --resume ");
    bench_expect(0, bench_disturbed() ? "resumed: " : "resumed: 0");
    read_samples(&seen);
    cr_assert_eq(seen.slices, 10 * 3, "%s", bench_errors);
    cr_assert_eq(seen.most, 1, "nothing was measured twice");
    cr_assert_eq(seen.faults, 0, "the disk is nobody's fault");
}

/* The process id of a child of the runner that is called so; 0: there is none. */
static pid_t child_called(const char *name)
{
    char path[64], text[4096] = "", comm[32];
    FILE *in;

    snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)bench.pid, (int)bench.pid);
    in = fopen(path, "r");
    if (!in || !fgets(text, sizeof(text), in))
        text[0] = '\0';
    if (in)
        fclose(in);
    for (char *at = text, *end; strtol(at, &end, 10) > 0; at = end) {
        pid_t pid = (pid_t)strtol(at, NULL, 10);

        snprintf(path, sizeof(path), "/proc/%d/comm", (int)pid);
        in = fopen(path, "r");
        comm[0] = '\0';
        if (in && !fgets(comm, sizeof(comm), in))
            comm[0] = '\0';
        if (in)
            fclose(in);
        if (strstr(comm, name))
            return pid;
    }
    return 0;
}

Test(bench_cut, server_vanishes)
{
    struct seen seen;
    pid_t server;

    bench_write_scenario("[scenario]\nname = tiny\nmodels = epoll\nconnections = 2\nrounds = 2\n"
                         "rounds_per_start = 2\nslice = 1s\nramp = 20ms\ncost_slice = 0\n"
                         "foreign_cpu_max = 1000\nsteal_max = 1000\nretries = 0\n");
    bench_start_program(&bench, "tenk-bench", BENCH_WORDS(bench_scenario, "-o", bench_run));
    bench_wait_for_samples(1);
    for (int64_t deadline_ns = clock_now_ns() + NS_PER_S; !(server = child_called("epoll"));)
        cr_assert_lt(clock_now_ns(), deadline_ns); /* proc(5): a child may be missed while another one ends */
    cr_assert_gt(server, 0, "the server of the start is alive between its slices");
    cr_assert_eq(kill(server, SIGKILL), 0);
    program_wait(&bench, &bench_end, RUN_DEADLINE_MS);
    program_errors(&bench, bench_errors, sizeof(bench_errors));
    cr_assert(bench_end.exited);
    bench_expect(FAULT, "killed by SIGKILL");
    read_samples(&seen);
    cr_assert_eq(seen.slices, 2 * 3, "every slice has a row: %s", bench_errors);
}

/* The first tenk-load never ends. Its slice says so after the deadline, and the others are as ever. */
Test(bench_cut, generator_never_stops)
{
    char path[BENCH_PATH_MAX], there[PATH_MAX];
    struct seen seen;
    FILE *out;

    cr_assert_not_null(realpath(program_path("tenk-load"), there));
    snprintf(path, sizeof(path), "%.60s/tenk-load", bench_directory);
    out = fopen(path, "w");
    cr_assert_not_null(out);
    fprintf(out, "#!/bin/sh\nmkdir '%s/first' 2>/dev/null && exec sleep 600\nexec '%s' \"$@\"\n",
            bench_directory, there);
    fclose(out);
    cr_assert_eq(chmod(path, 0755), 0);
    cr_assert_not_null(realpath(program_path("tenk-serve"), there));
    snprintf(path, sizeof(path), "%.60s/tenk-serve", bench_directory);
    cr_assert_eq(symlink(there, path), 0);
    cr_assert_not_null(realpath(program_path("tenk-bench"), there));
    cr_assert_eq(setenv("TENK_BIN", bench_directory, 1), 0);
    bench_write_scenario(TINY("2", ""));
    program_run(BENCH_WORDS(there, bench_scenario, "-o", bench_run), &bench_end, bench_errors);
    cr_assert(bench_end.exited, "%s", bench_errors);
    bench_expect(FAULT, "did not end in time and was killed");
    read_samples(&seen);
    cr_assert_eq(seen.slices, 2 * 3);
    cr_assert_geq(seen.faults, 1);
}

/* Killed at moments that are spread over what it does; at most the slice under way is measured again. */
Test(bench_cut, killed_again_and_again)
{
    enum { KILLS = 6 };
    unsigned before = 0;
    struct seen seen;

    bench_write_scenario(TINY("8", ""));
    for (unsigned i = 0; i < KILLS; i++) {
        bool begun = bench_sample_lines() > 0;

        bench_start_program(&bench, "tenk-bench",
                            begun ? BENCH_WORDS("--resume", bench_run, "--seed", "1")
                                  : BENCH_WORDS(bench_scenario, "-o", bench_run));
        bench_wait_for_samples(before + 1);
        clock_sleep_ns((int64_t)i * 37 * NS_PER_MS);
        cr_assert_eq(kill(bench.pid, SIGKILL), 0);
        program_wait(&bench, &bench_end, RUN_DEADLINE_MS);
        program_forget(&bench);
        cr_assert_gt(bench_sample_lines(), before);
        before = bench_sample_lines();
    }
    bench_run_program("tenk-bench", BENCH_WORDS("--resume", bench_run));
    bench_expect_end(bench_run);
    read_samples(&seen);
    cr_assert_eq(seen.slices, 8 * 3);
    cr_assert_eq(seen.most, 1, "a slice that has a row is not measured again");
}
