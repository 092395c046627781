/*
 * why - see why.h.
 */
#include "why.h"

#include <math.h>
#include <string.h>

#include "verdict.h"
#include "why_counters.h"

/* From where on a thing is said. Shares of 1; what is full is what the verdicts call full. */
static const double drops_slices_min = 0.5, /* slices in which connections were dropped */
    kernel_min = 0.5,                       /* CPU time in the kernel */
    scan_min = 0.25,                        /* CPU time beyond that of the control */
    worker_busy_min = 0.85,                 /* workers within a handler of known length */
    worker_busy_max = 1.05,                 /* more cannot be when each request holds a worker */
    wait_min = 0.5,                         /* of the mean latency that is the handler's wait */
    runnable_min = 0.5,                     /* of the time in which every thread ran or wanted to run */
    delay_of_runnable_min = 1.0 / 3,        /* of that time, waiting for a CPU */
    delay_of_latency_min = 0.5,             /* of the mean latency, waiting for a CPU */
    foreign_min = 0.2;                      /* of a CPU that others took */

/* Descriptors looked at for each request. A loop that finds all its connections ready looks at one. */
static const double scan_looks_min = 4;

enum { NAME_WIDTH_MAX = 24 };

/* ---- the rules ---- */

/* What else is to be known about a server whose CPU was full. */
static void say_beside(struct why *why)
{
    double unserved =
        why_timed_if_any(why, SAMPLE_connections) - why_timed_if_any(why, SAMPLE_connections_served);
    double client = why_timed_if_any(why, SAMPLE_client_cpu_share);

    if (unserved > 0)
        why_say(why, "; %.0f of %.0f connections were not served", unserved,
                why_timed_if_any(why, SAMPLE_connections));
    if (client > verdict_client_busy)
        why_say(why, "; the client was full too, %.0f %%", client * 100);
}

static bool accept_queue(struct why *why)
{
    const struct selection *timing = &why->slices->timing;
    unsigned slices = 0;
    double dropped = 0;

    why_timed(why, SAMPLE_listen_overflows);
    for (unsigned i = 0; i < timing->count; i++)
        if (row_number(timing->rows[i], SAMPLE_listen_overflows) > 0) {
            slices++;
            dropped += row_number(timing->rows[i], SAMPLE_listen_overflows);
        }
    why_say(why, "full in %u of %u slices, %.0f connections dropped; a client tries again after 1 s", slices,
            timing->count, dropped);
    return slices > drops_slices_min * timing->count;
}

/* Descriptors looked at for each request: all of them at each wait, which is shared by the ready ones. */
static double looks_per_request(struct why *why, double *watched)
{
    double idle = why_timed_if_any(why, SAMPLE_idle_connections);
    double waits = why_counted(why, SAMPLE_syscalls_per_request) -
                   why_counted(why, SAMPLE_server_receives_per_request) -
                   why_counted(why, SAMPLE_server_sends_per_request);

    *watched = why_timed_if_any(why, SAMPLE_connections) + (idle > 0 ? idle : 0);
    return waits * *watched;
}

/*
 * One cell alone cannot tell what a scan costs: nothing separates it from the receive and send of the same
 * request. So it takes three things: a model that scans, a count of what it looked at, and the control of the
 * same round, which does the same work without.
 */
static bool scan(struct why *why)
{
    double watched, looks = looks_per_request(why, &watched);
    double ratio = row_number(why->cell, CELL_cpu_ratio), excess = 1 - 1 / ratio;
    struct cpu cpu = why_cpu(why);

    if (isnan(ratio) && !why->missing)
        why->missing = cell_columns.columns[CELL_cpu_ratio].name;
    why_say_cores(why, &cpu);
    why_say(why,
            "; every wait looks at %.0f descriptors, that is %.0f for each request, and %.0f %% of its CPU "
            "time is beyond the control's",
            watched, looks, excess * 100);
    say_beside(why);
    return why_cpu_is_full(&cpu) && looks >= scan_looks_min && excess >= scan_min &&
           !row_is(why->cell, CELL_cpu_words, "no difference");
}

