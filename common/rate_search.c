/*
 * rate_search - bisection over rates.
 */
#include "rate_search.h"

#include <math.h>

enum { TIMES_TO_BE_SURE = 2 };

void rate_search_open(struct rate_search *search, uint64_t from, uint64_t least, uint64_t most)
{
    *search = (struct rate_search){.from = from, .least = least, .most = most};
}

static bool undecided(const struct rate_search *search, size_t i)
{
    return search->tried[i].failed > 0 && search->tried[i].failed < TIMES_TO_BE_SURE &&
           search->tried[i].held < TIMES_TO_BE_SURE;
}

static bool failing(const struct rate_search *search, size_t i)
{
    return search->tried[i].failed >= TIMES_TO_BE_SURE;
}

uint64_t rate_search_fails(const struct rate_search *search)
{
    uint64_t lowest = 0;

    for (size_t i = 0; i < search->count; i++)
        if (failing(search, i) && (lowest == 0 || search->tried[i].rate < lowest))
            lowest = search->tried[i].rate;
    return lowest;
}

/* Index of the highest rate that holds below the lowest that fails, or search->count. */
static size_t best(const struct rate_search *search)
{
    uint64_t fails = rate_search_fails(search);
    size_t found = search->count;

    for (size_t i = 0; i < search->count; i++) {
        if (failing(search, i) || undecided(search, i) || (fails != 0 && search->tried[i].rate > fails))
            continue;
        if (found == search->count || search->tried[i].rate > search->tried[found].rate)
            found = i;
    }
    return found;
}

uint64_t rate_search_holds(const struct rate_search *search)
{
    size_t i = best(search);

    return i < search->count ? search->tried[i].rate : 0;
}

bool rate_search_confirmed(const struct rate_search *search)
{
    size_t i = best(search);

    return i < search->count && search->tried[i].held >= TIMES_TO_BE_SURE;
}

/* Rates people read: three significant digits. */
static uint64_t rounded(double rate)
{
    double unit = rate >= 1000 ? pow(10, floor(log10(rate)) - 2) : 1;

    return (uint64_t)(round(rate / unit) * unit);
}

/* The rate that makes the bracket narrower; 0 when it is narrow enough. */
static uint64_t between(const struct rate_search *search, uint64_t holds, uint64_t fails)
{
    uint64_t rate;

    if (fails == 0) {
        rate = rounded((double)holds * RATE_SEARCH_GROWTH);
        rate = rate > holds ? rate : holds + 1;
        return holds == search->most ? 0 : rate < search->most ? rate : search->most;
    }
    if (holds == 0) {
        rate = rounded((double)fails / 2);
        return fails == search->least ? 0 : rate > search->least ? rate : search->least;
    }
    if ((double)fails <= (double)holds * RATE_SEARCH_PRECISION || fails - holds < 2)
        return 0;
    rate = rounded(sqrt((double)holds * (double)fails));
    return rate > holds && rate < fails ? rate : holds + (fails - holds) / 2;
}

uint64_t rate_search_next(const struct rate_search *search)
{
    if (search->steps == RATE_SEARCH_STEPS_MAX)
        return 0;
    if (search->steps == 0)
        return search->from;
    if (undecided(search, search->last))
        return search->tried[search->last].rate;

    uint64_t holds = rate_search_holds(search);
    uint64_t rate = between(search, holds, rate_search_fails(search));
    if (rate == 0 && holds != 0 && !rate_search_confirmed(search))
        return holds;
    return rate;
}

void rate_search_note(struct rate_search *search, uint64_t rate, bool held)
{
    size_t i = 0;

    while (i < search->count && search->tried[i].rate != rate)
        i++;
    if (i == search->count)
        search->tried[search->count++].rate = rate;
    if (held)
        search->tried[i].held++;
    else
        search->tried[i].failed++;
    search->last = i;
    search->steps++;
}
