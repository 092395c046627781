/*
 * slice_row - see slice_row.h.
 */
#include "slice_row.h"

#include <math.h>
#include <string.h>
#include <time.h>

enum { ECHO_PAYLOAD = 64 }; /* tenk-load's default */

/*
 * For echo the server counts receives. One request under way per connection is one receive; of several
 * any number may come in one, and then the bytes tell.
 */
static double requests_of(const struct counters_sum *sum, const struct scenario *scenario)
{
    bool by_bytes = strcmp(scenario->protocol, "echo") == 0 && scenario->pipeline > 1;

    return by_bytes ? (double)sum->bytes_in / ECHO_PAYLOAD : (double)sum->requests;
}

void slice_identify(struct row *row, const struct scenario *scenario, const struct slice *slice,
                    const struct model *model, unsigned attempt, unsigned start)
{
    unsigned workers = model_workers(model, (unsigned)scenario->workers);
    bool http = strcmp(scenario->protocol, "http") == 0;
    time_t now = time(NULL);
    char text[32];

    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", gmtime(&now));
    row_set_text(row, SAMPLE_kind, slice_kind(slice));
    row_set_text(row, SAMPLE_scenario, scenario->name);
    row_set_text(row, SAMPLE_model, model->name);
    row_set(row, SAMPLE_workers, workers > 0 ? workers : NAN);
    row_set_text(row, SAMPLE_protocol, scenario->protocol);
    row_set_text(row, SAMPLE_transport, model->transport->name);
    row_set_text(row, SAMPLE_target, http ? scenario->target : NULL);
    row_set_text(row, SAMPLE_client, client_name(slice->client));
    row_set(row, SAMPLE_connections, slice->connections);
    row_set(row, SAMPLE_idle_connections, model->idle);
    row_set(row, SAMPLE_pipeline, (double)scenario->pipeline);
    row_set(row, SAMPLE_connection_requests_max, (double)scenario->requests_per_connection);
    row_set(row, SAMPLE_slice, slice->index);
    row_set(row, SAMPLE_start, start);
    row_set(row, SAMPLE_round, slice->round);
    row_set(row, SAMPLE_position, slice->position);
    row_set(row, SAMPLE_copy, slice->copy);
    row_set(row, SAMPLE_attempt, attempt);
    row_set(row, SAMPLE_load_fraction, slice->load > 0 ? slice->load : NAN);
    row_set(row, SAMPLE_search, slice->search ? slice->round : NAN);
    row_set_text(row, SAMPLE_time_utc, text);
}

static double per(double amount, double requests)
{
    return requests > 0 ? amount / requests : NAN;
}

/*
 * User and system time are known by sampling only: they divide the exact total, they do not make it.
 */
static void fill_split(struct row *row, const struct mark *a, const struct mark *b)
{
    double user = (double)(b->cpu.user_ns - a->cpu.user_ns),
           system = (double)(b->cpu.system_ns - a->cpu.system_ns);
    double total_us = row_number(row, SAMPLE_server_cpu_us_per_request);

    if (!(user + system > 0))
        return;
    row_set(row, SAMPLE_server_cpu_user_us_per_request, total_us * user / (user + system));
    row_set(row, SAMPLE_server_cpu_system_us_per_request, total_us * system / (user + system));
}

/* CPU time, calls and requests over the steady window. */
static void fill_server(struct row *row, const struct slice_setting *setting, const struct slice *slice,
                        const struct server_process *server, const struct observation *seen)
{
    const struct mark *a = &seen->begin, *b = &seen->end;
    double window_s = (double)(b->at_ns - a->at_ns) / 1e9 / (slice->turns ? slice->at_once : 1);
    double requests =
        requests_of(&b->counters, setting->scenario) - requests_of(&a->counters, setting->scenario);

    row_set(row, SAMPLE_server_window_s, window_s);
    if (!server->counters) /* an external server: the client's rate stands in for the server's count */
        requests = row_number(row, SAMPLE_requests_per_s) * window_s;
    if (a->has_cpu && b->has_cpu) {
        row_set_text(row, SAMPLE_server_cpu_source, cpu_source_name(server->group.source));
        row_set(row, SAMPLE_server_cpu_us_per_request,
                per((double)(b->cpu.total_ns - a->cpu.total_ns) / 1e3, requests));
        fill_split(row, a, b);
        row_set(row, SAMPLE_server_cpu_share,
                (double)(b->cpu.total_ns - a->cpu.total_ns) / 1e9 / window_s /
                    CPU_COUNT(setting->server_cpus));
    }
    if (!server->counters)
        return;
    row_set(row, SAMPLE_server_requests, requests);
    row_set(row, SAMPLE_server_accepted_steady, (double)(b->counters.accepted - a->counters.accepted));
    row_set(row, SAMPLE_server_receives_per_request,
            per((double)(b->counters.receives - a->counters.receives), requests));
    row_set(row, SAMPLE_server_sends_per_request,
            per((double)(b->counters.sends - a->counters.sends), requests));
    row_set(row, SAMPLE_server_requests_total,
            requests_of(&seen->settled.counters, setting->scenario) -
                requests_of(&seen->before.counters, setting->scenario));
    row_set(row, SAMPLE_server_accepted,
            (double)(seen->settled.counters.accepted - seen->before.counters.accepted));
}

