/*
 * advise_finals - see advise_finals.h. From outside in: starts, rounds, turns.
 */
#include "advise_finals.h"

#include <math.h>
#include <stdio.h>

#include "advise_open.h"
#include "advise_screening.h"
#include "clock.h"
#include "interrupt.h"
#include "units.h"

enum {
    PARTLY_MOST = 3,    /* looks at which not everybody was served before a finalist is out */
    OPEN_MOST = 3,      /* finalists after the search, at most */
    OPEN_ROUNDS = 8,    /* of an open loop: so many, rather than more finalists, */
    OPEN_HALVINGS = 10, /* and so many, rather than more looks in each */
    REOPEN_ROUNDS = 3,  /* of a closed loop, before it is given up */
    SAID_ROUNDS = 4,    /* progress is said whenever so many are over */
};

/* Of the time left the search may take this part. */
static const double search_share = 0.4;

/* The finalists and their servers. */
struct finals {
    struct advise_race *race;
    struct stand stands[ADVISE_FINALISTS_MAX];
    unsigned count;
    struct failure *failure;
};

static void collect_finalists(struct finals *finals)
{
    struct advise_field *field = &finals->race->field;

    finals->count = 0;
    for (unsigned i = 0; i < field->count && finals->count < ADVISE_FINALISTS_MAX; i++)
        if (!field->runners[i].out)
            finals->stands[finals->count++] = (struct stand){.runner = &field->runners[i]};
}

/* ---- turns: one look at one finalist ---- */

/* What broke in the finals is out: a server that fails now and then is no choice. */
static void take_out(struct advise_runner *runner)
{
    runner->unusable = runner->out = true;
    fprintf(stderr, "%s: %s\n", runner->name, runner->why);
}

/* One look; rate 0: closed loop. */
static enum look look_once(struct finals *finals, struct stand *stand, double rate_per_s,
                           struct advise_sample *sample)
{
    struct advise_runner *runner = stand->runner;
    bool steady;
    enum look look = look_at(finals->race, stand, rate_per_s, sample, &steady, finals->failure);

    if (look == LOOK_SPOILED || (look == LOOK_PARTLY && ++runner->partly == PARTLY_MOST))
        take_out(runner);
    if (look == LOOK_PARTLY && !steady && runner->partly == 1)
        runner->ramp_ns *= LOOK_RAMP_GROWTH;
    return look;
}

static enum look turn_closed(struct finals *finals, struct stand *stand)
{
    return look_once(finals, stand, 0, &stand->runner->rounds[finals->race->field.rounds]);
}

static enum look turn_open(struct finals *finals, struct stand *stand)
{
    struct advise_sample sample;
    enum look look = look_once(finals, stand, advise_round_rate(stand->runner), &sample);

    if (look == LOOK_GOOD || look == LOOK_PARTLY)
        advise_round_note(&finals->race->field, stand->runner, look == LOOK_GOOD ? &sample : NULL);
    return look;
}

static enum look turn_search(struct finals *finals, struct stand *stand)
{
    double rate_per_s = advise_search_rate(stand->runner);
    struct advise_sample sample;
    enum look look;

    if (rate_per_s <= 0)
        return LOOK_GOOD;
    look = look_once(finals, stand, rate_per_s, &sample);
    if (look == LOOK_GOOD || look == LOOK_PARTLY)
        advise_search_note(stand->runner, rate_per_s, look == LOOK_GOOD && sample.kept);
    return look;
}

/* All of them once, one after the other; backwards every second time, so that nobody always comes first. */
static enum look all_turns(struct finals *finals, bool backwards,
                           enum look (*turn)(struct finals *finals, struct stand *stand))
{
    enum look look = LOOK_GOOD;

    for (unsigned i = 0; i < finals->count && look_goes_on(look); i++) {
        struct stand *stand = &finals->stands[backwards ? finals->count - 1 - i : i];

        if (!stand->runner->out && stand->server.pid > 0)
            look = interrupted() ? LOOK_INTERRUPTED : turn(finals, stand);
    }
    return look;
}

/* ---- rounds ---- */

/* How long it takes to look at each of them once. */
static int64_t looks_ns(const struct finals *finals)
{
    int64_t sum_ns = 0;

    for (unsigned i = 0; i < finals->count; i++)
        sum_ns += look_slice_ns(finals->race, finals->stands[i].runner);
    return sum_ns;
}

static int64_t starts_ns(const struct finals *finals)
{
    int64_t sum_ns = 0;

    for (unsigned i = 0; i < finals->count; i++)
        sum_ns += finals->stands[i].runner->start_ns;
    return sum_ns;
}

static int64_t round_ns(const struct finals *finals)
{
    const struct advise_field *field = &finals->race->field;

    return looks_ns(finals) * (field->open ? field->halvings : 1);
}

/* A round that was cut short does not count: who had his turn in it has no other to be compared with. */
static enum look run_round(struct finals *finals)
{
    struct advise_field *field = &finals->race->field;
    bool backwards = field->rounds % 2;
    enum look look = LOOK_GOOD;

    if (!field->open) {
        look = all_turns(finals, backwards, turn_closed);
        field->rounds++;
        return look;
    }
    advise_round_begin(field);
    for (unsigned i = 0; i < field->halvings && look_goes_on(look); i++)
        look = all_turns(finals, backwards != (i % 2 > 0), turn_open);
    field->rounds++;
    return look;
}

