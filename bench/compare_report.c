/*
 * compare_report - see compare_report.h: the table and JSON. The formats of other tools are in
 * compare_formats.c.
 */
#include "compare_report.h"

#include <math.h>
#include <string.h>
#include <time.h>

#include "number_json.h"
#include "units.h"

/* ---- the table ---- */

enum field { MODEL, METRIC, BEFORE, AFTER, CHANGE, P, WORDS, FIELDS };
enum { FIELD_MAX = 96 };

struct line {
    char fields[FIELDS][FIELD_MAX];
};

static const struct line head = {
    {"model", "metric", "BASE", "NEW", "change [95 %]", "p (Holm)", "verdict"},
};

static void format_figure(char *text, double figure)
{
    if (isnan(figure))
        snprintf(text, FIELD_MAX, "-");
    else
        snprintf(text, FIELD_MAX, "%.*f", figure < 100 ? 2 : 0, figure);
}

static void make_line(struct line *line, const struct comparison *c, bool first)
{
    char words[300];

    snprintf(line->fields[MODEL], FIELD_MAX, "%s", first ? c->model : "");
    snprintf(line->fields[METRIC], FIELD_MAX, "%s", c->metric->name);
    format_figure(line->fields[BEFORE], c->before);
    format_figure(line->fields[AFTER], c->after);
    if (isnan(c->change.ratio))
        snprintf(line->fields[CHANGE], FIELD_MAX, "-");
    else if (c->way == COMPARISON_COUNTED)
        snprintf(line->fields[CHANGE], FIELD_MAX, "%+.1f %%", (c->change.ratio - 1) * 100);
    else
        snprintf(line->fields[CHANGE], FIELD_MAX, "%+.1f %% [%+.1f, %+.1f]", (c->change.ratio - 1) * 100,
                 (c->change.low - 1) * 100, (c->change.high - 1) * 100);
    if (isnan(c->p_holm))
        snprintf(line->fields[P], FIELD_MAX, "-");
    else
        snprintf(line->fields[P], FIELD_MAX, "%.2g", c->p_holm);
    snprintf(line->fields[WORDS], FIELD_MAX, "%s%.80s", c->regression ? "REGRESSION: " : "",
             comparison_words(c, words, sizeof(words)));
}

static bool is_left(unsigned field)
{
    return field == MODEL || field == METRIC || field == CHANGE || field == WORDS;
}

static void widen(size_t widths[FIELDS], const struct line *line)
{
    for (unsigned f = 0; f < FIELDS; f++)
        if (strlen(line->fields[f]) > widths[f])
            widths[f] = strlen(line->fields[f]);
}

static void print_line(FILE *out, const struct line *line, const size_t widths[FIELDS])
{
    for (unsigned f = 0; f < FIELDS; f++) {
        int width = f == WORDS ? 0 : (int)widths[f];

        fprintf(out, "%s%*s", f > 0 ? "  " : "", is_left(f) ? -width : width, line->fields[f]);
    }
    putc('\n', out);
}

static bool same_group(const struct comparison_group *a, const struct comparison_group *b)
{
    return a->connections == b->connections && strcmp(a->scenario, b->scenario) == 0 && a->load == b->load &&
           strcmp(a->kind, b->kind) == 0 && strcmp(a->client, b->client) == 0;
}

static void print_title(FILE *out, const struct comparison *c)
{
    char words[96];

    fprintf(out, "%s: %u connection%s, %s%s", c->group.scenario, c->group.connections,
            c->group.connections > 1 ? "s" : "", c->group.client,
            comparison_group_words(&c->group, words, sizeof(words)));
    if (strcmp(c->group.kind, "duet") != 0)
        fprintf(out, ", %s", c->way == COMPARISON_PAIRED ? "alternating in one sitting" : "two runs");
    putc('\n', out);
}

/* The comparisons of one group stand side by side. Returns where the next one begins. */
static size_t print_group(FILE *out, const struct comparison_table *table, size_t first)
{
    size_t widths[FIELDS] = {0}, end = first;
    const char *model = "";
    struct line line;

    widen(widths, &head);
    for (; end < table->count && same_group(&table->items[end].group, &table->items[first].group); end++) {
        make_line(&line, &table->items[end], true);
        widen(widths, &line);
    }
    print_title(out, &table->items[first]);
    print_line(out, &head, widths);
    for (size_t i = first; i < end; i++) {
        make_line(&line, &table->items[i], strcmp(model, table->items[i].model) != 0);
        print_line(out, &line, widths);
        model = table->items[i].model;
    }
    putc('\n', out);
    return end;
}

/* ---- what the reader must know ---- */

static time_t time_of(const struct recorded *run)
{
    struct tm parts = {0};

    return strptime(recorded_text(run, "before", "time_utc", NULL), "%Y-%m-%dT%H:%M:%SZ", &parts)
               ? timegm(&parts)
               : 0;
}

