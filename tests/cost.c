/*
 * cost - see cost.h.
 */
#include "cost.h"

#include <criterion/criterion.h>
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "clock.h"
#include "expect.h"
#include "injection.h"

enum { TIMES = 30, STILL_LOOKS = 2, PATH_SIZE = 300 };

static const char *const measures[] = {
#define X(name, text) #name,
    COST_LIST(X)
#undef X
};
static const char *const units[] = {"request", "connection"};

/* A server under measurement. */
struct bench {
    struct fixture fixture;
    const struct counters_table *counters;
    const _Atomic uint64_t *allocations; /* mapped */
    char counters_path[40], allocations_path[40];
    struct injection *injection; /* NULL: not traced */
};

/* What is known at one moment. */
struct reading {
    double counts[COST_MEASURES];
};

/* ---- when the server is still ---- */

/* What a walk over all threads of a process and its children finds. */
struct tasks {
    long voluntary;
    bool awake; /* one of them at least */
};

static long field_of(const char *text, const char *name)
{
    const char *at = strstr(text, name);

    return at ? strtol(at + strlen(name), NULL, 10) : 0;
}

static void look_at_task(int pid, int tid, struct tasks *tasks)
{
    char path[PATH_SIZE], text[4096];
    const char *state;

    snprintf(path, sizeof(path), "/proc/%d/task/%d/status", pid, tid);
    if (process_slurp(path, text, sizeof(text)) <= 0)
        return;
    state = strstr(text, "\nState:");
    tasks->awake |= state && state[strspn(state + 7, " \t") + 7] != 'S';
    tasks->voluntary += field_of(text, "\nvoluntary_ctxt_switches:");
}

static void look_at_process(int pid, struct tasks *tasks)
{
    char path[PATH_SIZE], children[4096];
    const struct dirent *entry;
    DIR *directory;

    snprintf(path, sizeof(path), "/proc/%d/task", pid);
    directory = opendir(path);
    while (directory && (entry = readdir(directory))) {
        char *next = children;
        int tid = atoi(entry->d_name);

        if (!isdigit((unsigned char)entry->d_name[0]))
            continue;
        look_at_task(pid, tid, tasks);
        snprintf(path, sizeof(path), "/proc/%d/task/%d/children", pid, tid);
        for (process_slurp(path, children, sizeof(children)); isdigit((unsigned char)*next); next++)
            look_at_process((int)strtol(next, &next, 10), tasks);
    }
    if (directory)
        closedir(directory);
}

/* Waits until every thread of the server sleeps, seen twice with nothing having run in between. */
static struct tasks wait_still(const struct bench *bench)
{
    int64_t deadline_ns = clock_now_ns() + WIRE_DEADLINE_MS * NS_PER_MS;
    struct tasks tasks = {0}, before = {.voluntary = -1};
    int looks = 0;

    while (looks < STILL_LOOKS) {
        cr_assert(clock_now_ns() < deadline_ns, "the server never sleeps");
        tasks = (struct tasks){0};
        look_at_process(bench->fixture.program.pid, &tasks);
        looks = !tasks.awake && tasks.voluntary == before.voluntary ? looks + 1 : 0;
        before = tasks;
    }
    return tasks;
}

static struct reading take_reading(const struct bench *bench)
{
    struct tasks tasks = wait_still(bench);
    struct counters_sum sum = counters_sum(bench->counters);

    return (struct reading){
        .counts = {
            [COST_syscalls] = bench->injection ? (double)injection_calls(bench->injection, NULL) : 0,
            [COST_switches] = (double)tasks.voluntary,
            [COST_allocations] = (double)atomic_load(bench->allocations),
            [COST_receives] = (double)sum.receives,
            [COST_sends] = (double)sum.sends,
            [COST_bytes_in] = (double)sum.bytes_in,
            [COST_bytes_out] = (double)sum.bytes_out,
        }};
}

/* ---- units of work ---- */

static void one_request(struct wire *wire)
{
    wire_text(wire, "GET / HTTP/1.1\r\nHost: test\r\n\r\n");
    expect_hello(wire);
}

static void one_connection(const struct bench *bench)
{
    int64_t deadline_ns = clock_now_ns() + WIRE_DEADLINE_MS * NS_PER_MS;
    struct counters_sum sum;
    struct wire wire;

    fixture_connect(&bench->fixture, &wire);
    wait_still(bench); /* so that the request never comes together with the connection, */
    one_request(&wire);
    wait_still(bench); /* nor the end together with the request */
    wire_close(&wire);
    do
        sum = counters_sum(bench->counters);
    while (sum.accepted != sum.closed && clock_now_ns() < deadline_ns);
}

