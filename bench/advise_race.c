/*
 * advise_race - see advise_race.h. The finals are in advise_finals.c.
 */
#include "advise_race.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "advise_finals.h"
#include "advise_screening.h"
#include "clock.h"
#include "interrupt.h"
#include "leftovers.h"
#include "splitmix.h"
#include "units.h"

static const double foreign_noted = 0.10; /* in CPUs, on average */

/* ---- screening ---- */

/* In closed loop, once; again with a longer ramp where that was what it lacked, may help, and there is time.
 */
static enum look screen_started(struct advise_race *race, struct stand *stand, int64_t until_ns,
                                struct failure *failure)
{
    struct advise_runner *runner = stand->runner;
    bool steady;
    enum look look = look_at(race, stand, 0, &runner->screen, &steady, failure);

    if (!look_goes_on(look) || steady || (look == LOOK_PARTLY && advise_hopeless(&race->field, runner)))
        return look;
    runner->ramp_ns *= LOOK_RAMP_GROWTH;
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

/* ---- the whole ---- */

/* The directory of the slices' files. */
static int make_directory(struct advise_race *race, struct failure *failure)
{
    static const char *const parts[] = {"servers", "raw"};
    char part[LAUNCH_PATH_MAX + 16];

    if (scratch_open(&race->scratch, "tenk-advise-scratch", failure) < 0)
        return -1;
    for (unsigned i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        snprintf(part, sizeof(part), "%s/%s", race->scratch.path, parts[i]);
        if (mkdir(part, 0755) == 0)
            continue;
        failure_set(failure, EXIT_HERE, "cannot write into %.300s: %s", race->scratch.path, strerror(errno));
        scratch_close(&race->scratch);
        return -1;
    }
    return 0;
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
    return advise_finals_run(race, failure);
}

enum advise_outcome advise_race_run(struct advise_race *race, struct failure *failure)
{
    enum look look;

    leftovers_remove();
    if (make_directory(race, failure) < 0)
        return ADVISE_FAILED;
    look = race_run(race, failure);
    scratch_close(&race->scratch);
    say_noise(race);
    if (look == LOOK_INTERRUPTED || interrupted())
        return ADVISE_INTERRUPTED;
    return look == LOOK_IMPOSSIBLE ? ADVISE_FAILED : ADVISE_COMPLETE;
}
