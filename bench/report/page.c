/*
 * page - see page.h. This file puts the template together; page_*.c write its parts.
 */
#include "page.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "family.h"
#include "html.h"
#include "page_words.h"
#include "shipped.h"

enum { TEMPLATE_MAX = 1 << 20 };

/* ---- templates ---- */

static char *read_template(const char *name, struct failure *failure)
{
    char path[LAUNCH_PATH_MAX], *text = NULL;
    size_t length = 0;
    FILE *in;

    if (shipped_find("report", name, path) < 0) {
        failure_set(
            failure, EXIT_HERE,
            "cannot find the template %s: neither bench/report/ nor share/tenk/report/ is near this program",
            name);
        return NULL;
    }
    in = fopen(path, "re");
    if (in)
        text = malloc(TEMPLATE_MAX);
    if (text)
        length = fread(text, 1, TEMPLATE_MAX - 1, in);
    if (text && !ferror(in))
        text[length] = '\0';
    else
        failure_set(failure, EXIT_HERE, "cannot read the template %.300s: %s", path, strerror(errno));
    if (in)
        fclose(in);
    return text;
}

/* ---- slots ---- */

static void write_title(FILE *out, const struct report *report)
{
    char title[256];

    if (report->title)
        snprintf(title, sizeof(title), "%.250s", report->title);
    else
        words_title(title, sizeof(title), report->runs, report->run_count);
    html_text(out, title);
}

static void write_about(FILE *out, const struct report *report)
{
    char about[1024];

    for (unsigned i = 0; i < report->run_count; i++) {
        words_about(about, sizeof(about), &report->runs[i]);
        if (i > 0)
            fputs("<br>", out);
        if (report->run_count > 1) {
            fprintf(out, "<a href=\"#run-%u\">", i);
            html_text(out, report->runs[i].name);
            fputs("</a>: ", out);
        }
        html_text(out, about);
    }
}

static void write_comparisons(FILE *out, const struct report *report)
{
    for (unsigned i = 0; i < report->run_count; i++)
        page_duet(out, &report->runs[i]);
    for (unsigned i = 1; i < report->run_count; i++)
        page_comparison(out, &report->runs[0], &report->runs[i]);
}

static void write_raw(FILE *out, const struct report *report, const struct past_run *run)
{
    static const char *const files[][2] = {
        {"results.json", "every cell"},        {"results.csv", "every slice, as a table"},
        {"samples.jsonl", "every slice"},      {"results.md", "the tables"},
        {"run.json", "the machine, the plan"}, {"raw", "what the clients printed"},
        {"cells", "histograms of the cells"},
    };
    char path[LAUNCH_PATH_MAX];
    bool first = true;

    fputs("<p class=\"quiet\">Raw files: ", out);
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        char *real;

        snprintf(path, sizeof(path), "%.3900s/%s", run->path, files[i][0]);
        real = realpath(path, NULL);
        if (!real)
            continue;
        fputs(first ? "<a href=\"" : ", <a href=\"", out);
        html_path(out, html_relative(report->output, real));
        fprintf(out, "\">%s</a> (%s)", files[i][0], files[i][1]);
        first = false;
        free(real);
    }
    fputs(first ? "not found beside the report.</p>\n" : ".</p>\n", out);
}

static void write_runs(FILE *out, const struct report *report)
{
    for (unsigned i = 0; i < report->run_count; i++) {
        const struct past_run *run = &report->runs[i];

        fprintf(out, "<section class=\"run\" id=\"run-%u\">\n", i);
        if (report->run_count > 1) {
            fputs("<h2>", out);
            html_format(out, "Run %u: %s", i + 1, run->name);
            fputs("</h2>\n", out);
        }
        page_findings(out, run);
        page_charts(out, report->charts[i], i);
        page_capacities(out, run);
        page_table(out, report, run, i);
        fputs("<h2>What to be careful about</h2>\n", out);
        page_caveats(out, run);
        page_machine(out, run);
        write_raw(out, report, run);
        fputs("</section>\n", out);
    }
}

static void write_data(FILE *out, const struct report *report)
{
    json_t *runs = json_array(), *list = json_array(), *root;

    for (unsigned i = 0; i < report->run_count; i++)
        json_array_append_new(runs, charts_to_json(report->charts[i], CHARTS));
    for (unsigned i = 0; i < family_count; i++)
        json_array_append_new(list, json_pack("{s:s, s:s, s:s}", "name", families[i].name, "light",
                                              families[i].light, "dark", families[i].dark));
    root = json_pack("{s:o, s:o}", "runs", runs, "families", list);
    html_json(out, root);
    json_decref(root);
}

static const struct slot {
    const char *name;
    void (*write)(FILE *out, const struct report *report);
    const char *file; /* a template put in as it is, instead */
} slots[] = {
    {"title", write_title, NULL},  {"about", write_about, NULL}, {"comparisons", write_comparisons, NULL},
    {"runs", write_runs, NULL},    {"data", write_data, NULL},   {"style", NULL, "report.css"},
    {"script", NULL, "report.js"},
};

static int write_slot(FILE *out, const struct report *report, const char *name, size_t length,
                      struct failure *failure)
{
    for (size_t i = 0; i < sizeof(slots) / sizeof(slots[0]); i++) {
        char *text;

        if (strlen(slots[i].name) != length || strncmp(slots[i].name, name, length) != 0)
            continue;
        if (!slots[i].file) {
            slots[i].write(out, report);
            return 0;
        }
        text = read_template(slots[i].file, failure);
        if (!text)
            return -1;
        fputs(text, out);
        free(text);
        return 0;
    }
    return failure_set(failure, EXIT_HERE, "report.html names a slot {{%.*s}} that does not exist",
                       (int)length, name);
}

static int expand(FILE *out, const struct report *report, const char *text, struct failure *failure)
{
    const char *open;

    while ((open = strstr(text, "{{"))) {
        const char *close = strstr(open, "}}");

        if (!close)
            break;
        fwrite(text, 1, (size_t)(open - text), out);
        if (write_slot(out, report, open + 2, (size_t)(close - open - 2), failure) < 0)
            return -1;
        text = close + 2;
    }
    fputs(text, out);
    return 0;
}

/* ---- the file ---- */

static int write_page(const struct report *report, const char *template, struct failure *failure)
{
    char path[LAUNCH_PATH_MAX];
    FILE *out;
    int status;

    snprintf(path, sizeof(path), "%.4000s/report.html", report->output);
    out = fopen(path, "we");
    if (!out)
        return failure_set(failure, EXIT_HERE, "cannot write %.300s: %s", path, strerror(errno));
    status = expand(out, report, template, failure);
    if (ferror(out) | fclose(out))
        return failure_set(failure, EXIT_HERE, "cannot write %.300s: %s", path, strerror(errno));
    return status;
}

int page_write(const struct report *report, struct failure *failure)
{
    char *template = read_template("report.html", failure);
    int status = template ? write_page(report, template, failure) : -1;

    free(template);
    return status == 0 ? page_markdown(report, failure) : -1;
}
