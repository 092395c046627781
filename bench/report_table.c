/*
 * report_table - the table a reader sees first: server CPU time per request leads, because it is what
 * this class of machine can tell best.
 *
 * The words of every field are made once and then laid out as aligned text or as Markdown.
 */
#include "report.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report_layout.h"
#include "units.h"
#include "why.h"

/* ---- words ---- */

static void put_us(char *field, double us)
{
    if (isnan(us))
        strcpy(field, "-");
    else
        snprintf(field, REPORT_FIELD_MAX, us < 99.95 ? "%.1f" : "%.0f", us);
}

static void put_ratio(char *field, const struct row *cell, const char *control)
{
    if (row_is(cell, CELL_model, control))
        strcpy(field, "1");
    else if (!row_has(cell, CELL_cpu_ratio))
        strcpy(field, "-");
    else if (!row_has(cell, CELL_cpu_ratio_low))
        snprintf(field, REPORT_FIELD_MAX, "%.2f", row_number(cell, CELL_cpu_ratio));
    else
        snprintf(field, REPORT_FIELD_MAX, "%.2f [%.2f, %.2f]", row_number(cell, CELL_cpu_ratio),
                 row_number(cell, CELL_cpu_ratio_low), row_number(cell, CELL_cpu_ratio_high));
}

static void put_verdict(char *field, const struct row *cell, enum standing standing)
{
    const char *reason = row_text(cell, CELL_reason);

    if (standing == STANDING_INVALID && row_is(cell, CELL_verdict, "INVALID"))
        snprintf(field, REPORT_FIELD_MAX, "INVALID(%s)", reason);
    else if (standing == STANDING_PARTLY_SERVED)
        snprintf(field, REPORT_FIELD_MAX, "served %.0f of %.0f", row_number(cell, CELL_connections_served),
                 row_number(cell, CELL_connections));
    else
        snprintf(field, REPORT_FIELD_MAX, "%s", reason[0] ? reason : "VALID");
}

/* What competes for the best of its column; a rate that the client limited does not. */
static void put_values(struct report_line *line, const struct row *cell, bool ranked, bool rate_only)
{
    for (unsigned f = 0; f < REPORT_FIELDS; f++)
        line->values[f] = NAN;
    line->ranked = ranked;
    if (!ranked)
        return;
    line->values[CPU] = row_number(cell, CELL_server_cpu_us_per_request);
    line->values[RATE] = rate_only ? (double)NAN : row_number(cell, CELL_requests_per_s);
    if (row_is(cell, CELL_reason, "overloaded"))
        return; /* its latencies are the length of the slice */
    line->values[P50] = row_number(cell, CELL_latency_p50_us);
    line->values[P99] = row_number(cell, CELL_latency_p99_us);
}

static void put_line(struct report_line *line, const struct summary_group *group, const struct row *cell)
{
    enum standing standing = summary_standing(cell);
    bool rate_only = verdict_is_rate_only(verdict_from_name(row_text(cell, CELL_reason)));
    bool percentiles = standing != STANDING_PARTLY_SERVED;

    memset(line, 0, sizeof(*line));
    snprintf(line->fields[MODEL], REPORT_FIELD_MAX, "%s", row_text(cell, CELL_model));
    snprintf(line->fields[CPU], REPORT_FIELD_MAX,
             row_has(cell, CELL_server_cpu_us_per_request) ? "%.2f" : "-",
             row_number(cell, CELL_server_cpu_us_per_request));
    put_ratio(line->fields[RATIO], cell, group->part->scenario.control);
    report_put_rate(line->fields[RATE], row_number(cell, CELL_requests_per_s), !rate_only);
    put_us(line->fields[P50], percentiles ? row_number(cell, CELL_latency_p50_us) : NAN);
    put_us(line->fields[P99], percentiles ? row_number(cell, CELL_latency_p99_us) : NAN);
    snprintf(line->fields[SERVED], REPORT_FIELD_MAX, row_has(cell, CELL_connections_served) ? "%.0f" : "-",
             row_number(cell, CELL_connections_served));
    report_put_rate(line->fields[WRK],
                    row_number(cell, group->load > 0 ? CELL_rate_offered_per_s : CELL_wrk_requests_per_s),
                    true);
    snprintf(line->fields[SYSCALLS], REPORT_FIELD_MAX,
             row_has(cell, CELL_syscalls_per_request) ? "%.2f" : "-",
             row_number(cell, CELL_syscalls_per_request));
    put_verdict(line->fields[VERDICT], cell, standing);
    snprintf(line->fields[WHY], REPORT_FIELD_MAX, "%s", row_text(cell, CELL_why));
    put_values(line, cell, standing == STANDING_RANKED, rate_only);
}

