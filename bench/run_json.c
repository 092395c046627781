/*
 * run_json - see run_json.h.
 */
#include "run_json.h"

#include <stdio.h>
#include <string.h>

#include "environment.h"

/* ---- the matrix ---- */

static json_t *slice_json(const struct slice *slice, const struct scenario *scenario)
{
    return json_pack("[i, s, s, s, i, i, i, i]", (int)slice->index, slice_kind(slice),
                     client_name(slice->client), scenario->models.items[slice->model], (int)slice->copy,
                     (int)slice->connections, (int)slice->block, (int)slice->round);
}

static json_t *plan_json(const struct session_part *part)
{
    json_t *slices = json_array();

    for (unsigned i = 0; i < part->plan.count; i++)
        json_array_append_new(slices, slice_json(&part->plan.slices[i], &part->scenario));
    return slices;
}

static json_t *model_json(const struct session_part *part, const char *name)
{
    const struct model *model = registry_find(&part->registry, name);

    return json_pack("{s:s, s:s, s:b, s:b, s:s?, s:i, s:i, s:s?}", "name", name, "summary", model->summary,
                     "reference", model->reference, "scans", model->scans, "unavailable",
                     model->unavailable[0] ? model->unavailable : NULL, "workers",
                     (int)model_workers(model, (unsigned)part->scenario.workers), "clients_at_once",
                     (int)model_clients_at_once(model, (unsigned)part->scenario.workers), "command",
                     model->command);
}

static json_t *part_json(const struct session_part *part)
{
    const struct scenario *scenario = &part->scenario;
    json_t *models = json_array(), *connections = json_array(), *clients = json_array();
    char file[SCENARIO_NAME_MAX + 32];

    for (unsigned i = 0; i < scenario->models.count; i++)
        json_array_append_new(models, model_json(part, scenario->models.items[i]));
    for (unsigned i = 0; i < scenario->connections.count; i++)
        json_array_append_new(connections, json_integer(scenario->connections.items[i]));
    for (unsigned i = 0; i < scenario->clients.count; i++)
        json_array_append_new(clients, json_string(scenario->clients.items[i]));
    snprintf(file, sizeof(file), "scenarios/%s.ini", scenario->name);
    return json_pack(
        "{s:s, s:s, s:s, s:o, s:o, s:o, s:s, s:i, s:i, s:f, s:f, s:[s, s, s, s, s, s, s, s], s:o}", "name",
        scenario->name, "description", scenario->description, "file", file, "models", models, "connections",
        connections, "clients", clients, "control", scenario->control, "rounds", (int)scenario->rounds,
        "rounds_per_start", (int)scenario->rounds_per_start, "slice_s", (double)scenario->slice_ns / 1e9,
        "ramp_s", (double)scenario->ramp_ns / 1e9, "plan_columns", "slice", "kind", "client", "model", "copy",
        "connections", "block", "round", "plan", plan_json(part));
}

/* ---- the whole ---- */

json_t *run_json_new(const struct session *session, int argc, char **argv, const char *revision)
{
    json_t *root = json_object(), *command = json_array(), *scenarios = json_array();

    for (int i = 0; i < argc; i++)
        json_array_append_new(command, json_string(argv[i]));
    for (unsigned i = 0; i < session->part_count; i++)
        json_array_append_new(scenarios, part_json(&session->parts[i]));
    json_object_set_new(root, "format", json_integer(RUN_JSON_FORMAT));
    json_object_set_new(root, "command", command);
    json_object_set_new(root, "seed", json_integer((json_int_t)session->seed));
    json_object_set_new(root, "complete", json_false());
    json_object_set_new(
        root, "environment",
        environment_read(revision, &session->server_cpus, &session->client_cpus, session->clients.wrk));
    json_object_set_new(root, "before", environment_moment());
    json_object_set_new(root, "after", json_null());
    json_object_set_new(root, "resumed", json_array());
    json_object_set_new(root, "scenarios", scenarios);
    return root;
}

void run_json_resumed(json_t *root, const char *revision)
{
    json_t *list = json_object_get(root, "resumed"), *moment = environment_moment();

    json_object_set_new(moment, "revision", json_string(revision));
    if (json_is_array(list))
        json_array_append_new(list, moment);
    else
        json_object_set_new(root, "resumed", json_pack("[o]", moment));
}

void run_json_ended(json_t *root, const struct session *session, bool complete)
{
    json_t *stopped = json_array();

    for (unsigned i = 0; i < session->part_count; i++)
        if (session->parts[i].stopped[0])
            json_array_append_new(
                stopped, json_pack("{s:s, s:i, s:s}", "scenario", session->parts[i].scenario.name, "rounds",
                                   (int)session->parts[i].rounds, "why", session->parts[i].stopped));
    json_object_set_new(root, "stopped", stopped);
    json_object_set_new(root, "after", environment_moment());
    json_object_set_new(root, "complete", json_boolean(complete));
}

int run_json_write(const struct session *session, const json_t *root, struct failure *failure)
{
    return run_directory_write_json(&session->run, "run.json", root, failure);
}

int run_json_write_scenarios(const struct session *session, struct failure *failure)
{
    for (unsigned i = 0; i < session->part_count; i++) {
        const struct scenario *scenario = &session->parts[i].scenario;
        char name[SCENARIO_NAME_MAX + 32];
        FILE *out;

        snprintf(name, sizeof(name), "scenarios/%s.ini", scenario->name);
        out = run_directory_write(&session->run, name, failure);
        if (!out)
            return -1;
        scenario_write(out, scenario);
        if (run_directory_finish(&session->run, name, out, failure) < 0)
            return -1;
    }
    return 0;
}

int run_json_check_plans(const json_t *root, const struct session *session, struct failure *failure)
{
    const json_t *scenarios = json_object_get(root, "scenarios");

    for (unsigned i = 0; i < session->part_count; i++) {
        const json_t *then = json_object_get(json_array_get(scenarios, i), "plan");
        json_t *now = plan_json(&session->parts[i]);
        int same = json_equal(then, now);

        json_decref(now);
        if (!same)
            return failure_set(
                failure, EXIT_HERE,
                "the models or programs have changed since %.200s was begun: its plan for scenario %s "
                "cannot be made again; start a new run",
                session->run.path, session->parts[i].scenario.name);
    }
    return 0;
}
