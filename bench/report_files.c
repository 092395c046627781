/*
 * report_files - results.csv (every slice), results.json (every cell), results.md (what the terminal
 * showed, and on what it was measured).
 */
#include "report.h"

#include <math.h>
#include <string.h>

#include "number_json.h"

static int write_csv(const struct summary *summary, struct failure *failure)
{
    const struct samples *samples = &summary->session->samples;
    FILE *out = run_directory_write(&summary->session->run, "results.csv", failure);

    if (!out)
        return -1;
    columns_csv_header(out, &sample_columns);
    for (unsigned i = 0; i < samples->count; i++)
        row_to_csv(out, &samples->rows[i]);
    return run_directory_finish(&summary->session->run, "results.csv", out, failure);
}

/* ---- results.json ---- */

json_t *report_estimate_json(const struct estimate *estimate)
{
    return json_pack("{s:o, s:o, s:o}", "ratio", number_json(estimate->ratio), "low",
                     number_json(estimate->low), "high", number_json(estimate->high));
}

static json_t *group_json(const struct summary *summary, const struct summary_group *group)
{
    json_t *cells = json_array();

    for (unsigned i = 0; i < group->count; i++)
        json_array_append_new(cells, row_to_json(&group->cells[i]));
    return json_pack("{s:s, s:s, s:i, s:o, s:s, s:o, s:o, s:o, s:o}", "scenario", group->part->scenario.name,
                     "client", client_name(group->client), "connections", (int)group->connections,
                     "load_fraction", number_json(group->load > 0 ? group->load : NAN), "control",
                     group->part->scenario.control, "control_over_itself", report_estimate_json(&group->same),
                     "smallest_difference", number_json(isnan(group->floor) ? NAN : fmax(0.01, group->floor)),
                     "pairs", report_pairs_json(summary, group), "cells", cells);
}

static int write_json(const struct summary *summary, struct failure *failure)
{
    json_t *root = json_object(), *groups = json_array(), *findings = json_object();
    json_t *capacities = json_array();
    char finding[FINDING_MAX];
    int status;

    for (unsigned g = 0; g < summary->count; g++)
        json_array_append_new(groups, group_json(summary, &summary->groups[g]));
    for (unsigned p = 0; p < summary->session->part_count; p++) {
        const struct session_part *part = &summary->session->parts[p];

        json_object_set_new(findings, part->scenario.name,
                            json_string(report_finding(summary, part, REPORT_MARKDOWN, finding)));
    }
    json_object_set_new(root, "findings", findings);
    json_object_set_new(root, "slices", json_integer(summary->slices));
    json_object_set_new(root, "slices_repeated", json_integer(summary->repeats));
    json_object_set_new(root, "slices_noisy", json_integer(summary->noisy));
    json_object_set_new(root, "fault", json_boolean(summary->fault));
    json_object_set_new(root, "groups", groups);
    for (unsigned g = 0; g < summary->capacities.count; g++)
        json_array_append_new(capacities, report_capacity_json(&summary->capacities.groups[g]));
    json_object_set_new(root, "capacities", capacities);
    status = run_directory_write_json(&summary->session->run, "results.json", root, failure);
    json_decref(root);
    return status;
}

/* ---- results.md ---- */

static const char *text_at(const json_t *object, const char *first, const char *second)
{
    const char *text = json_string_value(json_object_get(json_object_get(object, first), second));

    return text ? text : "unknown";
}

static int write_markdown(const struct summary *summary, const json_t *run_json, struct failure *failure)
{
    const json_t *environment = json_object_get(run_json, "environment");
    const char *started = text_at(run_json, "before", "time_utc");
    FILE *out = run_directory_write(&summary->session->run, "results.md", failure);
    const json_t *word;

    if (!out)
        return -1;
    fprintf(out, "# Results of %s\n\n", started);
    fprintf(out, "%s, Linux %s, CPUs %s for the server and %s for the client, %s, revision %s.  \nMade by: `",
            text_at(environment, "processor", "model"), text_at(environment, "kernel", "release"),
            text_at(environment, "processor", "server_cpus"),
            text_at(environment, "processor", "client_cpus"), text_at(environment, "build", "compiler"),
            text_at(environment, "build", "revision"));
    for (size_t i = 0; i < json_array_size(json_object_get(run_json, "command")); i++) {
        word = json_array_get(json_object_get(run_json, "command"), i);
        fprintf(out, "%s%s", i > 0 ? " " : "", json_string_value(word));
    }
    fputs("`\n\nServer CPU time per request leads; ratios are medians of pairs within a round, with 95 % "
          "intervals.\n"
          "What the columns mean: results/README.md. How it was measured: bench/README.md.\n\n",
          out);
    report_tables(out, summary, REPORT_MARKDOWN);
    return run_directory_finish(&summary->session->run, "results.md", out, failure);
}

int report_files(const struct summary *summary, const json_t *run_json, struct failure *failure)
{
    if (write_csv(summary, failure) < 0 || write_json(summary, failure) < 0)
        return -1;
    return write_markdown(summary, run_json, failure);
}
