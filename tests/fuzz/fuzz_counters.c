/*
 * fuzz_counters - the counters as JSON, whatever they are, and files that claim to hold them.
 */
#include "fuzz.h"

#include "counters.h"

#include <fcntl.h>
#include <jansson.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Every number comes back, and a buffer that is too small is not overrun. */
static void check_json(const struct counters_sum *sum, size_t room)
{
    char fields[1024], object[1100];
    int size = counters_json(sum, fields, sizeof(fields));

    FUZZ_CHECK(size > 0 && (size_t)size < sizeof(fields));
    snprintf(object, sizeof(object), "{%s}", fields);
    json_t *json = json_loads(object, JSON_REJECT_DUPLICATES, NULL);
    FUZZ_CHECK(json != NULL);
#define X(name, text) FUZZ_CHECK((uint64_t)json_integer_value(json_object_get(json, #name)) == sum->name);
    COUNTERS_LIST(X)
#undef X
    json_decref(json);
    char *tight = malloc(room + 1);
    FUZZ_CHECK(tight != NULL && counters_json(sum, tight, room) == size);
    free(tight);
}

static void check_file(const uint8_t *data, size_t size)
{
    char path[64];
    int fd = memfd_create("counters", MFD_CLOEXEC);

    FUZZ_CHECK(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    const struct counters_table *table = counters_map(path);
    if (table != NULL) {
        counters_sum(table);
        counters_unmap(table);
    }
    close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct counters_sum sum = {0};

    if (size > 65536)
        return 0;
    memcpy(&sum, data, size < sizeof(sum) ? size : sizeof(sum));
#define X(name, text) sum.name &= INT64_MAX; /* JSON integers of jansson are signed */
    COUNTERS_LIST(X)
#undef X
    check_json(&sum, size % 512);
    check_file(data, size);
    return 0;
}
