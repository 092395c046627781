/*
 * process - what /proc knows about a process: whether it leaks, whether it spins.
 *
 * All of it is read from outside, so that the server under test cannot be wrong about itself. proc(5)
 */
#ifndef PROCESS_H
#define PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Reads the beginning of a file, with a zero behind it. How many bytes; -1, and "", when it cannot be read.
 */
ssize_t process_slurp(const char *path, char *text, size_t size);

/* What it holds now; all 0 when the process is gone. */
struct process_use {
    int descriptors;
    int threads;
    int children; /* zombies included */
    int zombies;  /* children that nobody has waited for */
};
void process_use(pid_t pid, struct process_use *use);

/* Is a file whose name contains that word mapped into it? */
bool process_maps(pid_t pid, const char *word);

/* CPU time of the process, its living children and the ones it has waited for. */
int64_t process_cpu_ms(pid_t pid);

/* Resident memory of the process and its living children (shared pages counted for each). */
int64_t process_resident_kib(pid_t pid);

/* The letter of proc(5): 'S' sleeping, 'T' stopped, 'Z' zombie, ...; 0 when it is gone. */
char process_state(pid_t pid);

/* The process that traces it with ptrace(2), 0 for none. */
pid_t process_tracer(pid_t pid);

/* Its name as ps(1) shows it. Empty when it is gone. */
void process_name(pid_t pid, char name[16]);

#endif
