/*
 * syscalls - see syscalls.h.
 */
#include "syscalls.h"

#include <linux/perf_event.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "textfile.h"

static int64_t tracepoint_id(void)
{
    static const char *const places[] = {
        "/sys/kernel/tracing/events/raw_syscalls/sys_enter/id",
        "/sys/kernel/debug/tracing/events/raw_syscalls/sys_enter/id",
    };
    int64_t id;

    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
        if (textfile_number(places[i], &id) == 0)
            return id;
    return -1;
}

int syscalls_open(pid_t pid)
{
    int64_t id = tracepoint_id();
    struct perf_event_attr attributes = {
        .type = PERF_TYPE_TRACEPOINT,
        .size = sizeof(attributes),
        .config = (uint64_t)id,
        .inherit = 1,
    };

    if (id < 0)
        return -1;
    return (int)syscall(SYS_perf_event_open, &attributes, pid, -1, -1, PERF_FLAG_FD_CLOEXEC);
}

const char *syscalls_obstacle(void)
{
    int fd = syscalls_open(0);

    if (fd >= 0) {
        close(fd);
        return NULL;
    }
    if (geteuid() != 0)
        return "it takes root, or CAP_PERFMON and a readable /sys/kernel/tracing";
    if (tracepoint_id() < 0)
        return "tracefs is not mounted: mount -t tracefs tracefs /sys/kernel/tracing";
    return "perf_event_open(2) is not permitted here, as in many containers";
}

int64_t syscalls_read(int fd)
{
    uint64_t count;

    if (fd < 0 || read(fd, &count, sizeof(count)) != (ssize_t)sizeof(count))
        return -1;
    return (int64_t)count;
}
