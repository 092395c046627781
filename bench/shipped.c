/*
 * shipped - see shipped.h.
 */
#include "shipped.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { LEVELS_UP_MAX = 4 };

int shipped_find(const char *kind, const char *name, char path[LAUNCH_PATH_MAX])
{
    char directory[LAUNCH_PATH_MAX];

    if (launch_directory(directory) < 0)
        return -1;
    for (int level = 0; level < LEVELS_UP_MAX && directory[0]; level++) {
        snprintf(path, LAUNCH_PATH_MAX, "%.3800s/bench/%s/%.200s", directory, kind, name);
        if (access(path, R_OK) == 0)
            return 0;
        snprintf(path, LAUNCH_PATH_MAX, "%.3800s/share/tenk/%s/%.200s", directory, kind, name);
        if (access(path, R_OK) == 0)
            return 0;
        *strrchr(directory, '/') = '\0';
    }
    return -1;
}
