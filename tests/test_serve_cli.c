/*
 * The command line of tenk-serve: what scripts rely on, and what it says to somebody who is wrong.
 */
#include <criterion/criterion.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "expect.h"
#include "fixture.h"
#include "process.h"

enum { TIMEOUT_S = 60, USAGE = 2, CANNOT_RUN = 3 };

TestSuite(serve_cli, .timeout = TIMEOUT_S, .fini = fixture_leave);

static const struct {
    const char *name;
    bool reference;
} registry[] = {
#define MODEL(model)     {#model, false},
#define REFERENCE(model) {#model, true},
#include "models.def"
#undef MODEL
#undef REFERENCE
};
enum { MODELS = sizeof(registry) / sizeof(registry[0]) };

static struct program_end end;
static char errors[PROGRAM_TEXT_MAX];

/* Runs tenk-serve with up to five arguments to its end. */
static void run(const char *a, const char *b, const char *c, const char *d, const char *e)
{
    program_run((const char *[]){program_path("tenk-serve"), a, b, c, d, e, NULL}, &end, errors);
    cr_assert(end.exited, "it did not exit by itself");
}

/* Ended with that status, nothing on its output, and one sentence on its standard error. */
static void expect_sentence(int status, const char *names)
{
    cr_assert_eq(end.status, status, "exit status %d instead of %d: %s", end.status, status, errors);
    cr_assert_str_eq(end.out, "", "something was printed on its output: %s", end.out);
    cr_assert(strlen(errors) > 1 && strchr(errors, '\n') == errors + strlen(errors) - 1,
              "not one line but: %s", errors);
    cr_assert(strstr(errors, names), "`%s` is not named in: %s", names, errors);
}

/* ---- the lists ---- */

Test(serve_cli, list)
{
    const char *line;

    run("--list", NULL, NULL, NULL, NULL);
    cr_assert_eq(end.status, 0);
    line = end.out;
    for (size_t i = 0; i < MODELS; i++) {
        size_t length = strlen(registry[i].name);

        cr_assert(strncmp(line, registry[i].name, length) == 0 && line[length] == ' ',
                  "the line of %s begins otherwise: %.60s", registry[i].name, line);
        line = strchr(line, '\n');
        cr_assert_not_null(line);
        line++;
    }
    cr_assert_str_eq(line, "", "more lines than models");
}

static void check_entry(const json_t *entry, size_t i)
{
    cr_assert_str_eq(json_string_value(json_object_get(entry, "name")), registry[i].name);
    cr_assert(json_string_length(json_object_get(entry, "summary")) > 0);
    cr_assert(json_is_null(json_object_get(entry, "unavailable")) ||
              json_string_length(json_object_get(entry, "unavailable")) > 0);
    cr_assert(json_is_boolean(json_object_get(entry, "reference")));
    cr_assert_eq(json_is_true(json_object_get(entry, "reference")), registry[i].reference);
    cr_assert(json_is_array(json_object_get(entry, "properties")));
    cr_assert(json_is_integer(json_object_get(entry, "connections_max")));
    cr_assert(json_is_integer(json_object_get(entry, "workers_default")));
    cr_assert(json_is_integer(json_object_get(entry, "clients_at_once")));
    cr_assert(json_is_number(json_object_get(entry, "syscalls_per_request")));
}

Test(serve_cli, list_json)
{
    json_t *list;

    run("--list", "--json", NULL, NULL, NULL);
    cr_assert_eq(end.status, 0);
    list = json_loads(end.out, 0, NULL);
    cr_assert(json_is_array(list), "no array: %s", end.out);
    cr_assert_eq(json_array_size(list), MODELS);
    for (size_t i = 0; i < MODELS; i++)
        check_entry(json_array_get(list, i), i);
    json_decref(list);
}

Test(serve_cli, iterative_serves_one_and_pools_as_many_as_workers)
{
    struct model_facts facts;

    fixture_facts("iterative", &facts);
    cr_assert(!facts.concurrent && facts.clients_at_once == 1);
    fixture_facts("thread_pool", &facts);
    cr_assert(facts.workers && facts.clients_at_once > 0);
    fixture_facts("epoll", &facts);
    cr_assert(facts.concurrent && facts.clients_at_once == 0);
}

