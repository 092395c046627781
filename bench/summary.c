/*
 * summary - see summary.h. The figures of one cell are made in summary_cell.c.
 */
#include "summary.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "summary_cell.h"

static bool serves_client(const struct session_part *part, enum client_kind client)
{
    return scenario_has_client(&part->scenario, client_name(client));
}

/* ---- pairs ---- */

/* What is compared: a column of two models, one copy of each or (-1) all. */
struct comparison {
    const struct selection *all;
    unsigned rounds, column;
    const char *a, *b;
    int copy_a, copy_b;
    bool (*accept)(const struct row *row);
};

/* The mean logarithm of the column over the copies of a model in one round; NaN without. */
static double round_log(const struct comparison *what, const char *model, int copy, unsigned round,
                        unsigned *start)
{
    double sum = 0;
    unsigned found = 0;

    for (unsigned i = 0; i < what->all->count; i++) {
        const struct row *row = what->all->rows[i];

        if (!row_is(row, SAMPLE_model, model) || row_number(row, SAMPLE_round) != round ||
            (copy >= 0 && row_number(row, SAMPLE_copy) != copy) || !(row_number(row, what->column) > 0) ||
            !what->accept(row))
            continue;
        sum += log(row_number(row, what->column));
        *start = (unsigned)row_number(row, SAMPLE_start);
        found++;
    }
    return found > 0 ? sum / found : NAN;
}

/* One pair per round that has both. */
static size_t make_pairs(const struct comparison *what, struct pair *pairs)
{
    size_t count = 0;
    unsigned start = 0;

    for (unsigned round = 0; round < what->rounds; round++) {
        double below = round_log(what, what->b, what->copy_b, round, &start);
        double above = round_log(what, what->a, what->copy_a, round, &start);

        if (!isnan(above) && !isnan(below))
            pairs[count++] = (struct pair){.log_ratio = above - below, .start = start};
    }
    return count;
}

/*
 * Pairs of good slices. Where a noisy machine left too few of them, noisy ones serve as well: noise
 * falls on both halves of a pair, and the verdict of the cells says that it was there.
 */
static struct estimate compare(const struct summary *summary, struct comparison what)
{
    struct pair *pairs = calloc(what.rounds, sizeof(*pairs));
    struct estimate estimate = {.ratio = NAN, .low = NAN, .high = NAN};
    size_t count = 0;

    if (!pairs)
        return estimate;
    what.accept = selection_usable;
    count = make_pairs(&what, pairs);
    if (count < STATISTICS_PAIRS_MIN) {
        what.accept = selection_tolerable;
        count = make_pairs(&what, pairs);
    }
    estimate = statistics_paired(pairs, count, summary->session->seed);
    free(pairs);
    return estimate;
}

/* All copies of model a over all copies of model b. */
static struct estimate compare_models(const struct summary *summary, const struct summary_group *group,
                                      const struct selection *all, const char *a, const char *b,
                                      unsigned column)
{
    return compare(summary, (struct comparison){
                                .all = all,
                                .rounds = (unsigned)group->part->scenario.rounds,
                                .column = column,
                                .a = a,
                                .b = b,
                                .copy_a = -1,
                                .copy_b = -1,
                            });
}

struct estimate summary_compare(const struct summary *summary, const struct summary_group *group,
                                const char *a, const char *b, unsigned column)
{
    struct selection all = {0};
    struct estimate estimate = {.ratio = NAN, .low = NAN, .high = NAN};

    if (summary_select(&all, summary->session, group, NULL) == 0)
        estimate = compare_models(summary, group, &all, a, b, column);
    free(all.rows);
    return estimate;
}

/* ---- a group ---- */

static void set_estimate(struct row *cell, unsigned ratio_column, const struct estimate *estimate)
{
    row_set(cell, ratio_column, estimate->ratio);
    row_set(cell, ratio_column + 1, estimate->low);
    row_set(cell, ratio_column + 2, estimate->high);
}

