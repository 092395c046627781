/*
 * made_runs - two made runs and what tenk-compare says of them, for its suites: each includes it once.
 */
#ifndef MADE_RUNS_H
#define MADE_RUNS_H

#include <criterion/criterion.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "bench_directory.h"
#include "made_run.h"

enum { TIMEOUT_S = 60, REGRESSION = 1, USAGE = 2, CANNOT = 3, SEEDS = 6 };

static char base_path[BENCH_PATH_MAX], new_path[BENCH_PATH_MAX];

static inline void enter(void)
{
    bench_directory_enter();
    snprintf(base_path, sizeof(base_path), "%.60s/base", bench_directory);
    snprintf(new_path, sizeof(new_path), "%.60s/new", bench_directory);
}

/* ---- running ---- */

static inline void compare(const char *const *words)
{
    bench_run_program("tenk-compare", words);
}

/* A run and another one, made differently in one respect. */
static inline struct made_run base_of(uint64_t seed)
{
    struct made_run made = made_run_default();

    made.seed = seed;
    return made;
}

static inline void make_both(const struct made_run *base, const struct made_run *new)
{
    made_run_write(base_path, base);
    made_run_write(new_path, new);
}

static inline json_t *as_json(const char *const *words)
{
    json_error_t error;
    json_t *root;

    compare(words);
    root = json_loads(bench_end.out, 0, &error);
    cr_assert_not_null(root, "%s: %s%s", error.text, bench_errors, bench_end.out);
    return root;
}

static inline const json_t *comparison_of(const json_t *root, const char *kind, const char *model,
                                          const char *metric)
{
    const json_t *list = json_object_get(root, "comparisons");

    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *item = json_array_get(list, i);

        if (strcmp(json_string_value(json_object_get(item, "kind")), kind) == 0 &&
            strcmp(json_string_value(json_object_get(item, "model")), model) == 0 &&
            strcmp(json_string_value(json_object_get(item, "metric")), metric) == 0)
            return item;
    }
    cr_assert_fail("no comparison %s %s %s", kind, model, metric);
    return NULL;
}

static inline double number(const json_t *object, const char *name)
{
    return json_number_value(json_object_get(object, name));
}

static inline void expect_verdict(const json_t *item, const char *verdict)
{
    const char *got = json_string_value(json_object_get(item, "verdict"));

    cr_assert_str_eq(got, verdict, "%s %s: %s, ratio %g [%g, %g], p %g, floor %g",
                     json_string_value(json_object_get(item, "model")),
                     json_string_value(json_object_get(item, "metric")), got, number(item, "ratio"),
                     number(item, "ratio_low"), number(item, "ratio_high"), number(item, "p_holm"),
                     number(item, "floor"));
}

#endif
