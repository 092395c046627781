/*
 * chart_variants - variants of a model, thread_pool@4 and thread_pool@16, have its colour; here each gets a
 * dash.
 */
#include <string.h>

#include "chart.h"
#include "family.h"

enum { VARIANTS_MAX = 256 }; /* the others look like the model itself */

struct variants {
    char names[VARIANTS_MAX][CHART_NAME_MAX];
    unsigned count;
};

static size_t model_length(const char *name)
{
    return strcspn(name, "@+");
}

/* How many variants of its model were met before this one, and this one. 0: it is none, or one too many. */
static unsigned number_of(struct variants *variants, const char *name)
{
    size_t length = model_length(name);
    unsigned number = 1, i = 0;

    if (!name[length])
        return 0;
    for (; i < variants->count && strcmp(variants->names[i], name) != 0; i++)
        number +=
            model_length(variants->names[i]) == length && strncmp(variants->names[i], name, length) == 0;
    if (i == VARIANTS_MAX)
        return 0;
    if (i == variants->count)
        chart_copy_text(variants->names[variants->count++], CHART_NAME_MAX, name);
    return number;
}

void charts_tell_variants(struct chart charts[CHARTS])
{
    struct variants variants = {0};

    for (unsigned c = 0; c < CHARTS; c++)
        for (size_t i = 0; i < charts[c].count; i++)
            for (size_t j = 0; j < charts[c].panels[i].count; j++) {
                struct chart_series *series = &charts[c].panels[i].series[j];

                series->dash = (series->dash + number_of(&variants, series->name)) % FAMILY_DASHES;
            }
}
