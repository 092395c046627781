/*
 * --user, --verbose and --root on the command line: root is given up for good, by every process of every
 * model.
 */
#include <criterion/criterion.h>
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "docroot.h"
#include "expect.h"
#include "matrix.h"

enum { USAGE = 2, CANNOT_RUN = 3, NOBODY = 65534 };

static struct fixture fixture;
static struct wire wire;
static struct program_end end;
static char errors[PROGRAM_TEXT_MAX];

static void leave(void)
{
    fixture_leave();
    docroot_remove();
}

/* ---- every model ---- */

/* A line of /proc/PID/status without its name; "" when the process has gone. proc_pid_status(5) */
static const char *status_line(pid_t pid, const char *name, char line[256])
{
    char path[64];
    FILE *file;

    snprintf(path, sizeof(path), "/proc/%d/status", pid);
    file = fopen(path, "r");
    while (file && fgets(line, 256, file))
        if (strncmp(line, name, strlen(name)) == 0 && line[strlen(name)] == ':') {
            fclose(file);
            return line + strlen(name) + 1;
        }
    if (file)
        fclose(file);
    return "";
}

/* The four ids of that kind are those of nobody. */
static bool is_nobody(pid_t pid, const char *kind)
{
    char line[256];
    int real, effective, saved, file_system;

    return sscanf(status_line(pid, kind, line), "%d %d %d %d", &real, &effective, &saved, &file_system) ==
               4 &&
           real == NOBODY && effective == NOBODY && saved == NOBODY && file_system == NOBODY;
}

static void expect_nobody(pid_t pid)
{
    char line[256];

    cr_assert(is_nobody(pid, "Uid"), "process %d: Uid %s", pid, status_line(pid, "Uid", line));
    cr_assert(is_nobody(pid, "Gid"), "process %d: Gid %s", pid, status_line(pid, "Gid", line));
    cr_assert_eq(strspn(status_line(pid, "Groups", line), " \t\n"), strlen(status_line(pid, "Groups", line)),
                 "process %d has groups: %s", pid, line);
    cr_assert_eq(atoi(status_line(pid, "NoNewPrivs", line)), 1, "process %d", pid);
    cr_assert_eq(strtoull(status_line(pid, "CapEff", line), NULL, 16), 0, "process %d has capabilities: %s",
                 pid, line);
}

/* The server and its children: all of its process group. Returns how many there are. */
static int expect_group_of_nobody(pid_t group)
{
    DIR *proc = opendir("/proc");
    const struct dirent *entry;
    int count = 0;

    while (proc && (entry = readdir(proc))) {
        pid_t pid = atoi(entry->d_name);

        if (pid <= 0 || getpgid(pid) != group)
            continue;
        expect_nobody(pid);
        count++;
    }
    closedir(proc);
    return count;
}

static void gives_up_root(struct fixture_plan plan)
{
    if (geteuid() != 0)
        cr_skip_test("only root has something to give up");
    plan.options[0] = "--user";
    plan.options[1] = "65534";
    fixture_start(&fixture, &plan);
    fixture_connect(&fixture, &wire);
    wire_text(&wire, "GET / HTTP/1.1\r\nHost: test\r\n\r\n");
    expect_hello(&wire);
    cr_assert(expect_group_of_nobody(fixture.program.pid) > 0);
    wire_close(&wire);
    fixture_expect_unharmed(&fixture);
}

MATRIX_SUITE(serve_user);

#define MODEL(model) MATRIX_TEST(serve_user, model, gives_up_root, "http", FIXTURE_TCP)
#define REFERENCE(model)
#include "models.def"

/* ---- the command line ---- */

TestSuite(serve_options, .timeout = 60, .fini = leave);

static void run(const char *a, const char *b, const char *c)
{
    program_run((const char *[]){program_path("tenk-serve"), "epoll", a, b, c, NULL}, &end, errors);
    cr_assert(end.exited, "it did not exit by itself");
}

static void expect_sentence(int status, const char *names)
{
    cr_assert_eq(end.status, status, "exit status %d instead of %d: %s", end.status, status, errors);
    cr_assert(strchr(errors, '\n') == errors + strlen(errors) - 1, "not one line but: %s", errors);
    cr_assert(strstr(errors, names), "`%s` is not named in: %s", names, errors);
}

Test(serve_options, wrong_users_and_roots)
{
    run("--user=root", NULL, NULL);
    expect_sentence(USAGE, "root");
    run("--user=0", NULL, NULL);
    expect_sentence(USAGE, "'0'");
    run("--user=who is this", NULL, NULL);
    expect_sentence(USAGE, "who is this");
    run("--user=", NULL, NULL);
    expect_sentence(USAGE, "user");
    run("--listing", NULL, NULL);
    expect_sentence(USAGE, "--root");
    run("--root=/tmp", "--protocol=echo", NULL);
    expect_sentence(USAGE, "echo");
    run("--root=/nonexistent/directory", NULL, NULL);
    expect_sentence(CANNOT_RUN, "/nonexistent/directory");
    run("--root=/etc/passwd", NULL, NULL);
    expect_sentence(CANNOT_RUN, "/etc/passwd");
}

Test(serve_options, only_root_becomes_somebody_else)
{
    if (geteuid() == 0 && setuid(NOBODY) < 0)
        cr_skip_test("cannot become somebody else here");
    run("--user=1", NULL, NULL);
    expect_sentence(CANNOT_RUN, "only root");
}

/* The limits stand on standard error, and the ready line is all that stands on standard output. */
Test(serve_options, verbose_tells_the_limits)
{
    fixture_start(&fixture,
                  &(struct fixture_plan){.model = "thread_pool",
                                         .options = {"--verbose", "--workers", "3", "--max-connections", "77",
                                                     "--root", docroot_make()}});
    program_errors(&fixture.program, errors, sizeof(errors));
    cr_assert(strstr(errors, fixture.endpoint) && strstr(errors, " 77 connections, 3 workers") &&
                  strstr(errors, "idle for 60 s") && strstr(errors, "8000 bytes") &&
                  strstr(errors, "directories are not listed"),
              "%s", errors);
    kill(fixture.program.pid, SIGTERM);
    program_wait(&fixture.program, &end, PROGRAM_DEADLINE_MS);
    cr_assert(end.exited && end.status == 0);
}

/* Loopback unless told. */
Test(serve_options, listens_on_loopback_unless_told)
{
    fixture_start(&fixture, &(struct fixture_plan){.model = "epoll"});
    cr_assert_eq(strncmp(fixture.endpoint, "tcp://127.0.0.1:", 16), 0, "%s", fixture.endpoint);
    fixture_stop(&fixture);
}

Test(serve_options, a_listing_when_told)
{
    struct reply reply;

    fixture_start(&fixture, &(struct fixture_plan){.model = "epoll",
                                                   .options = {"--listing", "--root", docroot_make()}});
    fixture_connect(&fixture, &wire);
    wire_text(&wire, "GET /list/ HTTP/1.1\r\nHost: test\r\n\r\n");
    expect_status(&wire, 200, &reply);
    cr_assert(strstr(reply.body, "a.txt"), "%s", reply.body);
    reply_free(&reply);
    wire_close(&wire);
    fixture_expect_unharmed(&fixture);
}
