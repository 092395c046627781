/*
 * run_directory - see run_directory.h.
 */
#include "run_directory.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

enum { ROOM_KIB_MIN = 256 }; /* a slice leaves some 20 KiB behind, the results at the end the rest */

/* ---- making ---- */

/* mkdir -p. 0 or -1 with errno. */
static int make_path(const char *path)
{
    char part[LAUNCH_PATH_MAX];

    snprintf(part, sizeof(part), "%s", path);
    for (char *slash = strchr(part + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(part, 0755) < 0 && errno != EEXIST)
            return -1;
        *slash = '/';
    }
    return mkdir(part, 0755) < 0 && errno != EEXIST ? -1 : 0;
}

static void name_run(struct run_directory *run, const char *parent, const char *revision)
{
    char host[64] = "host", stamp[32];
    time_t now = time(NULL);

    gethostname(host, sizeof(host) - 1);
    for (char *c = host; *c; c++)
        if (!isalnum((unsigned char)*c) && *c != '-')
            *c = '_';
    strftime(stamp, sizeof(stamp), "%Y%m%dT%H%M%SZ", gmtime(&now));
    snprintf(run->path, sizeof(run->path), "%.3800s/%s-%s-%s", parent, stamp, host, revision);
}

static int open_samples(struct run_directory *run, struct failure *failure)
{
    const char *path = run_directory_file(run, "samples.jsonl");

    run->samples_fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (run->samples_fd < 0)
        return failure_set(failure, EXIT_HERE,
                           "cannot write %.400s: %s; choose another place with --results DIR", path,
                           strerror(errno));
    return 0;
}

