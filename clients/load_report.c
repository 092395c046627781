/*
 * load_report - the summary a person reads in five seconds, then the percentile table.
 */
#include "load_report.h"

#include <inttypes.h>

#include "clock.h"
#include "load_draw.h"
#include "load_report_life.h"
#include "load_report_mix.h"
#include "load_verdict.h"
#include "units.h"

static const double percentiles[] = {50, 75, 90, 95, 99, 99.9, 99.99, 99.999};

enum { PERCENTILES = sizeof(percentiles) / sizeof(percentiles[0]) };

struct load_littles_law load_report_littles_law(const struct load_plan *plan,
                                                const struct load_result *result)
{
    struct load_littles_law law = {.measured = result->in_flight};

    law.expected = (double)result->served * (double)plan->options->pipeline;
    if (law.expected > 0)
        law.deviation = law.measured / law.expected - 1;
    return law;
}

/* ---- parts ---- */

static void print_title(FILE *out, const struct load_plan *plan, const struct load_result *result)
{
    const struct load_options *options = plan->options;
    char duration[UNITS_TEXT_MAX], rate[UNITS_TEXT_MAX];

    fprintf(out, "%s: %" PRIu64 " connection%s, ", options->target, result->asked,
            result->asked == 1 ? "" : "s");
    if (options->of > 1)
        fprintf(out, "rank %" PRIu64 " of %" PRIu64 ", ", options->rank, options->of);
    if (options->pipeline > 1)
        fprintf(out, "%" PRIu64 " requests in flight on each, ", options->pipeline);
    if (options->requests_per_connection > 0)
        fprintf(out, "%" PRIu64 " request%s per connection, ", options->requests_per_connection,
                options->requests_per_connection == 1 ? "" : "s");
    load_report_life_title(out, options);
    if (result->rate_asked > 0)
        fprintf(out, "open loop at %s/s (%s)", units_format_count(rate, result->rate_asked),
                options->poisson ? "poisson" : "uniform");
    else
        fprintf(out, "closed loop");
    fprintf(out, ", %s%s\n\n", units_format_duration(duration, result->duration_ns),
            result->interrupted ? " (interrupted)" : "");
}

static void print_rate(FILE *out, const struct load_result *result)
{
    char bytes[UNITS_TEXT_MAX];
    double seconds = (double)result->duration_ns / (double)NS_PER_S;

    fprintf(out, "  rate       %.0f requests/s   %" PRIu64 " answers, each checked   %s/s received\n",
            load_result_rate(result), result->window.requests,
            units_format_bytes(bytes, seconds > 0 ? (double)result->window.bytes_in / seconds : 0));
}

/* Open loop: what was asked for, and what became of it on the way. */
static void print_offered(FILE *out, const struct load_result *result)
{
    double seconds = (double)result->duration_ns / (double)NS_PER_S;

    if (result->rate_asked <= 0 || seconds <= 0)
        return;
    fprintf(out, "  offered    %.0f/s due, %.0f/s sent, %.0f/s answered\n",
            (double)result->window.due / seconds, (double)result->window.sent / seconds,
            load_result_rate(result));
}

void load_report_latency(FILE *out, const char *name, const struct histogram *histogram)
{
    char text[5][UNITS_TEXT_MAX];

    if (histogram->total == 0)
        return;
    fprintf(out, "  %-10s p50 %s   p90 %s   p99 %s   p99.9 %s   max %s\n", name,
            units_format_duration(text[0], histogram_percentile_ns(histogram, 50)),
            units_format_duration(text[1], histogram_percentile_ns(histogram, 90)),
            units_format_duration(text[2], histogram_percentile_ns(histogram, 99)),
            units_format_duration(text[3], histogram_percentile_ns(histogram, 99.9)),
            units_format_duration(text[4], histogram->max_ns));
}

static void print_clients(FILE *out, const struct load_result *result)
{
    fprintf(out, "  clients    %" PRIu64 " of %" PRIu64 " served", result->served, result->asked);
    if (result->starved > 0)
        fprintf(out, ", %" PRIu64 " starved", result->starved);
    if (result->refused > 0)
        fprintf(out, ", %" PRIu64 " refused", result->refused);
    if (result->unused > 0)
        fprintf(out, ", %" PRIu64 " not needed", result->unused);
    fprintf(out,
            "   fairness %.3f (requests of each: min %" PRIu64 ", median %" PRIu64 ", max %" PRIu64 ")\n",
            result->fairness.jain, result->fairness.min, result->fairness.median, result->fairness.max);
}

