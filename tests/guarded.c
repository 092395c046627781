/*
 * guarded - bytes that lie directly before a page nobody may read.
 */
#include "guarded.h"

#include <assert.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

const char *guarded(const char *bytes, size_t size)
{
    static char *end;

    assert(size <= GUARDED_MAX);
    if (!end) {
        size_t page = (size_t)sysconf(_SC_PAGESIZE);
        char *area =
            mmap(NULL, GUARDED_MAX + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

        assert(area != MAP_FAILED);
        end = area + GUARDED_MAX;
        mprotect(end, page, PROT_NONE);
    }
    memcpy(end - size, bytes, size);
    return end - size;
}
