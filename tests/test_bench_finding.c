/*
 * The sentence that tenk-bench ends with, against cells and ratios that are made up: what it claims, what it
 * does not, and whom it leaves out.
 */
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../bench/columns.c"
#include "../bench/ranks.c"
#include "../bench/report_finding.c"
#include "../bench/report_layout.c"
#include "../bench/scenario_lists.c"
#include "../bench/statistics.c"
#include "../bench/terminal.c"

enum { TIMEOUT_S = 20, CELLS_MAX = 8 };

static struct row cells[CELLS_MAX];
static struct session_part part;
static struct summary_group group;
static struct summary summary;
static struct estimate ratios[CELLS_MAX]; /* of each cell over the first one that competes */
static char text[FINDING_MAX];

/* ---- what the finding asks ---- */

const struct model *registry_find(const struct registry *registry, const char *name)
{
    static const struct model yardstick = {.name = "ceiling", .reference = true};

    (void)registry;
    return strcmp(name, "ceiling") == 0 ? &yardstick : NULL;
}

enum standing summary_standing(const struct row *cell)
{
    return row_is(cell, CELL_verdict, "VALID") ? STANDING_RANKED : STANDING_INVALID;
}

const struct summary_group *summary_find_group(const struct summary *of, const struct session_part *within,
                                               enum client_kind client, unsigned connections)
{
    (void)within;
    (void)client;
    return of->groups->connections == connections ? of->groups : NULL;
}

struct estimate summary_compare(const struct summary *of, const struct summary_group *within, const char *a,
                                const char *b, unsigned column)
{
    (void)of;
    (void)b;
    (void)column;
    for (unsigned i = 0; i < within->count; i++)
        if (row_is(&within->cells[i], CELL_model, a))
            return ratios[i];
    return (struct estimate){.ratio = NAN, .low = NAN, .high = NAN};
}

const char *report_capacity_finding(const struct session *session, const struct capacity_group *of,
                                    char into[FINDING_MAX])
{
    (void)session;
    (void)of;
    return into;
}

/* ---- a run that is made up ---- */

static void enter(void)
{
    part = (struct session_part){.scenario = {.name = "t",
                                              .control = "ceiling",
                                              .clients = {.items = {"tenk-load"}, .count = 1},
                                              .connections = {.items = {1, 64, 512}, .count = 3}}};
    group = (struct summary_group){.part = &part, .connections = 64, .floor = 0.05, .cells = cells};
    summary = (struct summary){.groups = &group, .count = 1};
}

static void leave(void)
{
    for (unsigned i = 0; i < group.count; i++)
        row_close(&cells[i]);
}

TestSuite(bench_finding, .init = enter, .fini = leave, .timeout = TIMEOUT_S);

/* A cell, in the order of the table; what it takes over the first that competes: low, ratio, high. */
static struct row *add(const char *model, double cpu_us, double low, double ratio, double high)
{
    struct row *cell = &cells[group.count];

    cr_assert_eq(row_open(cell, &cell_columns), 0);
    row_set_text(cell, CELL_model, model);
    row_set_text(cell, CELL_verdict, "VALID");
    row_set(cell, CELL_server_cpu_us_per_request, cpu_us);
    ratios[group.count++] = (struct estimate){.ratio = ratio, .low = low, .high = high, .pairs = 12};
    return cell;
}

static void expect(const char *sentence)
{
    cr_assert_str_eq(report_finding(&summary, &part, REPORT_MARKDOWN, text), sentence, "%s", text);
}

/* ---- words ---- */

Test(bench_finding, next_and_dearest_with_their_intervals)
{
    add("ceiling", 4.5, 0.8, 0.9, 1);
    row_set(add("epoll", 5, 1, 1, 1), CELL_cpu_ratio, 1.1);
    add("poll", 6, 1.1, 1.2, 1.3);
    add("thread", 10, 1.9, 2, 2.1);
    expect(
        "At 64 connections epoll was the cheapest: 5.00 µs of server CPU per request, 1.10 × ceiling; poll, "
        "next, takes 20.0 % [10.0, 30.0] more. The dearest, thread, takes 2.00 times [1.90, 2.10] as much as "
        "epoll.");
}

