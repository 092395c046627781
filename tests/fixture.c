/*
 * fixture - a tenk-serve of one's own for each test.
 */
#include "fixture.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "expect.h"
#include "process.h"

enum {
    LIVING_MAX = 8,
    REST_DEADLINE_MS = 15000,
    WARNINGS_MAX = 5, /* lines a server that runs short may write: it says each thing once */
};

/* Servers that run: a failed assertion leaves the test, but not this list. */
static struct fixture *living[LIVING_MAX];

static void remember(struct fixture *fixture)
{
    for (size_t i = 0; i < LIVING_MAX; i++) {
        if (!living[i]) {
            living[i] = fixture;
            return;
        }
    }
    cr_assert_fail("a test has more than %d servers", LIVING_MAX);
}

static void forget(const struct fixture *fixture)
{
    for (size_t i = 0; i < LIVING_MAX; i++) {
        if (living[i] == fixture)
            living[i] = NULL;
    }
}

/* ---- the registry ---- */

static bool has_property(const json_t *entry, const char *property)
{
    const json_t *properties = json_object_get(entry, "properties");

    for (size_t i = 0; i < json_array_size(properties); i++) {
        if (strcmp(json_string_value(json_array_get(properties, i)), property) == 0)
            return true;
    }
    return false;
}

static void facts_from_json(const json_t *entry, struct model_facts *facts)
{
    snprintf(facts->name, sizeof(facts->name), "%s", json_string_value(json_object_get(entry, "name")));
    facts->reference = json_is_true(json_object_get(entry, "reference"));
    facts->available = json_is_null(json_object_get(entry, "unavailable"));
    facts->concurrent = has_property(entry, "concurrent");
    facts->reuse_port = has_property(entry, "reuse-port");
    facts->workers = has_property(entry, "workers");
    facts->datagrams = has_property(entry, "datagrams");
    facts->workers_default = (int)json_integer_value(json_object_get(entry, "workers_default"));
    facts->clients_at_once = (int)json_integer_value(json_object_get(entry, "clients_at_once"));
    facts->syscalls_per_request = json_number_value(json_object_get(entry, "syscalls_per_request"));
}

void fixture_facts(const char *model, struct model_facts *facts)
{
    char errors[PROGRAM_TEXT_MAX];
    const char *serve = program_path("tenk-serve");
    struct program_end end;
    json_t *list;

    program_run((const char *[]){serve, "--list", "--json", NULL}, &end, errors);
    cr_assert(end.exited && end.status == 0, "%s --list --json (TENK_BIN says where): status %d: %s", serve,
              end.status, errors);
    list = json_loads(end.out, 0, NULL);
    cr_assert(json_is_array(list), "--list --json prints an array, not: %s", end.out);
    memset(facts, 0, sizeof(*facts));
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *entry = json_array_get(list, i);

        if (strcmp(json_string_value(json_object_get(entry, "name")), model) == 0)
            facts_from_json(entry, facts);
    }
    json_decref(list);
    cr_assert_str_eq(facts->name, model, "%s is not in the list", model);
}

bool fixture_serves_at_once(const struct fixture *fixture, int clients)
{
    const struct model_facts *facts = &fixture->facts;

    if (facts->clients_at_once == 0)
        return true;
    return clients <= (facts->workers ? (int)fixture->plan.clients : facts->clients_at_once);
}

void fixture_skip_unless_at_once(const struct fixture_plan *plan, int clients)
{
    struct fixture fixture = {.plan = *plan};

    fixture_facts(plan->model, &fixture.facts);
    if (!fixture_serves_at_once(&fixture, clients))
        cr_skip_test("%s does not serve %d clients at once", plan->model, clients);
}

/* ---- starting ---- */

/* The command line, with its texts borrowed from the plan. */
static void compose(const struct fixture *fixture, const char *listen, const char *arguments[])
{
    static char workers[32];
    const struct fixture_plan *plan = &fixture->plan;
    const char *const shell[] = {"/bin/sh", "-c", plan->shell, "sh"};
    const char *const fixed[] = {program_path(plan->program ? plan->program : "tenk-serve"),
                                 plan->model,
                                 "--listen",
                                 listen,
                                 "--protocol",
                                 plan->protocol ? plan->protocol : "http"};
    size_t count = 0;

    for (size_t i = 0; i < sizeof(shell) / sizeof(shell[0]) && plan->shell; i++)
        arguments[count++] = shell[i];
    for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++)
        arguments[count++] = fixed[i];
    for (size_t i = 0; i < FIXTURE_OPTIONS_MAX && plan->options[i]; i++)
        arguments[count++] = plan->options[i];
    snprintf(workers, sizeof(workers), "--workers=%u", plan->clients);
    if (plan->clients > 0 && fixture->facts.workers)
        arguments[count++] = workers;
    if (plan->in_order && fixture->facts.reuse_port)
        arguments[count++] = "--accept=shared";
}

