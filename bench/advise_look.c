/*
 * advise_look - see advise_look.h.
 */
#include "advise_look.h"

#include <math.h>
#include <stdio.h>

#include "capacity.h"
#include "clock.h"
#include "columns.h"
#include "slice.h"
#include "splitmix.h"
#include "verdict.h"

enum {
    LATE_MS = 1500,       /* a slice may take so much longer than expected, */
    START_LATE_MS = 3000, /* and the start of a server */
    PADDING_MAX = 4000,
};

/* ---- time ---- */

int64_t look_end_ns(const struct advise_race *race)
{
    return race->begun_ns + race->budget_ns - race->plan.stop_ns;
}

static int64_t hard_ns(const struct advise_race *race)
{
    return race->begun_ns + race->budget_ns - race->plan.stop_ns / 2;
}

int64_t look_slice_ns(const struct advise_race *race, const struct advise_runner *runner)
{
    return runner->ramp_ns + race->plan.slice_ns + race->plan.overhead_ns;
}

bool look_fits(int64_t needed_ns, int64_t until_ns)
{
    return clock_now_ns() + needed_ns <= until_ns;
}

/* ---- servers ---- */

int look_start(struct advise_race *race, struct stand *stand, struct failure *failure)
{
    struct splitmix random = {.state = race->seed + race->starts};
    char logs[LAUNCH_PATH_MAX + 16];
    struct server_setting setting = {
        .registry = &race->registry,
        .scenario = &race->scenario,
        .cpus = &race->server_cpus,
        .directory = logs,
        .start = race->starts,
        .padding = 1 + splitmix_below(&random, PADDING_MAX),
        .deadline_ns = clock_sooner_ns(clock_now_ns() + stand->runner->start_ns + START_LATE_MS * NS_PER_MS,
                                       look_end_ns(race)),
    };

    snprintf(logs, sizeof(logs), "%s/servers", race->scratch.path);
    return server_process_start(&stand->server, &setting, registry_find(&race->registry, stand->runner->name),
                                0, NULL, NULL, failure);
}

/* How a server ends belongs to what it is worth, but not at the end of the time. */
void look_stop(struct advise_race *race, struct stand *stand)
{
    int64_t begun_ns = clock_now_ns();
    struct server_end end;
    bool hurried = begun_ns > look_end_ns(race);

    if (stand->server.pid <= 0)
        return;
    server_process_stop_by(&stand->server, 1, hard_ns(race), &end);
    if (!end.good && !hurried && !stand->runner->unusable) {
        stand->runner->unusable = true;
        snprintf(stand->runner->why, sizeof(stand->runner->why), "%.180s", end.text);
    }
}

/* ---- slices ---- */

static void read_sample(const struct advise_race *race, const struct row *row, struct advise_sample *sample)
{
    const struct objective *objective = &race->field.workload->objective;
    int column = objective->text ? capacity_column(objective) : (int)SAMPLE_latency_p99_us;
    double offered = row_number(row, SAMPLE_rate_offered_per_s),
           rate = row_number(row, SAMPLE_requests_per_s);
    bool client = verdict_from_name(row_text(row, SAMPLE_reason)) == VERDICT_CLIENT_BOUND;

    *sample = (struct advise_sample){
        .measured = true,
        .rate_per_s = isnan(offered) ? rate : offered,
        .cpu_us = row_number(row, SAMPLE_server_cpu_us_per_request),
        .latency_us = row_number(row, (unsigned)column),
        .client_bound = client || verdict_client_late(row),
    };
    sample->kept = !objective->text || sample->latency_us * 1e3 < (double)objective->limit_ns;
    if (!isnan(offered))
        sample->kept = sample->kept && rate >= verdict_achieved_min * offered;
}

bool look_goes_on(enum look look)
{
    return look == LOOK_GOOD || look == LOOK_PARTLY || look == LOOK_SPOILED;
}

static enum look judge(const struct advise_race *race, struct advise_runner *runner, const struct row *row,
                       enum verdict_reason reason)
{
    double served = row_number(row, SAMPLE_connections_served);

    if (verdict_is_fault(reason)) {
        snprintf(runner->why, sizeof(runner->why), "%s: %.150s", verdict_name(reason),
                 row_text(row, SAMPLE_detail));
        return LOOK_SPOILED;
    }
    if (served < race->field.workload->connections) {
        snprintf(runner->why, sizeof(runner->why), "it served %.0f of %u clients", served,
                 race->field.workload->connections);
        return LOOK_PARTLY;
    }
    return LOOK_GOOD;
}

