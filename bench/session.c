/*
 * session - see session.h. From outside in: scenario, block (one start of the servers), slice, attempt.
 */
#include "session.h"

#include <stdlib.h>
#include <string.h>

#include "block.h"
#include "capacity.h"
#include "clock.h"
#include "interrupt.h"
#include "leftovers.h"
#include "slice.h"
#include "splitmix.h"
#include "stop_rule.h"
#include "verdict.h"

enum {
    RAMP_GROWTH = 4,          /* a model that starves clients gets so many times the ramp, ... */
    RAMP_GROWN_MAX = 16,      /* ... up to so many times the scenario's */
    REPEATS_PERCENT_MAX = 20, /* more slices to run again than that: the machine is unfit, say so */
    PADDING_MAX = 4000,
};

/* ---- slices ---- */

/*
 * The ramp of a cell: the scenario's, or the longest one it has needed so far. A server that shares its
 * CPU with a process for every client it has accepted gets round to accepting more only now and then:
 * until all are served can take a second. That belongs into the ramp, not into the slice.
 */
static int64_t ramp_ns(const struct session *session, const struct session_part *part,
                       const struct slice *slice)
{
    const char *model = part->scenario.models.items[slice->model];
    int64_t longest_ns = part->scenario.ramp_ns, most_ns = part->scenario.ramp_ns * RAMP_GROWN_MAX;

    for (unsigned i = 0; i < session->samples.count; i++) {
        const struct row *row = &session->samples.rows[i];
        int64_t needed_ns =
            row_has(row, SAMPLE_ramp_s) ? (int64_t)(row_number(row, SAMPLE_ramp_s) * 1e9 + 0.5) : 0;

        if (!row_is(row, SAMPLE_model, model) || row_number(row, SAMPLE_connections) != slice->connections ||
            !row_is(row, SAMPLE_scenario, part->scenario.name))
            continue;
        if (verdict_wants_ramp(verdict_from_name(row_text(row, SAMPLE_reason))))
            needed_ns *= RAMP_GROWTH;
        longest_ns = needed_ns > longest_ns ? needed_ns : longest_ns;
    }
    return longest_ns < most_ns ? longest_ns : most_ns;
}

/* Whether a longer ramp is left to try for a slice that was not steady yet. */
static bool may_grow(const struct row *row, enum verdict_reason reason, const struct scenario *scenario)
{
    return verdict_wants_ramp(reason) &&
           row_number(row, SAMPLE_ramp_s) * 1e9 < (double)scenario->ramp_ns * RAMP_GROWN_MAX * 0.99;
}

static bool may_repeat(const struct session *session, const struct scenario *scenario, unsigned attempt)
{
    return attempt < scenario->retries &&
           session->repeats * 100 <= session->slices_run * REPEATS_PERCENT_MAX + 200;
}

/* The slice, and those that run in the same time. */
static void subjects_of(struct block *block, const struct slice *slice, struct slice_subject *subjects)
{
    for (unsigned i = 0; i < slice->at_once; i++)
        subjects[i] = (struct slice_subject){.slice = slice + i,
                                             .server = &block->servers[block_place(block, slice + i)]};
}

/* A row for each. False: no memory. */
static bool open_rows(struct samples *samples, struct slice_subject *subjects, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        if (!samples_add(samples)) {
            while (i-- > 0)
                samples_drop_last(samples);
            return false;
        }
    for (unsigned i = 0; i < count; i++)
        subjects[i].row = &samples->rows[samples->count - count + i];
    return true;
}

/* Whether the slice is to be run again: for noise (a search looks after that itself), or with a longer ramp.
 */
static bool is_to_be_repeated(struct session *session, const struct scenario *scenario,
                              const struct slice_subject *subject, unsigned attempt)
{
    bool noise = !subject->slice->cost && !subject->slice->search &&
                 verdict_is_circumstance(subject->reason) && !verdict_wants_ramp(subject->reason) &&
                 may_repeat(session, scenario, attempt);

    session->repeats += noise;
    return noise ||
           (subject->slice->client == CLIENT_TENK_LOAD && may_grow(subject->row, subject->reason, scenario));
}

