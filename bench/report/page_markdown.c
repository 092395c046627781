/*
 * page_markdown - report.md: the findings, the plots, the main tables and the caveats, for places that show
 * Markdown.
 */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "capacity_table.h"
#include "page.h"
#include "page_words.h"
#include "summary.h"
#include "verdict.h"

/* Text in a table or a sentence: what Markdown or HTML would take for markup is escaped. */
static void write_text(FILE *out, const char *text)
{
    for (; *text; text++) {
        if (*text == '<')
            fputs("&lt;", out);
        else if (*text == '&')
            fputs("&amp;", out);
        else if (strchr("\\`*_[]|", *text))
            fprintf(out, "\\%c", *text);
        else
            putc(*text == '\n' || *text == '\r' ? ' ' : *text, out);
    }
}

static void say_bullet(void *context, const char *label, const char *text, bool warning)
{
    FILE *out = context;

    (void)warning;
    fputs("* ", out);
    if (label[0]) {
        fputs("**", out);
        write_text(out, label);
        fputs("**: ", out);
    }
    write_text(out, text);
    putc('\n', out);
}

static void write_value(FILE *out, int digits, double value)
{
    if (isnan(value))
        fputs("| - ", out);
    else
        fprintf(out, "| %.*f ", digits, value);
}

/* In parentheses when the client was the limit: then it is the client's rate. */
static void write_rate(FILE *out, const struct row *cell)
{
    double rate = row_number(cell, CELL_requests_per_s);

    if (!isnan(rate) && verdict_is_rate_only(verdict_from_name(row_text(cell, CELL_reason))))
        fprintf(out, "| (%.0f) ", rate);
    else
        write_value(out, 0, rate);
}

static void write_cell(FILE *out, const struct row *cell)
{
    enum standing standing = summary_standing(cell);
    bool partly = standing == STANDING_PARTLY_SERVED;

    fputs("| ", out);
    write_text(out, row_text(cell, CELL_model));
    putc(' ', out);
    write_value(out, 2, row_number(cell, CELL_server_cpu_us_per_request));
    write_value(out, 2, row_number(cell, CELL_cpu_ratio));
    if (row_has(cell, CELL_cpu_ratio_low))
        fprintf(out, "| [%.2f, %.2f] ", row_number(cell, CELL_cpu_ratio_low),
                row_number(cell, CELL_cpu_ratio_high));
    else
        fputs("| - ", out);
    write_rate(out, cell);
    write_value(out, 0, partly ? (double)NAN : row_number(cell, CELL_latency_p50_us));
    write_value(out, 0, partly ? (double)NAN : row_number(cell, CELL_latency_p99_us));
    fputs("| ", out);
    if (partly)
        fprintf(out, "served %.0f of %.0f", row_number(cell, CELL_connections_served),
                row_number(cell, CELL_connections));
    else if (standing == STANDING_INVALID)
        fputs("INVALID: ", out);
    if (!partly)
        write_text(out, row_has(cell, CELL_reason)     ? row_text(cell, CELL_reason)
                        : standing == STANDING_INVALID ? "no reason given"
                                                       : "VALID");
    fputs(" | ", out);
    write_text(out, row_text(cell, CELL_why));
    fputs(" |\n", out);
}

static void write_group(FILE *out, const struct past_run *run, const struct past_group *group)
{
    double load = past_run_load(run, group);

    fputs("\n### ", out);
    write_text(out, group->scenario);
    fprintf(out, ", %u connection%s, ", group->connections, group->connections == 1 ? "" : "s");
    write_text(out, group->client);
    if (!isnan(load))
        fprintf(out, ", at %.3g %% of each model's own capacity", load * 100);
    fputs("\n\n| model | CPU µs/req | vs ", out);
    write_text(out, group->control);
    fputs(" | 95 % | req/s | p50 µs | p99 µs | verdict | why |\n|---|---:|---:|---|---:|---:|---:|---|---|\n",
          out);
    for (unsigned c = 0; c < group->count; c++)
        write_cell(out, &run->cells[group->first + c]);
}