Test(serve_cli, help)
{
    static const char *const options[] = {
        "--listen",        "--protocol",        "--workers",  "--backlog", "--idle-timeout",
        "--drain-timeout", "--max-connections", "--counters", "--list",    "--request-timeout"};

    run("--help", NULL, NULL, NULL, NULL);
    cr_assert_eq(end.status, 0);
    for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
        cr_assert(strstr(end.out, options[i]), "--help does not mention %s", options[i]);
    cr_assert_str_eq(errors, "");
}

/* ---- wrong usage: exit 2 ---- */

Test(serve_cli, unknown_model_names_it_and_lists_all)
{
    run("quantum", NULL, NULL, NULL, NULL);
    expect_sentence(USAGE, "quantum");
    for (size_t i = 0; i < MODELS; i++)
        cr_assert(strstr(errors, registry[i].name), "%s is not offered in: %s", registry[i].name, errors);
}

Test(serve_cli, a_model_is_needed)
{
    run(NULL, NULL, NULL, NULL, NULL);
    cr_assert_eq(end.status, USAGE);
    cr_assert(strlen(errors) > 0);
}

Test(serve_cli, one_model_is_enough)
{
    run("epoll", "poll", NULL, NULL, NULL);
    expect_sentence(USAGE, "poll");
}

Test(serve_cli, wrong_options)
{
    static const char *const wrong[][2] = {
        {"--colour", "colour"},
        {"--workers=many", "workers"},
        {"--workers=-1", "workers"},
        {"--idle-timeout=soon", "idle-timeout"},
        {"--drain-timeout=1parsec", "drain-timeout"},
        {"--max-connections=1x", "max-connections"},
        {"--backlog=", "backlog"},
        {"--protocol=gopher", "gopher"},
        {"--counters", "counters"},
    };

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        run("epoll", wrong[i][0], NULL, NULL, NULL);
        expect_sentence(USAGE, wrong[i][1]);
    }
}

Test(serve_cli, unparsable_endpoints)
{
    static const char *const wrong[] = {"ftp://127.0.0.1:1",
                                        "tcp://127.0.0.1",
                                        "tcp://[::1:80",
                                        "unix:",
                                        "127.0.0.1:65536",
                                        "tcp://:x y",
                                        ""};
    char path[200] = "unix:/";

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        run("epoll", "--listen", wrong[i], NULL, NULL);
        expect_sentence(USAGE, wrong[i]);
    }
    memset(path + strlen(path), 'p', sizeof(path) - 1 - strlen(path)); /* longer than sun_path */
    path[sizeof(path) - 1] = '\0';
    run("epoll", "--listen", path, NULL, NULL);
    cr_assert_eq(end.status, USAGE, "status %d: %s", end.status, errors);
}

/* ---- cannot run here: exit 3 ---- */

Test(serve_cli, port_in_use)
{
    struct fixture fixture;

    fixture_start(&fixture, &(struct fixture_plan){.model = "epoll"});
    run("poll", "--listen", fixture.endpoint, NULL, NULL);
    expect_sentence(CANNOT_RUN, fixture.endpoint);
    fixture_expect_unharmed(&fixture);
}

Test(serve_cli, address_of_another_machine)
{
    run("epoll", "--listen", "tcp://192.0.2.1:0", NULL, NULL); /* TEST-NET-1 of RFC 5737 */
    expect_sentence(CANNOT_RUN, "192.0.2.1");
}

Test(serve_cli, socket_path_in_no_directory)
{
    run("epoll", "--listen", "unix:/nonexistent/directory/socket", NULL, NULL);
    expect_sentence(CANNOT_RUN, "/nonexistent/directory/socket");
}

Test(serve_cli, counters_in_no_directory)
{
    run("epoll", "--counters", "/nonexistent/directory/counters", NULL, NULL);
    expect_sentence(CANNOT_RUN, "/nonexistent/directory/counters");
}

/* ---- when it runs ---- */

