/*
 * counters - see counters.h. A table is one shared mapping: anonymous ones are inherited by fork(2),
 * those with a file can be mapped by anybody who may read it.
 */
#include "counters.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static_assert(sizeof(struct counters) % 64 == 0, "two writers never share a cache line");

static size_t table_bytes(uint32_t size)
{
    return sizeof(struct counters_table) + size * sizeof(struct counters);
}

/* Closes a descriptor without losing the errno of the call that went before. */
static void close_quietly(int fd)
{
    int error = errno;

    close(fd);
    errno = error;
}

static void *map_file(int fd, size_t bytes, int protection)
{
    void *table = mmap(NULL, bytes, protection, MAP_SHARED, fd, 0);

    return table == MAP_FAILED ? NULL : table;
}

/*
 * The blocks are reserved now: a sparse file would turn a full /dev/shm into a SIGBUS at the first
 * count of some unlucky worker.
 */
static void *create_in_file(const char *path, size_t bytes)
{
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    void *table = NULL;

    if (fd < 0)
        return NULL;
    errno = posix_fallocate(fd, 0, (off_t)bytes);
    if (errno == 0)
        table = map_file(fd, bytes, PROT_READ | PROT_WRITE);
    close_quietly(fd);
    return table;
}

static void *create_anonymous(size_t bytes)
{
    void *table = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    return table == MAP_FAILED ? NULL : table;
}

struct counters_table *counters_open(const char *path, uint32_t size)
{
    struct counters_table *table;

    if (size == 0) {
        errno = EINVAL;
        return NULL;
    }
    table = path ? create_in_file(path, table_bytes(size)) : create_anonymous(table_bytes(size));
    if (!table)
        return NULL;
    table->size = size;
    /* The magic comes last: who finds it in the file finds the size as well. */
    atomic_thread_fence(memory_order_release);
    table->magic = COUNTERS_MAGIC;
    return table;
}

/* Reads the head of a counters file and returns the slots it has; 0 with errno when it is none. */
static uint32_t read_size(int fd)
{
    struct counters_table head;
    struct stat file;

    if (fstat(fd, &file) < 0)
        return 0;
    errno = EINVAL;
    if (!S_ISREG(file.st_mode) || pread(fd, &head, sizeof(head), 0) != sizeof(head))
        return 0;
    if (head.magic != COUNTERS_MAGIC || (size_t)file.st_size != table_bytes(head.size))
        return 0;
    return head.size;
}

const struct counters_table *counters_map(const char *path)
{
    /* O_NONBLOCK: a FIFO by that name must not hang us before fstat can tell. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    const struct counters_table *table = NULL;
    uint32_t size;

    if (fd < 0)
        return NULL;
    size = read_size(fd);
    if (size > 0)
        table = map_file(fd, table_bytes(size), PROT_READ);
    close_quietly(fd);
    return table;
}

void counters_unmap(const struct counters_table *table)
{
    if (table)
        munmap((void *)(uintptr_t)table, table_bytes(table->size));
}

struct counters *counters_slot(struct counters_table *table, uint32_t index)
{
    uint32_t used = atomic_load(&table->used);

    assert(index < table->size);
    /* Workers claim their slots at the same time, in any order: only ever raise the mark. */
    while (used <= index && !atomic_compare_exchange_weak(&table->used, &used, index + 1))
        ;
    return &table->slots[index];
}

struct counters_sum counters_sum(const struct counters_table *table)
{
    struct counters_sum sum = {0};
    uint32_t used = atomic_load(&table->used);

    /* In a file that somebody else has written it may be anything. */
    for (uint32_t i = 0; i < used && i < table->size; i++) {
        const struct counters *slot = &table->slots[i];

#define X(name, text) sum.name += atomic_load_explicit(&slot->name, memory_order_relaxed);
        COUNTERS_LIST(X)
#undef X
    }
    return sum;
}

int counters_json(const struct counters_sum *sum, char *text, size_t size)
{
    const struct {
        const char *name;
        uint64_t value;
    } fields[] = {
#define X(name, text) {#name, sum->name},
        COUNTERS_LIST(X)
#undef X
    };
    size_t length = 0;

    if (size > 0)
        *text = '\0';
    for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++) {
        size_t rest = length < size ? size - length : 0;

        length += (size_t)snprintf(rest ? text + length : NULL, rest, "%s\"%s\": %llu", i ? ", " : "",
                                   fields[i].name, (unsigned long long)fields[i].value);
    }
    return (int)length;
}