static enum look run_search(struct finals *finals)
{
    int64_t now_ns = clock_now_ns();
    int64_t until_ns = now_ns + (int64_t)(search_share * (double)(look_end_ns(finals->race) - now_ns));
    enum look look = LOOK_GOOD;
    bool searching = true;

    for (unsigned turn = 0; searching && look_goes_on(look) && look_fits(looks_ns(finals), until_ns);
         turn++) {
        look = all_turns(finals, turn % 2, turn_search);
        searching = false;
        for (unsigned i = 0; i < finals->count; i++)
            searching |= !finals->stands[i].runner->out && advise_search_rate(finals->stands[i].runner) > 0;
    }
    return look;
}

/* ---- starts ---- */

/*
 * Some looks at servers of one start. Servers of one start resemble each other in what they were given, as
 * pages of memory: each round has a start of its own, so that it tells something new.
 */
static enum look run_start(struct finals *finals, enum look (*looks)(struct finals *finals))
{
    struct advise_race *race = finals->race;
    enum look look = LOOK_GOOD;
    struct failure broken;

    race->starts++;
    for (unsigned i = 0; i < finals->count; i++)
        if (look_start(race, &finals->stands[i], &broken) < 0 && look_fits(0, look_end_ns(race))) {
            snprintf(finals->stands[i].runner->why, ADVISE_WHY_MAX, "%.190s", broken.text);
            take_out(finals->stands[i].runner);
        }
    look = looks(finals);
    for (unsigned i = 0; i < finals->count; i++)
        look_stop(race, &finals->stands[i]);
    return look;
}

static void say_finalists(const struct advise_race *race)
{
    const char *between =
        race->field.open ? "nobody clearly keeps it in closed loop, so the rate is searched that each keeps: "
                         : "finals: ";

    for (unsigned i = 0; i < race->field.count; i++)
        if (!race->field.runners[i].out) {
            fprintf(stderr, "%s%s", between, race->field.runners[i].name);
            between = ", ";
        }
    putc('\n', stderr);
}

static void say_rounds(const struct advise_race *race, const struct advise_answer *answer)
{
    char left[UNITS_TEXT_MAX];
    int64_t left_ns = look_end_ns(race) - clock_now_ns();

    if (!answer->chosen || !answer->second || race->field.rounds % SAID_ROUNDS > 0)
        return;
    fprintf(stderr, "%u rounds: %s before %s%s, %s left\n", race->field.rounds, answer->chosen->name,
            answer->second->name, answer->shown ? "" : ", no difference shown yet",
            units_format_duration(left, left_ns > 0 ? left_ns : 0));
}

/* How many looks fit before the end, at each of them. */
static double looks_left(const struct finals *finals)
{
    if (finals->count == 0)
        return 0;
    return (double)(look_end_ns(finals->race) - clock_now_ns()) / (double)looks_ns(finals);
}

static unsigned within(double wanted, unsigned least, unsigned most)
{
    return (unsigned)fmin(fmax(wanted, least), most);
}

static void say_found(const struct finals *finals)
{
    char rate[UNITS_TEXT_MAX];

    for (unsigned i = 0; i < finals->count; i++) {
        const struct advise_runner *runner = finals->stands[i].runner;

        if (runner->unusable)
            continue;
        fprintf(stderr, "%s: about %s requests per second%s%s\n", runner->name,
                units_format_count(rate, runner->found_per_s), runner->out ? ": out, " : "",
                runner->out ? runner->why : "");
    }
}

/* Before the rounds of an open loop: where about is the rate that each keeps, and who stays? */
static enum look search(struct finals *finals)
{
    struct advise_field *field = &finals->race->field;
    enum look look;

    collect_finalists(finals);
    look = run_start(finals, run_search);
    advise_search_end(
        field,
        within(looks_left(finals) * finals->count / (OPEN_ROUNDS * ADVISE_HALVINGS_LEAST), 2, OPEN_MOST));
    say_found(finals);
    collect_finalists(finals);
    if (finals->count > 0)
        field->halvings =
            within(looks_left(finals) / OPEN_HALVINGS, ADVISE_HALVINGS_LEAST, ADVISE_HALVINGS_MOST);
    return look;
}

enum look advise_finals_run(struct advise_race *race, struct failure *failure)
{
    struct finals finals = {.race = race, .failure = failure};
    struct advise_field *field = &race->field;
    enum look look = LOOK_GOOD;
    bool enough = false, searched = false;

    say_finalists(race);
    while (!enough && look_goes_on(look)) {
        struct advise_answer answer;

        if (field->open && !searched) {
            look = search(&finals);
            searched = true;
            continue;
        }
        collect_finalists(&finals);
        if (finals.count < 1 || field->rounds == ADVISE_ROUNDS_MAX ||
            !look_fits(round_ns(&finals) + starts_ns(&finals), look_end_ns(race)))
            break;
        look = run_start(&finals, run_round);
        enough = !race->aa && advise_prune(field);
        answer = advise_choose(field);
        if (!field->open && field->rounds >= REOPEN_ROUNDS && answer.chosen && !answer.kept &&
            look_goes_on(look)) {
            advise_reopen(field);
            say_finalists(race);
            enough = false;
        } else {
            say_rounds(race, &answer);
        }
    }
    return look;
}
