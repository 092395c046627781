/*
 * past_run_query - what a report asks an opened run.
 */
#include "past_run.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "scenario.h"
#include "statistics.h"
#include "selection.h"

/* ---- groups ---- */

const struct past_group *past_run_group_of(const struct past_run *run, const struct row *cell)
{
    unsigned index = (unsigned)(cell - run->cells);

    for (unsigned i = 0; i < run->group_count; i++)
        if (index >= run->groups[i].first && index < run->groups[i].first + run->groups[i].count)
            return &run->groups[i];
    return &run->groups[0];
}

/* The groups of a scenario that one client made. How many; at most `max` of their counts are written. */
static unsigned find_counts(const struct past_run *run, const char *scenario, bool wrk, unsigned *counts,
                            unsigned max)
{
    unsigned found = 0;

    for (unsigned i = 0; i < run->group_count && found < max; i++)
        if (strcmp(run->groups[i].scenario, scenario) == 0 &&
            (strcmp(run->groups[i].client, "wrk") == 0) == wrk)
            counts[found++] = run->groups[i].connections;
    return found;
}

const struct past_group *past_run_main_group(const struct past_run *run, const char *scenario)
{
    unsigned counts[PAST_SCENARIOS_MAX],
        count = find_counts(run, scenario, false, counts, PAST_SCENARIOS_MAX);
    bool wrk = count == 0;

    if (wrk)
        count = find_counts(run, scenario, true, counts, PAST_SCENARIOS_MAX);
    for (unsigned i = 0; i < run->group_count && count > 0; i++)
        if (strcmp(run->groups[i].scenario, scenario) == 0 &&
            (strcmp(run->groups[i].client, "wrk") == 0) == wrk &&
            run->groups[i].connections == connections_first(counts, count))
            return &run->groups[i];
    return NULL;
}

double past_run_load(const struct past_run *run, const struct past_group *group)
{
    return group->count > 0 ? row_number(&run->cells[group->first], CELL_load_fraction) : (double)NAN;
}

unsigned past_run_scenarios(const struct past_run *run, const struct past_group **firsts, unsigned max)
{
    unsigned count = 0;

    for (unsigned i = 0; i < run->group_count && count < max; i++) {
        bool known = false;

        for (unsigned j = 0; j < count && !known; j++)
            known = strcmp(firsts[j]->scenario, run->groups[i].scenario) == 0;
        if (!known)
            firsts[count++] = &run->groups[i];
    }
    return count;
}

/* ---- run.json ---- */

static const json_t *find_named(const json_t *list, const char *name)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *object = json_array_get(list, i);
        const char *text = json_string_value(json_object_get(object, "name"));

        if (text && strcmp(text, name) == 0)
            return object;
    }
    return NULL;
}

const json_t *past_run_scenario(const struct past_run *run, const char *scenario)
{
    return find_named(json_object_get(run->about, "scenarios"), scenario);
}

const json_t *past_run_model(const struct past_run *run, const char *scenario, const char *model)
{
    return find_named(json_object_get(past_run_scenario(run, scenario), "models"), model);
}

bool past_run_is_reference(const struct past_run *run, const char *scenario, const char *model)
{
    return json_is_true(json_object_get(past_run_model(run, scenario, model), "reference"));
}

/* ---- slices ---- */

static int compare_numbers(double a, double b)
{
    return (a > b) - (a < b);
}

/* A cell without a load comes before those with one. */
static int compare_loads(double a, double b)
{
    return compare_numbers(isnan(a) ? 0 : a, isnan(b) ? 0 : b);
}

/* By cell: scenario, client, model, connections, load. */
static int compare_cells(const struct row *a, const struct row *b)
{
    int order = strcmp(row_text(a, SAMPLE_scenario), row_text(b, SAMPLE_scenario));

    if (order == 0)
        order = strcmp(row_text(a, SAMPLE_client), row_text(b, SAMPLE_client));
    if (order == 0)
        order = strcmp(row_text(a, SAMPLE_model), row_text(b, SAMPLE_model));
    if (order == 0)
        order = compare_numbers(row_number(a, SAMPLE_connections), row_number(b, SAMPLE_connections));
    if (order == 0)
        order = compare_loads(row_number(a, SAMPLE_load_fraction), row_number(b, SAMPLE_load_fraction));
    return order;
}

static int compare_slices(const void *left, const void *right)
{
    const struct row *a = *(const struct row *const *)left, *b = *(const struct row *const *)right;
    int order = compare_cells(a, b);

    if (order == 0)
        order = compare_numbers(row_number(a, SAMPLE_slice), row_number(b, SAMPLE_slice));
    if (order == 0)
        order = compare_numbers(row_number(a, SAMPLE_attempt), row_number(b, SAMPLE_attempt));
    return order;
}

