/*
 * load_selftest - four short runs and two small loops.
 */
#include "load_selftest.h"

#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "load_child.h"
#include "load_plan.h"
#include "load_run.h"

enum { EXIT_FAULT = 1, EXIT_CANNOT = 3, CONNECTIONS = 64, LOOPS = 2000000, TARGET_MAX = 300 };

#define LONG_NS  (3 * NS_PER_S / 2)
#define SHORT_NS (3 * NS_PER_S / 4)

/* Two of the CPUs we may use, the client on the first; -1 when there is only one. sched_getaffinity(2) */
static void choose_cpus(struct load_selftest *test)
{
    cpu_set_t cpus;

    test->client_cpu = test->server_cpu = -1;
    if (sched_getaffinity(0, sizeof(cpus), &cpus) < 0 || CPU_COUNT(&cpus) < 2)
        return;
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
        if (!CPU_ISSET(cpu, &cpus))
            continue;
        if (test->client_cpu < 0)
            test->client_cpu = cpu;
        else if (test->server_cpu < 0)
            test->server_cpu = cpu;
    }
}

static void pin(int cpu)
{
    cpu_set_t cpus;

    if (cpu < 0)
        return;
    CPU_ZERO(&cpus);
    CPU_SET(cpu, &cpus);
    sched_setaffinity(0, sizeof(cpus), &cpus);
}

/* One run with these options. The exit status. */
static int run(const struct load_options *options, struct load_result *result)
{
    char error[LOAD_ERROR_TEXT_MAX] = "";
    struct load_plan plan;

    int status = load_plan_open(&plan, options, error);
    if (status == 0)
        status = load_run(&plan, result, error);
    load_plan_close(&plan);
    if (status != 0)
        fprintf(stderr, "tenk-load: %s\n", error);
    else if (result->interrupted)
        status = EXIT_FAULT;
    else if (result->total_errors > 0 || result->served < result->asked)
        status = EXIT_FAULT;
    return status;
}

static int run_all(struct load_selftest *test, struct load_options options)
{
    options.connections = CONNECTIONS;
    options.duration_ns = LONG_NS;
    int status = run(&options, &test->saturated);
    if (status != 0)
        return status;
    options.rate = (uint64_t)(load_result_rate(&test->saturated) / 2);
    status = options.rate > 0 ? run(&options, &test->paced) : EXIT_FAULT;
    if (status != 0)
        return status;
    options.rate = 0;
    options.connections = 1;
    options.duration_ns = SHORT_NS;
    status = run(&options, &test->sleeping);
    if (status != 0)
        return status;
    options.spin = true;
    return run(&options, &test->spinning);
}

/* What is on the path of every answer: one reading of the clock and one recorded value. */
static void time_loops(struct load_selftest *test)
{
    struct histogram histogram;
    int64_t begin_ns = clock_now_ns(), last_ns = begin_ns;

    for (int i = 0; i < LOOPS; i++)
        last_ns = clock_now_ns();
    test->clock_ns = (double)(last_ns - begin_ns) / LOOPS;
    if (histogram_open(&histogram) < 0)
        return;
    begin_ns = clock_now_ns();
    for (int i = 0; i < LOOPS; i++)
        histogram_record(&histogram, 20000 + (i & 4095) * 16);
    test->record_ns = (double)(clock_now_ns() - begin_ns) / LOOPS;
    histogram_close(&histogram);
}

static int report(const struct load_options *options, const struct load_selftest *test)
{
    if (!options->json)
        load_selftest_text(stdout, test);
    else if (load_selftest_json(stdout, test) < 0)
        return EXIT_CANNOT;
    return fflush(stdout) == 0 ? 0 : EXIT_CANNOT;
}

int load_selftest_main(const struct load_options *options)
{
    struct load_selftest test = {0};
    struct load_options own = *options;
    struct load_child server;
    char error[LOAD_CHILD_TEXT_MAX], target[TARGET_MAX];

    choose_cpus(&test);
    if (load_child_start(&server, "ceiling", test.server_cpu, error) < 0) {
        fprintf(stderr, "tenk-load: %s\n", error);
        return EXIT_CANNOT;
    }
    pin(test.client_cpu);
    snprintf(target, sizeof(target), "http://%s/", server.endpoint);
    own.target = target;
    int status = run_all(&test, own);
    load_child_stop(&server);
    time_loops(&test);
    if (test.saturated.window.requests == 0 && status != EXIT_CANNOT)
        fprintf(stderr, "tenk-load: the self-test was ended before it measured anything\n");
    else if (status != EXIT_CANNOT) {
        int reported = report(options, &test);
        status = status != 0 ? status : reported;
    }
    load_result_close(&test.saturated);
    load_result_close(&test.paced);
    load_result_close(&test.sleeping);
    load_result_close(&test.spinning);
    return status;
}
