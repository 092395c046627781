/*
 * counters - what a server has done, one cache line pair per worker, in shared memory.
 *
 * Every slot has exactly one writer at a time (a thread, a process, a loop), so adding is a plain
 * load and store: no locked instruction on the request path. Readers, among them another process
 * that maps the same file, see each field whole but not all fields of one instant. A slot whose
 * writer has gone keeps its sums and is reused. mmap(2)
 */
#ifndef COUNTERS_H
#define COUNTERS_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

/* The one list of counters: JSON names, struct fields and documentation come from it. */
#define COUNTERS_LIST(X)                                                                                     \
    X(accepted, "connections accepted")                                                                      \
    X(closed, "accepted connections closed again")                                                           \
    X(requests, "requests answered; for echo: receives that were echoed")                                    \
    X(bytes_in, "bytes received")                                                                            \
    X(bytes_out, "bytes sent")                                                                               \
    X(receives, "calls of recv(2)")                                                                          \
    X(sends, "calls of send(2)")                                                                             \
    X(bad_requests, "requests answered with 4xx or 5xx because they were broken")                            \
    X(aborted, "connections that ended in the middle of something: reset, vanished, no memory")              \
    X(timeouts,                                                                                              \
      "connections closed because nothing moved for the idle time-out, or too little for too long")          \
    X(shed, "connections closed unserved: no descriptor, process or thread could be had for them")           \
    X(pauses, "times accepting was paused: descriptors or the connection limit exhausted")

struct counters {
#define X(name, text) _Alignas(8) _Atomic uint64_t name;
    COUNTERS_LIST(X)
#undef X
} __attribute__((aligned(64)));

struct counters_sum {
#define X(name, text) uint64_t name;
    COUNTERS_LIST(X)
#undef X
};

enum { COUNTERS_MAGIC = 0x746e6b31 };

struct counters_table {
    uint32_t magic;
    uint32_t size;         /* slots there are */
    _Atomic uint32_t used; /* slots ever used: readers need not look further */
    struct counters slots[];
};

/*
 * Maps a zeroed table of `size` slots, shared with every later fork. With a path the table lives in
 * that file (created or truncated), so that other processes can map it. NULL with errno.
 */
struct counters_table *counters_open(const char *path, uint32_t size);

/* Maps the table in a file for reading. NULL with errno (EINVAL: not a counters file). */
const struct counters_table *counters_map(const char *path);

void counters_unmap(const struct counters_table *table);

/* The slot with that index, marked as used. */
struct counters *counters_slot(struct counters_table *table, uint32_t index);

struct counters_sum counters_sum(const struct counters_table *table);

/* Writes `"accepted": 1, "closed": 0, ...` (no braces) like snprintf. */
int counters_json(const struct counters_sum *sum, char *text, size_t size);

static inline void counters_add(_Atomic uint64_t *counter, uint64_t n)
{
    uint64_t now = atomic_load_explicit(counter, memory_order_relaxed);

    atomic_store_explicit(counter, now + n, memory_order_relaxed);
}

#endif
