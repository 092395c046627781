/*
 * The scripts whose tables the pages quote whole (the .md files in results): what stands in a table is what
 * was measured, and what was not measured as it should be does not get in. Their programs are made up here.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "program.h"
#include "report_runs.h"

enum { TIMEOUT_S = 60, WITHIN_LOOP_S = 1, WITHIN_POOL_S = 60 };

static struct program_end end;
static char errors[PROGRAM_TEXT_MAX];

TestSuite(tables, .init = report_enter, .fini = report_leave, .timeout = TIMEOUT_S);

/* Runs a line of shell in the project's directory; $0 is the test's own. Its status. */
static int shell(const char *line)
{
    program_run((const char *const[]){"/bin/sh", "-c", line, report_path(""), NULL}, &end, errors);
    return end.status;
}

/* A program of that name in the test's directory. */
static void make_program(const char *name, const char *body)
{
    char text[2048], line[128];

    snprintf(text, sizeof(text), "#!/bin/sh\n%s\n", body);
    report_write(report_path(name), text);
    snprintf(line, sizeof(line), "chmod +x \"$0/%s\"", name);
    cr_assert_eq(shell(line), 0, "%s", errors);
}

static void expect_in(const char *name, const char *text)
{
    char *file = report_read(report_path(name));

    cr_assert_not_null(strstr(file, text), "%s is not in\n%s", text, file);
    free(file);
}

/* ---- tests/slowhttp ---- */

/* A server that needs no socket, an attack of a moment, and a client that reads its wait in a file. */
static void make_attack(void)
{
    make_program(
        "tenk-serve",
        "[ \"$1\" != --list ] || { printf '%s\\n' epoll prefork iterative 'null yardstick'; exit; }\n"
        "trap 'exit 0' TERM\necho ready tcp://127.0.0.1:1\nwhile :; do sleep 0.02; done");
    make_program("slowhttptest", "exec sleep 0.1");
    make_program("curl", "cat \"${0%/*}/wait\"; [ -s \"${0%/*}/wait\" ]");
    report_write(report_path("wait"), "0.25");
}

#define SLOWHTTP "PATH=$0:$PATH SLOW_CONNECTIONS=7 tests/slowhttp $0 "

Test(tables, slow_clients_of_every_model)
{
    make_attack();
    cr_assert_eq(shell(SLOWHTTP), 0, "%s%s", end.out, errors);
    expect_in("slowhttp.md", "Counted on ");
    expect_in("slowhttp.md", "---:|\n| epoll | 7 | 10 | 1 | 0.250 | 0.250 | 0.250 |\n"
                             "| prefork | 7 | 40 | 60 | 0.250 | 0.250 | 0.250 |\n");
}

Test(tables, slow_clients_are_not_sent_twice)
{
    make_attack();
    cr_assert_eq(shell(SLOWHTTP "epoll"), 0, "%s%s", end.out, errors);
    report_write(report_path("wait"), "2.5");
    cr_assert_eq(shell(SLOWHTTP "epoll"), 0, "it was measured again: %s", end.out);
    cr_assert_eq(shell(SLOWHTTP "prefork"), 0, "%s%s", end.out, errors);
    expect_in("slowhttp.md", "| 0.250 |\n| prefork | 7 | 40 | 60 | 2.500 | 2.500 | 2.500 |\n");
    cr_assert_eq(shell("export SLOW_SECONDS=9; " SLOWHTTP "epoll"), 1, "other settings: %s", end.out);
    cr_assert_eq(shell("touch $0/tenk-serve; " SLOWHTTP "epoll"), 1, "another server: %s", end.out);
    cr_assert_not_null(strstr(end.out, "LATE: not within 1 s"), "%s", end.out);
}

Test(tables, slow_clients_that_keep_everybody_out)
{
    make_attack();
    report_write(report_path("wait"), "");
    cr_assert_eq(shell(SLOWHTTP "prefork"), 1, "%s", end.out);
    expect_in("slowhttp.md", "| never | never | never |");
}

/* The published table: each concurrent model, and in time. */
static void expect_in_time(const char *table, const char *model)
{
    unsigned clients, attack_s;
    double within_s, wait_s[3];
    char start[64];
    const char *row;

    if (strcmp(model, "iterative") == 0)
        return;
    snprintf(start, sizeof(start), "\n| %s |", model);
    row = strstr(table, start);
    cr_assert_not_null(row, "no row of %s: make slowhttp, then make publish TABLE=slowhttp", model);
    cr_assert_eq(sscanf(row + strlen(start), "%u | %u | %lf | %lf | %lf | %lf", &clients, &attack_s,
                        &within_s, &wait_s[0], &wait_s[1], &wait_s[2]),
                 6, "%s: somebody was never answered", model);
    cr_assert(clients >= 1000 && (within_s == WITHIN_LOOP_S || within_s == WITHIN_POOL_S), "%s", model);
    for (unsigned i = 0; i < 3; i++)
        cr_assert_leq(wait_s[i], within_s, "%s was late", model);
}

