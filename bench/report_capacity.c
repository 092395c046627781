/*
 * report_capacity - the capacities as people and programs read them.
 */
#include "report.h"

#include <math.h>
#include <string.h>

#include "number_json.h"
#include "objective.h"
#include "report_layout.h"
#include "units.h"

/* ---- the table ---- */

/* "98 000 [95 100, 99 800]" */
static void put_capacity(char field[REPORT_FIELD_MAX], const struct row *row)
{
    char middle[REPORT_FIELD_MAX], low[REPORT_FIELD_MAX], high[REPORT_FIELD_MAX];

    report_put_rate(middle, row_number(row, CAPACITY_capacity_per_s), capacity_ranked(row));
    report_put_rate(low, row_number(row, CAPACITY_capacity_low_per_s), true);
    report_put_rate(high, row_number(row, CAPACITY_capacity_high_per_s), true);
    if (row_has(row, CAPACITY_capacity_low_per_s))
        snprintf(field, REPORT_FIELD_MAX, "%.40s [%.40s, %.40s]", middle, low, high);
    else
        snprintf(field, REPORT_FIELD_MAX, "%.40s", middle);
}

static void put_ratio(char field[REPORT_FIELD_MAX], const struct row *row, const char *control)
{
    if (row_is(row, CAPACITY_model, control))
        strcpy(field, "1");
    else if (!row_has(row, CAPACITY_capacity_ratio_low))
        strcpy(field, "-");
    else
        snprintf(field, REPORT_FIELD_MAX, "%.2f [%.2f, %.2f]", row_number(row, CAPACITY_capacity_ratio),
                 row_number(row, CAPACITY_capacity_ratio_low), row_number(row, CAPACITY_capacity_ratio_high));
}

static void put_line(struct report_line *line, const struct capacity_group *group, const struct row *row)
{
    const char *reason = row_text(row, CAPACITY_reason);

    memset(line, 0, sizeof(*line));
    for (unsigned f = 0; f < REPORT_FIELDS; f++) {
        strcpy(line->fields[f], "-");
        line->values[f] = NAN;
    }
    snprintf(line->fields[MODEL], REPORT_FIELD_MAX, "%s", row_text(row, CAPACITY_model));
    put_ratio(line->fields[RATIO], row, group->part->scenario.control);
    put_capacity(line->fields[RATE], row);
    if (row_has(row, CAPACITY_latency_us))
        snprintf(line->fields[P99], REPORT_FIELD_MAX, "%.0f", row_number(row, CAPACITY_latency_us));
    snprintf(line->fields[SERVED], REPORT_FIELD_MAX, "%.0f of %.0f", row_number(row, CAPACITY_searches_found),
             row_number(row, CAPACITY_searches));
    if (!reason[0] || strcmp(reason, "client-bound") == 0)
        strcpy(line->fields[VERDICT], reason[0] ? reason : "VALID");
    else
        snprintf(line->fields[VERDICT], REPORT_FIELD_MAX, "INVALID(%.80s)", reason);
    line->ranked = capacity_ranked(row);
    if (line->ranked)
        line->values[RATE] = row_number(row, CAPACITY_capacity_per_s);
}

/* "p99" of "p99<10ms". */
static int name_length(const char *objective)
{
    return (int)strcspn(objective, "<");
}

static void put_head(struct report_line *head, const struct capacity_group *group, enum report_style style)
{
    const struct scenario *scenario = &group->part->scenario;

    memset(head, 0, sizeof(*head));
    strcpy(head->fields[MODEL], "model");
    snprintf(head->fields[RATIO], REPORT_FIELD_MAX, "vs %s [95 %%]", scenario->control);
    strcpy(head->fields[RATE], "capacity/s [95 %]");
    snprintf(head->fields[P99], REPORT_FIELD_MAX, "%.*s there %s", name_length(scenario->capacity),
             scenario->capacity, report_signs(style)->us);
    strcpy(head->fields[SERVED], "searches");
    strcpy(head->fields[VERDICT], "verdict");
}

static void write_title(FILE *out, const struct capacity_group *group, enum report_style style)
{
    const struct scenario *scenario = &group->part->scenario;
    char slice[UNITS_TEXT_MAX], claimed[64];

    report_say(out, style,
               "%s%s: %u connection%s, the highest rate offered (open loop) at which %s, in slices of %s, %s "
               "over %s",
               report_signs(style)->heading, scenario->name, group->connections,
               group->connections > 1 ? "s" : "", scenario->capacity,
               units_format_duration(slice, scenario->slice_ns), scenario->protocol, scenario->transport);
    snprintf(claimed, sizeof(claimed), "no difference below %.1f %% is claimed", group->floor * 100);
    report_same(out, scenario->control, &group->same, claimed, style);
    putc('\n', out);
}

