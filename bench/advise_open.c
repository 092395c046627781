/*
 * advise_open - see advise_open.h.
 */
#include "advise_open.h"

#include <math.h>
#include <string.h>

#include "splitmix.h"
#include "units.h"

enum {
    SEARCH_MOST = 8,   /* it stays below so many times what a closed loop answered */
    ROUNDS_LOOKED = 3, /* the bracket follows from so many rounds, the last ones */
    STEPS = 1001,
};

/*
 * The bracket of a round reaches so far beyond what is known. The search is good enough where the first of
 * them holds all that it left open, and may then be off by as much, for each of two that are compared.
 */
static const double beyond = 1.25, narrow = 1.25 * 1.25;

/* After the search the others must be as good as this. */
static const double far_behind = 0.60;

/* ---- the search ---- */

void advise_search_begin(struct advise_field *field)
{
    for (unsigned i = 0; i < field->count; i++) {
        struct advise_runner *runner = &field->runners[i];
        uint64_t least = (uint64_t)fmax(1, field->least_per_s);
        uint64_t from = (uint64_t)fmax(0, runner->screen.rate_per_s * RATE_SEARCH_FIRST_SHARE);

        runner->found_per_s = 0;
        from = from < least ? least : from;
        rate_search_open(&runner->search, from, least, from * SEARCH_MOST);
    }
}

double advise_search_rate(const struct advise_runner *runner)
{
    double holds = (double)rate_search_holds(&runner->search);
    double fails = (double)rate_search_fails(&runner->search);

    if (runner->search.steps >= ADVISE_SEARCH_LOOKS || (holds > 0 && fails > 0 && fails <= holds * narrow))
        return 0;
    return (double)rate_search_next(&runner->search);
}

void advise_search_note(struct advise_runner *runner, double rate_per_s, bool held)
{
    double holds, fails;

    rate_search_note(&runner->search, (uint64_t)rate_per_s, held);
    holds = (double)rate_search_holds(&runner->search);
    fails = (double)rate_search_fails(&runner->search);
    runner->found_per_s = holds > 0 && fails > 0 ? sqrt(holds * fails) : holds;
}

static struct advise_runner *best_found(const struct advise_field *field, const bool *taken)
{
    struct advise_runner *best = NULL;

    for (unsigned i = 0; i < field->count; i++) {
        struct advise_runner *runner = &field->runners[i];

        if (!taken[i] && !runner->out &&
            (!best || runner->found_per_s > best->found_per_s ||
             (runner->found_per_s == best->found_per_s && runner->screen.cpu_us < best->screen.cpu_us)))
            best = runner;
    }
    return best;
}

void advise_search_end(struct advise_field *field, unsigned most)
{
    bool taken[SCENARIO_LIST_MAX] = {false};
    const struct advise_runner *best = best_found(field, taken);
    struct advise_runner *next;
    char rate[UNITS_TEXT_MAX], other[UNITS_TEXT_MAX];
    unsigned count = 0;

    while ((next = best_found(field, taken))) {
        taken[next - field->runners] = true;
        if (count < 2 || (count < most && next->found_per_s >= best->found_per_s * far_behind)) {
            count++;
            continue;
        }
        next->out = true;
        snprintf(next->why, sizeof(next->why), "about %s requests per second kept it, of %s %s",
                 units_format_count(rate, next->found_per_s), best->name,
                 units_format_count(other, best->found_per_s));
    }
    field->finalists = count;
}

/* ---- the bracket of a round ---- */

/* What is known of the rate it keeps: its last rounds, before there are any the search. */
static double known_per_s(const struct advise_field *field, const struct advise_runner *runner)
{
    double rates[ROUNDS_LOOKED];
    unsigned count = 0;

    for (unsigned round = field->rounds; round-- > 0 && count < ROUNDS_LOOKED;)
        if (runner->rounds[round].measured)
            rates[count++] = runner->rounds[round].rate_per_s;
    return fmax(field->least_per_s, count > 0 ? statistics_median(rates, count) : runner->found_per_s);
}

struct advise_bracket advise_bracket(const struct advise_field *field)
{
    struct splitmix random = {.state = field->seed + field->rounds};
    struct advise_bracket bracket = {.low_per_s = INFINITY};
    double cell, shift;

    for (unsigned i = 0; i < field->count; i++) {
        double known = field->runners[i].out ? NAN : known_per_s(field, &field->runners[i]);

        bracket.low_per_s = fmin(bracket.low_per_s, known / beyond);
        bracket.high_per_s = fmax(bracket.high_per_s, known * beyond);
    }
    /* Shifted by half of what a round can tell apart: over the rounds the steps of its scale even out. */
    cell = log(bracket.high_per_s / bracket.low_per_s) / (1 << field->halvings);
    shift = exp(cell * ((double)splitmix_below(&random, STEPS) / (STEPS - 1) - 0.5));
    bracket.low_per_s = fmax(field->least_per_s, bracket.low_per_s * shift);
    bracket.high_per_s = fmax(field->least_per_s, bracket.high_per_s * shift);
    return bracket;
}

/* ---- a round ---- */

void advise_round_begin(struct advise_field *field)
{
    struct advise_bracket bracket = advise_bracket(field);

    for (unsigned i = 0; i < field->count; i++) {
        struct advise_runner *runner = &field->runners[i];

        if (runner->out)
            continue;
        runner->low_per_s = bracket.low_per_s;
        runner->high_per_s = bracket.high_per_s;
        runner->looks = 0;
        runner->rounds[field->rounds] =
            (struct advise_sample){.cpu_us = NAN, .latency_us = NAN, .rate_per_s = NAN};
    }
}

double advise_round_rate(const struct advise_runner *runner)
{
    return floor(sqrt(runner->low_per_s * runner->high_per_s));
}

/*
 * A rate within what is left of the bracket, drawn: in the middle, the ratios of two runners would be whole
 * steps of a scale, and their median the nearest of those.
 */
static double rate_between(const struct advise_field *field, const struct advise_runner *runner)
{
    struct splitmix random = {.state = field->seed ^ (uint64_t)(runner - field->runners + 1) << 32};

    random.state += field->rounds;
    return runner->low_per_s *
           pow(runner->high_per_s / runner->low_per_s, (double)splitmix_below(&random, STEPS) / (STEPS - 1));
}

void advise_round_note(const struct advise_field *field, struct advise_runner *runner,
                       const struct advise_sample *look)
{
    struct advise_sample *round = &runner->rounds[field->rounds];
    double rate = sqrt(runner->low_per_s * runner->high_per_s);
    bool held = look && look->kept;

    if (look) {
        round->client_bound = look->client_bound;
        if (runner->looks == 0)
            round->cpu_us = look->cpu_us;
        if (held || !round->kept)
            round->latency_us = look->latency_us;
    }
    round->kept |= held;
    *(held ? &runner->low_per_s : &runner->high_per_s) = rate;
    if (++runner->looks < field->halvings)
        return;
    round->measured = true;
    round->rate_per_s = rate_between(field, runner);
}
