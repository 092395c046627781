/*
 * tenk-bench --duet: two programs in one sitting, alternately and at the same time; and --aa, which judges
 * the judge.
 */
#include <criterion/criterion.h>
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench_directory.h"
#include "made_run.h"

enum { TIMEOUT_S = 120, FAULT = 1, USAGE = 2, ROUNDS = 4, SLICES_PER_ROUND = 7, LINE_MAX_BYTES = 16384 };

TestSuite(bench_duet, .init = bench_directory_enter, .fini = bench_directory_leave, .timeout = TIMEOUT_S);

#define SIZE                                                                                                 \
    "-n", "4", "--slice", "100ms", "--ramp", "40ms", "-c", "2", "--no-cost", "--set", "rounds_per_start=2",  \
        "--set", "foreign_cpu_max=1000", "--set", "steal_max=1000", "--set", "retries=0"

static const char *serve(void)
{
    static char path[PATH_MAX];

    cr_assert_not_null(realpath(program_path("tenk-serve"), path));
    return path;
}

/*
 * What the rows of a duet must hold, and how many rows each slice has: more than one where clients were
 * starved and it was run again with a longer ramp.
 */
static void read_rows(unsigned rows[ROUNDS * SLICES_PER_ROUND])
{
    char path[BENCH_PATH_MAX + 16], line[LINE_MAX_BYTES];
    FILE *in;

    memset(rows, 0, ROUNDS * SLICES_PER_ROUND * sizeof(*rows));
    snprintf(path, sizeof(path), "%s/samples.jsonl", bench_run);
    in = fopen(path, "r");
    cr_assert_not_null(in);
    while (fgets(line, sizeof(line), in)) {
        json_t *row = json_loads(line, 0, NULL);
        const char *kind = json_string_value(json_object_get(row, "kind"));
        bool valid = strcmp(json_string_value(json_object_get(row, "verdict")), "VALID") == 0;
        double cpu_us = json_number_value(json_object_get(row, "server_cpu_us_per_request"));
        double requests = json_number_value(json_object_get(row, "server_requests"));
        unsigned slice = (unsigned)json_integer_value(json_object_get(row, "slice"));

        if (strcmp(kind, "stop") != 0) {
            cr_assert_lt(slice, ROUNDS * SLICES_PER_ROUND);
            rows[slice]++;
        }
        if (strcmp(kind, "duet") == 0) {
            cr_assert(json_is_null(json_object_get(row, "requests_per_s")), "a share, not a rate: %s", line);
            cr_assert(json_is_null(json_object_get(row, "latency_p50_us")), "%s", line);
            cr_assert(!valid || cpu_us > 0.5, "%g requests, %g us of CPU each", requests, cpu_us);
        }
        json_decref(row);
    }
    fclose(in);
}

static unsigned count_of(const char *word)
{
    unsigned count = 0;

    for (const char *at = bench_end.out; (at = strstr(at, word)); at++)
        count++;
    return count;
}

#define PLAN "-m", "epoll", "-m", "poll", "--plan", "-n", "2", "--no-cost"

Test(bench_duet, plan)
{
    bench_run_program("tenk-bench", BENCH_WORDS("--duet", serve(), serve(), PLAN));
    bench_expect(0, "epoll@base (copy)");
    cr_assert_eq(count_of(" duet "), 2 * 3 * 2, "two copies, epoll and poll in each of two rounds, two each");
    cr_assert_eq(count_of(" turns "), 2 * (3 + 2), "two of base and one of new, and of poll one of each");
    bench_expect(0, "duet poll@new");
    bench_expect(0, "round 0 turns epoll@base 64\nduet 1 start 0 round 0 turns epoll@base (copy) 64\n"
                    "duet 2 start 0 round 0 turns epoll@new 64\n");
    bench_expect(0, "round 1 turns poll@new 64\n");
}

/* Where a client cannot ask by turns the slices come one after the other. */
Test(bench_duet, plan_without_turns)
{
    static const char *const without[] = {"turn=0", "pipeline=8", "rate=1000"};

    for (size_t i = 0; i < sizeof(without) / sizeof(without[0]); i++) {
        bench_run_program("tenk-bench", BENCH_WORDS("--duet", serve(), serve(), PLAN, "--set", without[i]));
        bench_expect(0, "round 1 tenk-load poll@base");
        cr_assert_eq(count_of(" duet "), 2 * 3 * 2);
        cr_assert_eq(count_of(" turns "), 0, "%s", bench_end.out);
        cr_assert_eq(count_of(" tenk-load "), 2 * 5);
    }
    bench_run_program("tenk-bench", BENCH_WORDS("--duet", serve(), serve(), PLAN, "--set", "turn=20ms"));
    bench_expect_sentence(USAGE, "turn is at least 1ms and at most a tenth of a slice");
}

