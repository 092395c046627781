/*
 * selection - see selection.h.
 */
#include "selection.h"

#include <math.h>
#include <stdlib.h>

#include "statistics.h"
#include "verdict.h"

static enum verdict_reason reason_of(const struct row *row)
{
    return verdict_from_name(row_text(row, SAMPLE_reason));
}

bool selection_usable(const struct row *row)
{
    enum verdict_reason reason = reason_of(row);

    return reason == VERDICT_VALID || verdict_is_rate_only(reason);
}

bool selection_tolerable(const struct row *row)
{
    return !verdict_is_fault(reason_of(row));
}

bool selection_has_load(const struct row *row, double load)
{
    return !(load > 0) || fabs(row_number(row, SAMPLE_load_fraction) - load) < 1e-9;
}

double selection_median(const struct selection *selection, unsigned column)
{
    double *values = calloc(selection->count + 1u, sizeof(*values));
    unsigned count = 0;
    double middle;

    for (int strict = 1; values && strict >= 0 && count == 0; strict--)
        for (unsigned i = 0; i < selection->count; i++)
            if ((strict ? selection_usable(selection->rows[i]) : selection_tolerable(selection->rows[i])) &&
                row_has(selection->rows[i], column))
                values[count++] = row_number(selection->rows[i], column);
    middle = values ? statistics_median(values, count) : NAN;
    free(values);
    return middle;
}

double selection_greatest(const struct selection *selection, unsigned column)
{
    double most = NAN;

    for (unsigned i = 0; i < selection->count; i++)
        if (row_has(selection->rows[i], column) && !(row_number(selection->rows[i], column) <= most))
            most = row_number(selection->rows[i], column);
    return most;
}
