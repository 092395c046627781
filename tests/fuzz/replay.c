/*
 * replay - gives files to a fuzz target: those named, and all in the directories named. The last line of its
 * output says how many. For builds without libFuzzer, and for looking at a crash in a debugger.
 */
#include "fuzz.h"

#include <dirent.h>
#include <string.h>
#include <sys/stat.h>

enum { INPUT_MAX = 1 << 20, PATH_SIZE = 4096 };

static int replayed;

static void replay_file(const char *path)
{
    static uint8_t bytes[INPUT_MAX];
    FILE *file = fopen(path, "rb");

    if (!file) {
        perror(path);
        exit(1);
    }
    size_t size = fread(bytes, 1, sizeof(bytes), file);
    fclose(file);
    uint8_t *exact = malloc(size ? size : 1); /* a sanitizer sees what is read behind the end */
    if (exact)
        memcpy(exact, bytes, size);
    LLVMFuzzerTestOneInput(exact, exact ? size : 0);
    free(exact);
    replayed++;
}

static void replay(const char *path)
{
    char inside[PATH_SIZE];
    DIR *directory = opendir(path);
    const struct dirent *entry;

    if (!directory) {
        replay_file(path);
        return;
    }
    while ((entry = readdir(directory))) {
        if (entry->d_name[0] == '.')
            continue;
        snprintf(inside, sizeof(inside), "%s/%s", path, entry->d_name);
        replay(inside);
    }
    closedir(directory);
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        replay(argv[i]);
    printf("%d replayed\n", replayed);
    return replayed > 0 ? 0 : 1;
}
