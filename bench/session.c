/*
 * session - see session.h. From outside in: scenario, block (one start of the servers), slice, attempt.
 */
#include "session.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "interrupt.h"
#include "leftovers.h"
#include "server_process.h"
#include "slice.h"
#include "splitmix.h"
#include "syscalls.h"
#include "verdict.h"

enum {
    RAMP_GROWTH = 4,          /* a model that starves clients gets so many times the ramp, ... */
    RAMP_GROWN_MAX = 16,      /* ... up to so many times the scenario's */
    REPEATS_PERCENT_MAX = 20, /* more slices to run again than that: the machine is unfit, say so */
    SERVERS_MAX = SCENARIO_LIST_MAX + 1,
    PADDING_MAX = 4000,
};

/* The servers of one start. The control's second copy has the last place. */
struct block {
    struct session *session;
    struct session_part *part;
    struct server_setting setting;
    struct server_process servers[SERVERS_MAX];
    char broken[SERVERS_MAX][FAILURE_TEXT_MAX]; /* why one could not be started; "" */
    bool *done;
    unsigned start;
    int syscalls_fd;
};

/* ---- rows ---- */

static int store(struct session *session, struct failure *failure)
{
    return run_directory_append(&session->run, &session->samples.rows[session->samples.count - 1], failure);
}

/* A slice whose server could not be started has a row too: nothing that was asked for is left out. */
static int store_broken(struct block *block, const struct slice *slice, unsigned place,
                        struct failure *failure)
{
    struct session *session = block->session;
    struct row *row = samples_add(&session->samples);

    if (!row)
        return failure_set(failure, EXIT_HERE, "out of memory");
    slice_identify(row, &block->part->scenario, slice, block->servers[place].model, 0, block->start);
    row_set_text(row, SAMPLE_verdict, "INVALID");
    row_set_text(row, SAMPLE_reason, verdict_name(VERDICT_SERVER_DIED));
    row_set_text(row, SAMPLE_detail, block->broken[place]);
    return store(session, failure);
}

static int store_end(struct block *block, unsigned place, const struct server_end *end,
                     struct failure *failure)
{
    struct session *session = block->session;
    struct row *row = samples_add(&session->samples);
    time_t now = time(NULL);
    char text[32];

    if (!row)
        return failure_set(failure, EXIT_HERE, "out of memory");
    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", gmtime(&now));
    row_set_text(row, SAMPLE_kind, "stop");
    row_set_text(row, SAMPLE_scenario, block->part->scenario.name);
    row_set_text(row, SAMPLE_model, block->servers[place].model->name);
    row_set_text(row, SAMPLE_protocol, block->part->scenario.protocol);
    row_set_text(row, SAMPLE_transport, block->part->scenario.transport);
    row_set(row, SAMPLE_start, block->start);
    row_set(row, SAMPLE_copy, place == block->part->scenario.models.count ? 1 : 0);
    row_set_text(row, SAMPLE_time_utc, text);
    row_set_text(row, SAMPLE_verdict, end->good ? "VALID" : "INVALID");
    row_set_text(row, SAMPLE_reason, end->good ? NULL : verdict_name(VERDICT_SERVER_EXIT));
    row_set_text(row, SAMPLE_detail, end->good ? NULL : end->text);
    return store(session, failure);
}

/* ---- servers ---- */

static unsigned place_of(const struct block *block, const struct slice *slice)
{
    return slice->copy > 0 ? block->part->scenario.models.count : slice->model;
}

static void attach_counter(pid_t pid, void *context)
{
    int *fd = context;

    if (*fd >= 0)
        close(*fd); /* of a server that died */
    *fd = syscalls_open(pid);
}

