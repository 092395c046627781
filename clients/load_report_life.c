/*
 * load_report_life - see load_report_life.h.
 */
#include "load_report_life.h"

#include <inttypes.h>

#include "clock.h"
#include "units.h"

void load_report_life_title(FILE *out, const struct load_options *options)
{
    char text[UNITS_TEXT_MAX];

    if (options->idle > 0)
        fprintf(out, "%" PRIu64 " idle ones beside, ", options->idle);
    if (options->think_ns > 0)
        fprintf(out, "thinking %s, ", units_format_duration(text, options->think_ns));
    if (options->slow_read > 0)
        fprintf(out, "reading %s/s each, ", units_format_bytes(text, (double)options->slow_read));
    if (options->slow_write > 0)
        fprintf(out, "writing %s/s each, ", units_format_bytes(text, (double)options->slow_write));
    if (options->reset_every > 0)
        fprintf(out, "a reset every %" PRIu64 " requests, ", options->reset_every);
}

void load_report_life_text(FILE *out, const struct load_options *options, const struct load_result *result)
{
    if (options->idle > 0)
        fprintf(out,
                "  idle       %" PRIu64 " of %" PRIu64 " held at the end, %" PRIu64 " closed by the server\n",
                result->idle_held, options->idle, result->total_idle_closed);
    if (options->reset_every > 0)
        fprintf(out, "  resets     %" PRIu64 " connections were reset by us, their answers unread\n",
                result->total_resets);
}

void load_report_life_json(json_t *object, const struct load_options *options,
                           const struct load_result *result)
{
    json_t *setup = json_object_get(object, "setup");

    json_object_set_new(setup, "think_us", json_real((double)options->think_ns / (double)NS_PER_US));
    json_object_set_new(setup, "idle", json_integer((json_int_t)options->idle));
    json_object_set_new(setup, "slow_read_bytes_per_s", json_integer((json_int_t)options->slow_read));
    json_object_set_new(setup, "slow_write_bytes_per_s", json_integer((json_int_t)options->slow_write));
    json_object_set_new(setup, "reset_every", json_integer((json_int_t)options->reset_every));
    json_object_set_new(object, "idle",
                        json_pack("{s:I, s:I, s:I}", "asked", (json_int_t)options->idle, "held",
                                  (json_int_t)result->idle_held, "closed",
                                  (json_int_t)result->total_idle_closed));
    json_object_set_new(object, "resets", json_integer((json_int_t)result->total_resets));
}
