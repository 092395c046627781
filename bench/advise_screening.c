/*
 * advise_screening - see advise_screening.h.
 */
#include "advise_screening.h"

#include <stdio.h>
#include <string.h>

#include "advise_open.h"
#include "units.h"

enum { OPEN_FINALISTS = 3 }; /* searches take time */

/* One look at each is worth so much: differences as large as these are seen. */
static const double behind = 0.70, dearer = 1.5, near = 1.25, clearly = 0.7;

static bool keeps_nearly(const struct advise_field *field, const struct advise_runner *runner)
{
    return runner->screen.latency_us < advise_limit_us(field->workload) * near;
}

/* Which of two looks better after one slice each. */
static bool looks_better(const struct advise_field *field, const struct advise_runner *a,
                         const struct advise_runner *b)
{
    bool bound = a->screen.client_bound && b->screen.client_bound;

    if (a->unusable != b->unusable)
        return b->unusable;
    if (!field->open && keeps_nearly(field, a) != keeps_nearly(field, b))
        return keeps_nearly(field, a);
    if (!bound && a->screen.rate_per_s > b->screen.rate_per_s * ADVISE_ALIKE)
        return true;
    if (!bound && b->screen.rate_per_s > a->screen.rate_per_s * ADVISE_ALIKE)
        return false;
    return a->screen.cpu_us < b->screen.cpu_us;
}

/* The best of those that are not taken yet; NULL: none can be used. */
static struct advise_runner *best_look(const struct advise_field *field, const bool *taken)
{
    struct advise_runner *best = NULL;

    for (unsigned i = 0; i < field->count; i++) {
        struct advise_runner *runner = &field->runners[i];

        if (!taken[i] && !runner->unusable && (!best || looks_better(field, runner, best)))
            best = runner;
    }
    return best;
}

bool advise_hopeless(const struct advise_field *field, struct advise_runner *runner)
{
    unsigned ahead = 0;
    char rate[UNITS_TEXT_MAX];
    size_t said = strlen(runner->why);

    for (unsigned i = 0; i < field->count; i++) {
        const struct advise_runner *other = &field->runners[i];

        ahead += other->screen.measured && !other->unusable &&
                 runner->screen.rate_per_s < other->screen.rate_per_s * behind;
    }
    if (ahead < 2)
        return false;
    snprintf(runner->why + said, sizeof(runner->why) - said,
             ", %s requests per second, far fewer than others",
             units_format_count(rate, runner->screen.rate_per_s));
    return true;
}

/* What keeps it from the finals; false: nothing. */
static bool is_behind(const struct advise_field *field, struct advise_runner *runner,
                      const struct advise_runner *best)
{
    const struct advise_sample *own = &runner->screen, *top = &best->screen;
    char text[UNITS_TEXT_MAX], other[UNITS_TEXT_MAX];

    if (!field->open && !keeps_nearly(field, runner))
        snprintf(runner->why, sizeof(runner->why), "%s is too high",
                 units_format_duration(text, (int64_t)(own->latency_us * 1e3)));
    else if (own->rate_per_s < top->rate_per_s * behind)
        snprintf(runner->why, sizeof(runner->why), "%s requests per second, %s answers %s",
                 units_format_count(text, own->rate_per_s), best->name,
                 units_format_count(other, top->rate_per_s));
    else if (own->cpu_us > top->cpu_us * dearer)
        snprintf(runner->why, sizeof(runner->why), "%.1f us of CPU time per request, %s needs %.1f",
                 own->cpu_us, best->name, top->cpu_us);
    else
        return false;
    return true;
}

void advise_screen(struct advise_field *field, unsigned finalists)
{
    bool taken[SCENARIO_LIST_MAX] = {false};
    struct advise_runner *best = NULL, *next;
    unsigned count = 0;

    field->open = true;
    for (unsigned i = 0; i < field->count; i++) {
        struct advise_runner *runner = &field->runners[i];

        runner->out = runner->out || runner->unusable;
        if (!runner->unusable && runner->screen.latency_us < advise_limit_us(field->workload) * clearly)
            field->open = false;
    }
    if (field->open && finalists > OPEN_FINALISTS)
        finalists = OPEN_FINALISTS;
    while ((next = best_look(field, taken))) {
        taken[next - field->runners] = true;
        best = best ? best : next;
        if (count >= 2 && (is_behind(field, next, best) || count >= finalists)) {
            next->out = true;
            if (!next->why[0] && ++field->alike)
                snprintf(next->why, sizeof(next->why), "%u others look better, and time is short", count);
        } else {
            count++;
        }
    }
    field->finalists = count;
    if (field->open)
        advise_reopen(field);
}

void advise_reopen(struct advise_field *field)
{
    field->open = true;
    field->rounds = field->peeks = field->peek = 0;
    for (unsigned i = 0; i < field->count; i++)
        memset(field->runners[i].rounds, 0, sizeof(field->runners[i].rounds));
    advise_search_begin(field);
}
