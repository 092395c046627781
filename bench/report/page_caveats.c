/*
 * page_caveats - what stands against believing a run, made from its numbers.
 */
#include "page_words.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capacity_table.h"
#include "summary.h"
#include "verdict.h"

enum { CAVEAT_MAX = 1024, REASONS_MAX = 40 };

static void say(const struct words_sink *sink, bool warning, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void say(const struct words_sink *sink, bool warning, const char *format, ...)
{
    char text[CAVEAT_MAX];
    va_list values;

    va_start(values, format);
    vsnprintf(text, sizeof(text), format, values);
    va_end(values);
    sink->say(sink->context, "", text, warning);
}

/* ---- cells ---- */

struct tally {
    const char *reasons[REASONS_MAX];
    unsigned counts[REASONS_MAX];
    unsigned kinds, invalid, partly, client_bound, no_interval, ranked;
};

static void count_reason(struct tally *tally, const char *reason)
{
    unsigned i = 0;

    while (i < tally->kinds && strcmp(tally->reasons[i], reason) != 0)
        i++;
    if (i == REASONS_MAX)
        return;
    if (i == tally->kinds)
        tally->reasons[tally->kinds++] = reason;
    tally->counts[i]++;
}

static void count_cells(struct tally *tally, const struct past_run *run)
{
    for (unsigned i = 0; i < run->cell_count; i++) {
        const struct row *cell = &run->cells[i];
        enum standing standing = summary_standing(cell);

        tally->invalid += standing == STANDING_INVALID;
        tally->partly += standing == STANDING_PARTLY_SERVED;
        tally->ranked += standing == STANDING_RANKED;
        if (standing == STANDING_INVALID)
            count_reason(tally, row_has(cell, CELL_reason) ? row_text(cell, CELL_reason) : "no reason given");
        tally->client_bound += row_is(cell, CELL_reason, "client-bound");
        tally->no_interval += standing == STANDING_RANKED && row_has(cell, CELL_server_cpu_us_per_request) &&
                              !row_has(cell, CELL_cpu_ratio_low) &&
                              !row_is(cell, CELL_model, past_run_group_of(run, cell)->control);
    }
}

static void say_invalid(const struct words_sink *sink, const struct tally *tally, unsigned cells)
{
    char list[CAVEAT_MAX / 2] = "";

    if (cells == 0)
        return;
    if (tally->invalid == 0) {
        say(sink, false, cells == 1 ? "The cell is valid." : "All %u cells are valid.", cells);
        return;
    }
    for (unsigned i = 0; i < tally->kinds; i++) {
        size_t used = strlen(list);

        snprintf(list + used, sizeof(list) - used, "%s%.40s %u", i > 0 ? ", " : "", tally->reasons[i],
                 tally->counts[i]);
    }
    say(sink, true, "%u of %u cells %s INVALID, shown and not ranked: %s.", tally->invalid, cells,
        tally->invalid == 1 ? "is" : "are", list);
}

static void say_cells(const struct words_sink *sink, const struct past_run *run)
{
    struct tally tally = {0};

    count_cells(&tally, run);
    say_invalid(sink, &tally, run->cell_count);
    if (tally.partly > 0)
        say(sink, false,
            "In %u cell%s the model by its nature served fewer clients than there were; the others waited, "
            "so there is "
            "no latency to compare.",
            tally.partly, tally.partly == 1 ? "" : "s");
    if (tally.client_bound > 0)
        say(sink, false,
            "In %u cell%s the client was the limit: the rate, in parentheses, is the client's. CPU time per "
            "request "
            "stands.",
            tally.client_bound, tally.client_bound == 1 ? "" : "s");
    if (tally.no_interval > 0)
        say(sink, true, "%u cell%s no interval: too few rounds. Nothing is claimed about them.",
            tally.no_interval, tally.no_interval == 1 ? " has" : "s have");
}

static void say_capacities(const struct words_sink *sink, const struct past_run *run)
{
    unsigned count = 0, ranked = 0;

    for (unsigned i = 0; i < run->capacities_count; i++)
        for (unsigned r = 0; r < run->capacities[i].count; r++, count++)
            ranked += capacity_ranked(&run->capacities[i].rows[r]);
    if (count == 0)
        return;
    if (ranked < count)
        say(sink, true, "%u of %u capacities are not ranked: the table says why of each.", count - ranked,
            count);
    say(sink, false,
        "A capacity holds for this objective, these slices and this machine; a search looks to 5 %%, and "
        "smaller "
        "differences are not claimed.");
}

/* ---- noise ---- */

static double number_at(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);

    return json_is_number(value) ? json_number_value(value) : NAN;
}

