/*
 * registry - see registry.h.
 */
#include "registry.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "units.h"

enum { LIST_SIZE = 65536, LIST_TIMEOUT_S = 10 };

static void copy_string(char *into, size_t size, const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    snprintf(into, size, "%s", text ? text : "");
}

static unsigned get_count(const json_t *object, const char *key)
{
    return (unsigned)json_integer_value(json_object_get(object, key));
}

static bool has_property(const json_t *object, const char *name)
{
    const json_t *list = json_object_get(object, "properties");

    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *property = json_string_value(json_array_get(list, i));

        if (property && strcmp(property, name) == 0)
            return true;
    }
    return false;
}

static void read_model(struct model *model, const json_t *object)
{
    *model = (struct model){0};
    copy_string(model->name, sizeof(model->name), object, "name");
    copy_string(model->summary, sizeof(model->summary), object, "summary");
    copy_string(model->family, sizeof(model->family), object, "family");
    copy_string(model->unavailable, sizeof(model->unavailable), object, "unavailable");
    model->reference = json_is_true(json_object_get(object, "reference"));
    model->uses_workers = has_property(object, "workers");
    model->datagrams = has_property(object, "datagrams");
    model->scans = has_property(object, "scans");
    model->connections_max = get_count(object, "connections_max");
    model->workers_default = get_count(object, "workers_default");
    model->clients_at_once = get_count(object, "clients_at_once");
    model->syscalls_per_request = json_number_value(json_object_get(object, "syscalls_per_request"));
}

int registry_parse(struct registry *registry, const char *json, struct failure *failure)
{
    json_error_t error;
    json_t *list = json_loads(json, 0, &error);

    registry->count = 0;
    for (size_t i = 0; i < json_array_size(list) && registry->count < REGISTRY_MAX; i++)
        read_model(&registry->models[registry->count++], json_array_get(list, i));
    if (!json_is_array(list) || registry->count == 0) {
        json_decref(list);
        return failure_set(failure, EXIT_HERE, "`tenk-serve --list --json` did not print a list of models");
    }
    json_decref(list);
    return 0;
}

int registry_read_program(struct registry *registry, const char *path, struct failure *failure)
{
    struct launch program = launch_empty();
    char *text = malloc(LIST_SIZE);
    int status;

    if (!text)
        return failure_set(failure, EXIT_HERE, "out of memory");
    snprintf(registry->serve, sizeof(registry->serve), "%s", path);
    program.argv[0] = registry->serve;
    program.argv[1] = "--list";
    program.argv[2] = "--json";
    status = launch_output(&program, LIST_TIMEOUT_S * NS_PER_S, text, LIST_SIZE, failure);
    if (status == 0)
        status = registry_parse(registry, text, failure);
    free(text);
    return status;
}

int registry_read(struct registry *registry, struct failure *failure)
{
    char path[LAUNCH_PATH_MAX];

    return launch_find_sibling("tenk-serve", path, failure) < 0
               ? -1
               : registry_read_program(registry, path, failure);
}

int registry_add_external(struct registry *registry, const struct scenario *scenario, struct failure *failure)
{
    for (unsigned i = 0; i < scenario->server_count; i++) {
        const struct external_server *server = &scenario->servers[i];
        struct model *model = &registry->models[registry->count];

        if (registry_find(registry, server->name) || registry->count == REGISTRY_MAX)
            return failure_set(failure, EXIT_USAGE,
                               "[server %s]: a model of that name exists already; choose another",
                               server->name);
        *model = (struct model){.command = server->command, .datagrams = true};
        strcpy(model->name, server->name);
        snprintf(model->summary, sizeof(model->summary), "external server");
        registry->count++;
    }
    return 0;
}

static int unknown_model(const struct registry *registry, const char *name, struct failure *failure)
{
    char known[FAILURE_TEXT_MAX / 2] = "";

    for (unsigned i = 0; i < registry->count; i++)
        if (strlen(known) + SCENARIO_NAME_MAX + 2 < sizeof(known)) {
            strcat(known, i > 0 ? " " : "");
            strcat(known, registry->models[i].name);
        }
    return failure_set(failure, EXIT_USAGE, "unknown model \"%s\"; known are: %s", name, known);
}

/* ---- variants ---- */

/* What stands behind the sign of a variant must be a number. */
static int variant_count(const char *name, char sign, const char *word, const char *what, unsigned *count,
                         struct failure *failure)
{
    uint64_t number;

