/*
 * report_pairs - the ratios a scenario asks for by `pairs = A/B`: who is compared with whom is part of the
 * question, not of the control.
 */
#include "report.h"

#include <math.h>
#include <string.h>

static bool has_both(const struct summary_group *group, const char *a, const char *b)
{
    return summary_find_cell(group, a) && summary_find_cell(group, b);
}

static void write_estimate(FILE *out, const char *what, const char *times, const struct estimate *estimate)
{
    if (isnan(estimate->ratio))
        fprintf(out, "%s %s -", what, times);
    else if (isnan(estimate->low))
        fprintf(out, "%s %s %.2f", what, times, estimate->ratio);
    else
        fprintf(out, "%s %s %.2f [%.2f, %.2f]", what, times, estimate->ratio, estimate->low, estimate->high);
}

void report_same(FILE *out, const char *control, const struct estimate *same, const char *so,
                 enum report_style style)
{
    if (isnan(same->low))
        return;
    fputs(report_signs(style)->apart, out);
    report_say(out, style, "Two copies of %s differed by %+.1f %% [%+.1f, %+.1f]: %s.", control,
               (same->ratio - 1) * 100, (same->low - 1) * 100, (same->high - 1) * 100, so);
}

void report_pairs(FILE *out, const struct summary *summary, const struct summary_group *group,
                  enum report_style style)
{
    const struct report_signs *signs = report_signs(style);
    const struct name_list *pairs = &group->part->scenario.pairs;
    char a[SCENARIO_NAME_MAX], b[SCENARIO_NAME_MAX];

    for (unsigned i = 0; i < pairs->count; i++) {
        struct estimate cpu, rate;

        if (!scenario_pair(pairs->items[i], a, b) || !has_both(group, a, b))
            continue;
        cpu = summary_compare(summary, group, a, b, SAMPLE_server_cpu_us_per_request);
        rate = summary_compare(summary, group, a, b, SAMPLE_requests_per_s);
        fprintf(out, "%s%s: ", signs->bullet, pairs->items[i]);
        write_estimate(out, "CPU time per request", signs->times, &cpu);
        write_estimate(out, ", requests per second", signs->times, &rate);
        putc('\n', out);
    }
}

json_t *report_pairs_json(const struct summary *summary, const struct summary_group *group)
{
    static const struct {
        const char *name;
        unsigned column;
    } measures[] = {{"cpu", SAMPLE_server_cpu_us_per_request}, {"rate", SAMPLE_requests_per_s}};
    const struct name_list *pairs = &group->part->scenario.pairs;
    char a[SCENARIO_NAME_MAX], b[SCENARIO_NAME_MAX];
    json_t *list = json_array();

    for (unsigned i = 0; i < pairs->count; i++) {
        json_t *entry;

        if (!scenario_pair(pairs->items[i], a, b) || !has_both(group, a, b))
            continue;
        entry = json_pack("{s:s, s:s}", "a", a, "b", b);
        for (unsigned m = 0; m < sizeof(measures) / sizeof(measures[0]); m++) {
            struct estimate estimate = summary_compare(summary, group, a, b, measures[m].column);

            json_object_set_new(entry, measures[m].name, report_estimate_json(&estimate));
        }
        json_array_append_new(list, entry);
    }
    return list;
}