Test(bench_finding, twice_as_much_is_said_in_times)
{
    add("epoll", 0.5, 1, 1, 1);
    add("thread", 6, 11, 12, 13);
    expect("At 64 connections epoll was the cheapest: 0.50 µs of server CPU per request; thread, next, takes "
           "12.00 times [11.00, 13.00] as much.");
}

Test(bench_finding, no_difference_is_said_to_be_none)
{
    add("epoll", 5, 1, 1, 1);
    add("poll", 5.1, 0.98, 1.02, 1.06);
    add("select", 5.2, 0.97, 1.04, 1.1);
    expect(
        "At 64 connections epoll was the cheapest: 5.00 µs of server CPU per request; poll, next, cannot be "
        "told from it: 2.0 % [-2.0, 6.0], and this run shows no difference below 5.0 %.");
}

/* An interval that excludes 1 is not enough: two copies of one server differed by more. */
Test(bench_finding, a_difference_below_the_floor_is_none)
{
    add("epoll", 5, 1, 1, 1);
    add("poll", 5.2, 1.03, 1.04, 1.045);
    expect(
        "At 64 connections epoll was the cheapest: 5.00 µs of server CPU per request; poll, next, cannot be "
        "told from it: 4.0 % [3.0, 4.5], and this run shows no difference below 5.0 %.");
}

Test(bench_finding, invalid_cells_are_neither_first_nor_dearest)
{
    row_set_text(add("fork", 1, 1, 1, 1), CELL_verdict, "INVALID");
    add("epoll", 5, 1, 1, 1);
    add("poll", 6, 1.1, 1.2, 1.3);
    row_set_text(add("thread", 99, 9, 10, 11), CELL_verdict, "INVALID");
    expect("At 64 connections epoll was the cheapest: 5.00 µs of server CPU per request; poll, next, takes "
           "20.0 % [10.0, 30.0] more.");
}

Test(bench_finding, one_model_has_no_comparative)
{
    add("ceiling", 4.5, 1, 1, 1);
    add("epoll", 5, 1, 1, 1);
    expect("At 64 connections epoll alone can be ranked: 5.00 µs of server CPU per request.");
}

Test(bench_finding, nothing_valid_nothing_said)
{
    add("ceiling", 4.5, 1, 1, 1);
    row_set_text(add("epoll", 5, 1, 1, 1), CELL_verdict, "INVALID");
    expect("");
}

Test(bench_finding, figures_that_are_missing)
{
    add("epoll", 5, 1, 1, 1);
    add("poll", 6, NAN, NAN, NAN);
    row_set(add("thread", 10, 1.9, 2, 2.1), CELL_server_cpu_us_per_request, NAN);
    expect("At 64 connections epoll was the cheapest: 5.00 µs of server CPU per request; too few rounds to "
           "compare it with poll (6.00 µs).");
}

Test(bench_finding, without_a_floor_nothing_is_claimed)
{
    group.floor = NAN;
    add("epoll", 5, 1, 1, 1);
    add("poll", 6, 1.1, 1.2, 1.3);
    expect("At 64 connections epoll was the cheapest: 5.00 µs of server CPU per request; too few rounds to "
           "compare it with poll (6.00 µs).");
}

/* Names are words of the sentence, whatever is in them, and as long as a name can be. */
Test(bench_finding, hostile_names_stay_words)
{
    char longest[SCENARIO_NAME_MAX];

    memset(longest, 'x', sizeof(longest) - 1);
    longest[sizeof(longest) - 1] = '\0';
    add("%n%s<script>", 5, 1, 1, 1);
    add(longest, 6, 1.1, 1.2, 1.3);
    add(longest, 7, 1.1, 1.2, 1.3);
    report_finding(&summary, &part, REPORT_TEXT, text);
    cr_assert_eq(strncmp(text, "At 64 connections %n%s<script> was the cheapest: 5.00 us of", 59), 0, "%s",
                 text);
    cr_assert(strstr(text, longest) && text[strlen(text) - 1] == '.', "cut off: %s", text);
}

Test(bench_finding, without_64_connections_the_middle_count)
{
    part.scenario.connections = (struct count_list){.items = {1, 16, 512}, .count = 3};
    group.connections = 16;
    add("epoll", 5, 1, 1, 1);
    expect("At 16 connections epoll alone can be ranked: 5.00 µs of server CPU per request.");
}
