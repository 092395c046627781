/*
 * machine - see machine.h. proc(5)
 */
#include "machine.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "textfile.h"

enum { NETSTAT_SIZE = 16384, SOFTIRQ_THREADS_MAX = 256 };

/* ---- /proc/net/netstat: a line of names, then a line of numbers, both with the same first word ---- */

static int64_t netstat_value(const char *text, const char *group, const char *name)
{
    const char *names = strstr(text, group);
    const char *numbers = names ? strstr(names + 1, group) : NULL;

    while (names && numbers && *names != '\n' && *names) {
        size_t name_length = strcspn(names, " \n");

        if (strlen(name) == name_length && strncmp(names, name, name_length) == 0)
            return strtoll(numbers, NULL, 10);
        names += name_length + (names[name_length] == ' ');
        numbers += strcspn(numbers, " \n");
        numbers += *numbers == ' ';
    }
    return -1;
}

static void read_network(struct machine *machine)
{
    static char text[NETSTAT_SIZE];
    const char *time_wait;

    textfile_read("/proc/net/netstat", text, sizeof(text));
    machine->listen_overflows = netstat_value(text, "TcpExt:", "ListenOverflows");
    machine->listen_drops = netstat_value(text, "TcpExt:", "ListenDrops");
    machine->syn_retransmits = netstat_value(text, "TcpExt:", "TCPSynRetrans");
    textfile_read("/proc/net/sockstat", text, sizeof(text));
    time_wait = strstr(text, " tw ");
    machine->time_wait = time_wait ? strtoll(time_wait + 4, NULL, 10) : -1;
}

/* ---- CPU time ---- */

/*
 * The first line of /proc/stat, in ticks: user nice system idle iowait irq softirq steal. What tasks
 * ran is better read from the root of the cpuacct hierarchy, which counts nanoseconds; idle time is
 * no help, because a CPU that falls asleep and wakes for every packet is busy without running a task.
 */
static void read_cpu(struct machine *machine)
{
    char text[1024];
    uintmax_t ticks[8] = {0};
    double tick_s = 1.0 / (double)sysconf(_SC_CLK_TCK);
    int64_t usage_ns;

    textfile_read("/proc/stat", text, sizeof(text));
    sscanf(text, "cpu %ju %ju %ju %ju %ju %ju %ju %ju", &ticks[0], &ticks[1], &ticks[2], &ticks[3], &ticks[4],
           &ticks[5], &ticks[6], &ticks[7]);
    machine->steal_s = (double)ticks[7] * tick_s;
    if (textfile_number("/sys/fs/cgroup/cpuacct/cpuacct.usage", &usage_ns) == 0 ||
        textfile_number("/sys/fs/cgroup/cpu,cpuacct/cpuacct.usage", &usage_ns) == 0) {
        machine->busy_s = (double)usage_ns / 1e9;
        machine->busy_source = "cpuacct";
    } else {
        machine->busy_s = (double)(ticks[0] + ticks[1] + ticks[2] + ticks[5] + ticks[6]) * tick_s;
        machine->busy_source = "stat";
    }
}

/* ---- ksoftirqd: does the network's work when there is much of it, so it is not foreign ---- */

struct softirq_threads {
    int pids[SOFTIRQ_THREADS_MAX];
    int count; /* -1: not looked for yet */
};

static void find_softirq_threads(struct softirq_threads *threads)
{
    DIR *directory = opendir("/proc");
    struct dirent *entry;
    char path[96], name[32];

    threads->count = 0;
    while (directory && (entry = readdir(directory)) && threads->count < SOFTIRQ_THREADS_MAX) {
        int pid = atoi(entry->d_name);

        snprintf(path, sizeof(path), "/proc/%d/comm", pid);
        if (pid > 0 && textfile_read(path, name, sizeof(name)) > 0 && strncmp(name, "ksoftirqd/", 10) == 0)
            threads->pids[threads->count++] = pid;
    }
    if (directory)
        closedir(directory);
}

static double softirq_threads_s(void)
{
    static struct softirq_threads threads = {.count = -1};
    double sum_s = 0;
    char path[96];
    int64_t ran_ns;

    if (threads.count < 0)
        find_softirq_threads(&threads);
    for (int i = 0; i < threads.count; i++) {
        snprintf(path, sizeof(path), "/proc/%d/schedstat", threads.pids[i]);
        if (textfile_number(path, &ran_ns) == 0)
            sum_s += (double)ran_ns / 1e9;
    }
    return sum_s;
}

void machine_read(struct machine *machine)
{
    read_network(machine);
    read_cpu(machine);
    machine->softirq_threads_s = softirq_threads_s();
    machine->at_ns = clock_now_ns();
}

/* ---- sets of CPUs ---- */

void machine_cpus(cpu_set_t *cpus)
{
    CPU_ZERO(cpus);
    if (sched_getaffinity(0, sizeof(*cpus), cpus) < 0)
        CPU_SET(0, cpus);
}

const char *cpus_format(const cpu_set_t *cpus, char *text, unsigned size)
{
    unsigned used = 0;

    text[0] = '\0';
    for (int cpu = 0; cpu < CPU_SETSIZE && used < size; cpu++) {
        int last = cpu;

        if (!CPU_ISSET(cpu, cpus))
            continue;
        while (last + 1 < CPU_SETSIZE && CPU_ISSET(last + 1, cpus))
            last++;
        used += (unsigned)snprintf(text + used, size - used, "%s%d", used > 0 ? "," : "", cpu);
        if (last > cpu && used < size)
            used += (unsigned)snprintf(text + used, size - used, "-%d", last);
        cpu = last;
    }
    return text;
}

int cpus_parse(const char *text, cpu_set_t *cpus)
{
    CPU_ZERO(cpus);
    for (;;) {
        char *end;
        long first = strtol(text, &end, 10), last = first;

        if (end == text)
            return -1;
        if (*end == '-') {
            text = end + 1;
            last = strtol(text, &end, 10);
            if (end == text)
                return -1;
        }
        if (first < 0 || last < first || last >= CPU_SETSIZE || (*end != '\0' && *end != ','))
            return -1;
        for (long cpu = first; cpu <= last; cpu++)
            CPU_SET((int)cpu, cpus);
        if (*end == '\0')
            return 0;
        text = end + 1;
    }
}

void machine_divide(const cpu_set_t *all, cpu_set_t *server, cpu_set_t *client)
{
    int left = 2;

    CPU_ZERO(server);
    CPU_ZERO(client);
    for (int cpu = CPU_SETSIZE - 1; cpu >= 0; cpu--) {
        if (!CPU_ISSET(cpu, all))
            continue;
        if (CPU_COUNT(server) == 0) {
            CPU_SET(cpu, server);
        } else if (left > 0) {
            CPU_SET(cpu, client);
            left--;
        }
    }
    if (CPU_COUNT(client) == 0)
        *client = *server;
}