int past_run_sort(struct past_run *run)
{
    unsigned kept = 0;

    run->slices = calloc(run->samples.count + 1u, sizeof(*run->slices));
    if (!run->slices)
        return -1;
    for (unsigned i = 0; i < run->samples.count; i++)
        if (row_has(&run->samples.rows[i], SAMPLE_slice) &&
            row_has(&run->samples.rows[i], SAMPLE_connections) &&
            !row_is(&run->samples.rows[i], SAMPLE_kind, "search"))
            run->slices[run->slice_count++] = &run->samples.rows[i];
    qsort(run->slices, run->slice_count, sizeof(*run->slices), compare_slices);
    for (unsigned i = 0; i < run->slice_count; i++)
        if (i + 1 == run->slice_count || compare_cells(run->slices[i], run->slices[i + 1]) != 0 ||
            row_number(run->slices[i], SAMPLE_slice) != row_number(run->slices[i + 1], SAMPLE_slice))
            run->slices[kept++] = run->slices[i];
    run->slice_count = kept;
    return 0;
}

/* The same order between a cell of results.json and a slice. */
static int compare_to_slice(const struct row *cell, const struct row *slice)
{
    int order = strcmp(row_text(cell, CELL_scenario), row_text(slice, SAMPLE_scenario));

    if (order == 0)
        order = strcmp(row_text(cell, CELL_client), row_text(slice, SAMPLE_client));
    if (order == 0)
        order = strcmp(row_text(cell, CELL_model), row_text(slice, SAMPLE_model));
    if (order == 0)
        order = compare_numbers(row_number(cell, CELL_connections), row_number(slice, SAMPLE_connections));
    if (order == 0)
        order = compare_loads(row_number(cell, CELL_load_fraction), row_number(slice, SAMPLE_load_fraction));
    return order;
}

/* The place of the first slice that is not before the cell (`past`: that is behind it). */
static unsigned find_place(const struct past_run *run, const struct row *cell, bool past)
{
    unsigned low = 0, high = run->slice_count;

    while (low < high) {
        unsigned middle = low + (high - low) / 2;
        int order = compare_to_slice(cell, run->slices[middle]);

        if (order > 0 || (past && order == 0))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const struct row **past_run_slices(const struct past_run *run, const struct row *cell, unsigned *count)
{
    unsigned first = find_place(run, cell, false);

    *count = find_place(run, cell, true) - first;
    return run->slices + first;
}

/* Puts the values of one kind of slices into `values`. How many. */
static unsigned collect(const struct row **slices, unsigned count, const char *kind, unsigned column,
                        double *values)
{
    unsigned found = 0;

    for (unsigned i = 0; i < count; i++)
        if (row_is(slices[i], SAMPLE_kind, kind) && selection_usable(slices[i]) && row_has(slices[i], column))
            values[found++] = row_number(slices[i], column);
    return found;
}

struct spread past_run_spread(const struct past_run *run, const struct row *cell, unsigned sample_column)
{
    struct spread spread = {.low = NAN, .middle = NAN, .high = NAN, .mean = NAN};
    unsigned count;
    const struct row **slices = past_run_slices(run, cell, &count);
    double *values = calloc(count + 1u, sizeof(*values)), sum = 0;

    if (values)
        spread.count = collect(slices, count, row_has(cell, CELL_load_fraction) ? "load" : "timing",
                               sample_column, values);
    if (values && spread.count == 0)
        spread.count = collect(slices, count, "cost", sample_column, values);
    if (spread.count > 0) {
        for (unsigned i = 0; i < spread.count; i++)
            sum += values[i];
        spread.mean = sum / spread.count;
        spread.low = statistics_quantile(values, spread.count, 0.25);
        spread.middle = statistics_median(values, spread.count);
        spread.high = statistics_quantile(values, spread.count, 0.75);
    }
    free(values);
    return spread;
}

const char *past_run_text(const struct past_run *run, const struct row *cell, unsigned sample_column)
{
    unsigned count;
    const struct row **slices = past_run_slices(run, cell, &count);

    for (unsigned i = 0; i < count; i++)
        if (row_has(slices[i], sample_column))
            return row_text(slices[i], sample_column);
    return "";
}

double past_run_number(const struct past_run *run, const struct row *cell, unsigned sample_column)
{
    unsigned count;
    const struct row **slices = past_run_slices(run, cell, &count);

    for (unsigned i = 0; i < count; i++)
        if (row_has(slices[i], sample_column))
            return row_number(slices[i], sample_column);
    return NAN;
}
