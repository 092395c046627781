/*
 * page_compare - two runs side by side, or the two programs of a duet, by the rule of tenk-compare
 * (bench/comparison.h). Of two runs each slice is taken over the control's in its own round, because absolute
 * figures of identical servers differ between two sittings; a duet has both sides in one.
 */
#include <math.h>
#include <string.h>

#include "comparison.h"
#include "html.h"
#include "page.h"

static double percent(double ratio)
{
    return (ratio - 1) * 100;
}

/* ---- the finding ---- */

enum { NAMED_MAX = 12 };

/* "Worse in NEW: epoll cpu +12.0 % [+9.8, +14.1] (quick, 64 connections)." Returns how many there are. */
static unsigned write_changed(FILE *out, const struct comparison_table *table,
                              enum comparison_verdict verdict)
{
    unsigned count = 0;

    for (size_t i = 0; i < table->count; i++) {
        const struct comparison *c = &table->items[i];

        if (c->verdict != verdict || ++count > NAMED_MAX)
            continue;
        if (count == 1)
            fprintf(out, "<li>%s in NEW: ", verdict == COMPARISON_WORSE ? "Worse" : "Better");
        html_format(out, "%s%s %s %+.1f %%", count > 1 ? "; " : "", c->model, c->metric->name,
                    percent(c->change.ratio));
        if (!isnan(c->change.low))
            html_format(out, " [%+.1f, %+.1f]", percent(c->change.low), percent(c->change.high));
        html_format(out, " (%s, %u connection%s)", c->group.scenario, c->group.connections,
                    c->group.connections == 1 ? "" : "s");
    }
    if (count > NAMED_MAX)
        fprintf(out, " and %u more", count - NAMED_MAX);
    fputs(count > 0 ? ".</li>\n" : "", out);
    return count;
}

static void write_finding(FILE *out, const struct comparison_table *table)
{
    unsigned changed;

    fputs("<ul class=\"findings\">\n", out);
    changed = write_changed(out, table, COMPARISON_WORSE);
    changed += write_changed(out, table, COMPARISON_BETTER);
    if (changed == 0 && table->impossible < table->count)
        fputs("<li>No difference between BASE and NEW is shown.</li>\n", out);
    else if (changed == 0)
        fputs("<li>BASE and NEW cannot be compared: the table says why of each.</li>\n", out);
    fputs("</ul>\n", out);
}

/* ---- how many of what ---- */

static void write_count(FILE *out, const struct comparison_table *table, const struct metric *metric)
{
    unsigned counts[COMPARISON_IMPOSSIBLE + 1] = {0}, all = 0;

    for (size_t i = 0; i < table->count; i++)
        if (table->items[i].metric == metric) {
            counts[table->items[i].verdict]++;
            all++;
        }
    if (all == 0)
        return;
    fputs("<li><b>", out);
    html_text(out, metric->name);
    fputs("</b> ", out);
    html_format(out, "(%s): %u better, %u worse, %u with no difference shown, %u that cannot be compared",
                metric->text, counts[COMPARISON_BETTER], counts[COMPARISON_WORSE], counts[COMPARISON_NONE],
                counts[COMPARISON_IMPOSSIBLE]);
    fputs("</li>\n", out);
}

static void write_counts(FILE *out, const struct comparison_table *table, bool one_sitting)
{
    fputs("<ul class=\"caveats\">\n", out);
    for (unsigned i = 0; i < METRICS; i++)
        write_count(out, table, &metrics[i]);
    fputs("</ul>\n<p class=\"quiet\">", out);
    html_format(out,
                "%zu comparisons, %zu of them tests judged together (Holm, 5 %%). Better and worse are said "
                "only when the interval excludes no change, the test holds, and the change exceeds what two "
                "copies of the control differed by%s.",
                table->count, table->tests,
                one_sitting ? "" : " and what the control moved by from one run to the other");
    fputs("</p>\n", out);
}

/* ---- what stands in the way ---- */

static void write_obstacles(FILE *out, const struct comparison_table *table, const json_t *obstacles)
{
    if (table->note_count == 0 && json_array_size(obstacles) == 0)
        return;
    fputs("<ul class=\"caveats\">\n", out);
    for (size_t i = 0; i < json_array_size(obstacles); i++) {
        fputs("<li class=\"warn\">Compared although ", out);
        html_format(out, "%.900s.", json_string_value(json_array_get(obstacles, i)));
        fputs("</li>\n", out);
    }
    for (unsigned i = 0; i < table->note_count; i++) {
        fputs("<li>", out);
        html_format(out, "%s.", table->notes[i]);
        fputs("</li>\n", out);
    }
    fputs("</ul>\n", out);
}

/* ---- the table ---- */

static void write_head(FILE *out)
{
    static const struct {
        const char *name, *class;
    } heads[] = {
        {"model", "t stay"}, {"scenario", "t"}, {"client", "t"},  {"connec&shy;tions", ""},
        {"metric", "t"},     {"BASE", ""},      {"NEW", ""},      {"change %", ""},
        {"95 % from", ""},   {"to", ""},        {"p (Holm)", ""}, {"in words", "t"},
    };

    fputs("<div class=\"scroll results\" tabindex=\"0\"><table class=\"compared\">\n<thead><tr>", out);
    for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++)
        fprintf(out, "<th scope=\"col\" class=\"%s\"><button>%s</button></th>", heads[i].class,
                heads[i].name);
    fputs("</tr></thead><tbody>\n", out);
}

