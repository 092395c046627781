/*
 * load_report_files - CSV, and the files HdrHistogram's tools read.
 */
#include <errno.h>
#include <inttypes.h>

#include "clock.h"
#include "load_report.h"
#include "units.h"

/* ---- CSV: one table of columns, so that names and values cannot drift apart ---- */

enum { CSV_COLUMNS_MAX = 48 };

struct csv {
    const char *names[CSV_COLUMNS_MAX];
    double values[CSV_COLUMNS_MAX];
    int count;
};

static void column(struct csv *csv, const char *name, double value)
{
    csv->names[csv->count] = name;
    csv->values[csv->count++] = value;
}

static void latency_columns(struct csv *csv, const struct histogram *histogram)
{
    double us = (double)NS_PER_US;

    column(csv, "latency_mean_us", histogram_mean_ns(histogram) / us);
    column(csv, "latency_p50_us", (double)histogram_percentile_ns(histogram, 50) / us);
    column(csv, "latency_p90_us", (double)histogram_percentile_ns(histogram, 90) / us);
    column(csv, "latency_p99_us", (double)histogram_percentile_ns(histogram, 99) / us);
    column(csv, "latency_p999_us", (double)histogram_percentile_ns(histogram, 99.9) / us);
    column(csv, "latency_max_us", (double)histogram->max_ns / us);
}

static void result_columns(struct csv *csv, const struct load_plan *plan, const struct load_result *result)
{
    const struct load_options *options = plan->options;

    column(csv, "connections", (double)result->asked);
    column(csv, "threads", (double)result->threads);
    column(csv, "pipeline", (double)options->pipeline);
    column(csv, "requests_per_connection", (double)options->requests_per_connection);
    column(csv, "rate_asked_per_s", result->rate_asked);
    column(csv, "duration_s", (double)result->duration_ns / (double)NS_PER_S);
    column(csv, "requests", (double)result->window.requests);
    column(csv, "rate_per_s", load_result_rate(result));
    column(csv, "bytes_in", (double)result->window.bytes_in);
    column(csv, "bytes_out", (double)result->window.bytes_out);
    latency_columns(csv, &result->window.latency);
    for (int kind = 0; kind < LOAD_ERRORS; kind++)
        column(csv, load_error_names[kind], (double)result->window.errors[kind]);
    column(csv, "served", (double)result->served);
    column(csv, "starved", (double)result->starved);
    column(csv, "refused", (double)result->refused);
    column(csv, "opened", (double)result->total_opened);
    column(csv, "fairness_jain", result->fairness.jain);
    column(csv, "sent", (double)result->window.sent);
    column(csv, "send_lag_p99_us",
           (double)histogram_percentile_ns(&result->window.lag, 99) / (double)NS_PER_US);
    column(csv, "client_cpu_s", (double)result->cpu_ns / (double)NS_PER_S);
    column(csv, "client_share", load_result_share_max(result));
}

/* RFC 4180: quoted, quotes doubled. */
static void print_quoted(FILE *out, const char *text)
{
    fputc('"', out);
    for (; *text != '\0'; text++) {
        if (*text == '"')
            fputc('"', out);
        fputc(*text, out);
    }
    fputc('"', out);
}

static void print_names(FILE *out, const struct csv *csv)
{
    fputs("target", out);
    for (int i = 0; i < csv->count; i++)
        fprintf(out, ",%s", csv->names[i]);
    fputc('\n', out);
}

void load_report_csv(FILE *out, const struct load_plan *plan, const struct load_steps *steps)
{
    for (size_t step = 0; step < steps->count; step++) {
        struct csv csv = {.count = 0};

        result_columns(&csv, plan, &steps->items[step]);
        if (step == 0)
            print_names(out, &csv);
        print_quoted(out, plan->options->target);
        for (int i = 0; i < csv.count; i++)
            fprintf(out, ",%.10g", csv.values[i]);
        fputc('\n', out);
    }
}

/* ---- HdrHistogram ---- */

static int finish(FILE *out, int status)
{
    int error = errno;

    if (fclose(out) != 0)
        return -1;
    errno = error;
    return status;
}

/* `kind` is NULL for latency, which is written even when it is empty; `at` is "" or what the step is called.
 */
static int write_interval(FILE *out, const char *at, const char *kind, const struct load_result *result,
                          const struct histogram *histogram)
{
    char tag[HISTOGRAM_TAG_MAX];

    if (histogram->total == 0 && kind != NULL)
        return 0;
    snprintf(tag, sizeof(tag), "%s%s%s", at, *at != '\0' && kind != NULL ? "-" : "",
             kind != NULL ? kind : "");
    return histogram_hlog_interval(out, *tag != '\0' ? tag : NULL, result->begin_wall_ns,
                                   result->begin_wall_ns + result->duration_ns, histogram);
}

static int write_step(FILE *out, const char *at, const struct load_result *result)
{
    const struct load_stats *window = &result->window;
    int status = write_interval(out, at, NULL, result, &window->latency);

    if (status == 0)
        status = write_interval(out, at, "service", result, &window->service);
    if (status == 0)
        status = write_interval(out, at, "lag", result, &window->lag);
    if (status == 0)
        status = write_interval(out, at, "connect", result, &result->connect);
    return status;
}

int load_report_hlog(const char *path, const struct load_plan *plan, const struct load_steps *steps)
{
    bool several = plan->options->rates.count > 1 || plan->options->objective.text != NULL;
    FILE *out = fopen(path, "we");

    if (out == NULL)
        return -1;
    int status = histogram_hlog_header(out, plan->options->target, steps->items[0].begin_wall_ns);
    for (size_t i = 0; i < steps->count && status == 0; i++) {
        char at[UNITS_TEXT_MAX] = "";

        if (several)
            snprintf(at, sizeof(at), "at-%.0f", steps->items[i].rate_asked);
        status = write_step(out, at, &steps->items[i]);
    }
    return finish(out, status);
}

int load_report_hgrm(const char *path, const struct load_result *result)
{
    FILE *out = fopen(path, "we");

    if (out == NULL)
        return -1;
    return finish(out, histogram_write_hgrm(out, &result->window.latency, (double)NS_PER_US));
}