/* Starts the server of a slice unless it runs already. A server that died is started once more. */
static void ensure_server(struct block *block, const struct slice *slice)
{
    unsigned place = place_of(block, slice);
    struct server_process *server = &block->servers[place];
    const struct scenario *scenario = &block->part->scenario;
    struct failure failure;
    struct server_end end;

    if (block->broken[place][0] || server_process_alive(server))
        return;
    if (server->pid > 0) {
        server_process_stop_all(server, 1, &end);
        progress_note(&block->session->progress, "%s %s; it is started anew",
                      scenario->models.items[slice->model], end.text);
    }
    if (server_process_start(server, &block->setting,
                             registry_find(&block->part->registry, scenario->models.items[slice->model]),
                             slice->copy, slice->cost ? attach_counter : NULL, &block->syscalls_fd,
                             &failure) < 0 &&
        !interrupted()) {
        strcpy(block->broken[place], failure.text);
        progress_note(&block->session->progress, "%s", failure.text);
    }
}

static void start_servers(struct block *block, unsigned number)
{
    const struct plan *plan = &block->part->plan;

    for (unsigned i = 0; i < plan->count && !interrupted(); i++)
        if (plan->slices[i].block == number && !block->done[i])
            ensure_server(block, &plan->slices[i]);
}

static int stop_servers(struct block *block, struct failure *failure)
{
    struct server_end ends[SERVERS_MAX];
    bool running[SERVERS_MAX];
    int status = 0;

    for (unsigned i = 0; i < SERVERS_MAX; i++)
        running[i] = block->servers[i].pid > 0;
    server_process_stop_all(block->servers, SERVERS_MAX, ends);
    for (unsigned i = 0; i < SERVERS_MAX && status == 0; i++) {
        if (!running[i])
            continue;
        if (!ends[i].good)
            progress_note(&block->session->progress, "%s: %s", block->servers[i].model->name, ends[i].text);
        status = store_end(block, i, &ends[i], failure);
    }
    if (block->syscalls_fd >= 0)
        close(block->syscalls_fd);
    return status;
}

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

static enum session_outcome run_attempt(struct block *block, const struct slice *slice, unsigned attempt,
                                        bool *again, struct failure *failure)
{
    struct session *session = block->session;
    struct slice_setting setting = {
        .scenario = &block->part->scenario,
        .clients = &session->clients,
        .server_cpus = &session->server_cpus,
        .directory = session->run.path,
        .ramp_ns = ramp_ns(session, block->part, slice),
        .syscalls_fd = slice->cost ? block->syscalls_fd : -1,
    };
    struct row *row = samples_add(&session->samples);
    enum verdict_reason reason = VERDICT_VALID;
    enum slice_outcome outcome;

    if (!row) {
        failure_set(failure, EXIT_HERE, "out of memory");
        return SESSION_FAILED;
    }
    progress_slice(&session->progress, &block->part->scenario, slice, attempt);
    outcome = slice_run(&setting, slice, attempt, block->start, &block->servers[place_of(block, slice)], row,
                        &reason, failure);
    if (outcome != SLICE_DONE) {
        samples_drop_last(&session->samples);
        return outcome == SLICE_INTERRUPTED ? SESSION_INTERRUPTED : SESSION_FAILED;
    }
    session->slices_run++;
    *again = !slice->cost && verdict_is_circumstance(reason) && !verdict_wants_ramp(reason) &&
             may_repeat(session, &block->part->scenario, attempt);
    session->repeats += *again;
    *again |= slice->client == CLIENT_TENK_LOAD && may_grow(row, reason, &block->part->scenario);
    return store(session, failure) < 0 ? SESSION_FAILED : SESSION_COMPLETE;
}

static enum session_outcome run_slice(struct block *block, const struct slice *slice, struct failure *failure)
{
    enum session_outcome outcome = SESSION_COMPLETE;
    unsigned place = place_of(block, slice);
    bool again = true;