/* Threads and processes that serve, where their number is an option. */
static int workers_of(const struct fixture *fixture)
{
    if (!fixture->facts.workers)
        return 0;
    return fixture->plan.clients > 0 ? (int)fixture->plan.clients : fixture->facts.workers_default;
}

/*
 * The ready line comes before the model has made its workers and its epoll instance. It has when its
 * main thread sleeps and nothing changes any more; for a longer while, when fewer workers are there
 * than were asked for.
 */
static void settle(struct fixture *fixture)
{
    enum { STEADY_LOOKS = 4, STEADY_LOOKS_SHORT = 100 };
    int64_t deadline_ns = clock_now_ns() + REST_DEADLINE_MS * NS_PER_MS;
    struct process_use *use = &fixture->use, before;
    pid_t pid = fixture->program.pid;
    int steady = 0, needed;

    do {
        before = *use;
        process_use(pid, use);
        needed = use->threads + use->children < workers_of(fixture) ? STEADY_LOOKS_SHORT : STEADY_LOOKS;
        steady = process_state(pid) == 'S' && memcmp(&before, use, sizeof(before)) == 0 ? steady + 1 : 0;
        clock_sleep_ns(NS_PER_MS / 2);
    } while (steady < needed && clock_now_ns() < deadline_ns);
    fixture->spare_threads = process_maps(pid, "libtsan") ? 1 : 0; /* it starts one when it likes */
}

static void launch(struct fixture *fixture, const char *listen)
{
    const struct fixture_plan *plan = &fixture->plan;
    const char *arguments[PROGRAM_ARGUMENTS_MAX] = {NULL};
    char line[FIXTURE_ENDPOINT_MAX], errors[PROGRAM_TEXT_MAX];

    compose(fixture, listen, arguments);
    cr_assert(program_start(&fixture->program, arguments, plan->descriptors) == 0, "cannot start: %s",
              strerror(errno));
    remember(fixture);
    cr_assert(program_line(&fixture->program, line, sizeof(line), PROGRAM_DEADLINE_MS) == 0 &&
                  strncmp(line, "ready ", 6) == 0,
              "%s: no ready line but `%s`; on its standard error: %s", plan->model, line,
              program_errors(&fixture->program, errors, sizeof(errors)));
    snprintf(fixture->endpoint, sizeof(fixture->endpoint), "%s", line + 6);
    settle(fixture);
}

static const struct transport {
    const char *listen;
    bool directory; /* its socket file is put in one, behind `listen` */
} transports[] = {
    [FIXTURE_TCP] = {"tcp://127.0.0.1:0", false}, [FIXTURE_UNIX] = {"unix:", true},
    [FIXTURE_TCP6] = {"tcp://[::1]:0", false},    [FIXTURE_UNIXPACKET] = {"unixpacket:", true},
    [FIXTURE_UDP] = {"udp://127.0.0.1:0", false}, [FIXTURE_UNIXDGRAM] = {"unixdgram:", true},
};

void fixture_start(struct fixture *fixture, const struct fixture_plan *plan)
{
    const struct transport *transport = &transports[plan->transport];
    char listen[FIXTURE_ENDPOINT_MAX];

    snprintf(listen, sizeof(listen), "%s", transport->listen);
    memset(fixture, 0, sizeof(*fixture));
    fixture->plan = *plan;
    fixture_facts(plan->model, &fixture->facts);
    if (!fixture->facts.available)
        cr_skip_test("%s cannot run here", plan->model);
    if (strncmp(transport->listen, "udp", 3) == 0 || plan->transport == FIXTURE_UNIXDGRAM)
        cr_assert(fixture->facts.datagrams, "%s has no use for datagrams", plan->model);
    if (transport->directory) {
        strcpy(fixture->directory, "/tmp/tenk-test-XXXXXX");
        cr_assert_not_null(mkdtemp(fixture->directory));
        snprintf(listen, sizeof(listen), "%s%s/socket", transport->listen, fixture->directory);
    }
    launch(fixture, listen);
}

void fixture_restart(struct fixture *fixture)
{
    char listen[FIXTURE_ENDPOINT_MAX];

    snprintf(listen, sizeof(listen), "%s", fixture->endpoint);
    forget(fixture);
    cr_assert(!fixture->directory[0] || mkdir(fixture->directory, 0700) == 0 || errno == EEXIST);
    launch(fixture, listen);
    cr_assert_str_eq(fixture->endpoint, listen);
}

/* ---- stopping ---- */

void fixture_terminate(const struct fixture *fixture)
{
    kill(fixture->program.pid, SIGTERM);
}

