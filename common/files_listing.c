/* files_listing - see files_listing.h. */
#include "files_listing.h"

#include "files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- the names ---- */

struct names {
    char **row; /* FILES_LISTING_MAX places; each name has a "/" behind it when it is a directory */
    size_t count;
    bool more; /* there are more than that */
};

static int by_name(const void *left, const void *right)
{
    return strcmp(*(char *const *)left, *(char *const *)right);
}

/* Symbolic links are seen as what they point at; what cannot be served is left out. */
static bool is_shown(int directory, const struct dirent *entry, bool *is_directory)
{
    struct stat about;

    if (entry->d_name[0] == '.' || fstatat(directory, entry->d_name, &about, 0) < 0)
        return false;
    *is_directory = S_ISDIR(about.st_mode);
    return *is_directory || S_ISREG(about.st_mode);
}

/* False without memory. */
static bool add_name(struct names *names, const char *name, bool is_directory)
{
    if (asprintf(&names->row[names->count], "%s%s", name, is_directory ? "/" : "") < 0)
        return false;
    names->count++;
    return true;
}

/* 0, or -1 with errno; what was read so far stands in `names` all the same. */
static int read_names(DIR *stream, struct names *names)
{
    const struct dirent *entry;
    bool is_directory;

    names->row = calloc(FILES_LISTING_MAX, sizeof *names->row);
    if (names->row == NULL)
        return -1;
    while (!names->more && (errno = 0, entry = readdir(stream)) != NULL) {
        if (!is_shown(dirfd(stream), entry, &is_directory))
            continue;
        names->more = names->count == FILES_LISTING_MAX;
        if (!names->more && !add_name(names, entry->d_name, is_directory))
            return -1;
    }
    if (errno != 0 && !names->more)
        return -1;
    qsort(names->row, names->count, sizeof *names->row, by_name);
    return 0;
}

static void free_names(struct names *names)
{
    for (size_t i = 0; i < names->count; i++)
        free(names->row[i]);
    free(names->row);
}

/* ---- the page ---- */

/* As a relative reference: a name with a colon would else begin with a scheme (RFC 3986, 4.2). */
static void write_link(FILE *page, const char *name)
{
    fputs("./", page);
    for (; *name != '\0'; name++)
        if (strchr("/-._~", *name) != NULL || (*name >= '0' && *name <= '9') ||
            ((*name | 0x20) >= 'a' && (*name | 0x20) <= 'z'))
            fputc(*name, page);
        else
            fprintf(page, "%%%02X", (unsigned char)*name);
}

static void write_text(FILE *page, const char *name)
{
    for (; *name != '\0'; name++)
        switch (*name) {
        case '&':
            fputs("&amp;", page);
            break;
        case '<':
            fputs("&lt;", page);
            break;
        case '>':
            fputs("&gt;", page);
            break;
        default:
            fputc(*name, page);
        }
}

static void write_page(FILE *page, const struct names *names)
{
    fputs("<!DOCTYPE html>\n<meta charset=\"utf-8\">\n<title>Listing</title>\n<ul>\n<li><a "
          "href=\"../\">../</a>\n",
          page);
    for (size_t i = 0; i < names->count; i++) {
        fputs("<li><a href=\"", page);
        write_link(page, names->row[i]);
        fputs("\">", page);
        write_text(page, names->row[i]);
        fputs("</a>\n", page);
    }
    fputs(names->more ? "<li>and more\n</ul>\n" : "</ul>\n", page);
}

/* Writes the page through a stream of its own, which is closed; `fd` stays. The size, or -1 with errno. */
static off_t fill(int fd, const struct names *names)
{
    int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    FILE *page = copy >= 0 ? fdopen(copy, "w") : NULL;

    if (page == NULL) {
        if (copy >= 0)
            close(copy);
        return -1;
    }
    write_page(page, names);
    if (fclose(page) != 0)
        return -1;
    return lseek(fd, 0, SEEK_END);
}

static int close_failed(int fd)
{
    int error = errno;

    close(fd);
    errno = error;
    return -1;
}

int files_list(int directory, uint64_t *size)
{
    struct names names = {0};
    int copy = fcntl(directory, F_DUPFD_CLOEXEC, 0);
    DIR *stream = copy >= 0 ? fdopendir(copy) : NULL;

    if (stream == NULL)
        return copy >= 0 ? close_failed(copy) : -1;
    int result = read_names(stream, &names);
    int error = errno;
    closedir(stream);
    errno = error;
    int fd = result == 0 ? memfd_create("listing", MFD_CLOEXEC) : -1;
    off_t filled = fd >= 0 ? fill(fd, &names) : 0;
    if (fd >= 0 && filled < 0)
        fd = close_failed(fd);
    free_names(&names);
    *size = (uint64_t)filled;
    return fd;
}
