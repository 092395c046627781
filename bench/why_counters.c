/*
 * why_counters - see why_counters.h.
 */
#include "why_counters.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "verdict.h"

/* ---- counters ---- */

static double need(struct why *why, const struct selection *selection, unsigned column)
{
    double value = selection_median(selection, column);

    if (isnan(value) && !why->missing)
        why->missing = sample_columns.columns[column].name;
    return value;
}

double why_timed(struct why *why, unsigned column)
{
    return need(why, &why->slices->timing, column);
}

double why_counted(struct why *why, unsigned column)
{
    return need(why, &why->slices->cost, column);
}

double why_timed_if_any(const struct why *why, unsigned column)
{
    return selection_median(&why->slices->timing, column);
}

void why_say(struct why *why, const char *format, ...)
{
    size_t used = strlen(why->detail);
    va_list values;

    va_start(values, format);
    vsnprintf(why->detail + used, sizeof(why->detail) - used, format, values);
    va_end(values);
}

/* ---- the server's CPUs ---- */

/* How many CPUs the server had: what it used, over the share that was of them. */
static unsigned cpus_of(const struct row *row)
{
    double window_s = row_number(row, SAMPLE_server_window_s),
           requests = row_has(row, SAMPLE_server_requests)
                          ? row_number(row, SAMPLE_server_requests)
                          : row_number(row, SAMPLE_requests_per_s) * window_s,
           cores = row_number(row, SAMPLE_server_cpu_us_per_request) * requests / window_s / 1e6,
           cpus = cores / row_number(row, SAMPLE_server_cpu_share);

    return cpus >= 1 && cpus < 1e6 ? (unsigned)lround(cpus) : 1;
}

/* User and system time are split by sampling: the sums of all slices tell more than any of them. */
static double kernel_share(const struct selection *timing)
{
    double user = 0, system = 0;

    for (unsigned i = 0; i < timing->count; i++)
        if (selection_tolerable(timing->rows[i]) &&
            row_has(timing->rows[i], SAMPLE_server_cpu_system_us_per_request)) {
            user += row_number(timing->rows[i], SAMPLE_server_cpu_user_us_per_request);
            system += row_number(timing->rows[i], SAMPLE_server_cpu_system_us_per_request);
        }
    return user + system > 0 ? system / (user + system) : NAN;
}

struct cpu why_cpu(struct why *why)
{
    const struct selection *timing = &why->slices->timing;
    double threads = selection_median(&why->slices->cost, SAMPLE_threads);
    struct cpu cpu = {.threads = threads >= 1 ? (unsigned)threads : 0, .kernel = kernel_share(timing)};

    for (unsigned i = 0; i < timing->count; i++)
        if (row_number(timing->rows[i], SAMPLE_server_cpu_share) > 0) {
            unsigned cpus = cpus_of(timing->rows[i]);

            cpu.cpus = cpus > cpu.cpus ? cpus : cpu.cpus;
        }
    cpu.cpus = cpu.cpus > 0 ? cpu.cpus : 1;
    cpu.cores = why_timed(why, SAMPLE_server_cpu_share) * cpu.cpus;
    cpu.room = cpu.threads > 0 && cpu.threads < cpu.cpus ? cpu.threads : cpu.cpus;
    return cpu;
}

bool why_cpu_is_full(const struct cpu *cpu)
{
    return cpu->cores >= verdict_server_busy * cpu->room;
}

void why_say_cores(struct why *why, const struct cpu *cpu)
{
    if (cpu->cpus == 1)
        why_say(why, "%.2f of a core busy", cpu->cores);
    else
        why_say(why, "%.2f of %u cores busy", cpu->cores, cpu->cpus);
    if (why_cpu_is_full(cpu) && cpu->room < cpu->cpus)
        why_say(why, " (its %s can use no more)", cpu->threads == 1 ? "only thread" : "threads");
}

double why_handler_us(const struct why *why, const char *target)
{
    const struct selection *timing = &why->slices->timing;
    const char *text = timing->count > 0 ? row_text(timing->rows[0], SAMPLE_target) : "";
    size_t length = strlen(target);
    double us;

    return strncmp(text, target, length) == 0 && sscanf(text + length, "%lf", &us) == 1 && us > 0
               ? us
               : (double)NAN;
}

/* ---- words ---- */

void why_say_foreign(struct why *why, const char *others, const char *before)
{
    double foreign = why_timed_if_any(why, SAMPLE_foreign_cpu_share),
           steal = why_timed_if_any(why, SAMPLE_steal_share);

    if (!isnan(foreign))
        why_say(why, "%s%s used %.0f %% of a CPU", before, others, foreign * 100);
    if (steal > 0)
        why_say(why, ", the hypervisor took %.0f %%", steal * 100);
}

void why_say_busy(struct why *why)
{
    struct cpu cpu = why_cpu(why);

    why_say(why, "the server ");
    why_say_cores(why, &cpu);
    why_say(why, ", the client %.0f %%", why_timed_if_any(why, SAMPLE_client_cpu_share) * 100);
}
