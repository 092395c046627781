/*
 * What the runner reads from the kernel: CPU time of a process tree by every source, descriptors,
 * threads and zombies, the owner of a listening socket.
 */
#include <criterion/criterion.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../bench/cpu_group.c"
#include "../bench/failure.c"
#include "../bench/interrupt.c"
#include "../bench/launch.c"
#include "../bench/machine.c"
#include "../bench/process_tree.c"
#include "../bench/server_check.c"
#include "../bench/syscalls.c"
#include "../bench/textfile.c"
#include "sockets.h"

enum { TIMEOUT_S = 60, STEP_MS = 5, PATIENCE_MS = 20000 };

static struct cpu_group group;
static pid_t child;

static void stop_child(void)
{
    if (child > 0) {
        launch_kill_group(child);
        launch_wait(child, clock_now_ns() + NS_PER_S, false);
    }
    child = 0;
    cpu_group_close(&group);
}

TestSuite(bench_accounting, .fini = stop_child, .timeout = TIMEOUT_S);

static void start_shell(const char *script, const struct cpu_group *in)
{
    struct launch program = launch_empty();
    struct failure failure;

    program.argv[0] = "/bin/sh";
    program.argv[1] = "-c";
    program.argv[2] = script;
    program.group = in;
    child = launch_start(&program, &failure);
    cr_assert_gt(child, 0, "%s", failure.text);
}

/* ---- CPU time ---- */

/* Burns CPU in the shell and in a child that ends and is waited for, then sleeps to be looked at. */
static const char burn[] = "i=0; while [ $i -lt 150000 ]; do i=$((i+1)); done;"
                           "(i=0; while [ $i -lt 150000 ]; do i=$((i+1)); done);"
                           "exec sleep 30";

/* Waits until a program of that name has taken the child's place: exec(2) is done. */
static void wait_until_it_is(const char *name)
{
    int64_t deadline_ns = clock_now_ns() + PATIENCE_MS * NS_PER_MS;
    char path[64], text[64] = "";

    snprintf(path, sizeof(path), "/proc/%d/comm", (int)child);
    while (clock_now_ns() < deadline_ns) {
        FILE *comm = fopen(path, "re");

        cr_assert_not_null(comm, "%s", path);
        if (fgets(text, sizeof(text), comm) == NULL)
            text[0] = '\0';
        fclose(comm);
        text[strcspn(text, "\n")] = '\0';
        if (strcmp(text, name) == 0)
            return;
        clock_sleep_ns(STEP_MS * NS_PER_MS);
    }
    cr_assert_fail("it is still \"%s\", not \"%s\"", text, name);
}

/*
 * Waits until the group sleeps and its CPU time stands still, then compares it with what wait4(2) says.
 * That it stands still would not be enough: on a busy machine it does so before the work is done.
 */
static void expect_source(enum cpu_source source)
{
    struct cpu_time before = {.total_ns = -1}, now = {0};
    struct launch_result end;
    int64_t deadline_ns = clock_now_ns() + PATIENCE_MS * NS_PER_MS;
    char name[64];

    snprintf(name, sizeof(name), "test-%d", getpid());
    cpu_group_open_from(&group, name, source);
    if (group.source != source)
        cr_skip_test("this source cannot be had here");
    start_shell(burn, &group);
    group.leader = child;
    wait_until_it_is("sleep");
    do {
        before = now;
        clock_sleep_ns(300 * NS_PER_MS);
        cr_assert_eq(cpu_group_read(&group, &now), 0);
    } while ((now.total_ns != before.total_ns || now.total_ns < 10 * NS_PER_MS) &&
             clock_now_ns() < deadline_ns);
    kill(child, SIGTERM);
    end = launch_wait(child, clock_now_ns() + NS_PER_S, false);
    child = 0;
    cr_assert_gt(now.total_ns, 10 * NS_PER_MS, "the child burnt nothing?");
    /* /proc counts the part of children that have gone in ticks of 10 ms. */
    cr_assert(llabs(now.total_ns - end.cpu_ns) < 25 * NS_PER_MS, "%s says %.1f ms, wait4 %.1f ms",
              cpu_source_name(source), (double)now.total_ns / 1e6, (double)end.cpu_ns / 1e6);
    cr_assert(now.user_ns > now.system_ns, "a shell that counts is in user space: user %.1f, system %.1f ms",
              (double)now.user_ns / 1e6, (double)now.system_ns / 1e6);
}

