/*
 * page_words - see page_words.h. The caveats are in page_caveats.c.
 */
#include "page_words.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "capacity_table.h"
#include "summary.h"

enum { WORDS_MAX = 4096, NAMES_MAX = 24 };

static void append(char *text, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));

static void append(char *text, size_t size, const char *format, ...)
{
    size_t used = strlen(text);
    va_list values;

    va_start(values, format);
    vsnprintf(text + used, size - used, format, values);
    va_end(values);
}

static const char *text_at(const json_t *object, const char *first, const char *second)
{
    return json_string_value(json_object_get(json_object_get(object, first), second));
}

/* ---- title ---- */

void words_title(char *text, size_t size, const struct past_run *runs, unsigned count)
{
    const char *host = text_at(runs[0].about, "environment", "host");
    const char *begun = text_at(runs[0].about, "before", "time_utc");

    if (count > 1)
        snprintf(text, size, "%u runs of server models, compared", count);
    else if (host && begun)
        snprintf(text, size, "Server models on %.100s, %.10s", host, begun);
    else
        snprintf(text, size, "Server models: %.200s", runs[0].name);
}

void words_about(char *text, size_t size, const struct past_run *run)
{
    const json_t *environment = json_object_get(run->about, "environment");
    const char *processor = text_at(environment, "processor", "model"),
               *kernel = text_at(environment, "kernel", "release"),
               *server = text_at(environment, "processor", "server_cpus"),
               *client = text_at(environment, "processor", "client_cpus"),
               *compiler = text_at(environment, "build", "compiler"),
               *revision = text_at(environment, "build", "revision");

    text[0] = '\0';
    if (!environment) {
        append(text, size, "The machine is not known: the run has no run.json.");
        return;
    }
    append(text, size, "%.100s, Linux %.60s", processor ? processor : "unknown processor",
           kernel ? kernel : "?");
    if (server && client)
        append(text, size, "; server on CPU %.40s, client on CPU %.40s", server, client);
    append(text, size, "; %.60s, revision %.40s.", compiler ? compiler : "unknown compiler",
           revision ? revision : "unknown");
    if (run->cell_count > 0)
        append(text, size, " %u cell%s.", run->cell_count, run->cell_count == 1 ? "" : "s");
    if (run->capacities_count > 0)
        append(text, size, " Capacities of %u models.", run->capacities[0].count);
}

/* ---- findings ---- */

/* How the rows of a table stand to its control: in cells by CPU time, in capacities by what they keep. */
struct standing_words {
    const char *words[3], *openings[3]; /* the middle one: no difference */
    unsigned model, words_column, ratio;
};

enum { NO_DIFFERENCE = 1 };

static const struct standing_words of_cells = {
    .words = {"cheaper", "no difference", "dearer"},
    .openings = {"Cheaper than", "No difference from", "Dearer than"},
    .model = CELL_model,
    .words_column = CELL_cpu_words,
    .ratio = CELL_cpu_ratio,
};

static const struct standing_words of_capacities = {
    .words = {"higher", "no difference", "lower"},
    .openings = {"More than", "No difference from", "Less than"},
    .model = CAPACITY_model,
    .words_column = CAPACITY_capacity_words,
    .ratio = CAPACITY_capacity_ratio,
};

struct rows {
    const struct standing_words *how;
    const struct row *first;
    unsigned count;
    const char *control;
    double smallest;
    bool (*ranked)(const struct row *row);
};

static bool is_ranked_cell(const struct row *cell)
{
    return summary_standing(cell) == STANDING_RANKED;
}

static unsigned append_names(char *text, size_t size, const struct rows *rows, unsigned kind)
{
    unsigned count = 0;

    for (unsigned i = 0; i < rows->count; i++) {
        const struct row *row = &rows->first[i];

        if (!rows->ranked(row) || !row_is(row, rows->how->words_column, rows->how->words[kind]) ||
            row_is(row, rows->how->model, rows->control) || ++count > NAMES_MAX)
            continue;
        append(text, size, "%s%.60s", count > 1 ? ", " : "", row_text(row, rows->how->model));
        if (kind != NO_DIFFERENCE)
            append(text, size, " %.2f ×", row_number(row, rows->how->ratio));
    }
    if (count > NAMES_MAX)
        append(text, size, " and %u more", count - NAMES_MAX);
    return count;
}