void report_capacity(FILE *out, const struct capacity_group *group, enum report_style style)
{
    const char *bullet = report_signs(style)->bullet;
    struct report_line lines[SCENARIO_LIST_MAX + 1];
    bool shown[REPORT_FIELDS];

    put_head(&lines[0], group, style);
    for (unsigned i = 0; i < group->count; i++)
        put_line(&lines[i + 1], group, &group->rows[i]);
    report_find_shown(lines, group->count + 1, shown);
    write_title(out, group, style);
    report_layout(out, lines, group->count + 1, shown, style);
    putc('\n', out);
    for (unsigned i = 0; i < group->count; i++)
        if (row_has(&group->rows[i], CAPACITY_detail))
            fprintf(out, "%s%s, %s: %s.\n", bullet, row_text(&group->rows[i], CAPACITY_model),
                    row_text(&group->rows[i], CAPACITY_reason), row_text(&group->rows[i], CAPACITY_detail));
    putc('\n', out);
}

/* ---- the sentence ---- */

static bool is_reference(const struct capacity_group *group, const struct row *row)
{
    const struct model *model = registry_find(&group->part->registry, row_text(row, CAPACITY_model));

    return model && model->reference;
}

/* The n-th of those that are ranked and no yardstick, from 0; NULL: there are not so many. */
static const struct row *competitor(const struct capacity_group *group, unsigned n)
{
    for (unsigned i = 0; i < group->count; i++)
        if (capacity_ranked(&group->rows[i]) && !is_reference(group, &group->rows[i]) && n-- == 0)
            return &group->rows[i];
    return NULL;
}

const char *report_capacity_finding(const struct session *session, const struct capacity_group *group,
                                    char text[FINDING_MAX])
{
    const struct row *first = competitor(group, 0), *second = competitor(group, 1);
    char rate[REPORT_FIELD_MAX], next[REPORT_FIELD_MAX];
    struct estimate more;
    size_t used;

    text[0] = '\0';
    if (!first)
        return text;
    put_capacity(rate, first);
    used = (size_t)snprintf(text, FINDING_MAX, "At %u connection%s %s keeps %s up to %s requests per second",
                            group->connections, group->connections > 1 ? "s" : "",
                            row_text(first, CAPACITY_model), row_text(first, CAPACITY_objective), rate);
    if (!second) {
        strcpy(text + used, ".");
        return text;
    }
    report_put_rate(next, row_number(second, CAPACITY_capacity_per_s), true);
    more =
        capacity_compare(session, group, row_text(first, CAPACITY_model), row_text(second, CAPACITY_model));
    if (isnan(more.low) || isnan(group->floor))
        snprintf(text + used, FINDING_MAX - used, "; too few searches to compare it with %s (%s).",
                 row_text(second, CAPACITY_model), next);
    else if (statistics_verdict(&more, group->floor) == DIFFERENCE_MORE)
        snprintf(text + used, FINDING_MAX - used, ", %.1f %% [%.1f, %.1f] more than %s, the next.",
                 (more.ratio - 1) * 100, (more.low - 1) * 100, (more.high - 1) * 100,
                 row_text(second, CAPACITY_model));
    else
        snprintf(text + used, FINDING_MAX - used,
                 "; %s, next, cannot be told from it: %.1f %% [%.1f, %.1f], and no difference below %.1f %% "
                 "is claimed.",
                 row_text(second, CAPACITY_model), (more.ratio - 1) * 100, (more.low - 1) * 100,
                 (more.high - 1) * 100, group->floor * 100);
    return text;
}

/* ---- results.json ---- */

json_t *report_capacity_json(const struct capacity_group *group)
{
    json_t *rows = json_array();

    for (unsigned i = 0; i < group->count; i++)
        json_array_append_new(rows, row_to_json(&group->rows[i]));
    return json_pack("{s:s, s:i, s:s, s:s, s:o, s:o, s:o}", "scenario", group->part->scenario.name,
                     "connections", (int)group->connections, "objective", group->part->scenario.capacity,
                     "control", group->part->scenario.control, "control_over_itself",
                     report_estimate_json(&group->same), "smallest_difference", number_json(group->floor),
                     "models", rows);
}