static void print_two_runs(FILE *out, const struct comparison_setting *setting)
{
    time_t then = time_of(setting->before), now = time_of(setting->after);
    char text[UNITS_TEXT_MAX] = "some time";

    if (setting->before == setting->after)
        return;
    if (then > 0 && now > 0)
        units_format_duration(text, (int64_t)(now > then ? now - then : then - now) * 1000000000);
    fprintf(out,
            "The two runs were begun %s apart. What the machine did in between cannot be told from what the\n"
            "servers did, nor below what the control itself moved; the load client may differ as well. To\n"
            "find a small difference measure both in one sitting: tenk-bench --duet A B.\n",
            text);
}

static void print_blind(FILE *out, const struct comparison_table *table)
{
    if (table->blind > 0)
        fprintf(out,
                "%u comparison%s could not have shown that the limit is broken: the gate is blind there. "
                "More rounds help.\n",
                table->blind, table->blind > 1 ? "s" : "");
}

static void print_sides(FILE *out, const struct comparison_setting *setting)
{
    if (setting->before == setting->after)
        return;
    fprintf(out, "BASE %s, revision %s\n", setting->before->run.path,
            recorded_text(setting->before, "environment", "build", "revision"));
    fprintf(out, "NEW  %s, revision %s\n\n", setting->after->run.path,
            recorded_text(setting->after, "environment", "build", "revision"));
}

void compare_report_text(FILE *out, const struct comparison_table *table,
                         const struct comparison_setting *setting, const json_t *obstacles)
{
    print_sides(out, setting);
    for (size_t i = 0; i < table->count;)
        i = print_group(out, table, i);
    for (size_t i = 0; i < json_array_size(obstacles); i++)
        fprintf(out, "compared although %s\n", json_string_value(json_array_get(obstacles, i)));
    for (unsigned i = 0; i < table->note_count; i++)
        fprintf(out, "%s\n", table->notes[i]);
    print_two_runs(out, setting);
    print_blind(out, table);
    fprintf(
        out,
        "%zu comparisons, %zu of them tests judged together (Holm, 5 %%): %u regression%s, %u impossible\n",
        table->count, table->tests, table->regressions, table->regressions == 1 ? "" : "s",
        table->impossible);
}

/* ---- JSON ---- */

static json_t *comparison_json(const struct comparison *c)
{
    char words[300];

    return json_pack("{s:s, s:s, s:s, s:i, s:o, s:s, s:s, s:s, s:s, s:o, s:o, s:i, s:i, s:o, s:o, s:o, s:o, "
                     "s:o, s:o, s:o, "
                     "s:s, "
                     "s:s, s:b, s:b, s:b, s:s?}",
                     "scenario", c->group.scenario, "kind", c->group.kind, "client", c->group.client,
                     "connections", (int)c->group.connections, "load_fraction",
                     number_json(c->group.load > 0 ? c->group.load : (double)NAN), "model", c->model,
                     "metric", c->metric->name, "unit", c->metric->unit, "way", comparison_way_name(c->way),
                     "base", number_json(c->before), "new", number_json(c->after), "base_rounds",
                     (int)c->before_count, "new_rounds", (int)c->after_count, "ratio",
                     number_json(c->change.ratio), "ratio_low", number_json(c->change.low), "ratio_high",
                     number_json(c->change.high), "p", number_json(c->p), "p_holm", number_json(c->p_holm),
                     "floor", number_json(c->floor), "smallest_difference", number_json(c->detectable),
                     "verdict", comparison_verdict_name(c->verdict), "words",
                     comparison_words(c, words, sizeof(words)), "regression", c->regression, "fault",
                     c->fault, "blind", c->blind, "limit", c->broken ? c->broken->text : NULL);
}

static json_t *side_json(const struct recorded *run)
{
    return json_pack("{s:s, s:s, s:s, s:s}", "run", run->run.path, "revision",
                     recorded_text(run, "environment", "build", "revision"), "begun",
                     recorded_text(run, "before", "time_utc", NULL), "host",
                     json_string_value(json_object_get(json_object_get(run->json, "environment"), "host")));
}

json_t *compare_report_json(const struct comparison_table *table, const struct comparison_setting *setting,
                            const json_t *obstacles)
{
    json_t *list = json_array(), *notes = json_array();

    for (size_t i = 0; i < table->count; i++)
        json_array_append_new(list, comparison_json(&table->items[i]));
    for (unsigned i = 0; i < table->note_count; i++)
        json_array_append_new(notes, json_string(table->notes[i]));
    return json_pack("{s:o, s:o, s:b, s:O, s:o, s:i, s:i, s:i, s:i, s:o}", "base", side_json(setting->before),
                     "new", side_json(setting->after), "one_sitting", setting->before == setting->after,
                     "obstacles", obstacles, "notes", notes, "tests", (int)table->tests, "regressions",
                     (int)table->regressions, "impossible", (int)table->impossible, "blind",
                     (int)table->blind, "comparisons", list);
}
