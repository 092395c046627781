/*
 * comparison - see comparison.h: which cells there are. What the rows say is in comparison_series.c, what
 * follows from it in comparison_judge.c.
 */
#include "comparison.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "comparison_judge.h"

/* ---- one comparison ---- */

static struct comparison *add(struct comparison_table *table)
{
    if (table->count == table->capacity) {
        size_t capacity = table->capacity > 0 ? table->capacity * 2 : 64;
        struct comparison *items = realloc(table->items, capacity * sizeof(*items));

        if (!items)
            return NULL;
        table->items = items;
        table->capacity = capacity;
    }
    return &table->items[table->count++];
}

static int compare(struct comparison_table *table, const struct comparison_cell *cell,
                   const struct metric *metric, enum comparison_way way, uint64_t seed)
{
    struct comparison *c = add(table);

    if (!c)
        return -1;
    *c = (struct comparison){
        .group = *cell->before.group,
        .metric = metric,
        .way = metric->source == METRIC_COUNTED ? COMPARISON_COUNTED : way,
        .before = comparison_median(&cell->before, metric),
        .after = comparison_median(&cell->after, metric),
        .change = {.ratio = NAN, .low = NAN, .high = NAN},
        .p = NAN,
        .p_holm = NAN,
        .least_p = NAN,
        .floor = NAN,
        .detectable = INFINITY,
        .fault = cell->state_after.fault && !cell->state_before.fault && cell->state_before.slices > 0,
    };
    snprintf(c->model, sizeof(c->model), "%s", cell->model);
    comparison_judge(c, cell, seed);
    return 0;
}

/* ---- the cells ---- */

bool comparison_applies(const struct metric *metric, const struct comparison_group *group)
{
    bool is_capacity = metric->column == SAMPLE_capacity_per_s;

    if (strcmp(group->kind, "duet") == 0)
        return metric->column == SAMPLE_server_cpu_us_per_request;
    if (metric->source == METRIC_COUNTED)
        return strcmp(group->kind, "load") != 0 && strcmp(group->client, "tenk-load") == 0;
    if (strcmp(group->kind, "search") == 0)
        return is_capacity;
    if (strcmp(group->kind, "load") == 0) /* the rate is what was asked for */
        return metric->needs != METRIC_RATE;
    return !is_capacity;
}

static int compare_cell(struct comparison_table *table, struct comparison_cell *cell, enum comparison_way way,
                        uint64_t seed)
{
    comparison_state(&cell->before, &cell->state_before);
    comparison_state(&cell->after, &cell->state_after);
    for (unsigned i = 0; i < METRICS; i++)
        if (comparison_applies(&metrics[i], cell->before.group)) {
            bool measured =
                metrics[i].source == METRIC_TIMED || !isnan(comparison_median(&cell->before, &metrics[i]));

            if (measured && compare(table, cell, &metrics[i], way, seed) < 0)
                return -1;
        }
    return 0;
}

static void note(struct comparison_table *table, const char *scenario, const char *text, const char *name)
{
    if (table->note_count < COMPARISON_NOTES_MAX)
        snprintf(table->notes[table->note_count++], sizeof(table->notes[0]), "%s: %s%s", scenario, text,
                 name);
}

struct sides {
    struct comparison_rows before, after;
    const struct scenario *scenario_before, *scenario_after;
    bool one_sitting;
};

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text), tail = strlen(end);

    return length > tail && strcmp(text + length - tail, end) == 0;
}

/* The name a model of BASE has on the other side; NULL: it is not there, or is no model of BASE. */
static const char *other_name(const struct sides *sides, const char *model, char *name, char *shown)
{
    size_t length = strlen(model);

    snprintf(name, SCENARIO_NAME_MAX, "%s", model);
    snprintf(shown, SCENARIO_NAME_MAX, "%s", model);
    if (sides->one_sitting) {
        if (!ends_with(model, COMPARISON_BEFORE))
            return NULL;
        shown[length - strlen(COMPARISON_BEFORE)] = '\0';
        snprintf(name, SCENARIO_NAME_MAX, "%.30s" COMPARISON_AFTER, shown);
    }
    return name_list_has(&sides->scenario_after->models, name) ? name : NULL;
}

static int compare_group(struct comparison_table *table, const struct sides *sides,
                         const struct comparison_group *group, uint64_t seed)
{
    const struct scenario *base = sides->scenario_before;
    char name[SCENARIO_NAME_MAX], shown[SCENARIO_NAME_MAX];
    int status = 0;

    for (unsigned i = 0; i < base->models.count && status == 0; i++) {
        const char *model = base->models.items[i], *after = other_name(sides, model, name, shown);
        struct comparison_cell cell = {
            .before = {&sides->before, group, model, base->control},
            .after = {&sides->after, group, after, sides->scenario_after->control},
            .model = shown,
        };

        if (after && (sides->one_sitting || strcmp(model, base->control) != 0))
            status = compare_cell(table, &cell,
                                  sides->one_sitting ? COMPARISON_PAIRED : COMPARISON_CONTROLLED, seed);
    }
    return status;
}