static void compare_with_control(const struct summary *summary, const struct summary_group *group,
                                 const struct selection *all, struct row *cell)
{
    static const char *const words[] = {NULL, "no difference", "cheaper", "dearer"};
    const struct scenario *scenario = &group->part->scenario;
    const char *model = row_text(cell, CELL_model);
    struct estimate cpu, rate;

    if (strcmp(model, scenario->control) == 0)
        return;
    cpu = compare_models(summary, group, all, model, scenario->control, SAMPLE_server_cpu_us_per_request);
    rate = compare_models(summary, group, all, model, scenario->control, SAMPLE_requests_per_s);
    set_estimate(cell, CELL_cpu_ratio, &cpu);
    set_estimate(cell, CELL_rate_ratio, &rate);
    row_set_text(cell, CELL_cpu_words, words[statistics_verdict(&cpu, group->floor)]);
}

static int by_standing_and_cost(const void *a, const void *b)
{
    const struct row *left = a, *right = b;
    int order = (int)summary_standing(left) - (int)summary_standing(right);
    double left_us = row_number(left, CELL_server_cpu_us_per_request);
    double right_us = row_number(right, CELL_server_cpu_us_per_request);

    if (order != 0)
        return order;
    if (isnan(left_us) || isnan(right_us))
        return isnan(left_us) - isnan(right_us);
    return (left_us > right_us) - (left_us < right_us);
}

static int make_cell(struct summary *summary, struct summary_group *group, const struct selection *all,
                     const char *model)
{
    struct row *cell = &group->cells[group->count];

    if (row_open(cell, &cell_columns) < 0)
        return -1;
    group->count++;
    row_set_text(cell, CELL_scenario, group->part->scenario.name);
    row_set_text(cell, CELL_client, client_name(group->client));
    row_set(cell, CELL_connections, group->connections);
    row_set_text(cell, CELL_model, model);
    row_set(cell, CELL_load_fraction, group->load > 0 ? group->load : NAN);
    if (summary_cell(cell, summary->session, group) < 0)
        return -1;
    compare_with_control(summary, group, all, cell);
    if (summary_why(cell, summary->session, group) < 0)
        return -1;
    summary->fault |= verdict_is_fault(verdict_from_name(row_text(cell, CELL_reason)));
    return 0;
}

static int make_group(struct summary *summary, const struct session_part *part, enum client_kind client,
                      unsigned connections, double load)
{
    struct summary_group *group = &summary->groups[summary->count];
    const struct name_list *models = &part->scenario.models;
    struct selection all = {0};
    int status = 0;

    *group = (struct summary_group){.part = part, .client = client, .connections = connections, .load = load};
    group->cells = calloc(models->count + 1, sizeof(*group->cells));
    if (!group->cells)
        return -1;
    summary->count++;
    if (summary_select(&all, summary->session, group, NULL) < 0)
        return -1;
    group->same = compare(summary, (struct comparison){
                                       .all = &all,
                                       .rounds = (unsigned)part->scenario.rounds,
                                       .column = SAMPLE_server_cpu_us_per_request,
                                       .a = part->scenario.control,
                                       .b = part->scenario.control,
                                       .copy_a = 1,
                                       .copy_b = 0,
                                   });
    group->floor = statistics_floor(&group->same);
    for (unsigned i = 0; i < models->count && status == 0; i++)
        status = make_cell(summary, group, &all, models->items[i]);
    free(all.rows);
    qsort(group->cells, group->count, sizeof(*group->cells), by_standing_and_cost);
    return status;
}

/* ---- the whole ---- */

static void count_slices(struct summary *summary)
{
    const struct samples *samples = &summary->session->samples;

    for (unsigned i = 0; i < samples->count; i++) {
        const struct row *row = &samples->rows[i];

        if (!row_is(row, SAMPLE_kind, "timing") && !row_is(row, SAMPLE_kind, "search") &&
            !row_is(row, SAMPLE_kind, "load"))
            continue;
        summary->slices++;
        summary->repeats += row_number(row, SAMPLE_attempt) > 0;
        summary->noisy += row_is(row, SAMPLE_reason, "noisy") && samples_counts(samples, i);
    }
}

