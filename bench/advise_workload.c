/*
 * advise_workload - see advise_workload.h.
 */
#include "advise_workload.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "capacity.h"
#include "clock.h"
#include "units.h"

enum { WORKERS_PER_CPU = 4 };

static const int64_t handler_max_ns = 60 * NS_PER_S; /* of /wait and /spin */

int advise_workload_check(const struct advise_workload *workload, struct failure *failure)
{
    int64_t longest_ns = workload->wait_ns > workload->spin_ns ? workload->wait_ns : workload->spin_ns;
    char least[UNITS_TEXT_MAX];

    if (workload->connections < 1 || workload->connections > SCENARIO_CONNECTIONS_MAX)
        return failure_set(failure, EXIT_USAGE, "--connections takes a number from 1 to %d",
                           SCENARIO_CONNECTIONS_MAX);
    if (workload->wait_ns > 0 && workload->spin_ns > 0)
        return failure_set(failure, EXIT_USAGE, "a request waits or computes: give --wait or --spin");
    if (workload->wait_ns < 0 || workload->spin_ns < 0 || longest_ns > handler_max_ns ||
        longest_ns % NS_PER_US != 0)
        return failure_set(failure, EXIT_USAGE,
                           "--wait and --spin take whole microseconds up to a minute: 5ms, 200us");
    if (!workload->objective.text)
        return 0;
    if (capacity_column(&workload->objective) < 0)
        return failure_set(failure, EXIT_USAGE,
                           "--objective %.60s: a slice knows p50, p90, p99, p99.9, mean and max; ask for one "
                           "of them",
                           workload->objective.text);
    if (longest_ns >= workload->objective.limit_ns)
        return failure_set(failure, EXIT_USAGE,
                           "--objective %.60s cannot be kept where every request takes %s by itself; ask for "
                           "more",
                           workload->objective.text, units_format_duration(least, longest_ns));
    return 0;
}

const char *advise_workload_target(const struct advise_workload *workload, char *text, size_t size)
{
    if (workload->wait_ns > 0)
        snprintf(text, size, "/wait/%" PRId64, workload->wait_ns / NS_PER_US);
    else if (workload->spin_ns > 0)
        snprintf(text, size, "/spin/%" PRId64, workload->spin_ns / NS_PER_US);
    else
        snprintf(text, size, "/");
    return text;
}

const char *advise_workload_words(const struct advise_workload *workload, char *text, size_t size)
{
    char time[UNITS_TEXT_MAX];
    int used =
        snprintf(text, size, "%u connection%s", workload->connections, workload->connections > 1 ? "s" : "");

    if (workload->wait_ns > 0)
        snprintf(text + used, size - (size_t)used, ", %s of waiting in every request",
                 units_format_duration(time, workload->wait_ns));
    if (workload->spin_ns > 0)
        snprintf(text + used, size - (size_t)used, ", %s of computing in every request",
                 units_format_duration(time, workload->spin_ns));
    return text;
}

double advise_limit_us(const struct advise_workload *workload)
{
    return workload->objective.text ? (double)workload->objective.limit_ns / 1e3 : INFINITY;
}

const char *advise_latency_name(const struct advise_workload *workload, char *text, size_t size)
{
    const char *objective = workload->objective.text ? workload->objective.text : "p99";

    snprintf(text, size, "%.*s", (int)strcspn(objective, "<"), objective);
    return text;
}

/* ---- candidates ---- */

struct choosing {
    const struct registry *registry;
    const struct advise_workload *workload;
    unsigned server_cpus;
    struct name_list chosen;
    FILE *notes;
};

static void add_name(struct choosing *choosing, const char *name)
{
    struct name_list *list = &choosing->chosen;

    if (list->count < SCENARIO_LIST_MAX && !name_list_has(list, name))
        snprintf(list->items[list->count++], SCENARIO_NAME_MAX, "%s", name);
}

static void add_workers(struct choosing *choosing, const struct model *model, unsigned workers)
{
    char name[SCENARIO_NAME_MAX];

    if (workers == model->workers_default)
        snprintf(name, sizeof(name), "%s", model->name);
    else
        snprintf(name, sizeof(name), "%.*s@%u", SCENARIO_NAME_MAX - 12, model->name, workers);
    add_name(choosing, name);
}

static void add_model(struct choosing *choosing, const struct model *model)
{
    unsigned connections = choosing->workload->connections, most = model_clients_at_once(model, 0);

    if (model->uses_workers && model->clients_at_once > 0) {
        add_workers(choosing, model,
                    connections > model->workers_default ? connections : model->workers_default);
    } else if (most > 0 && most < connections) {
        fprintf(choosing->notes, "%s: left out: it serves %u of %u clients at a time\n", model->name, most,
                connections);
    } else {
        add_name(choosing, model->name);
        if (model->uses_workers && model->workers_default > choosing->server_cpus)
            add_workers(choosing, model,
                        model->workers_default > WORKERS_PER_CPU * choosing->server_cpus
                            ? WORKERS_PER_CPU * choosing->server_cpus
                            : choosing->server_cpus);
    }
}

/* One that was asked for by name. */
static int add_asked(struct choosing *choosing, const char *name, struct failure *failure)
{
    const struct model *model = registry_find(choosing->registry, name);

    if (strpbrk(name, "@+")) /* the registry looks at it when it makes the variant */
        add_name(choosing, name);
    else if (!model)
        return failure_set(failure, EXIT_USAGE, "unknown model \"%s\"; `tenk serve --list` names them", name);
    else if (model->unavailable[0])
        fprintf(choosing->notes, "%s: left out: %s\n", name, model->unavailable);
    else
        add_model(choosing, model);
    return 0;
}

int advise_candidates(const struct registry *registry, const struct advise_workload *workload,
                      unsigned server_cpus, struct name_list *models, FILE *notes, struct failure *failure)
{
    struct choosing choosing = {
        .registry = registry, .workload = workload, .server_cpus = server_cpus, .notes = notes};
    bool all = models->count == 1 && strcmp(models->items[0], "all") == 0;

    for (unsigned i = 0; all && i < registry->count; i++)
        if (!registry->models[i].reference && !registry->models[i].command &&
            add_asked(&choosing, registry->models[i].name, failure) < 0)
            return -1;
    for (unsigned i = 0; !all && i < models->count; i++)
        if (add_asked(&choosing, models->items[i], failure) < 0)
            return -1;
    *models = choosing.chosen;
    if (models->count == 0)
        return failure_set(failure, EXIT_USAGE, "no model is left that can serve %u connections at a time",
                           workload->connections);
    return 0;
}
