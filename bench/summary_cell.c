/*
 * summary_cell - see summary_cell.h.
 */
#include "summary_cell.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "histogram.h"
#include "why.h"

/* ---- choosing rows ---- */

/* The kind of a group's timed rows. */
static const char *kind_of(const struct summary_group *group)
{
    return group->load > 0 ? "load" : "timing";
}

static bool belongs(const struct row *row, const struct summary_group *group, const char *model,
                    const char *kind)
{
    return row_is(row, SAMPLE_kind, kind) && row_is(row, SAMPLE_scenario, group->part->scenario.name) &&
           row_is(row, SAMPLE_client, client_name(group->client)) &&
           row_number(row, SAMPLE_connections) == group->connections &&
           selection_has_load(row, group->load) && (!model || row_is(row, SAMPLE_model, model));
}

static int choose(struct selection *selection, const struct session *session,
                  const struct summary_group *group, const char *model, const char *kind)
{
    const struct samples *samples = &session->samples;

    *selection = (struct selection){.rows = calloc(samples->count + 1, sizeof(*selection->rows))};
    if (!selection->rows)
        return -1;
    for (unsigned i = 0; i < samples->count; i++)
        if (belongs(&samples->rows[i], group, model, kind) && samples_counts(samples, i))
            selection->rows[selection->count++] = &samples->rows[i];
    return 0;
}

int summary_select(struct selection *selection, const struct session *session,
                   const struct summary_group *group, const char *model)
{
    return choose(selection, session, group, model, kind_of(group));
}

static enum verdict_reason reason_of(const struct row *row)
{
    return verdict_from_name(row_text(row, SAMPLE_reason));
}

/* ---- figures ---- */

static void fill_medians(struct row *cell, const struct selection *slices)
{
    static const struct {
        unsigned cell, sample;
    } columns[] = {
        {CELL_server_cpu_us_per_request, SAMPLE_server_cpu_us_per_request},
        {CELL_requests_per_s, SAMPLE_requests_per_s},
        {CELL_rate_offered_per_s, SAMPLE_rate_offered_per_s},
        {CELL_latency_p50_us, SAMPLE_latency_p50_us},
        {CELL_latency_p99_us, SAMPLE_latency_p99_us},
        {CELL_latency_p999_us, SAMPLE_latency_p999_us},
        {CELL_connections_served, SAMPLE_connections_served},
        {CELL_server_cpu_share, SAMPLE_server_cpu_share},
        {CELL_client_cpu_share, SAMPLE_client_cpu_share},
    };

    for (unsigned i = 0; i < sizeof(columns) / sizeof(columns[0]); i++)
        row_set(cell, columns[i].cell, selection_median(slices, columns[i].sample));
    row_set(cell, CELL_latency_max_us, selection_greatest(slices, SAMPLE_latency_max_us));
    row_set(cell, CELL_ramp_s, selection_greatest(slices, SAMPLE_ramp_s));
}

/* Loss is told of every transport that has it, 0 as well. */
static void fill_lost(struct row *cell, const struct summary_group *group, const struct selection *slices)
{
    const struct model *model = registry_find(&group->part->registry, row_text(cell, CELL_model));
    double lost = 0, answered = 0;

    row_set_text(cell, CELL_transport, model && model->transport ? model->transport->name : NULL);
    if (!model || !model_over_datagrams(model))
        return;
    for (unsigned i = 0; i < slices->count; i++) {
        lost += fmax(0, row_number(slices->rows[i], SAMPLE_errors_lost));
        answered += fmax(0, row_number(slices->rows[i], SAMPLE_requests));
    }
    row_set(cell, CELL_requests_lost, lost);
    row_set(cell, CELL_requests_lost_of, lost + answered);
}

/* ---- histograms ---- */

/* Adds the latencies of one slice: the intervals of its log that carry no tag. */
static void add_log(struct histogram *sum, const struct run_directory *run, const struct row *row)
{
    const char *raw = row_text(row, SAMPLE_raw), *dot = strrchr(raw, '.');
    char name[256], tag[HISTOGRAM_TAG_MAX];
    struct histogram interval;
    unsigned line = 0;
    FILE *in;

    if (!dot)
        return;
    snprintf(name, sizeof(name), "%.*s.hlog", (int)(dot - raw), raw);
    in = fopen(run_directory_file(run, name), "re");
    if (in && histogram_open(&interval) == 0) {
        while (histogram_hlog_read(in, &interval, tag, &line) == 1) {
            if (tag[0] == '\0')
                histogram_add(sum, &interval);
            histogram_clear(&interval);
        }
        histogram_close(&interval);
    }
    if (in)
        fclose(in);
}

