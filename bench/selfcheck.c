/*
 * selfcheck - see selfcheck.h.
 */
#include "selfcheck.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "comparison_series.h"
#include "plan.h"
#include "ranks.h"
#include "splitmix.h"

enum { SHIFTS = 500 }; /* shifts of 0.1 % */

static const double shift_step = 0.001, found_share = 0.95, risk = 0.05;

/* What one way of comparing made of all sessions. */
struct result {
    const char *name;
    unsigned sessions, shown;   /* in how many something was claimed of the data as they are */
    unsigned found[SHIFTS + 1]; /* in how many the new one was called worse when made dearer by so much */
};

/* ---- sessions with pairs ---- */

/* The rounds of a sitting: new over base, and the control's second copy over its first (NaN: not there). */
struct sitting {
    struct pair pairs[SCENARIO_ROUNDS_MAX], same[SCENARIO_ROUNDS_MAX];
    size_t count;
    size_t first[SCENARIO_ROUNDS_MAX + 1]; /* where each start begins; one more for the end */
    size_t starts;
};

static double log_of_round(const struct comparison_series *series, unsigned round)
{
    for (size_t i = 0; i < series->count; i++)
        if (series->items[i].round == round)
            return series->items[i].log_ratio;
    return NAN;
}

static void read_sitting(struct sitting *sitting, const struct comparison_place *base,
                         const struct comparison_place *new)
{
    const struct metric *cpu = metric_find("cpu");
    struct comparison_series pairs, same;

    comparison_series_paired(&pairs, new, base, cpu);
    comparison_series_same(&same, base, cpu);
    sitting->count = sitting->starts = 0;
    for (size_t i = 0; i < pairs.count; i++) {
        double log = log_of_round(&same, pairs.items[i].round);

        if (isnan(log))
            continue;
        if (sitting->count == 0 || sitting->pairs[sitting->count - 1].start != pairs.items[i].start)
            sitting->first[sitting->starts++] = sitting->count;
        sitting->same[sitting->count] = (struct pair){.log_ratio = log, .start = pairs.items[i].start};
        sitting->pairs[sitting->count++] = pairs.items[i];
    }
    sitting->first[sitting->starts] = sitting->count;
}

/* Draws starts until there are `rounds` rounds, and from each as many rounds as it has. */
static void draw(struct sitting *session, const struct sitting *from, size_t rounds, bool toss,
                 struct splitmix *random)
{
    session->count = session->starts = 0;
    while (session->count < rounds) {
        size_t start = splitmix_below(random, (uint32_t)from->starts);
        size_t first = from->first[start], size = from->first[start + 1] - first;
        double sign = toss && splitmix_below(random, 2) ? -1 : 1;

        for (size_t i = 0; i < size && session->count < SCENARIO_ROUNDS_MAX; i++, session->count++) {
            size_t at = first + splitmix_below(random, (uint32_t)size);

            session->pairs[session->count] = (struct pair){.log_ratio = sign * from->pairs[at].log_ratio,
                                                           .start = (unsigned)session->starts};
            session->same[session->count] =
                (struct pair){.log_ratio = from->same[at].log_ratio, .start = (unsigned)session->starts};
        }
        session->starts++;
    }
}

/* 1: the new one is called worse, -1: better, 0: nothing is claimed, when it is made dearer by `shift`. */
static int verdict(const struct sitting *session, const struct estimate *estimate, double floor, double claim,
                   double shift)
{
    struct estimate change = {.ratio = estimate->ratio * (1 + shift),
                              .low = estimate->low * (1 + shift),
                              .high = estimate->high * (1 + shift)};
    double logs[SCENARIO_ROUNDS_MAX];

    for (size_t i = 0; i < session->count; i++)
        logs[i] = session->pairs[i].log_ratio + log1p(shift);
    if (!statistics_shows(&change, ranks_wilcoxon(logs, session->count), floor, claim))
        return 0;
    return change.ratio > 1 ? 1 : -1;
}

/* Every larger shift is found where a smaller one is: the smallest is looked for by bisection. */
static unsigned smallest_found(const struct sitting *session, const struct estimate *estimate, double floor,
                               double claim)
{
    unsigned low = 0, high = SHIFTS + 1;

    while (high - low > 1) {
        unsigned middle = (low + high) / 2;

        if (verdict(session, estimate, floor, claim, middle * shift_step) == 1)
            high = middle;
        else
            low = middle;
    }
    return high;
}

static void judge_sessions(struct result *result, const struct sitting *from, size_t rounds, double claim,
                           bool same, unsigned sessions, uint64_t seed)
{
    struct splitmix random = {.state = seed};
    struct sitting *session = calloc(1, sizeof(*session));

    for (unsigned i = 0; session && i < sessions; i++) {
        struct estimate estimate, control;
        double floor;
        int said;

        draw(session, from, rounds, same, &random);
        estimate = statistics_paired(session->pairs, session->count, splitmix_next(&random));
        control = statistics_paired(session->same, session->count, splitmix_next(&random));
        floor = statistics_floor(&control);
        said = verdict(session, &estimate, floor, claim, 0);
        result->sessions++;
        result->shown += same ? said != 0 : said == 1;
        for (unsigned shift = smallest_found(session, &estimate, floor, claim); shift <= SHIFTS; shift++)
            result->found[shift]++;
    }
    free(session);
}

/* ---- the same data without pairs ---- */

