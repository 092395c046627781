/*
 * load_turns - see load_turns.h.
 */
#include "load_turns.h"

#include <stdio.h>

#include "clock.h"
#include "load_worker.h"
#include "splitmix.h"
#include "units.h"

enum { RESTS = 10 }; /* one part in so many of a turn is for answers only */

/* ---- the option ---- */

static const char not_turn[] =
    "--turn takes I/N:TIME, the I-th of N clients from 0 and the length of a turn of 1ms or more: 1/3:5ms";

const char *load_turn_parse(const char *text, struct load_turn *turn)
{
    char length[UNITS_TEXT_MAX], place[UNITS_TEXT_MAX], of[UNITS_TEXT_MAX];
    uint64_t first, count;

    if (sscanf(text, "%8[0-9]/%8[0-9]:%15s", place, of, length) != 3 ||
        units_parse_count(place, &first) < 0 || units_parse_count(of, &count) < 0 ||
        units_parse_duration_ns(length, &turn->length_ns) < 0)
        return not_turn;
    if (count == 0 || count > LOAD_TURNS_MAX)
        return "--turn is for 1 to 64 clients";
    if (first >= count || turn->length_ns < NS_PER_MS)
        return not_turn;
    turn->place = (unsigned)first;
    turn->of = (unsigned)count;
    return NULL;
}

/* ---- the order ---- */

/* Which turn of this cycle is the client's. */
static unsigned turn_of(const struct load_turn *turn, uint64_t cycle)
{
    unsigned order[LOAD_TURNS_MAX] = {0}, at = 0;
    struct splitmix random = {.state = cycle / 2};

    for (unsigned i = 0; i < turn->of; i++) { /* the shuffle that fills: inside out */
        unsigned other = splitmix_below(&random, i + 1);

        order[i] = order[other];
        order[other] = i;
    }
    while (order[at] != turn->place)
        at++;
    return cycle % 2 ? turn->of - 1 - at : at;
}

void load_turn_next(const struct load_turn *turn, int64_t now_ns, int64_t *begin_ns, int64_t *end_ns)
{
    int64_t cycle_ns = turn->of * turn->length_ns, cycle = now_ns / cycle_ns;

    do {
        *begin_ns = cycle * cycle_ns + turn_of(turn, (uint64_t)cycle) * turn->length_ns;
        *end_ns = *begin_ns + turn->length_ns - turn->length_ns / RESTS;
        cycle++;
    } while (*end_ns <= now_ns);
}

/* ---- a worker ---- */

bool load_turns_ours(const struct load_worker *worker)
{
    const struct load_turns *turns = &worker->turns;

    return turns->turn.of == 0 || (worker->now_ns >= turns->begin_ns && worker->now_ns < turns->end_ns);
}

static void add_pause(struct load_worker *worker, int64_t until_ns)
{
    struct load_turns *turns = &worker->turns;
    int64_t from_ns = turns->rest_ns > worker->begin_ns ? turns->rest_ns : worker->begin_ns;

    if (turns->rest_ns != 0 && worker->phase == LOAD_WINDOW && until_ns > from_ns)
        turns->paused_ns += until_ns - from_ns;
    turns->rest_ns = 0;
}

bool load_turns_step(struct load_worker *worker)
{
    struct load_turns *turns = &worker->turns;
    bool over = turns->turn.of > 0 && worker->now_ns >= turns->end_ns;
    uint32_t ready = worker->free.count + worker->retry.count;

    if (over)
        load_turn_next(&turns->turn, worker->now_ns, &turns->begin_ns, &turns->end_ns);
    if (worker->now_ns >= turns->begin_ns && turns->rest_ns != 0) {
        add_pause(worker, worker->now_ns);
        return true;
    }
    if (worker->now_ns < turns->begin_ns && (turns->rest_ns == 0 || turns->ready != ready)) {
        turns->rest_ns = worker->now_ns; /* so far: another answer has come */
        turns->ready = ready;
    }
    return over;
}

void load_turns_end(struct load_worker *worker)
{
    add_pause(worker, worker->end_ns);
}
