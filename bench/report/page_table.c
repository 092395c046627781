/*
 * page_table - every cell of a run in one table that can be sorted and filtered, with its interval and
 * verdict.
 *
 * Each number stands twice: as people read it, and exactly as in results.json in data-v, by which the page
 * sorts.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "html.h"
#include "page.h"
#include "summary.h"
#include "verdict.h"

/* The columns of numbers, in this order; what does not fit on a screen is shown when it is asked for. */
static const struct {
    unsigned column;
    const char *head;
    bool latency; /* means nothing when not everyone was served */
    bool more;    /* shown when all columns are asked for */
} columns[] = {
    {CELL_server_cpu_us_per_request, "CPU µs/req", false, false},
    {CELL_cpu_ratio, "vs control", false, false},
    {CELL_cpu_ratio_low, "95 % from", false, false},
    {CELL_cpu_ratio_high, "to", false, false},
    {CELL_requests_per_s, "req/s", false, false},
    {CELL_latency_p50_us, "p50 µs", true, false},
    {CELL_latency_p99_us, "p99 µs", true, false},
    {CELL_latency_p999_us, "p99.9 µs", true, true},
    {CELL_latency_max_us, "max µs", true, true},
    {CELL_connections_served, "served", false, true},
    {CELL_wrk_requests_per_s, "wrk req/s", false, true},
    {CELL_syscalls_per_request, "syscalls/req", false, true},
    {CELL_switches_per_request, "switches/req", false, true},
    {CELL_memory_pss_kib, "PSS KiB", false, true},
    {CELL_processes, "processes", false, true},
    {CELL_threads, "threads", false, true},
};
enum { COLUMNS = sizeof(columns) / sizeof(columns[0]) };

/* Which columns have something to tell cells apart by, or to say at all. */
struct shown {
    bool scenario, client, load;
    bool numbers[COLUMNS];
};

static struct shown find_shown(const struct past_run *run)
{
    struct shown shown = {0};

    for (unsigned i = 0; i < run->cell_count; i++) {
        const struct row *cell = &run->cells[i];

        shown.scenario |= strcmp(row_text(cell, CELL_scenario), row_text(run->cells, CELL_scenario)) != 0;
        shown.client |= strcmp(row_text(cell, CELL_client), row_text(run->cells, CELL_client)) != 0;
        shown.load |= row_has(cell, CELL_load_fraction);
        for (unsigned c = 0; c < COLUMNS; c++)
            shown.numbers[c] |= row_has(cell, columns[c].column);
    }
    return shown;
}

static void write_text_head(FILE *out, const char *text, const char *classes)
{
    fprintf(out, "<th scope=\"col\" class=\"t%s\"><button>%s</button></th>", classes, text);
}

static void write_head(FILE *out, const struct shown *shown)
{
    fputs("<thead><tr>", out);
    write_text_head(out, "model", " stay");
    if (shown->scenario)
        write_text_head(out, "scenario", "");
    if (shown->client)
        write_text_head(out, "client", "");
    fputs("<th scope=\"col\"><button>connec&shy;tions</button></th>", out);
    if (shown->load)
        fputs("<th scope=\"col\"><button>load</button></th>", out);
    for (unsigned c = 0; c < COLUMNS; c++)
        if (shown->numbers[c])
            fprintf(out, "<th scope=\"col\"%s data-column=\"%s\"><button>%s</button></th>",
                    columns[c].more ? " class=\"extra\"" : "", cell_columns.columns[columns[c].column].name,
                    columns[c].head);
    write_text_head(out, "beside the control", "");
    write_text_head(out, "verdict", "");
    write_text_head(out, "bound by", "");
    write_text_head(out, "why", " extra");
    fputs("<th scope=\"col\" class=\"t extra\">raw</th>"
          "<th scope=\"col\" class=\"t extra\">verdict in words</th></tr></thead>\n",
          out);
}

static void write_number(FILE *out, const struct row *cell, unsigned c, enum standing standing)
{
    double value = row_number(cell, columns[c].column);

    if (columns[c].latency && standing == STANDING_PARTLY_SERVED)
        value = NAN;
    if (columns[c].column == CELL_requests_per_s && !isnan(value) &&
        verdict_is_rate_only(verdict_from_name(row_text(cell, CELL_reason)))) {
        fprintf(out,
                "<td data-v=\"%.17g\"><span class=\"paren\" title=\"the client's rate, not the server's\">",
                value);
        html_number(out, value);
        fputs("</span></td>", out);
        return;
    }
    html_number_cell(out, value, columns[c].more ? "extra" : "");
}

static void write_text(FILE *out, const char *text, const char *classes)
{
    fprintf(out, "<td class=\"t%s\">", classes);
    html_text(out, text);
    fputs("</td>", out);
}