static bool is_scan(struct why *why)
{
    const char *missing = why->missing;
    bool found = why->slices->scans && scan(why);

    why->scan_missing = missing ? NULL : why->missing;
    why->missing = missing; /* without its counters it is still known whether the CPU was full */
    return found;
}

static bool server_cpu(struct why *why, bool kernel)
{
    struct cpu cpu = why_cpu(why);

    if (why_cpu_is_full(&cpu) && isnan(cpu.kernel) && !why->missing)
        why->missing = sample_columns.columns[SAMPLE_server_cpu_user_us_per_request].name;
    why_say_cores(why, &cpu);
    why_say(why, ", %.0f %% in %s", (kernel ? cpu.kernel : 1 - cpu.kernel) * 100,
            kernel ? "the kernel" : "user space");
    if (kernel && why->scan_missing)
        why_say(why, "; what its scan of all descriptors took is not known: %s missing", why->scan_missing);
    say_beside(why);
    return why_cpu_is_full(&cpu) && (kernel ? cpu.kernel >= kernel_min : cpu.kernel < kernel_min);
}

static bool server_user(struct why *why)
{
    return server_cpu(why, false);
}

static bool server_kernel(struct why *why)
{
    return server_cpu(why, true);
}

static bool client(struct why *why)
{
    double share = why_timed(why, SAMPLE_client_cpu_share),
           threads = why_timed_if_any(why, SAMPLE_client_threads);
    struct cpu cpu = why_cpu(why);

    why_say(why, "its %s %.0f %% busy; the server ", threads > 1 ? "threads were" : "thread was",
            share * 100);
    why_say_cores(why, &cpu);
    return share > verdict_client_busy;
}

static bool is_offered_answered(const struct why *why)
{
    double offered = why_timed_if_any(why, SAMPLE_rate_offered_per_s);

    return offered > 0 && why_timed_if_any(why, SAMPLE_requests_per_s) >= verdict_achieved_min * offered;
}

static bool workers(struct why *why)
{
    double connections = why_timed_if_any(why, SAMPLE_connections),
           workers = why_timed_if_any(why, SAMPLE_workers), pipeline = why_timed_if_any(why, SAMPLE_pipeline),
           rate = why_timed(why, SAMPLE_requests_per_s), spin_us = why_handler_us(why, "/spin/"),
           wait_us = why_handler_us(why, "/wait/"), handler = isnan(wait_us) ? spin_us : wait_us,
           busy = rate * handler / 1e6 / workers, served;

    if (busy >= worker_busy_min && busy <= worker_busy_max && connections * fmax(1, pipeline) > workers) {
        why_say(why,
                "its %.0f workers were in the %.0f us of the handler %.0f %% of the time, %.0f connections "
                "want one",
                workers, handler, busy * 100, connections);
        return true;
    }
    if (is_offered_answered(why)) /* at a low rate not every connection is asked for anything */
        return false;
    served = why_timed(why, SAMPLE_connections_served);
    why_say(why, "%.0f of %.0f connections were not served, %.0f had a worker", connections - served,
            connections, served);
    return served < connections;
}

static bool handler_waits(struct why *why)
{
    double wait_us = why_handler_us(why, "/wait/"), mean_us;

    if (isnan(wait_us))
        return false;
    mean_us = why_timed(why, SAMPLE_latency_mean_us);
    why_say(why, "%.0f of the %.0f us a request takes, %.0f %%", wait_us, mean_us, wait_us / mean_us * 100);
    return wait_us / mean_us >= wait_min;
}

/*
 * All from the cost slice, which counts it. A loop delays all that is ready by its own wait for a CPU: it
 * tells by how much of the time it is runnable. Where each request has a thread, its wait is the request's.
 */
static bool run_queue(struct why *why)
{
    double delay_us = why_counted(why, SAMPLE_run_queue_us_per_request),
           cpu_us = why_counted(why, SAMPLE_server_cpu_us_per_request),
           per_s = why_counted(why, SAMPLE_server_requests) / why_counted(why, SAMPLE_server_window_s),
           threads = why_counted(why, SAMPLE_threads), mean_us = why_counted(why, SAMPLE_latency_mean_us);
    double runnable = (delay_us + cpu_us) * per_s / 1e6;

    if (why->missing && is_offered_answered(why)) { /* no delay kept anything from being served */
        why->missing = NULL;
        return false;
    }
    why_say(why, "for each request its tasks waited %.1f us for a CPU beside %.1f us on it", delay_us,
            cpu_us);
    why_say_foreign(why, "other programs", "; ");
    return (runnable >= runnable_min * threads && delay_us >= delay_of_runnable_min * (delay_us + cpu_us)) ||
           delay_us >= delay_of_latency_min * mean_us;
}