    if (*count > 0)
        return failure_set(failure, EXIT_USAGE, "%s: the number of %s is given twice", name, what);
    if (units_parse_count(word, &number) < 0 || number < 1 || number > SCENARIO_CONNECTIONS_MAX)
        return failure_set(failure, EXIT_USAGE, "%s: a number of %s from 1 to %d stands behind the %c%s%s",
                           name, what, SCENARIO_CONNECTIONS_MAX, sign,
                           sign == '+' ? ", or a transport: " : "", sign == '+' ? transport_names() : "");
    *count = (unsigned)number;
    return 0;
}

/* One sign of a variant and the word behind it. */
static int variant_part(struct model *variant, char sign, const char *word, struct failure *failure)
{
    const struct transport *transport = sign == '+' ? transport_find(word) : NULL;

    if (transport) {
        variant->transport = transport;
        return 0;
    }
    if (sign == '@' && !variant->uses_workers)
        return failure_set(failure, EXIT_USAGE, "%s: %s has no workers to be told the number of",
                           variant->name, variant->base);
    return sign == '@'
               ? variant_count(variant->name, sign, word, "workers", &variant->workers, failure)
               : variant_count(variant->name, sign, word, "idle connections", &variant->idle, failure);
}

static int add_variant(struct registry *registry, const char *name, struct failure *failure)
{
    size_t length = strcspn(name, "@+");
    char base[SCENARIO_NAME_MAX], word[SCENARIO_NAME_MAX];
    const struct model *model;
    struct model variant;

    snprintf(base, sizeof(base), "%.*s", (int)length, name);
    model = registry_find(registry, base);
    if (!model)
        return unknown_model(registry, base, failure);
    if (registry->count == REGISTRY_MAX)
        return failure_set(failure, EXIT_USAGE, "%s: at most %d models in a run", name, REGISTRY_MAX);
    variant = *model;
    strcpy(variant.name, name);
    strcpy(variant.base, base);
    for (const char *sign = name + length; *sign; sign += 1 + length) {
        length = strcspn(sign + 1, "@+");
        snprintf(word, sizeof(word), "%.*s", (int)length, sign + 1);
        if (variant_part(&variant, *sign, word, failure) < 0)
            return -1;
    }
    registry->models[registry->count++] = variant;
    return 0;
}

/* A variant that a pair names and that is not measured this time: it must be one, and is not kept. */
static int check_variant(struct registry *registry, const char *name, struct failure *failure)
{
    unsigned count = registry->count;
    int status =
        strpbrk(name, "@+") && !registry_find(registry, name) ? add_variant(registry, name, failure) : 0;

    registry->count = count;
    return status;
}

static int check_paired_variants(struct registry *registry, const struct scenario *scenario,
                                 struct failure *failure)
{
    char a[SCENARIO_NAME_MAX], b[SCENARIO_NAME_MAX];

    for (unsigned i = 0; i < scenario->pairs.count; i++)
        if (scenario_pair(scenario->pairs.items[i], a, b) &&
            (check_variant(registry, a, failure) < 0 || check_variant(registry, b, failure) < 0))
            return -1;
    return 0;
}

int registry_add_variants(struct registry *registry, const struct scenario *scenario, struct failure *failure)
{
    for (unsigned i = 0; i < registry->count; i++)
        registry->models[i].transport = transport_find(scenario->transport);
    for (unsigned i = 0; i < scenario->models.count; i++) {
        const char *name = scenario->models.items[i];

        if (strpbrk(name, "@+") && !registry_find(registry, name) && add_variant(registry, name, failure) < 0)
            return -1;
    }
    return check_paired_variants(registry, scenario, failure);
}

const struct model *registry_find(const struct registry *registry, const char *name)
{
    for (unsigned i = 0; i < registry->count; i++)
        if (strcmp(registry->models[i].name, name) == 0)
            return &registry->models[i];
    return NULL;
}

/* ---- choosing ---- */

static void choose_all(const struct registry *registry, struct scenario *scenario)
{
    scenario->models.count = 0;
    for (unsigned i = 0; i < registry->count; i++) {
        const struct model *model = &registry->models[i];

        if (model_over_datagrams(model) && !model->datagrams)
            continue;
        if (!model->reference || strcmp(model->name, scenario->control) == 0)
            strcpy(scenario->models.items[scenario->models.count++], model->name);
    }
}

