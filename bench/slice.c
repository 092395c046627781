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
    CLIENT_GRACE_S = 10,    /* a client may take so much longer than it was told */
    SETTLE_MS = 3000,       /* a server may take so long to notice that its clients have left, */
    SETTLE_MOST_MS = 30000, /* or so long while it works through those that wait in its accept queue */
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
    *begin_ns = slice_idle_most_ns(slice) + setting->pace.ramp_ns + BEGIN_MS * NS_PER_MS;
    *end_ns = slice_idle_least_ns(slice) + setting->pace.ramp_ns + slice_window_ns(slice, scenario);
}

/* One server under its client. */
struct stage {
    struct observation seen;
    struct client_files files;
    char target[NET_TEXT_MAX + SCENARIO_TEXT_MAX];
    pid_t client;
};

/* Where the runner came from when it is on the servers' CPU. */
struct visit {
    cpu_set_t home;
    bool away;
};

/*
 * Runs on each of the servers' CPUs for a moment, so that the kernel switches from the server to us: only
 * then (and at every tick, 4 ms apart) does it charge a task that runs without a break. Without it each
 * reading would be up to a tick old, 3 % of what a server gets in a quarter of a second that it shares.
 * Whatever is read before leave_servers() is exact, and belongs to one moment when the servers have one CPU.
 *
 * It has to be at once: behind five hundred runnable processes a guest of ordinary priority would wait for
 * its turn. Where real-time priority is not allowed it stays away, but for two servers that share a CPU,
 * where it matters most and few tasks are in the way. sched_setaffinity(2), sched(7)
 */
static void visit_servers(const struct slice_setting *setting, unsigned servers, struct visit *visit)
{
    struct sched_param urgent = {.sched_priority = 1};
    cpu_set_t one;

    visit->away = sched_setscheduler(0, SCHED_FIFO, &urgent) == 0 || servers > 1;
    if (!visit->away)
        return;
    sched_getaffinity(0, sizeof(visit->home), &visit->home);
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
        if (CPU_ISSET(cpu, setting->server_cpus)) {
            CPU_ZERO(&one);
            CPU_SET(cpu, &one);
            sched_setaffinity(0, sizeof(one), &one);
        }
}

static void leave_servers(const struct visit *visit)
{
    struct sched_param usual = {.sched_priority = 0};

    if (!visit->away)
        return;
    sched_setaffinity(0, sizeof(visit->home), &visit->home);
    sched_setscheduler(0, SCHED_OTHER, &usual);
}

static void read_marks(const struct slice_setting *setting, const struct slice_subject *subjects,
                       struct stage *stages, unsigned count, bool end)
{
    unsigned parts = subjects->slice->cost ? TREE_SCHEDULE : 0;
    struct visit visit = {.away = false};

    if (!subjects->slice->cost) /* looking at memory takes long, and nothing is timed there */
        visit_servers(setting, count, &visit);
    for (unsigned i = 0; i < count; i++)
        read_mark(end ? &stages[i].seen.end : &stages[i].seen.begin, subjects[i].server, setting->syscalls_fd,
                  parts);
    leave_servers(&visit);
}

/*
 * When all connections stand, and before anything is counted: to look at ten thousand threads takes so long
 * that their clients have left afterwards.
 */
static void read_memory(const struct slice_subject *subjects, struct stage *stages, unsigned count)
{
    struct process_tree tree;

    for (unsigned i = 0; i < count && subjects->slice->cost; i++) {
        process_tree_read(subjects[i].server->pid, TREE_MEMORY, &tree);
        stages[i].seen.pss_kib = tree.pss_kib;
    }
}

static void watch_clients(const struct slice_setting *setting, const struct slice_subject *subjects,
                          struct stage *stages, unsigned count)
{
    int64_t begin_ns, end_ns, started_ns = clock_now_ns();

    window(setting, subjects->slice, &begin_ns, &end_ns);
    wait_until(started_ns + begin_ns);
    read_memory(subjects, stages, count);
    read_marks(setting, subjects, stages, count, false);
    wait_until(started_ns + end_ns);
    read_marks(setting, subjects, stages, count, true);
    for (unsigned i = 0; i < count; i++)
        stages[i].seen.client = launch_wait(
            stages[i].client,
            clock_sooner_ns(started_ns + end_ns + CLIENT_GRACE_S * NS_PER_S, setting->deadline_ns), true);
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

/*
 * Waits, within bounds, until the server is back to what it was before its first client. One that serves
 * a client after the other meets a thousand more in its queue, all of them gone: it is given time as long as
 * it comes forward.
 */
static void settle(const struct slice_setting *setting, const struct server_process *server,
                   struct observation *seen)
{
    int64_t begin_ns = clock_now_ns(), moved_ns = begin_ns;
    int64_t deadline_ns = clock_sooner_ns(begin_ns + SETTLE_MOST_MS * NS_PER_MS, setting->deadline_ns);
    uint64_t closed = server_process_counters(server).closed;

