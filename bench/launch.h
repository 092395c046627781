/*
 * launch - running the programs a measurement is made of: servers, load clients, git.
 *
 * Each runs in a process group of its own (Ctrl-C at the terminal is the runner's business), dies
 * with the runner (PR_SET_PDEATHSIG), is pinned to a set of CPUs, inherits no descriptor but its
 * three standard ones, and has a hard deadline after which its whole group is killed: a load
 * generator told to run for two seconds has been seen to run for twenty-two minutes.
 */
#ifndef LAUNCH_H
#define LAUNCH_H

#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "failure.h"

enum { LAUNCH_PATH_MAX = 4096, LAUNCH_ARGUMENTS_MAX = 64 };

struct cpu_group;

struct launch {
    const char *argv[LAUNCH_ARGUMENTS_MAX]; /* argv[0] is the file, or a name to look up in PATH */
    const cpu_set_t *cpus;                  /* NULL: wherever the kernel likes */
    const struct cpu_group *group;          /* joined before exec; NULL: none */
    int stdout_fd, stderr_fd;               /* -1: /dev/null */
    unsigned padding;                       /* bytes put into the environment: moves the stack */
    int hold_fd;                            /* >= 0: one byte is read from it before exec */
};

/* All fields empty; descriptors -1. */
struct launch launch_empty(void);

/* fork(2) and exec. Returns the process id; -1 with a sentence. */
pid_t launch_start(const struct launch *program, struct failure *failure);

enum launch_end { LAUNCH_ENDED, LAUNCH_DEADLINE, LAUNCH_INTERRUPTED };

struct launch_result {
    enum launch_end end;
    int wait_status;  /* as of waitpid(2) */
    int64_t cpu_ns;   /* user and system time of the process and the children it waited for */
    int64_t ended_ns; /* clock_now_ns() */
};

/*
 * Waits for the end; at the deadline, or when interrupted (and `interruptible`), kills the group.
 * The process is reaped in every case.
 */
struct launch_result launch_wait(pid_t pid, int64_t deadline_ns, bool interruptible);

/* "exit status 3", "killed by SIGSEGV (Segmentation fault)": static storage. */
const char *launch_end_text(const struct launch_result *result);

/* SIGKILL to every process of the group; true when there was one. */
bool launch_kill_group(pid_t pid);

/*
 * Runs it with a deadline and returns its standard output in `text` (NUL-terminated, cut at size).
 * 0; -1 with a sentence when it could not run, took too long or did not end with status 0.
 */
int launch_output(const struct launch *program, int64_t timeout_ns, char *text, size_t size,
                  struct failure *failure);

/* Writes the path of a program that stands beside this one, and looks in PATH when it does not. */
int launch_find_sibling(const char *name, char path[LAUNCH_PATH_MAX], struct failure *failure);

/* Whether a program is found in PATH; writes where. */
bool launch_find_in_path(const char *name, char path[LAUNCH_PATH_MAX]);

/* The directory this program's file is in (/proc/self/exe). 0 or -1. */
int launch_directory(char path[LAUNCH_PATH_MAX]);

#endif
