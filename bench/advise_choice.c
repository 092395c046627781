/*
 * advise_choice - see advise_choice.h.
 */
#include "advise_choice.h"

#include <math.h>
#include <stdio.h>

#include "metric.h"
#include "ranks.h"

enum {
    FIRST_PEEK = 12, /* rounds before one is taken out, or the race ends early */
    FIGURES = 3,     /* of a pair that are judged: rate, CPU time, latency */
};

/* ---- figures ---- */

struct columns {
    double rate[ADVISE_ROUNDS_MAX], cpu[ADVISE_ROUNDS_MAX], latency[ADVISE_ROUNDS_MAX];
    unsigned rates, samples, bound;
};

static unsigned rounds_kept(const struct advise_field *field, const struct advise_runner *runner)
{
    unsigned kept = 0;

    for (unsigned i = 0; i < field->rounds; i++)
        kept += runner->rounds[i].measured && runner->rounds[i].kept;
    return kept;
}

/* In open loop rounds in which nothing held say nothing of the latency at the rate that is kept. */
static void collect(struct columns *columns, const struct advise_field *field,
                    const struct advise_runner *runner)
{
    unsigned kept = rounds_kept(field, runner);

    for (unsigned i = 0; i < field->rounds; i++) {
        const struct advise_sample *sample = &runner->rounds[i];

        if (!sample->measured)
            continue;
        if (!isnan(sample->rate_per_s))
            columns->rate[columns->rates++] = sample->rate_per_s;
        columns->bound += sample->client_bound;
        if ((field->open && !sample->kept && kept > 0) || isnan(sample->cpu_us))
            continue;
        columns->cpu[columns->samples] = sample->cpu_us;
        columns->latency[columns->samples++] = sample->latency_us;
    }
}

static struct advise_figures screened(const struct advise_field *field, const struct advise_runner *runner)
{
    return (struct advise_figures){
        .rate_per_s = field->open ? runner->found_per_s : runner->screen.rate_per_s,
        .cpu_us = runner->screen.cpu_us,
        .latency_us = runner->screen.latency_us,
        .keeps = field->open ? runner->found_per_s > 0
                             : runner->screen.measured &&
                                   runner->screen.latency_us < advise_limit_us(field->workload),
        .client_bound = runner->screen.client_bound,
    };
}

struct advise_figures advise_figures(const struct advise_field *field, const struct advise_runner *runner)
{
    struct columns columns = {.rates = 0};
    struct advise_figures figures;

    collect(&columns, field, runner);
    if (columns.samples == 0)
        return screened(field, runner);
    figures = (struct advise_figures){
        .rate_per_s = statistics_median(columns.rate, columns.rates),
        .cpu_us = statistics_median(columns.cpu, columns.samples),
        .latency_us = statistics_median(columns.latency, columns.samples),
        .client_bound = columns.bound * 2 > columns.samples,
    };
    figures.keeps = field->open ? rounds_kept(field, runner) * 2 > columns.rates
                                : figures.latency_us < advise_limit_us(field->workload);
    return figures;
}

/* ---- margins ---- */

/* More than metric.h claims: no control says here what two starts of the same server differ by. */
static const double cpu_claim = 0.03, shown_below = 0.05;

static double rate_claim(const struct advise_field *field)
{
    return field->open ? RATE_SEARCH_PRECISION - 1 : metric_find("req/s")->claim;
}

/* What p is multiplied with: as often could chance have made a difference of nothing (Bonferroni). */
static double questions(const struct advise_field *field)
{
    unsigned finalists = field->finalists > 2 ? field->finalists : 2;

    return finalists * (finalists - 1) / 2.0 * FIGURES * pow(2, field->peeks);
}

/* One figure of two runners, over the rounds of both. */
struct series {
    double logs[ADVISE_ROUNDS_MAX];
    unsigned count;
};

static void add_pair(struct series *series, double one, double other)
{
    double log_ratio = log(one / other);

    if (isfinite(log_ratio))
        series->logs[series->count++] = log_ratio;
}

static enum difference judge_series(const struct advise_field *field, const struct series *series,
                                    double claim, struct estimate *estimate)
{
    *estimate = statistics_independent(series->logs, series->count);
    if (isnan(estimate->low))
        return DIFFERENCE_UNKNOWN;
    if (!statistics_shows(estimate, ranks_wilcoxon(series->logs, series->count) * questions(field), 0, claim))
        return DIFFERENCE_NONE;
    return estimate->ratio > 1 ? DIFFERENCE_MORE : DIFFERENCE_LESS;
}

