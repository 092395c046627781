/* files - see files.h. */
#include "files.h"

#include "files_listing.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
    OPEN_FLAGS = O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
    RENAMED_TRIES = 8, /* openat2(2) says EAGAIN when something is renamed under its hands */
};

/* ---- opening beneath the root ---- */

/* The C library of Debian 12 has no wrapper for it. */
static int open_beneath(int root, const char *path, int flags)
{
    struct open_how how = {.flags = (unsigned)flags, .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS};
    int fd = -1;

    for (int i = 0; i < RENAMED_TRIES && fd < 0; i++) {
        fd = (int)syscall(SYS_openat2, root, path, &how, sizeof how);
        if (fd < 0 && errno != EAGAIN && errno != EINTR)
            break;
    }
    return fd;
}

/* One name in a directory, which is closed unless it is the root; a symbolic link is not followed (ELOOP). */
static int step_into(int root, int directory, const char *name, int flags)
{
    int fd = openat(directory, name, flags | O_NOFOLLOW);
    int error = errno;

    if (directory != root)
        close(directory);
    errno = error;
    return fd;
}

/* `path` is taken apart. It holds neither "." nor "..", unless it is "." as a whole. */
static int open_walking(int root, char *path, int flags)
{
    int directory = root;
    char *slash;

    for (; (slash = strchr(path, '/')) != NULL && slash[1] != '\0'; path = slash + 1) {
        *slash = '\0';
        directory = step_into(root, directory, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (directory < 0)
            return -1;
    }
    if (slash != NULL)
        *slash = '\0';
    return step_into(root, directory, path, flags);
}

/* A directory, when `path` is empty (the root) or ends in a slash. */
static int open_path(const struct files *files, const char *path)
{
    size_t size = strlen(path);
    bool directory = size == 0 || path[size - 1] == '/';
    int flags = OPEN_FLAGS | (directory ? O_DIRECTORY : 0);
    char copy[FILES_PATH_MAX + sizeof "/index.html"];

    if (size == 0)
        path = ".", size = 1;
    if (!files->walk)
        return open_beneath(files->root, path, flags);
    memcpy(copy, path, size + 1);
    return open_walking(files->root, copy, flags);
}

int files_open(struct files *files, const char *directory, bool listing)
{
    int probe;

    *files = (struct files){.root = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC), .listing = listing};
    if (files->root < 0)
        return -1;
    probe = open_beneath(files->root, ".", OPEN_FLAGS | O_DIRECTORY);
    files->walk = probe < 0 && (errno == ENOSYS || errno == EPERM); /* an old kernel, or a sandbox */
    if (probe < 0 && !files->walk) {
        int error = errno;

        close(files->root);
        errno = error;
        return -1;
    }
    if (probe >= 0)
        close(probe);
    return 0;
}

void files_close(struct files *files)
{
    close(files->root);
}

/* ---- names ---- */

/* No name is empty or begins with a dot; the last may be empty: then a directory is meant. */
static bool is_clean(const char *path)
{
    for (const char *name = path; *name != '\0';) {
        size_t size = strcspn(name, "/");

        if (size == 0 || *name == '.')
            return false;
        name += size + (name[size] == '/');
    }
    return true;
}

/* Decodes the path behind its first slash into `name`; false when there can be no file of that name. */
static bool name_of(struct slice path, char name[FILES_PATH_MAX])
{
    if (path.size == 0 || *path.at != '/')
        return false;
    size_t size = http_decode((struct slice){path.at + 1, path.size - 1}, name, FILES_PATH_MAX - 1);
    if (size >= FILES_PATH_MAX || memchr(name, '\0', size) != NULL)
        return false;
    name[size] = '\0';
    return is_clean(name);
}

