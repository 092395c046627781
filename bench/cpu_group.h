/*
 * cpu_group - the CPU time of a whole server, whatever it is made of.
 *
 * A server of ours may be one loop, a thousand threads or a process per connection. A control group
 * sums them all, children that have gone included, in nanoseconds, and reading it costs the same
 * however many there are. Sources in this order:
 *   cgroup2  cpu.stat of a group of its own below the runner's (any kernel since 4.15)
 *   cgroup1  cpuacct.usage
 *   proc     the sum over /proc/PID/task/STAR/schedstat of the process group, plus the children the
 *            first process has waited for (ticks of 10 ms); children that vanish meanwhile are lost
 * The kernel charges a running task at every tick and switch, so a reading can be up to one tick
 * (1 to 10 ms) behind for a task that runs without a break. cgroups(7), proc(5)
 */
#ifndef CPU_GROUP_H
#define CPU_GROUP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum cpu_source { CPU_CGROUP2, CPU_CGROUP1, CPU_PROC };

enum { CPU_GROUP_PATH_MAX = 512 };

struct cpu_group {
    enum cpu_source source;
    char path[CPU_GROUP_PATH_MAX]; /* of the group's directory; "" for CPU_PROC */
    pid_t leader;                  /* CPU_PROC: the process group that is summed; set by the starter */
};

struct cpu_time {
    int64_t total_ns, user_ns, system_ns;
};

/* Makes an empty group with that name; falls back until a source works. Never fails. */
void cpu_group_open(struct cpu_group *group, const char *name);

/* Only sources from `first` on are tried: for tests. */
void cpu_group_open_from(struct cpu_group *group, const char *name, enum cpu_source first);

/* The directory in which groups of that source are made. 0; -1 when there is none. */
int cpu_group_place(enum cpu_source source, char path[CPU_GROUP_PATH_MAX]);

/* Called by the process that is to be measured, before exec. */
void cpu_group_join(const struct cpu_group *group);

/* 0; -1 with errno when the source has gone. */
int cpu_group_read(const struct cpu_group *group, struct cpu_time *time);

/* Removes the group; its processes must have ended. */
void cpu_group_close(struct cpu_group *group);

const char *cpu_source_name(enum cpu_source source);

#endif