Test(bench_duet, alternately_and_at_the_same_time)
{
    unsigned rows[ROUNDS * SLICES_PER_ROUND];

    bench_run_program("tenk-bench",
                      BENCH_WORDS("--duet", serve(), program_path("tenk-serve"), SIZE, "-o", bench_run));
    bench_expect_end("alternating in one sitting");
    bench_expect_end("both servers at the same time on one CPU");
    read_rows(rows);
    for (unsigned i = 0; i < ROUNDS * SLICES_PER_ROUND; i++)
        cr_assert_geq(rows[i], 1, "slice %u has %u rows", i, rows[i]);
    bench_run_program("tenk-compare", BENCH_WORDS(bench_run, "--fail-if", "cpu>+500%"));
    bench_expect_end("alternating in one sitting");
}

/* Killed between the rows of slices that belong together: all are measured again, and pair anew. */
static void lose_one_of(unsigned first, unsigned count)
{
    unsigned rows[ROUNDS * SLICES_PER_ROUND], lost = first + count - 1;
    char path[BENCH_PATH_MAX + 16], line[LINE_MAX_BYTES];
    FILE *in, *out;

    bench_run_program("tenk-bench", BENCH_WORDS("--duet", serve(), serve(), SIZE, "-o", bench_run));
    bench_expect_end(bench_run);
    snprintf(path, sizeof(path), "%s/samples.jsonl", bench_run);
    in = fopen(path, "r");
    cr_assert_not_null(in);
    cr_assert_eq(unlink(path), 0); /* still open: read from there, written anew without one row */
    out = fopen(path, "w");
    cr_assert_not_null(out);
    while (fgets(line, sizeof(line), in)) {
        json_t *row = json_loads(line, 0, NULL);

        if (strcmp(json_string_value(json_object_get(row, "kind")), "stop") == 0 ||
            json_integer_value(json_object_get(row, "slice")) != lost)
            fputs(line, out);
        json_decref(row);
    }
    fclose(in);
    fclose(out);
    bench_run_program("tenk-bench", BENCH_WORDS("--resume", bench_run));
    bench_expect_end("at the same time");
    read_rows(rows);
    for (unsigned i = 0; i < ROUNDS * SLICES_PER_ROUND; i++)
        cr_assert_geq(rows[i], i >= first && i < lost ? 2U : 1U, "slice %u has %u rows", i, rows[i]);
}

Test(bench_duet, half_a_pair_is_measured_again)
{
    lose_one_of(SLICES_PER_ROUND - 2, 2);
}

Test(bench_duet, what_took_turns_is_measured_again)
{
    lose_one_of(SLICES_PER_ROUND, 3);
}

Test(bench_duet, sides_that_are_none)
{
    bench_run_program("tenk-bench", BENCH_WORDS("--duet", "no-such-thing", serve(), "--plan"));
    bench_expect_sentence(USAGE,
                          "no-such-thing is neither a program, nor a directory with a tenk-serve, nor a git");
    bench_run_program("tenk-bench", BENCH_WORDS("--duet", serve()));
    bench_expect_sentence(USAGE, "--duet takes two operands, BASE and NEW");
    bench_run_program("tenk-bench", BENCH_WORDS("--duet", serve(), serve(), "-m", "epol", "--plan"));
    bench_expect_sentence(USAGE, "unknown model \"epol\"");
}

/* On rows the test made: equal copies are not told apart; two per cent is found nearly always. */
Test(bench_duet, resampled_sessions)
{
    struct made_run made = made_run_default();
    double alarms, from;
    const char *line;

    made.noise = 0.006;
    made_duet_write(bench_run, &made);
    bench_run_program("tenk-compare", BENCH_WORDS(bench_run, "--resample", "50"));
    bench_expect(0, "sessions of 60 s");
    line = strstr(bench_end.out, "  alternating, pairs, cpu");
    cr_assert_not_null(line, "%s", bench_end.out);
    cr_assert_eq(sscanf(line, "  alternating, pairs, cpu %*u %lf %% %lf %%", &alarms, &from), 2, "%s", line);
    cr_assert_leq(alarms, 2.0, "%s", bench_end.out);
    cr_assert(from > 1.0 && from < 3.0, "%s", bench_end.out);
}
