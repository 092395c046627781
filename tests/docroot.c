/*
 * docroot - a directory to serve files from.
 */
#include "docroot.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "expect.h"

enum { PATH_SIZE = 256 };

static char around[64], root[PATH_SIZE];

static const char *path_of(const char *name)
{
    static char path[2 * PATH_SIZE];

    snprintf(path, sizeof(path), "%s/%s", root, name);
    return path;
}

static void put_file(const char *name, const char *bytes, size_t size)
{
    const struct timespec times[2] = {{.tv_sec = 784111777}, {.tv_sec = 784111777}};
    int fd = open(path_of(name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

    cr_assert(fd >= 0 && write(fd, bytes, size) == (ssize_t)size && futimens(fd, times) == 0, "%s", name);
    close(fd);
}

static void put_text(const char *name, const char *text)
{
    put_file(name, text, strlen(text));
}

static void put_directory(const char *name)
{
    cr_assert_eq(mkdir(path_of(name), 0755), 0, "%s", name);
}

static void put_link(const char *name, const char *to)
{
    cr_assert_eq(symlink(to, path_of(name)), 0, "%s", name);
}

static void put_files(void)
{
    char *noise = expect_noise(DOCROOT_LARGE, DOCROOT_LARGE_SEED);

    put_text("index.html", EXPECT_HELLO);
    put_text("small.txt", "small");
    put_text("empty", "");
    put_file("large.bin", noise, DOCROOT_LARGE);
    put_text("odd name&<>.txt", "odd");
    put_text(".hidden", DOCROOT_SECRET);
    put_directory("colon:name");
    put_directory("sub");
    put_text("sub/index.html", "sub");
    put_text("sub/deep.txt", "deep");
    put_directory("list");
    put_text("list/a.txt", "a");
    put_text("list/odd name&<>.txt", "odd");
    put_text("list/.hidden", DOCROOT_SECRET);
    put_directory("list/b");
    free(noise);
}

static void put_traps(void)
{
    char secret[PATH_SIZE];

    put_text("../secret", DOCROOT_SECRET);
    snprintf(secret, sizeof(secret), "%s/secret", around);
    put_link("link-in", "small.txt");
    put_link("sub/up", "../small.txt");
    put_link("link-out", "../secret");
    put_link("link-absolute", secret);
    put_link("link-loop", "link-loop");
    put_link("dir-out", "..");
    cr_assert_eq(mkfifo(path_of("fifo"), 0644), 0);
    cr_assert_eq(mkfifo(path_of("list/fifo"), 0644), 0);
    if (mknod(path_of("device"), S_IFCHR | 0644, makedev(1, 5)) < 0)
        cr_log_info("no device can be made here: that there is none is tested instead");
}

const char *docroot_make(void)
{
    strcpy(around, "/tmp/tenk-docroot-XXXXXX");
    cr_assert_not_null(mkdtemp(around));
    chmod(around, 0755);
    snprintf(root, sizeof(root), "%s/root", around);
    cr_assert_eq(mkdir(root, 0755), 0);
    put_files();
    put_traps();
    return root;
}

static int remove_one(const char *path, const struct stat *about, int type, struct FTW *place)
{
    (void)about, (void)type, (void)place;
    return remove(path);
}

void docroot_remove(void)
{
    if (around[0])
        nftw(around, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    around[0] = '\0';
}
