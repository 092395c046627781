/*
 * textfile - small text files of the kernel: /proc, /sys.
 */
#ifndef TEXTFILE_H
#define TEXTFILE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Reads a file into `text`, NUL-terminated, cut at `size`. Its length; -1 with errno. */
ssize_t textfile_read(const char *path, char *text, size_t size);

/* The number a file begins with. 0; -1 with errno. */
int textfile_number(const char *path, int64_t *number);

/* The number after `name` (and a colon, or blanks) at the beginning of a line. 0 or -1. */
int textfile_field(const char *text, const char *name, int64_t *number);

#endif
