/*
 * tenk-bench as a program: a small real run from end to end, interrupted and killed and taken up again,
 * and one clear sentence for everything that cannot be.
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

/* ---- scenarios ---- */

static void expect_scenario_error(const char *text, unsigned line, const char *part)
{
    char where[BENCH_PATH_MAX + 16];

    bench_write_scenario(text);
    bench_run_program("tenk-bench", BENCH_WORDS(bench_scenario, "--plan"));
    if (line > 0)
        snprintf(where, sizeof(where), "%s:%u: ", bench_scenario, line);
    else
        snprintf(where, sizeof(where), "%s: ", bench_scenario);
    bench_expect_sentence(USAGE, where);
    cr_assert_not_null(strstr(bench_errors, part), "\"%s\" is not in: %s", part, bench_errors);
}

Test(bench_run, unknown_key)
{
    expect_scenario_error("[scenario]\nname = x\n; a comment\nconections = 1\n", 4,
                          "unknown key \"conections\"; known are: name");
}

Test(bench_run, unknown_section)
{
    expect_scenario_error("[scenario]\nname = x\n[sever nginx]\ncommand = x\n", 4, "[sever nginx]");
}

Test(bench_run, unknown_key_of_a_server)
{
    expect_scenario_error("[scenario]\nname = x\n[server nginx]\nport = 80\n", 4,
                          "unknown key \"port\" in [server nginx]");
}

Test(bench_run, line_that_is_none)
{
    expect_scenario_error("[scenario]\nname = x\nrounds\n", 3, "expected [section] or key = value");
}

Test(bench_run, first_of_two_wrong_lines_is_named)
{
    expect_scenario_error("[scenario]\nname = x\nrounds\nslice = long\n", 3, "expected");
    expect_scenario_error("[scenario]\nname = x\nslice = long\nrounds\n", 3, "slice takes a duration");
}

Test(bench_run, values_of_the_wrong_kind)
{
    expect_scenario_error("[scenario]\nname = x\nslice = 10 parsecs\n", 3,
                          "slice takes a duration such as 500ms or 2s, not \"10 parsecs\"");
    expect_scenario_error("[scenario]\nname = x\nrounds = -3\n", 3, "rounds takes a whole number");
    expect_scenario_error("[scenario]\nname = x\nconnections = 1 0\n", 3, "connections takes numbers from 1");
    expect_scenario_error("[scenario]\nname = x\nconnections = 100001\n", 3, "to 100000");
    expect_scenario_error("[scenario]\nname = x\nrate = fast\n", 3, "rate takes a number");
    expect_scenario_error("[scenario]\nname = x\nmodels = epoll epoll\n", 3, "each once");
}

Test(bench_run, key_given_twice)
{
    expect_scenario_error("[scenario]\nname = x\nrounds = 3\nrounds = 4\n", 4, "rounds is given twice");
}

Test(bench_run, line_too_long)
{
    char text[400];

    snprintf(text, sizeof(text), "[scenario]\nname = x\ndescription = %0*d\n", 250, 0);
    expect_scenario_error(text, 3, "longer than");
}

Test(bench_run, values_that_do_not_go_together)
{
    expect_scenario_error("[scenario]\nrounds = 3\n", 0, "needs a name");
    expect_scenario_error("[scenario]\nname = x\nprotocol = gopher\n", 0, "protocol is http or echo");
    expect_scenario_error("[scenario]\nname = x\ntransport = unix\nclients = wrk\n", 0,
                          "wrk speaks http over tcp only");
    expect_scenario_error("[scenario]\nname = x\nclients = ab\n", 0, "clients are tenk-load and wrk");
    expect_scenario_error("[scenario]\nname = x\nslice = 10ms\n", 0, "slice is at least 50ms");
}

Test(bench_run, scenario_that_is_not_there)
{
    bench_run_program("tenk-bench", BENCH_WORDS("no-such-scenario", "--plan"));
    bench_expect_sentence(USAGE, "there is no scenario no-such-scenario");
}

Test(bench_run, shipped_scenarios_make_plans)
{
    static const char *const names[] = {"quick",   "full", "echo",  "unix", "churn",  "pipeline",
                                        "waiting", "cpu",  "large", "pool", "models", "idle"};

    for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        bench_run_program("tenk-bench", BENCH_WORDS(names[i], "--plan", "--seed", "1"));
        bench_expect(0, names[i]);
        cr_assert_not_null(strstr(bench_end.out, " (copy) "), "no control in %s", names[i]);
    }
}

