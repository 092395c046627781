/*
 * past_run_capacities - what the searches of a run found, as results.json has it.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "past_run.h"

static int read_rows(const struct past_run *run, struct past_capacities *table, const json_t *models,
                     struct failure *failure)
{
    size_t count = json_array_size(models);

    if (count > PAST_RUN_CELLS_MAX)
        return failure_set(failure, EXIT_USAGE, "%.300s/results.json has more than %d capacities in a table",
                           run->path, PAST_RUN_CELLS_MAX);
    table->rows = calloc(count + 1, sizeof(*table->rows));
    if (!table->rows)
        return failure_set(failure, EXIT_HERE, "out of memory");
    for (size_t i = 0; i < count; i++) {
        struct row *row = &table->rows[i];

        if (row_open(row, &capacity_columns) < 0)
            return failure_set(failure, EXIT_HERE, "out of memory");
        table->count++;
        if (row_from_json(row, json_array_get(models, i)) < 0)
            return failure_set(failure, EXIT_USAGE,
                               "%.300s/results.json: capacity %zu of %.60s at %u connections: a field is of "
                               "the wrong type",
                               run->path, i, table->scenario, table->connections);
    }
    return 0;
}

int past_run_read_capacities(struct past_run *run, struct failure *failure)
{
    const json_t *groups = json_object_get(run->results, "capacities");
    size_t count = json_array_size(groups);

    run->capacities = calloc(count + 1, sizeof(*run->capacities));
    if (!run->capacities)
        return failure_set(failure, EXIT_HERE, "out of memory");
    for (size_t i = 0; i < count; i++) {
        const json_t *object = json_array_get(groups, i);
        double connections = past_run_number_at(object, "connections");
        struct past_capacities *table = &run->capacities[run->capacities_count++];

        *table = (struct past_capacities){
            .scenario = past_run_text_at(object, "scenario"),
            .objective = past_run_text_at(object, "objective"),
            .control = past_run_text_at(object, "control"),
            .connections = connections >= 0 ? (unsigned)connections : 0,
            .smallest = past_run_number_at(object, "smallest_difference"),
        };
        if (read_rows(run, table, json_object_get(object, "models"), failure) < 0)
            return -1;
    }
    return 0;
}

void past_run_drop_capacities(struct past_run *run)
{
    for (unsigned i = 0; i < run->capacities_count; i++) {
        for (unsigned r = 0; r < run->capacities[i].count; r++)
            row_close(&run->capacities[i].rows[r]);
        free(run->capacities[i].rows);
    }
    free(run->capacities);
}

const struct past_capacities *past_run_capacities(const struct past_run *run, const char *scenario)
{
    for (unsigned i = 0; i < run->capacities_count; i++)
        if (strcmp(run->capacities[i].scenario, scenario) == 0)
            return &run->capacities[i];
    return NULL;
}