static const struct {
    const char *ending, *type;
} types[] = {
    {"html", "text/html; charset=utf-8"},
    {"htm", "text/html; charset=utf-8"},
    {"txt", "text/plain; charset=utf-8"},
    {"md", "text/plain; charset=utf-8"},
    {"css", "text/css; charset=utf-8"},
    {"csv", "text/csv; charset=utf-8"},
    {"js", "text/javascript; charset=utf-8"},
    {"mjs", "text/javascript; charset=utf-8"},
    {"json", "application/json"},
    {"xml", "application/xml"},
    {"pdf", "application/pdf"},
    {"wasm", "application/wasm"},
    {"gz", "application/gzip"},
    {"zip", "application/zip"},
    {"svg", "image/svg+xml"},
    {"png", "image/png"},
    {"jpg", "image/jpeg"},
    {"jpeg", "image/jpeg"},
    {"gif", "image/gif"},
    {"webp", "image/webp"},
    {"ico", "image/x-icon"},
    {"woff2", "font/woff2"},
    {"mp3", "audio/mpeg"},
    {"mp4", "video/mp4"},
    {"webm", "video/webm"},
};

static const char *type_of(const char *name)
{
    const char *slash = strrchr(name, '/');
    const char *dot = strrchr(slash != NULL ? slash : name, '.');

    for (size_t i = 0; dot != NULL && i < sizeof types / sizeof *types; i++)
        if (strcasecmp(dot + 1, types[i].ending) == 0)
            return types[i].type;
    return "application/octet-stream";
}

/* ---- finding ---- */

static int status_of(int error)
{
    switch (error) {
    case EACCES:
    case EPERM:
        return 403;
    case ENOENT:
    case ENOTDIR:
    case ELOOP:
    case EXDEV:
    case ENAMETOOLONG:
    case ENXIO: /* a Unix socket, or a device nobody drives */
    case ENODEV:
        return 404;
    case EMFILE:
    case ENFILE:
    case ENOMEM:
        return 503;
    default:
        return 500;
    }
}

static int64_t modified_ns(const struct stat *about)
{
    return (int64_t)about->st_mtim.tv_sec * 1000000000 + about->st_mtim.tv_nsec;
}

/* A regular file: 0. A directory: 301. Anything else is nothing to read from: 403. */
static int examine(int fd, const char *name, struct file *file)
{
    struct stat about;

    if (fstat(fd, &about) < 0)
        return status_of(errno);
    if (S_ISDIR(about.st_mode))
        return 301;
    if (!S_ISREG(about.st_mode))
        return 403;
    *file = (struct file){fd, (uint64_t)about.st_size, modified_ns(&about), type_of(name)};
    return 0;
}

static int open_file(const struct files *files, const char *name, struct file *file)
{
    int fd = open_path(files, name);

    if (fd < 0)
        return status_of(errno);
    int status = examine(fd, name, file);
    if (status != 0)
        close(fd);
    return status;
}

/* A directory: its index.html, or what is in it. */
static int open_directory(const struct files *files, const char *name, struct file *file)
{
    char index[FILES_PATH_MAX + sizeof "index.html"];

    snprintf(index, sizeof index, "%sindex.html", name);
    int status = open_file(files, index, file);
    if (status != 404)
        return status == 301 ? 403 : status;
    int fd = open_path(files, name);
    if (fd < 0)
        return status_of(errno);
    int listing = files->listing ? files_list(fd, &file->size) : -1;
    int error = errno;
    close(fd);
    if (listing < 0)
        return files->listing ? status_of(error) : 403;
    file->fd = listing;
    file->modified_ns = 0;
    file->type = type_of("index.html");
    return 0;
}

int files_find(const struct files *files, struct slice path, struct file *file)
{
    char name[FILES_PATH_MAX];

    if (!name_of(path, name))
        return 404;
    bool directory = *name == '\0' || name[strlen(name) - 1] == '/';
    return directory ? open_directory(files, name, file) : open_file(files, name, file);
}

ssize_t files_read(int fd, char *bytes, size_t size, uint64_t offset)
{
    size_t have = 0;

    while (have < size) {
        ssize_t n = pread(fd, bytes + have, size - have, (off_t)(offset + have));

        if (n == 0)
            break;
        if (n < 0 && errno != EINTR)
            return have > 0 ? (ssize_t)have : -1;
        if (n > 0)
            have += (size_t)n;
    }
    return (ssize_t)have;
}
