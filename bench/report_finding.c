/*
 * report_finding - the sentence that says what a run found, with its condition and its uncertainty.
 */
#include "report.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The group a reader looks at first. */
static const struct summary_group *main_group(const struct summary *summary, const struct session_part *part)
{
    const struct count_list *list = &part->scenario.connections;
    enum client_kind client =
        scenario_has_client(&part->scenario, "tenk-load") ? CLIENT_TENK_LOAD : CLIENT_WRK;

    return summary_find_group(summary, part, client, connections_first(list->items, list->count));
}

static bool competes(const struct summary_group *group, const struct row *cell)
{
    const struct model *model = registry_find(&group->part->registry, row_text(cell, CELL_model));

    return summary_standing(cell) == STANDING_RANKED && row_has(cell, CELL_server_cpu_us_per_request) &&
           !(model && model->reference);
}

/* The cells are sorted: the first that competes is the cheapest, the last the dearest. */
static unsigned find_competitors(const struct summary_group *group,
                                 const struct row *found[SCENARIO_LIST_MAX])
{
    unsigned count = 0;

    for (unsigned i = 0; i < group->count; i++)
        if (competes(group, &group->cells[i]))
            found[count++] = &group->cells[i];
    return count;
}

static void add_percent(char *text, const struct estimate *estimate)
{
    size_t used = strlen(text);

    snprintf(text + used, FINDING_MAX - used, "%.1f %% [%.1f, %.1f]", (estimate->ratio - 1) * 100,
             (estimate->low - 1) * 100, (estimate->high - 1) * 100);
}

static void add_times(char *text, const struct estimate *estimate)
{
    size_t used = strlen(text);

    snprintf(text + used, FINDING_MAX - used, "%.2f times [%.2f, %.2f] as much", estimate->ratio,
             estimate->low, estimate->high);
}

/* "20.0 % [10.0, 30.0] more"; what is at least twice as much is said in times. */
static void add_more(char *text, const struct estimate *estimate)
{
    if (estimate->ratio >= 2) {
        add_times(text, estimate);
        return;
    }
    add_percent(text, estimate);
    strncat(text, " more", FINDING_MAX - strlen(text) - 1);
}

static void compare_first_two(const struct summary *summary, const struct summary_group *group,
                              const struct row *first, const struct row *second, const char *us,
                              char text[FINDING_MAX])
{
    const char *a = row_text(first, CELL_model), *b = row_text(second, CELL_model);
    struct estimate estimate = summary_compare(summary, group, b, a, SAMPLE_server_cpu_us_per_request);
    double smallest = fmax(0.01, group->floor);
    size_t used = strlen(text);

    if (isnan(estimate.low) || isnan(group->floor)) {
        snprintf(text + used, FINDING_MAX - used, "; too few rounds to compare it with %s (%.2f %s).", b,
                 row_number(second, CELL_server_cpu_us_per_request), us);
    } else if (statistics_verdict(&estimate, group->floor) == DIFFERENCE_MORE) {
        snprintf(text + used, FINDING_MAX - used, "; %s, next, takes ", b);
        add_more(text, &estimate);
        strncat(text, ".", FINDING_MAX - strlen(text) - 1);
    } else {
        snprintf(text + used, FINDING_MAX - used, "; %s, next, cannot be told from it: ", b);
        add_percent(text, &estimate);
        used = strlen(text);
        snprintf(text + used, FINDING_MAX - used, ", and this run shows no difference below %.1f %%.",
                 smallest * 100);
    }
}

/* How much more the dearest takes, if that can be claimed. */
static void compare_last(const struct summary *summary, const struct summary_group *group,
                         const struct row *first, const struct row *last, char text[FINDING_MAX])
{
    const char *a = row_text(first, CELL_model), *b = row_text(last, CELL_model);
    struct estimate estimate = summary_compare(summary, group, b, a, SAMPLE_server_cpu_us_per_request);
    size_t used = strlen(text);

    if (isnan(estimate.low) || statistics_verdict(&estimate, group->floor) != DIFFERENCE_MORE)
        return;
    snprintf(text + used, FINDING_MAX - used, " The dearest, %s, takes ", b);
    add_times(text, &estimate);
    used = strlen(text);
    snprintf(text + used, FINDING_MAX - used, " as %s.", a);
}

const char *report_finding(const struct summary *summary, const struct session_part *part,
                           enum report_style style, char text[FINDING_MAX])
{
    const struct report_signs *signs = report_signs(style);
    const struct summary_group *group = main_group(summary, part);
    const struct row *found[SCENARIO_LIST_MAX];
    unsigned count = group ? find_competitors(group, found) : 0;
    size_t used;

    text[0] = '\0';
    for (unsigned g = 0; g < summary->capacities.count; g++)
        if (summary->capacities.groups[g].part == part)
            return report_capacity_finding(summary->session, &summary->capacities.groups[g], text);
    if (count == 0)
        return text;
    used = (size_t)snprintf(text, FINDING_MAX, "At %u connection%s %s %s: %.2f %s of server CPU per request",
                            group->connections, group->connections > 1 ? "s" : "",
                            row_text(found[0], CELL_model),
                            count > 1 ? "was the cheapest" : "alone can be ranked",
                            row_number(found[0], CELL_server_cpu_us_per_request), signs->us);
    if (row_has(found[0], CELL_cpu_ratio))
        snprintf(text + used, FINDING_MAX - used, ", %.2f %s %s", row_number(found[0], CELL_cpu_ratio),
                 signs->times, part->scenario.control);
    if (count > 1)
        compare_first_two(summary, group, found[0], found[1], signs->us, text);
    else
        strncat(text, ".", FINDING_MAX - strlen(text) - 1);
    if (count > 2)
        compare_last(summary, group, found[0], found[count - 1], text);
    return text;
}
