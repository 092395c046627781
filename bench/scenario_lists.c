/*
 * scenario_lists - questions about a scenario: what its lists hold, whether it takes turns.
 */
#include "scenario.h"

#include <stdio.h>
#include <string.h>

#include "units.h"

bool name_list_has(const struct name_list *list, const char *name)
{
    for (unsigned i = 0; i < list->count; i++)
        if (strcmp(list->items[i], name) == 0)
            return true;
    return false;
}

bool share_list_has(const struct share_list *list, double share)
{
    for (unsigned i = 0; i < list->count; i++)
        if (list->items[i] == share)
            return true;
    return false;
}

unsigned count_list_max(const struct count_list *list)
{
    unsigned max = 0;

    for (unsigned i = 0; i < list->count; i++)
        max = list->items[i] > max ? list->items[i] : max;
    return max;
}

unsigned connections_first(const unsigned *connections, unsigned count)
{
    enum { PREFERRED = 64 };

    for (unsigned i = 0; i < count; i++)
        if (connections[i] == PREFERRED)
            return PREFERRED;
    return connections[count / 2];
}

bool scenario_pair(const char *pair, char a[SCENARIO_NAME_MAX], char b[SCENARIO_NAME_MAX])
{
    const char *slash = strchr(pair, '/');
    size_t length = slash ? (size_t)(slash - pair) : 0;

    if (length == 0 || length >= SCENARIO_NAME_MAX || slash[1] == '\0' ||
        strlen(slash + 1) >= SCENARIO_NAME_MAX)
        return false;
    memcpy(a, pair, length);
    a[length] = '\0';
    strcpy(b, slash + 1);
    return true;
}

bool scenario_has_client(const struct scenario *scenario, const char *client)
{
    return name_list_has(&scenario->clients, client);
}

void scenario_drop_client(struct scenario *scenario, const char *client)
{
    struct name_list *list = &scenario->clients;
    unsigned kept = 0;

    for (unsigned i = 0; i < list->count; i++)
        if (strcmp(list->items[i], client) != 0)
            memmove(list->items[kept++], list->items[i], sizeof(list->items[i]));
    list->count = kept;
}

const struct count_list *scenario_wrk_connections(const struct scenario *scenario)
{
    return scenario->wrk_connections.count > 0 ? &scenario->wrk_connections : &scenario->connections;
}

bool scenario_takes_turns(const struct scenario *scenario)
{
    return scenario->duet_base[0] && scenario->turn_ns > 0 && scenario->rate == 0 &&
           scenario->pipeline == 1 && scenario_has_client(scenario, "tenk-load");
}

const char *scenario_turns_words(const struct scenario *scenario, char *text, size_t size)
{
    char length[UNITS_TEXT_MAX];

    text[0] = '\0';
    if (scenario_takes_turns(scenario))
        snprintf(text, size, " by turns of %s", units_format_duration(length, scenario->turn_ns));
    return text;
}
