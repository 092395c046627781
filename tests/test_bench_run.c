/*
 * tenk-bench as a program: a small real run from end to end, interrupted and killed and taken up again.
 */
#include <criterion/criterion.h>
#include <dirent.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench_directory.h"
#include "clock.h"
#include "program.h"

enum { TIMEOUT_S = 120, RUN_DEADLINE_MS = 60000, FAULT = 1, USAGE = 2, CANNOT_RUN = 3 };

static struct program bench;

static void leave(void)
{
    program_kill(&bench);
    bench_directory_leave();
}

TestSuite(bench_run, .init = bench_directory_enter, .fini = leave, .timeout = TIMEOUT_S);

/* ---- a run ---- */

static json_t *read_json(const char *name)
{
    json_error_t error;
    char path[128];
    json_t *root;

    snprintf(path, sizeof(path), "%s/%s", bench_run, name);
    root = json_load_file(path, 0, &error);
    cr_assert_not_null(root, "%s: %s", path, error.text);
    return root;
}

struct tally {
    unsigned lines, timing, cost, stop;
};

/* Counts the rows of samples.jsonl; every slice must be there once. */
static struct tally read_samples(bool *seen, unsigned slices)
{
    struct tally tally = {0};
    char path[128], line[16384];
    FILE *in;

    snprintf(path, sizeof(path), "%s/samples.jsonl", bench_run);
    in = fopen(path, "r");
    cr_assert_not_null(in, "%s", path);
    while (fgets(line, sizeof(line), in)) {
        json_t *row = json_loads(line, 0, NULL);
        const char *kind = json_string_value(json_object_get(row, "kind"));
        const json_t *slice = json_object_get(row, "slice");

        cr_assert_not_null(kind, "not a row: %s", line);
        tally.lines++;
        tally.timing += strcmp(kind, "timing") == 0;
        tally.cost += strcmp(kind, "cost") == 0;
        tally.stop += strcmp(kind, "stop") == 0;
        if (json_is_integer(slice)) {
            unsigned index = (unsigned)json_integer_value(slice);

            cr_assert_lt(index, slices);
            cr_assert(!seen[index] || json_integer_value(json_object_get(row, "attempt")) > 0,
                      "slice %u twice", index);
            seen[index] = true;
        }
        json_decref(row);
    }
    fclose(in);
    return tally;
}

static void expect_file(const char *name, const char *part)
{
    static char text[PROGRAM_TEXT_MAX];
    char path[128];
    size_t length;
    FILE *in;

    snprintf(path, sizeof(path), "%s/%s", bench_run, name);
    in = fopen(path, "r");
    cr_assert_not_null(in, "%s is missing", path);
    length = fread(text, 1, sizeof(text) - 1, in);
    text[length] = '\0';
    fclose(in);
    cr_assert_not_null(strstr(text, part), "\"%s\" is not in %s: %s", part, path, text);
}

static double number_in(const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);

    cr_assert(json_is_number(value), "%s is no number", name);
    return json_number_value(value);
}

/* BENCH_TINY: epoll once and ceiling twice in each of two rounds, then a cost slice of each. */
enum { TINY_SLICES = 8 };

static void expect_complete_tiny_run(void)
{
    bool seen[TINY_SLICES] = {false};
    struct tally tally = read_samples(seen, TINY_SLICES);
    json_t *root = read_json("run.json");

    for (unsigned i = 0; i < TINY_SLICES; i++)
        cr_assert(seen[i], "slice %u has no row", i);
    cr_assert_geq(tally.timing, 6);
    cr_assert_geq(tally.cost, 2);
    cr_assert_geq(tally.stop, 3, "the servers of a start that was not killed say how they ended");
    cr_assert(json_is_true(json_object_get(root, "complete")));
    const json_t *floor = json_object_get(json_object_get(root, "environment"), "ping_floor_us");
    cr_assert(json_is_null(floor) || (json_real_value(floor) > 0 && json_real_value(floor) < 1e6));
    cr_assert(floor != NULL && (geteuid() != 0 || json_is_real(floor)), "root may ping");
    json_decref(root);
    expect_file("results.md", "| epoll ");
    expect_file("results.csv", "\ntiming,tiny,");
    expect_file("cells/tiny-2-epoll.hlog", "HISTFAAA");
}

Test(bench_run, smoke)
{
    json_t *results, *groups, *cells;

    bench_write_scenario(BENCH_TINY);
    bench_measure(BENCH_WORDS(bench_scenario, "--seed", "5"));
    cr_assert_not_null(strstr(bench_end.out, "CPU us/req"), "%s", bench_end.out);
    cr_assert_not_null(strstr(bench_end.out, bench_run), "the last line says where the run is: %s",
                       bench_end.out);
    expect_complete_tiny_run();
    results = read_json("results.json");
    groups = json_object_get(results, "groups");
    cr_assert_eq(json_array_size(groups), 1);
    cells = json_object_get(json_array_get(groups, 0), "cells");
    cr_assert_eq(json_array_size(cells), 2);
    for (size_t i = 0; i < 2; i++) {
        const json_t *cell = json_array_get(cells, i);

        cr_assert_gt(number_in(cell, "server_cpu_us_per_request"), 0.5);
        cr_assert_lt(number_in(cell, "server_cpu_us_per_request"), 1000);
        cr_assert_gt(number_in(cell, "requests_per_s"), 100);
        cr_assert_eq(number_in(cell, "connections_served"), 2);
        cr_assert_leq(number_in(cell, "latency_p50_us"), number_in(cell, "latency_p99_us"));
    }
    json_decref(results);
}

