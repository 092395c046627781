/*
 * past_run_why - what bound the cells of a run that was made before tenk-bench said so: by the same rules,
 * from its samples.
 */
#include <stdlib.h>

#include "past_run.h"
#include "why.h"

static int add(struct selection *selection, const struct row **slices, unsigned count, const char *kind)
{
    selection->rows = calloc(count + 1u, sizeof(*selection->rows));
    for (unsigned i = 0; selection->rows && i < count; i++)
        if (row_is(slices[i], SAMPLE_kind, kind))
            selection->rows[selection->count++] = slices[i];
    return selection->rows ? 0 : -1;
}

static int explain(const struct past_run *run, struct row *cell)
{
    unsigned count;
    const struct row **rows = past_run_slices(run, cell, &count);
    const json_t *model = past_run_model(run, row_text(cell, CELL_scenario), row_text(cell, CELL_model));
    struct why_slices slices = {.scans = json_is_true(json_object_get(model, "scans"))};
    const char *kind = row_has(cell, CELL_load_fraction) ? "load" : "timing";
    int status = -1;

    if (add(&slices.timing, rows, count, kind) == 0 && add(&slices.cost, rows, count, "cost") == 0) {
        why_explain(cell, &slices);
        status = 0;
    }
    free(slices.timing.rows);
    free(slices.cost.rows);
    return status;
}

int past_run_explain(struct past_run *run)
{
    for (unsigned i = 0; i < run->cell_count; i++) {
        struct row *cell = &run->cells[i];

        if (row_has(cell, CELL_why))
            continue;
        if (!run->has_samples) {
            row_set_text(cell, CELL_why, "not known");
            row_set_text(cell, CELL_why_detail, "samples.jsonl missing");
        } else if (explain(run, cell) < 0) {
            return -1;
        }
    }
    return 0;
}