struct advise_margin advise_margin(const struct advise_field *field, const struct advise_runner *one,
                                   const struct advise_runner *other)
{
    struct series rates = {.count = 0}, cpus = {.count = 0}, latencies = {.count = 0};
    struct advise_figures first = advise_figures(field, one), second = advise_figures(field, other);
    struct advise_margin margin;

    for (unsigned i = 0; i < field->rounds; i++) {
        const struct advise_sample *a = &one->rounds[i], *b = &other->rounds[i];

        if (!a->measured || !b->measured)
            continue;
        add_pair(&rates, a->rate_per_s, b->rate_per_s);
        add_pair(&cpus, a->cpu_us, b->cpu_us);
        add_pair(&latencies, a->latency_us, b->latency_us);
    }
    margin.client_bound = first.client_bound && second.client_bound;
    margin.rate_differs = judge_series(field, &rates, rate_claim(field), &margin.rate);
    margin.cpu_differs = judge_series(field, &cpus, cpu_claim, &margin.cpu);
    margin.latency_differs = judge_series(field, &latencies, metric_find("p99")->claim, &margin.latency);
    if (margin.client_bound)
        margin.rate_differs = DIFFERENCE_UNKNOWN;
    margin.rate_times = isnan(margin.rate.ratio) ? first.rate_per_s / second.rate_per_s : margin.rate.ratio;
    margin.cpu_times = isnan(margin.cpu.ratio) ? first.cpu_us / second.cpu_us : margin.cpu.ratio;
    return margin;
}

/* ---- the choice ---- */

static bool is_shown(enum difference difference)
{
    return difference == DIFFERENCE_LESS || difference == DIFFERENCE_MORE;
}

/* > 0: the first is better and that is shown; < 0: the second; 0: no difference is shown. */
static int compare_shown(const struct advise_field *field, const struct advise_runner *a,
                         const struct advise_runner *b, const struct advise_margin *margin)
{
    bool a_keeps = advise_figures(field, a).keeps, b_keeps = advise_figures(field, b).keeps;

    if (!a_keeps && !b_keeps)
        return 0;
    if (a_keeps != b_keeps && !field->open)
        return margin->latency_differs == (a_keeps ? DIFFERENCE_LESS : DIFFERENCE_MORE) ? a_keeps - b_keeps
                                                                                        : 0;
    if (is_shown(margin->rate_differs))
        return margin->rate_differs == DIFFERENCE_MORE ? 1 : -1;
    if (is_shown(margin->cpu_differs))
        return margin->cpu_differs == DIFFERENCE_LESS ? 1 : -1;
    return 0;
}

static bool is_shown_behind(const struct advise_field *field, const struct advise_runner *runner,
                            const struct advise_runner *best)
{
    struct advise_margin margin = advise_margin(field, best, runner);

    return compare_shown(field, best, runner, &margin) > 0;
}

/* Where nothing is shown the figures decide who is named first; of those that keep nothing the nearest. */
static bool is_better(const struct advise_field *field, const struct advise_runner *a,
                      const struct advise_runner *b)
{
    struct advise_margin margin = advise_margin(field, a, b);
    struct advise_figures one = advise_figures(field, a), other = advise_figures(field, b);
    int shown = compare_shown(field, a, b, &margin);

    if (shown != 0)
        return shown > 0;
    if (one.keeps != other.keeps)
        return one.keeps;
    if (!one.keeps)
        return one.latency_us < other.latency_us;
    if (!margin.client_bound && margin.rate_times > ADVISE_ALIKE)
        return true;
    if (!margin.client_bound && margin.rate_times < 1 / ADVISE_ALIKE)
        return false;
    return margin.cpu_times < 1;
}

static const struct advise_runner *best_of(const struct advise_field *field,
                                           const struct advise_runner *except)
{
    const struct advise_runner *best = NULL;

    for (unsigned i = 0; i < field->count; i++) {
        const struct advise_runner *runner = &field->runners[i];

        if (runner == except || runner->out)
            continue;
        if (!best || is_better(field, runner, best))
            best = runner;
    }
    return best;
}

struct advise_answer advise_choose(const struct advise_field *field)
{
    struct advise_answer answer = {.chosen = best_of(field, NULL)};

    if (!answer.chosen)
        return answer;
    answer.figures = advise_figures(field, answer.chosen);
    answer.kept = answer.figures.keeps;
    answer.second = best_of(field, answer.chosen);
    if (!answer.second)
        return answer;
    answer.second_figures = advise_figures(field, answer.second);
    answer.margin = advise_margin(field, answer.chosen, answer.second);
    answer.shown = compare_shown(field, answer.chosen, answer.second, &answer.margin) > 0;
    answer.few = !(ranks_wilcoxon_least(answer.margin.cpu.pairs) * questions(field) < shown_below);
    return answer;
}

/* Whether it is time to look. */
static bool peek(struct advise_field *field)
{
    if (field->rounds < (field->peek > 0 ? field->peek : FIRST_PEEK))
        return false;
    field->peek = 2 * field->rounds;
    field->peeks++;
    return true;
}

bool advise_prune(struct advise_field *field)
{
    struct advise_answer answer;
    unsigned left = 0;

    if (!peek(field))
        return false;
    answer = advise_choose(field);
    for (unsigned i = 0; i < field->count; i++) {
        struct advise_runner *runner = &field->runners[i];

        if (!runner->out && answer.kept && runner != answer.chosen && runner != answer.second &&
            is_shown_behind(field, runner, answer.chosen)) {
            runner->out = true;
            snprintf(runner->why, sizeof(runner->why), "%s is shown to be better", answer.chosen->name);
        }
        left += !runner->out;
    }
    return left < 2 || (left == 2 && answer.kept && answer.shown);
}
