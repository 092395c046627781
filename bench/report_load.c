/*
 * report_load - latency over load: a line per model, a column per fraction of its own capacity.
 */
#include "report.h"

#include <math.h>
#include <string.h>

#include "report_layout.h"

/* Columns of text: "capacity/s" or a rate; "12345 / 67890". */
enum { RATE_WIDTH = 10, LATENCY_WIDTH = 12 };

/* "123 / 456"; with what is wrong when the figures say nothing: "(overloaded)". */
static void put_latencies(char field[REPORT_FIELD_MAX], const struct row *cell)
{
    const char *reason = cell ? row_text(cell, CELL_reason) : "not-measured";

    if (!cell || summary_standing(cell) != STANDING_RANKED || strcmp(reason, "overloaded") == 0 ||
        !row_has(cell, CELL_latency_p99_us))
        snprintf(field, REPORT_FIELD_MAX, "(%.60s)", reason[0] ? reason : "served some");
    else
        snprintf(field, REPORT_FIELD_MAX, "%.0f / %.0f", row_number(cell, CELL_latency_p50_us),
                 row_number(cell, CELL_latency_p99_us));
}

static const struct summary_group *find_load(const struct summary *summary, const struct session_part *part,
                                             unsigned connections, double load)
{
    for (unsigned g = 0; g < summary->count; g++)
        if (summary->groups[g].part == part && summary->groups[g].connections == connections &&
            summary->groups[g].load == load)
            return &summary->groups[g];
    return NULL;
}

static void write_field(FILE *out, const char *text, enum report_style style, int width)
{
    if (style == REPORT_MARKDOWN)
        fprintf(out, " %s |", text);
    else
        fprintf(out, "  %*s", width, text);
}

static void write_name(FILE *out, const char *name, enum report_style style, int width)
{
    if (style == REPORT_MARKDOWN)
        fprintf(out, "| %s |", name);
    else
        fprintf(out, "%-*s", width, name);
}

/* As wide as the longest name. */
static int name_width(const struct capacity_group *group)
{
    size_t width = strlen("model");

    for (unsigned i = 0; i < group->count; i++)
        if (strlen(row_text(&group->rows[i], CAPACITY_model)) > width)
            width = strlen(row_text(&group->rows[i], CAPACITY_model));
    return (int)width;
}

static void write_head(FILE *out, const struct capacity_group *group, enum report_style style)
{
    const struct scenario *scenario = &group->part->scenario;
    char text[REPORT_FIELD_MAX];

    write_name(out, "model", style, name_width(group));
    write_field(out, "capacity/s", style, RATE_WIDTH);
    for (unsigned k = 0; k < scenario->load.count; k++) {
        snprintf(text, sizeof(text), "%.3g %%", scenario->load.items[k] * 100);
        write_field(out, text, style, LATENCY_WIDTH);
    }
    fputs(style == REPORT_MARKDOWN ? "\n|---|---:|" : "\n", out);
    for (unsigned k = 0; k < scenario->load.count && style == REPORT_MARKDOWN; k++)
        fputs("---:|", out);
    fputs(style == REPORT_MARKDOWN ? "\n" : "", out);
}

static void write_model(FILE *out, const struct summary *summary, const struct capacity_group *group,
                        const struct row *row, enum report_style style)
{
    const struct scenario *scenario = &group->part->scenario;
    const char *model = row_text(row, CAPACITY_model);
    char text[REPORT_FIELD_MAX];

    write_name(out, model, style, name_width(group));
    report_put_rate(text, row_number(row, CAPACITY_capacity_per_s), capacity_ranked(row));
    write_field(out, text, style, RATE_WIDTH);
    for (unsigned k = 0; k < scenario->load.count; k++) {
        const struct summary_group *load =
            find_load(summary, group->part, group->connections, scenario->load.items[k]);

        put_latencies(text, load ? summary_find_cell(load, model) : NULL);
        write_field(out, text, style, LATENCY_WIDTH);
    }
    putc('\n', out);
}

void report_load(FILE *out, const struct summary *summary, const struct session_part *part,
                 enum report_style style)
{
    for (unsigned g = 0; g < summary->capacities.count && part->scenario.load.count > 0; g++) {
        const struct capacity_group *group = &summary->capacities.groups[g];

        if (group->part != part)
            continue;
        report_say(out, style,
                   "%s%s: %u connection%s, p50 / p99 in %s over the share of each model's own capacity",
                   report_signs(style)->heading, part->scenario.name, group->connections,
                   group->connections > 1 ? "s" : "", report_signs(style)->us);
        putc('\n', out);
        write_head(out, group, style);
        for (unsigned i = 0; i < group->count; i++)
            write_model(out, summary, group, &group->rows[i], style);
        putc('\n', out);
    }
}