static bool other_programs(struct why *why)
{
    double taken = why_timed(why, SAMPLE_foreign_cpu_share) + why_timed(why, SAMPLE_steal_share);

    why_say_foreign(why, "they", "");
    why_say(why, "; ");
    why_say_busy(why);
    return taken >= foreign_min;
}

static bool nothing(struct why *why)
{
    double offered = why_timed_if_any(why, SAMPLE_rate_offered_per_s),
           rate = why_timed_if_any(why, SAMPLE_requests_per_s);

    why_say_busy(why);
    if (offered > 0)
        why_say(why, "; of %.0f requests per second offered %.0f were answered", offered, rate);
    else
        why_say(why, "; %.0f under way at most",
                why_timed_if_any(why, SAMPLE_connections) * fmax(1, why_timed_if_any(why, SAMPLE_pipeline)));
    return true;
}

/* The order matters: what was full comes before what was waited for, the particular before the general. */
static const struct {
    const char *name;
    bool (*holds)(struct why *why); /* writes the figures */
} causes[] = {
    {"accept queue", accept_queue},
    {"O(n) scan", is_scan},
    {"server CPU, user", server_user},
    {"server CPU, kernel", server_kernel},
    {"client", client},
    {"waiting for workers", workers},
    {"the wait itself", handler_waits},
    {"run-queue delay", run_queue},
    {"other programs", other_programs},
    {"nothing bound it", nothing},
};

/* ---- the whole ---- */

static void set(struct row *cell, const char *name, const char *detail)
{
    row_set_text(cell, CELL_why, name);
    row_set_text(cell, CELL_why_detail, detail);
}

/* What is known stands beside what is missing. */
static void set_unknown(struct row *cell, struct why *why)
{
    const char *missing = why->missing;

    why->detail[0] = '\0';
    why_say(why, "%s missing", missing);
    if (!isnan(why_timed_if_any(why, SAMPLE_server_cpu_share))) {
        why_say(why, "; ");
        why_say_busy(why);
    }
    set(cell, "not known", why->detail);
}

/* A server that died or answered wrongly was bound by nothing that could be compared. */
static bool is_measured(struct row *cell, struct why *why)
{
    const char *reason = row_text(cell, CELL_reason);
    bool fault = verdict_is_fault(verdict_from_name(reason));

    if (why->slices->timing.count > 0 && !fault)
        return true;
    why_say(why, "%s%s%s", fault ? "the cell is invalid" : "nothing was measured", reason[0] ? ": " : "",
            reason);
    set(cell, "not known", why->detail);
    return false;
}

void why_explain(struct row *cell, const struct why_slices *slices)
{
    struct why why = {.cell = cell, .slices = slices};

    if (!is_measured(cell, &why))
        return;
    for (unsigned i = 0; i < sizeof(causes) / sizeof(causes[0]); i++) {
        why.detail[0] = '\0';
        if (causes[i].holds(&why)) {
            set(cell, causes[i].name, why.detail);
            return;
        }
        if (why.missing) {
            set_unknown(cell, &why);
            return;
        }
    }
}

void why_print(FILE *out, const struct row *cells, unsigned count)
{
    int width = 0;

    for (unsigned i = 0; i < count; i++) {
        int length = (int)strlen(row_text(&cells[i], CELL_model));

        width = length > width ? length : width;
    }
    width = width > NAME_WIDTH_MAX ? NAME_WIDTH_MAX : width;
    for (unsigned i = 0; i < count; i++)
        fprintf(out, "  %-*s  %s: %s\n", width, row_text(&cells[i], CELL_model),
                row_text(&cells[i], CELL_why), row_text(&cells[i], CELL_why_detail));
}
