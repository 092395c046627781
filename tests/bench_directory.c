/*
 * bench_directory - see bench_directory.h.
 */
#include <criterion/criterion.h>
#include <ftw.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench_directory.h"
#include "clock.h"

enum { SAMPLES_DEADLINE_MS = 60000, RUN_DEADLINE_MS = 60000, MEASURE_ATTEMPTS = 5 };

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
    struct program program;

    bench_start_program(&program, name, words);
    program_wait(&program, &bench_end, RUN_DEADLINE_MS);
    program_errors(&program, bench_errors, sizeof(bench_errors));
    program_forget(&program);
    cr_assert(bench_end.exited, "ended by signal %d: %s", bench_end.signal, bench_errors);
}

void bench_start_program(struct program *program, const char *name, const char *const *words)
{
    const char *argv[PROGRAM_ARGUMENTS_MAX];

    command_line(argv, name, words);
    cr_assert_eq(program_start(program, argv, 0), 0);
}

/* Notes why a row of samples.jsonl is not valid, in place of the slice's earlier attempts. */
static void note_reason(json_t *reasons, const json_t *row, unsigned line)
{
    const char *scenario = json_string_value(json_object_get(row, "scenario"));
    const json_t *slice = json_object_get(row, "slice");
    char key[64];

    if (json_is_integer(slice))
        snprintf(key, sizeof(key), "%s %d", scenario, (int)json_integer_value(slice));
    else
        snprintf(key, sizeof(key), "line %u", line);
    json_object_set(reasons, key, json_object_get(row, "reason"));
}

static bool is_one_of(const json_t *reason, const char *const *verdicts)
{
    while (*verdicts && strcmp(json_string_value(reason), *verdicts) != 0)
        verdicts++;
    return *verdicts != NULL;
}

/* Of all slices, each by its last attempt: a JSON object of reasons, null where there is none. */
static json_t *read_reasons(void)
{
    char path[BENCH_PATH_MAX + 16], text[16384];
    json_t *reasons = json_object();
    unsigned line = 0;
    FILE *in;

    snprintf(path, sizeof(path), "%s/samples.jsonl", bench_run);
    in = fopen(path, "r");
    for (; in && fgets(text, sizeof(text), in); line++) {
        json_t *row = json_loads(text, 0, NULL);

        if (row)
            note_reason(reasons, row, line);
        json_decref(row);
    }
    if (in)
        fclose(in);
    return reasons;
}

bool bench_disturbed(void)
{
    static const char *const away[] = {"no-reply", "starved", "listen-overflow", "unsteady", "littles-law",
                                       "noisy",    NULL};
    static const char *const rate[] = {"client-bound", "overloaded", NULL}; /* a value all the same */
    json_t *reasons = read_reasons(), *reason;
    bool disturbed = false, fault = false;
    const char *key;

    json_object_foreach(reasons, key, reason)
    {
        if (!json_is_string(reason))
            continue;
        disturbed |= is_one_of(reason, away);
        fault |= !is_one_of(reason, away) && !is_one_of(reason, rate);
    }
    json_decref(reasons);
    return disturbed && !fault;
}

void bench_measure(const char *const *words)
{
    const char *argv[PROGRAM_ARGUMENTS_MAX] = {"-o", bench_run};

    for (unsigned i = 0; words[i]; i++)
        argv[2 + i] = words[i];
    for (unsigned i = 0; i == 0 || (bench_disturbed() && i < MEASURE_ATTEMPTS); i++) {
        bench_remove_tree(bench_run);
        bench_run_program("tenk-bench", argv);
    }
    cr_assert_eq(bench_end.status, 0, "%s%s", bench_errors, bench_end.out);
}

void bench_expect_end(const char *part)
{
    bench_expect(bench_disturbed() && bench_end.status != 0 ? 1 : 0, part);
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
    cr_assert_eq(strncmp(bench_errors, "tenk", 4), 0, "%s", bench_errors);
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