static int by_size(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;

    return (left > right) - (left < right);
}

/*
 * The median over the times: that a thread was interrupted by something at the wrong moment, once, is
 * not a cost of the model.
 */
static void measure_unit(const struct bench *bench, enum cost_unit unit, struct reading *cost)
{
    static double deltas[COST_MEASURES][TIMES];
    struct wire wire;

    if (unit == COST_REQUEST)
        fixture_connect(&bench->fixture, &wire);
    for (int i = -1; i < TIMES; i++) { /* the first time does not count: buffers, lazy binding */
        struct reading before = take_reading(bench), after;

        if (unit == COST_REQUEST)
            one_request(&wire);
        else
            one_connection(bench);
        after = take_reading(bench);
        for (int m = 0; i >= 0 && m < COST_MEASURES; m++)
            deltas[m][i] = after.counts[m] - before.counts[m];
    }
    if (unit == COST_REQUEST)
        wire_close(&wire);
    for (int m = 0; m < COST_MEASURES; m++) {
        qsort(deltas[m], TIMES, sizeof(double), by_size);
        cost->counts[m] = deltas[m][TIMES / 2];
    }
}

/* ---- the server ---- */

static void make_file(char *path, const char *template, off_t size)
{
    int fd;

    strcpy(path, template);
    fd = mkstemp(path);
    cr_assert_geq(fd, 0);
    cr_assert_eq(ftruncate(fd, size), 0);
    close(fd);
}

static void open_bench(struct bench *bench, struct fixture_plan *plan, const char *servers)
{
    char directory[PATH_SIZE];
    void *map;
    int fd;

    snprintf(directory, sizeof(directory), "%s", program_path(servers));
    cr_assert_eq(access(directory, X_OK), 0, "%s is not there: make it", directory);
    cr_assert_eq(setenv("TENK_BIN", directory, 1), 0);
    *bench = (struct bench){.injection = NULL};
    make_file(bench->allocations_path, "/tmp/tenk-allocations-XXXXXX", sizeof(*bench->allocations));
    make_file(bench->counters_path, "/tmp/tenk-counters-XXXXXX", 0);
    fd = open(bench->allocations_path, O_RDWR | O_CLOEXEC);
    map = mmap(NULL, sizeof(*bench->allocations), PROT_READ, MAP_SHARED, fd, 0);
    close(fd);
    cr_assert_neq(map, MAP_FAILED);
    bench->allocations = map;
    cr_assert_eq(setenv("TENK_ALLOCATIONS", bench->allocations_path, 1), 0);
    plan->options[0] = "--counters";
    plan->options[1] = bench->counters_path;
    plan->clients = 1;
    fixture_start(&bench->fixture, plan);
    bench->counters = counters_map(bench->counters_path);
    cr_assert_not_null(bench->counters);
}

static void close_bench(struct bench *bench)
{
    fixture_expect_at_rest(&bench->fixture);
    fixture_stop(&bench->fixture);
    counters_unmap(bench->counters);
    munmap((void *)(uintptr_t)bench->allocations, sizeof(*bench->allocations));
    unlink(bench->counters_path);
    unlink(bench->allocations_path);
}

/*
 * Where requests pass from thread to thread, who sleeps when is a race: what it costs has a bound and no
 * number. A thread or a child that served a connection takes its count of switches with it.
 */
static void mark_bounds(bool fixed, enum cost_unit unit, struct cost *cost)
{
    cost->values[unit][COST_syscalls].at_most = !fixed;
    cost->values[unit][COST_switches].at_most = !fixed;
    if (unit == COST_CONNECTION)
        cost->values[unit][COST_switches].count = NAN;
}

