/*
 * load_outcome - see load_outcome.h.
 */
#include "load_outcome.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static void parse(struct load_outcome *outcome)
{
    json_error_t error;

    outcome->json = json_loads(outcome->end.out, 0, &error);
    cr_assert(json_is_object(outcome->json), "no JSON object (%s), exit %d: %s%s", error.text,
              outcome->end.status, outcome->end.out, outcome->errors);
}

void load_outcome_run(struct load_outcome *outcome, const char *target, const char *const *arguments)
{
    const char *argv[LOAD_OUTCOME_ARGUMENTS_MAX] = {program_path("tenk-load"), "--json", target};

    for (int i = 0; arguments[i] != NULL; i++) {
        cr_assert(3 + i + 1 < LOAD_OUTCOME_ARGUMENTS_MAX);
        argv[3 + i] = arguments[i];
    }
    program_run(argv, &outcome->end, outcome->errors);
    cr_assert(outcome->end.exited, "tenk-load did not exit by itself: %s", outcome->errors);
    parse(outcome);
}

void load_outcome_take(struct load_outcome *outcome, struct program *program, int timeout_ms)
{
    program_wait(program, &outcome->end, timeout_ms);
    program_errors(program, outcome->errors, sizeof(outcome->errors));
    program_forget(program);
    cr_assert(outcome->end.exited, "tenk-load did not exit by itself: %s", outcome->errors);
    parse(outcome);
}

double load_outcome_number(const struct load_outcome *outcome, const char *path)
{
    const json_t *value = outcome->json;
    char key[64];

    for (const char *at = path; *at != '\0';) {
        size_t length = strcspn(at, ".");

        snprintf(key, sizeof(key), "%.*s", (int)length, at);
        value = json_object_get(value, key);
        at += at[length] == '.' ? length + 1 : length;
    }
    cr_assert(json_is_number(value), "\"%s\" is not a number in: %s", path, outcome->end.out);
    return json_number_value(value);
}

uint64_t load_outcome_count(const struct load_outcome *outcome, const char *path)
{
    return (uint64_t)load_outcome_number(outcome, path);
}

void load_outcome_close(struct load_outcome *outcome)
{
    json_decref(outcome->json);
}
