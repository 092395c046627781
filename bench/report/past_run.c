/*
 * past_run - see past_run.h. What the opened run is asked is in past_run_query.c.
 */
#include "past_run.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "array.h"

/* ---- reading ---- */

static void file_of(const struct past_run *run, const char *name, char path[LAUNCH_PATH_MAX])
{
    snprintf(path, LAUNCH_PATH_MAX, "%.3900s/%s", run->path, name);
}

static void take_path(struct past_run *run, const char *path)
{
    char *slash;

    if (!realpath(path, run->path))
        snprintf(run->path, sizeof(run->path), "%.4000s", path);
    slash = strrchr(run->path, '/');
    if (slash && slash != run->path && strcmp(slash, "/results.json") == 0)
        *slash = '\0';
    slash = strrchr(run->path, '/');
    snprintf(run->name, sizeof(run->name), "%.250s", slash && slash[1] ? slash + 1 : run->path);
}

static int read_json(const struct past_run *run, const char *name, json_t **root, struct failure *failure)
{
    char path[LAUNCH_PATH_MAX];
    json_error_t error;

    file_of(run, name, path);
    *root = json_load_file(path, 0, &error);
    if (json_is_object(*root))
        return 0;
    return failure_set(failure, EXIT_USAGE, "%.300s is not what tenk-bench writes: line %d: %s", path,
                       error.line, *root ? "not an object" : error.text);
}

static int read_results(struct past_run *run, struct failure *failure)
{
    char path[LAUNCH_PATH_MAX];

    file_of(run, "results.json", path);
    if (access(path, R_OK) < 0)
        return failure_set(failure, EXIT_USAGE,
                           "%.300s holds no results.json (%s): is it a run? An interrupted one gets it from: "
                           "tenk-bench --resume %.300s",
                           run->path, strerror(errno), run->path);
    return read_json(run, "results.json", &run->results, failure);
}

static int read_about(struct past_run *run, struct failure *failure)
{
    char path[LAUNCH_PATH_MAX];

    file_of(run, "run.json", path);
    if (access(path, R_OK) == 0)
        return read_json(run, "run.json", &run->about, failure);
    run->about = json_object();
    return run->about ? 0 : failure_set(failure, EXIT_HERE, "out of memory");
}

/* ---- cells ---- */

double past_run_number_at(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);

    return json_is_number(value) ? json_number_value(value) : NAN;
}

const char *past_run_text_at(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text ? text : "";
}

static void read_group(const struct past_run *run, struct past_group *group, const json_t *object)
{
    const json_t *same = json_object_get(object, "control_over_itself");
    double connections = past_run_number_at(object, "connections");

    *group = (struct past_group){
        .scenario = past_run_text_at(object, "scenario"),
        .client = past_run_text_at(object, "client"),
        .control = past_run_text_at(object, "control"),
        .connections = connections >= 0 ? (unsigned)connections : 0,
        .same = past_run_number_at(same, "ratio"),
        .same_low = past_run_number_at(same, "low"),
        .same_high = past_run_number_at(same, "high"),
        .smallest = past_run_number_at(object, "smallest_difference"),
        .first = run->cell_count,
    };
}

/* What the group says of all its cells, for cells that do not say it themselves. */
static void complete_cell(struct row *cell, const struct past_group *group)
{
    if (!row_has(cell, CELL_scenario))
        row_set_text(cell, CELL_scenario, group->scenario);
    if (!row_has(cell, CELL_client))
        row_set_text(cell, CELL_client, group->client);
    if (!row_has(cell, CELL_connections))
        row_set(cell, CELL_connections, group->connections);
}

