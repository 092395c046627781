/*
 * slice - see slice.h.
 */
#include "slice.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "clock.h"
#include "interrupt.h"
#include "slice_row.h"
#include "syscalls.h"

enum {
    CLIENT_GRACE_S = 10, /* a client may take so much longer than it was told */
    SETTLE_MS = 3000,    /* a server may take so long to notice that its clients have left */
    SETTLE_STEP_MS = 2,
    WRK_RAMP_MS = 200, /* wrk has no ramp: the steady window begins so late and ends so early */
    WRK_END_MS = 50,
    BEGIN_MS = 20, /* the client's own start, before its ramp */
};

/* ---- reading ---- */

static void read_mark(struct mark *mark, const struct server_process *server, int syscalls_fd,
                      unsigned tree_parts)
{
    mark->at_ns = clock_now_ns();
    mark->has_cpu = cpu_group_read(&server->group, &mark->cpu) == 0;
    mark->counters = server_process_counters(server);
    mark->syscalls = syscalls_read(syscalls_fd);
    if (tree_parts)
        process_tree_read(server->pid, tree_parts, &mark->tree);
}

static int64_t own_cpu_ns(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * NS_PER_S +
           (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * NS_PER_US;
}

/* ---- running ---- */

/* When the steady window begins and ends, counted from the client's start. */
static void window(const struct slice_setting *setting, const struct slice *slice, int64_t *begin_ns,
                   int64_t *end_ns)
{
    const struct scenario *scenario = setting->scenario;
    if (slice->client == CLIENT_WRK) {
        *begin_ns = WRK_RAMP_MS * NS_PER_MS;
        *end_ns = scenario->wrk_slice_ns - WRK_END_MS * NS_PER_MS;
        return;
    }
    *begin_ns = slice_idle_most_ns(slice) + setting->ramp_ns + BEGIN_MS * NS_PER_MS;
    *end_ns = slice_idle_least_ns(slice) + setting->ramp_ns +
              (slice->cost ? scenario->cost_slice_ns : scenario->slice_ns);
}

static void watch_client(const struct slice_setting *setting, const struct slice *slice,
                         const struct server_process *server, pid_t client, struct observation *seen)
{
    unsigned parts = slice->cost ? TREE_SCHEDULE : 0;
    int64_t begin_ns, end_ns, started_ns = clock_now_ns();

    window(setting, slice, &begin_ns, &end_ns);
    wait_until(started_ns + begin_ns);
    read_mark(&seen->begin, server, setting->syscalls_fd, parts);
    wait_until(started_ns + end_ns);
    read_mark(&seen->end, server, setting->syscalls_fd, parts ? parts | TREE_MEMORY : 0);
    seen->client = launch_wait(client, started_ns + end_ns + CLIENT_GRACE_S * NS_PER_S, true);
}

static bool is_settled(const struct server_process *server, struct mark *now)
{
    now->counters = server_process_counters(server);
    if (now->counters.accepted != now->counters.closed)
        return false;
    process_tree_read(server->pid, TREE_DESCRIPTORS, &now->tree);
    return now->tree.descriptors <= server->base.descriptors && now->tree.threads <= server->base.threads &&
           now->tree.zombies == 0;
}

/* Waits, within bounds, until the server is back to what it was before its first client. */
static void settle(const struct server_process *server, struct observation *seen)
{
    int64_t begin_ns = clock_now_ns(), deadline_ns = begin_ns + SETTLE_MS * NS_PER_MS;

    while (!is_settled(server, &seen->settled) && clock_now_ns() < deadline_ns &&
           server_process_alive(server))
        clock_sleep_ns(SETTLE_STEP_MS * NS_PER_MS);
    seen->settle_ms = (double)(clock_now_ns() - begin_ns) / 1e6;
    process_tree_read(server->pid, TREE_DESCRIPTORS, &seen->settled.tree);
    seen->settled.counters = server_process_counters(server);
}

/* ---- the whole ---- */

static void name_files(struct client_files *files, const struct slice_setting *setting,
                       const struct slice *slice, unsigned attempt)
{
    char base[LAUNCH_PATH_MAX - 16];

    snprintf(base, sizeof(base), "%.3800s/raw/%s-%04u%s", setting->directory, setting->scenario->name,
             slice->index, attempt > 0 ? (char[]){'-', (char)('0' + attempt % 10), '\0'} : "");
    snprintf(files->output, sizeof(files->output), "%s.%s", base,
             slice->client == CLIENT_WRK ? "txt" : "json");
    snprintf(files->log, sizeof(files->log), "%s.err", base);
    snprintf(files->histogram, sizeof(files->histogram), "%s.hlog", base);
}

/* How a server that is no longer there ended, without reaping it: stopping does that. */
static void describe_death(const struct server_process *server, struct observation *seen)
{
    seen->server_died = !server_process_alive(server);
    if (seen->server_died)
        server_process_death(server, seen->wrong, sizeof(seen->wrong));
}

static void describe_client(struct observation *seen)
{
    if (seen->client.end == LAUNCH_ENDED && !seen->result_missing)
        return;
    seen->result_missing = true;
    if (seen->client.end != LAUNCH_ENDED)
        snprintf(seen->wrong, sizeof(seen->wrong), "%s", launch_end_text(&seen->client));
}

static void observe(const struct slice_setting *setting, const struct slice *slice,
                    struct server_process *server, pid_t client, struct observation *seen)
{
    watch_client(setting, slice, server, client, seen);
    read_mark(&seen->after, server, -1, 0);
    machine_read(&seen->machine_after);
    seen->own_cpu_ns = own_cpu_ns() - seen->own_cpu_ns;
    if (seen->client.end != LAUNCH_INTERRUPTED)
        settle(server, seen);
}

enum slice_outcome slice_run(const struct slice_setting *setting, const struct slice *slice, unsigned attempt,
                             unsigned start, struct server_process *server, struct row *row,
                             enum verdict_reason *reason, struct failure *failure)
{
    struct observation seen = {0};
    struct client_files files;
    char target[NET_TEXT_MAX + SCENARIO_TEXT_MAX];
    pid_t client;

    name_files(&files, setting, slice, attempt);
    server_process_target(server, setting->scenario, target, sizeof(target));
    seen.own_cpu_ns = own_cpu_ns();
    machine_read(&seen.machine_before);
    read_mark(&seen.before, server, -1, 0);
    client =
        client_start(setting->clients, setting->scenario, slice, target, setting->ramp_ns, &files, failure);
    if (client < 0)
        return SLICE_IMPOSSIBLE;
    observe(setting, slice, server, client, &seen);
    if (seen.client.end == LAUNCH_INTERRUPTED) {
        unlink(files.output);
        unlink(files.log);
        unlink(files.histogram);
        return SLICE_INTERRUPTED;
    }

    slice_identify(row, setting->scenario, slice, server->model, attempt, start);
    row_set_text(row, SAMPLE_raw, files.output + strlen(setting->directory) + 1);
    if (slice->client == CLIENT_TENK_LOAD)
        row_set(row, SAMPLE_ramp_s, (double)setting->ramp_ns / 1e9);
    seen.result_missing = client_result(slice->client, &files, row, seen.wrong, sizeof(seen.wrong)) < 0;
    describe_client(&seen);
    describe_death(server, &seen);
    slice_fill(row, setting, slice, server, &seen);
    *reason = verdict_decide(
        row,
        &(struct verdict_facts){
            .server_died = seen.server_died,
            .client_failed = seen.result_missing,
            .text = seen.wrong,
            .clients_at_once = model_clients_at_once(server->model, (unsigned)setting->scenario->workers),
            .foreign_cpu_max = slice->cost ? INFINITY : setting->scenario->foreign_cpu_max,
            .steal_max = slice->cost ? INFINITY : setting->scenario->steal_max,
            .wall_s = (double)(seen.after.at_ns - seen.before.at_ns) / 1e9,
        });
    return SLICE_DONE;
}