static void write_text(FILE *out, const char *text, const char *class)
{
    fprintf(out, "<td class=\"%s\">", class);
    html_text(out, text);
    fputs("</td>", out);
}

static void write_row(FILE *out, const struct comparison *c)
{
    static const char *const classes[] = {
        [COMPARISON_NONE] = "t",
        [COMPARISON_BETTER] = "t less",
        [COMPARISON_WORSE] = "t more",
        [COMPARISON_IMPOSSIBLE] = "t wrap",
    };
    char words[300];

    fprintf(out, "<tr%s><th class=\"t stay\" scope=\"row\">",
            c->verdict == COMPARISON_IMPOSSIBLE ? " class=\"invalid\"" : "");
    html_text(out, c->model);
    fputs("</th>", out);
    write_text(out, c->group.scenario, "t");
    write_text(out, c->group.client, "t");
    html_number_cell(out, c->group.connections, "");
    fputs("<td class=\"t\">", out);
    html_text(out, c->metric->name);
    if (c->group.load > 0)
        html_format(out, " at %.3g %% of its capacity", c->group.load * 100);
    if (strcmp(c->group.kind, "duet") == 0)
        fputs(" at the same time", out);
    if (strcmp(c->metric->name, c->metric->unit) != 0) {
        fputs(", ", out);
        html_unit(out, c->metric->unit);
    }
    fputs("</td>", out);
    html_number_cell(out, c->before, "");
    html_number_cell(out, c->after, "");
    html_number_cell(out, percent(c->change.ratio), "");
    html_number_cell(out, percent(c->change.low), "");
    html_number_cell(out, percent(c->change.high), "");
    html_number_cell(out, c->p_holm, "");
    write_text(out, comparison_words(c, words, sizeof(words)), classes[c->verdict]);
    fputs("</tr>\n", out);
}

/* ---- the whole ---- */

static void write_refusal(FILE *out, const struct failure *failure)
{
    fputs("<p>", out);
    html_format(out, "Not compared: %s.", failure->text);
    fputs("</p>\n", out);
}

static void write_comparison(FILE *out, const struct recorded *before, const struct recorded *after)
{
    struct comparison_setting setting = {.before = before, .after = after, .seed = COMPARISON_SEED};
    struct comparison_table table;
    struct failure failure;
    json_t *obstacles;

    if (comparison_make(&table, &setting, &failure) < 0) {
        write_refusal(out, &failure);
        return;
    }
    obstacles = comparison_obstacles(before, after);
    write_finding(out, &table);
    write_counts(out, &table, before == after);
    write_obstacles(out, &table, obstacles);
    write_head(out);
    for (size_t i = 0; i < table.count; i++)
        write_row(out, &table.items[i]);
    fputs("</tbody></table></div>\n", out);
    json_decref(obstacles);
    comparison_free(&table);
}

/* The slices are read anew, with the scenarios beside them: a page of one run needs neither. */
void page_comparison(FILE *out, const struct past_run *base, const struct past_run *other)
{
    struct recorded before = {0}, after = {0};
    struct failure failure;

    fputs("<section class=\"comparison\"><h2>", out);
    html_format(out, "%s (NEW) beside %s (BASE)", other->name, base->name);
    fputs("</h2>\n", out);
    if (recorded_read(&before, base->path, &failure) == 0 &&
        recorded_read(&after, other->path, &failure) == 0)
        write_comparison(out, &before, &after);
    else
        write_refusal(out, &failure);
    recorded_free(&before);
    recorded_free(&after);
    fputs("</section>\n", out);
}

/* ---- a duet ---- */

static bool is_duet(const struct past_run *run)
{
    for (unsigned i = 0; i < run->cell_count; i++) {
        const char *side = strrchr(row_text(&run->cells[i], CELL_model), COMPARISON_AFTER[0]);

        if (side && strcmp(side, COMPARISON_AFTER) == 0)
            return true;
    }
    return false;
}

static void write_programs(FILE *out, const struct recorded *run)
{
    fputs("<p>", out);
    if (run->scenario_count > 0)
        html_format(out, "BASE is %s, NEW is %s. ", run->scenarios[0].duet_base, run->scenarios[0].duet_new);
    fputs("Both were measured in one sitting: alternately, and at the same time on one CPU, which is the "
          "surer.</p>\n",
          out);
}

void page_duet(FILE *out, const struct past_run *run)
{
    struct recorded both = {0};
    struct failure failure;

    if (!is_duet(run))
        return;
    fputs("<section class=\"comparison\"><h2>", out);
    html_format(out, "%s: NEW beside BASE", run->name);
    fputs("</h2>\n", out);
    if (recorded_read(&both, run->path, &failure) == 0) {
        write_programs(out, &both);
        write_comparison(out, &both, &both);
    } else {
        write_refusal(out, &failure);
    }
    recorded_free(&both);
    fputs("</section>\n", out);
}
