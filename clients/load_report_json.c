/*
 * load_report_json - one JSON object. jansson(3); docs/tenk-load.1 is the dictionary of its names.
 */
#include <errno.h>

#include "clock.h"
#include "load_report.h"
#include "load_report_life.h"
#include "load_report_mix.h"
#include "load_verdict.h"

static double us(int64_t ns)
{
    return (double)ns / (double)NS_PER_US;
}

json_t *load_report_latency_json(const struct histogram *histogram)
{
    return json_pack(
        "{s:I, s:f, s:f, s:f, s:f, s:f, s:f, s:f}", "count", (json_int_t)histogram->total, "mean",
        histogram_mean_ns(histogram) / (double)NS_PER_US, "min",
        histogram->total > 0 ? us(histogram->min_ns) : 0.0, "p50", us(histogram_percentile_ns(histogram, 50)),
        "p90", us(histogram_percentile_ns(histogram, 90)), "p99", us(histogram_percentile_ns(histogram, 99)),
        "p999", us(histogram_percentile_ns(histogram, 99.9)), "max", us(histogram->max_ns));
}

static json_t *lag_json(const struct histogram *histogram)
{
    return json_pack("{s:f, s:f, s:f}", "p50", us(histogram_percentile_ns(histogram, 50)), "p99",
                     us(histogram_percentile_ns(histogram, 99)), "max", us(histogram->max_ns));
}

static json_t *errors_json(const struct load_stats *stats)
{
    json_t *object = json_object();

    for (int kind = 0; kind < LOAD_ERRORS; kind++)
        json_object_set_new(object, load_error_names[kind], json_integer((json_int_t)stats->errors[kind]));
    json_object_set_new(object, "total", json_integer((json_int_t)load_stats_errors(stats)));
    return object;
}

static json_t *connections_json(const struct load_result *result)
{
    return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I}", "asked", (json_int_t)result->asked, "served",
                     (json_int_t)result->served, "starved", (json_int_t)result->starved, "refused",
                     (json_int_t)result->refused, "unused", (json_int_t)result->unused, "opened",
                     (json_int_t)result->total_opened);
}

static json_t *fairness_json(const struct load_fairness *fairness)
{
    return json_pack("{s:f, s:I, s:I, s:I}", "jain", fairness->jain, "min", (json_int_t)fairness->min,
                     "median", (json_int_t)fairness->median, "max", (json_int_t)fairness->max);
}

static json_t *client_json(const struct load_result *result)
{
    json_t *shares = json_array();

    for (unsigned i = 0; i < result->threads; i++)
        json_array_append_new(shares, json_real(result->thread_shares[i]));
    return json_pack("{s:f, s:f, s:o, s:i, s:b}", "cpu_s", (double)result->cpu_ns / (double)NS_PER_S,
                     "cpu_share", load_result_share_max(result), "thread_shares", shares, "threads",
                     (int)result->threads, "bound", load_result_bound(result));
}

static json_t *littles_law_json(const struct load_plan *plan, const struct load_result *result)
{
    struct load_littles_law law = load_report_littles_law(plan, result);

    if (result->rate_asked > 0)
        return json_null();
    return json_pack("{s:f, s:f, s:f}", "expected", law.expected, "measured", law.measured, "deviation",
                     law.deviation);
}

static json_t *total_json(const struct load_result *result)
{
    return json_pack("{s:I, s:I, s:I, s:I}", "requests", (json_int_t)result->total_requests, "errors",
                     (json_int_t)result->total_errors, "sent", (json_int_t)result->total_sent, "unanswered",
                     (json_int_t)result->total_unanswered);
}

static json_t *setup_json(const struct load_options *options, const struct load_result *result)
{
    return json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:b, s:I, s:I, s:I}", "target", options->target, "loop",
                     result->rate_asked > 0 ? (options->poisson ? "open-poisson" : "open-uniform") : "closed",
                     "connections", (json_int_t)result->asked, "threads", (json_int_t)result->threads,
                     "pipeline", (json_int_t)options->pipeline, "requests_per_connection",
                     (json_int_t)options->requests_per_connection, "spin", options->spin, "seed",
                     (json_int_t)options->seed, "rank", (json_int_t)options->rank, "of",
                     (json_int_t)options->of);
}

static void add_open_loop(json_t *object, const struct load_result *result)
{
    double seconds = (double)result->duration_ns / (double)NS_PER_S;

    if (result->rate_asked <= 0) {
        json_object_set_new(object, "offered_per_s", json_null());
        json_object_set_new(object, "service_us", json_null());
        return;
    }
    json_object_set_new(object, "rate_asked_per_s", json_real(result->rate_asked));
    json_object_set_new(object, "offered_per_s",
                        json_real(seconds > 0 ? (double)result->window.due / seconds : 0));
    json_object_set_new(object, "service_us", load_report_latency_json(&result->window.service));
    json_object_set_new(object, "delayed", json_integer((json_int_t)result->window.delayed));
    json_object_set_new(object, "unsent", json_integer((json_int_t)result->unsent));
    json_object_set_new(object, "overloaded", json_boolean(load_result_overloaded(result)));
}

