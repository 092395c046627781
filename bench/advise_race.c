/*
 * advise_race - see advise_race.h. From outside in: screening and finals, starts, rounds.
 */
#include "advise_race.h"

#include <errno.h>
#include <ftw.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "advise_look.h"
#include "clock.h"
#include "interrupt.h"
#include "leftovers.h"
#include "rate_search.h"
#include "splitmix.h"
#include "units.h"

enum {
    RAMP_GROWTH = 3, /* where a server did not serve everybody in its ramp it gets so many times that */
    PARTLY_MOST = 3, /* rounds in which not everybody was served before a finalist is out */
};

static const double foreign_noted = 0.10; /* in CPUs, on average */

/* ---- screening ---- */

/* In closed loop, once; again with a longer ramp where that was what it lacked and there is time. */
static enum look screen_started(struct advise_race *race, struct stand *stand, int64_t until_ns,
                                struct failure *failure)
{
    struct advise_runner *runner = stand->runner;
    bool steady;
    enum look look = look_at(race, stand, 0, &runner->screen, &steady, failure);

    if (!look_goes_on(look) || steady)
        return look;
    runner->ramp_ns *= RAMP_GROWTH;
    if (!look_fits(look_slice_ns(race, runner), until_ns))
        return look;
    runner->why[0] = '\0';
    return look_at(race, stand, 0, &runner->screen, &steady, failure);
}

static void say_screened(const struct advise_race *race, const struct advise_runner *runner)
{
    char rate[UNITS_TEXT_MAX], latency[UNITS_TEXT_MAX], name[SCENARIO_NAME_MAX];

    if (runner->unusable)
        fprintf(stderr, "%s: %s\n", runner->name, runner->why);
    else
        fprintf(stderr, "%s: %s requests per second, %s %s, %.1f us of CPU time each\n", runner->name,
                units_format_count(rate, runner->screen.rate_per_s),
                advise_latency_name(race->field.workload, name, sizeof(name)),
                units_format_duration(latency, (int64_t)(runner->screen.latency_us * 1e3)),
                runner->screen.cpu_us);
}

static enum look screen(struct advise_race *race, struct advise_runner *runner, int64_t until_ns,
                        struct failure *failure)
{
    struct stand stand = {.runner = runner};
    int64_t begun_ns = clock_now_ns();
    struct failure broken;
    enum look look = LOOK_SPOILED;

    race->starts++;
    if (look_start(race, &stand, &broken) < 0) {
        snprintf(runner->why, sizeof(runner->why), "%.190s", broken.text);
    } else {
        runner->start_ns = clock_now_ns() - begun_ns;
        look = screen_started(race, &stand, until_ns, failure);
    }
    begun_ns = clock_now_ns();
    runner->unusable = look != LOOK_GOOD;
    look_stop(race, &stand);
    runner->start_ns += clock_now_ns() - begun_ns;
    if (interrupted())
        return LOOK_INTERRUPTED;
    if (look_goes_on(look))
        say_screened(race, runner);
    return look;
}

/* A random order, but those that start quickly first: if time is short, more can be looked at. */
static void shuffle(const struct advise_race *race, unsigned *order)
{
    struct splitmix random = {.state = race->seed};
    const struct advise_runner *runners = race->field.runners;

    for (unsigned i = 0; i < race->field.count; i++) {
        unsigned place = splitmix_below(&random, i + 1);

        order[i] = order[place];
        order[place] = i;
    }
    for (unsigned i = 1; i < race->field.count; i++)
        for (unsigned k = i; k > 0 && runners[order[k]].start_ns < runners[order[k - 1]].start_ns; k--) {
            unsigned swapped = order[k];

            order[k] = order[k - 1];
            order[k - 1] = swapped;
        }
}

/* All candidates in that order, as far as the time goes that the finals do not need. */
static enum look screen_all(struct advise_race *race, struct failure *failure)
{
    struct advise_field *field = &race->field;
    int64_t until_ns = look_end_ns(race) - race->plan.finals_ns;
    unsigned order[SCENARIO_LIST_MAX];
    enum look look = LOOK_GOOD;

