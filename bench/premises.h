/*
 * premises - what must be there before anything is measured: programs, CPUs, descriptors.
 */
#ifndef PREMISES_H
#define PREMISES_H

#include <sched.h>
#include <sys/resource.h>

#include "client_process.h"
#include "failure.h"

/* Finds the load clients; without wrk its path is "". `cpus` is the caller's. 0; -1 with a sentence. */
int premises_clients(struct client_setting *clients, struct failure *failure);

/* The lines of a table of options (common/options.h) that fill the lists of premises_cpus. */
#define PREMISES_CPU_OPTIONS(server_list, client_list)                                                       \
    {"server-cpus", 0, OPTION_TEXT, (server_list), "LIST", "CPUs for the servers (the last one)"},           \
    {                                                                                                        \
        "client-cpus", 0, OPTION_TEXT, (client_list), "LIST", "CPUs for the client (up to two others)"       \
    }

/*
 * Divides the CPUs between servers and clients (machine_divide), or as the lists say (NULL: not given), and
 * goes to the clients' itself. 0; -1 with a sentence. That both share a CPU is a warning on stderr.
 */
int premises_cpus(cpu_set_t *server, cpu_set_t *client, const char *server_list, const char *client_list,
                  struct failure *failure);

/*
 * Raises the limit on descriptors to so many connections and what a program needs beside: a lower one would
 * act as a limit on connections. 0; -1 with a sentence. getrlimit(2)
 */
int premises_descriptors(rlim_t connections, struct failure *failure);

#endif
