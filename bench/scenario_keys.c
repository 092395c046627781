/*
 * scenario_keys - the keys of a scenario. One table: setting a value, writing a scenario back and the
 * message that lists the known keys all come from it.
 */
#include "scenario.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "units.h"

enum key_kind { KEY_TEXT, KEY_NAME, KEY_NAMES, KEY_COUNTS, KEY_COUNT, KEY_DURATION, KEY_NUMBER, KEY_SHARES };

struct key {
    const char *name;
    enum key_kind kind;
    size_t offset;
};

#define KEY(name, kind)                                                                                      \
    {                                                                                                        \
#name, kind, offsetof(struct scenario, name)                                                         \
    }
static const struct key keys[] = {
    KEY(name, KEY_NAME),
    KEY(description, KEY_TEXT),
    KEY(protocol, KEY_NAME),
    KEY(transport, KEY_NAME),
    KEY(target, KEY_TEXT),
    KEY(models, KEY_NAMES),
    KEY(control, KEY_NAME),
    KEY(pairs, KEY_NAMES),
    KEY(connections, KEY_COUNTS),
    KEY(clients, KEY_NAMES),
    KEY(rounds, KEY_COUNT),
    KEY(rounds_per_start, KEY_COUNT),
    {"slice", KEY_DURATION, offsetof(struct scenario, slice_ns)},
    {"ramp", KEY_DURATION, offsetof(struct scenario, ramp_ns)},
    {"turn", KEY_DURATION, offsetof(struct scenario, turn_ns)},
    KEY(workers, KEY_COUNT),
    KEY(requests_per_connection, KEY_COUNT),
    KEY(pipeline, KEY_COUNT),
    KEY(rate, KEY_NUMBER),
    KEY(capacity, KEY_NAME),
    KEY(load, KEY_SHARES),
    KEY(searches, KEY_COUNT),
    KEY(wrk_rounds, KEY_COUNT),
    KEY(wrk_connections, KEY_COUNTS),
    {"wrk_slice", KEY_DURATION, offsetof(struct scenario, wrk_slice_ns)},
    {"cost_slice", KEY_DURATION, offsetof(struct scenario, cost_slice_ns)},
    KEY(retries, KEY_COUNT),
    KEY(foreign_cpu_max, KEY_NUMBER),
    KEY(steal_max, KEY_NUMBER),
    KEY(duet_base, KEY_TEXT),
    KEY(duet_new, KEY_TEXT),
};
enum { KEYS = sizeof(keys) / sizeof(keys[0]) };

static_assert((int)KEYS <= (int)SCENARIO_KEYS_MAX, "every key must have a mark of its own");

/* ---- values ---- */

static int copy_text(char *into, size_t size, const char *value, const char **wrong)
{
    if (strlen(value) >= size) {
        *wrong = "is too long";
        return -1;
    }
    strcpy(into, value);
    return 0;
}

/* Cuts the next word from *text into `word`. 1, 0 at the end, -1 when it does not fit. */
static int next_word(const char **text, char word[SCENARIO_NAME_MAX])
{
    static const char between[] = ", \t\v\f\r"; /* all that isspace(3) knows: inih cuts it off a line's end */
    size_t length;

    *text += strspn(*text, between);
    length = strcspn(*text, between);
    if (length == 0)
        return 0;
    if (length >= SCENARIO_NAME_MAX)
        return -1;
    memcpy(word, *text, length);
    word[length] = '\0';
    *text += length;
    return 1;
}

static int parse_names(struct name_list *list, const char *value, const char **wrong)
{
    char word[SCENARIO_NAME_MAX];
    int got;

    list->count = 0;
    *wrong = "takes names, separated by blanks, each once; none begins with # or ;";
    while ((got = next_word(&value, word)) > 0) {
        if (list->count == SCENARIO_LIST_MAX || name_list_has(list, word) || strchr("#;", word[0]))
            return -1;
        strcpy(list->items[list->count++], word);
    }
    return got < 0 || list->count == 0 ? -1 : 0;
}