/* What a slice costs beside what it measures: the longest seen of those that ended by themselves. */
static void note_overhead(struct advise_race *race, const struct advise_runner *runner, int64_t took_ns)
{
    int64_t overhead_ns = took_ns - runner->ramp_ns - race->plan.slice_ns;

    if (overhead_ns > race->plan.overhead_ns)
        race->plan.overhead_ns = (race->plan.overhead_ns + overhead_ns) / 2;
}

/* ---- the log ---- */

void look_log_begin(FILE *log)
{
    fputs("s,start,round,model,offered_per_s,answered_per_s,latency_us,kept,cpu_us_per_request,client_bound,"
          "words\n",
          log);
}

static void log_figure(FILE *log, double figure)
{
    if (isnan(figure))
        putc(',', log);
    else
        fprintf(log, "%.2f,", figure);
}

static void log_look(const struct advise_race *race, const struct advise_runner *runner,
                     const struct row *row, enum look look, const struct advise_sample *sample)
{
    bool good = look == LOOK_GOOD;

    fprintf(race->log, "%.2f,%u,%u,%s,", (double)(clock_now_ns() - race->begun_ns) / NS_PER_S, race->starts,
            race->field.rounds, runner->name);
    log_figure(race->log, row_number(row, SAMPLE_rate_offered_per_s));
    log_figure(race->log, row_number(row, SAMPLE_requests_per_s));
    log_figure(race->log, good ? sample->latency_us : (double)NAN);
    fprintf(race->log, "%d,", good && sample->kept);
    log_figure(race->log, good ? sample->cpu_us : (double)NAN);
    fprintf(race->log, "%d,", good && sample->client_bound);
    columns_csv_quoted(race->log, good ? "" : runner->why);
    putc('\n', race->log);
    fflush(race->log);
}

/* ---- one look ---- */

enum look look_at(struct advise_race *race, struct stand *stand, double rate_per_s,
                  struct advise_sample *sample, bool *steady, struct failure *failure)
{
    struct advise_runner *runner = stand->runner;
    int64_t begun_ns = clock_now_ns(), expected_ns = look_slice_ns(race, runner);
    struct slice slice = {.index = race->slices,
                          .connections = race->field.workload->connections,
                          .idle = stand->server.model->idle};
    struct slice_setting setting = {
        .scenario = &race->scenario,
        .clients = &race->clients,
        .server_cpus = &race->server_cpus,
        .directory = race->scratch.path,
        .pace = {.ramp_ns = runner->ramp_ns, .rate_per_s = rate_per_s},
        .syscalls_fd = -1,
        .deadline_ns = clock_sooner_ns(begun_ns + expected_ns + LATE_MS * NS_PER_MS, look_end_ns(race)),
    };
    struct row row;
    struct slice_subject subject = {.slice = &slice, .server = &stand->server, .row = &row};
    enum slice_outcome outcome;
    enum look look;

    if (row_open(&row, &sample_columns) < 0) {
        failure_set(failure, EXIT_HERE, "out of memory");
        return LOOK_IMPOSSIBLE;
    }
    race->slices++;
    outcome = slice_run(&setting, &subject, 1, 0, race->starts, failure);
    *steady = !verdict_wants_ramp(subject.reason);
    if (outcome != SLICE_DONE)
        look = outcome == SLICE_INTERRUPTED ? LOOK_INTERRUPTED : LOOK_IMPOSSIBLE;
    else if (clock_now_ns() >= look_end_ns(race) && verdict_is_fault(subject.reason))
        look = LOOK_TIME_UP;
    else
        look = judge(race, runner, &row, subject.reason);
    if (look == LOOK_GOOD) {
        read_sample(race, &row, sample);
        race->foreign_cpu += fmax(0, row_number(&row, SAMPLE_foreign_cpu_share));
        note_overhead(race, runner, clock_now_ns() - begun_ns);
    }
    if (look == LOOK_PARTLY)
        *sample = (struct advise_sample){.rate_per_s = row_number(&row, SAMPLE_requests_per_s)};
    if (race->log)
        log_look(race, runner, &row, look, sample);
    row_close(&row);
    return look;
}