static int read_cells(struct past_run *run, struct past_group *group, const json_t *cells, size_t *room,
                      struct failure *failure)
{
    for (size_t i = 0; i < json_array_size(cells); i++) {
        struct row *cell;

        if (run->cell_count == PAST_RUN_CELLS_MAX)
            return failure_set(failure, EXIT_USAGE, "%.300s/results.json has more than %d cells", run->path,
                               PAST_RUN_CELLS_MAX);
        if (array_reserve((void **)&run->cells, room, run->cell_count + 1u, sizeof(*run->cells)) < 0)
            return failure_set(failure, EXIT_HERE, "out of memory");
        cell = &run->cells[run->cell_count];
        if (row_open(cell, &cell_columns) < 0)
            return failure_set(failure, EXIT_HERE, "out of memory");
        run->cell_count++;
        if (row_from_json(cell, json_array_get(cells, i)) < 0)
            return failure_set(failure, EXIT_USAGE,
                               "%.300s/results.json: cell %zu of %.60s at %u connections: a field is of the "
                               "wrong type",
                               run->path, i, group->scenario, group->connections);
        complete_cell(cell, group);
        group->count++;
    }
    return 0;
}

static int read_groups(struct past_run *run, struct failure *failure)
{
    const json_t *groups = json_object_get(run->results, "groups");
    size_t count = json_array_size(groups), room = 0;

    if (count == 0 && json_array_size(json_object_get(run->results, "capacities")) == 0)
        return failure_set(failure, EXIT_USAGE, "%.300s/results.json has no groups: nothing was measured",
                           run->path);
    run->groups = calloc(count + 1, sizeof(*run->groups));
    if (!run->groups)
        return failure_set(failure, EXIT_HERE, "out of memory");
    for (size_t i = 0; i < count; i++) {
        const json_t *object = json_array_get(groups, i);
        struct past_group *group = &run->groups[run->group_count++];

        read_group(run, group, object);
        if (read_cells(run, group, json_object_get(object, "cells"), &room, failure) < 0)
            return -1;
        run->group_count -= group->count == 0; /* no cells: nothing to draw or to say */
    }
    return 0;
}

/* ---- samples ---- */

/* One line of samples.jsonl. A last line torn by a crash is left out, as tenk-bench --resume does. */
static int read_line(struct past_run *run, const char *line, unsigned number, bool last,
                     struct failure *failure)
{
    json_t *object = json_loads(line, 0, NULL);
    struct row *row = object ? samples_add(&run->samples) : NULL;
    int status = object && row ? row_from_json(row, object) : -1;

    if (status < 0 && row)
        samples_drop_last(&run->samples);
    json_decref(object);
    if (status == 0 || last)
        return 0;
    return failure_set(failure, EXIT_USAGE, "%.300s/samples.jsonl, line %u: not a row of tenk-bench",
                       run->path, number);
}

static int read_samples(struct past_run *run, struct failure *failure)
{
    char path[LAUNCH_PATH_MAX], *line = NULL;
    size_t size = 0;
    ssize_t length;
    int status = 0;
    FILE *in;

    file_of(run, "samples.jsonl", path);
    in = fopen(path, "re");
    if (!in)
        return 0;
    run->has_samples = true;
    for (unsigned number = 1; status == 0 && (length = getline(&line, &size, in)) > 0; number++)
        status = read_line(run, line, number, line[length - 1] != '\n', failure);
    free(line);
    fclose(in);
    return status;
}

/* ---- opening ---- */

int past_run_open(struct past_run *run, const char *path, struct failure *failure)
{
    *run = (struct past_run){0};
    take_path(run, path);
    if (read_results(run, failure) == 0 && read_about(run, failure) == 0 && read_groups(run, failure) == 0 &&
        past_run_read_capacities(run, failure) == 0 && read_samples(run, failure) == 0) {
        if (past_run_sort(run) == 0 && past_run_explain(run) == 0)
            return 0;
        failure_set(failure, EXIT_HERE, "out of memory");
    }
    past_run_close(run);
    return -1;
}

void past_run_close(struct past_run *run)
{
    for (unsigned i = 0; i < run->cell_count; i++)
        row_close(&run->cells[i]);
    free(run->cells);
    free(run->groups);
    past_run_drop_capacities(run);
    free(run->slices);
    samples_free(&run->samples);
    json_decref(run->about);
    json_decref(run->results);
    *run = (struct past_run){0};
}
