/*
 * load_child - fork, exec, ready line, SIGTERM.  fork(2), execv(3), prctl(2): PR_SET_PDEATHSIG
 */
#include "load_child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"

enum { PATH_SIZE = 4096, WAIT_MS = 5000, STEP_MS = 10 };

/* The path of a program beside this one. proc(5): /proc/self/exe. 0, or -1 with errno. */
static int find_sibling(const char *name, char path[PATH_SIZE])
{
    ssize_t length = readlink("/proc/self/exe", path, PATH_SIZE - 1);

    if (length < 0)
        return -1;
    path[length] = '\0';
    char *slash = strrchr(path, '/');
    if (slash == NULL || (size_t)(slash + 1 - path) + strlen(name) >= PATH_SIZE) {
        errno = ENAMETOOLONG;
        return -1;
    }
    strcpy(slash + 1, name);
    return access(path, X_OK);
}

/* In the child: never returns. */
__attribute__((noreturn)) static void become(char *path, const char *model, int cpu, int out, pid_t parent)
{
    char listen[] = "--listen", endpoint[] = "tcp://127.0.0.1:0", name[LOAD_CHILD_TEXT_MAX];
    char *argv[] = {path, name, listen, endpoint, NULL};
    sigset_t none;
    cpu_set_t cpus;

    snprintf(name, sizeof(name), "%s", model);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(1);
    setpgid(0, 0); /* Ctrl-C is for us: we stop it when we have finished */
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    if (cpu >= 0) {
        CPU_ZERO(&cpus);
        CPU_SET(cpu, &cpus);
        sched_setaffinity(0, sizeof(cpus), &cpus);
    }
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    dup2(null, STDIN_FILENO);
    dup2(null, STDERR_FILENO);
    dup2(out, STDOUT_FILENO);
    execv(path, argv);
    _exit(127);
}

/* Reads "ready tcp://127.0.0.1:PORT\n". 0, or -1: it said something else, or nothing in time. */
static int read_ready(struct load_child *child)
{
    static const char ready[] = "ready tcp://";
    char line[LOAD_CHILD_TEXT_MAX] = "";
    struct pollfd ended = {.fd = child->out, .events = POLLIN};
    int64_t deadline_ns = clock_now_ns() + WAIT_MS * NS_PER_MS;
    size_t length = 0;

    while (length < sizeof(line) - 1 && memchr(line, '\n', length) == NULL) {
        int left_ms = (int)((deadline_ns - clock_now_ns()) / NS_PER_MS);
        if (left_ms <= 0 || poll(&ended, 1, left_ms) <= 0)
            return -1;
        ssize_t got = read(child->out, line + length, sizeof(line) - 1 - length);
        if (got <= 0)
            return -1;
        length += (size_t)got;
    }
    line[length] = '\0';
    if (strncmp(line, ready, strlen(ready)) != 0)
        return -1;
    snprintf(child->endpoint, sizeof(child->endpoint), "%.*s", (int)strcspn(line + strlen(ready), "\n"),
             line + strlen(ready));
    return 0;
}

int load_child_start(struct load_child *child, const char *model, int cpu, char error[LOAD_CHILD_TEXT_MAX])
{
    char path[PATH_SIZE];
    int ends[2];

    *child = (struct load_child){.out = -1};
    if (find_sibling("tenk-serve", path) < 0) {
        snprintf(error, LOAD_CHILD_TEXT_MAX, "tenk-serve does not stand beside this program: %s",
                 strerror(errno));
        return -1;
    }
    if (pipe2(ends, O_CLOEXEC) < 0) {
        snprintf(error, LOAD_CHILD_TEXT_MAX, "cannot make a pipe: %s", strerror(errno));
        return -1;
    }
    pid_t parent = getpid();
    child->pid = fork();
    if (child->pid == 0)
        become(path, model, cpu, ends[1], parent);
    close(ends[1]);
    child->out = ends[0];
    if (child->pid > 0 && read_ready(child) == 0)
        return 0;
    snprintf(error, LOAD_CHILD_TEXT_MAX, "cannot start tenk-serve %s: %s", model,
             child->pid < 0 ? strerror(errno) : "it did not get ready within 5 s");
    load_child_stop(child);
    return -1;
}

void load_child_stop(struct load_child *child)
{
    bool gone = child->pid <= 0;

    if (!gone)
        kill(child->pid, SIGTERM);
    for (int waited_ms = 0; !gone && waited_ms < WAIT_MS; waited_ms += STEP_MS) {
        gone = waitpid(child->pid, NULL, WNOHANG) != 0;
        if (!gone)
            clock_sleep_ns(STEP_MS * NS_PER_MS);
    }
    if (!gone) {
        kill(child->pid, SIGKILL);
        waitpid(child->pid, NULL, 0);
    }
    if (child->out >= 0)
        close(child->out);
    *child = (struct load_child){.out = -1};
}
