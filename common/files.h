/*
 * files - what a path of a request finds under one directory: a regular file, a directory's index.html,
 * or its listing when that was asked for. Nothing outside of the directory, whatever the path says.
 *
 * The kernel resolves the whole path beneath the root, symbolic links included (openat2(2), RESOLVE_BENEATH);
 * where it cannot, the path is walked name by name and no symbolic link is followed. Names that begin with a
 * dot are never found, so there is no "..", no ".git" and no ".htpasswd". A FIFO or a device is opened
 * without waiting for anybody (O_NONBLOCK), seen not to be a file, and closed.
 */
#ifndef FILES_H
#define FILES_H

#include "http_syntax.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum {
    FILES_PATH_MAX = 4096,     /* of a decoded path; longer: not found */
    FILES_LISTING_MAX = 10000, /* names in a listing; it says so when there are more */
};

struct files {
    int root;     /* the directory, O_PATH */
    bool listing; /* directories without index.html are listed; else they are forbidden (403) */
    bool walk;    /* openat2(2) is not to be had: no symbolic links */
};

struct file {
    int fd; /* O_NONBLOCK; the caller's to close. Never 0, which is standard input */
    uint64_t size;
    int64_t modified_ns; /* since 1970; 0: made just now, so there is nothing to compare it with */
    const char *type;    /* Content-Type; static storage */
};

/* Opens the root. 0, or -1 with errno. */
int files_open(struct files *files, const char *directory, bool listing);
void files_close(struct files *files);

/*
 * Finds what a path means; its percent-encoding has been checked. 0 with *file filled, or the status that
 * says why not: 301 it is a directory, and its path lacks the slash at the end; 403 it may not be read, is no
 * file, or may not be listed; 404; 503 no descriptor or memory; 500 the disk fails.
 */
int files_find(const struct files *files, struct slice path, struct file *file);

/* pread(2), restarted after EINTR, until `size` bytes are there or the file ends. How many; -1 with errno. */
ssize_t files_read(int fd, char *bytes, size_t size, uint64_t offset);

#endif
