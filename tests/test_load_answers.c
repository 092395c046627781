/*
 * The answers of tenk-load as a program: ladders of rates, the search for a capacity, the formats that other
 * tools read, and the words for a run that says nothing.
 */
#include <criterion/criterion.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "histogram.h"
#include "liar.h"
#include "program.h"

enum { TIMEOUT_S = 90, USAGE = 2, FAULT = 1, COMMAND_MAX = 1024 };

TestSuite(load_answers, .timeout = TIMEOUT_S);

static struct program_end end;
static char errors[PROGRAM_TEXT_MAX];
static struct liar liar;

/* Runs a command of sh(1) in which $LOAD is tenk-load and $URL the server. */
static void shell(const char *command)
{
    setenv("LOAD", program_path("tenk-load"), 1);
    setenv("URL", liar.target, 1);
    program_run((const char *[]){"/bin/sh", "-c", command, NULL}, &end, errors);
    cr_assert(end.exited, "`%s` did not exit by itself", command);
}

/* Runs it on an honest server that takes `wait_ms` for each answer. */
static void shell_on_server(const char *command, unsigned wait_ms)
{
    liar_start(&liar, &(struct liar_plan){.lie = LIAR_HONEST, .wait_ms = wait_ms});
    shell(command);
    liar_stop(&liar);
}

/* Runs it likewise; what it prints is JSON, and may be longer than a test keeps of an output. */
static json_t *parse_on_server(const char *command, unsigned wait_ms)
{
    char path[] = "/tmp/tenk-test-json-XXXXXX", redirected[COMMAND_MAX];
    json_error_t error;
    int fd = mkstemp(path);

    cr_assert_geq(fd, 0);
    close(fd);
    snprintf(redirected, sizeof(redirected), "%s >%s", command, path);
    shell_on_server(redirected, wait_ms);
    json_t *value = json_load_file(path, 0, &error);
    unlink(path);
    cr_assert_not_null(value, "no JSON (%s), exit %d: %s", error.text, end.status, errors);
    return value;
}

static double number(const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);

    cr_assert(json_is_number(value), "%s is not a number", name);
    return json_number_value(value);
}

static void expect_refused(const char *command, const char *names)
{
    shell(command);
    cr_assert_eq(end.status, USAGE, "%s: %d", command, end.status);
    cr_assert_str_eq(end.out, "");
    cr_assert(strstr(errors, names), "`%s` is not named in: %s", names, errors);
}

/* ---- ladders ---- */

Test(load_answers, ladder_is_an_array_with_a_measurement_per_rate)
{
    json_t *array = parse_on_server("$LOAD $URL -c 4 -d 0.3s --warmup 0.05s --rate 100,300 --json", 1);

    cr_assert_eq(end.status, 0, "%s", errors);
    cr_assert(json_is_array(array) && json_array_size(array) == 2, "%s", end.out);
    for (size_t i = 0; i < 2; i++) {
        const json_t *step = json_array_get(array, i);

        cr_assert_eq(number(step, "rate_asked_per_s"), i == 0 ? 100 : 300);
        cr_assert_float_eq(number(step, "offered_per_s"), i == 0 ? 100 : 300, 10);
        cr_assert(json_is_string(json_object_get(step, "verdict")));
        cr_assert_gt(number(step, "requests"), 0);
    }
    json_decref(array);
}

Test(load_answers, ladder_for_people_is_a_table)
{
    shell_on_server("$LOAD $URL -c 4 -d 0.2s --warmup 0.05s --rate 100,300", 1);
    cr_assert_eq(end.status, 0, "%s", errors);
    cr_assert(strstr(end.out, "verdict"), "%s", end.out);
    cr_assert(strstr(end.out, "\n        100       100"), "%s", end.out);
    cr_assert(strstr(end.out, "\n        300       300"), "%s", end.out);
    cr_assert(strstr(errors, "step 2: 300/s"), "which step it is, on stderr: %s", errors);
}

/* The histograms of the steps are told apart by their tags. */
Test(load_answers, ladder_keeps_each_histogram)
{
    char path[] = "/tmp/tenk-test-steps-XXXXXX", tag[HISTOGRAM_TAG_MAX];
    unsigned line = 0, found = 0;
    struct histogram histogram;
    int fd = mkstemp(path);

    cr_assert_geq(fd, 0);
    close(fd);
    setenv("FILE", path, 1);
    shell_on_server("$LOAD $URL -c 4 -d 0.2s --warmup 0.05s --rate 100,300 --csv --hlog $FILE", 1);
    cr_assert_eq(end.status, 0, "%s", errors);
    FILE *in = fopen(path, "re");
    cr_assert_not_null(in);
    histogram_open(&histogram);
    while (histogram_hlog_read(in, &histogram, tag, &line) == 1)
        found += strcmp(tag, "at-100") == 0 || strcmp(tag, "at-300") == 0 || strcmp(tag, "at-300-lag") == 0;
    cr_assert_eq(found, 3);
    histogram_close(&histogram);
    fclose(in);
    unlink(path);
}

