/*
 * injection - strace(1) beside a running server: system calls that fail on demand, or that are counted.
 *
 * ptrace(2) is not allowed everywhere; tests ask first and are skipped with a word when it is not.
 * These functions assert (Criterion).
 */
#ifndef INJECTION_H
#define INJECTION_H

#include <stdbool.h>
#include <sys/types.h>

#include "program.h"

struct injection {
    struct program program;
    char log[64]; /* what strace wrote: a line per call */
};

/* Skips the test when strace is missing or may not trace. */
void injection_skip_unless_possible(void);

/*
 * Attaches to a process, and with `follow` to all its threads and future children; returns when every
 * call is seen. `expression` is what stands behind -e, such as "inject=accept4:error=EMFILE:when=1";
 * NULL just logs all calls.
 */
void injection_attach(struct injection *injection, pid_t pid, const char *expression, bool follow);

/* How many calls whose name is `name` (NULL: any) the log holds. Those still blocked count. */
long injection_calls(const struct injection *injection, const char *name);

/* Detaches and removes the log. The server goes on. */
void injection_detach(struct injection *injection);

#endif