Test(tables, every_model_has_stood_a_thousand_slow_clients)
{
    char *table = report_read("results/slowhttp.md");

#define MODEL(model) expect_in_time(table, #model);
#define REFERENCE(model)
#include "models.def"
#undef MODEL
#undef REFERENCE
    free(table);
}

/* ---- tests/survey ---- */

/* A log of every suite that drives servers, as tests/run leaves it, those of faults beginning with a line. */
#define LOGS(begin)                                                                                          \
    "mkdir -p $0/tests; for s in tests/test_conformance_*.c tests/test_faults*.c; do s=$(basename $s .c); "  \
    "{ case $s in test_faults*) printf '" begin "' ;; esac; "                                                \
    "echo '[PASS] faults::epoll_one: (1 s)'; echo 'survived: epoll 5'; "                                     \
    "echo '[====] Synthesis: Tested: 1'; } > $0/tests/$s.log; done; "

static void make_server_of_survey(void)
{
    make_program("tenk-serve", "echo epoll; echo null yardstick");
    cr_assert_eq(shell("touch -d '1 minute ago' $0/tenk-serve"), 0, "%s", errors);
}

Test(tables, survey_takes_the_long_suites_only)
{
    make_server_of_survey();
    cr_assert_eq(shell(LOGS("") "tests/survey $0"), 1, "%s", end.out);
    cr_assert_not_null(strstr(errors, "is of a plain run"), "%s", errors);
    cr_assert_not_null(strstr(errors, "make stress"), "%s", errors);
    cr_assert_eq(shell(LOGS("stress: 1\\n") "tests/survey $0"), 0, "%s", errors);
    cr_assert_not_null(strstr(end.out, "\nepoll\t"), "%s", end.out);
    cr_assert_eq(shell("touch $0/tenk-serve -d '1 minute'; tests/survey $0"), 1, "%s", end.out);
    cr_assert_not_null(strstr(errors, "is older than the server"), "%s", errors);
}

/* ---- bench/witnesses ---- */

Test(tables, witnesses_beside_each_other)
{
    char runs[4096] = "";
    size_t length = 0;

    for (int round = 1; round <= 6; round++)
        length += (size_t)sprintf(runs + length,
                                  "keep-alive,epoll,%d,wrk,1000,1,1,0,1000,1,abc; Linux 6\n"
                                  "keep-alive,epoll,%d,tenk-load,1500,1,1,0,1500,1,abc; Linux 6\n"
                                  "keep-alive,epoll,%d,bare_epoll,2000,1,1,0,2000,1,abc; Linux 6\n"
                                  "spin,epoll,%d,sleeping,10,1,1,0,10,1,abc; Linux "
                                  "6\nspin,epoll,%d,spinning,25,1,1,0,25,1,abc; Linux 6\n",
                                  round, round, round, round, round);
    report_write(report_path("runs.csv"), runs);
    cr_assert_eq(shell("bench/witnesses -r $0/runs.csv > $0/table.md"), 0, "%s", errors);
    expect_in("table.md", "Counted on abc, Linux 6, 6 rounds of 1 s:\n\n| load |");
    expect_in("table.md", "| keep-alive | epoll | tenk-load | 1500 per CPU s | 1.50 × wrk [1.50, 1.50] | "
                          "0.75 × bare_epoll [0.75, 0.75] |\n");
    expect_in("table.md", "| spin | epoll | spinning | 25 per s | 2.50 × sleeping [2.50, 2.50] |  |\n");
    expect_in("table.md", "\nWithout nginx, which was not there.\n");
    cr_assert_eq(shell("bench/witnesses -r $0/none.csv"), 2);
}

/* What the page quotes is what the committed runs say. */
Test(tables, witnesses_as_published)
{
    cr_assert_eq(shell("bench/witnesses -r results/witnesses.csv > $0/table.md && "
                       "cmp $0/table.md results/witnesses.md"),
                 0, "%s%s: make publish TABLE=witnesses", end.out, errors);
}

/* ---- bench/selfcheck.sh ---- */

/* A bench that has measured all three already, one of them with too few sessions that found it. */
static void make_selfcheck(const char *found)
{
    static const char format[] = "while [ \"$1\" != --resume ]; do shift; done\nname=${2##*/} share=%s\n"
                                 "[ $name != aa ] || share='0.5 %%              1.8'\n"
                                 "echo 'new over base, alternating: +0.1 %% [0, 1]'\n"
                                 "echo \"  alternating, pairs, cpu            400            $share %%\"\n"
                                 "echo \"  at the same time, pairs, cpu       400            $share %%\"\n"
                                 "echo '  unpaired, 10 then 10, cpu           42           23.8 %%'";
    char body[1024];

    snprintf(body, sizeof(body), format, found);
    make_program("tenk-bench", body);
    cr_assert_eq(shell("for name in aa plus2 plus1; do mkdir -p $0/sc/$name; : > $0/sc/$name/run.json; "
                       "done; printf '#\\n\\nA machine.  \\n\\n### duet: 64\\n' > $0/sc/aa/results.md"),
                 0, "%s", errors);
}