static enum session_outcome run_attempt(struct block *block, const struct slice *slice, unsigned attempt,
                                        bool *again, struct failure *failure)
{
    struct session *session = block->session;
    struct slice_setting setting = {
        .scenario = &block->part->scenario,
        .clients = &session->clients,
        .server_cpus = &session->server_cpus,
        .directory = session->run.path,
        .pace = {.ramp_ns = ramp_ns(session, block->part, slice), .rate_per_s = block->rate_per_s},
        .syscalls_fd = slice->cost ? block->syscalls_fd : -1,
    };
    struct slice_subject subjects[SLICE_SUBJECTS_MAX];
    unsigned count = slice->at_once;
    enum slice_outcome outcome;

    subjects_of(block, slice, subjects);
    if (run_directory_has_room(&session->run, failure) < 0)
        return SESSION_FAILED;
    if (!open_rows(&session->samples, subjects, count)) {
        failure_set(failure, EXIT_HERE, "out of memory");
        return SESSION_FAILED;
    }
    progress_slice(&session->progress, &block->part->scenario, slice, attempt);
    outcome = slice_run(&setting, subjects, count, attempt, block->start, failure);
    if (outcome != SLICE_DONE) {
        for (unsigned i = 0; i < count; i++)
            samples_drop_last(&session->samples);
        return outcome == SLICE_INTERRUPTED ? SESSION_INTERRUPTED : SESSION_FAILED;
    }
    session->slices_run++;
    capacity_note(&block->part->scenario, &session->samples, slice, subjects[0].row);
    for (unsigned i = 0; i < count; i++)
        *again |= is_to_be_repeated(session, &block->part->scenario, &subjects[i], attempt);
    return block_store(session, count, failure) < 0 ? SESSION_FAILED : SESSION_COMPLETE;
}

/* Of slices in the same time some may have a row already: the run was killed between their rows. */
static unsigned first_attempt(const struct block *block, const struct slice *slice)
{
    const struct samples *samples = &block->session->samples;
    unsigned first = 0;

    for (unsigned i = 0; i < slice->at_once; i++) {
        unsigned made = samples_attempts(samples, block->part->scenario.name, slice->index + i);

        first = made > first ? made : first;
    }
    return first;
}

/* Runs a slice, and those after it that belong to it. */
static enum session_outcome run_slice(struct block *block, const struct slice *slice, struct failure *failure)
{
    unsigned count = slice->at_once, first = first_attempt(block, slice);
    enum session_outcome outcome = SESSION_COMPLETE;
    bool again = true, broken = false;

    for (unsigned i = 0; i < count; i++) {
        if (block_ensure_server(block, slice + i, failure) < 0)
            return SESSION_FAILED;
        broken |= block->broken[block_place(block, slice + i)][0] != '\0';
    }
    if (interrupted())
        return SESSION_INTERRUPTED;
    for (unsigned i = 0; broken && i < count; i++)
        if (block_store_broken(block, slice + i, block_place(block, slice + i), failure) < 0)
            return SESSION_FAILED;
    for (unsigned attempt = first; !broken && again && outcome == SESSION_COMPLETE; attempt++) {
        again = false;
        outcome = run_attempt(block, slice, attempt, &again, failure);
    }
    progress_done(&block->session->progress, slice_expected_ns(slice, &block->part->scenario));
    return outcome;
}

/* How many rounds, or searches, are run to the end once they have begun. */
static unsigned together(const struct slice *slice)
{
    return slice->search ? STOP_SEARCHES_TOGETHER : STOP_ROUNDS_TOGETHER;
}

/* Whether `other` is run before it is asked again if there is time, or comes after all rounds in any case. */
static bool comes_next(const struct slice *slice, const struct slice *other)
{
    if (other->cost || other->search != slice->search)
        return other->cost || (other->load > 0 && other->round < together(other));
    return other->round < slice->round + together(slice);
}

/* The plan's time for that. */
static int64_t next_ns(const struct block *block, const struct slice *slice)
{
    const struct plan *plan = &block->part->plan;
    int64_t sum_ns = 0;

    for (unsigned i = 0; i < plan->count; i++)
        if (!block->done[i] && comes_next(slice, &plan->slices[i]))
            sum_ns += slice_expected_ns(&plan->slices[i], &block->part->scenario);
    return sum_ns;
}

/* Before the first slice of a round: is enough known? Then the slices of all rounds left are passed over. */
static void stop_early(struct block *block, const struct slice *slice)
{
    struct session_part *part = block->part;
    unsigned last = slice->index > 0 ? part->plan.slices[slice->index - 1].round : slice->round;

    if (slice->cost || slice->round == last ||
        !stop_rule_met(block->stop, &part->scenario, &block->session->samples, slice->round, together(slice),
                       next_ns(block, slice), part->stopped, sizeof(part->stopped)))
        return;
    part->rounds = slice->search ? part->rounds : slice->round;
    progress_note(&block->session->progress, "%s: stopped after %u of %u %s: %s", part->scenario.name,
                  slice->round, (unsigned)(slice->search ? part->scenario.searches : part->scenario.rounds),
                  slice->search ? "searches" : "rounds", part->stopped);
    for (unsigned i = 0; i < part->plan.count; i++)
        if (!block->done[i] && !part->plan.slices[i].cost && part->plan.slices[i].search == slice->search &&
            part->plan.slices[i].round >= slice->round) {
            block->done[i] = true;
            progress_done(&block->session->progress,
                          slice_expected_ns(&part->plan.slices[i], &part->scenario));
        }
}

/* Searches take fewer steps than are planned. */
static bool is_needed(struct block *block, const struct slice *slice)
{
    const struct scenario *scenario = &block->part->scenario;

    if (capacity_need(scenario, &block->session->samples, slice, &block->rate_per_s) == CAPACITY_RUN)
        return true;
    progress_done(&block->session->progress, slice_expected_ns(slice, scenario));
    return false;
}