/* What is not ranked claims nothing. */
static void write_words(FILE *out, const struct past_run *run, const struct row *cell, enum standing standing)
{
    const char *words = standing == STANDING_INVALID ? "" : row_text(cell, CELL_cpu_words);

    if (!words[0] && standing != STANDING_INVALID &&
        row_is(cell, CELL_model, past_run_group_of(run, cell)->control))
        words = "the control";

    write_text(out, words,
               strcmp(words, "cheaper") == 0  ? " less"
               : strcmp(words, "dearer") == 0 ? " more"
                                              : "");
}

static void write_verdict(FILE *out, const struct row *cell, enum standing standing)
{
    fputs("<td class=\"t wrap\">", out);
    if (standing == STANDING_INVALID)
        html_format(out, "INVALID (%s)",
                    row_has(cell, CELL_reason) ? row_text(cell, CELL_reason) : "no reason given");
    else if (standing == STANDING_PARTLY_SERVED)
        html_format(out, "served %.0f of %.0f", row_number(cell, CELL_connections_served),
                    row_number(cell, CELL_connections));
    else
        html_text(out, row_has(cell, CELL_reason) ? row_text(cell, CELL_reason) : "VALID");
    fputs("</td>", out);
}

/* Links to what the client printed in the first slices of the cell, as far as it is still there. */
static void write_raw(FILE *out, const struct report *report, const struct past_run *run,
                      const struct row *cell)
{
    enum { LINKS_MAX = 3 };
    unsigned count, links = 0;
    const struct row **slices = past_run_slices(run, cell, &count);

    fputs("<td class=\"t extra\">", out);
    for (unsigned i = 0; i < count && links < LINKS_MAX; i++) {
        char path[LAUNCH_PATH_MAX], *real;

        if (!row_has(slices[i], SAMPLE_raw) || strstr(row_text(slices[i], SAMPLE_raw), ".."))
            continue;
        snprintf(path, sizeof(path), "%.3000s/%.900s", run->path, row_text(slices[i], SAMPLE_raw));
        real = realpath(path, NULL);
        if (!real)
            continue;
        fputs(links > 0 ? " <a href=\"" : "<a href=\"", out);
        html_path(out, html_relative(report->output, real));
        fprintf(out, "\">%u</a>", ++links);
        free(real);
    }
    if (count > LINKS_MAX && links > 0)
        fprintf(out, " of %u", count);
    fputs("</td>", out);
}

static void write_row(FILE *out, const struct report *report, const struct past_run *run,
                      const struct row *cell, const struct shown *shown)
{
    enum standing standing = summary_standing(cell);

    fprintf(out, "<tr class=\"%s\"><th class=\"t stay\" scope=\"row\">",
            standing == STANDING_INVALID         ? "invalid"
            : standing == STANDING_PARTLY_SERVED ? "partly"
                                                 : "ranked");
    html_text(out, row_text(cell, CELL_model));
    fputs("</th>", out);
    if (shown->scenario)
        write_text(out, row_text(cell, CELL_scenario), "");
    if (shown->client)
        write_text(out, row_text(cell, CELL_client), "");
    html_number_cell(out, row_number(cell, CELL_connections), "");
    if (shown->load)
        html_number_cell(out, row_number(cell, CELL_load_fraction), "");
    for (unsigned c = 0; c < COLUMNS; c++)
        if (shown->numbers[c])
            write_number(out, cell, c, standing);
    write_words(out, run, cell, standing);
    write_verdict(out, cell, standing);
    write_text(out, row_text(cell, CELL_why), " wrap bound");
    write_text(out, row_text(cell, CELL_why_detail), " extra detail");
    write_raw(out, report, run, cell);
    write_text(out, row_text(cell, CELL_detail), " extra detail");
    fputs("</tr>\n", out);
}

/* What one may look for, and how many were found. */
static void write_filter(FILE *out, const struct past_run *run, unsigned index)
{
    fprintf(out,
            "<div class=\"filter\"><label>Filter <input type=\"search\" data-filter=\"cells-%u\" "
            "placeholder=\"all these words: epoll 64 kernel\"></label>"
            "<label><input type=\"checkbox\" data-ranked=\"cells-%u\"> ranked only</label>"
            "<label><input type=\"checkbox\" data-all=\"cells-%u\"> all columns</label>"
            "<span class=\"quiet\" data-count=\"cells-%u\" aria-live=\"polite\">%u cells</span></div>\n",
            index, index, index, index, run->cell_count);
}

void page_table(FILE *out, const struct report *report, const struct past_run *run, unsigned index)
{
    struct shown shown = find_shown(run);

    if (run->cell_count == 0)
        return;
    fputs("<h2>Every cell</h2>\n<p class=\"quiet\">A figure in parentheses is the client's, not the "
          "server's. Click a heading to sort; empty fields stay last.</p>\n",
          out);
    write_filter(out, run, index);
    fprintf(out, "<div class=\"scroll results\" tabindex=\"0\"><table class=\"cells\" id=\"cells-%u\">\n",
            index);
    write_head(out, &shown);
    fputs("<tbody>\n", out);
    for (unsigned i = 0; i < run->cell_count; i++)
        write_row(out, report, run, &run->cells[i], &shown);
    fputs("</tbody></table></div>\n", out);
}
