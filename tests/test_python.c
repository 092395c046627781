/*
 * The programs people write first, in Python, against ours: an echo client and an echo server, an HTTP client
 * on a bare socket, a server that says hello and closes. Skipped with a word where python3 is not there.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "fixture.h"
#include "program.h"

TestSuite(python, .timeout = 60, .fini = fixture_leave);

static struct fixture fixture;

static void need_python(void)
{
    if (!program_installed("python3"))
        cr_skip_test("python3 is not installed");
}

/* Runs tests/python/SCRIPT HOST PORT against the server of the fixture. */
static void run_script(const char *script)
{
    char path[64], errors[PROGRAM_TEXT_MAX];
    const char *port = strrchr(fixture.endpoint, ':') + 1;
    struct program_end end;

    snprintf(path, sizeof path, "tests/python/%s", script);
    program_run((const char *[]){"/usr/bin/env", "python3", path, "127.0.0.1", port, NULL}, &end, errors);
    cr_assert(end.exited && end.status == 0 && strcmp(end.out, "good\n") == 0, "%s with %s: %s", script,
              fixture.plan.model, errors);
}

/* Starts a Python server; its first line is its port. */
static void start_script(struct program *server, char port[16], const char *script, const char *argument)
{
    char path[64];

    snprintf(path, sizeof path, "tests/python/%s", script);
    cr_assert(program_start(server, (const char *[]){"/usr/bin/env", "python3", path, argument, NULL}, 0) ==
              0);
    cr_assert(program_line(server, port, 16, PROGRAM_DEADLINE_MS) == 0, "%s does not start", script);
}

static const char *const models[] = {"iterative", "fork", "thread_pool", "epoll", "io_uring"};

static void against_all(const char *protocol, const char *script)
{
    need_python();
    for (size_t i = 0; i < sizeof models / sizeof *models; i++) {
        struct fixture_plan plan = {.model = models[i], .protocol = protocol};
        struct model_facts facts;

        fixture_facts(models[i], &facts);
        if (!facts.available)
            continue;
        fixture_start(&fixture, &plan);
        run_script(script);
        fixture_expect_unharmed(&fixture);
    }
}

Test(python, an_echo_client_that_reads_ten_bytes_at_a_time)
{
    against_all("echo", "echo_client.py");
}

Test(python, an_http_get_over_a_bare_socket)
{
    against_all("http", "http_get.py");
}

static void echo_through(const char *scheme, const char *argument)
{
    struct program server;
    struct program_end end;
    char port[16], command[256], errors[PROGRAM_TEXT_MAX];

    need_python();
    start_script(&server, port, "echo_server.py", argument);
    snprintf(command, sizeof command, "seq 1 2000 | %s %s://127.0.0.1:%s", program_path("tenk-echo"), scheme,
             port);
    program_run((const char *[]){"/bin/sh", "-c", command, NULL}, &end, errors);
    program_kill(&server);
    cr_assert(end.exited && end.status == 0, "%s", errors);
    cr_assert(strlen(end.out) == 8893 && strncmp(end.out, "1\n2\n3\n", 6) == 0 &&
                  strcmp(end.out + 8893 - 10, "1999\n2000\n") == 0,
              "%zu bytes came back", strlen(end.out));
}

Test(python, our_echo_client_with_a_plain_echo_server)
{
    echo_through("tcp", NULL);
}

Test(python, our_echo_client_with_a_plain_datagram_server)
{
    echo_through("udp", "udp");
}

/* No length, no chunks: the end of the connection is the end of the body. */
Test(python, our_get_with_a_server_that_says_hello_and_closes)
{
    struct program server;
    struct program_end end;
    char port[16], url[64], errors[PROGRAM_TEXT_MAX];

    need_python();
    start_script(&server, port, "hello_server.py", NULL);
    snprintf(url, sizeof url, "http://127.0.0.1:%s/", port);
    for (int i = 0; i < 3; i++) {
        program_run((const char *[]){program_path("tenk-get"), url, NULL}, &end, errors);
        cr_assert(end.exited && end.status == 0 && strcmp(end.out, "Hello, world!\n") == 0, "%s", errors);
    }
    program_kill(&server);
}
