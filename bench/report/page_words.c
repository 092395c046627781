/*
 * page_words - see page_words.h. The caveats are in page_caveats.c.
 */
#include "page_words.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

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
    append(text, size, "; %.60s, revision %.40s. %u cells.", compiler ? compiler : "unknown compiler",
           revision ? revision : "unknown", run->cell_count);
}

/* ---- findings ---- */

enum kind { CHEAPER, NO_DIFFERENCE, DEARER, KINDS };

static enum kind kind_of(const struct row *cell)
{
    return row_is(cell, CELL_cpu_words, "cheaper")  ? CHEAPER
           : row_is(cell, CELL_cpu_words, "dearer") ? DEARER
           : row_has(cell, CELL_cpu_words)          ? NO_DIFFERENCE
                                                    : KINDS;
}

static unsigned append_names(char *text, size_t size, const struct past_run *run,
                             const struct past_group *group, enum kind kind)
{
    unsigned count = 0;

    for (unsigned c = 0; c < group->count; c++) {
        const struct row *cell = &run->cells[group->first + c];

        if (summary_standing(cell) != STANDING_RANKED || kind_of(cell) != kind ||
            row_is(cell, CELL_model, group->control) || ++count > NAMES_MAX)
            continue;
        append(text, size, "%s%.60s", count > 1 ? ", " : "", row_text(cell, CELL_model));
        if (kind != NO_DIFFERENCE)
            append(text, size, " %.2f ×", row_number(cell, CELL_cpu_ratio));
    }
    if (count > NAMES_MAX)
        append(text, size, " and %u more", count - NAMES_MAX);
    return count;
}

void words_group(char *text, size_t size, const struct past_run *run, const struct past_group *group)
{
    static const char *const openings[KINDS] = {"Cheaper than", "No difference from", "Dearer than"};
    char names[WORDS_MAX];

    text[0] = '\0';
    for (enum kind kind = CHEAPER; kind < KINDS; kind++) {
        names[0] = '\0';
        if (append_names(names, sizeof(names), run, group, kind) == 0)
            continue;
        append(text, size, "%s%s %.60s", text[0] ? " " : "", openings[kind], group->control);
        if (kind == NO_DIFFERENCE && !isnan(group->smallest))
            append(text, size, " shown (this run sees none below %.1f %%)", group->smallest * 100);
        else if (kind == NO_DIFFERENCE)
            append(text, size, " shown");
        append(text, size, ": %s.", names);
    }
}

void words_findings(const struct words_sink *sink, const struct past_run *run)
{
    const struct past_group *scenarios[PAST_SCENARIOS_MAX];
    unsigned count = past_run_scenarios(run, scenarios, PAST_SCENARIOS_MAX), said = 0;
    char text[WORDS_MAX + 1024], beside[WORDS_MAX];

    for (unsigned i = 0; i < count; i++) {
        const struct past_group *group = past_run_main_group(run, scenarios[i]->scenario);
        const char *finding =
            json_string_value(json_object_get(json_object_get(run->results, "findings"), group->scenario));

        words_group(beside, sizeof(beside), run, group);
        snprintf(text, sizeof(text), "%.1000s%s%s", finding ? finding : "",
                 finding && *finding && beside[0] ? " " : "", beside);
        if (!text[0])
            continue;
        sink->say(sink->context, count > 1 ? group->scenario : "", text, false);
        said++;
    }
    if (said == 0)
        sink->say(sink->context, "",
                  "Nothing can be ranked: no cell is valid, served everyone and has a CPU time. The table "
                  "below says "
                  "why of each.",
                  true);
}
