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

/* The columns of numbers between "model" and "verdict", in this order. */
static const struct {
    unsigned column;
    const char *head;
    bool latency; /* means nothing when not everyone was served */
} columns[] = {
    {CELL_server_cpu_us_per_request, "CPU µs/req", false},
    {CELL_cpu_ratio, "vs control", false},
    {CELL_cpu_ratio_low, "95 % from", false},
    {CELL_cpu_ratio_high, "to", false},
    {CELL_requests_per_s, "req/s", false},
    {CELL_latency_p50_us, "p50 µs", true},
    {CELL_latency_p99_us, "p99 µs", true},
    {CELL_latency_p999_us, "p99.9 µs", true},
    {CELL_latency_max_us, "max µs", true},
    {CELL_connections_served, "served", false},
    {CELL_wrk_requests_per_s, "wrk req/s", false},
    {CELL_syscalls_per_request, "syscalls/req", false},
    {CELL_switches_per_request, "switches/req", false},
    {CELL_memory_pss_kib, "PSS KiB", false},
    {CELL_processes, "processes", false},
    {CELL_threads, "threads", false},
};
enum { COLUMNS = sizeof(columns) / sizeof(columns[0]) };

static void find_shown(const struct past_run *run, bool shown[COLUMNS])
{
    for (unsigned c = 0; c < COLUMNS; c++) {
        shown[c] = false;
        for (unsigned i = 0; i < run->cell_count && !shown[c]; i++)
            shown[c] = row_has(&run->cells[i], columns[c].column);
    }
}

static void write_head(FILE *out, const bool shown[COLUMNS])
{
    static const char *const texts[] = {"scenario", "client"};

    fputs("<thead><tr>", out);
    for (unsigned i = 0; i < 2; i++)
        fprintf(out, "<th scope=\"col\" class=\"t\"><button>%s</button></th>", texts[i]);
    fputs("<th scope=\"col\"><button>connections</button></th>"
          "<th scope=\"col\" class=\"t\"><button>model</button></th>"
          "<th scope=\"col\" class=\"t\"><button>verdict</button></th>",
          out);
    for (unsigned c = 0; c < COLUMNS; c++)
        if (shown[c])
            fprintf(out, "<th scope=\"col\" data-column=\"%s\"><button>%s</button></th>",
                    cell_columns.columns[columns[c].column].name, columns[c].head);
    fputs("<th scope=\"col\" class=\"t\"><button>beside the control</button></th>"
          "<th scope=\"col\" class=\"t\"><button>why</button></th><th scope=\"col\" class=\"t\">raw</th>"
          "<th scope=\"col\" class=\"t\">verdict in words</th></tr></thead>\n",
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
    html_number_cell(out, value);
}

static void write_words(FILE *out, const struct row *cell)
{
    const char *words = row_text(cell, CELL_cpu_words);

    fprintf(out, "<td class=\"t%s\">",
            strcmp(words, "cheaper") == 0  ? " less"
            : strcmp(words, "dearer") == 0 ? " more"
                                           : "");
    html_text(out, words);
    fputs("</td>", out);
}

/* What bound the cell. */
static void write_why(FILE *out, const struct row *cell)
{
    fputs("<td class=\"t\">", out);
    html_text(out, row_text(cell, CELL_why));
    fputs(": <span class=\"quiet\">", out);
    html_text(out, row_text(cell, CELL_why_detail));
    fputs("</span></td>", out);
}

static void write_verdict(FILE *out, const struct row *cell, enum standing standing)
{
    fputs("<td class=\"t\">", out);
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

    fputs("<td class=\"t\">", out);
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
                      const struct row *cell, const bool shown[COLUMNS])
{
    enum standing standing = summary_standing(cell);

    fprintf(out, "<tr class=\"%s\"><td class=\"t\">",
            standing == STANDING_INVALID         ? "invalid"
            : standing == STANDING_PARTLY_SERVED ? "partly"
                                                 : "ranked");
    html_text(out, row_text(cell, CELL_scenario));
    fputs("</td><td class=\"t\">", out);
    html_text(out, row_text(cell, CELL_client));
    fputs("</td>", out);
    html_number_cell(out, row_number(cell, CELL_connections));
    fputs("<th class=\"t\" scope=\"row\">", out);
    html_text(out, row_text(cell, CELL_model));
    fputs("</th>", out);
    write_verdict(out, cell, standing);
    for (unsigned c = 0; c < COLUMNS; c++)
        if (shown[c])
            write_number(out, cell, c, standing);
    write_words(out, cell);
    write_why(out, cell);
    write_raw(out, report, run, cell);
    fputs("<td class=\"t detail\">", out);
    html_text(out, row_text(cell, CELL_detail));
    fputs("</td></tr>\n", out);
}

void page_table(FILE *out, const struct report *report, const struct past_run *run, unsigned index)
{
    bool shown[COLUMNS];

    find_shown(run, shown);
    fprintf(out,
            "<h2>Every cell</h2>\n<p class=\"quiet\">A figure in parentheses is the client's, not the "
            "server's. Click a "
            "heading to sort; empty fields stay last.</p>\n"
            "<div class=\"filter\"><label>Filter <input type=\"search\" data-filter=\"cells-%u\" "
            "placeholder=\"all these words: epoll 64 kernel\"></label>"
            "<label><input type=\"checkbox\" data-ranked=\"cells-%u\"> ranked only</label>"
            "<span class=\"quiet\" data-count=\"cells-%u\" aria-live=\"polite\">%u cells</span></div>\n",
            index, index, index, run->cell_count);
    fprintf(out, "<div class=\"scroll results\" tabindex=\"0\"><table class=\"cells\" id=\"cells-%u\">\n",
            index);
    write_head(out, shown);
    fputs("<tbody>\n", out);
    for (unsigned i = 0; i < run->cell_count; i++)
        write_row(out, report, run, &run->cells[i], shown);
    fputs("</tbody></table></div>\n", out);
}
