/*
 * machine - what the whole machine did meanwhile: dropped connections, steal, other people's CPU time.
 */
#ifndef MACHINE_H
#define MACHINE_H

#include <sched.h>
#include <stdint.h>

struct machine {
    int64_t at_ns;
    int64_t listen_overflows, listen_drops, syn_retransmits; /* since boot; -1: not known */
    int64_t time_wait;                                       /* sockets now */
    double steal_s;                                          /* CPU seconds since boot, all CPUs */
    double busy_s;                                           /* CPU seconds of all tasks since boot */
    double softirq_threads_s;                                /* of the ksoftirqd threads among them */
    const char *busy_source;                                 /* "cpuacct" or "stat" */
};

/* Looks once; keeps nothing open. About 0.3 ms. */
void machine_read(struct machine *machine);

/* The CPUs this process may run on. */
void machine_cpus(cpu_set_t *cpus);

/* "0-3,8" from a set, and back (0 or -1): the format of /sys/devices/system/cpu/online. */
const char *cpus_format(const cpu_set_t *cpus, char *text, unsigned size);
int cpus_parse(const char *text, cpu_set_t *cpus);

/*
 * Divides the CPUs between server and client. One CPU: both share it. Otherwise the server gets the
 * last one and the client up to two others: one CPU for the server keeps every model on the same
 * footing, and two for the client make it hard for the client to be what is measured.
 */
void machine_divide(const cpu_set_t *all, cpu_set_t *server, cpu_set_t *client);

#endif
