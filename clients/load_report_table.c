/*
 * load_report_table - several measurements of one call: a line each, and what a search found.
 */
#include <inttypes.h>
#include <string.h>

#include "clock.h"
#include "load_report.h"
#include "load_verdict.h"
#include "units.h"

static double per_second(uint64_t count, const struct load_result *result)
{
    return result->duration_ns > 0 ? (double)count * (double)NS_PER_S / (double)result->duration_ns : 0;
}

static void print_names(FILE *out)
{
    fprintf(out, "  %9s %9s %9s %9s  %10s %10s %10s %10s  %s\n", "rate/s", "offered", "sent", "answered",
            "p50", "p99", "p99.9", "max", "verdict");
}

/* The latencies of an overloaded step say how long it ran and nothing else, so they are not shown. */
static void print_latencies(FILE *out, const struct load_result *result)
{
    const struct histogram *latency = &result->window.latency;
    char text[4][UNITS_TEXT_MAX];

    if (load_result_overloaded(result) || latency->total == 0) {
        fprintf(out, "  %10s %10s %10s %10s", "-", "-", "-", "-");
        return;
    }
    fprintf(out, "  %10s %10s %10s %10s",
            units_format_duration(text[0], histogram_percentile_ns(latency, 50)),
            units_format_duration(text[1], histogram_percentile_ns(latency, 99)),
            units_format_duration(text[2], histogram_percentile_ns(latency, 99.9)),
            units_format_duration(text[3], latency->max_ns));
}

static void print_step(FILE *out, const struct load_plan *plan, const struct load_result *result)
{
    enum load_verdict verdict = load_verdict_of(result, load_options_objective(plan->options));
    uint64_t errors = load_stats_errors(&result->window);
    char rate[UNITS_TEXT_MAX];

    fprintf(out, "  %9s %9.0f %9.0f %9.0f",
            result->rate_asked > 0 ? units_format_count(rate, result->rate_asked) : "closed",
            per_second(result->window.due, result), per_second(result->window.sent, result),
            load_result_rate(result));
    print_latencies(out, result);
    fprintf(out, "  %s", load_verdict_text(verdict));
    if (errors > 0)
        fprintf(out, " (%" PRIu64 ")", errors);
    fprintf(out, "%s\n", result->interrupted ? " (interrupted)" : "");
}

/* ---- what a search found ---- */

static void print_failure(FILE *out, const struct load_steps *steps, const struct objective *objective)
{
    const struct load_result *failed = load_steps_find_failed(steps, objective);
    char rate[UNITS_TEXT_MAX], value[UNITS_TEXT_MAX];

    if (failed == NULL) {
        fprintf(out, "; no rate was found that does not\n");
        return;
    }
    enum load_verdict verdict = load_verdict_of(failed, objective);
    fprintf(out, "; at %s/s it does not: %s", units_format_count(rate, failed->rate_asked),
            load_verdict_text(verdict));
    if (verdict == LOAD_VERDICT_MISSED)
        fprintf(out, ", %.*s was %s", (int)strcspn(objective->text, "<"), objective->text,
                units_format_duration(value, objective_value_ns(objective, &failed->window.latency)));
    fputc('\n', out);
    if (verdict == LOAD_VERDICT_CLIENT_BOUND || verdict == LOAD_VERDICT_LATE)
        fprintf(out,
                "  ! this client was the limit there, so the server may be able to do more: give it more "
                "--threads or a CPU of its own\n");
}

static void print_capacity(FILE *out, const struct load_plan *plan, const struct load_steps *steps)
{
    const struct objective *objective = &plan->options->objective;
    const struct rate_search *search = &steps->search;
    uint64_t holds = rate_search_holds(search);
    char rate[UNITS_TEXT_MAX];

    if (steps->count == 0) {
        fprintf(out, "  capacity   unknown: nothing was answered in closed loop\n");
        return;
    }
    if (holds == 0)
        fprintf(out, "  capacity   none found: no rate from %" PRIu64 "/s up keeps %s", search->least,
                objective->text);
    else
        fprintf(out, "  capacity   %s/s keeps %s (%s)", units_format_count(rate, (double)holds),
                objective->text,
                rate_search_confirmed(search) ? "measured twice" : "not confirmed: the search was cut short");
    print_failure(out, steps, objective);
}

void load_report_table(FILE *out, const struct load_plan *plan, const struct load_steps *steps)
{
    const struct load_options *options = plan->options;
    uint64_t connections = steps->count > 0 ? steps->items[0].asked : options->connections;

    fprintf(out, "%s: %" PRIu64 " connection%s, open loop (%s)\n\n", options->target, connections,
            connections == 1 ? "" : "s", options->poisson ? "poisson" : "uniform");
    print_names(out);
    if (steps->closed.threads > 0)
        print_step(out, plan, &steps->closed);
    for (size_t i = 0; i < steps->count; i++)
        print_step(out, plan, &steps->items[i]);
    if (options->objective.text != NULL) {
        fputc('\n', out);
        print_capacity(out, plan, steps);
    }
}