static bool is_steady(const struct row *row, const struct scenario *scenario)
{
    return scenario->requests_per_connection > 0 || !(row_number(row, SAMPLE_server_accepted_steady) > 0);
}

/* What only cost slices look at: it takes the kernel too long to be done while something is timed. */
static void fill_cost(struct row *row, const struct slice_setting *setting, const struct slice *slice,
                      const struct server_process *server, const struct observation *seen)
{
    const struct mark *a = &seen->begin, *b = &seen->end;
    double requests =
        requests_of(&b->counters, setting->scenario) - requests_of(&a->counters, setting->scenario);
    double growth_kib = (double)(seen->pss_kib - server->base.pss_kib);

    if (!slice->cost)
        return;
    row_set(row, SAMPLE_processes, b->tree.processes);
    row_set(row, SAMPLE_threads, b->tree.threads);
    row_set(row, SAMPLE_memory_pss_kib, (double)seen->pss_kib);
    row_set(row, SAMPLE_memory_pss_kib_per_connection,
            growth_kib > 0 ? growth_kib / (slice->connections + slice->idle) : 0);
    if (!is_steady(row, setting->scenario))
        return; /* calls that set connections up are not calls per request */
    if (a->syscalls >= 0 && b->syscalls >= 0 && server->counters)
        row_set(row, SAMPLE_syscalls_per_request, per((double)(b->syscalls - a->syscalls), requests));
    if (a->tree.threads != b->tree.threads || setting->scenario->requests_per_connection > 0 ||
        !server->counters)
        return;
    row_set(row, SAMPLE_switches_voluntary_per_request,
            per((double)(b->tree.voluntary - a->tree.voluntary), requests));
    row_set(row, SAMPLE_switches_involuntary_per_request,
            per((double)(b->tree.involuntary - a->tree.involuntary), requests));
    row_set(row, SAMPLE_run_queue_us_per_request,
            per((double)(b->tree.run_queue_ns - a->tree.run_queue_ns) / 1e3, requests));
}

static void fill_state(struct row *row, const struct server_process *server, const struct observation *seen)
{
    row_set(row, SAMPLE_descriptors_before, server->base.descriptors);
    row_set(row, SAMPLE_descriptors_after, seen->settled.tree.descriptors);
    row_set(row, SAMPLE_tasks_before, server->base.threads);
    row_set(row, SAMPLE_tasks_after, seen->settled.tree.threads);
    row_set(row, SAMPLE_zombies, seen->settled.tree.zombies);
    row_set(row, SAMPLE_settle_ms, seen->settle_ms);
}

static void fill_client(struct row *row, const struct client_setting *clients, const struct slice *slice,
                        const struct observation *seen)
{
    double cpu_s = (double)seen->client.cpu_ns / 1e9,
           wall_s = (double)(seen->after.at_ns - seen->before.at_ns) / 1e9;

    row_set(row, SAMPLE_client_cpu_us_per_request, per(cpu_s * 1e6, row_number(row, SAMPLE_requests_total)));
    if (slice->client != CLIENT_WRK)
        return; /* tenk-load measures its share itself, over the measured time */
    row_set(row, SAMPLE_client_threads, client_threads(clients, slice->connections));
    row_set(row, SAMPLE_client_cpu_share, cpu_s / wall_s / row_number(row, SAMPLE_client_threads));
}

static double counted(int64_t before, int64_t after)
{
    return before < 0 || after < 0 ? NAN : (double)(after - before);
}

static void fill_machine(struct row *row, const struct observation *seen)
{
    const struct machine *a = &seen->machine_before, *b = &seen->machine_after;
    double wall_s = (double)(b->at_ns - a->at_ns) / 1e9;
    double ours_s = (double)(seen->client.cpu_ns + seen->own_cpu_ns + seen->beside_cpu_ns) / 1e9 +
                    b->softirq_threads_s - a->softirq_threads_s;

    row_set(row, SAMPLE_listen_overflows, counted(a->listen_overflows, b->listen_overflows));
    row_set(row, SAMPLE_listen_drops, counted(a->listen_drops, b->listen_drops));
    row_set(row, SAMPLE_syn_retransmits, counted(a->syn_retransmits, b->syn_retransmits));
    row_set(row, SAMPLE_time_wait_sockets, b->time_wait < 0 ? NAN : (double)b->time_wait);
    row_set(row, SAMPLE_steal_share, (b->steal_s - a->steal_s) / wall_s);
    if (!seen->before.has_cpu || !seen->after.has_cpu)
        return;
    ours_s += (double)(seen->after.cpu.total_ns - seen->before.cpu.total_ns) / 1e9;
    row_set(row, SAMPLE_foreign_cpu_share, fmax(0, (b->busy_s - a->busy_s - ours_s) / wall_s));
    row_set_text(row, SAMPLE_foreign_source, b->busy_source);
}

void slice_fill(struct row *row, const struct slice_setting *setting, const struct slice *slice,
                const struct server_process *server, const struct observation *seen)
{
    fill_server(row, setting, slice, server, seen);
    fill_cost(row, setting, slice, server, seen);
    fill_state(row, server, seen);
    fill_client(row, setting->clients, slice, seen);
    fill_machine(row, seen);
}