/* Also when a run is taken up again: one that was published has no logs of its servers. */
static int make_parts(const struct run_directory *run, struct failure *failure)
{
    static const char *const parts[] = {"raw", "servers", "scenarios", "cells"};

    for (unsigned i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        if (mkdir(run_directory_file(run, parts[i]), 0755) < 0 && errno != EEXIST)
            return failure_set(failure, EXIT_HERE,
                               "cannot write into %.300s: %s; choose another with --results DIR", run->path,
                               strerror(errno));
    return 0;
}

int run_directory_create(struct run_directory *run, const char *parent, const char *chosen,
                         const char *revision, struct failure *failure)
{
    run->samples_fd = -1;
    if (chosen)
        snprintf(run->path, sizeof(run->path), "%.4000s", chosen);
    else
        name_run(run, parent, revision);
    if (access(run_directory_file(run, "samples.jsonl"), F_OK) == 0)
        return failure_set(failure, EXIT_USAGE,
                           "%.300s holds a run already; go on with it: tenk-bench --resume %.200s", run->path,
                           run->path);
    if (make_path(run->path) < 0)
        return failure_set(failure, EXIT_HERE,
                           "cannot make the directory %.300s: %s; choose another with --results DIR",
                           run->path, strerror(errno));
    return make_parts(run, failure) < 0 ? -1 : open_samples(run, failure);
}

/* ---- samples ---- */

static int read_sample(struct samples *samples, const char *line)
{
    json_t *object = json_loads(line, 0, NULL);
    struct row *row = object ? samples_add(samples) : NULL;
    int status = row ? row_from_json(row, object) : -1;

    if (row && status < 0)
        samples_drop_last(samples);
    json_decref(object);
    return status;
}

/* Reads line after line up to the first that is not good; *good is where that begins. */
static int read_samples(const char *path, struct samples *samples, off_t *good, struct failure *failure)
{
    FILE *in = fopen(path, "re");
    size_t size = 0;
    char *line = NULL;
    ssize_t length;

    if (!in)
        return failure_set(failure, EXIT_USAGE, "%.400s cannot be read: %s; is that a run directory?", path,
                           strerror(errno));
    *good = 0;
    while ((length = getline(&line, &size, in)) > 0 && line[length - 1] == '\n' &&
           read_sample(samples, line) == 0)
        *good += length;
    free(line);
    fclose(in);
    return 0;
}

static void set_path(struct run_directory *run, const char *path)
{
    run->samples_fd = -1;
    snprintf(run->path, sizeof(run->path), "%.4000s", path);
    while (run->path[0] && run->path[1] && run->path[strlen(run->path) - 1] == '/')
        run->path[strlen(run->path) - 1] = '\0';
}

int run_directory_read(struct run_directory *run, const char *path, struct samples *samples,
                       struct failure *failure)
{
    off_t good;

    set_path(run, path);
    return read_samples(run_directory_file(run, "samples.jsonl"), samples, &good, failure);
}

int run_directory_open(struct run_directory *run, const char *path, struct samples *samples,
                       struct failure *failure)
{
    off_t good;

    set_path(run, path);
    if (read_samples(run_directory_file(run, "samples.jsonl"), samples, &good, failure) < 0)
        return -1;
    /* Whatever follows the last good line is cut off, so that the next begins clean. */
    if (truncate(run_directory_file(run, "samples.jsonl"), good) < 0)
        return failure_set(failure, EXIT_HERE, "cannot write %.300s/samples.jsonl: %s", run->path,
                           strerror(errno));
    return make_parts(run, failure) < 0 ? -1 : open_samples(run, failure);
}

static int write_all(int fd, const char *text, size_t size)
{
    while (size > 0) {
        ssize_t n = write(fd, text, size);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        text += n;
        size -= (size_t)n;
    }
    return 0;
}

int run_directory_append(struct run_directory *run, const struct row *row, struct failure *failure)
{
    json_t *object = row_to_json(row);
    char *text =
        object ? json_dumps(object, JSON_COMPACT | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(9)) : NULL;
    size_t length = text ? strlen(text) : 0;
    int status = -1;

    errno = ENOMEM;
    if (text) {
        text[length] = '\n'; /* in the place of the NUL: the line goes out in one write */
        status = write_all(run->samples_fd, text, length + 1);
        if (status == 0 && fsync(run->samples_fd) < 0 && errno != EINVAL && errno != EROFS)
            status = -1;
    }
    if (status < 0)
        failure_set(failure, EXIT_HERE,
                    "cannot write %.300s/samples.jsonl: %s; what was written is kept, go on with: "
                    "tenk-bench --resume %.200s",
                    run->path, strerror(errno), run->path);
    free(text);
    json_decref(object);
    return status;
}

int run_directory_has_room(const struct run_directory *run, struct failure *failure)
{
    struct statvfs disk;
    uint64_t free_kib;

    if (statvfs(run->path, &disk) < 0 || disk.f_blocks == 0)
        return 0; /* nothing is known: then writing will tell */
    free_kib = (uint64_t)disk.f_bavail * disk.f_frsize / 1024;
    return free_kib >= ROOM_KIB_MIN
               ? 0
               : failure_set(
                     failure, EXIT_HERE,
                     "the disk of %.200s is full (%ju KiB are left); what was measured is kept, make room "
                     "and go on with: tenk-bench --resume %.200s",
                     run->path, (uintmax_t)free_kib, run->path);
}

/* ---- other files ---- */

const char *run_directory_file(const struct run_directory *run, const char *name)
{
    static char path[LAUNCH_PATH_MAX + 256];

    snprintf(path, sizeof(path), "%s/%s", run->path, name);
    return path;
}

FILE *run_directory_write(const struct run_directory *run, const char *name, struct failure *failure)
{
    FILE *out = fopen(run_directory_file(run, name), "we");

    if (!out)
        failure_set(failure, EXIT_HERE, "cannot write %.300s/%.100s: %s", run->path, name, strerror(errno));
    return out;
}

int run_directory_finish(const struct run_directory *run, const char *name, FILE *out,
                         struct failure *failure)
{
    bool bad = ferror(out) != 0;

    if (fclose(out) != 0 || bad)
        return failure_set(failure, EXIT_HERE, "cannot write %.300s/%.100s: %s", run->path, name,
                           strerror(errno));
    return 0;
}

int run_directory_write_json(const struct run_directory *run, const char *name, const json_t *root,
                             struct failure *failure)
{
    char temporary[200], path[LAUNCH_PATH_MAX + 256];
    FILE *out;

    snprintf(temporary, sizeof(temporary), "%.180s.new", name);
    out = run_directory_write(run, temporary, failure);
    if (!out)
        return -1;
    json_dumpf(root, out, JSON_INDENT(2) | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(9));
    putc('\n', out);
    if (run_directory_finish(run, temporary, out, failure) < 0)
        return -1;
    snprintf(path, sizeof(path), "%s", run_directory_file(run, temporary));
    if (rename(path, run_directory_file(run, name)) < 0)
        return failure_set(failure, EXIT_HERE, "cannot replace %.300s/%.100s: %s", run->path, name,
                           strerror(errno));
    return 0;
}

json_t *run_directory_read_json(const struct run_directory *run, const char *name, struct failure *failure)
{
    json_error_t error;
    json_t *root = json_load_file(run_directory_file(run, name), 0, &error);

    if (!root)
        failure_set(failure, EXIT_USAGE, "%.300s/%.100s cannot be read: %.100s; is that a run directory?",
                    run->path, name, error.text);
    return root;
}

void run_directory_close(struct run_directory *run)
{
    if (run->samples_fd >= 0)
        close(run->samples_fd);
    run->samples_fd = -1;
}