static void put_head(struct report_line *head, const struct summary_group *group, enum report_style style)
{
    const char *us = report_signs(style)->us;

    memset(head, 0, sizeof(*head));
    strcpy(head->fields[MODEL], "model");
    snprintf(head->fields[CPU], REPORT_FIELD_MAX, "CPU %s/req", us);
    snprintf(head->fields[RATIO], REPORT_FIELD_MAX, "vs %s [95 %%]", group->part->scenario.control);
    strcpy(head->fields[RATE], "req/s");
    snprintf(head->fields[P50], REPORT_FIELD_MAX, "p50 %s", us);
    snprintf(head->fields[P99], REPORT_FIELD_MAX, "p99 %s", us);
    strcpy(head->fields[SERVED], "served");
    strcpy(head->fields[WRK], group->load > 0 ? "offered/s" : "wrk req/s"); /* wrk offers no load */
    strcpy(head->fields[SYSCALLS], "syscalls/req");
    strcpy(head->fields[VERDICT], "verdict");
    strcpy(head->fields[WHY], "why");
}

/* ---- what stands around the table ---- */

/* The transport of all models, or that each has its own. */
static const char *transport_of_all(const struct summary_group *group)
{
    for (unsigned i = 1; i < group->count; i++)
        if (!row_is(&group->cells[i], CELL_transport, row_text(&group->cells[0], CELL_transport)))
            return "several transports";
    return group->count > 0 ? row_text(&group->cells[0], CELL_transport) : group->part->scenario.transport;
}

static void write_title(FILE *out, const struct summary_group *group, enum report_style style)
{
    const struct scenario *scenario = &group->part->scenario;
    char slice[UNITS_TEXT_MAX], share[160] = "", turns[SCENARIO_NAME_MAX];
    bool wrk = group->client == CLIENT_WRK;

    units_format_duration(slice, wrk ? scenario->wrk_slice_ns : scenario->slice_ns);
    if (group->load > 0)
        snprintf(share, sizeof(share), ", at %.3g %% of each model's own capacity (%.100s)",
                 group->load * 100, scenario->capacity);
    report_say(out, style, "%s%s: %u connection%s, %s, %s over %s%s, %u rounds of %s%s",
               report_signs(style)->heading, scenario->name, group->connections,
               group->connections > 1 ? "s" : "", client_name(group->client), scenario->protocol,
               transport_of_all(group), share, wrk ? (unsigned)scenario->wrk_rounds : group->part->rounds,
               slice, wrk ? "" : scenario_turns_words(scenario, turns, sizeof(turns)));
    report_same(out, scenario->control, &group->same, "smaller differences of CPU time prove nothing", style);
    putc('\n', out);
}

/* Why cells are invalid: noise once for all of them, everything else one by one. */
static void write_reasons(FILE *out, const struct summary_group *group, const char *bullet)
{
    bool noise_told = false;

    for (unsigned i = 0; i < group->count; i++) {
        const struct row *cell = &group->cells[i];
        bool noise = row_is(cell, CELL_reason, "noisy");

        if (summary_standing(cell) != STANDING_INVALID || !row_has(cell, CELL_detail) ||
            (noise && noise_told))
            continue;
        fprintf(out, "%s%s, %s: %s.%s\n", bullet, row_text(cell, CELL_model), row_text(cell, CELL_reason),
                row_text(cell, CELL_detail), noise ? " End what else is running, and measure again." : "");
        noise_told |= noise;
    }
}

/* A model that needed a longer ramp: how long clients wait at first is worth knowing. */
static void write_ramps(FILE *out, const struct summary_group *group, const char *bullet)
{
    double planned_s = (double)group->part->scenario.ramp_ns / 1e9;

    for (unsigned i = 0; i < group->count; i++)
        if (row_number(&group->cells[i], CELL_ramp_s) > planned_s * 1.01)
            fprintf(out, "%s%s: in %.1f s not every client had been served; its ramp was %.1f s.\n", bullet,
                    row_text(&group->cells[i], CELL_model), planned_s,
                    row_number(&group->cells[i], CELL_ramp_s));
}

/* What a transport loses is told, nothing as well. */
static void write_lost(FILE *out, const struct summary_group *group, const char *bullet)
{
    const char *between = "lost datagrams: ";

    for (unsigned i = 0; i < group->count; i++) {
        const struct row *cell = &group->cells[i];
        char of[REPORT_FIELD_MAX];

        if (!row_has(cell, CELL_requests_lost))
            continue;
        report_put_rate(of, row_number(cell, CELL_requests_lost_of), true);
        fprintf(out, "%s%s%s %.0f of %s", between[0] == ',' ? "" : bullet, between,
                row_text(cell, CELL_model), row_number(cell, CELL_requests_lost), of);
        between = ", ";
    }
    if (between[0] == ',')
        fputs(".\n", out);
}