static bool has_count(const struct count_list *list, unsigned count)
{
    for (unsigned i = 0; i < list->count; i++)
        if (list->items[i] == count)
            return true;
    return false;
}

/* What rows there are: of which kind, from which client. */
struct rows_of {
    const char *kind, *client;
};

/* Whether both sides have such rows: a scenario that searches capacities has no rounds but those at a load.
 */
static bool both_have(const struct sides *sides, const struct rows_of *rows)
{
    const struct scenario *a = sides->scenario_before, *b = sides->scenario_after;
    bool searched = a->capacity[0] && b->capacity[0], rounds = !a->capacity[0] && !b->capacity[0];

    if (!scenario_has_client(a, rows->client) || !scenario_has_client(b, rows->client))
        return false;
    if (strcmp(rows->kind, "search") == 0 || strcmp(rows->kind, "load") == 0)
        return searched;
    return rounds && (strcmp(rows->kind, "duet") != 0 || sides->one_sitting);
}

/* One connection count: of loads those that both sides offered. */
static int compare_connections(struct comparison_table *table, const struct sides *sides,
                               struct comparison_group *group, uint64_t seed)
{
    const struct share_list *loads = &sides->scenario_before->load;
    int status = 0;

    if (strcmp(group->kind, "load") != 0)
        return compare_group(table, sides, group, seed);
    for (unsigned i = 0; i < loads->count && status == 0; i++) {
        group->load = loads->items[i];
        if (share_list_has(&sides->scenario_after->load, group->load))
            status = compare_group(table, sides, group, seed);
    }
    return status;
}

static const struct count_list *connections_of(const struct scenario *scenario, const char *client)
{
    return strcmp(client, "wrk") == 0 ? scenario_wrk_connections(scenario) : &scenario->connections;
}

static int compare_scenario(struct comparison_table *table, const struct sides *sides, uint64_t seed)
{
    static const struct rows_of kinds[] = {{"timing", "tenk-load"},
                                           {"duet", "tenk-load"},
                                           {"search", "tenk-load"},
                                           {"load", "tenk-load"},
                                           {"timing", "wrk"}};
    int status = 0;

    for (unsigned k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
        const struct count_list *before = connections_of(sides->scenario_before, kinds[k].client);
        const struct count_list *after = connections_of(sides->scenario_after, kinds[k].client);

        for (unsigned i = 0; both_have(sides, &kinds[k]) && i < before->count && status == 0; i++) {
            struct comparison_group group = {.scenario = sides->scenario_before->name,
                                             .kind = kinds[k].kind,
                                             .client = kinds[k].client,
                                             .connections = before->items[i]};

            if (has_count(after, before->items[i]))
                status = compare_connections(table, sides, &group, seed);
        }
    }
    return status;
}

/* ---- the whole ---- */

/* Models that only one side has are said, not passed over. */
static void note_missing(struct comparison_table *table, const struct scenario *a, const struct scenario *b,
                         const char *where)
{
    for (unsigned i = 0; i < a->models.count; i++)
        if (!name_list_has(&b->models, a->models.items[i]))
            note(table, a->name, where, a->models.items[i]);
}

static int compare_all(struct comparison_table *table, const struct comparison_setting *setting,
                       struct sides *sides)
{
    int status = 0;

    for (unsigned i = 0; i < setting->before->scenario_count && status == 0; i++) {
        sides->scenario_before = &setting->before->scenarios[i];
        sides->scenario_after = recorded_scenario(setting->after, sides->scenario_before->name);
        if (!sides->scenario_after) {
            note(table, sides->scenario_before->name, "NEW has no scenario of that name", "");
            continue;
        }
        note_missing(table, sides->scenario_before, sides->scenario_after, "only BASE has ");
        note_missing(table, sides->scenario_after, sides->scenario_before, "only NEW has ");
        status = compare_scenario(table, sides, setting->seed);
    }
    return status;
}

int comparison_make(struct comparison_table *table, const struct comparison_setting *setting,
                    struct failure *failure)
{
    struct sides sides = {.one_sitting = setting->before == setting->after};
    int status;

    *table = (struct comparison_table){0};
    status = comparison_rows_open(&sides.before, setting->before) < 0 ||
                     comparison_rows_open(&sides.after, setting->after) < 0
                 ? -1
                 : compare_all(table, setting, &sides);
    comparison_rows_close(&sides.before);
    comparison_rows_close(&sides.after);
    if (status < 0)
        return failure_set(failure, EXIT_HERE, "out of memory for the comparison");
    if (table->count == 0)
        return failure_set(
            failure, EXIT_HERE,
            "nothing to compare: the two have no scenario, connection count and model in common");
    comparison_conclude(table, setting);
    return 0;
}

void comparison_free(struct comparison_table *table)
{
    free(table->items);
    *table = (struct comparison_table){0};
}