Test(serve_cli, ready_line_is_all_it_prints)
{
    struct fixture fixture;
    struct counters_sum counters;
    char name[16];
    int port = 0;

    fixture_start(&fixture, &(struct fixture_plan){.model = "epoll"});
    cr_assert_eq(sscanf(fixture.endpoint, "tcp://127.0.0.1:%d", &port), 1, "%s", fixture.endpoint);
    cr_assert(port > 0);
    process_name(fixture.program.pid, name);
    cr_assert_str_eq(name, "tenk-epoll");
    fixture_expect_service(&fixture);
    fixture_terminate(&fixture);
    fixture_finish(&fixture, &end, &counters); /* which finds nothing but the counters on its output */
}

Test(serve_cli, other_interrupts_end_it_too)
{
    static const int signals[] = {SIGINT, SIGHUP};
    struct counters_sum counters;
    struct fixture fixture;

    for (size_t i = 0; i < 2; i++) {
        fixture_start(&fixture, &(struct fixture_plan){.model = "thread"});
        kill(fixture.program.pid, signals[i]);
        fixture_finish(&fixture, &end, &counters);
    }
}

/* The shell that started it had these signals ignored or its descriptors closed. */
Test(serve_cli, inherits_nothing_bad)
{
    struct fixture fixture;

    fixture_start(&fixture, &(struct fixture_plan){.model = "thread_pool",
                                                   .shell = "trap '' TERM INT HUP PIPE; exec \"$@\""});
    fixture_expect_unharmed(&fixture);
    fixture_start(&fixture, &(struct fixture_plan){.model = "epoll", .shell = "exec \"$@\" <&- 2>&-"});
    fixture_expect_unharmed(&fixture);
}

Test(serve_cli, ipv6)
{
    struct program server;
    char line[128];

    cr_assert_eq(program_start(
                     &server,
                     (const char *[]){program_path("tenk-serve"), "epoll", "--listen", "tcp://[::1]:0", NULL},
                     0),
                 0);
    if (program_line(&server, line, sizeof(line), PROGRAM_DEADLINE_MS) < 0) {
        program_wait(&server, &end, PROGRAM_DEADLINE_MS);
        cr_assert_eq(end.status, CANNOT_RUN);
        cr_skip_test("no IPv6 here");
    }
    cr_assert_eq(strncmp(line, "ready tcp://[::1]:", 18), 0, "%s", line);
    kill(server.pid, SIGTERM);
    program_wait(&server, &end, PROGRAM_DEADLINE_MS);
    program_forget(&server);
    cr_assert(end.exited && end.status == 0);
}

/* ---- Unix sockets ---- */

/* Somebody killed the server before: its socket file is there, and nobody behind it. */
Test(serve_cli, stale_socket_is_taken_over)
{
    struct fixture fixture;
    struct stat left;

    fixture_start(&fixture, &(struct fixture_plan){.model = "epoll", .transport = FIXTURE_UNIX});
    program_kill(&fixture.program);
    cr_assert(stat(fixture.endpoint + strlen("unix:"), &left) == 0 && S_ISSOCK(left.st_mode));
    fixture_restart(&fixture);
    fixture_expect_unharmed(&fixture);
}

Test(serve_cli, living_socket_is_not_taken_over)
{
    struct fixture fixture;

    fixture_start(&fixture, &(struct fixture_plan){.model = "epoll", .transport = FIXTURE_UNIX});
    run("poll", "--listen", fixture.endpoint, NULL, NULL);
    expect_sentence(CANNOT_RUN, fixture.endpoint);
    fixture_expect_unharmed(&fixture);
}

Test(serve_cli, a_file_that_is_no_socket_is_left_alone)
{
    char path[] = "/tmp/tenk-test-file-XXXXXX", endpoint[64];
    struct stat after;

    cr_assert_eq(close(mkstemp(path)), 0);
    snprintf(endpoint, sizeof(endpoint), "unix:%s", path);
    run("epoll", "--listen", endpoint, NULL, NULL);
    expect_sentence(CANNOT_RUN, path);
    cr_assert(stat(path, &after) == 0 && S_ISREG(after.st_mode), "the file is gone");
    unlink(path);
}