    while (!is_settled(server, &seen->settled) && server_process_alive(server) &&
           clock_now_ns() < clock_sooner_ns(moved_ns + SETTLE_MS * NS_PER_MS, deadline_ns)) {
        if (seen->settled.counters.closed != closed)
            moved_ns = clock_now_ns();
        closed = seen->settled.counters.closed;
        clock_sleep_ns(SETTLE_STEP_MS * NS_PER_MS);
    }
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

static enum slice_outcome start_clients(const struct slice_setting *setting,
                                        const struct slice_subject *subjects, struct stage *stages,
                                        unsigned count, unsigned attempt, struct failure *failure)
{
    for (unsigned i = 0; i < count; i++) {
        struct stage *stage = &stages[i];

        name_files(&stage->files, setting, subjects[i].slice, attempt);
        server_process_target(subjects[i].server, setting->scenario, stage->target, sizeof(stage->target));
        stage->seen.own_cpu_ns = own_cpu_ns();
        machine_read(&stage->seen.machine_before);
        read_mark(&stage->seen.before, subjects[i].server, -1, 0);
    }
    for (unsigned i = 0; i < count; i++) {
        stages[i].client = client_start(setting->clients, setting->scenario, subjects[i].slice,
                                        stages[i].target, &setting->pace, &stages[i].files, failure);
        if (stages[i].client > 0)
            continue;
        while (i-- > 0) {
            launch_kill_group(stages[i].client);
            launch_wait(stages[i].client, clock_now_ns() + NS_PER_S, false);
        }
        return SLICE_IMPOSSIBLE;
    }
    return SLICE_DONE;
}

static int64_t cpu_of(const struct observation *seen)
{
    return seen->client.cpu_ns + (seen->before.has_cpu && seen->after.has_cpu
                                      ? seen->after.cpu.total_ns - seen->before.cpu.total_ns
                                      : 0);
}

/* To the end of the clients. False: interrupted. */
static bool observe(const struct slice_setting *setting, const struct slice_subject *subjects,
                    struct stage *stages, unsigned count)
{
    bool interrupted = false;

    watch_clients(setting, subjects, stages, count);
    for (unsigned i = 0; i < count; i++) {
        struct observation *seen = &stages[i].seen;

        read_mark(&seen->after, subjects[i].server, -1, 0);
        machine_read(&seen->machine_after);
        seen->own_cpu_ns = own_cpu_ns() - seen->own_cpu_ns;
        interrupted |= seen->client.end == LAUNCH_INTERRUPTED;
    }
    for (unsigned i = 0; i < count; i++)
        for (unsigned k = 0; k < count; k++)
            stages[i].seen.beside_cpu_ns += k != i ? cpu_of(&stages[k].seen) : 0;
    for (unsigned i = 0; i < count && !interrupted; i++)
        settle(setting, subjects[i].server, &stages[i].seen);
    return !interrupted;
}

/* Of two servers that shared a CPU these say how the scheduler shared it. */
static void leave_out_shares(struct row *row)
{
    static const unsigned columns[] = {
        SAMPLE_requests_per_s,  SAMPLE_latency_mean_us, SAMPLE_latency_min_us,
        SAMPLE_latency_p50_us,  SAMPLE_latency_p90_us,  SAMPLE_latency_p99_us,
        SAMPLE_latency_p999_us, SAMPLE_latency_max_us,  SAMPLE_rate_sent_per_s,
    };

    for (unsigned i = 0; i < sizeof(columns) / sizeof(columns[0]); i++)
        row_set(row, columns[i], NAN);
}

static void fill(const struct slice_setting *setting, struct slice_subject *subject, struct stage *stage,
                 unsigned attempt, unsigned start)
{
    const struct server_process *server = subject->server;
    const struct slice *slice = subject->slice;
    struct observation *seen = &stage->seen;
    struct row *row = subject->row;

    slice_identify(row, setting->scenario, slice, server->model, attempt, start);
    row_set_text(row, SAMPLE_raw, stage->files.output + strlen(setting->directory) + 1);
    if (slice->client == CLIENT_TENK_LOAD)
        row_set(row, SAMPLE_ramp_s, (double)setting->pace.ramp_ns / 1e9);
    seen->result_missing =
        client_result(slice->client, &stage->files, row, seen->wrong, sizeof(seen->wrong)) < 0;
    describe_client(seen);
    describe_death(server, seen);
    slice_fill(row, setting, slice, server, seen);
    subject->reason = verdict_decide(
        row,
        &(struct verdict_facts){
            .server_died = seen->server_died,
            .client_failed = seen->result_missing,
            .text = seen->wrong,
            .clients_at_once = model_clients_at_once(server->model, (unsigned)setting->scenario->workers),
            .foreign_cpu_max = slice->cost ? INFINITY : setting->scenario->foreign_cpu_max,
            .steal_max = slice->cost ? INFINITY : setting->scenario->steal_max,
            .wall_s = (double)(seen->after.at_ns - seen->before.at_ns) / 1e9,
        });
    if (slice->beside > 0 && !slice->turns)
        leave_out_shares(row);
}

enum slice_outcome slice_run(const struct slice_setting *setting, struct slice_subject *subjects,
                             unsigned count, unsigned attempt, unsigned start, struct failure *failure)
{
    struct stage stages[SLICE_SUBJECTS_MAX] = {0};

    if (start_clients(setting, subjects, stages, count, attempt, failure) != SLICE_DONE)
        return SLICE_IMPOSSIBLE;
    if (!observe(setting, subjects, stages, count)) {
        for (unsigned i = 0; i < count; i++) {
            unlink(stages[i].files.output);
            unlink(stages[i].files.log);
            unlink(stages[i].files.histogram);
        }
        return SLICE_INTERRUPTED;
    }
    for (unsigned i = 0; i < count; i++)
        fill(setting, &subjects[i], &stages[i], attempt, start);
    return SLICE_DONE;
}