static int parse_counts(struct count_list *list, const char *value, const char **wrong)
{
    char word[SCENARIO_NAME_MAX];
    uint64_t count;
    int got;

    list->count = 0;
    *wrong = "takes numbers from 1 to 100000, separated by blanks";
    while ((got = next_word(&value, word)) > 0) {
        if (list->count == SCENARIO_LIST_MAX || units_parse_count(word, &count) < 0 || count < 1 ||
            count > SCENARIO_CONNECTIONS_MAX)
            return -1;
        list->items[list->count++] = (unsigned)count;
    }
    return got < 0 || list->count == 0 ? -1 : 0;
}

static int parse_shares(struct share_list *list, const char *value, const char **wrong)
{
    char word[SCENARIO_NAME_MAX], *end;
    int got;

    list->count = 0;
    *wrong = "takes shares from 1% to 1000%, separated by blanks, each once";
    while ((got = next_word(&value, word)) > 0) {
        double share = strtod(word, &end) / 100;

        if (end == word || strcmp(end, "%") != 0 || !(share >= 0.01 && share <= 10) ||
            list->count == SCENARIO_LIST_MAX || share_list_has(list, share))
            return -1;
        list->items[list->count++] = share;
    }
    return got < 0 || list->count == 0 ? -1 : 0;
}

static int parse_number(double *number, const char *value, const char **wrong)
{
    char *end;

    *wrong = "takes a number that is not negative";
    errno = 0;
    *number = strtod(value, &end);
    return end == value || *end != '\0' || errno || !(*number >= 0) ? -1 : 0;
}

static int parse_duration(int64_t *duration_ns, const char *value, const char **wrong)
{
    *wrong = "takes a duration such as 500ms or 2s";
    return units_parse_duration_ns(value, duration_ns) < 0 || *duration_ns < 0 ? -1 : 0;
}

static int set_value(struct scenario *scenario, const struct key *key, const char *value, const char **wrong)
{
    void *into = (char *)scenario + key->offset;

    switch (key->kind) {
    case KEY_TEXT:
        return copy_text(into, SCENARIO_TEXT_MAX, value, wrong);
    case KEY_NAME:
        return copy_text(into, SCENARIO_NAME_MAX, value, wrong);
    case KEY_NAMES:
        return parse_names(into, value, wrong);
    case KEY_COUNTS:
        return parse_counts(into, value, wrong);
    case KEY_COUNT:
        *wrong = "takes a whole number";
        return units_parse_count(value, into);
    case KEY_DURATION:
        return parse_duration(into, value, wrong);
    case KEY_NUMBER:
        return parse_number(into, value, wrong);
    case KEY_SHARES:
        return parse_shares(into, value, wrong);
    }
    return -1;
}

int scenario_key(const char *name)
{
    for (int i = 0; i < KEYS; i++)
        if (strcmp(keys[i].name, name) == 0)
            return i;
    return -1;
}

static int unknown_key(const char *name, struct failure *failure)
{
    char known[FAILURE_TEXT_MAX / 2] = "";

    for (unsigned i = 0; i < KEYS; i++) {
        strcat(known, i > 0 ? " " : "");
        strcat(known, keys[i].name);
    }
    return failure_set(failure, EXIT_USAGE, "unknown key \"%s\"; known are: %s", name, known);
}

int scenario_set(struct scenario *scenario, const char *name, const char *value, struct failure *failure)
{
    int key = scenario_key(name);
    const char *wrong = "";

    if (key < 0)
        return unknown_key(name, failure);
    if (set_value(scenario, &keys[key], value, &wrong) < 0)
        return failure_set(failure, EXIT_USAGE, "%s %s, not \"%.100s\"", name, wrong, value);
    if (scenario->load.count > 0 && !scenario->capacity[0])
        strcpy(scenario->capacity, SCENARIO_OBJECTIVE);
    return 0;
}

/* ---- writing back ---- */

/*
 * A long text is broken at blanks into lines that inih can take (it has room for a long word in one of them),
 * none of which begins like a comment.
 */
static void write_text(FILE *out, const char *text)
{
    size_t column = 0;

    for (; *text; text++) {
        bool wrap = *text == ' ' && column + strcspn(text + 1, " ") > 100 && strchr(";#", text[1]) == NULL;

        fputs(wrap ? "\n    " : (char[]){*text, '\0'}, out);
        column = wrap ? 0 : column + 1;
    }
}