    shuffle(race, order);
    for (unsigned i = 0; i < field->count && look_goes_on(look); i++) {
        struct advise_runner *runner = &field->runners[order[i]];

        if (look_fits(runner->start_ns + look_slice_ns(race, runner), until_ns)) {
            look = screen(race, runner, until_ns, failure);
        } else {
            runner->unusable = true;
            snprintf(runner->why, sizeof(runner->why), "not looked at, the time for that was up");
            fprintf(stderr, "%s: %s\n", runner->name, runner->why);
        }
    }
    return look == LOOK_INTERRUPTED || look == LOOK_IMPOSSIBLE ? look : LOOK_GOOD;
}

/* ---- finals ---- */

static unsigned collect_finalists(struct advise_field *field, struct stand *stands)
{
    unsigned count = 0;

    for (unsigned i = 0; i < field->count && count < ADVISE_FINALISTS_MAX; i++)
        if (!field->runners[i].out)
            stands[count++] = (struct stand){.runner = &field->runners[i]};
    return count;
}

/* What broke in the finals is out: a server that fails now and then is no choice. */
static void take_out(struct advise_runner *runner)
{
    runner->unusable = runner->out = true;
    fprintf(stderr, "%s: %s\n", runner->name, runner->why);
}

static enum look run_turn(struct advise_race *race, struct stand *stand, unsigned round,
                          struct failure *failure)
{
    struct advise_runner *runner = stand->runner;
    struct advise_sample *sample = &runner->rounds[round];
    bool steady, open = race->field.open;
    enum look look =
        look_at(race, stand, open ? floor(runner->walk.rate_per_s) : 0, sample, &steady, failure);

    if (look == LOOK_SPOILED || (look == LOOK_PARTLY && ++runner->partly == PARTLY_MOST))
        take_out(runner);
    if (look == LOOK_PARTLY && !steady && runner->partly == 1)
        runner->ramp_ns *= RAMP_GROWTH;
    if ((look != LOOK_GOOD && look != LOOK_PARTLY) || !open)
        return look;
    if (!up_down_settled(&runner->walk))
        sample->rate_per_s = NAN;
    up_down_note(&runner->walk, look == LOOK_GOOD && sample->kept);
    return look;
}

/* Odd rounds run the order of the round before backwards. */
static enum look run_round(struct advise_race *race, struct stand *stands, unsigned count,
                           struct failure *failure)
{
    unsigned round = race->field.rounds++;
    enum look look = LOOK_GOOD;

    for (unsigned i = 0; i < count && look_goes_on(look); i++) {
        struct stand *stand = &stands[round % 2 ? count - 1 - i : i];

        if (!stand->runner->out && stand->server.pid > 0)
            look = interrupted() ? LOOK_INTERRUPTED : run_turn(race, stand, round, failure);
    }
    return look;
}

static int64_t round_ns(const struct advise_race *race, const struct stand *stands, unsigned count,
                        bool with_start)
{
    int64_t sum_ns = 0;

    for (unsigned i = 0; i < count; i++)
        sum_ns += look_slice_ns(race, stands[i].runner) + (with_start ? stands[i].runner->start_ns : 0);
    return sum_ns;
}

/* Some rounds with servers of one start. */
static enum look run_start(struct advise_race *race, struct stand *stands, unsigned count,
                           struct failure *failure)
{
    enum look look = LOOK_GOOD;
    struct failure broken;

    race->starts++;
    for (unsigned i = 0; i < count; i++)
        if (look_start(race, &stands[i], &broken) < 0 && look_fits(0, look_end_ns(race))) {
            snprintf(stands[i].runner->why, ADVISE_WHY_MAX, "%.190s", broken.text);
            take_out(stands[i].runner);
        }
    for (unsigned i = 0; i < ADVISE_ROUNDS_PER_START && look_goes_on(look); i++)
        look = race->field.rounds < ADVISE_ROUNDS_MAX &&
                       look_fits(round_ns(race, stands, count, false), look_end_ns(race))
                   ? run_round(race, stands, count, failure)
                   : LOOK_TIME_UP;
    for (unsigned i = 0; i < count; i++)
        look_stop(race, &stands[i]);
    return look;
}

