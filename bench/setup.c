/*
 * setup - see setup.h.
 */
#include "setup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "clock.h"
#include "duet.h"
#include "premises.h"
#include "run_json.h"
#include "shipped.h"

/* ---- files that come with the program ---- */

static int find_scenario(const char *name, char path[LAUNCH_PATH_MAX], struct failure *failure)
{
    char file[256];

    snprintf(path, LAUNCH_PATH_MAX, "%s", name);
    if (access(path, F_OK) == 0)
        return 0;
    snprintf(file, sizeof(file), "%.200s.ini", name);
    if (!strchr(name, '/') &&
        (shipped_find("scenarios", name, path) == 0 || shipped_find("scenarios", file, path) == 0))
        return 0;
    return failure_set(failure, EXIT_USAGE,
                       "there is no scenario %.200s: neither a file nor a name in bench/scenarios", name);
}

/* ---- what the command line changes ---- */

static int set_joined(struct scenario *scenario, const char *key, const struct option_list *list,
                      struct failure *failure)
{
    char value[SCENARIO_COMMAND_MAX] = "";

    for (size_t i = 0; i < list->count; i++) {
        size_t used = strlen(value);

        snprintf(value + used, sizeof(value) - used, " %s", list->items[i]);
    }
    return list->count > 0 ? scenario_set(scenario, key, value, failure) : 0;
}

static int set_text(struct scenario *scenario, const char *key, const char *value, struct failure *failure)
{
    return value ? scenario_set(scenario, key, value, failure) : 0;
}

static int set_any(struct scenario *scenario, const struct option_list *settings, struct failure *failure)
{
    for (size_t i = 0; i < settings->count; i++) {
        const char *equals = strchr(settings->items[i], '=');
        char key[SCENARIO_NAME_MAX];

        if (!equals || equals - settings->items[i] >= (ptrdiff_t)sizeof(key))
            return failure_set(failure, EXIT_USAGE, "--set takes KEY=VALUE, not \"%.100s\"",
                               settings->items[i]);
        snprintf(key, sizeof(key), "%.*s", (int)(equals - settings->items[i]), settings->items[i]);
        if (scenario_set(scenario, key, equals + 1, failure) < 0)
            return -1;
    }
    return 0;
}

/* How sure it is to be, in rounds: between the two stands what the scenario says. */
static int set_depth(struct scenario *scenario, const struct bench_options *options, struct failure *failure)
{
    static const char *const keys[] = {"rounds", "slice"};
    static const char *const quick[] = {"12", "500ms"}, *const deep[] = {"60", "1s"};

    for (unsigned i = 0; (options->quick || options->deep) && i < 2; i++)
        if (scenario_set(scenario, keys[i], options->quick ? quick[i] : deep[i], failure) < 0)
            return -1;
    return 0;
}

/* Both programs of a duet go into the scenario: a run that is taken up again finds them there. */
static int set_sides(struct scenario *scenario, const struct bench_options *options, struct failure *failure)
{
    char own[LAUNCH_PATH_MAX];

    if (options->duet)
        return duet_find(options->sides[0], scenario->duet_base, failure) < 0
                   ? -1
                   : duet_find(options->sides[1], scenario->duet_new, failure);
    if (!options->base && !options->aa)
        return 0;
    if (!options->base) /* the same program twice */
        return launch_find_sibling("tenk-serve", own, failure) < 0 ||
                       duet_find(own, scenario->duet_base, failure) < 0
                   ? -1
                   : duet_find(own, scenario->duet_new, failure);
    return launch_find_sibling("tenk-serve", own, failure) < 0 ||
                   duet_find(options->base, scenario->duet_base, failure) < 0
               ? -1
               : duet_find(own, scenario->duet_new, failure);
}

static int override_keys(struct scenario *scenario, const struct bench_options *options,
                         struct failure *failure)
{
    if (set_depth(scenario, options, failure) < 0 ||
        set_joined(scenario, "models", &options->models, failure) < 0 ||
        set_joined(scenario, "clients", &options->clients, failure) < 0 ||
        set_text(scenario, "connections", options->connections, failure) < 0 ||
        set_text(scenario, "rounds", options->rounds, failure) < 0 ||
        set_text(scenario, "slice", options->slice, failure) < 0 ||
        set_text(scenario, "ramp", options->ramp, failure) < 0 ||
        set_any(scenario, &options->settings, failure) < 0 || set_sides(scenario, options, failure) < 0)
        return -1;
    if (options->no_cost)
        scenario->cost_slice_ns = 0;
    if (options->connections) /* those of the file were a choice among the file's connections */
        scenario->wrk_connections.count = 0;
    return scenario_check(scenario, scenario->name, failure);
}

/* ---- programs, limits ---- */

/* Without wrk a scenario loses its second witness; who asked for wrk by name is refused. */
static int check_wrk(struct session *session, const struct bench_options *options, struct failure *failure)
{
    bool asked = false, wanted = false, warn = false;

    for (size_t i = 0; i < options->clients.count; i++)
        asked |= strcmp(options->clients.items[i], "wrk") == 0;
    for (unsigned i = 0; i < session->part_count; i++) {
        struct scenario *scenario = &session->parts[i].scenario;

        wanted = scenario_has_client(scenario, "wrk");
        if (session->clients.wrk[0] || !wanted)
            continue;
        if (asked || scenario->clients.count == 1)
            return failure_set(failure, EXIT_HERE, "wrk is not installed: apt-get install wrk");
        scenario_drop_client(scenario, "wrk");
        warn = true;
    }
    if (warn)
        fputs("tenk-bench: wrk is not installed, so its column is left out: apt-get install wrk\n", stderr);
    return 0;
}