    ensure_server(block, slice);
    if (interrupted())
        return SESSION_INTERRUPTED;
    if (block->broken[place][0])
        return store_broken(block, slice, place, failure) < 0 ? SESSION_FAILED : SESSION_COMPLETE;
    for (unsigned attempt = 0; again && outcome == SESSION_COMPLETE; attempt++) {
        again = false;
        outcome = run_attempt(block, slice, attempt, &again, failure);
    }
    progress_done(&block->session->progress, slice_expected_ns(slice, &block->part->scenario));
    return outcome;
}

static enum session_outcome run_slices(struct block *block, unsigned number, struct failure *failure)
{
    const struct plan *plan = &block->part->plan;
    enum session_outcome outcome = SESSION_COMPLETE;

    for (unsigned i = 0; i < plan->count && outcome == SESSION_COMPLETE; i++)
        if (plan->slices[i].block == number && !block->done[i])
            outcome = interrupted() ? SESSION_INTERRUPTED : run_slice(block, &plan->slices[i], failure);
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
                                      unsigned number, struct failure *failure)
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
    *block = (struct block){.session = session, .part = part, .done = done, .syscalls_fd = -1};
    block->start = session->next_start++;
    block->setting = (struct server_setting){
        .registry = &part->registry,
        .scenario = &part->scenario,
        .cpus = &session->server_cpus,
        .directory = logs,
        .start = block->start,
        .padding = 1 + splitmix_below(&random, PADDING_MAX),
    };
    start_servers(block, number);
    outcome = interrupted() ? SESSION_INTERRUPTED : run_slices(block, number, failure);
    if (stop_servers(block, failure) < 0 && outcome != SESSION_FAILED)
        outcome = SESSION_FAILED;
    free(block);
    return outcome;
}

static enum session_outcome run_part(struct session *session, struct session_part *part,
                                     struct failure *failure)
{
    enum session_outcome outcome = SESSION_COMPLETE;
    bool *done = calloc(part->plan.count + 1, sizeof(*done));

    if (!done) {
        failure_set(failure, EXIT_HERE, "out of memory");
        return SESSION_FAILED;
    }
    samples_mark_done(&session->samples, part->scenario.name, done, part->plan.count);
    for (unsigned number = 0; number < part->plan.blocks && outcome == SESSION_COMPLETE; number++)
        if (!block_is_done(&part->plan, done, number))
            outcome = run_block(session, part, done, number, failure);
    free(done);
    return outcome;
}

enum session_outcome session_run(struct session *session, struct failure *failure)
{
    enum session_outcome outcome = SESSION_COMPLETE;

    leftovers_remove();
    session->next_start = samples_next_start(&session->samples);
    progress_begin(&session->progress, session_expected_ns(session));
    for (unsigned i = 0; i < session->part_count && outcome == SESSION_COMPLETE; i++)
        outcome = run_part(session, &session->parts[i], failure);
    progress_end(&session->progress);
    return outcome;
}

int64_t session_expected_ns(const struct session *session)
{
    int64_t sum_ns = 0;

    for (unsigned i = 0; i < session->part_count; i++) {
        const struct session_part *part = &session->parts[i];
        bool *done = calloc(part->plan.count + 1, sizeof(*done));

        if (done)
            samples_mark_done(&session->samples, part->scenario.name, done, part->plan.count);
        sum_ns += plan_expected_ns(&part->plan, &part->scenario, done);
        free(done);
    }
    return sum_ns;
}

unsigned session_slices(const struct session *session, unsigned *done_count)
{
    unsigned slices = 0;

    *done_count = 0;
    for (unsigned i = 0; i < session->part_count; i++) {
        const struct plan *plan = &session->parts[i].plan;
        bool *done = calloc(plan->count + 1, sizeof(*done));

        slices += plan->count;
        if (done)
            samples_mark_done(&session->samples, session->parts[i].scenario.name, done, plan->count);
        for (unsigned s = 0; done && s < plan->count; s++)
            *done_count += done[s];
        free(done);
    }
    return slices;
}
