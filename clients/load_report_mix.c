/*
 * load_report_mix - see load_report_mix.h.
 */
#include "load_report_mix.h"

#include <inttypes.h>

#include "units.h"

void load_report_mix_text(FILE *out, const struct load_plan *plan, const struct load_result *result)
{
    bool overloaded = load_result_overloaded(result);
    char p50[UNITS_TEXT_MAX], p99[UNITS_TEXT_MAX];

    for (size_t i = 0; i < result->kind_count; i++) {
        const struct load_kind *kind = &plan->kinds[i];
        const struct load_kind_result *seen = &result->kinds[i];

        fprintf(out, "  mix        %" PRIu64 " %s %s: %" PRIu64 " answers, %" PRIu64 " wrong", kind->weight,
                kind->method, kind->path, seen->requests, seen->errors);
        if (seen->latency.total > 0 && !overloaded)
            fprintf(out, "   p50 %s   p99 %s",
                    units_format_duration(p50, histogram_percentile_ns(&seen->latency, 50)),
                    units_format_duration(p99, histogram_percentile_ns(&seen->latency, 99)));
        fputc('\n', out);
    }
}

void load_report_mix_json(json_t *object, const struct load_plan *plan, const struct load_result *result,
                          json_t *(*latency)(const struct histogram *))
{
    json_t *mix = result->kind_count > 0 ? json_array() : json_null();

    for (size_t i = 0; i < result->kind_count; i++) {
        const struct load_kind *kind = &plan->kinds[i];
        const struct load_kind_result *seen = &result->kinds[i];

        json_array_append_new(
            mix, json_pack("{s:s, s:s, s:I, s:I, s:I, s:o}", "method", kind->method, "target", kind->path,
                           "weight", (json_int_t)kind->weight, "requests", (json_int_t)seen->requests,
                           "errors", (json_int_t)seen->errors, "latency_us", latency(&seen->latency)));
    }
    json_object_set_new(object, "mix", mix);
}
