/*
 * family - see family.h.
 */
#include "family.h"

#include <string.h>

const struct family families[] = {
    {"one at a time", "#8f6a4f", "#7a5238", "#c39a7c"}, {"processes", "#d55e00", "#b84a00", "#ff8a3d"},
    {"threads", "#2f7fc1", "#0072b2", "#5aaae8"},       {"event loops", "#0b9a74", "#00805a", "#2cc79b"},
    {"completions", "#b8609c", "#a04686", "#e08fc6"},   {"loop and workers", "#b8860b", "#8c6500", "#e3b341"},
    {"libraries", "#7b6fd0", "#5f51c2", "#a89df5"},     {"yardsticks", "#808080", "#6b6b6b", "#9a9a9a"},
    {"other", "#5f8a8b", "#3f6f70", "#86b5b6"},
};
const unsigned family_count = sizeof(families) / sizeof(families[0]);

static const struct registry *models;

void family_use(const struct registry *registry)
{
    models = registry;
}

static unsigned find_family(const char *name)
{
    unsigned i = 0;

    while (i + 1 < family_count && strcmp(families[i].name, name) != 0)
        i++;
    return i;
}

/* The model of that name, whatever setting stands behind it: "thread_pool@16", "epoll+10000". NULL: none. */
static const struct model *find_model(const char *name)
{
    size_t length = strcspn(name, "@+");

    for (unsigned i = 0; models && i < models->count; i++)
        if (strlen(models->models[i].name) == length && strncmp(models->models[i].name, name, length) == 0)
            return &models->models[i];
    return NULL;
}

/* How many of its family are listed before it. */
static unsigned place_of(const struct model *model)
{
    unsigned place = 0;

    for (const struct model *other = models->models; other < model; other++)
        place += strcmp(other->family, model->family) == 0;
    return place;
}

/* A name that no model has always looks the same, too. */
static unsigned dash_of(const char *name)
{
    unsigned sum = 0;

    for (const char *at = name; *at; at++)
        sum = sum * 31 + (unsigned char)*at;
    return sum % FAMILY_DASHES;
}

unsigned family_of(const char *name, unsigned *dash)
{
    const struct model *model = find_model(name);

    *dash = model ? place_of(model) % FAMILY_DASHES : dash_of(name);
    if (strncmp(name, "bare", 4) == 0) /* bench/limits: the least that a shape of server costs */
        return find_family("yardsticks");
    return model ? find_family(model->family) : family_count - 1;
}