const char *summary_log_name(const struct row *cell, char name[SUMMARY_LOG_NAME_MAX])
{
    char load[32] = "";

    if (row_has(cell, CELL_load_fraction))
        snprintf(load, sizeof(load), "-at%.10g", row_number(cell, CELL_load_fraction) * 100);
    snprintf(name, SUMMARY_LOG_NAME_MAX, "cells/%.100s-%.0f-%.100s%s.hlog", row_text(cell, CELL_scenario),
             row_number(cell, CELL_connections), row_text(cell, CELL_model), load);
    return name;
}

static void write_log(const struct histogram *sum, const struct run_directory *run, const struct row *cell)
{
    char name[SUMMARY_LOG_NAME_MAX];
    FILE *out = fopen(run_directory_file(run, summary_log_name(cell, name)), "we");

    if (!out)
        return; /* the slices' own logs are still there */
    histogram_hlog_header(out, row_text(cell, CELL_model), clock_wall_ns());
    histogram_hlog_interval(out, NULL, clock_wall_ns(), clock_wall_ns(), sum);
    fclose(out);
}

/* Percentiles are never averaged: the histograms of the slices are added up and asked once. */
static void fill_percentiles(struct row *cell, const struct session *session, const struct selection *slices)
{
    struct histogram sum;

    if (histogram_open(&sum) < 0)
        return;
    for (unsigned pass = 0; pass < 2 && sum.total == 0; pass++)
        for (unsigned i = 0; i < slices->count; i++)
            if (pass == 0 ? selection_usable(slices->rows[i]) : selection_tolerable(slices->rows[i]))
                add_log(&sum, &session->run, slices->rows[i]);
    if (sum.total > 0) {
        row_set(cell, CELL_latency_p50_us, (double)histogram_percentile_ns(&sum, 50) / 1e3);
        row_set(cell, CELL_latency_p99_us, (double)histogram_percentile_ns(&sum, 99) / 1e3);
        row_set(cell, CELL_latency_p999_us, (double)histogram_percentile_ns(&sum, 99.9) / 1e3);
        row_set(cell, CELL_latency_max_us, (double)sum.max_ns / 1e3);
        write_log(&sum, &session->run, cell);
    }
    histogram_close(&sum);
}

/* ---- the cost slice ---- */

static int fill_cost(struct row *cell, const struct session *session, const struct summary_group *group)
{
    struct selection costs;
    double switches;

    if (choose(&costs, session, group, row_text(cell, CELL_model), "cost") < 0)
        return -1;
    switches = selection_median(&costs, SAMPLE_switches_voluntary_per_request) +
               selection_median(&costs, SAMPLE_switches_involuntary_per_request);
    row_set(cell, CELL_syscalls_per_request, selection_median(&costs, SAMPLE_syscalls_per_request));
    row_set(cell, CELL_switches_per_request, switches);
    row_set(cell, CELL_memory_pss_kib, selection_median(&costs, SAMPLE_memory_pss_kib));
    row_set(cell, CELL_processes, selection_median(&costs, SAMPLE_processes));
    row_set(cell, CELL_threads, selection_median(&costs, SAMPLE_threads));
    free(costs.rows);
    return 0;
}

/* ---- the verdict ---- */

static void set_verdict(struct row *cell, enum verdict_reason reason, const char *detail)
{
    row_set_text(cell, CELL_verdict, reason == VERDICT_VALID ? "VALID" : "INVALID");
    row_set_text(cell, CELL_reason, reason == VERDICT_VALID ? NULL : verdict_name(reason));
    row_set_text(cell, CELL_detail, detail);
}

/* How a server ended counts for every cell that was measured in that start. */
static const struct row *bad_end(const struct session *session, const struct selection *slices)
{
    for (unsigned i = 0; i < session->samples.count; i++) {
        const struct row *end = &session->samples.rows[i];

        if (!row_is(end, SAMPLE_kind, "stop") || row_is(end, SAMPLE_verdict, "VALID"))
            continue;
        for (unsigned s = 0; s < slices->count; s++)
            if (row_number(slices->rows[s], SAMPLE_start) == row_number(end, SAMPLE_start) &&
                row_is(slices->rows[s], SAMPLE_model, row_text(end, SAMPLE_model)))
                return end;
    }
    return NULL;
}