Test(bench_run, several_scenarios_over_unix_and_echo)
{
    static const char second[] = BENCH_TINY "protocol = echo\ntransport = unix\n";
    char path[BENCH_PATH_MAX + 16], *name;
    FILE *out;

    bench_write_scenario(BENCH_TINY);
    snprintf(path, sizeof(path), "%s/second.ini", bench_directory);
    out = fopen(path, "w");
    cr_assert_not_null(out);
    name = strstr(second, "tiny");
    fprintf(out, "%.*sother%s", (int)(name - second), second, name + 4);
    fclose(out);
    bench_measure(BENCH_WORDS(bench_scenario, path, "--no-cost", "--slice", "300ms"));
    cr_assert_not_null(strstr(bench_end.out, "tiny: 2 connections, tenk-load, http over tcp"), "%s",
                       bench_end.out);
    cr_assert_not_null(strstr(bench_end.out, "other: 2 connections, tenk-load, echo over unix"), "%s",
                       bench_end.out);
}

/* One run over connections, records and datagrams, with another program among them; ours plays it. */
Test(bench_run, one_model_over_several_transports)
{
    char text[1024];

    snprintf(text, sizeof(text),
             "%sprotocol = echo\n[server other]\n"
             "command = %s epoll --protocol echo --listen udp4://127.0.0.1:{port}\n",
             BENCH_TINY, program_path("tenk-serve"));
    bench_write_scenario(text);
    bench_measure(
        BENCH_WORDS(bench_scenario, "--no-cost", "--set",
                    "models=epoll epoll+tcp6 epoll+unixpacket epoll+udp epoll+unixdgram other+udp"));
    cr_assert_not_null(strstr(bench_end.out, "tiny: 2 connections, tenk-load, echo over several transports"),
                       "%s", bench_end.out);
    cr_assert_not_null(strstr(bench_end.out, "lost datagrams: "), "%s", bench_end.out);
    cr_assert_not_null(strstr(bench_end.out, "epoll+udp 0 of "), "%s", bench_end.out);
    expect_file("results.json", "\"transport\": \"unixpacket\"");
    expect_file("results.json", "\"transport\": \"unixdgram\"");
}

Test(bench_run, wrk_as_the_only_client)
{
    if (!program_installed("wrk"))
        cr_skip_test("wrk is not installed");
    bench_write_scenario(BENCH_TINY);
    bench_measure(BENCH_WORDS(bench_scenario, "--client", "wrk", "--set", "wrk_rounds=1"));
    cr_assert_not_null(strstr(bench_end.out, "2 connections, wrk"), "%s", bench_end.out);
    expect_file("raw/tiny-0000.txt", "Requests/sec:");
}

/* Somebody else's server: python3 with the same thirteen bytes, on the port it is given. */
Test(bench_run, external_server)
{
    static const char server[] =
        "import http.server, sys\n"
        "class Answer(http.server.BaseHTTPRequestHandler):\n"
        "    protocol_version = 'HTTP/1.1'\n"
        "    def do_GET(self):\n"
        "        self.send_response(200)\n"
        "        self.send_header('Content-Length', '13')\n"
        "        self.end_headers()\n"
        "        self.wfile.write(b'Hello, world!')\n"
        "    def log_message(self, *rest):\n"
        "        pass\n"
        "http.server.ThreadingHTTPServer(('127.0.0.1', int(sys.argv[1])), Answer).serve_forever()\n";
    char text[1024], path[BENCH_PATH_MAX + 16];
    FILE *out;

    if (!program_installed("python3"))
        cr_skip_test("python3 is not installed");
    snprintf(path, sizeof(path), "%s/server.py", bench_directory);
    out = fopen(path, "w");
    cr_assert_not_null(out);
    fputs(server, out);
    fclose(out);
    snprintf(text, sizeof(text), "%s[server python]\ncommand = python3 %s {port}\n", BENCH_TINY, path);
    bench_write_scenario(text);
    bench_run_program("tenk-bench",
                      BENCH_WORDS(bench_scenario, "-o", bench_run, "--set", "models=epoll python"));
    cr_assert_not_null(strstr(bench_end.out, "\npython "), "%s%s", bench_errors, bench_end.out);
    expect_file("results.json", "\"model\": \"python\"");
    /* Python ends by the signal instead of status 0: a server that does is reported. */
    bench_expect(FAULT, "python: after SIGTERM it was killed by SIGTERM");
}