/* "| 0.71 [0.62, 0.75] "; `value` is the first of three columns: the value, and the ends of its interval. */
static void write_interval(FILE *out, const struct row *row, unsigned value, int digits)
{
    write_value(out, digits, row_number(row, value));
    if (row_has(row, value) && row_has(row, value + 1))
        fprintf(out, "[%.*f, %.*f] ", digits, row_number(row, value + 1), digits, row_number(row, value + 2));
}

static void write_capacity(FILE *out, const struct row *row)
{
    fputs("| ", out);
    write_text(out, row_text(row, CAPACITY_model));
    putc(' ', out);
    write_interval(out, row, CAPACITY_capacity_per_s, 0);
    write_interval(out, row, CAPACITY_capacity_ratio, 2);
    write_value(out, 0, row_number(row, CAPACITY_latency_us));
    fprintf(out, "| %.0f of %.0f | %s", row_number(row, CAPACITY_searches_found),
            row_number(row, CAPACITY_searches), capacity_ranked(row) ? "" : "INVALID: ");
    write_text(out, row_has(row, CAPACITY_reason) ? row_text(row, CAPACITY_reason)
                    : capacity_ranked(row)        ? "VALID"
                                                  : "no reason given");
    fputs(" |\n", out);
}

static void write_capacities(FILE *out, const struct past_capacities *table)
{
    fputs("\n### ", out);
    write_text(out, table->scenario);
    fprintf(out, ", %u connection%s: the highest rate with ", table->connections,
            table->connections == 1 ? "" : "s");
    write_text(out, table->objective);
    fputs("\n\n| model | capacity/s [95 %] | vs ", out);
    write_text(out, table->control);
    fputs(" [95 %] | latency there µs | searches | verdict |\n|---|---:|---|---:|---:|---|\n", out);
    for (unsigned i = 0; i < table->count; i++)
        write_capacity(out, &table->rows[i]);
}

static void write_run(FILE *out, const struct report *report, unsigned index)
{
    const struct past_run *run = &report->runs[index];
    const struct past_group *scenarios[PAST_SCENARIOS_MAX];
    unsigned count = past_run_scenarios(run, scenarios, PAST_SCENARIOS_MAX);
    struct words_sink bullets = {say_bullet, out};
    char about[1024];

    words_about(about, sizeof(about), run);
    fputs("\n## ", out);
    write_text(out, run->name);
    fputs("\n\n", out);
    write_text(out, about);
    fputs("\n\n", out);
    words_findings(&bullets, run);
    putc('\n', out);
    for (unsigned i = 0; i < CHARTS && report->has_plots; i++)
        if (report->charts[index][i].count > 0) {
            char suffix[16] = "";

            if (index > 0)
                snprintf(suffix, sizeof(suffix), "-%u", index + 1);
            fprintf(out, "![%s](plots%s/%s.svg)\n", report->charts[index][i].title, suffix,
                    report->charts[index][i].id);
        }
    for (unsigned i = 0; i < run->capacities_count; i++)
        write_capacities(out, &run->capacities[i]);
    for (unsigned i = 0; i < count; i++)
        write_group(out, run, past_run_main_group(run, scenarios[i]->scenario));
    fputs("\n### What to be careful about\n\n", out);
    words_caveats(&bullets, run);
}

int page_markdown(const struct report *report, struct failure *failure)
{
    char path[LAUNCH_PATH_MAX], title[256];
    FILE *out;

    snprintf(path, sizeof(path), "%.4000s/report.md", report->output);
    out = fopen(path, "we");
    if (!out)
        return failure_set(failure, EXIT_HERE, "cannot write %.300s: %s", path, strerror(errno));
    words_title(title, sizeof(title), report->runs, report->run_count);
    fputs("# ", out);
    write_text(out, report->title ? report->title : title);
    putc('\n', out);
    for (unsigned i = 0; i < report->run_count; i++)
        write_run(out, report, i);
    if (ferror(out) | fclose(out))
        return failure_set(failure, EXIT_HERE, "cannot write %.300s: %s", path, strerror(errno));
    return 0;
}