/* timeout(1) without --foreground sends its signal twice, and the second one kills. */
Test(load_answers, interrupted_ladder_keeps_what_it_has)
{
    json_t *array =
        parse_on_server("timeout --foreground -s INT 2 $LOAD $URL -c 2 -d 0.3s --warmup 0.05s --rate "
                        "100,100,100,100,100,100,100,100,100,100,100,100 --json",
                        1);
    size_t count = json_array_size(array);

    cr_assert(count >= 1 && count < 12, "%zu steps", count);
    cr_assert(json_is_true(json_object_get(json_array_get(array, count - 1), "interrupted")), "%s", end.out);
    json_decref(array);
}

Test(load_answers, rates_that_do_not_go_together)
{
    expect_refused("$LOAD http://127.0.0.1:1/ --rate 1k,fast", "--rate");
    expect_refused("$LOAD http://127.0.0.1:1/ --rate 1k,2k --hgrm x", "--hgrm");
    expect_refused("$LOAD http://127.0.0.1:1/ --rate 1k,2k --find-capacity 'p99<1s'", "--find-capacity");
    expect_refused("$LOAD http://127.0.0.1:1/ --find-capacity 'p99 10ms'", "p99<10ms");
    expect_refused("$LOAD http://127.0.0.1:1/ --json --benchstat", "--benchstat");
}

/* ---- capacity ---- */

/* Two connections, 2 ms for each answer: no more than 1000 a second, whatever the machine. */
Test(load_answers, capacity_is_found_and_never_overstated)
{
    json_t *found =
        parse_on_server("$LOAD $URL -c 2 -d 0.2s --warmup 0.05s --find-capacity 'p99<5s' --json", 2);
    double capacity = number(found, "capacity_per_s");

    cr_assert_eq(end.status, 0, "%s%s", end.out, errors);
    cr_assert(capacity > 0 && capacity <= 1100, "%f", capacity);
    cr_assert_lt(capacity, number(found, "fails_per_s"));
    cr_assert(json_is_true(json_object_get(found, "confirmed")), "%s", end.out);
    cr_assert_geq(json_array_size(json_object_get(found, "steps")), 5);
    cr_assert(json_is_object(json_object_get(found, "closed_loop")));
    json_decref(found);
}

Test(load_answers, capacity_that_nothing_keeps)
{
    shell_on_server("$LOAD $URL -c 2 -d 0.1s --warmup 0.05s --rate 4 --find-capacity 'mean<500us'", 2);
    cr_assert_eq(end.status, FAULT);
    cr_assert(strstr(end.out, "capacity   none found"), "%s", end.out);
    cr_assert(strstr(end.out, "mean was") || strstr(end.out, "nothing-served"), "%s", end.out);
}

Test(load_answers, capacity_of_a_server_that_is_not_there)
{
    snprintf(liar.target, sizeof(liar.target), "http://127.0.0.1:1/");
    shell("$LOAD $URL -c 2 -d 0.1s --warmup 0 --find-capacity 'p99<5s'");
    cr_assert_eq(end.status, FAULT);
    cr_assert(strstr(end.out, "nothing was answered"), "%s", end.out);
}

/* ---- formats ---- */

Test(load_answers, benchstat_reads_names_and_pairs)
{
    char name[256];
    unsigned long answers;
    double ns, rate;

    shell_on_server("$LOAD $URL -c 2 -d 0.3s --warmup 0.05s --benchstat", 1);
    cr_assert_eq(end.status, 0, "%s", errors);
    cr_assert_str_eq(errors, "");
    const char *line = strstr(end.out, "\nBenchmarkLoad/");
    cr_assert(line != NULL && strncmp(end.out, "goos: linux\n", 12) == 0, "%s", end.out);
    cr_assert_eq(sscanf(line + 1, "%255s %lu %lf ns/op %lf req/s", name, &answers, &ns, &rate), 4, "%s",
                 end.out);
    cr_assert_str_eq(name, "BenchmarkLoad/loop=closed/connections=2-1");
    cr_assert_float_eq(ns * rate, 1e9, 1e3);
    cr_assert(strstr(line, " p99-ns\t") && strstr(line, "\t0 errors\n"), "%s", line);
}

/* Two connections cannot do more than 400/s here, and 4000 are asked for. */
Test(load_answers, overload_is_said_and_no_percentile_shown)
{
    shell_on_server("$LOAD $URL -c 2 -d 0.5s --warmup 0.05s --rate 4k -q", 5);
    cr_assert(strstr(end.out, "overloaded"), "%s", end.out);
    cr_assert(strstr(end.out, "offered    4000/s due"), "%s", end.out);
    cr_assert_null(strstr(end.out, "p99"), "a percentile of a queue: %s", end.out);
    cr_assert_null(strstr(end.out, "percentile"), "%s", end.out);
}

/* ---- on a terminal ---- */

Test(load_answers, terminal_gets_bars_and_a_pipe_does_not)
{
    if (!program_installed("script"))
        cr_skip_test("script is not installed");
    shell_on_server(
        "export NO_COLOR=1 LC_ALL=C TERM=xterm; script -qec \"$LOAD $URL -c 2 -d 0.2s -q\" /dev/null "
        "</dev/null; $LOAD $URL -c 2 -d 0.2s -q",
        1);
    cr_assert(strstr(end.out, " % #"), "no bars on the terminal: %s", end.out);
    cr_assert_null(strchr(end.out, '\033'), "NO_COLOR was set: %s", end.out);
    const char *second = strstr(strstr(end.out, "closed loop") + 1, "closed loop");
    cr_assert(second != NULL && strstr(second, "percentile") && !strstr(second, " % #"), "%s", second);
}
