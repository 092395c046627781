/*
 * launch - see launch.h. fork(2), execvp(3), setpgid(2), prctl(2), pidfd_open(2), wait4(2)
 */
#include "launch.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "cpu_group.h"
#include "interrupt.h"

enum { EXEC_FAILED = 127, OUTPUT_CHUNK = 4096 };

struct launch launch_empty(void)
{
    return (struct launch){.stdout_fd = -1, .stderr_fd = -1, .hold_fd = -1};
}

/* ---- the child, between fork and exec ---- */

/*
 * Bytes added to the environment push the stack down. Where the stack begins changes how fast the
 * same program runs by some percent, so each start gets another value and the effect averages out.
 */
static void pad_environment(unsigned bytes)
{
    char padding[4096];

    if (bytes >= sizeof(padding))
        bytes = sizeof(padding) - 1;
    memset(padding, 'x', bytes);
    padding[bytes] = '\0';
    setenv("TENK_PADDING", padding, 1);
}

static void redirect(int fd, int onto)
{
    int from = fd >= 0 ? fd : open("/dev/null", O_RDWR);

    if (from < 0 || dup2(from, onto) < 0)
        _exit(EXEC_FAILED);
}

static _Noreturn void run_in_child(const struct launch *program, pid_t parent)
{
    char byte;

    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(EXEC_FAILED); /* the runner died before the line above: nobody would stop us */
    if (program->hold_fd >= 0 && read(program->hold_fd, &byte, 1) != 1)
        _exit(EXEC_FAILED);
    if (program->cpus)
        sched_setaffinity(0, sizeof(*program->cpus), program->cpus);
    if (program->group)
        cpu_group_join(program->group);
    if (program->padding > 0)
        pad_environment(program->padding);
    redirect(-1, STDIN_FILENO);
    redirect(program->stdout_fd, STDOUT_FILENO);
    redirect(program->stderr_fd, STDERR_FILENO);
    syscall(SYS_close_range, 3U, ~0U, 0U);
    interrupt_restore_in_child();
    execvp(program->argv[0], (char *const *)(uintptr_t)program->argv);
    _exit(EXEC_FAILED);
}

pid_t launch_start(const struct launch *program, struct failure *failure)
{
    pid_t parent = getpid();
    pid_t pid = fork();

    if (pid < 0)
        return failure_set(failure, EXIT_HERE, "cannot start %s: %s", program->argv[0], strerror(errno));
    if (pid == 0)
        run_in_child(program, parent);
    setpgid(pid, pid); /* here as well: whoever comes first, the group exists when we return */
    return pid;
}

/* ---- waiting ---- */

bool launch_kill_group(pid_t pid)
{
    return kill(-pid, SIGKILL) == 0;
}

static int64_t cpu_ns(const struct rusage *usage)
{
    return (usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) * NS_PER_S +
           (usage->ru_utime.tv_usec + usage->ru_stime.tv_usec) * NS_PER_US;
}

struct launch_result launch_wait(pid_t pid, int64_t deadline_ns, bool interruptible)
{
    struct launch_result result = {.end = LAUNCH_ENDED};
    struct rusage usage = {0};
    int pidfd = (int)syscall(SYS_pidfd_open, pid, 0U);
    int ready = 1;

    if (pidfd >= 0)
        ready = interruptible ? wait_readable(pidfd, deadline_ns)
                              : wait_readable_uninterrupted(pidfd, deadline_ns);
    result.ended_ns = clock_now_ns();
    if (ready <= 0) {
        result.end = ready < 0 ? LAUNCH_INTERRUPTED : LAUNCH_DEADLINE;
        launch_kill_group(pid);
    }
    while (wait4(pid, &result.wait_status, 0, &usage) < 0 && errno == EINTR)
        ;
    result.cpu_ns = cpu_ns(&usage);
    if (pidfd >= 0)
        close(pidfd);
    return result;
}

