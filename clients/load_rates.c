/*
 * load_rates - reads the argument of --rate.
 */
#include "load_rates.h"

#include <stdio.h>
#include <string.h>

#include "load_options.h"
#include "units.h"

static const char not_rates[] =
    "--rate takes requests per second, up to 100M, or several with commas between: 1k,2k,5k";

const char *load_rates_parse(const char *text, struct load_rates *rates)
{
    rates->count = 0;
    for (;;) {
        size_t length = strcspn(text, ",");
        char item[UNITS_TEXT_MAX];
        uint64_t rate;

        if (rates->count == LOAD_STEPS_MAX)
            return "--rate takes up to 64 steps";
        if (length >= sizeof(item))
            return not_rates;
        snprintf(item, sizeof(item), "%.*s", (int)length, text);
        if (units_parse_count(item, &rate) < 0 || rate == 0 || rate > LOAD_RATE_MAX)
            return not_rates;
        rates->items[rates->count++] = rate;
        if (text[length] == '\0')
            return NULL;
        text += length + 1;
    }
}
