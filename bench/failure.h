/*
 * failure - how a function of the runner says why it could not go on: one sentence that names the
 * thing and the fix, and the exit status the program should end with. Only main() prints it.
 */
#ifndef FAILURE_H
#define FAILURE_H

enum { FAILURE_TEXT_MAX = 640 };

enum exit_status {
    EXIT_GOOD = 0,
    EXIT_FAULT = 1, /* what was measured failed, or the run was interrupted */
    EXIT_USAGE = 2, /* wrong command line or scenario */
    EXIT_HERE = 3,  /* cannot run here: a program, a limit, a directory */
};

struct failure {
    enum exit_status status;
    char text[FAILURE_TEXT_MAX];
};

/* Fills *failure like printf and returns -1, so that callers write `return failure_set(...)`. */
int failure_set(struct failure *failure, enum exit_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
