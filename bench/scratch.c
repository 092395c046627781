/*
 * scratch - see scratch.h. flock(2), mkdtemp(3), nftw(3)
 */
#include "scratch.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TRIES = 10, DEPTH = 16, NAME_PART = 255, DRAWN = 6 /* characters of mkdtemp */ };

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
    (void)status, (void)kind, (void)walk;
    return remove(path);
}

/* The directory with its lock; -1: it is no directory of ours, or somebody uses it. */
static int lock_directory(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    struct stat status;

    if (fd < 0)
        return -1;
    if (fstat(fd, &status) == 0 && status.st_uid == geteuid() && flock(fd, LOCK_EX | LOCK_NB) == 0)
        return fd;
    close(fd);
    return -1;
}

static void remove_unused(const char *parent, const char *program)
{
    size_t length = strlen(program);
    DIR *directory = opendir(parent);
    struct dirent *entry;
    char path[LAUNCH_PATH_MAX];

    while (directory && (entry = readdir(directory))) {
        int fd;

        if (strncmp(entry->d_name, program, length) != 0 || entry->d_name[length] != '-' ||
            strlen(entry->d_name) != length + 1 + DRAWN)
            continue;
        snprintf(path, sizeof(path), "%.3000s/%.*s", parent, NAME_PART, entry->d_name);
        fd = lock_directory(path);
        if (fd < 0)
            continue;
        nftw(path, remove_entry, DEPTH, FTW_DEPTH | FTW_PHYS);
        close(fd);
    }
    if (directory)
        closedir(directory);
}

/* Between making and locking it somebody else may have taken it for unused: then it is gone. */
static bool is_there(const struct scratch *scratch)
{
    struct stat held, named;

    return fstat(scratch->fd, &held) == 0 && stat(scratch->path, &named) == 0 && held.st_ino == named.st_ino;
}

int scratch_open(struct scratch *scratch, const char *program, struct failure *failure)
{
    const char *parent = getenv("TMPDIR");

    if (!parent || !*parent)
        parent = "/tmp";
    remove_unused(parent, program);
    for (unsigned i = 0; i < TRIES; i++) {
        snprintf(scratch->path, sizeof(scratch->path), "%.3000s/%.100s-XXXXXX", parent, program);
        if (!mkdtemp(scratch->path))
            return failure_set(failure, EXIT_HERE,
                               "cannot make the directory %.300s: %s; set TMPDIR to another", scratch->path,
                               strerror(errno));
        scratch->fd = lock_directory(scratch->path);
        if (scratch->fd >= 0 && is_there(scratch))
            return 0;
        if (scratch->fd >= 0)
            close(scratch->fd);
    }
    return failure_set(failure, EXIT_HERE, "cannot lock a directory under %.300s; set TMPDIR to another",
                       parent);
}

void scratch_close(struct scratch *scratch)
{
    nftw(scratch->path, remove_entry, DEPTH, FTW_DEPTH | FTW_PHYS);
    close(scratch->fd);
}
