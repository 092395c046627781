/*
 * bench_directory - see bench_directory.h.
 */
#include <criterion/criterion.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench_directory.h"
#include "clock.h"

enum { SAMPLES_DEADLINE_MS = 60000 };

char bench_directory[BENCH_PATH_MAX], bench_run[BENCH_PATH_MAX], bench_scenario[BENCH_PATH_MAX];
struct program_end bench_end;
char bench_errors[PROGRAM_TEXT_MAX];

void bench_directory_enter(void)
{
    strcpy(bench_directory, "/tmp/tenk-test-bench-XXXXXX");
    cr_assert_not_null(mkdtemp(bench_directory));
    snprintf(bench_run, sizeof(bench_run), "%.60s/run", bench_directory);
    snprintf(bench_scenario, sizeof(bench_scenario), "%.60s/scenario.ini", bench_directory);
}

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
    (void)status, (void)kind, (void)walk;
    return remove(path);
}

void bench_remove_tree(const char *path)
{
    nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

void bench_directory_leave(void)
{
    bench_remove_tree(bench_directory);
}

static void command_line(const char *argv[PROGRAM_ARGUMENTS_MAX], const char *name, const char *const *words)
{
    unsigned count = 0;

    argv[count++] = program_path(name);
    while (*words && count + 1 < PROGRAM_ARGUMENTS_MAX)
        argv[count++] = *words++;
    argv[count] = NULL;
}

void bench_run_program(const char *name, const char *const *words)
{
    const char *argv[PROGRAM_ARGUMENTS_MAX];

    command_line(argv, name, words);
    program_run(argv, &bench_end, bench_errors);
    cr_assert(bench_end.exited, "ended by signal %d: %s", bench_end.signal, bench_errors);
}

void bench_start_program(struct program *program, const char *name, const char *const *words)
{
    const char *argv[PROGRAM_ARGUMENTS_MAX];

    command_line(argv, name, words);
    cr_assert_eq(program_start(program, argv, 0), 0);
}

void bench_expect(int status, const char *part)
{
    cr_assert_eq(bench_end.status, status, "status %d, expected %d: %s%s", bench_end.status, status,
                 bench_errors, bench_end.out);
    cr_assert(strstr(bench_end.out, part) || strstr(bench_errors, part), "\"%s\" is not in: %s%s", part,
              bench_errors, bench_end.out);
}

void bench_expect_sentence(int status, const char *part)
{
    bench_expect(status, part);
    cr_assert_eq(strncmp(bench_errors, "tenk-", 5), 0, "%s", bench_errors);
    cr_assert_eq(strchr(bench_errors, '\n'), bench_errors + strlen(bench_errors) - 1, "more than a line: %s",
                 bench_errors);
    cr_assert_str_eq(bench_end.out, "");
}

void bench_write_scenario(const char *text)
{
    FILE *out = fopen(bench_scenario, "w");

    cr_assert_not_null(out);
    fputs(text, out);
    cr_assert_eq(fclose(out), 0);
}

unsigned bench_sample_lines(void)
{
    char path[BENCH_PATH_MAX + 16];
    unsigned lines = 0;
    FILE *in;
    int c;

    snprintf(path, sizeof(path), "%s/samples.jsonl", bench_run);
    in = fopen(path, "r");
    while (in && (c = getc(in)) != EOF)
        lines += c == '\n';
    if (in)
        fclose(in);
    return lines;
}

void bench_wait_for_samples(unsigned lines)
{
    int64_t deadline_ns = clock_now_ns() + SAMPLES_DEADLINE_MS * NS_PER_MS;

    while (bench_sample_lines() < lines && clock_now_ns() < deadline_ns)
        clock_sleep_ns(10 * NS_PER_MS);
    cr_assert_geq(bench_sample_lines(), lines, "no sample came");
}
