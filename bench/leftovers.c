/*
 * leftovers - see leftovers.h.
 */
#include "leftovers.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cpu_group.h"

/* "PREFIX-<process id>-..." of a process that is no more. */
static bool is_orphan(const char *name, const char *prefix)
{
    size_t length = strlen(prefix);
    char *end;
    long pid;

    if (strncmp(name, prefix, length) != 0)
        return false;
    pid = strtol(name + length, &end, 10);
    return pid > 0 && *end == '-' && kill((pid_t)pid, 0) < 0 && errno == ESRCH;
}

/*
 * remove(3) takes away files, sockets and empty directories; a control group counts as empty when no
 * process is in it. What belongs to somebody else or is still in use stays.
 */
static void remove_orphans(const char *place, const char *prefix)
{
    DIR *directory = opendir(place);
    struct dirent *entry;
    char path[CPU_GROUP_PATH_MAX + 300];

    while (directory && (entry = readdir(directory))) {
        if (!is_orphan(entry->d_name, prefix))
            continue;
        snprintf(path, sizeof(path), "%s/%s", place, entry->d_name);
        remove(path);
    }
    if (directory)
        closedir(directory);
}

void leftovers_remove(void)
{
    char place[CPU_GROUP_PATH_MAX];

    remove_orphans("/dev/shm", "tenk-bench-");
    remove_orphans("/tmp", "tenk-bench-");
    for (int source = CPU_CGROUP2; source < (int)CPU_PROC; source++)
        if (cpu_group_place((enum cpu_source)source, place) == 0)
            remove_orphans(place, "tenk-");
}