/*
 * One fault condemns the cell. Circumstances and limits do when more than half of its slices met
 * with them; else the good slices speak for it.
 */
static void decide(struct row *cell, const struct session *session, const struct selection *slices)
{
    unsigned counts[VERDICT_REASONS] = {0}, circumstances = 0;
    const struct row *examples[VERDICT_REASONS] = {0}, *end = bad_end(session, slices);
    char detail[512];

    for (unsigned i = 0; i < slices->count; i++) {
        enum verdict_reason reason = reason_of(slices->rows[i]);

        examples[reason] = counts[reason]++ == 0 ? slices->rows[i] : examples[reason];
        circumstances += verdict_is_circumstance(reason);
    }
    set_verdict(cell, VERDICT_VALID, NULL);
    row_set(cell, CELL_slices_valid,
            counts[VERDICT_VALID] + counts[VERDICT_CLIENT_BOUND] + counts[VERDICT_OVERLOADED]);
    if (end)
        set_verdict(cell, VERDICT_SERVER_EXIT, row_text(end, SAMPLE_detail));
    for (int reason = VERDICT_REASONS - 1; reason > VERDICT_VALID;
         reason--) { /* the gravest has the last word */
        enum verdict_reason this_reason = (enum verdict_reason)reason;
        bool fault = verdict_is_fault(this_reason) && counts[reason] > 0;
        bool mostly = verdict_is_circumstance(this_reason)
                          ? counts[reason] > 0 && circumstances * 2 > slices->count
                          : counts[reason] * 2 > slices->count;

        if (!fault && !mostly)
            continue;
        snprintf(detail, sizeof(detail), "%u of %u slices, the first: %s", counts[reason], slices->count,
                 row_text(examples[reason], SAMPLE_detail));
        set_verdict(cell, this_reason, detail);
    }
    if (slices->count == 0) {
        row_set_text(cell, CELL_verdict, "INVALID");
        row_set_text(cell, CELL_reason, "not-measured");
    }
}

static void fill_bound(struct row *cell, const struct selection *slices)
{
    static const char *const words[] = {"server", "client", "neither"};
    unsigned counts[3] = {0}, most = 0;

    for (unsigned i = 0; i < slices->count; i++)
        for (unsigned w = 0; w < 3; w++)
            counts[w] += row_is(slices->rows[i], SAMPLE_bound, words[w]);
    for (unsigned w = 1; w < 3; w++)
        most = counts[w] > counts[most] ? w : most;
    row_set_text(cell, CELL_bound, counts[most] > 0 ? words[most] : NULL);
}

/* A model that cannot run here stays in the table, with the reason. */
static void explain_absence(struct row *cell, const struct summary_group *group)
{
    const struct model *model = registry_find(&group->part->registry, row_text(cell, CELL_model));

    if (model && model->unavailable[0]) {
        row_set_text(cell, CELL_reason, "unavailable");
        row_set_text(cell, CELL_detail, model->unavailable);
    }
}

int summary_cell(struct row *cell, const struct session *session, const struct summary_group *group)
{
    struct selection slices;

    if (summary_select(&slices, session, group, row_text(cell, CELL_model)) < 0)
        return -1;
    row_set(cell, CELL_slices, slices.count);
    fill_medians(cell, &slices);
    fill_lost(cell, group, &slices);
    if (group->client == CLIENT_TENK_LOAD)
        fill_percentiles(cell, session, &slices);
    fill_bound(cell, &slices);
    decide(cell, session, &slices);
    if (slices.count == 0)
        explain_absence(cell, group);
    free(slices.rows);
    return group->client == CLIENT_TENK_LOAD ? fill_cost(cell, session, group) : 0;
}

int summary_why(struct row *cell, const struct session *session, const struct summary_group *group)
{
    const char *name = row_text(cell, CELL_model);
    const struct model *model = registry_find(&group->part->registry, name);
    struct why_slices slices = {.scans = model && model->scans};
    int status = 0;

    if (choose(&slices.timing, session, group, name, kind_of(group)) < 0 ||
        choose(&slices.cost, session, group, name, "cost") < 0)
        status = -1;
    else
        why_explain(cell, &slices);
    for (unsigned i = 0; status == 0 && i < session->samples.count; i++)
        if (belongs(&session->samples.rows[i], group, name, kind_of(group)))
            row_set_text(&session->samples.rows[i], SAMPLE_why, row_text(cell, CELL_why));
    free(slices.timing.rows);
    free(slices.cost.rows);
    return status;
}