static json_t *result_json(const struct load_plan *plan, const struct load_result *result)
{
    const struct load_stats *window = &result->window;
    const struct objective *objective = load_options_objective(plan->options);
    json_t *object = json_object();

    json_object_set_new(object, "setup", setup_json(plan->options, result));
    json_object_set_new(object, "requests", json_integer((json_int_t)window->requests));
    json_object_set_new(object, "duration_s", json_real((double)result->duration_ns / (double)NS_PER_S));
    json_object_set_new(object, "begin_unix_ms",
                        json_integer((json_int_t)(result->begin_wall_ns / NS_PER_MS)));
    json_object_set_new(object, "verdict",
                        json_string(load_verdict_text(load_verdict_of(result, objective))));
    json_object_set_new(object, "interrupted", json_boolean(result->interrupted));
    json_object_set_new(object, "rate_per_s", json_real(load_result_rate(result)));
    json_object_set_new(object, "bytes_in", json_integer((json_int_t)window->bytes_in));
    json_object_set_new(object, "bytes_out", json_integer((json_int_t)window->bytes_out));
    json_object_set_new(object, "latency_us", load_report_latency_json(&window->latency));
    json_object_set_new(object, "connect_us", load_report_latency_json(&result->connect));
    json_object_set_new(object, "errors", errors_json(window));
    json_object_set_new(object, "connections", connections_json(result));
    json_object_set_new(object, "fairness", fairness_json(&result->fairness));
    json_object_set_new(
        object, "unanswered",
        json_pack("{s:I, s:f}", "count", (json_int_t)result->unanswered, "oldest_us", us(result->oldest_ns)));
    add_open_loop(object, result);
    json_object_set_new(object, "sent", json_integer((json_int_t)window->sent));
    json_object_set_new(object, "send_lag_us", lag_json(&window->lag));
    json_object_set_new(object, "client", client_json(result));
    json_object_set_new(object, "littles_law", littles_law_json(plan, result));
    json_object_set_new(object, "total", total_json(result));
    load_report_life_json(object, plan->options, result);
    load_report_mix_json(object, plan, result, load_report_latency_json);
    return object;
}

static json_t *steps_json(const struct load_plan *plan, const struct load_steps *steps)
{
    json_t *array = json_array();

    for (size_t i = 0; i < steps->count; i++)
        json_array_append_new(array, result_json(plan, &steps->items[i]));
    return array;
}

/* Why the lowest rate that fails does. */
static json_t *fails_because_json(const struct load_steps *steps, const struct load_plan *plan)
{
    const struct load_result *failed = load_steps_find_failed(steps, &plan->options->objective);

    if (failed == NULL)
        return json_null();
    return json_string(load_verdict_text(load_verdict_of(failed, &plan->options->objective)));
}

static json_t *rate_json(uint64_t rate)
{
    return rate > 0 ? json_integer((json_int_t)rate) : json_null();
}

static json_t *search_json(const struct load_plan *plan, const struct load_steps *steps)
{
    const struct rate_search *search = &steps->search;
    uint64_t holds = rate_search_holds(search);
    json_t *closed = steps->closed.threads > 0 ? result_json(plan, &steps->closed) : json_null();

    return json_pack("{s:s, s:I, s:b, s:o, s:o, s:o, s:b, s:o, s:o}", "objective",
                     plan->options->objective.text, "capacity_per_s", (json_int_t)holds, "confirmed",
                     rate_search_confirmed(search), "holds_per_s", rate_json(holds), "fails_per_s",
                     rate_json(rate_search_fails(search)), "fails_because", fails_because_json(steps, plan),
                     "interrupted", steps->interrupted, "closed_loop", closed, "steps",
                     steps_json(plan, steps));
}

static json_t *report_json(const struct load_plan *plan, const struct load_steps *steps)
{
    if (plan->options->objective.text != NULL)
        return search_json(plan, steps);
    if (plan->options->rates.count > 1)
        return steps_json(plan, steps);
    return result_json(plan, &steps->items[0]);
}

int load_report_json(FILE *out, const struct load_plan *plan, const struct load_steps *steps)
{
    json_t *value = report_json(plan, steps);

    if (value == NULL) {
        errno = ENOMEM;
        return -1;
    }
    int status = json_dumpf(value, out, JSON_INDENT(2) | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(9));
    fputc('\n', out);
    json_decref(value);
    return status;
}
