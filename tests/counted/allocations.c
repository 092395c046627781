/*
 * allocations - the part of a counted server that counts what it asks of the heap.
 *
 * The cost suite runs a tenk-serve that is linked from the same objects with `--wrap=malloc` and so on
 * (ld(1)), so that every call of ours and of the libraries linked as archives comes by here. What the
 * C library allocates for itself (the stack of a thread) does not; that shows as system calls. The
 * count lives in the file $TENK_ALLOCATIONS, a shared mapping: children count in it too.
 */
#include <fcntl.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static _Atomic uint64_t nowhere;
static _Atomic uint64_t *count = &nowhere;

__attribute__((constructor)) static void open_count(void)
{
    const char *path = getenv("TENK_ALLOCATIONS");
    int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    void *map = fd < 0 ? MAP_FAILED : mmap(NULL, sizeof(*count), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

    if (map != MAP_FAILED)
        count = map;
    if (fd >= 0)
        close(fd);
}

#define COUNTED(result, name, parameters, arguments)                                                         \
    result __real_##name parameters;                                                                         \
    result __wrap_##name parameters;                                                                         \
    result __wrap_##name parameters                                                                          \
    {                                                                                                        \
        atomic_fetch_add_explicit(count, 1, memory_order_relaxed);                                           \
        return __real_##name arguments;                                                                      \
    }

COUNTED(void *, malloc, (size_t size), (size))
COUNTED(void *, calloc, (size_t items, size_t size), (items, size))
COUNTED(void *, realloc, (void *old, size_t size), (old, size))
COUNTED(void *, reallocarray, (void *old, size_t items, size_t size), (old, items, size))
COUNTED(void *, aligned_alloc, (size_t alignment, size_t size), (alignment, size))
COUNTED(int, posix_memalign, (void **into, size_t alignment, size_t size), (into, alignment, size))
