/*
 * cpu_group - see cpu_group.h.
 */
#include "cpu_group.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "process_tree.h"
#include "textfile.h"

const char *cpu_source_name(enum cpu_source source)
{
    static const char *const names[] = {"cgroup2", "cgroup1", "proc"};

    return names[source];
}

/* ---- where the hierarchies are mounted ---- */

/*
 * Finds the mount point of cgroup2, or of the cgroup1 hierarchy with cpuacct, in /proc/self/mountinfo:
 * "36 35 98:0 ROOT MOUNTPOINT OPTIONS ... - TYPE SOURCE SUPEROPTIONS".
 */
static int find_mount(enum cpu_source source, char path[CPU_GROUP_PATH_MAX])
{
    const char *type = source == CPU_CGROUP2 ? "cgroup2" : "cgroup";
    FILE *in = fopen("/proc/self/mountinfo", "re");
    char line[2048], point[CPU_GROUP_PATH_MAX], kind[32], options[512];
    int found = -1;

    while (in && found < 0 && fgets(line, sizeof(line), in)) {
        const char *tail = strstr(line, " - ");

        if (!tail || sscanf(line, "%*s %*s %*s %*s %511s", point) != 1 ||
            sscanf(tail, " - %31s %*s %511s", kind, options) != 2 || strcmp(kind, type) != 0)
            continue;
        if (source == CPU_CGROUP1 && !strstr(options, "cpuacct"))
            continue;
        strcpy(path, point);
        found = 0;
    }
    if (in)
        fclose(in);
    return found;
}

/* Our own place in that hierarchy: the last field of our line in /proc/self/cgroup. */
static void find_own(enum cpu_source source, char own[CPU_GROUP_PATH_MAX])
{
    FILE *in = fopen("/proc/self/cgroup", "re");
    char line[1024];

    own[0] = '\0';
    while (in && fgets(line, sizeof(line), in)) {
        char *controllers = strchr(line, ':'), *place = controllers ? strchr(controllers + 1, ':') : NULL;

        if (!place)
            continue;
        *place++ = '\0';
        place[strcspn(place, "\n")] = '\0';
        if (source == CPU_CGROUP2 ? controllers[1] == '\0' : strstr(controllers + 1, "cpuacct") != NULL)
            snprintf(own, CPU_GROUP_PATH_MAX, "%s", strcmp(place, "/") == 0 ? "" : place);
    }
    if (in)
        fclose(in);
}

/* ---- reading ---- */

static int read_cgroup2(const char *path, struct cpu_time *time)
{
    char name[CPU_GROUP_PATH_MAX + 32], text[4096];
    int64_t total_us, user_us, system_us;

    snprintf(name, sizeof(name), "%s/cpu.stat", path);
    if (textfile_read(name, text, sizeof(text)) < 0)
        return -1;
    if (textfile_field(text, "usage_usec", &total_us) < 0 ||
        textfile_field(text, "user_usec", &user_us) < 0 ||
        textfile_field(text, "system_usec", &system_us) < 0) {
        errno = ENOENT;
        return -1;
    }
    *time = (struct cpu_time){total_us * NS_PER_US, user_us * NS_PER_US, system_us * NS_PER_US};
    return 0;
}

static int read_cgroup1(const char *path, struct cpu_time *time)
{
    static const char *const files[] = {"cpuacct.usage", "cpuacct.usage_user", "cpuacct.usage_sys"};
    int64_t *into[] = {&time->total_ns, &time->user_ns, &time->system_ns};
    char name[CPU_GROUP_PATH_MAX + 32];

    for (int i = 0; i < 3; i++) {
        snprintf(name, sizeof(name), "%s/%s", path, files[i]);
        if (textfile_number(name, into[i]) < 0)
            return -1;
    }
    return 0;
}

int cpu_group_read(const struct cpu_group *group, struct cpu_time *time)
{
    if (group->source == CPU_CGROUP2)
        return read_cgroup2(group->path, time);
    if (group->source == CPU_CGROUP1)
        return read_cgroup1(group->path, time);
    return process_tree_cpu(group->leader, time);
}

/* ---- making and removing ---- */

static bool can_join(const char *path)
{
    char name[CPU_GROUP_PATH_MAX + 32];

    snprintf(name, sizeof(name), "%s/cgroup.procs", path);
    return access(name, W_OK) == 0;
}

int cpu_group_place(enum cpu_source source, char path[CPU_GROUP_PATH_MAX])
{
    char mount[CPU_GROUP_PATH_MAX], own[CPU_GROUP_PATH_MAX];

    if (find_mount(source, mount) < 0)
        return -1;
    find_own(source, own);
    return snprintf(path, CPU_GROUP_PATH_MAX, "%s%s", mount, own) < CPU_GROUP_PATH_MAX ? 0 : -1;
}

static bool open_source(struct cpu_group *group, const char *name, enum cpu_source source)
{
    char place[CPU_GROUP_PATH_MAX];
    struct cpu_time time;
    int length;

    if (cpu_group_place(source, place) < 0)
        return false;
    length = snprintf(group->path, sizeof(group->path), "%s/tenk-%s", place, name);
    if (length >= (int)sizeof(group->path) || (mkdir(group->path, 0755) < 0 && errno != EEXIST))
        return false;
    group->source = source;
    if (can_join(group->path) && cpu_group_read(group, &time) == 0)
        return true;
    rmdir(group->path);
    return false;
}

void cpu_group_open_from(struct cpu_group *group, const char *name, enum cpu_source first)
{
    for (int source = (int)first; source < (int)CPU_PROC; source++)
        if (open_source(group, name, (enum cpu_source)source))
            return;
    *group = (struct cpu_group){.source = CPU_PROC};
}

void cpu_group_open(struct cpu_group *group, const char *name)
{
    cpu_group_open_from(group, name, CPU_CGROUP2);
}

/* "0" is the writer itself: cgroups(7). A failure shows as a group without CPU time. */
void cpu_group_join(const struct cpu_group *group)
{
    char name[CPU_GROUP_PATH_MAX + 32];
    int fd;

    if (group->source == CPU_PROC)
        return;
    snprintf(name, sizeof(name), "%s/cgroup.procs", group->path);
    fd = open(name, O_WRONLY | O_CLOEXEC);
    if (fd >= 0) {
        if (write(fd, "0", 1) < 0)
            perror(name);
        close(fd);
    }
}

/* The last process may be seen in the group for a moment after it was waited for: EBUSY. */
void cpu_group_close(struct cpu_group *group)
{
    for (int attempt = 0; group->path[0] && attempt < 50 && rmdir(group->path) < 0 && errno == EBUSY;
         attempt++)
        clock_sleep_ns(2 * NS_PER_MS);
    group->path[0] = '\0';
}