void cost_measure(struct fixture_plan plan, const char *servers, struct cost *cost)
{
    static struct bench bench;
    struct injection injection;
    struct reading counted, traced;

    injection_skip_unless_possible();
    open_bench(&bench, &plan, servers);
    *cost = (struct cost){0};
    for (int unit = 0; unit < COST_UNITS; unit++) { /* ptrace(2) makes switches of its own */
        measure_unit(&bench, (enum cost_unit)unit, &counted);
        for (int m = 0; m < COST_MEASURES; m++)
            cost->values[unit][m].count = counted.counts[m];
        mark_bounds(bench.fixture.facts.syscalls_per_request > 0, (enum cost_unit)unit, cost);
    }
    injection_attach(&injection, bench.fixture.program.pid, NULL, true);
    bench.injection = &injection;
    for (int unit = 0; unit < COST_UNITS; unit++) {
        measure_unit(&bench, (enum cost_unit)unit, &traced);
        cost->values[unit][COST_syscalls].count = traced.counts[COST_syscalls];
    }
    injection_detach(&injection);
    close_bench(&bench);
}

/* ---- baselines ---- */

static void baseline_path(const char *model, char path[PATH_SIZE])
{
    const char *directory = getenv("TENK_BASELINE");

    snprintf(path, PATH_SIZE, "%s/%s.json", directory ? directory : "tests/baseline", model);
}

/* {"count": 3} or {"at_most": 6}. */
static bool read_value(const json_t *value, struct cost_value *into)
{
    const json_t *fixed = json_object_get(value, "count"), *bound = json_object_get(value, "at_most");

    if (json_is_number(fixed) == json_is_number(bound))
        return false;
    *into = (struct cost_value){.count = json_number_value(fixed ? fixed : bound), .at_most = !fixed};
    return true;
}

bool cost_read(const char *model, struct cost *cost)
{
    char path[PATH_SIZE];
    json_t *root;
    bool whole = true;

    baseline_path(model, path);
    root = json_load_file(path, 0, NULL);
    for (int unit = 0; unit < COST_UNITS; unit++)
        for (int m = 0; m < COST_MEASURES; m++) {
            const json_t *value = json_object_get(json_object_get(root, units[unit]), measures[m]);

            cost->values[unit][m] = (struct cost_value){.count = NAN};
            if (!json_is_null(value))
                whole = read_value(value, &cost->values[unit][m]) && whole;
        }
    json_decref(root);
    return whole;
}

/* A new bound leaves room for half as much again. */
static double bound_of(double count, const struct cost_value *old)
{
    if (old && old->at_most && count <= old->count && old->count <= 2 * count + 2)
        return old->count;
    return ceil(count * 1.5 + 1);
}

void cost_write(const char *model, const struct cost *cost, const struct cost *old)
{
    char path[PATH_SIZE];
    FILE *out;

    baseline_path(model, path);
    out = fopen(path, "we");
    cr_assert_not_null(out, "cannot write %s", path);
    fprintf(out, "{\n  \"model\": \"%s\"", model);
    for (int unit = 0; unit < COST_UNITS; unit++) {
        fprintf(out, ",\n  \"%s\": {", units[unit]);
        for (int m = 0; m < COST_MEASURES; m++) {
            const struct cost_value *value = &cost->values[unit][m];

            fprintf(out, "%s\n    \"%s\": ", m > 0 ? "," : "", measures[m]);
            if (isnan(value->count))
                fputs("null", out);
            else if (value->at_most)
                fprintf(out, "{\"at_most\": %g}", bound_of(value->count, old ? &old->values[unit][m] : NULL));
            else
                fprintf(out, "{\"count\": %g}", value->count);
        }
        fputs("\n  }", out);
    }
    fputs("\n}\n", out);
    cr_assert_eq(fclose(out), 0, "cannot write %s", path);
}

static bool differs(const struct cost_value *now, const struct cost_value *baseline)
{
    if (isnan(now->count) || isnan(baseline->count))
        return isnan(now->count) != isnan(baseline->count);
    return baseline->at_most ? now->count > baseline->count : now->count != baseline->count;
}

unsigned cost_compare(const struct cost *now, const struct cost *baseline, char *text, unsigned size)
{
    unsigned differences = 0;
    size_t used = 0;

    text[0] = '\0';
    for (int unit = 0; unit < COST_UNITS; unit++)
        for (int m = 0; m < COST_MEASURES; m++) {
            const struct cost_value *value = &now->values[unit][m], *base = &baseline->values[unit][m];

            if (!differs(value, base))
                continue;
            differences++;
            used += (size_t)snprintf(text + used, used < size ? size - used : 0, "%s: %s %g, baseline %s%g\n",
                                     units[unit], measures[m], value->count, base->at_most ? "at most " : "",
                                     base->count);
            used = used < size ? used : size - 1;
        }
    return differences;
}
