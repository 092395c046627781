/*
 * program - starts a program for a test and never loses it.
 */
#include "program.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"

enum { PATHS = 8, EXEC_FAILED = 127 };

const char *program_path(const char *name)
{
    static char paths[PATHS][4096];
    static unsigned next;
    const char *directory = getenv("TENK_BIN");
    char *path = paths[next++ % PATHS];

    snprintf(path, sizeof(paths[0]), "%s/%s", directory ? directory : "build", name);
    return path;
}

bool program_installed(const char *name)
{
    const char *from = getenv("PATH");
    char path[4096];

    while (from && *from) {
        int length = (int)strcspn(from, ":");

        snprintf(path, sizeof(path), "%.*s/%s", length, from, name);
        if (access(path, X_OK) == 0)
            return true;
        from += length;
        from += *from == ':';
    }
    return false;
}

static void limit_descriptors(unsigned descriptors)
{
    struct rlimit limit = {descriptors, descriptors};

    if (descriptors > 0 && setrlimit(RLIMIT_NOFILE, &limit) < 0)
        _exit(EXEC_FAILED);
}

/* Only async-signal-safe calls: the test has two threads, and this is the copy of one of them. */
static void child(const char *const argv[], unsigned descriptors, pid_t parent, int out, int errors)
{
    int nothing = open("/dev/null", O_RDONLY);
    sigset_t none;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(EXEC_FAILED); /* the test died before we asked to die with it */
    setpgid(0, 0);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    dup2(nothing, STDIN_FILENO);
    dup2(out, STDOUT_FILENO);
    dup2(errors, STDERR_FILENO);
    close_range(STDERR_FILENO + 1, ~0U, 0);
    limit_descriptors(descriptors);
    /* execvp(3) changes nothing: its type is older than const. */
    execvp(argv[0], (char *const *)(uintptr_t)argv);
    _exit(EXEC_FAILED);
}

int program_start(struct program *program, const char *const argv[], unsigned descriptors)
{
    pid_t parent = getpid();
    int out[2];

    memset(program, 0, sizeof(*program));
    if (pipe2(out, O_CLOEXEC) < 0)
        return -1;
    program->errors = memfd_create("errors", MFD_CLOEXEC);
    program->pid = fork();
    if (program->pid == 0)
        child(argv, descriptors, parent, out[1], program->errors);
    setpgid(program->pid, program->pid); /* both do it: whoever comes first */
    close(out[1]);
    program->out = out[0];
    program->pidfd = (int)syscall(SYS_pidfd_open, program->pid, 0);
    return program->pid < 0 || program->pidfd < 0 ? -1 : 0;
}

static int milliseconds_until(int64_t deadline_ns)
{
    int64_t left_ns = deadline_ns - clock_now_ns();

    return left_ns <= 0 ? 0 : (int)(left_ns / NS_PER_MS) + 1;
}

int program_line(const struct program *program, char *line, size_t size, int timeout_ms)
{
    int64_t deadline_ns = clock_now_ns() + timeout_ms * NS_PER_MS;
    struct pollfd out = {.fd = program->out, .events = POLLIN};
    size_t length = 0;

    while (length + 1 < size && poll(&out, 1, milliseconds_until(deadline_ns)) == 1) {
        if (read(program->out, line + length, 1) != 1)
            break;
        if (line[length] == '\n') {
            line[length] = '\0';
            return 0;
        }
        length++;
    }
    line[length] = '\0';
    return -1;
}

const char *program_errors(const struct program *program, char *text, size_t size)
{
    ssize_t length = pread(program->errors, text, size - 1, 0);

    text[length < 0 ? 0 : length] = '\0';
    return text;
}

bool program_ended(const struct program *program, int timeout_ms)
{
    struct pollfd pidfd = {.fd = program->pidfd, .events = POLLIN};

    return poll(&pidfd, 1, timeout_ms) == 1;
}

/* Takes what stands in the pipe; false at its end. What does not fit is read and dropped. */
static bool collect(const struct program *program, struct program_end *end, size_t *length)
{
    char dropped[4096];
    size_t room = sizeof(end->out) - 1 - *length;
    ssize_t n =
        read(program->out, room > 0 ? end->out + *length : dropped, room > 0 ? room : sizeof(dropped));

    if (n > 0 && room > 0)
        *length += (size_t)n;
    return n > 0;
}

static void reap(struct program *program, struct program_end *end)
{
    int status = 0;

    if (program->pid > 0 && waitpid(program->pid, &status, 0) == program->pid) {
        end->exited = WIFEXITED(status);
        end->status = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
        end->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    }
    close(program->out);
    close(program->pidfd);
    program->pid = 0;
}

void program_wait(struct program *program, struct program_end *end, int timeout_ms)
{
    int64_t start_ns = clock_now_ns(), deadline_ns = start_ns + timeout_ms * NS_PER_MS;
    struct pollfd waits[] = {{.fd = program->pidfd, .events = POLLIN},
                             {.fd = program->out, .events = POLLIN}};
    size_t length = 0;

    memset(end, 0, sizeof(*end));
    while (waits[0].revents == 0 && poll(waits, 2, milliseconds_until(deadline_ns)) > 0) {
        if (waits[1].revents && !collect(program, end, &length))
            waits[1].fd = -1;
    }
    if (waits[0].revents == 0)
        kill(-program->pid, SIGKILL);
    end->took_ms = (clock_now_ns() - start_ns) / NS_PER_MS;
    fcntl(program->out, F_SETFL, O_NONBLOCK); /* something it forked may hold the other end open */
    while (collect(program, end, &length))
        ;
    reap(program, end);
}

void program_kill(struct program *program)
{
    struct program_end end;

    if (program->pid <= 0)
        return;
    kill(-program->pid, SIGKILL);
    reap(program, &end);
    program_forget(program);
}

void program_forget(struct program *program)
{
    if (program->errors > 0)
        close(program->errors);
    program->errors = 0;
}

void program_run(const char *const argv[], struct program_end *end, char errors[PROGRAM_TEXT_MAX])
{
    struct program program;

    errors[0] = '\0';
    if (program_start(&program, argv, 0) < 0) {
        memset(end, 0, sizeof(*end));
        return;
    }
    program_wait(&program, end, PROGRAM_DEADLINE_MS);
    program_errors(&program, errors, PROGRAM_TEXT_MAX);
    program_forget(&program);
}