Test(tables, selfcheck_side_by_side)
{
    make_selfcheck("99.1");
    cr_assert_eq(shell("bench/selfcheck.sh $0 $0/sc"), 0, "%s%s", end.out, errors);
    expect_in("selfcheck.md", "A machine.\nduet: 64:\n\n| two servers");
    expect_in("selfcheck.md",
              "\n| alternating, pairs, cpu | 400 | **0.5 %** | 1.8 % | **99.1 %** | 99.1 % |\n"
              "| at the same time, pairs, cpu | 400 | **0.5 %** | 1.8 % | 99.1 % | **99.1 %** |\n"
              "| unpaired, 10 then 10, cpu | 42 | 23.8 % |  | 23.8 % | 23.8 % |\n");
    expect_in("selfcheck.md", "* plus2, new over base, alternating: +0.1 % [0, 1]\n");
}

Test(tables, selfcheck_that_missed_a_target_says_so)
{
    make_selfcheck("94.9");
    cr_assert_eq(shell("bench/selfcheck.sh $0 $0/sc"), 1, "%s", end.out);
    expect_in("selfcheck.md", "\n* plus2, alternating: 94.9 % of the sessions, must be >= 95 %: SHORT\n");
}

/* ---- bench/tuning ---- */

static void need_checkout(void)
{
    if (shell("git rev-parse --git-dir") != 0)
        cr_skip_test("this is no git checkout, or there is no git");
}

Test(tables, every_step_of_tuning_can_be_undone)
{
    need_checkout();
    cr_assert_eq(shell("for patch in bench/tuning/*.patch; do git apply --check $patch || exit 1; done"), 0,
                 "%s", errors);
    /* Each step of the list has its patch or its make variables, and each patch is of a step. */
    cr_assert_eq(
        shell(
            "sed -n 's/^\\([a-z_]*\\) *| .* | *| [a-z_]* *|.*/\\1/p' bench/tuning/measure | sort > $0/steps; "
            "basename -s .patch bench/tuning/*.patch | sort | diff - $0/steps"),
        0, "%s", end.out);
}

/* A comparison as tenk-compare prints it, in turn and at the same time. */
static void make_duet(const char *verdict)
{
    static const char format[] = "say() { printf '\"%%s\": \"%%s\",\\n' kind $1 metric $2; printf '\"%%s\": "
                                 "%%s,\\n' base $3 new $4 ratio 1.2 "
                                 "ratio_low 1.1 ratio_high 1.3; echo '\"verdict\": \"%s\",'; }\n"
                                 "say timing cpu 5 6; say duet cpu 5 6; say timing syscalls 2 3; exit 1";
    char body[1024];

    snprintf(body, sizeof(body), format, verdict);
    make_program("tenk-compare", body);
    make_program("tenk-bench", "while [ \"$1\" != -o ]; do shift; done\nmkdir -p \"$2\"");
    make_program("make", "mkdir -p \"$2/build\"");
}

#define TUNING "MAKE=$0/make bench/tuning/measure $0 epoll_ctl_per_request"

Test(tables, a_step_of_tuning)
{
    need_checkout();
    make_duet("worse");
    cr_assert_eq(shell(TUNING), 0, "%s%s", end.out, errors);
    cr_assert(strstr(end.out, "epoll: 64 connections | 1.20 [1.10, 1.30] | 1.20 [1.10, 1.30] | "
                              "3.00 → 2.00 system calls per request |\n"),
              "%s", end.out);
    cr_assert_eq(shell("cmp -s servers/epoll.c $0/tuning/epoll_ctl_per_request/servers/epoll.c"), 0);
    cr_assert_eq(shell("cmp -s servers/epoll_loop.c $0/tuning/epoll_ctl_per_request/servers/epoll_loop.c"),
                 1);
    cr_assert_eq(shell("cmp -s servers/epoll_loop.c $0/tuning/tuned/servers/epoll_loop.c"), 0);
    make_program("tenk-bench", "exit 1");
    cr_assert_eq(shell(TUNING), 0, "it was measured again: %s", errors);
    cr_assert_eq(shell(TUNING "s"), 2);
    cr_assert(strstr(errors, "there is no step epoll_ctl_per_requests; they are:"), "%s", errors);
}

Test(tables, a_step_of_tuning_beside_other_work_is_not_kept)
{
    need_checkout();
    make_duet("cannot be compared");
    for (unsigned i = 0; i < 2; i++) {
        cr_assert_eq(shell(TUNING), 1, "%s", end.out);
        cr_assert(strstr(errors, "epoll_ctl_per_request was measured beside other work"), "%s", errors);
    }
}