static void print_errors(FILE *out, const struct load_result *result)
{
    uint64_t errors = load_stats_errors(&result->window);
    const char *between = ": ";

    if (errors == 0) {
        fprintf(out, "  errors     none%s\n",
                result->total_errors > 0 ? " in the window, some around it" : "");
        return;
    }
    fprintf(out, "  errors     %" PRIu64, errors);
    for (int kind = 0; kind < LOAD_ERRORS; kind++) {
        if (result->window.errors[kind] == 0)
            continue;
        fprintf(out, "%s%s %" PRIu64, between, load_error_names[kind], result->window.errors[kind]);
        between = ", ";
    }
    fputc('\n', out);
}

static void print_self(FILE *out, const struct load_result *result)
{
    fprintf(out, "  generator  %.0f %% busy", 100 * load_result_share_max(result));
    if (result->threads > 1)
        fprintf(out, " (the busiest of %u threads)", result->threads);
    if (result->window.requests > 0)
        fprintf(out, ", %.2f us of CPU per request",
                (double)result->cpu_ns / (double)result->window.requests / (double)NS_PER_US);
    fputc('\n', out);
}

/* ---- what the reader must not miss ---- */

static void warn_overload(FILE *out, const struct load_result *result)
{
    if (load_result_overloaded(result))
        fprintf(
            out,
            "  ! overloaded: more was due than was answered, so requests waited in a growing queue; their "
            "latency says how\n    long the run was and is not shown\n");
}

static void warn_unanswered(FILE *out, const struct load_result *result)
{
    char oldest[UNITS_TEXT_MAX];

    if (result->unanswered == 0 || result->oldest_ns <= result->window.latency.max_ns)
        return;
    fprintf(out, "  ! %" PRIu64 " requests were still unanswered at the end, the oldest after %s%s\n",
            result->unanswered, units_format_duration(oldest, result->oldest_ns),
            result->window.requests > 0 ? ": longer than any latency above" : "");
}

static void print_warnings(FILE *out, const struct load_plan *plan, const struct load_result *result)
{
    char lag[UNITS_TEXT_MAX];
    int64_t lag_ns = histogram_percentile_ns(&result->window.lag, 99);
    struct load_littles_law law = load_report_littles_law(plan, result);

    warn_overload(out, result);
    warn_unanswered(out, result);
    if (load_result_bound(result))
        fprintf(out, "  ! client-bound: this client was busy; the server may be faster than the rate says\n");
    if (lag_ns > LOAD_LAG_WARN_NS)
        fprintf(out, "  ! this client sent late: by %s at p99\n", units_format_duration(lag, lag_ns));
    if (result->rate_asked == 0 && (law.deviation > 0.02 || law.deviation < -0.02))
        fprintf(out, "  ! Little's law: %.1f requests were in the system, %.0f expected\n", law.measured,
                law.expected);
}

static void print_latencies(FILE *out, const struct load_result *result)
{
    if (load_result_overloaded(result))
        return;
    load_report_latency(out, "latency", &result->window.latency);
    load_report_latency(out, "service", &result->window.service);
    load_report_latency(out, "connect", &result->connect);
}

void load_report_percentiles(FILE *out, const struct histogram *histogram)
{
    char text[UNITS_TEXT_MAX];

    if (histogram->total == 0)
        return;
    fprintf(out, "\n  percentile     latency   requests above\n");
    for (int i = 0; i < PERCENTILES; i++) {
        double above = (double)histogram->total * (100 - percentiles[i]) / 100;

        if (above < 1)
            break;
        fprintf(out, "  %9.3f %% %11s   %.0f\n", percentiles[i],
                units_format_duration(text, histogram_percentile_ns(histogram, percentiles[i])), above);
    }
    fprintf(out, "        max   %11s\n", units_format_duration(text, histogram->max_ns));
    fprintf(out, "       mean   %11s\n", units_format_duration(text, (int64_t)histogram_mean_ns(histogram)));
}

void load_report_text(FILE *out, const struct load_plan *plan, const struct load_result *result)
{
    const struct load_draw_style style = load_draw_style_of(fileno(out));

    print_title(out, plan, result);
    print_rate(out, result);
    print_offered(out, result);
    print_latencies(out, result);
    print_clients(out, result);
    load_report_mix_text(out, plan, result);
    load_report_life_text(out, plan->options, result);
    print_errors(out, result);
    print_self(out, result);
    print_warnings(out, plan, result);
    if (load_result_overloaded(result))
        return;
    load_report_percentiles(out, &result->window.latency);
    load_draw(out, &style, &result->window.latency);
}
