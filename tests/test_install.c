/*
 * What is installed: every program has a manual page that knows its options, the completion knows them too,
 * and the installed programs find what came with them.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "program.h"
#include "report_runs.h"

enum { TIMEOUT_S = 120, OPTION_SIZE = 64 };

TestSuite(install, .init = report_enter, .fini = report_leave, .timeout = TIMEOUT_S);

static struct program_end end;
static char errors[PROGRAM_TEXT_MAX];

#define RUN(...) program_run((const char *const[]){__VA_ARGS__, NULL}, &end, errors)

/* The programs, as the front door lists them: "tenk-" and the first word of each indented line of `tenk
 * help`. */
static unsigned read_programs(char names[16][OPTION_SIZE])
{
    unsigned count = 0;
    char *save = NULL;

    RUN(program_path("tenk"), "help");
    cr_assert_eq(end.status, 0);
    for (char *line = strtok_r(end.out, "\n", &save); line && count < 16; line = strtok_r(NULL, "\n", &save))
        if (strncmp(line, "  ", 2) == 0 && line[2] != ' ')
            snprintf(names[count++], OPTION_SIZE, "tenk-%.*s", (int)strcspn(line + 2, " "), line + 2);
    cr_assert_gt(count, 5u);
    return count;
}

/* Next "--option" of a help text, at the place where options stand; NULL when there is none. */
static const char *next_option(const char *help, char option[OPTION_SIZE])
{
    for (const char *line = help; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, "      --", 8) == 0 ||
            (strncmp(line, "  -", 3) == 0 && strncmp(line + 4, ", --", 4) == 0)) {
            snprintf(option, OPTION_SIZE, "%.*s", (int)strcspn(line + 6, " \n"), line + 6);
            return line + 6;
        }
    }
    return NULL;
}

/* A manual page writes a dash as "\-". */
static char *read_manual(const char *program)
{
    char path[128], *page, *into;

    snprintf(path, sizeof(path), "docs/%.60s.1", program);
    cr_assert_eq(access(path, R_OK), 0, "%s has no manual page %s", program, path);
    page = into = report_read(path);
    for (const char *from = page; *from; from++)
        if (*from != '\\' || from[1] != '-')
            *into++ = *from;
    *into = '\0';
    return page;
}

Test(install, manual_pages_know_every_option)
{
    char names[16][OPTION_SIZE], option[OPTION_SIZE];
    unsigned count = read_programs(names);

    for (unsigned i = 0; i < count; i++) {
        char *manual = read_manual(names[i]);
        const char *at;

        RUN(program_path(names[i]), "--help");
        cr_assert_eq(end.status, 0, "%s --help", names[i]);
        at = end.out;
        while ((at = next_option(at, option)))
            cr_assert(strcmp(option, "--help") == 0 || strstr(manual, option),
                      "docs/%s.1 does not say what %s does", names[i], option);
        free(manual);
    }
}

/* Makes the completion of the programs under test; returns its path. */
static const char *make_completion(void)
{
    const char *script = report_path("tenk.bash"), *bin = program_path("tenk");
    char command[1024];

    snprintf(command, sizeof(command), "bench/completion '%.*s' > '%s'", (int)(strrchr(bin, '/') - bin), bin,
             script);
    RUN("sh", "-c", command);
    cr_assert_eq(end.status, 0, "%s", errors);
    return script;
}

Test(install, completion_knows_every_option)
{
    char names[16][OPTION_SIZE], option[OPTION_SIZE], line[2048];
    unsigned count = read_programs(names);
    char *completion = report_read(make_completion());

    for (unsigned i = 0; i < count; i++) {
        const char *at, *words;

        snprintf(line, sizeof(line), "\n    %.60s) echo '", names[i]);
        words = strstr(completion, line);
        cr_assert_not_null(words, "the completion does not know %s", names[i]);
        words += strlen(line);
        snprintf(line, sizeof(line), " %.*s ", (int)strcspn(words, "'"), words);
        RUN(program_path(names[i]), "--help");
        at = end.out;
        while ((at = next_option(at, option)))
            cr_assert_not_null(strstr(line, option), "%s: %s is not completed", names[i], option);
    }
    free(completion);
}

static void expect_completed(const char *script, const char *words, const char *expected)
{
    char text[2048];

    snprintf(text, sizeof(text),
             "source '%s'; tenk-serve() { echo 'epoll one loop'; echo 'fork a child'; }; COMP_WORDS=(%s); "
             "COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _tenk; echo \"${COMPREPLY[*]}\"",
             script, words);
    RUN("bash", "-c", text);
    cr_assert_str_eq(end.out, expected, "%s: %s%s", words, end.out, errors);
}

Test(install, completion_completes)
{
    const char *script = make_completion();

    expect_completed(script, "tenk repo", "report\n");
    expect_completed(script, "tenk help compa", "compare\n");
    expect_completed(script, "tenk serve ''", "epoll fork\n");
    expect_completed(script, "tenk-bench --model fo", "fork\n");
    expect_completed(script, "tenk report --no", "--no-plots\n");
    expect_completed(script, "tenk-bench --rounds ''", "\n");
}

Test(install, help_into_a_pipe_is_the_help)
{
    static struct program_end direct;

    program_run((const char *const[]){program_path("tenk-report"), "--help", NULL}, &direct, errors);
    RUN(program_path("tenk"), "help", "report");
    cr_assert_eq(end.status, 0);
    cr_assert_str_eq(end.out, direct.out);
}

/* Installed elsewhere, programs find each other, the scenarios and the templates. */
Test(install, installed_programs_find_their_files)
{
    const char *bin = program_path("tenk");
    char destination[256], build[512], path[512];

    snprintf(destination, sizeof(destination), "DESTDIR=%s", report_path("root"));
    snprintf(build, sizeof(build), "BUILD=%.*s", (int)(strrchr(bin, '/') - bin), bin);
    RUN("env", "-u", "MAKEFLAGS", "-u", "MAKELEVEL", "make", "-s", "install", build, destination,
        "PREFIX=/usr");
    cr_assert_eq(end.status, 0, "%s", errors);
    snprintf(path, sizeof(path), "%s/usr/bin/tenk", report_path("root"));
    RUN(path, "report", report_fixture("alike"), "--no-plots", "-o", report_path("out"));
    cr_assert_eq(end.status, 0, "%s", errors);
    RUN(path, "bench", "quick", "--plan", "-m", "epoll");
    cr_assert_eq(end.status, 0, "%s", errors);
    snprintf(path, sizeof(path), "%s/usr/share/bash-completion/completions/tenk-report", report_path("root"));
    cr_assert_eq(access(path, R_OK), 0, "%s is missing", path);
    snprintf(path, sizeof(path), "%s/usr/share/man/man1/tenk-report.1", report_path("root"));
    cr_assert_eq(access(path, R_OK), 0, "%s is missing", path);
}