Test(bench_accounting, cpu_time_by_cgroup2)
{
    expect_source(CPU_CGROUP2);
}

Test(bench_accounting, cpu_time_by_cgroup1)
{
    expect_source(CPU_CGROUP1);
}

Test(bench_accounting, cpu_time_by_proc)
{
    expect_source(CPU_PROC);
}

Test(bench_accounting, group_is_removed)
{
    char path[CPU_GROUP_PATH_MAX], name[64];

    snprintf(name, sizeof(name), "test-removed-%d", (int)getpid());
    cpu_group_open(&group, name);
    if (group.source == CPU_PROC)
        cr_skip_test("no control group can be made here");
    strcpy(path, group.path);
    cr_assert_eq(access(path, F_OK), 0);
    cpu_group_close(&group);
    cr_assert_neq(access(path, F_OK), 0);
}

/* ---- the tree ---- */

static void wait_for(bool (*condition)(const struct process_tree *tree), struct process_tree *tree)
{
    int64_t deadline_ns = clock_now_ns() + PATIENCE_MS * NS_PER_MS;

    do {
        clock_sleep_ns(STEP_MS * NS_PER_MS);
        process_tree_read(child, TREE_DESCRIPTORS | TREE_SCHEDULE | TREE_MEMORY, tree);
    } while (!condition(tree) && clock_now_ns() < deadline_ns);
    cr_assert(condition(tree), "processes %u, zombies %u, descriptors %u", tree->processes, tree->zombies,
              tree->descriptors);
}

static bool has_three_processes(const struct process_tree *tree)
{
    return tree->processes == 3 && tree->threads == 3 && tree->pss_kib > 0 && tree->voluntary > 0;
}

static bool has_a_zombie(const struct process_tree *tree)
{
    return tree->zombies == 1 && tree->processes == 1;
}

Test(bench_accounting, children_are_counted)
{
    struct process_tree tree;

    start_shell("sleep 30 & sleep 30 & wait", NULL);
    wait_for(has_three_processes, &tree);
    cr_assert_eq(tree.zombies, 0);
    cr_assert_geq(tree.descriptors, 9, "three each");
}

/* The child ends at once and the one that should wait for it sleeps instead. */
Test(bench_accounting, zombies_are_counted)
{
    struct process_tree tree;

    start_shell("sleep 0 & exec sleep 30", NULL);
    wait_for(has_a_zombie, &tree);
}

Test(bench_accounting, gone_is_gone)
{
    struct process_tree tree;
    struct cpu_time time;

    start_shell("exit 0", NULL);
    launch_wait(child, clock_now_ns() + PATIENCE_MS * NS_PER_MS, false);
    process_tree_read(child, TREE_DESCRIPTORS, &tree);
    cr_assert_eq(tree.processes, 0);
    cr_assert_eq(process_tree_cpu(child, &time), -1);
    child = 0;
}

/* ---- programs ---- */

Test(bench_accounting, deadline_kills_the_whole_group)
{
    struct launch_result result;
    struct process_tree tree;

    prctl(PR_SET_CHILD_SUBREAPER, 1);
    start_shell("trap '' TERM; sleep 30 & sleep 30", NULL);
    clock_sleep_ns(100 * NS_PER_MS);
    result = launch_wait(child, clock_now_ns() + 50 * NS_PER_MS, true);
    cr_assert_eq((int)result.end, LAUNCH_DEADLINE);
    while (waitpid(-child, NULL, 0) > 0)
        ;
    process_tree_read(child, 0, &tree);
    cr_assert_eq(tree.processes, 0);
    child = 0;
}