/* Ten slices of one and the next ten of the other, from every round on, and the other way round. */
static void judge_unpaired(struct result *result, const struct comparison_place *base,
                           const struct comparison_place *new, const struct metric *metric)
{
    struct comparison_series sides[2];
    size_t count;

    comparison_series_of(&sides[0], base, metric, false);
    comparison_series_of(&sides[1], new, metric, false);
    count = sides[0].count < sides[1].count ? sides[0].count : sides[1].count;
    for (size_t from = 0; from + 2 * (size_t)SELFCHECK_RUNS <= count; from++)
        for (unsigned order = 0; order < 2; order++) {
            const struct pair *then = sides[order].items + from;
            const struct pair *next = sides[1 - order].items + from + SELFCHECK_RUNS;
            double sign = metric->more_is_better ? -1 : 1;

            result->sessions++;
            for (unsigned shift = 0; shift <= SHIFTS; shift++) {
                double a[SELFCHECK_RUNS], b[SELFCHECK_RUNS], sum = 0;

                for (unsigned i = 0; i < SELFCHECK_RUNS; i++) {
                    a[i] = then[i].log_ratio;
                    b[i] = next[i].log_ratio + sign * log1p(shift * shift_step);
                    sum += sign * (b[i] - a[i]);
                }
                if (ranks_mann_whitney(a, SELFCHECK_RUNS, b, SELFCHECK_RUNS) < risk) {
                    result->shown += shift == 0;
                    result->found[shift] += sum > 0;
                }
            }
        }
}

/* ---- the table ---- */

static void print_result(FILE *out, const struct result *result, bool same)
{
    unsigned shift = 0;

    if (result->sessions == 0) {
        fprintf(out, "  %-28s  too few rounds\n", result->name);
        return;
    }
    while (shift <= SHIFTS && result->found[shift] < found_share * result->sessions)
        shift++;
    fprintf(out, "  %-28s  %8u  %13.1f %%", result->name, result->sessions,
            100.0 * result->shown / result->sessions);
    if (same && shift <= SHIFTS)
        fprintf(out, "  %20.1f %%", shift * shift_step * 100);
    else if (same)
        fprintf(out, "  %20s", "> 50 %");
    putc('\n', out);
}

/* How many rounds a minute holds when a round has so many slices of that length, by turns in one go. */
static size_t rounds_of_session(const struct scenario *scenario, unsigned slices, bool turns)
{
    struct slice slice = {.turns = turns, .at_once = turns ? slices : 1};
    int64_t round_ns = slice_expected_ns(&slice, scenario) * (turns ? 1 : slices);
    size_t rounds = (size_t)(SELFCHECK_SESSION_S * NS_PER_S / round_ns);

    return rounds < SCENARIO_ROUNDS_MAX ? rounds : SCENARIO_ROUNDS_MAX;
}

static void print_change(FILE *out, const struct sitting *sitting, const char *how, uint64_t seed)
{
    struct estimate all = statistics_paired(sitting->pairs, sitting->count, seed);

    fprintf(out, "%s: %+.2f %% [%+.2f, %+.2f] over %zu rounds and %zu starts\n", how, (all.ratio - 1) * 100,
            (all.low - 1) * 100, (all.high - 1) * 100, sitting->count, sitting->starts);
}

static int print_duet(FILE *out, const struct comparison_rows *rows, const struct scenario *scenario,
                      unsigned sessions, uint64_t seed)
{
    struct comparison_group alone = {scenario->name, "timing", "tenk-load", scenario->connections.items[0]};
    struct comparison_group together = {scenario->name, "duet", "tenk-load", scenario->connections.items[0]};
    struct comparison_place base = {rows, &alone, scenario->models.items[0], scenario->control};
    struct comparison_place new = {rows, &alone, scenario->models.items[1], scenario->control};
    bool same = strcmp(scenario->duet_base, scenario->duet_new) == 0;
    struct sitting *sitting = calloc(1, sizeof(*sitting));
    struct result *results = calloc(4, sizeof(*results));

    if (sitting && results) {
        results[0].name = "alternating, pairs, cpu";
        read_sitting(sitting, &base, &new);
        print_change(out, sitting, "new over base, alternating", seed);
        if (sitting->starts >= 3)
            judge_sessions(&results[0], sitting,
                           rounds_of_session(scenario, 3, scenario_takes_turns(scenario)),
                           metric_find("cpu")->claim, same, sessions, seed);
        results[2].name = "unpaired, 10 then 10, cpu";
        judge_unpaired(&results[2], &base, &new, metric_find("cpu"));
        results[3].name = "unpaired, 10 then 10, req/s";
        judge_unpaired(&results[3], &base, &new, metric_find("req/s"));
        base.group = new.group = &together;
        results[1].name = "at the same time, pairs, cpu";
        read_sitting(sitting, &base, &new);
        print_change(out, sitting, "new over base, at the same time", seed);
        if (sitting->starts >= 3)
            judge_sessions(&results[1], sitting, rounds_of_session(scenario, 2, false), metric_duet_claim,
                           same, sessions, seed);
        fprintf(out, "\n  %-28s  %8s  %15s%s\n", "sessions of 60 s", "sessions",
                same ? "false alarms" : "called worse", same ? "  found in 95 % from" : "");
        for (unsigned i = 0; i < 4; i++)
            print_result(out, &results[i], same);
        putc('\n', out);
    }
    free(sitting);
    free(results);
    return sitting && results ? 0 : -1;
}

int selfcheck_print(FILE *out, const struct recorded *run, unsigned sessions, uint64_t seed,
                    struct failure *failure)
{
    struct comparison_rows rows;
    int status = comparison_rows_open(&rows, run);

    for (unsigned i = 0; status == 0 && i < run->scenario_count; i++)
        if (run->scenarios[i].duet_base[0])
            status = print_duet(out, &rows, &run->scenarios[i], sessions, seed);
    comparison_rows_close(&rows);
    return status == 0 ? 0 : failure_set(failure, EXIT_HERE, "out of memory for the self-check");
}
