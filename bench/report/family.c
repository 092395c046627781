/*
 * family - see family.h.
 */
#include "family.h"

#include <string.h>

const struct family families[] = {
    {"one at a time", "#8f6a4f", "#7a5238", "#c39a7c", " iterative "},
    {"processes", "#d55e00", "#b84a00", "#ff8a3d", " fork prefork prefork_pass "},
    {"threads", "#2f7fc1", "#0072b2", "#5aaae8", " thread thread_pool prethread "},
    {"event loops", "#0b9a74", "#00805a", "#2cc79b", " epoll poll select epoll_edge epoll_workers fiber "},
    {"completions", "#b8609c", "#a04686", "#e08fc6", " io_uring "},
    {"loop and workers", "#b8860b", "#8c6500", "#e3b341", " epoll_pool leader_followers "},
    {"libraries", "#7b6fd0", "#5f51c2", "#a89df5", " libevent libuv "},
    {"yardsticks", "#808080", "#6b6b6b", "#9a9a9a", " ceiling null bare_epoll bare_thread bare_pool "},
    {"other", "#5f8a8b", "#3f6f70", "#86b5b6", " "},
};
const unsigned family_count = sizeof(families) / sizeof(families[0]);

/* Where the name stands among the members, counted in words; -1: it does not. */
static int place_of(const char *members, const char *model)
{
    size_t length = strcspn(model, "@+"); /* "thread_pool@16", "epoll+10000": the model, with a setting */
    int place = 0;

    for (const char *word = members + 1; *word; place++) {
        size_t size = strcspn(word, " ");

        if (size == length && length > 0 && strncmp(word, model, length) == 0)
            return place;
        word += size + 1;
    }
    return -1;
}

unsigned family_of(const char *model, unsigned *dash)
{
    unsigned sum = 0;

    for (unsigned i = 0; i < family_count; i++) {
        int place = place_of(families[i].members, model);

        if (place >= 0) {
            *dash = (unsigned)place % FAMILY_DASHES;
            return i;
        }
    }
    for (const char *at = model; *at; at++)
        sum = sum * 31 + (unsigned char)*at;
    *dash = sum % FAMILY_DASHES;
    return family_count - 1;
}