Test(bench_accounting, output_is_cut_not_lost)
{
    struct launch program = launch_empty();
    struct failure failure;
    char text[16];

    program.argv[0] = "/bin/sh";
    program.argv[1] = "-c";
    program.argv[2] = "echo 0123456789abcdefghij";
    cr_assert_eq(launch_output(&program, PATIENCE_MS * NS_PER_MS, text, sizeof(text), &failure), 0);
    cr_assert_str_eq(text, "0123456789abcde");
    program.argv[2] = "exit 3";
    cr_assert_eq(launch_output(&program, PATIENCE_MS * NS_PER_MS, text, sizeof(text), &failure), -1);
    cr_assert_not_null(strstr(failure.text, "exit status 3"), "%s", failure.text);
}

/* ---- the listening socket ---- */

Test(bench_accounting, owner_of_the_listening_socket)
{
    struct net_endpoint endpoint;
    char wrong[CHECK_TEXT_MAX];
    int fd = sockets_listen("tcp://127.0.0.1:0", 0, &endpoint);

    cr_assert_eq(server_check_owner(getpgrp(), &endpoint, wrong), 0, "%s", wrong);
    start_shell("exec sleep 30", NULL);
    wait_until_it_is("sleep"); /* exec has closed its copy of our socket */
    cr_assert_eq(server_check_owner(child, &endpoint, wrong), -1, "it belongs to us, not to sleep");
    cr_assert_not_null(strstr(wrong, "belongs to another process"), "%s", wrong);
    close(fd);
    cr_assert_eq(server_check_owner(getpgrp(), &endpoint, wrong), -1);
    cr_assert_not_null(strstr(wrong, "nothing listens"), "%s", wrong);
}

Test(bench_accounting, owner_of_a_socket_for_datagrams)
{
    struct net_endpoint endpoint;
    char wrong[CHECK_TEXT_MAX];
    int fd = sockets_bind("udp://127.0.0.1:0", &endpoint);

    cr_assert_eq(server_check_owner(getpgrp(), &endpoint, wrong), 0, "%s", wrong);
    close(fd);
    cr_assert_eq(server_check_owner(getpgrp(), &endpoint, wrong), -1);
}

/* ---- CPUs ---- */

static void expect_division(const char *all_text, const char *server_text, const char *client_text)
{
    cpu_set_t all, server, client;
    char text[128];

    cr_assert_eq(cpus_parse(all_text, &all), 0);
    machine_divide(&all, &server, &client);
    cr_assert_str_eq(cpus_format(&server, text, sizeof(text)), server_text);
    cr_assert_str_eq(cpus_format(&client, text, sizeof(text)), client_text);
}

Test(bench_accounting, cpus_are_divided)
{
    expect_division("0", "0", "0");
    expect_division("0-1", "1", "0");
    expect_division("0-7", "7", "5-6");
    expect_division("2,5,9", "9", "2,5");
}

Test(bench_accounting, lists_of_cpus)
{
    static const char *const bad[] = {"", "a", "1-", "3-1", "1,", "0-99999", "1;2"};
    cpu_set_t cpus;
    char text[64];

    cr_assert_eq(cpus_parse("0-3,8,10-11", &cpus), 0);
    cr_assert_str_eq(cpus_format(&cpus, text, sizeof(text)), "0-3,8,10-11");
    for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        cr_assert_eq(cpus_parse(bad[i], &cpus), -1, "\"%s\"", bad[i]);
}

/* ---- counting system calls ---- */

/* Either they are counted, and ours are, or there is a sentence with the way out. */
static void expect_counted_or_said(void)
{
    const char *obstacle = syscalls_obstacle();
    int fd = syscalls_open(getpid());

    cr_assert_eq(fd < 0, obstacle != NULL, "%s", obstacle ? obstacle : "none");
    if (fd < 0)
        return;
    int64_t before = syscalls_read(fd);
    for (int i = 0; i < 10; i++)
        getppid();
    cr_assert_geq(syscalls_read(fd), before + 10);
    close(fd);
}

Test(bench_accounting, system_calls_are_counted_or_it_is_said_why_not)
{
    expect_counted_or_said();
}

Test(bench_accounting, nobody_is_told_that_it_takes_root)
{
    if (geteuid() != 0)
        cr_skip_test("only root can become nobody");
    cr_assert_eq(setresuid(65534, 65534, 65534), 0);
    expect_counted_or_said();
    if (syscalls_obstacle())
        cr_assert(strstr(syscalls_obstacle(), "root"), "%s", syscalls_obstacle());
}
