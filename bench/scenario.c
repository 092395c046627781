/*
 * scenario - see scenario.h: defaults, the file, and what must hold between keys. The keys themselves
 * are in scenario_keys.c.
 */
#include "scenario.h"

#include <ctype.h>
#include <errno.h>
#include <ini.h>
#include <string.h>

#include "capacity.h"
#include "clock.h"
#include "transport.h"

enum { TURNS_LEAST = 10 }; /* a slice of fewer is not shared evenly */

void scenario_defaults(struct scenario *scenario)
{
    *scenario = (struct scenario){
        .protocol = "http",
        .transport = "tcp",
        .target = "/",
        .models = {.items = {"all"}, .count = 1},
        .control = "ceiling",
        .connections = {.items = {64}, .count = 1},
        .clients = {.items = {"tenk-load"}, .count = 1},
        .rounds = 24,
        .rounds_per_start = 1,
        .searches = 5,
        .wrk_rounds = 3,
        .pipeline = 1,
        .retries = 2,
        .slice_ns = NS_PER_S,
        .ramp_ns = 200 * NS_PER_MS,
        .wrk_slice_ns = NS_PER_S,
        .cost_slice_ns = 250 * NS_PER_MS,
        .foreign_cpu_max = 0.05,
        .steal_max = 0.01,
    };
}

/* ---- the file ---- */

struct parsing {
    struct scenario *scenario;
    FILE *in;
    struct failure *failure;
    unsigned line;       /* of the line inih works on */
    unsigned wrong_line; /* of the first value that was refused; 0: none */
    bool continued;      /* the line began with white space: it continues the value above */
    char key[SCENARIO_NAME_MAX];
    char value[SCENARIO_COMMAND_MAX];
    bool given[SCENARIO_KEYS_MAX];
};

/* A comment behind a value: inih cuts it off a line that begins a value, but not off one that continues it.
 */
static void cut_comment(char *line)
{
    for (char *at = line + 1; *at; at++)
        if (*at == ';' && isspace((unsigned char)at[-1])) {
            strcpy(at, "\n");
            return;
        }
}

/*
 * Lines for inih. Debian's library is built without line numbers for the handler and with lines of
 * at most 200 bytes, so both are looked after here: lines are counted as they are handed over.
 */
static char *read_line(char *line, int size, void *context)
{
    struct parsing *parsing = context;

    if (!fgets(line, size, parsing->in))
        return NULL;
    parsing->line++;
    parsing->continued = isblank((unsigned char)line[0]);
    if (!strchr(line, '\n') && !feof(parsing->in) && parsing->wrong_line == 0) {
        parsing->wrong_line = parsing->line;
        failure_set(parsing->failure, EXIT_USAGE,
                    "the line is longer than %d bytes; go on in the next line, beginning with a blank",
                    size - 2);
    }
    if (parsing->continued)
        cut_comment(line);
    return line;
}

static int external_server_value(struct parsing *parsing, const char *name, const char *key,
                                 const char *value)
{
    struct scenario *scenario = parsing->scenario;
    unsigned i = 0;

    while (i < scenario->server_count && strcmp(scenario->servers[i].name, name) != 0)
        i++;
    if (strcmp(key, "command") != 0)
        return failure_set(parsing->failure, EXIT_USAGE,
                           "unknown key \"%s\" in [server %s]; known is: command", key, name);
    if (i == SCENARIO_SERVERS_MAX || strlen(name) >= SCENARIO_NAME_MAX ||
        strlen(value) >= SCENARIO_COMMAND_MAX)
        return failure_set(parsing->failure, EXIT_USAGE,
                           "at most %d external servers, names of %d bytes, commands of %d",
                           SCENARIO_SERVERS_MAX, SCENARIO_NAME_MAX - 1, SCENARIO_COMMAND_MAX - 1);
    strcpy(scenario->servers[i].name, name);
    strcpy(scenario->servers[i].command, value);
    if (i == scenario->server_count)
        scenario->server_count++;
    return 0;
}

static int take_value(struct parsing *parsing, const char *section, const char *name, const char *value)
{
    int key = scenario_key(name);

    if (strncmp(section, "server ", 7) == 0 && section[7] != '\0')
        return external_server_value(parsing, section + 7, name, value);
    if (strcmp(section, "scenario") != 0)
        return failure_set(parsing->failure, EXIT_USAGE,
                           "\"%s\" stands in section [%s]; known are [scenario] and [server NAME]", name,
                           section);
    if (key >= 0 && parsing->given[key] && !parsing->continued)
        return failure_set(parsing->failure, EXIT_USAGE, "%s is given twice", name);
    if (key >= 0)
        parsing->given[key] = true;
    return scenario_set(parsing->scenario, name, value, parsing->failure);
}

