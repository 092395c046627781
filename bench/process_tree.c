/*
 * process_tree - see process_tree.h.
 */
#include "process_tree.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "textfile.h"

enum { PATH_SIZE = 96, STATUS_SIZE = 4096 };

/* What stands behind the command name in /proc/PID/stat; the name itself may hold anything. */
struct stat_line {
    char state;
    int parent, group;
    uint64_t user_ticks, system_ticks, children_user_ticks, children_system_ticks;
};

static int read_stat(int pid, struct stat_line *line)
{
    char path[PATH_SIZE], text[1024];
    const char *rest;

    snprintf(path, sizeof(path), "/proc/%d/stat", pid);
    if (textfile_read(path, text, sizeof(text)) < 0 || !(rest = strrchr(text, ')')))
        return -1;
    return sscanf(rest + 1, " %c %d %d %*d %*d %*d %*u %*u %*u %*u %*u %ju %ju %ju %ju", &line->state,
                  &line->parent, &line->group, (uintmax_t *)&line->user_ticks,
                  (uintmax_t *)&line->system_ticks, (uintmax_t *)&line->children_user_ticks,
                  (uintmax_t *)&line->children_system_ticks) == 7
               ? 0
               : -1;
}

/* Calls `each` for every entry of a directory that is a number. Returns how many. */
static unsigned for_each_number(const char *path, void (*each)(int number, void *context), void *context)
{
    DIR *directory = opendir(path);
    struct dirent *entry;
    unsigned count = 0;

    while (directory && (entry = readdir(directory))) {
        if (!isdigit((unsigned char)entry->d_name[0]))
            continue;
        count++;
        if (each)
            each(atoi(entry->d_name), context);
    }
    if (directory)
        closedir(directory);
    return count;
}

struct look {
    pid_t leader;
    unsigned parts;
    int pid; /* of the process whose threads are looked at */
    struct process_tree *tree;
    struct cpu_time *cpu;
};

/* ---- one thread ---- */

static void look_at_schedule(int tid, struct look *look)
{
    char path[PATH_SIZE], text[STATUS_SIZE];
    int64_t switches;

    snprintf(path, sizeof(path), "/proc/%d/task/%d/status", look->pid, tid);
    if (textfile_read(path, text, sizeof(text)) < 0)
        return;
    if (textfile_field(text, "voluntary_ctxt_switches", &switches) == 0)
        look->tree->voluntary += switches;
    if (textfile_field(text, "nonvoluntary_ctxt_switches", &switches) == 0)
        look->tree->involuntary += switches;
}

/* /proc/PID/task/TID/schedstat: nanoseconds run, nanoseconds waited for a CPU, turns. */
static void look_at_times(int tid, struct look *look)
{
    char path[PATH_SIZE], text[128];
    intmax_t ran_ns = 0, waited_ns = 0;

    snprintf(path, sizeof(path), "/proc/%d/task/%d/schedstat", look->pid, tid);
    if (textfile_read(path, text, sizeof(text)) < 0 || sscanf(text, "%jd %jd", &ran_ns, &waited_ns) != 2)
        return;
    look->tree->run_queue_ns += waited_ns;
    if (look->cpu)
        look->cpu->total_ns += ran_ns;
}

static void look_at_thread(int tid, void *context)
{
    struct look *look = context;

    look->tree->threads++;
    if (look->parts & TREE_SCHEDULE)
        look_at_schedule(tid, look);
    if (look->cpu || (look->parts & TREE_SCHEDULE))
        look_at_times(tid, look);
}

/* ---- one process ---- */

static void look_at_memory(int pid, struct process_tree *tree)
{
    char path[PATH_SIZE], text[STATUS_SIZE];
    int64_t pss_kib;

    snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", pid);
    if (textfile_read(path, text, sizeof(text)) > 0 && textfile_field(text, "Pss", &pss_kib) == 0)
        tree->pss_kib += pss_kib;
}

/* User and system time only as ticks: they split the exact total, they do not make it. */
static void look_at_ticks(const struct look *look, const struct stat_line *line)
{
    int64_t tick_ns = NS_PER_S / sysconf(_SC_CLK_TCK);

    look->cpu->user_ns += (int64_t)line->user_ticks * tick_ns;
    look->cpu->system_ns += (int64_t)line->system_ticks * tick_ns;
    if (look->pid != look->leader)
        return;
    look->cpu->user_ns += (int64_t)line->children_user_ticks * tick_ns;
    look->cpu->system_ns += (int64_t)line->children_system_ticks * tick_ns;
    look->cpu->total_ns += (int64_t)(line->children_user_ticks + line->children_system_ticks) * tick_ns;
}

static void look_at_process(int pid, void *context)
{
    struct look *look = context;
    struct stat_line line;
    char path[PATH_SIZE];

    if (read_stat(pid, &line) < 0 || (line.group != look->leader && line.parent != look->leader))
        return;
    if (line.state == 'Z' || line.state == 'X') {
        look->tree->zombies += pid != look->leader;
        return;
    }
    look->pid = pid;
    look->tree->processes++;
    if (look->cpu)
        look_at_ticks(look, &line);
    snprintf(path, sizeof(path), "/proc/%d/task", pid);
    for_each_number(path, look_at_thread, look);
    snprintf(path, sizeof(path), "/proc/%d/fd", pid);
    if (look->parts & TREE_DESCRIPTORS)
        look->tree->descriptors += for_each_number(path, NULL, NULL);
    if (look->parts & TREE_MEMORY)
        look_at_memory(pid, look->tree);
}

void process_tree_read(pid_t leader, unsigned parts, struct process_tree *tree)
{
    struct look look = {.leader = leader, .parts = parts, .tree = tree};

    *tree = (struct process_tree){0};
    for_each_number("/proc", look_at_process, &look);
}

int process_tree_cpu(pid_t leader, struct cpu_time *time)
{
    struct process_tree tree = {0};
    struct look look = {.leader = leader, .tree = &tree, .cpu = time};

    *time = (struct cpu_time){0};
    for_each_number("/proc", look_at_process, &look);
    errno = ESRCH;
    return tree.processes > 0 ? 0 : -1;
}
