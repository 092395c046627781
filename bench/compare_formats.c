/*
 * compare_formats - comparisons for other programs: JUnit XML for a build server, Go's benchmark format
 * for benchstat.
 */
#include "compare_report.h"

#include <string.h>

#include "selection.h"

/* ---- JUnit ---- */

static void xml_text(FILE *out, const char *text)
{
    for (; *text; text++)
        switch (*text) {
        case '<':
            fputs("&lt;", out);
            break;
        case '>':
            fputs("&gt;", out);
            break;
        case '&':
            fputs("&amp;", out);
            break;
        case '"':
            fputs("&quot;", out);
            break;
        default:
            putc(*text, out);
        }
}

static void test_case(FILE *out, const struct comparison *c)
{
    char words[300];

    fprintf(out, "  <testcase classname=\"%s.%s.%s.%u\" name=\"%s %s", c->group.scenario, c->group.kind,
            c->group.client, c->group.connections, c->model, c->metric->name);
    if (c->group.load > 0)
        fprintf(out, " at %.3g %%", c->group.load * 100);
    putc('"', out);
    comparison_words(c, words, sizeof(words));
    if (c->regression || c->verdict == COMPARISON_IMPOSSIBLE) {
        fprintf(out, "><%s message=\"", c->regression ? "failure" : "skipped");
        xml_text(out, words);
        fputs("\"/></testcase>\n", out);
        return;
    }
    fputs("><system-out>", out);
    xml_text(out, words);
    fputs("</system-out></testcase>\n", out);
}

void compare_report_junit(FILE *out, const struct comparison_table *table)
{
    unsigned skipped = 0;

    for (size_t i = 0; i < table->count; i++)
        skipped += table->items[i].verdict == COMPARISON_IMPOSSIBLE && !table->items[i].regression;
    fprintf(out,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
            "<testsuite name=\"tenk-compare\" tests=\"%zu\" failures=\"%u\" skipped=\"%u\" errors=\"0\">\n",
            table->count, table->regressions, skipped);
    for (size_t i = 0; i < table->count; i++)
        test_case(out, &table->items[i]);
    fputs("</testsuite>\n", out);
}

/* ---- Go's benchmark format ---- */

/* Of a search the row that says what it found. */
static bool has_figure(const struct row *row, const struct comparison_group *group)
{
    if (strcmp(group->kind, "search") == 0)
        return row_has(row, SAMPLE_capacity_per_s);
    return selection_usable(row) && selection_has_load(row, group->load);
}

static bool is_of(const struct row *row, const struct comparison_group *group, const char *model)
{
    return row_is(row, SAMPLE_scenario, group->scenario) && row_is(row, SAMPLE_kind, group->kind) &&
           row_is(row, SAMPLE_client, group->client) && row_is(row, SAMPLE_model, model) &&
           row_number(row, SAMPLE_connections) == group->connections && has_figure(row, group);
}

/* benchstat's tables are headed by units: "cpu-us/request", "req/s". */
static void print_unit(FILE *out, const struct metric *metric)
{
    bool same = strcmp(metric->name, metric->unit) == 0;

    fprintf(out, "%s%s%s", metric->name, same ? "" : "-", same ? "" : metric->unit);
}

/* One line per slice: the number of requests, then each figure with its unit. */
static void benchmark_lines(FILE *out, const struct recorded *run, const struct comparison *c,
                            const char *suffix)
{
    char model[SCENARIO_NAME_MAX * 2];

    snprintf(model, sizeof(model), "%s%s", c->model, suffix);
    for (unsigned i = 0; i < run->samples.count; i++) {
        const struct row *row = &run->samples.rows[i];

        if (!is_of(row, &c->group, model) || !samples_counts(&run->samples, i))
            continue;
        fprintf(out, "BenchmarkTenk/scenario=%s/client=%s/kind=%s/connections=%u/", c->group.scenario,
                c->group.client, c->group.kind, c->group.connections);
        if (c->group.load > 0)
            fprintf(out, "load=%.3g%%/", c->group.load * 100);
        fprintf(out, "model=%s 1", c->model);
        for (unsigned m = 0; m < METRICS; m++)
            if (metrics[m].source == METRIC_TIMED && comparison_applies(&metrics[m], &c->group) &&
                row_has(row, metrics[m].column)) {
                fprintf(out, " %.9g ", row_number(row, metrics[m].column));
                print_unit(out, &metrics[m]);
            }
        putc('\n', out);
    }
}

static void benchmark_side(FILE *out, const struct comparison_table *table, const struct recorded *run,
                           const char *side, const char *suffix)
{
    fprintf(out, "\nside: %s\n", side);
    for (size_t i = 0; i < table->count; i++)
        if (i == 0 || strcmp(table->items[i].model, table->items[i - 1].model) != 0 ||
            table->items[i].group.connections != table->items[i - 1].group.connections ||
            table->items[i].group.load != table->items[i - 1].group.load ||
            strcmp(table->items[i].group.kind, table->items[i - 1].group.kind) != 0 ||
            strcmp(table->items[i].group.client, table->items[i - 1].group.client) != 0)
            benchmark_lines(out, run, &table->items[i], suffix);
}

void compare_report_benchstat(FILE *out, const struct comparison_table *table,
                              const struct comparison_setting *setting)
{
    bool duet = setting->before == setting->after;

    fprintf(out, "goos: linux\ncpu: %s\n",
            recorded_text(setting->before, "environment", "processor", "model"));
    for (unsigned m = 0; m < METRICS; m++) {
        fputs("Unit ", out);
        print_unit(out, &metrics[m]);
        fprintf(out, " better=%s\n", metrics[m].more_is_better ? "higher" : "lower");
    }
    benchmark_side(out, table, setting->before, "base", duet ? COMPARISON_BEFORE : "");
    benchmark_side(out, table, setting->after, "new", duet ? COMPARISON_AFTER : "");
}