/* What make bench promises: under five minutes, by its own reckoning. */
Test(bench_run, quick_is_quick)
{
    const char *about;

    bench_run_program("tenk-bench", BENCH_WORDS("quick", "--plan"));
    about = strstr(bench_errors, "about ");
    cr_assert_not_null(about, "%s", bench_errors);
    cr_assert_lt(atoi(about + 6), 4, "%s", about); /* "3m12s" */
}

Test(bench_run, continued_lines_and_inline_comments)
{
    bench_write_scenario(
        "[scenario]\nname = x ; a name\nconnections = 1\n    2\n    3\nmodels = epoll\nrounds = "
        "1\ncost_slice = 0\n");
    bench_run_program("tenk-bench", BENCH_WORDS(bench_scenario, "--plan"));
    bench_expect(0, "connections 1 2 3, 1 rounds");
    cr_assert_not_null(strstr(bench_errors, "9 slices"), "epoll and the control twice at three counts: %s",
                       bench_errors);
}

/* ---- what cannot be ---- */

#define TINY                                                                                                 \
    "[scenario]\nname = tiny\nmodels = epoll\nconnections = 2\nrounds = 2\nrounds_per_start = 1\nslice = "   \
    "250ms\n"                                                                                                \
    "ramp = 100ms\ncost_slice = 250ms\nforeign_cpu_max = 1000\nsteal_max = 1000\n"

Test(bench_run, unknown_model)
{
    bench_run_program("tenk-bench", BENCH_WORDS("--model", "epol", "--plan"));
    bench_expect_sentence(USAGE, "unknown model \"epol\"; known are: iterative");
}

Test(bench_run, unknown_option)
{
    bench_run_program("tenk-bench", BENCH_WORDS("--fast"));
    bench_expect_sentence(USAGE, "--fast");
}

Test(bench_run, results_cannot_be_written)
{
    bench_write_scenario(TINY);
    bench_run_program("tenk-bench", BENCH_WORDS(bench_scenario, "--results", "/proc/nowhere"));
    bench_expect_sentence(CANNOT_RUN, "/proc/nowhere");
    cr_assert_not_null(strstr(bench_errors, "--results DIR"), "%s", bench_errors);
}

Test(bench_run, resume_without_a_run)
{
    bench_run_program("tenk-bench", BENCH_WORDS("--resume", bench_directory));
    bench_expect_sentence(USAGE, "is that a run directory?");
}

Test(bench_run, resume_takes_no_scenario)
{
    bench_run_program("tenk-bench", BENCH_WORDS("--resume", bench_directory, "quick"));
    bench_expect_sentence(USAGE, "--resume");
}

Test(bench_run, wrk_asked_for_and_missing)
{
    bench_write_scenario(TINY);
    cr_assert_eq(setenv("PATH", "/nowhere", 1), 0);
    bench_run_program("tenk-bench", BENCH_WORDS(bench_scenario, "--client", "wrk", "-o", bench_run));
    bench_expect_sentence(CANNOT_RUN, "apt-get install wrk");
}

Test(bench_run, wrk_beside_and_missing)
{
    bench_write_scenario(TINY "clients = tenk-load wrk\n");
    cr_assert_eq(setenv("PATH", "/nowhere", 1), 0);
    bench_run_program("tenk-bench", BENCH_WORDS(bench_scenario, "--plan"));
    bench_expect(0, "wrk is not installed, so its column is left out: apt-get install wrk\n");
    cr_assert_null(strstr(bench_end.out, " wrk "), "%s", bench_end.out);
}

Test(bench_run, too_few_descriptors)
{
    const char *const without[] = {"setpriv",
                                   "--bounding-set=-sys_resource",
                                   "--inh-caps=-sys_resource",
                                   program_path("tenk-bench"),
                                   "--connections",
                                   "100000",
                                   "--model",
                                   "epoll",
                                   "--plan",
                                   NULL};

    if (!program_installed("setpriv"))
        cr_skip_test("setpriv is not installed: root raises any limit");
    program_run(without, &bench_end, bench_errors);
    bench_expect_sentence(CANNOT_RUN, "needs 100256 descriptors per process");
    cr_assert_not_null(strstr(bench_errors, "ulimit -n 100256"), "%s", bench_errors);
}

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

/* TINY: epoll once and ceiling twice in each of two rounds, then a cost slice of each. */
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

    bench_write_scenario(TINY);
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
    static const char second[] = TINY "protocol = echo\ntransport = unix\n";
    char path[BENCH_PATH_MAX + 16], *name;
    FILE *out;

    bench_write_scenario(TINY);
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
             TINY, program_path("tenk-serve"));
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
    bench_write_scenario(TINY);
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
    snprintf(text, sizeof(text), "%s[server python]\ncommand = python3 %s {port}\n", TINY, path);
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
    bench_write_scenario(TINY);
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

    bench_write_scenario(TINY);
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
