/*
 * process_tree - what a server is made of right now: its processes, threads and descriptors.
 *
 * A server's processes are those of its process group. Looking at a thousand threads takes the kernel
 * some milliseconds, on the client's CPU: the costly parts are asked for one by one, and never while
 * a slice is being timed. proc(5)
 */
#ifndef PROCESS_TREE_H
#define PROCESS_TREE_H

#include <stdint.h>
#include <sys/types.h>

#include "cpu_group.h"

enum process_tree_part {
    TREE_DESCRIPTORS = 1, /* open descriptors, all processes */
    TREE_SCHEDULE = 2,    /* switches and time in the run queue, all threads */
    TREE_MEMORY = 4,      /* proportional set size */
};

struct process_tree {
    unsigned processes, threads;
    unsigned zombies; /* ended, not waited for by their parent; the first process itself not counted */
    unsigned descriptors;
    int64_t voluntary, involuntary; /* context switches; 0 where not asked for */
    int64_t run_queue_ns;
    int64_t pss_kib;
};

/* Looks at process group `leader`. Processes that vanish meanwhile are left out. */
void process_tree_read(pid_t leader, unsigned parts, struct process_tree *tree);

/* CPU time summed over the group, and over the children its first process has waited for. 0 or -1. */
int process_tree_cpu(pid_t leader, struct cpu_time *time);

#endif
