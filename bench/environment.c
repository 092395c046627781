/*
 * environment - see environment.h. What cannot be read is null.
 */
#include "environment.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "launch.h"
#include "machine.h"
#include "ping_floor.h"
#include "textfile.h"

/* The Makefile passes compiler and flags; the servers are built with the same. */
#ifndef TENK_BUILD
#define TENK_BUILD "flags not recorded by this build"
#endif

enum { TOOL_TIMEOUT_S = 10, TEXT_MAX = 8192 };

static json_t *text_or_null(const char *text)
{
    char line[512];

    if (!text)
        return json_null();
    snprintf(line, sizeof(line), "%s", text);
    line[strcspn(line, "\n")] = '\0';
    return line[0] ? json_string(line) : json_null();
}

static json_t *file_or_null(const char *path)
{
    char text[512];

    return textfile_read(path, text, sizeof(text)) >= 0 ? text_or_null(text) : json_null();
}

/* The value behind "name : " in a file like /proc/cpuinfo. */
static json_t *field_or_null(const char *path, const char *name)
{
    char text[TEXT_MAX];
    const char *found = textfile_read(path, text, sizeof(text)) > 0 ? strstr(text, name) : NULL;
    const char *value = found ? strchr(found, ':') : NULL;

    return value ? text_or_null(value + 1 + strspn(value + 1, " \t")) : json_null();
}

/* The floor under every latency of this run; null where pinging is not allowed. */
static json_t *ping_floor(void)
{
    int64_t floor_ns = ping_floor_ns();

    return floor_ns > 0 ? json_real((double)floor_ns / NS_PER_US) : json_null();
}

/* ---- what git says ---- */

static int git(const char *first, const char *second, const char *third, char *text, size_t size)
{
    char directory[LAUNCH_PATH_MAX];
    struct failure ignored;
    struct launch program = launch_empty();

    if (launch_directory(directory) < 0)
        return -1;
    program.argv[0] = "git";
    program.argv[1] = "-C";
    program.argv[2] = directory;
    program.argv[3] = first;
    program.argv[4] = second;
    program.argv[5] = third;
    return launch_output(&program, TOOL_TIMEOUT_S * NS_PER_S, text, size, &ignored);
}

void environment_revision(char revision[REVISION_MAX])
{
    char text[512];

    if (git("rev-parse", "--short=10", "HEAD", text, sizeof(text)) < 0) {
        snprintf(revision, REVISION_MAX, "unversioned");
        return;
    }
    text[strcspn(text, "\n")] = '\0';
    snprintf(revision, REVISION_MAX, "%.40s", text);
    if (git("status", "--porcelain", "--untracked-files=no", text, sizeof(text)) == 0 && text[0])
        strcat(revision, "-dirty");
}

/* ---- the parts ---- */

static json_t *kernel(void)
{
    struct utsname name;

    if (uname(&name) < 0)
        return json_null();
    return json_pack("{s:s, s:s, s:s, s:s, s:o}", "system", name.sysname, "release", name.release, "version",
                     name.version, "machine", name.machine, "command_line", file_or_null("/proc/cmdline"));
}

static json_t *mitigations(void)
{
    static const char directory_name[] = "/sys/devices/system/cpu/vulnerabilities";
    json_t *object = json_object();
    DIR *directory = opendir(directory_name);
    struct dirent *entry;
    char path[512];

    while (directory && (entry = readdir(directory))) {
        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof(path), "%s/%s", directory_name, entry->d_name);
        json_object_set_new(object, entry->d_name, file_or_null(path));
    }
    if (directory)
        closedir(directory);
    return object;
}

static json_t *processor(const cpu_set_t *server_cpus, const cpu_set_t *client_cpus)
{
    json_t *object = json_object();
    char text[256];

    json_object_set_new(object, "model", field_or_null("/proc/cpuinfo", "model name"));
    json_object_set_new(object, "microcode", field_or_null("/proc/cpuinfo", "microcode"));
    json_object_set_new(object, "online", file_or_null("/sys/devices/system/cpu/online"));
    json_object_set_new(object, "server_cpus", json_string(cpus_format(server_cpus, text, sizeof(text))));
    json_object_set_new(object, "client_cpus", json_string(cpus_format(client_cpus, text, sizeof(text))));
    json_object_set_new(object, "smt", file_or_null("/sys/devices/system/cpu/smt/control"));
    json_object_set_new(object, "governor",
                        file_or_null("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"));
    json_object_set_new(object, "hypervisor", file_or_null("/sys/class/dmi/id/product_name"));
    json_object_set_new(object, "clocksource",
                        file_or_null("/sys/devices/system/clocksource/clocksource0/current_clocksource"));
    json_object_set_new(object, "mitigations", mitigations());
    return object;
}