/* What wrk got stands beside what tenk-load got. */
static void add_witness(struct summary *summary)
{
    for (unsigned g = 0; g < summary->count; g++) {
        struct summary_group *group = &summary->groups[g];
        const struct summary_group *wrk =
            summary_find_group(summary, group->part, CLIENT_WRK, group->connections);

        for (unsigned i = 0; wrk && i < group->count; i++) {
            const struct row *cell = summary_find_cell(wrk, row_text(&group->cells[i], CELL_model));

            row_set(&group->cells[i], CELL_wrk_requests_per_s,
                    cell ? row_number(cell, CELL_requests_per_s) : NAN);
        }
    }
}

static void note_capacity_faults(struct summary *summary)
{
    for (unsigned g = 0; g < summary->capacities.count; g++)
        for (unsigned i = 0; i < summary->capacities.groups[g].count; i++)
            summary->fault |= verdict_is_fault(
                verdict_from_name(row_text(&summary->capacities.groups[g].rows[i], CAPACITY_reason)));
}

/* Under one client: each connection count, at each load when there are loads, not at all in searches. */
static int make_groups(struct summary *summary, const struct session_part *part, enum client_kind client)
{
    const struct scenario *scenario = &part->scenario;
    const struct count_list *list =
        client == CLIENT_WRK ? scenario_wrk_connections(scenario) : &scenario->connections;
    int status = 0;

    for (unsigned i = 0; serves_client(part, client) && i < list->count && status == 0; i++) {
        if (!scenario->capacity[0])
            status = make_group(summary, part, client, list->items[i], 0);
        for (unsigned k = 0; k < scenario->load.count && status == 0; k++)
            status = make_group(summary, part, client, list->items[i], scenario->load.items[k]);
    }
    return status;
}

int summary_make(struct summary *summary, const struct session *session, struct failure *failure)
{
    static const enum client_kind clients[] = {CLIENT_TENK_LOAD, CLIENT_WRK};
    size_t most = 1;
    int status = 0;

    *summary = (struct summary){.session = session};
    for (unsigned p = 0; p < session->part_count; p++)
        most += 2u * SCENARIO_LIST_MAX * (session->parts[p].scenario.load.count + 1u);
    summary->groups = calloc(most, sizeof(*summary->groups));
    for (unsigned p = 0; summary->groups && p < session->part_count; p++)
        for (unsigned k = 0; k < 2 && status == 0; k++)
            status = make_groups(summary, &session->parts[p], clients[k]);
    if (!summary->groups || status < 0)
        return failure_set(failure, EXIT_HERE, "out of memory for the summary; the samples are kept");
    add_witness(summary);
    count_slices(summary);
    if (capacity_table_make(&summary->capacities, session, failure) < 0)
        return -1;
    note_capacity_faults(summary);
    return 0;
}

void summary_free(struct summary *summary)
{
    for (unsigned g = 0; g < summary->count; g++) {
        for (unsigned i = 0; i < summary->groups[g].count; i++)
            row_close(&summary->groups[g].cells[i]);
        free(summary->groups[g].cells);
    }
    free(summary->groups);
    capacity_table_free(&summary->capacities);
    *summary = (struct summary){0};
}

enum standing summary_standing(const struct row *cell)
{
    enum verdict_reason reason = verdict_from_name(row_text(cell, CELL_reason));

    if (!row_is(cell, CELL_verdict, "VALID") && !verdict_is_rate_only(reason))
        return STANDING_INVALID;
    if (row_has(cell, CELL_connections_served) &&
        row_number(cell, CELL_connections_served) < row_number(cell, CELL_connections))
        return STANDING_PARTLY_SERVED;
    return STANDING_RANKED;
}

const struct summary_group *summary_find_group(const struct summary *summary, const struct session_part *part,
                                               enum client_kind client, unsigned connections)
{
    for (unsigned g = 0; g < summary->count; g++)
        if (summary->groups[g].part == part && summary->groups[g].client == client &&
            summary->groups[g].connections == connections)
            return &summary->groups[g];
    return NULL;
}

const struct row *summary_find_cell(const struct summary_group *group, const char *model)
{
    for (unsigned i = 0; i < group->count; i++)
        if (row_is(&group->cells[i], CELL_model, model))
            return &group->cells[i];
    return NULL;
}
