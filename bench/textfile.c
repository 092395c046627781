/*
 * textfile - see textfile.h.
 */
#include "textfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

ssize_t textfile_read(const char *path, char *text, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    size_t used = 0;
    ssize_t n = 0;

    text[0] = '\0';
    if (fd < 0)
        return -1;
    while (used + 1 < size && (n = read(fd, text + used, size - 1 - used)) > 0)
        used += (size_t)n;
    close(fd);
    text[used] = '\0';
    return n < 0 ? -1 : (ssize_t)used;
}

int textfile_number(const char *path, int64_t *number)
{
    char text[64], *end;

    if (textfile_read(path, text, sizeof(text)) < 0)
        return -1;
    *number = strtoll(text, &end, 10);
    if (end == text) {
        errno = EINVAL;
        return -1;
    }
    return 0;
}

int textfile_field(const char *text, const char *name, int64_t *number)
{
    size_t length = strlen(name);

    for (const char *line = text; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, name, length) == 0 && strchr(": \t", line[length]) && line[length] != '\0') {
            *number = strtoll(line + length + 1, NULL, 10);
            return 0;
        }
    }
    return -1;
}