/* ---- cut short ---- */

static void start_longer_run(void)
{
    bench_write_scenario(BENCH_TINY);
    bench_start_program(&bench, "tenk-bench",
                        BENCH_WORDS(bench_scenario, "-o", bench_run, "--set", "slice=500ms"));
}

static void wait_for_samples(unsigned lines)
{
    bench_wait_for_samples(lines);
    clock_sleep_ns(200 * NS_PER_MS); /* into the middle of the next slice */
}

static void resume(void)
{
    bench_run_program("tenk-bench", BENCH_WORDS("--resume", bench_run));
    bench_expect_end("");
    expect_complete_tiny_run();
}

Test(bench_run, ctrl_c_keeps_what_was_measured)
{
    start_longer_run();
    wait_for_samples(1);
    cr_assert_eq(kill(bench.pid, SIGINT), 0);
    program_wait(&bench, &bench_end, RUN_DEADLINE_MS);
    program_errors(&bench, bench_errors, sizeof(bench_errors));
    cr_assert(bench_end.exited);
    bench_expect(FAULT, "slices are measured and kept; go on with: tenk-bench --resume ");
    cr_assert_not_null(strstr(bench_end.out, "CPU us/req"), "what was measured is summarised: %s",
                       bench_end.out);
    cr_assert_geq(bench_sample_lines(), 1);
    resume();
}

/* Whether a directory holds something of the runner with that process id. */
static bool has_leftovers(const char *place, pid_t pid)
{
    DIR *entries = opendir(place);
    struct dirent *entry;
    bool found = false;
    char prefix[32];

    snprintf(prefix, sizeof(prefix), "tenk-bench-%d-", (int)pid);
    while (entries && (entry = readdir(entries)))
        found |= strncmp(entry->d_name, prefix, strlen(prefix)) == 0;
    if (entries)
        closedir(entries);
    return found;
}

/* The hard way: nothing can be tidied up. At most the slice under way is lost, a torn line is cut off. */
Test(bench_run, sigkill_loses_one_slice_at_most)
{
    char path[128];
    pid_t killed;
    FILE *out;

    start_longer_run();
    killed = bench.pid;
    wait_for_samples(2);
    cr_assert_eq(kill(bench.pid, SIGKILL), 0);
    program_wait(&bench, &bench_end, RUN_DEADLINE_MS);
    cr_assert_geq(bench_sample_lines(), 2);
    snprintf(path, sizeof(path), "%s/samples.jsonl", bench_run);
    out = fopen(path, "a");
    cr_assert_not_null(out);
    fputs("{\"kind\": \"timing\", \"slice\": 3, \"mod", out);
    fclose(out);
    cr_assert(has_leftovers("/dev/shm", killed), "the counters of its servers are still there");
    resume();
    cr_assert_not(has_leftovers("/dev/shm", killed), "the next runner tidies up");
}

Test(bench_run, a_complete_run_is_only_reported)
{
    unsigned before;

    bench_write_scenario(BENCH_TINY);
    bench_measure(BENCH_WORDS(bench_scenario));
    before = bench_sample_lines();
    resume();
    bench_expect(0, "nothing left to run");
    cr_assert_eq(bench_sample_lines(), before);
    bench_run_program("tenk-bench", BENCH_WORDS(bench_scenario, "-o", bench_run));
    bench_expect_sentence(USAGE, "holds a run already");
}

/* ---- the front door ---- */

Test(bench_run, front_door_runs_its_sibling)
{
    bench_run_program("tenk", BENCH_WORDS("serve", "--list"));
    bench_expect(0, "");
    cr_assert_not_null(strstr(bench_end.out, "epoll"), "%s", bench_end.out);
}

Test(bench_run, front_door_passes_the_exit_status_on)
{
    bench_run_program("tenk", BENCH_WORDS("bench", "--fast"));
    bench_expect_sentence(USAGE, "--fast");
}

Test(bench_run, front_door_help)
{
    bench_run_program("tenk", BENCH_WORDS("help"));
    bench_expect(0, "");
    cr_assert_not_null(strstr(bench_end.out, "serve"), "%s", bench_end.out);
    bench_run_program("tenk", BENCH_WORDS("help", "bench"));
    bench_expect(0, "");
    cr_assert_not_null(strstr(bench_end.out, "usage: tenk-bench"), "%s", bench_end.out);
}

Test(bench_run, front_door_unknown_command)
{
    bench_run_program("tenk", BENCH_WORDS("sevre"));
    bench_expect_sentence(USAGE, "unknown command \"sevre\"; known are serve, load");
    bench_run_program("tenk", BENCH_WORDS("help", "sevre"));
    bench_expect_sentence(USAGE, "unknown command \"sevre\"");
    bench_run_program("tenk", BENCH_WORDS("../../bin/true"));
    bench_expect_sentence(USAGE, "unknown command");
}
