/*
 * comparison_words - what a comparison says in words, and what stands in the way of one.
 */
#include "comparison.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

const char *comparison_way_name(enum comparison_way way)
{
    static const char *const names[] = {"paired", "controlled", "counted"};

    return names[way];
}

const char *comparison_verdict_name(enum comparison_verdict verdict)
{
    static const char *const names[] = {"no difference", "better", "worse", "cannot be compared"};

    return names[verdict];
}

const char *comparison_words(const struct comparison *c, char *text, size_t size)
{
    const char *name = comparison_verdict_name(c->verdict);

    if (c->verdict == COMPARISON_IMPOSSIBLE)
        snprintf(text, size, "%s: %s", name, c->why);
    else if (c->verdict != COMPARISON_NONE)
        snprintf(text, size, "%s%s%s", name, c->broken ? ", beyond " : "", c->broken ? c->broken->text : "");
    else if (isinf(c->detectable))
        snprintf(text, size, "too few rounds: no difference could have been shown");
    else
        snprintf(text, size, "%s >= %.1f %%", name, c->detectable * 100);
    return text;
}

const char *comparison_group_words(const struct comparison_group *group, char *text, size_t size)
{
    text[0] = '\0';
    if (strcmp(group->kind, "duet") == 0)
        snprintf(text, size, ", both servers at the same time on one CPU");
    else if (strcmp(group->kind, "search") == 0)
        snprintf(text, size, ", the highest rate that keeps the objective");
    else if (group->load > 0)
        snprintf(text, size, ", offered %.3g %% of each one's own capacity", group->load * 100);
    return text;
}

/* ---- comparability ---- */

static void add(json_t *list, const char *where, const char *name, const json_t *a, const json_t *b)
{
    const char *left = json_string_value(a), *right = json_string_value(b);

    json_array_append_new(list, json_sprintf("%s%s%s: %s in BASE, %s in NEW", where, where[0] ? " " : "",
                                             name, left ? left : "unknown", right ? right : "unknown"));
}

/* One difference for each member that is not the same; `prefix` ends a name list early. */
static void compare_members(json_t *list, const char *where, const json_t *a, const json_t *b,
                            const char *prefix)
{
    const char *name;
    json_t *value;

    json_object_foreach((json_t *)(uintptr_t)a, name, value)
    {
        const json_t *other = json_object_get(b, name);

        if (strncmp(name, prefix, strlen(prefix)) == 0 && (!other || !json_equal(value, other)))
            add(list, where, name, value, other);
    }
}

static void compare_environments(json_t *list, const json_t *before, const json_t *after)
{
    static const char *const parts[][3] = {
        {"kernel", "release", "kernel"},
        {"kernel", "version", "kernel build"},
        {"kernel", "machine", "architecture"},
        {"kernel", "command_line", "kernel command line"},
        {"processor", "model", "CPU"},
        {"processor", "microcode", "microcode"},
        {"processor", "online", "CPUs online"},
        {"processor", "server_cpus", "CPUs of the server"},
        {"processor", "client_cpus", "CPUs of the client"},
        {"processor", "smt", "hyper-threading"},
        {"processor", "governor", "governor"},
        {"processor", "hypervisor", "hypervisor"},
        {"processor", "clocksource", "clock source"},
        {"build", "compiler", "compiler"},
        {"build", "command", "compiler flags"},
    };

    for (unsigned i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        const json_t *a = json_object_get(json_object_get(before, parts[i][0]), parts[i][1]);
        const json_t *b = json_object_get(json_object_get(after, parts[i][0]), parts[i][1]);

        if (!(a && b ? json_equal(a, b) : a == b))
            add(list, "", parts[i][2], a, b);
    }
    compare_members(list, "mitigation of",
                    json_object_get(json_object_get(before, "processor"), "mitigations"),
                    json_object_get(json_object_get(after, "processor"), "mitigations"), "");
    compare_members(list, "sysctl", json_object_get(before, "sysctls"), json_object_get(after, "sysctls"),
                    "net.");
}

json_t *comparison_obstacles(const struct recorded *before, const struct recorded *after)
{
    json_t *list = json_array();
    char text[SCENARIO_TEXT_MAX * 3];

    if (before == after)
        return list;
    compare_environments(list, json_object_get(before->json, "environment"),
                         json_object_get(after->json, "environment"));
    for (unsigned i = 0; i < before->scenario_count; i++) {
        const struct scenario *there = recorded_scenario(after, before->scenarios[i].name);

        if (there && !scenario_same_slices(&before->scenarios[i], there, text, sizeof(text)))
            json_array_append_new(list, json_sprintf("scenario %s, %s", there->name, text));
    }
    return list;
}