static void write_legend(FILE *out, const struct summary_group *group, enum report_style style)
{
    const char *bullet = report_signs(style)->bullet, *next = style == REPORT_MARKDOWN ? "\n  " : " ";
    bool client_bound = false, partly = false;

    for (unsigned i = 0; i < group->count; i++) {
        client_bound |= row_is(&group->cells[i], CELL_reason, "client-bound");
        partly |= summary_standing(&group->cells[i]) == STANDING_PARTLY_SERVED;
    }
    if (client_bound)
        fprintf(out,
                "%sclient-bound: the client had no CPU time left and the server had; a rate in parentheses "
                "is the%s"
                "client's and is not ranked. CPU time per request is the server's all the same.\n",
                bullet, next);
    if (partly)
        fprintf(out,
                "%sserved K of N: by its nature the model serves K clients at once and the others wait, so "
                "there is%s"
                "no latency to compare.\n",
                bullet, next);
}

static void write_bars(FILE *out, const struct report_line *lines, unsigned count)
{
    struct terminal terminal = terminal_of(out);

    report_layout_bars(out, lines, count, &terminal);
}

static void write_all_notes(FILE *out, const struct summary *summary, const struct summary_group *group,
                            enum report_style style)
{
    const char *bullet = report_signs(style)->bullet;

    report_pairs(out, summary, group, style);
    write_reasons(out, group, bullet);
    write_ramps(out, group, bullet);
    write_lost(out, group, bullet);
    write_legend(out, group, style);
}

/* On a terminal a note is broken between words: it is written aside first. */
static void write_notes(FILE *out, const struct summary *summary, const struct summary_group *group,
                        enum report_style style)
{
    struct terminal terminal = terminal_of(out);
    char *notes = NULL, *rest, *note;
    size_t size;
    FILE *aside = terminal.width > 0 ? open_memstream(&notes, &size) : NULL;

    write_all_notes(aside ? aside : out, summary, group, style);
    if (!aside)
        return;
    fclose(aside);
    rest = notes;
    while ((note = strsep(&rest, "\n")))
        report_layout_paragraph(out, note, &terminal, false);
    free(notes);
}

static void write_group(FILE *out, const struct summary *summary, const struct summary_group *group,
                        enum report_style style)
{
    struct report_line lines[SCENARIO_LIST_MAX + 1];
    bool shown[REPORT_FIELDS];

    put_head(&lines[0], group, style);
    for (unsigned i = 0; i < group->count; i++)
        put_line(&lines[i + 1], group, &group->cells[i]);
    report_find_shown(lines, group->count + 1, shown);
    shown[WHY] &= style == REPORT_MARKDOWN; /* the terminal has --explain */
    write_title(out, group, style);
    report_layout(out, lines, group->count + 1, shown, style);
    if (style != REPORT_MARKDOWN)
        write_bars(out, lines, group->count + 1);
    if (style == REPORT_EXPLAINED) {
        fputs("\nwhat bound it\n", out);
        why_print(out, group->cells, group->count);
    }
    putc('\n', out);
    write_notes(out, summary, group, style);
    putc('\n', out);
}

/*
 * wrk's own tables are for results.md; on the terminal it has its column, unless it is all there is. The
 * tables of each load are too: on the terminal they are one (report_load).
 */
static bool is_shown(const struct summary_group *group, enum report_style style)
{
    if (group->load > 0)
        return style == REPORT_MARKDOWN;
    return group->client == CLIENT_TENK_LOAD || style == REPORT_MARKDOWN ||
           !scenario_has_client(&group->part->scenario, "tenk-load");
}

void report_tables(FILE *out, const struct summary *summary, enum report_style style)
{
    struct terminal terminal = terminal_of(out);
    char finding[FINDING_MAX];

    for (unsigned p = 0; p < summary->session->part_count; p++) {
        const struct session_part *part = &summary->session->parts[p];

        for (unsigned g = 0; g < summary->capacities.count; g++)
            if (summary->capacities.groups[g].part == part)
                report_capacity(out, &summary->capacities.groups[g], style);
        report_load(out, summary, part, style);
        for (unsigned g = 0; g < summary->count; g++)
            if (summary->groups[g].part == part && is_shown(&summary->groups[g], style))
                write_group(out, summary, &summary->groups[g], style);
        if (!report_finding(summary, part, style, finding)[0])
            continue;
        if (style == REPORT_MARKDOWN)
            fprintf(out, "**%s**\n", finding);
        else
            report_layout_paragraph(out, finding, &terminal, true);
        putc('\n', out);
    }
    if (summary->noisy > 0 || summary->repeats > 0)
        report_say(out, style, "%u of %u slices %s run again for noise; %u %s still noisy.%s",
                   summary->repeats, summary->slices, summary->repeats == 1 ? "was" : "were", summary->noisy,
                   summary->noisy == 1 ? "is" : "are",
                   (summary->noisy + summary->repeats) * 5 > summary->slices
                       ? " More than one in five: this machine is unfit to measure on at the moment."
                       : "");
}
