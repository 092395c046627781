/*
 * program - starts a program for a test and never loses it.
 *
 * Criterion never kills what a test started, not even after a crash, so a child is tied to the test
 * three times: PR_SET_PDEATHSIG kills it when the test dies, it leads a process group of its own that
 * program_kill() ends with everything it forked, and a pidfd tells its end without a race on the pid.
 * It gets /dev/null as input, a pipe as output, a file in memory as errors, and no other descriptor.
 */
#ifndef PROGRAM_H
#define PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum {
    PROGRAM_TEXT_MAX = 16384,    /* of the output of a program this much is kept */
    PROGRAM_DEADLINE_MS = 30000, /* no program of a test takes longer to say or do something */
    PROGRAM_ARGUMENTS_MAX = 32,
};

struct program {
    pid_t pid; /* 0: not running */
    int pidfd;
    int out;    /* reading end of its standard output */
    int errors; /* memfd_create(2): its standard error, to be read at any time */
};

/* How a program ended. */
struct program_end {
    bool exited; /* by itself; else by a signal, or it was killed because its time was up */
    int status;  /* of exit(3); 0 when it did not exit */
    int signal;  /* that ended it, or 0 */
    int64_t took_ms;
    char out[PROGRAM_TEXT_MAX]; /* what stood in the pipe, NUL-terminated */
};

/* The path of one of our programs: $TENK_BIN/name, build/name without it. Static storage, one per call. */
const char *program_path(const char *name);

/* Is that program to be found along $PATH? For tests that need strace or wrk. */
bool program_installed(const char *name);

/*
 * Starts argv[0] with RLIMIT_NOFILE at `descriptors` (0: as it is). 0, or -1 with errno; a program
 * that cannot be executed ends with status 127.
 */
int program_start(struct program *program, const char *const argv[], unsigned descriptors);

/*
 * Reads one line of its output, without the newline, NUL-terminated. 0; -1 when it ended or was
 * silent until the deadline.
 */
int program_line(const struct program *program, char *line, size_t size, int timeout_ms);

/* Everything on its standard error so far, NUL-terminated; cut at `size`. Returns text. */
const char *program_errors(const struct program *program, char *text, size_t size);

/* Has it ended? Waits up to timeout_ms for that and does not reap it. */
bool program_ended(const struct program *program, int timeout_ms);

/*
 * Waits for the end, collecting its output, at most timeout_ms; then kills its group. Reaps it and
 * closes everything but `errors`, which program_errors can still read until program_forget.
 */
void program_wait(struct program *program, struct program_end *end, int timeout_ms);

/* Kills the process group, reaps, closes. For what is left over; harmless when nothing is. */
void program_kill(struct program *program);

/* Closes `errors`. */
void program_forget(struct program *program);

/* Starts, waits, and gives back status, output and errors (PROGRAM_TEXT_MAX each). */
void program_run(const char *const argv[], struct program_end *end, char errors[PROGRAM_TEXT_MAX]);

#endif
