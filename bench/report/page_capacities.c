/*
 * page_capacities - the highest rates that kept an objective, a table per scenario and connection count.
 */
#include <string.h>

#include "capacity_table.h"
#include "html.h"
#include "page.h"

/* The columns of numbers, in this order. "%s there": of the objective, "p99 there". */
static const struct {
    unsigned column;
    const char *head;
} columns[] = {
    {CAPACITY_capacity_per_s, "capacity/s"},     {CAPACITY_capacity_low_per_s, "95 % from"},
    {CAPACITY_capacity_high_per_s, "to"},        {CAPACITY_capacity_ratio, "vs control"},
    {CAPACITY_capacity_ratio_low, "95 % from"},  {CAPACITY_capacity_ratio_high, "to"},
    {CAPACITY_latency_us, "latency there, µs"},  {CAPACITY_server_cpu_share, "CPU share there"},
    {CAPACITY_searches_found, "searches found"}, {CAPACITY_searches, "of"},
};
enum { COLUMNS = sizeof(columns) / sizeof(columns[0]) };

static void write_head(FILE *out)
{
    fputs("<thead><tr><th scope=\"col\" class=\"t stay\"><button>model</button></th>", out);
    for (unsigned c = 0; c < COLUMNS; c++)
        fprintf(out, "<th scope=\"col\" data-column=\"%s\"><button>%s</button></th>",
                capacity_columns.columns[columns[c].column].name, columns[c].head);
    fputs("<th scope=\"col\" class=\"t\"><button>beside the control</button></th>"
          "<th scope=\"col\" class=\"t\"><button>verdict</button></th></tr></thead>\n",
          out);
}

static void write_verdict(FILE *out, const struct row *row)
{
    fputs("<td class=\"t wrap\">", out);
    if (!capacity_ranked(row))
        html_format(out, "INVALID (%s)",
                    row_has(row, CAPACITY_reason) ? row_text(row, CAPACITY_reason) : "no reason given");
    else
        html_text(out, row_has(row, CAPACITY_reason) ? row_text(row, CAPACITY_reason) : "VALID");
    if (row_has(row, CAPACITY_detail)) {
        fputs(": <span class=\"quiet\">", out);
        html_text(out, row_text(row, CAPACITY_detail));
        fputs("</span>", out);
    }
    fputs("</td></tr>\n", out);
}

static void write_row(FILE *out, const struct row *row)
{
    const char *words = row_text(row, CAPACITY_capacity_words);

    fprintf(out, "<tr class=\"%s\"><th class=\"t stay\" scope=\"row\">",
            capacity_ranked(row) ? "ranked" : "invalid");
    html_text(out, row_text(row, CAPACITY_model));
    fputs("</th>", out);
    for (unsigned c = 0; c < COLUMNS; c++)
        html_number_cell(out, row_number(row, columns[c].column), "");
    fprintf(out, "<td class=\"t%s\">",
            strcmp(words, "higher") == 0  ? " less"
            : strcmp(words, "lower") == 0 ? " more"
                                          : "");
    html_text(out, words);
    fputs("</td>", out);
    write_verdict(out, row);
}

void page_capacities(FILE *out, const struct past_run *run)
{
    for (unsigned i = 0; i < run->capacities_count; i++) {
        const struct past_capacities *table = &run->capacities[i];

        fputs("<h2>", out);
        html_format(out, "Capacity: the highest rate with %s, %s, %u connection%s", table->objective,
                    table->scenario, table->connections, table->connections == 1 ? "" : "s");
        fputs("</h2>\n<p class=\"quiet\">Requests are offered when they are due, whatever became of those "
              "before (open loop); ",
              out);
        html_format(out, "the control is %s.", table->control);
        fputs("</p>\n<div class=\"scroll results\" tabindex=\"0\"><table class=\"capacities\">\n", out);
        write_head(out);
        fputs("<tbody>\n", out);
        for (unsigned r = 0; r < table->count; r++)
            write_row(out, &table->rows[r]);
        fputs("</tbody></table></div>\n", out);
    }
}