/* Called by inih for every value, and again with the same name for every line that continues it. */
static int on_value(void *context, const char *section, const char *name, const char *value)
{
    struct parsing *parsing = context;
    size_t length = parsing->continued ? strlen(parsing->value) : 0;

    if (parsing->wrong_line > 0)
        return 0;
    snprintf(parsing->value + length, sizeof(parsing->value) - length, "%s%s", length > 0 ? " " : "", value);
    if (value[0] == ';')
        failure_set(parsing->failure, EXIT_USAGE, "the value of %s begins like a comment", name);
    else if (length + strlen(value) + 2 > sizeof(parsing->value))
        failure_set(parsing->failure, EXIT_USAGE, "the value of %s is too long", name);
    else if (take_value(parsing, section, name, parsing->value) == 0)
        return 1;
    parsing->wrong_line = parsing->line;
    return 0;
}

int scenario_parse(struct scenario *scenario, FILE *in, const char *path, struct failure *failure)
{
    struct failure wrong = {0};
    struct parsing parsing = {.scenario = scenario, .in = in, .failure = &wrong};
    int syntax_line;

    scenario_defaults(scenario);
    syntax_line = ini_parse_stream(read_line, &parsing, on_value, &parsing);
    if (syntax_line < 0)
        return failure_set(failure, EXIT_HERE, "%s: out of memory", path);
    if (syntax_line > 0 && (parsing.wrong_line == 0 || (unsigned)syntax_line < parsing.wrong_line))
        return failure_set(failure, EXIT_USAGE, "%s:%d: expected [section] or key = value", path,
                           syntax_line);
    if (parsing.wrong_line > 0)
        return failure_set(failure, EXIT_USAGE, "%s:%u: %.500s", path, parsing.wrong_line, wrong.text);
    if (scenario->name[0] == '\0')
        return failure_set(failure, EXIT_USAGE, "%s: [scenario] needs a name", path);
    return scenario_check(scenario, path, failure);
}

int scenario_read(struct scenario *scenario, const char *path, struct failure *failure)
{
    FILE *in = fopen(path, "re");
    int status;

    if (!in)
        return failure_set(failure, EXIT_USAGE, "cannot open scenario %s: %s", path, strerror(errno));
    status = scenario_parse(scenario, in, path, failure);
    fclose(in);
    return status;
}

/* ---- relations ---- */

static bool one_of(const char *text, const char *a, const char *b)
{
    return strcmp(text, a) == 0 || strcmp(text, b) == 0;
}

/* A capacity is searched by rates, which only tenk-load offers. */
static const char *capacity_wrong(const struct scenario *s)
{
    struct objective objective;
    const char *wrong = objective_parse(s->capacity, &objective);

    if (wrong)
        return wrong;
    if (capacity_column(&objective) < 0)
        return "capacity is an objective for p50, p90, p99, p99.9, mean or max, such as p99<10ms";
    if (s->searches < 1 || s->searches > SCENARIO_SEARCHES_MAX)
        return "searches is 1 to 100";
    if (s->rate > 0)
        return "capacity searches the rate itself; take one of rate and capacity out";
    if (s->clients.count != 1 || !scenario_has_client(s, "tenk-load"))
        return "capacity needs a rate, which only tenk-load offers: clients = tenk-load";
    return s->duet_base[0] ? "a duet has no capacity: both servers share a CPU" : NULL;
}

static const char *what_is_wrong(const struct scenario *s)
{
    if (!one_of(s->protocol, "http", "echo"))
        return "protocol is http or echo";
    if (!transport_find(s->transport))
        return "transport is tcp, tcp6, unix, unixpacket, udp or unixdgram";
    if (s->target[0] != '/')
        return "target begins with a slash";
    if (s->rounds < 1 || s->rounds > SCENARIO_ROUNDS_MAX || s->rounds_per_start < 1)
        return "rounds is 1 to 1000, rounds_per_start at least 1";
    if (s->slice_ns < 50 * NS_PER_MS || s->slice_ns > 3600 * NS_PER_S)
        return "slice is at least 50ms and at most 1h: shorter ones measure the clock's tick";
    if (s->turn_ns > 0 && (s->turn_ns < NS_PER_MS || s->turn_ns > s->slice_ns / TURNS_LEAST))
        return "turn is at least 1ms and at most a tenth of a slice, or 0 for none";
    if (s->wrk_slice_ns < NS_PER_S)
        return "wrk_slice is at least 1s: wrk counts whole seconds";
    if (s->pipeline < 1)
        return "pipeline is at least 1";
    for (unsigned i = 0; i < s->clients.count; i++)
        if (!one_of(s->clients.items[i], "tenk-load", "wrk"))
            return "clients are tenk-load and wrk";
    if (scenario_has_client(s, "wrk") &&
        (strcmp(s->protocol, "http") != 0 || strcmp(s->transport, "tcp") != 0))
        return "wrk speaks http over tcp only; take it out of clients";
    if (scenario_has_client(s, "wrk") && (s->rate > 0 || s->requests_per_connection > 0))
        return "wrk has no rate and keeps its connections; take it out of clients";
    return s->capacity[0] ? capacity_wrong(s) : NULL;
}

int scenario_check(const struct scenario *scenario, const char *where, struct failure *failure)
{
    const char *wrong = what_is_wrong(scenario);

    return wrong ? failure_set(failure, EXIT_USAGE, "%s: %s", where, wrong) : 0;
}