/* The most idle connections that any model of the scenario has beside those that are measured. */
static unsigned idle_max(const struct session_part *part)
{
    unsigned most = 0;

    for (unsigned i = 0; i < part->scenario.models.count; i++) {
        const struct model *model = registry_find(&part->registry, part->scenario.models.items[i]);

        most = model && model->idle > most ? model->idle : most;
    }
    return most;
}

/* Of the scenario that needs most. */
static rlim_t descriptors_needed(const struct session *session)
{
    rlim_t needed = 0;

    for (unsigned i = 0; i < session->part_count; i++) {
        const struct session_part *part = &session->parts[i];
        rlim_t most = count_list_max(&part->scenario.connections) + idle_max(part);

        needed = most > needed ? most : needed;
    }
    return needed;
}

/* ---- the whole ---- */

static int read_scenario(struct session *session, const char *path, const struct bench_options *options,
                         struct failure *failure)
{
    struct session_part *part = &session->parts[session->part_count];

    if (scenario_read(&part->scenario, path, failure) < 0 ||
        (options && override_keys(&part->scenario, options, failure) < 0))
        return -1;
    for (unsigned i = 0; i < session->part_count; i++)
        if (strcmp(session->parts[i].scenario.name, part->scenario.name) == 0)
            return failure_set(failure, EXIT_USAGE, "%.300s: another scenario of this run is called %s too",
                               path, part->scenario.name);
    session->part_count++;
    return 0;
}

static int make_plans(struct session *session, struct failure *failure)
{
    struct registry registry;

    if (registry_read(&registry, failure) < 0)
        return -1;
    for (unsigned i = 0; i < session->part_count; i++) {
        struct session_part *part = &session->parts[i];

        part->registry = registry;
        if (part->scenario.duet_base[0] && duet_prepare(&part->registry, &part->scenario, failure) < 0)
            return -1;
        if (registry_add_external(&part->registry, &part->scenario, failure) < 0 ||
            registry_add_variants(&part->registry, &part->scenario, failure) < 0 ||
            registry_choose(&part->registry, &part->scenario, failure) < 0 ||
            plan_make(&part->plan, &part->scenario, &part->registry, session->seed, failure) < 0)
            return -1;
    }
    return 0;
}

static int set_stop(struct session *session, const struct bench_options *options, struct failure *failure)
{
    char *end;

    session->budget_ns = options->budget_ns;
    if (!options->until)
        return 0;
    session->until = strtod(options->until, &end) / 100;
    return strcmp(end, "%") == 0 && session->until > 0 && session->until < 1
               ? 0
               : failure_set(failure, EXIT_USAGE, "--until takes a width such as 2%%, not \"%s\"",
                             options->until);
}

static int prepare(struct session *session, const struct bench_options *options, struct failure *failure)
{
    session->clients.cpus = &session->client_cpus;
    if (set_stop(session, options, failure) < 0 ||
        premises_cpus(&session->server_cpus, &session->client_cpus, options->server_cpus,
                      options->client_cpus, failure) < 0 ||
        premises_clients(&session->clients, failure) < 0 || check_wrk(session, options, failure) < 0 ||
        make_plans(session, failure) < 0)
        return -1;
    return premises_descriptors(descriptors_needed(session), failure);
}

static int open_session(struct session *session, struct failure *failure)
{
    *session = (struct session){.run.samples_fd = -1};
    session->parts = calloc(SESSION_SCENARIOS_MAX, sizeof(*session->parts));
    return session->parts ? 0 : failure_set(failure, EXIT_HERE, "out of memory");
}

int setup_new(struct session *session, const struct bench_options *options, struct failure *failure)
{
    const char *usual = options->duet || options->base || options->aa ? "duet" : "quick";
    int count = options->scenario_count > 0 ? options->scenario_count : 1;
    char path[LAUNCH_PATH_MAX];

    if (open_session(session, failure) < 0)
        return -1;
    session->seed = options->seed ? options->seed : (uint64_t)clock_wall_ns() % 1000000000;
    if (count > SESSION_SCENARIOS_MAX)
        return failure_set(failure, EXIT_USAGE, "at most %d scenarios in one run", SESSION_SCENARIOS_MAX);
    for (int i = 0; i < count; i++)
        if (find_scenario(options->scenario_count > 0 ? options->scenarios[i] : usual, path, failure) < 0 ||
            read_scenario(session, path, options, failure) < 0)
            return -1;
    return prepare(session, options, failure);
}

int setup_resume(struct session *session, const struct bench_options *options, json_t **root,
                 struct failure *failure)
{
    const json_t *scenarios;
    char path[LAUNCH_PATH_MAX + 256];

    if (open_session(session, failure) < 0 ||
        run_directory_open(&session->run, options->resume, &session->samples, failure) < 0)
        return -1;
    *root = run_directory_read_json(&session->run, "run.json", failure);
    if (!*root)
        return -1;
    session->seed = (uint64_t)json_integer_value(json_object_get(*root, "seed"));
    scenarios = json_object_get(*root, "scenarios");
    for (size_t i = 0; i < json_array_size(scenarios) && i < SESSION_SCENARIOS_MAX; i++) {
        const char *file = json_string_value(json_object_get(json_array_get(scenarios, i), "file"));

        strcpy(path, run_directory_file(&session->run, file ? file : "scenarios"));
        if (read_scenario(session, path, NULL, failure) < 0)
            return -1;
    }
    if (prepare(session, options, failure) < 0)
        return -1;
    return run_json_check_plans(*root, session, failure);
}

void setup_free(struct session *session)
{
    for (unsigned i = 0; i < session->part_count; i++)
        plan_free(&session->parts[i].plan);
    free(session->parts);
    samples_free(&session->samples);
    run_directory_close(&session->run);
}
