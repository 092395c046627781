/*
 * page_compare - two runs side by side.
 *
 * Their absolute figures are of two sittings, and in two sittings identical servers differ: what is compared
 * is each model's ratio to the control of its own run. A difference is claimed only when the two intervals
 * have nothing in common and the change exceeds what two copies of one server showed in either run.
 */
#include <math.h>
#include <string.h>

#include "html.h"
#include "page.h"
#include "summary.h"

static const struct row *find_same(const struct past_run *run, const struct row *cell)
{
    for (unsigned i = 0; i < run->cell_count; i++)
        if (row_is(&run->cells[i], CELL_scenario, row_text(cell, CELL_scenario)) &&
            row_is(&run->cells[i], CELL_client, row_text(cell, CELL_client)) &&
            row_is(&run->cells[i], CELL_model, row_text(cell, CELL_model)) &&
            row_number(&run->cells[i], CELL_connections) == row_number(cell, CELL_connections))
            return &run->cells[i];
    return NULL;
}

enum change { UNKNOWN, NONE_SHOWN, CHEAPER, DEARER };

static enum change judge(const struct past_run *base, const struct row *before, const struct past_run *other,
                         const struct row *after)
{
    double a = row_number(before, CELL_cpu_ratio), b = row_number(after, CELL_cpu_ratio);
    double least = fmax(
        0.01, fmax(past_run_group_of(base, before)->smallest, past_run_group_of(other, after)->smallest));

    if (summary_standing(before) == STANDING_INVALID || summary_standing(after) == STANDING_INVALID ||
        !row_has(before, CELL_cpu_ratio_low) || !row_has(after, CELL_cpu_ratio_low))
        return UNKNOWN;
    if (fabs(b / a - 1) <= least)
        return NONE_SHOWN;
    if (row_number(after, CELL_cpu_ratio_high) < row_number(before, CELL_cpu_ratio_low))
        return CHEAPER;
    return row_number(after, CELL_cpu_ratio_low) > row_number(before, CELL_cpu_ratio_high) ? DEARER
                                                                                           : NONE_SHOWN;
}

static void write_side(FILE *out, const struct row *cell)
{
    html_number_cell(out, row_number(cell, CELL_cpu_ratio), "");
    fputs("<td>", out);
    if (row_has(cell, CELL_cpu_ratio_low))
        html_format(out, "[%.2f, %.2f]", row_number(cell, CELL_cpu_ratio_low),
                    row_number(cell, CELL_cpu_ratio_high));
    fputs("</td>", out);
}

static void write_row(FILE *out, const struct row *before, const struct row *after, enum change change)
{
    static const char *const words[] = {"cannot be told", "no difference shown", "cheaper", "dearer"};
    static const char *const classes[] = {"t", "t", "t less", "t more"};

    fputs("<tr><td class=\"t\">", out);
    html_text(out, row_text(before, CELL_scenario));
    fputs("</td>", out);
    html_number_cell(out, row_number(before, CELL_connections), "");
    fputs("<th class=\"t\" scope=\"row\">", out);
    html_text(out, row_text(before, CELL_model));
    fputs("</th>", out);
    write_side(out, before);
    write_side(out, after);
    html_number_cell(out, row_number(after, CELL_cpu_ratio) / row_number(before, CELL_cpu_ratio), "");
    html_number_cell(out, row_number(before, CELL_server_cpu_us_per_request), "");
    html_number_cell(out, row_number(after, CELL_server_cpu_us_per_request), "");
    fprintf(out, "<td class=\"%s\">%s</td></tr>\n", classes[change], words[change]);
}

static void write_conditions(FILE *out, const struct past_run *base, const struct past_run *other)
{
    static const char *const paths[][2] = {
        {"processor", "model"}, {"kernel", "release"},        {"build", "compiler"},
        {"build", "command"},   {"processor", "server_cpus"}, {"processor", "governor"},
    };
    bool first = true;

    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        const json_t *a = json_object_get(json_object_get(base->about, "environment"), paths[i][0]);
        const json_t *b = json_object_get(json_object_get(other->about, "environment"), paths[i][0]);
        const char *then = json_string_value(json_object_get(a, paths[i][1]));
        const char *now = json_string_value(json_object_get(b, paths[i][1]));

        if (strcmp(then ? then : "", now ? now : "") == 0)
            continue;
        fputs(first ? "<p>They were not made under the same conditions: " : "; ", out);
        html_format(out, "%s %s: %s, then %s", paths[i][0], paths[i][1], then ? then : "unknown",
                    now ? now : "unknown");
        first = false;
    }
    fputs(first ? "" : ".</p>\n", out);
}

void page_comparison(FILE *out, const struct past_run *base, const struct past_run *other)
{
    unsigned counts[4] = {0}, matched = 0;

    for (unsigned i = 0; i < base->cell_count; i++) {
        const struct row *after = find_same(other, &base->cells[i]);

        if (after && ++matched)
            counts[judge(base, &base->cells[i], other, after)]++;
    }
    fputs("<section class=\"comparison\"><h2>", out);
    html_format(out, "%s beside %s", other->name, base->name);
    fputs("</h2>\n<p>", out);
    if (matched == 0)
        fputs("The two runs have no cell in common: other scenarios, models or connection "
              "counts.</p></section>\n",
              out);
    else
        html_format(
            out,
            "Of %u cells in both, relative to the control of its own run: %u cheaper, %u dearer, %u with no "
            "difference shown, %u that cannot be told.",
            matched, counts[CHEAPER], counts[DEARER], counts[NONE_SHOWN], counts[UNKNOWN]);
    if (matched == 0)
        return;
    fputs("</p>\n<p class=\"quiet\">Two sittings: absolute figures of identical servers differ between them. "
          "To decide "
          "whether a change made a server slower, measure both together with tenk-compare.</p>\n",
          out);
    write_conditions(out, base, other);
    fputs(
        "<div class=\"scroll results\" tabindex=\"0\"><table class=\"compared\">\n<thead><tr>"
        "<th scope=\"col\" class=\"t\"><button>scenario</button></th><th "
        "scope=\"col\"><button>connections</button></th>"
        "<th scope=\"col\" class=\"t\"><button>model</button></th><th "
        "scope=\"col\"><button>first</button></th><th "
        "scope=\"col\">95 %</th><th scope=\"col\"><button>second</button></th><th scope=\"col\">95 %</th><th "
        "scope=\"col\"><button>second/first</button></th><th scope=\"col\"><button>first "
        "µs/req</button></th><th "
        "scope=\"col\"><button>second µs/req</button></th><th scope=\"col\" class=\"t\"><button>in "
        "words</button></th>"
        "</tr></thead><tbody>\n",
        out);
    for (unsigned i = 0; i < base->cell_count; i++) {
        const struct row *after = find_same(other, &base->cells[i]);

        if (after)
            write_row(out, &base->cells[i], after, judge(base, &base->cells[i], other, after));
    }
    fputs("</tbody></table></div></section>\n", out);
}