static void say_floor(const struct words_sink *sink, const struct past_run *run)
{
    double low = INFINITY, high = -INFINITY;

    for (unsigned i = 0; i < run->capacities_count; i++)
        if (!isnan(run->capacities[i].smallest)) {
            low = fmin(low, run->capacities[i].smallest);
            high = fmax(high, run->capacities[i].smallest);
        }
    for (unsigned i = 0; i < run->group_count; i++)
        if (!isnan(run->groups[i].smallest)) {
            low = fmin(low, run->groups[i].smallest);
            high = fmax(high, run->groups[i].smallest);
        }
    if (high < low)
        say(sink, true,
            "How far two copies of one server differ was not measured: no difference can be claimed.");
    else if (high - low < 0.0005)
        say(sink, false,
            "Two copies of one server differed by up to %.1f %%: smaller differences prove nothing.",
            high * 100);
    else
        say(sink, false,
            "Two copies of one server differed by up to %.1f %% to %.1f %%, by table: smaller differences "
            "prove "
            "nothing.",
            low * 100, high * 100);
}

static void say_noise(const struct words_sink *sink, const struct past_run *run)
{
    double slices = number_at(run->results, "slices"), noisy = number_at(run->results, "slices_noisy");
    double repeated = number_at(run->results, "slices_repeated");
    bool unfit = (noisy + repeated) * 5 > slices;

    if (!(slices > 0))
        return;
    say(sink, unfit, "%.0f of %.0f slices %s run again for noise; %.0f %s still noisy.%s", repeated, slices,
        repeated == 1 ? "was" : "were", noisy, noisy == 1 ? "is" : "are",
        unfit ? " More than one in five: the machine was unfit to measure on." : "");
}

/* ---- the machine ---- */

static void say_machine(const struct words_sink *sink, const struct past_run *run)
{
    const json_t *environment = json_object_get(run->about, "environment");
    const json_t *processor = json_object_get(environment, "processor");
    const char *load = json_string_value(json_object_get(json_object_get(run->about, "before"), "load"));
    const char *server = json_string_value(json_object_get(processor, "server_cpus"));

    if (json_is_false(json_object_get(run->about, "complete")))
        say(sink, true, "The run was interrupted: cells are missing or have fewer rounds than planned.");
    if (json_is_true(json_object_get(json_object_get(environment, "build"), "dirty")))
        say(sink, true, "The programs were built from sources that no revision holds.");
    if (load && strtod(load, NULL) > 1)
        say(sink, true, "The machine was busy before the run began: load %.1f.", strtod(load, NULL));
    if (server && server[strspn(server, "0123456789")] == '\0')
        say(sink, false, "The servers had one CPU: what models gain by spreading over several is not shown.");
    say(sink, false,
        "Loopback has no network card, and the sender's CPU does part of the receiver's work. Compare models "
        "within a "
        "run; figures of two machines or two days say little.");
}

void words_caveats(const struct words_sink *sink, const struct past_run *run)
{
    say_cells(sink, run);
    say_capacities(sink, run);
    say_floor(sink, run);
    say_noise(sink, run);
    say_machine(sink, run);
}
