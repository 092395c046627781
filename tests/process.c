/*
 * process - what /proc knows about a process.
 */
#include "process.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The fields of /proc/PID/stat that a test asks for. */
struct stat_line {
    char state;
    pid_t parent;
    long cpu_ticks;          /* utime + stime */
    long children_cpu_ticks; /* cutime + cstime: of the children it has waited for */
    long resident_pages;
    int threads;
};

ssize_t process_slurp(const char *path, char *text, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, text, size - 1);

    if (fd >= 0)
        close(fd);
    text[n < 0 ? 0 : n] = '\0';
    return n;
}

static int read_stat(pid_t pid, struct stat_line *line)
{
    char path[64], text[1024];
    long user, system, children_user, children_system;
    const char *after_name;
    int parent;

    snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    if (process_slurp(path, text, sizeof(text)) <= 0)
        return -1;
    after_name = strrchr(text, ')'); /* the name itself may hold spaces and parentheses */
    if (!after_name || sscanf(after_name + 1,
                              " %c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %ld %ld %ld %ld %*d %*d %d %*d "
                              "%*u %*u %ld",
                              &line->state, &parent, &user, &system, &children_user, &children_system,
                              &line->threads, &line->resident_pages) != 8)
        return -1;
    line->parent = parent;
    line->cpu_ticks = user + system;
    line->children_cpu_ticks = children_user + children_system;
    return 0;
}

/* Calls `visit` for each child of pid, with what its stat line says. */
static void each_child(pid_t pid, void (*visit)(const struct stat_line *, void *), void *context)
{
    DIR *proc = opendir("/proc");
    const struct dirent *entry;
    struct stat_line line;

    while (proc && (entry = readdir(proc))) {
        if (isdigit((unsigned char)entry->d_name[0]) && read_stat(atoi(entry->d_name), &line) == 0 &&
            line.parent == pid)
            visit(&line, context);
    }
    if (proc)
        closedir(proc);
}

static int count_descriptors(pid_t pid)
{
    char path[64];
    DIR *directory;
    int count = 0;

    snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
    directory = opendir(path);
    if (!directory)
        return 0;
    for (const struct dirent *entry; (entry = readdir(directory));)
        count += entry->d_name[0] != '.';
    closedir(directory);
    return count;
}

static void count_child(const struct stat_line *line, void *context)
{
    struct process_use *use = context;

    use->children++;
    use->zombies += line->state == 'Z';
}

void process_use(pid_t pid, struct process_use *use)
{
    struct stat_line line;

    memset(use, 0, sizeof(*use));
    if (read_stat(pid, &line) < 0)
        return;
    use->descriptors = count_descriptors(pid);
    use->threads = line.threads;
    each_child(pid, count_child, use);
}

bool process_maps(pid_t pid, const char *word)
{
    char path[64], line[512];
    bool found = false;
    FILE *maps;

    snprintf(path, sizeof(path), "/proc/%d/maps", (int)pid);
    maps = fopen(path, "re");
    while (maps && !found && fgets(line, sizeof(line), maps))
        found = strstr(line, word) != NULL;
    if (maps)
        fclose(maps);
    return found;
}

static void add_cpu(const struct stat_line *line, void *context)
{
    *(long *)context += line->cpu_ticks + line->children_cpu_ticks;
}

int64_t process_cpu_ms(pid_t pid)
{
    struct stat_line line;
    long ticks = 0;

    if (read_stat(pid, &line) < 0)
        return -1;
    add_cpu(&line, &ticks);
    each_child(pid, add_cpu, &ticks);
    return (int64_t)ticks * 1000 / sysconf(_SC_CLK_TCK);
}

static void add_resident(const struct stat_line *line, void *context)
{
    *(long *)context += line->resident_pages;
}

int64_t process_resident_kib(pid_t pid)
{
    struct stat_line line;
    long pages = 0;

    if (read_stat(pid, &line) < 0)
        return -1;
    add_resident(&line, &pages);
    each_child(pid, add_resident, &pages);
    return (int64_t)pages * sysconf(_SC_PAGESIZE) / 1024;
}

char process_state(pid_t pid)
{
    struct stat_line line;

    return read_stat(pid, &line) < 0 ? 0 : line.state;
}

pid_t process_tracer(pid_t pid)
{
    char path[64], text[4096];
    const char *line;

    snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
    if (process_slurp(path, text, sizeof(text)) <= 0 || !(line = strstr(text, "\nTracerPid:")))
        return 0;
    return atoi(line + strlen("\nTracerPid:"));
}

void process_name(pid_t pid, char name[16])
{
    char path[64], text[64];

    snprintf(path, sizeof(path), "/proc/%d/comm", (int)pid);
    process_slurp(path, text, sizeof(text));
    text[strcspn(text, "\n")] = '\0';
    snprintf(name, 16, "%.15s", text);
}