/* What a model cannot be measured over, it is not started over. */
static int check_transport(const struct model *model, const struct scenario *scenario,
                           struct failure *failure)
{
    const struct transport *transport = model->transport;
    const char *name = model->name;

    if (!transport)
        return 0;
    if (model_over_datagrams(model) && strcmp(scenario->protocol, "http") == 0)
        return failure_set(failure, EXIT_USAGE,
                           "%s: http needs a connection; over %s there is protocol = echo", name,
                           transport->name);
    if (model_over_datagrams(model) && !model->datagrams)
        return failure_set(failure, EXIT_USAGE, "%s serves connections and has no use for datagrams", name);
    if (model_over_datagrams(model) && (model->idle > 0 || scenario->requests_per_connection > 0))
        return failure_set(failure, EXIT_USAGE, "%s: datagrams have no connections to hold or to close",
                           name);
    if (model->command && strcmp(transport->name, "tcp") != 0 && strcmp(transport->name, "udp") != 0)
        return failure_set(failure, EXIT_USAGE,
                           "%s: another program's {port} is one of tcp or udp, not of %s", name,
                           transport->name);
    if (scenario_has_client(scenario, "wrk") && strcmp(transport->name, "tcp") != 0)
        return failure_set(failure, EXIT_USAGE, "%s: wrk speaks http over tcp only; take it out of clients",
                           name);
    return 0;
}

static int check_models(const struct registry *registry, const struct scenario *scenario,
                        struct failure *failure)
{
    for (unsigned i = 0; i < scenario->models.count; i++) {
        const struct model *model = registry_find(registry, scenario->models.items[i]);

        if (!model)
            return unknown_model(registry, scenario->models.items[i], failure);
        if (check_transport(model, scenario, failure) < 0)
            return -1;
    }
    return 0;
}

/* Variants have been looked at by registry_add_variants. */
static bool may_be_paired(const struct registry *registry, const char *name)
{
    return strpbrk(name, "@+") || registry_find(registry, name);
}

/* Both sides of every pair must be known; who is not measured this time is left out of the report. */
static int check_pairs(const struct registry *registry, const struct scenario *scenario,
                       struct failure *failure)
{
    char a[SCENARIO_NAME_MAX], b[SCENARIO_NAME_MAX];

    for (unsigned i = 0; i < scenario->pairs.count; i++) {
        const char *pair = scenario->pairs.items[i];

        if (!scenario_pair(pair, a, b))
            return failure_set(failure, EXIT_USAGE, "pairs takes MODEL/MODEL, not \"%s\"", pair);
        if (!may_be_paired(registry, a))
            return unknown_model(registry, a, failure);
        if (!may_be_paired(registry, b))
            return unknown_model(registry, b, failure);
    }
    return 0;
}

int registry_choose(const struct registry *registry, struct scenario *scenario, struct failure *failure)
{
    struct name_list *models = &scenario->models;
    bool controlled = strcmp(scenario->control, "none") != 0;

    if (models->count == 1 && strcmp(models->items[0], "all") == 0)
        choose_all(registry, scenario);
    if (controlled && !registry_find(registry, scenario->control))
        return unknown_model(registry, scenario->control, failure);
    if (controlled && !name_list_has(models, scenario->control) && models->count < SCENARIO_LIST_MAX)
        strcpy(models->items[models->count++], scenario->control);
    if (check_models(registry, scenario, failure) < 0)
        return -1;
    return check_pairs(registry, scenario, failure);
}

/* ---- workers ---- */

const char *model_served_as(const struct model *model)
{
    return model->base[0] ? model->base : model->name;
}

unsigned model_workers(const struct model *model, unsigned workers)
{
    if (model->workers > 0)
        return model->workers;
    if (!model->uses_workers)
        return 0;
    return workers > 0 ? workers : model->workers_default;
}

bool model_over_datagrams(const struct model *model)
{
    return model->transport && model->transport->datagrams;
}

unsigned model_clients_at_once(const struct model *model, unsigned workers)
{
    unsigned most = model->clients_at_once;

    if (model_over_datagrams(model))
        return 0; /* nobody holds a worker for longer than one datagram */
    if (most > 0 && model->uses_workers)
        most = model_workers(model, workers);
    if (model->connections_max > 0 && (most == 0 || model->connections_max < most))
        most = model->connections_max;
    return most;
}