const char *launch_end_text(const struct launch_result *result)
{
    static char text[96];

    if (result->end == LAUNCH_DEADLINE)
        snprintf(text, sizeof(text), "did not end in time and was killed");
    else if (result->end == LAUNCH_INTERRUPTED)
        snprintf(text, sizeof(text), "was interrupted");
    else if (WIFSIGNALED(result->wait_status))
        snprintf(text, sizeof(text), "was killed by SIG%s", sigabbrev_np(WTERMSIG(result->wait_status)));
    else if (WEXITSTATUS(result->wait_status) == EXEC_FAILED)
        snprintf(text, sizeof(text), "could not be executed");
    else
        snprintf(text, sizeof(text), "ended with exit status %d", WEXITSTATUS(result->wait_status));
    return text;
}

/* Reads until the end of input or the deadline. */
static void read_output(int fd, int64_t deadline_ns, char *text, size_t size)
{
    char surplus[OUTPUT_CHUNK];
    size_t used = 0;

    while (wait_readable(fd, deadline_ns) > 0) {
        bool full = used + 1 >= size;
        ssize_t n = full ? read(fd, surplus, sizeof(surplus)) : read(fd, text + used, size - 1 - used);

        if (n <= 0)
            break;
        used += full ? 0 : (size_t)n;
    }
    text[used] = '\0';
}

int launch_output(const struct launch *program, int64_t timeout_ns, char *text, size_t size,
                  struct failure *failure)
{
    int64_t deadline_ns = clock_now_ns() + timeout_ns;
    struct launch with_pipe = *program;
    int pipe_fds[2];
    pid_t pid;

    if (pipe2(pipe_fds, O_CLOEXEC) < 0)
        return failure_set(failure, EXIT_HERE, "cannot make a pipe: %s", strerror(errno));
    with_pipe.stdout_fd = pipe_fds[1];
    pid = launch_start(&with_pipe, failure);
    close(pipe_fds[1]);
    if (pid < 0) {
        close(pipe_fds[0]);
        return -1;
    }
    read_output(pipe_fds[0], deadline_ns, text, size);
    struct launch_result result = launch_wait(pid, deadline_ns, true);
    close(pipe_fds[0]);
    if (result.end != LAUNCH_ENDED || result.wait_status != 0)
        return failure_set(failure, EXIT_HERE, "%s %s", program->argv[0], launch_end_text(&result));
    return 0;
}

/* ---- finding ---- */

int launch_directory(char path[LAUNCH_PATH_MAX])
{
    ssize_t length = readlink("/proc/self/exe", path, LAUNCH_PATH_MAX - 1);

    if (length < 0)
        return -1;
    path[length] = '\0';
    *strrchr(path, '/') = '\0';
    return 0;
}

bool launch_find_in_path(const char *name, char path[LAUNCH_PATH_MAX])
{
    const char *directory = getenv("PATH");

    while (directory && *directory) {
        size_t length = strcspn(directory, ":");
        int written = snprintf(path, LAUNCH_PATH_MAX, "%.*s/%s", (int)length, directory, name);

        if (written < LAUNCH_PATH_MAX && access(path, X_OK) == 0)
            return true;
        directory += length + (directory[length] == ':');
    }
    return false;
}

int launch_find_sibling(const char *name, char path[LAUNCH_PATH_MAX], struct failure *failure)
{
    char directory[LAUNCH_PATH_MAX];
    const char *chosen = getenv("TENK_BIN"); /* tests put the programs elsewhere */

    if (chosen)
        snprintf(directory, sizeof(directory), "%s", chosen);
    else if (launch_directory(directory) < 0)
        return failure_set(failure, EXIT_HERE, "cannot read /proc/self/exe: %s", strerror(errno));
    if (snprintf(path, LAUNCH_PATH_MAX, "%s/%s", directory, name) < LAUNCH_PATH_MAX &&
        access(path, X_OK) == 0)
        return 0;
    if (launch_find_in_path(name, path))
        return 0;
    return failure_set(failure, EXIT_HERE, "cannot find %s in %.300s nor in PATH; build it with `make`", name,
                       directory);
}
