/*
 * recorded - see recorded.h.
 */
#include "recorded.h"

#include <stdlib.h>
#include <string.h>

#include "session.h"

static int read_scenarios(struct recorded *recorded, struct failure *failure)
{
    const json_t *list = json_object_get(recorded->json, "scenarios");
    size_t count = json_array_size(list);
    char path[LAUNCH_PATH_MAX + 256];

    if (count == 0 || count > SESSION_SCENARIOS_MAX)
        return failure_set(failure, EXIT_USAGE,
                           "%.300s/run.json names no scenarios; is that a run directory?",
                           recorded->run.path);
    recorded->scenarios = calloc(count, sizeof(*recorded->scenarios));
    if (!recorded->scenarios)
        return failure_set(failure, EXIT_HERE, "out of memory");
    for (size_t i = 0; i < count; i++) {
        const char *file = json_string_value(json_object_get(json_array_get(list, i), "file"));

        strcpy(path, run_directory_file(&recorded->run, file && strlen(file) < 200 ? file : "scenarios"));
        if (scenario_read(&recorded->scenarios[i], path, failure) < 0)
            return -1;
        recorded->scenario_count++;
    }
    return 0;
}

int recorded_read(struct recorded *recorded, const char *path, struct failure *failure)
{
    *recorded = (struct recorded){0};
    if (run_directory_read(&recorded->run, path, &recorded->samples, failure) == 0 &&
        (recorded->json = run_directory_read_json(&recorded->run, "run.json", failure)) &&
        read_scenarios(recorded, failure) == 0)
        return 0;
    recorded_free(recorded);
    return -1;
}

void recorded_free(struct recorded *recorded)
{
    samples_free(&recorded->samples);
    json_decref(recorded->json);
    free(recorded->scenarios);
    *recorded = (struct recorded){0};
}

const struct scenario *recorded_scenario(const struct recorded *recorded, const char *name)
{
    for (unsigned i = 0; i < recorded->scenario_count; i++)
        if (strcmp(recorded->scenarios[i].name, name) == 0)
            return &recorded->scenarios[i];
    return NULL;
}

const char *recorded_text(const struct recorded *recorded, const char *first, const char *second,
                          const char *third)
{
    const json_t *at = json_object_get(json_object_get(recorded->json, first), second);
    const char *text = json_string_value(third ? json_object_get(at, third) : at);

    return text ? text : "";
}
