/*
 * load_selftest_report - the findings of --self-test, for people and for programs.
 */
#include <jansson.h>

#include "clock.h"
#include "load_selftest.h"
#include "units.h"

static double per_cpu_second(const struct load_result *result)
{
    return result->cpu_ns > 0 ? (double)result->window.requests * (double)NS_PER_S / (double)result->cpu_ns
                              : 0;
}

static double us(int64_t ns)
{
    return (double)ns / (double)NS_PER_US;
}

static int64_t p(const struct histogram *histogram, double percent)
{
    return histogram_percentile_ns(histogram, percent);
}

static double gain(const struct load_selftest *test)
{
    double sleeping = load_result_rate(&test->sleeping);

    return sleeping > 0 ? load_result_rate(&test->spinning) / sleeping : 0;
}

static void print_saturated(FILE *out, const struct load_result *result)
{
    char rate[UNITS_TEXT_MAX], efficiency[UNITS_TEXT_MAX];

    fprintf(out,
            "  saturated    %s requests/s at %lu connections; this client was %.0f %% busy\n"
            "  efficiency   %s requests per second of client CPU, %.2f us each\n",
            units_format_count(rate, load_result_rate(result)), (unsigned long)result->asked,
            100 * load_result_share_max(result), units_format_count(efficiency, per_cpu_second(result)),
            per_cpu_second(result) > 0 ? 1e6 / per_cpu_second(result) : 0);
    if (!load_result_bound(result))
        fprintf(out, "               (it was not the limit, the server or the machine was: it can make more "
                     "than these)\n");
}

static void print_paced(FILE *out, const struct load_result *result)
{
    char rate[UNITS_TEXT_MAX], p50[UNITS_TEXT_MAX], p99[UNITS_TEXT_MAX];

    fprintf(out, "  pacing       at %s/s (half of that) sends were late by %s at p50, %s at p99\n",
            units_format_count(rate, result->rate_asked),
            units_format_duration(p50, p(&result->window.lag, 50)),
            units_format_duration(p99, p(&result->window.lag, 99)));
}

static void print_single(FILE *out, const struct load_selftest *test)
{
    char rates[2][UNITS_TEXT_MAX], latencies[2][UNITS_TEXT_MAX];

    fprintf(out, "  1 connection sleeping %s/s (p50 %s), with --spin %s/s (p50 %s): %.2f times\n",
            units_format_count(rates[0], load_result_rate(&test->sleeping)),
            units_format_duration(latencies[0], p(&test->sleeping.window.latency, 50)),
            units_format_count(rates[1], load_result_rate(&test->spinning)),
            units_format_duration(latencies[1], p(&test->spinning.window.latency, 50)), gain(test));
}

void load_selftest_text(FILE *out, const struct load_selftest *test)
{
    fprintf(out, "What this client can do here, against tenk-serve ceiling");
    if (test->server_cpu >= 0)
        fprintf(out, " (server on CPU %d, client on CPU %d)", test->server_cpu, test->client_cpu);
    fprintf(out, ":\n\n");
    print_saturated(out, &test->saturated);
    print_paced(out, &test->paced);
    print_single(out, test);
    fprintf(out, "  clock        %.1f ns for a reading, %.1f ns for a recorded latency\n", test->clock_ns,
            test->record_ns);
}

int load_selftest_json(FILE *out, const struct load_selftest *test)
{
    const struct load_result *saturated = &test->saturated, *paced = &test->paced;
    json_t *object = json_pack(
        "{s:{s:f, s:f, s:f, s:f}, s:{s:f, s:f, s:f}, s:{s:f, s:f, s:f, s:f, s:f}, s:f, s:f}", "saturated",
        "rate_per_s", load_result_rate(saturated), "requests_per_cpu_s", per_cpu_second(saturated),
        "cpu_share", load_result_share_max(saturated), "latency_p50_us",
        us(p(&saturated->window.latency, 50)), "paced", "rate_asked_per_s", paced->rate_asked,
        "send_lag_p50_us", us(p(&paced->window.lag, 50)), "send_lag_p99_us", us(p(&paced->window.lag, 99)),
        "one_connection", "sleeping_per_s", load_result_rate(&test->sleeping), "sleeping_p50_us",
        us(p(&test->sleeping.window.latency, 50)), "spinning_per_s", load_result_rate(&test->spinning),
        "spinning_p50_us", us(p(&test->spinning.window.latency, 50)), "gain", gain(test), "clock_ns",
        test->clock_ns, "record_ns", test->record_ns);

    if (object == NULL)
        return -1;
    int status = json_dumpf(object, out, JSON_INDENT(2) | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(9));
    fputc('\n', out);
    json_decref(object);
    return status;
}
