/*
 * injection - strace(1) beside a running server.
 */
#include "injection.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "process.h"

enum { QUIET_MS = 50, PIDS_MAX = 2048 };

/* The process, and with its family the children it has already: -f follows only those to come. */
static void list_pids(pid_t pid, bool family, char pids[PIDS_MAX])
{
    char path[64];
    int size = snprintf(pids, PIDS_MAX, "%d ", (int)pid);

    snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)pid, (int)pid);
    FILE *children = family ? fopen(path, "re") : NULL;
    if (children == NULL)
        return;
    pids[(size_t)size + fread(pids + size, 1, PIDS_MAX - (size_t)size - 1, children)] = '\0';
    fclose(children);
}

/* Starts strace on a process and waits until it traces it; false when it may not. */
static bool attach(struct injection *injection, pid_t pid, const char *expression, bool follow)
{
    int64_t deadline_ns = clock_now_ns() + PROGRAM_DEADLINE_MS * NS_PER_MS;
    const char *arguments[PROGRAM_ARGUMENTS_MAX] = {"strace", "-qq", "-o", injection->log};
    char pids[PIDS_MAX];
    size_t count = 4;

    strcpy(injection->log, "/tmp/tenk-strace-XXXXXX");
    cr_assert(close(mkstemp(injection->log)) == 0);
    list_pids(pid, follow, pids);
    if (expression) {
        arguments[count++] = "-e";
        arguments[count++] = expression;
    }
    if (follow)
        arguments[count++] = "-f";
    arguments[count++] = "-p";
    arguments[count++] = pids;
    cr_assert_eq(program_start(&injection->program, arguments, 0), 0);
    while (process_tracer(pid) != injection->program.pid) {
        if (program_ended(&injection->program, 1) || clock_now_ns() > deadline_ns)
            return false;
    }
    clock_sleep_ns(QUIET_MS * NS_PER_MS); /* the other threads, and the calls they sit in */
    return true;
}

void injection_skip_unless_possible(void)
{
    char errors[PROGRAM_TEXT_MAX];
    struct injection injection;
    struct program sleeper;
    bool attached;

    if (!program_installed("strace"))
        cr_skip_test("strace is not installed");
    cr_assert_eq(program_start(&sleeper, (const char *[]){"sleep", "60", NULL}, 0), 0);
    attached = attach(&injection, sleeper.pid, NULL, false);
    program_errors(&injection.program, errors, sizeof(errors));
    injection_detach(&injection);
    program_kill(&sleeper);
    if (!attached)
        cr_skip_test("strace may not trace here: %s", errors);
}

void injection_attach(struct injection *injection, pid_t pid, const char *expression, bool follow)
{
    char errors[PROGRAM_TEXT_MAX];

    cr_assert(attach(injection, pid, expression, follow), "strace does not attach: %s",
              program_errors(&injection->program, errors, sizeof(errors)));
}

/* The name of the call in a line of the log ("PID name(..." with -f, "name(..." without), or NULL. */
static const char *call_name(const char *line)
{
    line += strspn(line, "0123456789 ");
    /* longjmp under the address sanitizer calls sigaltstack, the models never do. */
    bool foreign = strncmp(line, "sigaltstack", 11) == 0;

    return foreign || strncmp(line, "<... ", 5) == 0 || line[0] == '+' || line[0] == '-' ? NULL : line;
}

long injection_calls(const struct injection *injection, const char *name)
{
    FILE *log = fopen(injection->log, "re");
    char *line = NULL;
    size_t size = 0;
    long count = 0;

    while (log && getline(&line, &size, log) > 0) {
        const char *call = call_name(line);

        if (call && (!name || (strncmp(call, name, strlen(name)) == 0 && call[strlen(name)] == '(')))
            count++;
    }
    free(line);
    if (log)
        fclose(log);
    return count;
}

void injection_detach(struct injection *injection)
{
    struct program_end end;

    /* strace makes a call fail by turning it into none; left in the middle of that it gives ENOSYS. */
    clock_sleep_ns(QUIET_MS * NS_PER_MS);
    kill(injection->program.pid, SIGINT);
    program_wait(&injection->program, &end, PROGRAM_DEADLINE_MS);
    program_forget(&injection->program);
    unlink(injection->log);
}
