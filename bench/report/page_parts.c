/*
 * page_parts - findings, caveats, charts and the machine, as HTML.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "html.h"
#include "page.h"
#include "page_words.h"

/* ---- sentences ---- */

static void say_item(void *context, const char *label, const char *text, bool warning)
{
    FILE *out = context;

    fputs(warning ? "<li class=\"warn\">" : "<li>", out);
    if (label[0]) {
        fputs("<b>", out);
        html_text(out, label);
        fputs("</b> ", out);
    }
    html_text(out, text);
    fputs("</li>\n", out);
}

void page_findings(FILE *out, const struct past_run *run)
{
    const struct past_group *scenarios[2];
    bool many = past_run_scenarios(run, scenarios, 2) > 1;

    fprintf(out, "<ul class=\"findings%s\">\n", many ? " many" : "");
    words_findings(&(struct words_sink){say_item, out}, run);
    fputs("</ul>\n", out);
}

void page_caveats(FILE *out, const struct past_run *run)
{
    fputs("<ul class=\"caveats\">\n", out);
    words_caveats(&(struct words_sink){say_item, out}, run);
    fputs("</ul>\n", out);
}

/* ---- charts, and their values as tables ---- */

static void write_values_head(FILE *out, const struct chart *chart)
{
    fputs("<thead><tr><th class=\"t\" scope=\"col\">panel</th><th class=\"t\" scope=\"col\">model</th>", out);
    if (chart->kind == CHART_LINES) {
        fputs("<th scope=\"col\">", out);
        html_text(out, chart->x_label);
        fputs("</th>", out);
    }
    fputs("<th scope=\"col\">", out);
    html_text(out, chart->y_label[0] ? chart->y_label : "value");
    fputs("</th><th scope=\"col\">low</th><th scope=\"col\">high</th>", out);
    if (strcmp(chart->id, "split") == 0)
        fputs("<th scope=\"col\">of it in user space</th>", out);
    fputs("<th class=\"t\" scope=\"col\">remark</th></tr></thead>\n", out);
}

static void write_value(FILE *out, const struct chart *chart, const struct chart_panel *panel,
                        const struct chart_series *series, const struct chart_point *point)
{
    fputs("<tr><td class=\"t\">", out);
    html_text(out, panel->title);
    fputs("</td><th class=\"t\" scope=\"row\">", out);
    html_text(out, series->name);
    fputs("</th>", out);
    if (chart->kind == CHART_LINES)
        html_number_cell(out, point->x, "");
    html_number_cell(out, point->y, "");
    html_number_cell(out, point->low, "");
    html_number_cell(out, point->high, "");
    if (strcmp(chart->id, "split") == 0)
        html_number_cell(out, point->part, "");
    fputs("<td class=\"t\">", out);
    html_text(out, point->note);
    fputs("</td></tr>\n", out);
}

static void write_values(FILE *out, const struct chart *chart)
{
    fputs("<details><summary>The values as a table</summary><div class=\"scroll\" tabindex=\"0\"><table "
          "class=\"values\">\n",
          out);
    write_values_head(out, chart);
    fputs("<tbody>\n", out);
    for (size_t i = 0; i < chart->count; i++)
        for (size_t j = 0; j < chart->panels[i].count; j++)
            for (size_t k = 0; k < chart->panels[i].series[j].count && !chart->panels[i].series[j].context;
                 k++)
                write_value(out, chart, &chart->panels[i], &chart->panels[i].series[j],
                            &chart->panels[i].series[j].points[k]);
    fputs("</tbody></table></div></details>\n", out);
}

static void write_chart(FILE *out, const struct chart *chart, unsigned index)
{
    char caption[CHART_CAPTION_MAX];

    fprintf(out,
            "<figure class=\"chart%s\" id=\"run-%u-%s\" data-run=\"%u\" data-chart=\"%s\">\n<figcaption><h3>",
            chart->count > 1 ? " wide" : "", index, chart->id, index, chart->id);
    html_text(out, chart->title);
    fputs("</h3>", out);
    chart_caption(caption, chart);
    if (caption[0]) {
        fputs("<p>", out);
        html_text(out, caption);
        fputs("</p>", out);
    }
    fputs("</figcaption>\n<div class=\"plot\"><noscript>Drawn by the script of this page; the values stand "
          "below."
          "</noscript></div>\n",
          out);
    write_values(out, chart);
    fputs("</figure>\n", out);
}

