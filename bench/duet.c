/*
 * duet - see duet.h. Building a revision is in duet_build.c.
 */
#include "duet.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "comparison.h"
#include "duet_build.h"

enum { PATH_BYTES_MAX = 160, NAME_MAX_BEFORE_SIDE = SCENARIO_NAME_MAX - 8 };

/* ---- finding the programs ---- */

static bool is_program(const char *path)
{
    struct stat status;

    return stat(path, &status) == 0 && S_ISREG(status.st_mode) && access(path, X_OK) == 0;
}

int duet_find(const char *side, char path[SCENARIO_TEXT_MAX], struct failure *failure)
{
    char found[LAUNCH_PATH_MAX], *absolute;

    snprintf(found, sizeof(found), "%.3000s", side);
    if (!is_program(found))
        snprintf(found, sizeof(found), "%.3000s/tenk-serve", side);
    if (!is_program(found) && duet_build(side, found, failure) < 0)
        return -1;
    absolute = realpath(found, NULL);
    if (!absolute)
        return failure_set(failure, EXIT_HERE, "cannot find %.300s: %s", found, strerror(errno));
    if (strlen(absolute) > PATH_BYTES_MAX || strchr(absolute, ';')) {
        failure_set(
            failure, EXIT_USAGE,
            "%.300s: the path of a program to compare has at most %d bytes and no semicolon, so that it "
            "fits into the scenario of the run; use a link",
            absolute, PATH_BYTES_MAX);
        free(absolute);
        return -1;
    }
    strcpy(path, absolute);
    free(absolute);
    return 0;
}

/* ---- models ---- */

static void add(struct registry *registry, const struct model *model, const char *side, const char *program)
{
    struct model *added = &registry->models[registry->count++];

    *added = *model;
    added->program = program;
    snprintf(added->base, sizeof(added->base), "%s", model_served_as(model));
    snprintf(added->name, sizeof(added->name), "%.*s%s", NAME_MAX_BEFORE_SIDE, model->name, side);
}

/* What one of the two cannot run here neither is compared. */
static void add_both(struct registry *registry, const struct model *base, const struct model *new,
                     const struct scenario *scenario)
{
    struct model then = *base, now = *new;

    if (registry->count + 2 > REGISTRY_MAX)
        return;
    if (now.unavailable[0])
        strcpy(then.unavailable, now.unavailable);
    else
        strcpy(now.unavailable, then.unavailable);
    add(registry, &then, COMPARISON_BEFORE, scenario->duet_base);
    add(registry, &now, COMPARISON_AFTER, scenario->duet_new);
}

static int read_both(struct registry *registry, const struct scenario *scenario, struct failure *failure)
{
    struct registry *both = calloc(2, sizeof(*both));
    int status = -1;

    if (!both)
        return failure_set(failure, EXIT_HERE, "out of memory");
    if (registry_read_program(&both[0], scenario->duet_base, failure) == 0 &&
        registry_read_program(&both[1], scenario->duet_new, failure) == 0) {
        registry->count = 0;
        for (unsigned i = 0; i < both[0].count; i++) {
            const struct model *new = registry_find(&both[1], both[0].models[i].name);

            if (new)
                add_both(registry, &both[0].models[i], new, scenario);
        }
        status = registry->count > 0
                     ? 0
                     : failure_set(failure, EXIT_HERE, "the two programs have no model in common");
    }
    free(both);
    return status;
}

/* ---- the scenario ---- */

static int add_name(struct name_list *list, const char *model, struct failure *failure)
{
    static const char *const sides[] = {COMPARISON_BEFORE, COMPARISON_AFTER};

    if (list->count + 2 > SCENARIO_LIST_MAX || strlen(model) > NAME_MAX_BEFORE_SIDE)
        return failure_set(failure, EXIT_USAGE, "at most %d models in a duet, names of %d bytes",
                           SCENARIO_LIST_MAX / 2, NAME_MAX_BEFORE_SIDE);
    for (unsigned i = 0; i < 2; i++)
        snprintf(list->items[list->count++], SCENARIO_NAME_MAX, "%.*s%s", NAME_MAX_BEFORE_SIDE, model,
                 sides[i]);
    return 0;
}

/* Every model that is no yardstick and can run. */
static int add_all(struct name_list *list, const struct registry *registry, struct failure *failure)
{
    for (unsigned i = 0; i < registry->count; i += 2)
        if (!registry->models[i].reference && !registry->models[i].unavailable[0] &&
            add_name(list, model_served_as(&registry->models[i]), failure) < 0)
            return -1;
    return 0;
}

int duet_prepare(struct registry *registry, struct scenario *scenario, struct failure *failure)
{
    struct name_list list = {.count = 0};
    bool all = scenario->models.count == 1 && strcmp(scenario->models.items[0], "all") == 0;

    if (read_both(registry, scenario, failure) < 0)
        return -1;
    if (registry_find(registry, scenario->models.items[0]))
        return 0; /* a run that is taken up again */
    if (all && add_all(&list, registry, failure) < 0)
        return -1;
    for (unsigned i = 0; !all && i < scenario->models.count; i++)
        if (add_name(&list, scenario->models.items[i], failure) < 0)
            return -1;
    scenario->models = list;
    strcpy(scenario->control, list.items[0]);
    scenario_drop_client(scenario, "wrk");
    return 0;
}