static enum session_outcome run_slices(struct block *block, unsigned number, struct failure *failure)
{
    const struct plan *plan = &block->part->plan;
    enum session_outcome outcome = SESSION_COMPLETE;

    for (unsigned i = 0; i < plan->count && outcome == SESSION_COMPLETE; i++) {
        if (plan->slices[i].block != number || block->done[i])
            continue;
        stop_early(block, &plan->slices[i]);
        if (!block->done[i] && plan->slices[i].beside < 2 && is_needed(block, &plan->slices[i]))
            outcome = interrupted() ? SESSION_INTERRUPTED : run_slice(block, &plan->slices[i], failure);
    }
    return outcome;
}

/* ---- blocks ---- */

static bool block_is_done(const struct plan *plan, const bool *done, unsigned number)
{
    for (unsigned i = 0; i < plan->count; i++)
        if (plan->slices[i].block == number && !done[i])
            return false;
    return true;
}

static enum session_outcome run_block(struct session *session, struct session_part *part, bool *done,
                                      const struct stop_rule *stop, unsigned number, struct failure *failure)
{
    struct splitmix random = {.state = session->seed + number};
    struct block *block = calloc(1, sizeof(*block));
    enum session_outcome outcome;
    char logs[LAUNCH_PATH_MAX + 256];

    if (!block) {
        failure_set(failure, EXIT_HERE, "out of memory");
        return SESSION_FAILED;
    }
    strcpy(logs, run_directory_file(&session->run, "servers"));
    *block = (struct block){.session = session, .part = part, .done = done, .stop = stop, .syscalls_fd = -1};
    block->start = session->next_start++;
    block->setting = (struct server_setting){
        .registry = &part->registry,
        .scenario = &part->scenario,
        .cpus = &session->server_cpus,
        .directory = logs,
        .start = block->start,
        .padding = 1 + splitmix_below(&random, PADDING_MAX),
    };
    if (block_start_servers(block, number, failure) < 0)
        outcome = SESSION_FAILED;
    else
        outcome = interrupted() ? SESSION_INTERRUPTED : run_slices(block, number, failure);
    if (block_stop_servers(block, failure) < 0 && outcome != SESSION_FAILED)
        outcome = SESSION_FAILED;
    free(block);
    return outcome;
}

/* Slices in the same time are done when all of them are. */
static void done_together(const struct plan *plan, bool *done)
{
    for (unsigned i = 0; i < plan->count; i += plan->slices[i].at_once) {
        bool all = true;

        for (unsigned k = 0; k < plan->slices[i].at_once; k++)
            all &= done[i + k];
        for (unsigned k = 0; k < plan->slices[i].at_once; k++)
            done[i + k] = all;
    }
}

static enum session_outcome run_part(struct session *session, struct session_part *part,
                                     const struct stop_rule *stop, struct failure *failure)
{
    enum session_outcome outcome = SESSION_COMPLETE;
    bool *done = calloc(part->plan.count + 1, sizeof(*done));

    part->rounds = (unsigned)part->scenario.rounds;
    part->stopped[0] = '\0';
    if (!done) {
        failure_set(failure, EXIT_HERE, "out of memory");
        return SESSION_FAILED;
    }
    session_mark_done(session, part, done);
    done_together(&part->plan, done);
    for (unsigned number = 0; number < part->plan.blocks && outcome == SESSION_COMPLETE; number++)
        if (!block_is_done(&part->plan, done, number))
            outcome = run_block(session, part, done, stop, number, failure);
    free(done);
    return outcome;
}

/* What is left of the budget is shared among the scenarios that are left, by what their plans take. */
static int64_t deadline_ns(const struct session *session, int64_t begun_ns, unsigned first)
{
    int64_t now_ns = clock_now_ns(), left_ns = begun_ns + session->budget_ns - now_ns;
    double own = (double)session_part_expected_ns(session, &session->parts[first]), all = own;

    if (session->budget_ns == 0)
        return 0;
    for (unsigned i = first + 1; i < session->part_count; i++)
        all += (double)session_part_expected_ns(session, &session->parts[i]);
    return now_ns + (all > 0 ? (int64_t)((double)left_ns * own / all) : left_ns);
}

enum session_outcome session_run(struct session *session, struct failure *failure)
{
    enum session_outcome outcome = SESSION_COMPLETE;
    int64_t begun_ns = clock_now_ns();

    leftovers_remove();
    session->next_start = samples_next_start(&session->samples);
    progress_begin(&session->progress, session_expected_ns(session));
    for (unsigned i = 0; i < session->part_count && outcome == SESSION_COMPLETE; i++) {
        struct stop_rule stop = {
            .width = session->until, .deadline_ns = deadline_ns(session, begun_ns, i), .seed = session->seed};

        outcome = run_part(session, &session->parts[i], &stop, failure);
    }
    progress_end(&session->progress);
    return outcome;
}