static void write_value(FILE *out, const struct scenario *scenario, const struct key *key)
{
    const void *from = (const char *)scenario + key->offset;
    const struct name_list *names = from;
    const struct count_list *counts = from;
    const struct share_list *shares = from;

    switch (key->kind) {
    case KEY_TEXT:
    case KEY_NAME:
        write_text(out, from);
        break;
    case KEY_NAMES: /* one to a line: inih's lines are short */
        for (unsigned i = 0; i < names->count; i++)
            fprintf(out, "%s%s", i > 0 ? "\n    " : "", names->items[i]);
        break;
    case KEY_COUNTS:
        for (unsigned i = 0; i < counts->count; i++)
            fprintf(out, "%s%u", i > 0 ? "\n    " : "", counts->items[i]);
        break;
    case KEY_COUNT:
        fprintf(out, "%ju", (uintmax_t) * (const uint64_t *)from);
        break;
    case KEY_DURATION:
        fprintf(out, "%jdns", (intmax_t) * (const int64_t *)from);
        break;
    case KEY_NUMBER:
        fprintf(out, "%.17g", *(const double *)from);
        break;
    case KEY_SHARES:
        for (unsigned i = 0; i < shares->count; i++)
            fprintf(out, "%s%.15g%%", i > 0 ? " " : "", shares->items[i] * 100);
        break;
    }
}

static bool is_empty(const struct scenario *scenario, const struct key *key)
{
    const void *from = (const char *)scenario + key->offset;

    if (key->kind == KEY_COUNTS)
        return ((const struct count_list *)from)->count == 0;
    if (key->kind == KEY_SHARES)
        return ((const struct share_list *)from)->count == 0;
    if (key->kind == KEY_NAMES)
        return ((const struct name_list *)from)->count == 0;
    return (key->kind == KEY_TEXT || key->kind == KEY_NAME) && !*(const char *)from;
}

static bool begins_like_comment(const struct scenario *scenario, const struct key *key)
{
    return (key->kind == KEY_TEXT || key->kind == KEY_NAME) && ((const char *)scenario)[key->offset] == ';';
}

void scenario_write(FILE *out, const struct scenario *scenario)
{
    fputs("[scenario]\n", out);
    for (unsigned i = 0; i < KEYS; i++) {
        if (is_empty(scenario, &keys[i]))
            continue;
        /* " ;" begins a comment */
        fprintf(out, "%s =%s", keys[i].name, begins_like_comment(scenario, &keys[i]) ? "" : " ");
        write_value(out, scenario, &keys[i]);
        putc('\n', out);
    }
    for (unsigned i = 0; i < scenario->server_count; i++) {
        fprintf(out, "\n[server %s]\ncommand = ", scenario->servers[i].name);
        write_text(out, scenario->servers[i].command);
        putc('\n', out);
    }
}

/* ---- comparing ---- */

/* They say which cells there are and how often each is measured, not what a slice is. */
static const char *const extent_keys[] = {
    "name",     "description",      "models",     "connections",     "clients",   "rounds",   "retries",
    "searches", "rounds_per_start", "wrk_rounds", "wrk_connections", "duet_base", "duet_new",
};

static bool is_extent(const char *name)
{
    for (unsigned i = 0; i < sizeof(extent_keys) / sizeof(extent_keys[0]); i++)
        if (strcmp(extent_keys[i], name) == 0)
            return true;
    return false;
}

/* The value as a file would hold it; cut at `size`. */
static void value_text(const struct scenario *scenario, const struct key *key, char *text, size_t size)
{
    FILE *out = fmemopen(text, size, "w");

    text[0] = '\0';
    if (!out)
        return;
    write_value(out, scenario, key);
    fclose(out);
    text[size - 1] = '\0';
}

bool scenario_same_slices(const struct scenario *a, const struct scenario *b, char *text, size_t size)
{
    char left[SCENARIO_TEXT_MAX], right[SCENARIO_TEXT_MAX];

    for (unsigned i = 0; i < KEYS; i++) {
        value_text(a, &keys[i], left, sizeof(left));
        value_text(b, &keys[i], right, sizeof(right));
        if (is_extent(keys[i].name) || strcmp(left, right) == 0)
            continue;
        snprintf(text, size, "%s: %s in BASE, %s in NEW", keys[i].name, left, right);
        return false;
    }
    return true;
}
