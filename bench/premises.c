/*
 * premises - see premises.h.
 */
#include "premises.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>

#include "machine.h"
#include "shipped.h"

enum { DESCRIPTORS_BESIDE = 256 }; /* what a program needs beside its connections */

int premises_clients(struct client_setting *clients, struct failure *failure)
{
    if (launch_find_sibling("tenk-load", clients->load, failure) < 0)
        return -1;
    if (!launch_find_in_path("wrk", clients->wrk))
        clients->wrk[0] = '\0';
    if (shipped_find("wrk", "report.lua", clients->report) < 0)
        return failure_set(failure, EXIT_HERE,
                           "cannot find bench/wrk/report.lua beside this program; install it whole");
    return 0;
}

static int parse_list(const char *option, const char *list, cpu_set_t *cpus, struct failure *failure)
{
    if (list && cpus_parse(list, cpus) < 0)
        return failure_set(failure, EXIT_USAGE, "--%s takes a list such as 0-1,3, not \"%s\"", option, list);
    return 0;
}

int premises_cpus(cpu_set_t *server, cpu_set_t *client, const char *server_list, const char *client_list,
                  struct failure *failure)
{
    cpu_set_t all, both;

    machine_cpus(&all);
    machine_divide(&all, server, client);
    if (parse_list("server-cpus", server_list, server, failure) < 0 ||
        parse_list("client-cpus", client_list, client, failure) < 0)
        return -1;
    CPU_OR(&both, server, client);
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
        if (CPU_ISSET(cpu, &both) && !CPU_ISSET(cpu, &all))
            return failure_set(failure, EXIT_HERE, "CPU %d is not there, or this program may not use it",
                               cpu);
    CPU_AND(&both, server, client);
    if (CPU_COUNT(&both) > 0)
        fprintf(stderr, "%s: server and client share a CPU: latencies and rates say little here\n",
                program_invocation_short_name);
    sched_setaffinity(0, sizeof(*client), client); /* keep out of the servers' way */
    return 0;
}

int premises_descriptors(rlim_t connections, struct failure *failure)
{
    rlim_t needed = connections + DESCRIPTORS_BESIDE;
    struct rlimit limit;

    getrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur >= needed)
        return 0;
    limit.rlim_cur = needed;
    if (limit.rlim_max < needed)
        limit.rlim_max = needed; /* root may */
    if (setrlimit(RLIMIT_NOFILE, &limit) == 0)
        return 0;
    getrlimit(RLIMIT_NOFILE, &limit);
    return failure_set(
        failure, EXIT_HERE,
        "this load needs %ju descriptors per process and the limit is %ju; raise it (ulimit -n %ju, "
        "as root) or ask for fewer --connections",
        (uintmax_t)needed, (uintmax_t)limit.rlim_max, (uintmax_t)needed);
}