/* "No difference from ceiling shown (this run sees none below 3.1 %): epoll, poll. Dearer than ceiling: …" */
static void append_rows(char *text, size_t size, const struct rows *rows)
{
    char names[WORDS_MAX];

    for (unsigned kind = 0; kind < 3; kind++) {
        names[0] = '\0';
        if (append_names(names, sizeof(names), rows, kind) == 0)
            continue;
        append(text, size, "%s%s %.60s", text[0] ? " " : "", rows->how->openings[kind], rows->control);
        if (kind == NO_DIFFERENCE && !isnan(rows->smallest))
            append(text, size, " shown (this run sees none below %.1f %%)", rows->smallest * 100);
        else if (kind == NO_DIFFERENCE)
            append(text, size, " shown");
        append(text, size, ": %s.", names);
    }
}

/* What tenk-bench stated of the scenario, then how everything stands to the control. */
static unsigned say_finding(const struct words_sink *sink, const struct past_run *run, const char *scenario,
                            const struct rows *rows, bool label)
{
    char text[WORDS_MAX + 1024] = "";
    const char *finding =
        json_string_value(json_object_get(json_object_get(run->results, "findings"), scenario));

    append(text, sizeof(text), "%.1000s", finding ? finding : "");
    append_rows(text, sizeof(text), rows);
    if (text[0])
        sink->say(sink->context, label ? scenario : "", text, false);
    return text[0] != '\0';
}

static unsigned say_capacities(const struct words_sink *sink, const struct past_run *run,
                               const struct past_capacities *table, bool label)
{
    return say_finding(sink, run, table->scenario,
                       &(struct rows){&of_capacities, table->rows, table->count, table->control,
                                      table->smallest, capacity_ranked},
                       label);
}

/* Why there is no finding: nothing is valid, or there is nothing to compare with. */
static void say_none(const struct words_sink *sink, const struct past_run *run)
{
    const struct row *ranked = NULL;
    char text[WORDS_MAX];

    for (unsigned i = 0; i < run->cell_count && !ranked; i++)
        if (is_ranked_cell(&run->cells[i]) && row_has(&run->cells[i], CELL_server_cpu_us_per_request))
            ranked = &run->cells[i];
    if (ranked)
        snprintf(
            text, sizeof(text),
            "No model can be compared with another: of those that were measured too few are valid, or had "
            "too few rounds. %.60s took %.2f µs of server CPU per request.",
            row_text(ranked, CELL_model), row_number(ranked, CELL_server_cpu_us_per_request));
    else
        snprintf(
            text, sizeof(text),
            "Nothing can be ranked: no cell is valid, served everyone and has a CPU time. The table below "
            "says why of each.");
    sink->say(sink->context, "", text, true);
}

void words_findings(const struct words_sink *sink, const struct past_run *run)
{
    const struct past_group *scenarios[PAST_SCENARIOS_MAX];
    unsigned count = past_run_scenarios(run, scenarios, PAST_SCENARIOS_MAX), said = 0;
    bool label = count + run->capacities_count > 1;

    for (unsigned i = 0; i < run->capacities_count; i++)
        if (past_run_capacities(run, run->capacities[i].scenario) == &run->capacities[i])
            said += say_capacities(sink, run, &run->capacities[i], label);
    for (unsigned i = 0; i < count; i++) {
        const struct past_group *group = past_run_main_group(run, scenarios[i]->scenario);

        if (!past_run_capacities(run, group->scenario))
            said += say_finding(sink, run, group->scenario,
                                &(struct rows){&of_cells, &run->cells[group->first], group->count,
                                               group->control, group->smallest, is_ranked_cell},
                                label);
    }
    if (said == 0)
        say_none(sink, run);
}
