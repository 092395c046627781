/*
 * load_report_benchstat - the text format of Go benchmarks, of which benchstat compares several runs:
 *
 *     tenk-load URL --benchstat >>old.txt    (as often as you like, then the same into new.txt)
 *     benchstat old.txt new.txt
 *
 * A line is a name, how many answers it rests on, and pairs of value and unit. Units that end in "ns" are
 * shown as seconds; a Unit line says in which direction a unit that is not known to benchstat is better.
 */
#include <inttypes.h>
#include <sys/utsname.h>

#include "clock.h"
#include "load_report.h"

static void print_head(FILE *out, const struct load_plan *plan)
{
    struct utsname system = {0};

    uname(&system);
    fprintf(out,
            "goos: linux\n"
            "goarch: %s\n"
            "pkg: tenk-load\n"
            "target: %s\n"
            "Unit req/s better=higher\n"
            "Unit errors better=lower\n",
            system.machine, plan->options->target);
}

/* Names take no blanks; benchstat groups by the parts /key=value. */
static void print_name(FILE *out, const struct load_options *options, const struct load_result *result)
{
    fprintf(out, "BenchmarkLoad/loop=%s",
            result->rate_asked <= 0 ? "closed"
            : options->poisson      ? "poisson"
                                    : "uniform");
    if (result->rate_asked > 0)
        fprintf(out, "/rate=%.0f", result->rate_asked);
    fprintf(out, "/connections=%" PRIu64, result->asked);
    if (options->pipeline > 1)
        fprintf(out, "/pipeline=%" PRIu64, options->pipeline);
    if (options->requests_per_connection > 0)
        fprintf(out, "/requests_per_connection=%" PRIu64, options->requests_per_connection);
    fprintf(out, "-%u", result->threads);
}

static void print_result(FILE *out, const struct load_options *options, const struct load_result *result)
{
    const struct histogram *latency = &result->window.latency;
    double rate = load_result_rate(result);

    print_name(out, options, result);
    fprintf(out, "\t%" PRIu64 "\t%.10g ns/op\t%.10g req/s", result->window.requests,
            rate > 0 ? (double)NS_PER_S / rate : 0, rate);
    if (!load_result_overloaded(result) && latency->total > 0)
        fprintf(out,
                "\t%.10g mean-ns\t%" PRId64 " p50-ns\t%" PRId64 " p90-ns\t%" PRId64 " p99-ns\t%" PRId64
                " p999-ns\t%" PRId64 " max-ns",
                histogram_mean_ns(latency), histogram_percentile_ns(latency, 50),
                histogram_percentile_ns(latency, 90), histogram_percentile_ns(latency, 99),
                histogram_percentile_ns(latency, 99.9), latency->max_ns);
    fprintf(out, "\t%" PRIu64 " errors\n", load_stats_errors(&result->window));
}

void load_report_benchstat(FILE *out, const struct load_plan *plan, const struct load_steps *steps)
{
    print_head(out, plan);
    for (size_t i = 0; i < steps->count; i++)
        print_result(out, plan->options, &steps->items[i]);
}