static json_t *sysctls(void)
{
    static const char *const names[] = {
        "net/core/somaxconn",
        "net/core/rmem_default",
        "net/core/wmem_default",
        "net/ipv4/tcp_max_syn_backlog",
        "net/ipv4/ip_local_port_range",
        "net/ipv4/tcp_tw_reuse",
        "net/ipv4/tcp_congestion_control",
        "net/ipv4/tcp_syncookies",
        "net/ipv4/tcp_abort_on_overflow",
        "kernel/pid_max",
        "kernel/threads-max",
        "kernel/perf_event_paranoid",
        "kernel/sched_autogroup_enabled",
        "kernel/timer_migration",
        "fs/file-max",
        "fs/nr_open",
        "vm/overcommit_memory",
        "vm/swappiness",
    };
    json_t *object = json_object();
    char path[128], name[64];

    for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        snprintf(path, sizeof(path), "/proc/sys/%s", names[i]);
        snprintf(name, sizeof(name), "%s", names[i]);
        for (char *slash = name; (slash = strchr(slash, '/')); *slash = '.')
            ;
        json_object_set_new(object, name, file_or_null(path));
    }
    json_object_set_new(object, "transparent_hugepage",
                        file_or_null("/sys/kernel/mm/transparent_hugepage/enabled"));
    return object;
}

static json_t *limit(int resource)
{
    struct rlimit value;

    if (getrlimit((__rlimit_resource_t)resource, &value) < 0 || value.rlim_cur == RLIM_INFINITY)
        return json_null(); /* null: no limit */
    return json_integer((json_int_t)value.rlim_cur);
}

static json_t *limits(void)
{
    json_t *object = json_object();

    json_object_set_new(object, "descriptors", limit(RLIMIT_NOFILE));
    json_object_set_new(object, "processes", limit(RLIMIT_NPROC));
    json_object_set_new(object, "stack_bytes", limit(RLIMIT_STACK));
    json_object_set_new(object, "memory_lock_bytes", limit(RLIMIT_MEMLOCK));
    return object;
}

static json_t *first_line_of(const char *path, const char *option)
{
    char text[1024] = "";
    struct failure ignored;
    struct launch program = launch_empty();

    if (!path || !*path)
        return json_null();
    program.argv[0] = path;
    program.argv[1] = option;
    launch_output(&program, TOOL_TIMEOUT_S * NS_PER_S, text, sizeof(text), &ignored); /* wrk -v ends with 1 */
    return text_or_null(text);
}

const char *environment_build(void)
{
    return TENK_BUILD;
}

static json_t *build(const char *revision)
{
#ifdef __clang__
    static const char compiler[] = "clang " __clang_version__;
#else
    static const char compiler[] = "gcc " __VERSION__;
#endif
    return json_pack("{s:s, s:s, s:s, s:b}", "compiler", compiler, "command", TENK_BUILD, "revision",
                     revision, "dirty", strstr(revision, "-dirty") != NULL);
}

/* ---- the whole ---- */

json_t *environment_read(const char *revision, const cpu_set_t *server_cpus, const cpu_set_t *client_cpus,
                         const char *wrk)
{
    json_t *object = json_object();
    char host[65] = "";

    gethostname(host, sizeof(host) - 1);
    json_object_set_new(object, "host", json_string(host));
    json_object_set_new(object, "kernel", kernel());
    json_object_set_new(object, "processor", processor(server_cpus, client_cpus));
    json_object_set_new(object, "memory_total", field_or_null("/proc/meminfo", "MemTotal"));
    json_object_set_new(object, "sysctls", sysctls());
    json_object_set_new(object, "limits", limits());
    json_object_set_new(object, "ping_floor_us", ping_floor());
    json_object_set_new(object, "build", build(revision));
    json_object_set_new(object, "wrk", first_line_of(wrk, "-v"));
    return object;
}

json_t *environment_moment(void)
{
    json_t *object = json_object();
    struct machine machine;
    time_t now = time(NULL);
    char text[32];

    machine_read(&machine);
    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", gmtime(&now));
    json_object_set_new(object, "time_utc", json_string(text));
    json_object_set_new(object, "load", file_or_null("/proc/loadavg"));
    json_object_set_new(object, "memory_available", field_or_null("/proc/meminfo", "MemAvailable"));
    json_object_set_new(object, "steal_s_since_boot", json_real(machine.steal_s));
    json_object_set_new(object, "time_wait_sockets", json_integer(machine.time_wait));
    return object;
}