void page_charts(FILE *out, const struct chart charts[CHARTS], unsigned index)
{
    bool missing = false;

    fprintf(out,
            "<div class=\"models\" data-run=\"%u\" role=\"group\" aria-label=\"Models shown in the "
            "charts\"></div>\n",
            index);
    fputs("<div class=\"charts\">\n", out);
    for (unsigned i = 0; i < CHARTS; i++)
        if (charts[i].count > 0)
            write_chart(out, &charts[i], index);
    fputs("</div>\n", out);
    for (unsigned i = 0; i < CHARTS; i++) {
        if (charts[i].count > 0)
            continue;
        fputs(missing ? "<li>" : "<details><summary>Charts left out, and why</summary><ul><li>", out);
        html_format(out, "%s: %s", charts[i].title, charts[i].missing);
        fputs("</li>\n", out);
        missing = true;
    }
    fputs(missing ? "</ul></details>\n" : "", out);
}

/* ---- the machine ---- */

static void write_setting(FILE *out, const char *name, const json_t *value)
{
    char *text = NULL;

    if (json_is_object(value)) {
        const char *key;
        json_t *member;

        json_object_foreach((json_t *)(uintptr_t)value, key, member)
        {
            char path[256];

            snprintf(path, sizeof(path), "%.100s%s%.100s", name, name[0] ? ", " : "", key);
            write_setting(out, path, member);
        }
        return;
    }
    if (value && !json_is_string(value))
        text = json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(9));
    fputs("<tr><th scope=\"row\">", out);
    html_text(out, name);
    fputs("</th><td>", out);
    html_text(out, !value || json_is_null(value) ? "not known" : text ? text : json_string_value(value));
    fputs("</td></tr>\n", out);
    free(text);
}

/* A word as a shell takes it for one: in single quotes, if it needs them. */
static void write_shell_word(FILE *out, const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./:=,+@%-";
    const char *quote;

    if (word[0] && word[strspn(word, plain)] == '\0') {
        html_text(out, word);
        return;
    }
    html_text(out, "'");
    while ((quote = strchr(word, '\''))) {
        html_format(out, "%.*s'\\''", (int)(quote - word), word);
        word = quote + 1;
    }
    html_text(out, word);
    html_text(out, "'");
}

/* What to type to measure the same again, and to compare. */
static void write_command(FILE *out, const struct past_run *run)
{
    const json_t *command = json_object_get(run->about, "command");
    const char *revision = json_string_value(
        json_object_get(json_object_get(json_object_get(run->about, "environment"), "build"), "revision"));

    if (json_array_size(command) == 0)
        return;
    fputs("<h2>Measure it again</h2>\n<p>", out);
    html_format(out, "In the source tree of tenk%s%.40s%s:", revision ? " (revision " : "",
                revision ? revision : "", revision ? ")" : "");
    fputs("</p>\n<pre><code>make\n", out);
    for (size_t i = 0; i < json_array_size(command); i++) {
        const char *word = json_string_value(json_array_get(command, i));

        fputs(i > 0 ? " " : "", out);
        write_shell_word(out, word ? word : "");
    }
    fprintf(out, "\nbuild/tenk-compare %s", strstr(run->path, "results/") ? "results/" : "");
    write_shell_word(out, run->name);
    fputs(" NEW</code></pre>\n<p class=\"quiet\">The last line says what differs, and how surely; NEW is the "
          "directory the second one names.</p>\n",
          out);
}

void page_machine(FILE *out, const struct past_run *run)
{
    write_command(out, run);
    fputs("<h2>The machine</h2>\n", out);
    if (json_object_size(run->about) == 0) {
        fputs("<p>Not known: the run has no run.json.</p>\n", out);
        return;
    }
    fputs("<details class=\"environment\"><summary>Kernel, processor, limits, build</summary><div "
          "class=\"scroll\" tabindex=\"0\">"
          "<table class=\"machine\"><tbody>\n",
          out);
    write_setting(out, "", json_object_get(run->about, "environment"));
    write_setting(out, "before", json_object_get(run->about, "before"));
    write_setting(out, "after", json_object_get(run->about, "after"));
    fputs("</tbody></table></div></details>\n", out);
}