static void say_finalists(const struct advise_race *race)
{
    const char *between =
        race->field.open ? "nobody clearly keeps it in closed loop, so at the rate each keeps: " : "finals: ";

    for (unsigned i = 0; i < race->field.count; i++)
        if (!race->field.runners[i].out) {
            fprintf(stderr, "%s%s", between, race->field.runners[i].name);
            between = ", ";
        }
    putc('\n', stderr);
}

static void say_start(const struct advise_race *race, const struct advise_answer *answer)
{
    char left[UNITS_TEXT_MAX];
    int64_t left_ns = look_end_ns(race) - clock_now_ns();

    if (!answer->chosen || !answer->second)
        return;
    fprintf(stderr, "%u rounds: %s before %s%s, %s left\n", race->field.rounds, answer->chosen->name,
            answer->second->name, answer->shown ? "" : ", no difference shown yet",
            units_format_duration(left, left_ns > 0 ? left_ns : 0));
}

static enum look run_finals(struct advise_race *race, struct failure *failure)
{
    struct stand stands[ADVISE_FINALISTS_MAX];
    enum look look = LOOK_GOOD;
    bool enough = false;

    while (!enough && look_goes_on(look)) {
        unsigned count = collect_finalists(&race->field, stands);
        struct advise_answer answer;

        if (count < 1 || !look_fits(round_ns(race, stands, count, true), look_end_ns(race)))
            break;
        look = run_start(race, stands, count, failure);
        enough = advise_prune(&race->field);
        answer = advise_choose(&race->field);
        if (!race->field.open && answer.chosen && !answer.kept && look_goes_on(look)) {
            advise_reopen(&race->field);
            say_finalists(race);
        } else {
            say_start(race, &answer);
        }
    }
    return look;
}

/* ---- the whole ---- */

static int make_directory(struct advise_race *race, struct failure *failure)
{
    const char *parent = getenv("TMPDIR");
    char part[LAUNCH_PATH_MAX + 16];

    snprintf(race->directory, sizeof(race->directory), "%.3000s/tenk-advise-XXXXXX",
             parent && *parent ? parent : "/tmp");
    if (!mkdtemp(race->directory))
        return failure_set(failure, EXIT_HERE, "cannot make the directory %.300s: %s; set TMPDIR to another",
                           race->directory, strerror(errno));
    for (unsigned i = 0; i < 2; i++) {
        snprintf(part, sizeof(part), "%s/%s", race->directory, i ? "servers" : "raw");
        if (mkdir(part, 0755) < 0)
            return failure_set(failure, EXIT_HERE, "cannot write into %.300s: %s", race->directory,
                               strerror(errno));
    }
    return 0;
}

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
    (void)status, (void)kind, (void)walk;
    return remove(path);
}

static void say_noise(const struct advise_race *race)
{
    double foreign = race->slices > 0 ? race->foreign_cpu / race->slices : 0;

    if (foreign > foreign_noted)
        fprintf(stderr,
                "other programs used %.0f %% of a CPU meanwhile: the answer is one for a machine as busy as "
                "that\n",
                foreign * 100);
}

static enum look race_run(struct advise_race *race, struct failure *failure)
{
    enum look look = screen_all(race, failure);

    if (look != LOOK_GOOD)
        return look;
    advise_screen(&race->field, advise_finalists(&race->plan, look_end_ns(race) - clock_now_ns()));
    say_finalists(race);
    return run_finals(race, failure);
}

enum advise_outcome advise_race_run(struct advise_race *race, struct failure *failure)
{
    enum look look;

    leftovers_remove();
    if (make_directory(race, failure) < 0)
        return ADVISE_FAILED;
    look = race_run(race, failure);
    nftw(race->directory, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    say_noise(race);
    if (look == LOOK_INTERRUPTED || interrupted())
        return ADVISE_INTERRUPTED;
    return look == LOOK_IMPOSSIBLE ? ADVISE_FAILED : ADVISE_COMPLETE;
}
