/*
 * syscalls - counting the system calls of a server, all its threads and children included.
 *
 * The tracepoint raw_syscalls:sys_enter is hung on the process before it executes the server and is
 * inherited by whatever it starts. While it is there every system call of the machine takes the slow
 * way through the kernel, so this happens only in cost slices. It needs CAP_PERFMON or root, and
 * tracefs; without them there is no figure. perf_event_open(2)
 */
#ifndef SYSCALLS_H
#define SYSCALLS_H

#include <stdint.h>
#include <sys/types.h>

/* A counter on process `pid` and its descendants; -1 where that is not allowed. close(2) ends it. */
int syscalls_open(pid_t pid);

/* Why none is allowed here, and what to do; NULL: it is allowed. */
const char *syscalls_obstacle(void);

/* Calls so far; -1 when the counter is none. */
int64_t syscalls_read(int fd);

#endif