static void parse_counters(const struct fixture *fixture, const char *out, struct counters_sum *counters)
{
    const char *newline = strchr(out, '\n');
    json_t *object = json_loads(out, 0, NULL);

    cr_assert(json_is_object(object) && newline && newline[1] == '\0',
              "%s: the last output is one line of JSON, not: `%s`", fixture->plan.model, out);
    cr_assert_str_eq(json_string_value(json_object_get(object, "model")), fixture->plan.model);
#define X(name, text)                                                                                        \
    cr_assert(json_is_integer(json_object_get(object, #name)), "the counters lack " #name);                  \
    counters->name = (uint64_t)json_integer_value(json_object_get(object, #name));
    COUNTERS_LIST(X)
#undef X
    json_decref(object);
}

static int lines(const char *text)
{
    int count = 0;

    for (; *text; text++)
        count += *text == '\n';
    return count;
}

void fixture_finish(struct fixture *fixture, struct program_end *end, struct counters_sum *counters)
{
    const char *model = fixture->plan.model;
    char errors[PROGRAM_TEXT_MAX];
    pid_t group = fixture->program.pid;
    bool killed;

    program_wait(&fixture->program, end, PROGRAM_DEADLINE_MS);
    killed = kill(-group, SIGKILL) == 0; /* somebody was left in its group */
    forget(fixture);
    program_errors(&fixture->program, errors, sizeof(errors));
    program_forget(&fixture->program);
    cr_assert(end->exited, "%s: did not exit after SIGTERM, or died of signal %d: %s", model, end->signal,
              errors);
    cr_assert_eq(end->status, 0, "%s: exit status %d: %s", model, end->status, errors);
    cr_assert(!killed, "%s: left processes behind", model);
    cr_assert(lines(errors) <= (fixture->plan.warns ? WARNINGS_MAX : 0), "%s: on its standard error: %s",
              model, errors);
    parse_counters(fixture, end->out, counters);
    if (fixture->directory[0])
        cr_assert_eq(rmdir(fixture->directory), 0, "%s: left its socket file behind", model);
}

void fixture_stop(struct fixture *fixture)
{
    struct counters_sum counters;
    struct program_end end;

    fixture_terminate(fixture);
    fixture_finish(fixture, &end, &counters);
}

void fixture_leave(void)
{
    for (size_t i = 0; i < LIVING_MAX; i++) {
        if (!living[i])
            continue;
        program_kill(&living[i]->program);
        if (living[i]->directory[0]) {
            unlink(strchr(living[i]->endpoint, ':') + 1);
            rmdir(living[i]->directory);
        }
        living[i] = NULL;
    }
}

/* ---- health ---- */

void fixture_connect(const struct fixture *fixture, struct wire *wire)
{
    cr_assert_eq(wire_open(wire, fixture->endpoint), 0, "%s: connect to %s: %s", fixture->plan.model,
                 fixture->endpoint, strerror(errno));
}

void fixture_begin(struct fixture *fixture, const struct fixture_plan *plan, struct wire *wire)
{
    fixture_start(fixture, plan);
    fixture_connect(fixture, wire);
}

void fixture_end(struct fixture *fixture, struct wire *wire)
{
    wire_close(wire);
    fixture_expect_unharmed(fixture);
}

void fixture_expect_service(const struct fixture *fixture)
{
    static struct wire wire;

    fixture_connect(fixture, &wire);
    if (fixture->plan.protocol && strcmp(fixture->plan.protocol, "echo") == 0) {
        expect_echo(&wire, "are you well?", 13);
        wire_half_close(&wire);
    } else {
        wire_text(&wire, "GET / HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n");
        expect_hello(&wire);
    }
    cr_assert(wire_ended(&wire), "%s: does not close the connection", fixture->plan.model);
    wire_close(&wire);
}

void fixture_expect_at_rest(const struct fixture *fixture)
{
    int64_t deadline_ns = clock_now_ns() + REST_DEADLINE_MS * NS_PER_MS;
    const struct process_use *start = &fixture->use;
    struct process_use now;

    do {
        process_use(fixture->program.pid, &now);
        if (now.descriptors == start->descriptors && now.children == start->children && now.zombies == 0 &&
            now.threads >= start->threads && now.threads <= start->threads + fixture->spare_threads)
            return;
        clock_sleep_ns(2 * NS_PER_MS);
    } while (clock_now_ns() < deadline_ns);
    cr_assert_fail("%s: against its start it has %+d descriptors, %+d children (%d zombies), %+d threads",
                   fixture->plan.model, now.descriptors - start->descriptors, now.children - start->children,
                   now.zombies, now.threads - start->threads);
}

void fixture_expect_unharmed(struct fixture *fixture)
{
    fixture_expect_service(fixture);
    fixture_expect_at_rest(fixture);
    fixture_stop(fixture);
}
