/*
 * samples - see samples.h.
 */
#include "samples.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_CAPACITY = 64 };

struct row *samples_add(struct samples *samples)
{
    if (samples->count == samples->capacity) {
        unsigned capacity = samples->capacity > 0 ? samples->capacity * 2 : FIRST_CAPACITY;
        struct row *rows = realloc(samples->rows, capacity * sizeof(*rows));

        if (!rows)
            return NULL;
        samples->rows = rows;
        samples->capacity = capacity;
    }
    if (row_open(&samples->rows[samples->count], &sample_columns) < 0)
        return NULL;
    return &samples->rows[samples->count++];
}

void samples_drop_last(struct samples *samples)
{
    row_close(&samples->rows[--samples->count]);
}

void samples_free(struct samples *samples)
{
    while (samples->count > 0)
        samples_drop_last(samples);
    free(samples->rows);
    *samples = (struct samples){0};
}

bool samples_counts(const struct samples *samples, unsigned index)
{
    const struct row *row = &samples->rows[index];

    if (!row_has(row, SAMPLE_slice))
        return true;
    for (unsigned i = 0; i < samples->count; i++)
        if (row_number(&samples->rows[i], SAMPLE_slice) == row_number(row, SAMPLE_slice) &&
            row_is(&samples->rows[i], SAMPLE_scenario, row_text(row, SAMPLE_scenario)) &&
            row_number(&samples->rows[i], SAMPLE_attempt) > row_number(row, SAMPLE_attempt))
            return false;
    return true;
}

void samples_mark_done(const struct samples *samples, const char *scenario, bool *done, unsigned count)
{
    memset(done, 0, count * sizeof(*done));
    for (unsigned i = 0; i < samples->count; i++) {
        const struct row *row = &samples->rows[i];

        if (row_has(row, SAMPLE_slice) && row_number(row, SAMPLE_slice) < count &&
            row_is(row, SAMPLE_scenario, scenario))
            done[(unsigned)row_number(row, SAMPLE_slice)] = true;
    }
}

unsigned samples_attempts(const struct samples *samples, const char *scenario, unsigned slice)
{
    unsigned attempts = 0;

    for (unsigned i = 0; i < samples->count; i++)
        attempts += row_number(&samples->rows[i], SAMPLE_slice) == slice &&
                    row_is(&samples->rows[i], SAMPLE_scenario, scenario);
    return attempts;
}

unsigned samples_next_start(const struct samples *samples)
{
    unsigned next = 0;

    for (unsigned i = 0; i < samples->count; i++)
        if (row_has(&samples->rows[i], SAMPLE_start) && row_number(&samples->rows[i], SAMPLE_start) >= next)
            next = (unsigned)row_number(&samples->rows[i], SAMPLE_start) + 1;
    return next;
}
