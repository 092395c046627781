/*
 * report_runs - see report_runs.h.
 */
#include "report_runs.h"

#include <criterion/criterion.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "program.h"

enum { WORDS_MAX = 12, PATHS = 8, PATH_SIZE = 512 };

static char directory[32];
static struct program_end end;
static char errors[PROGRAM_TEXT_MAX];

void report_enter(void)
{
    strcpy(directory, "/tmp/tenk-test-report-XXXXXX");
    cr_assert_not_null(mkdtemp(directory));
}

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
    (void)status, (void)kind, (void)walk;
    return remove(path);
}

void report_leave(void)
{
    nftw(directory, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

int report_run(const char *const words[])
{
    const char *argv[WORDS_MAX] = {program_path("tenk-report")};

    for (unsigned i = 0; words[i] && i + 2 < WORDS_MAX; i++)
        argv[i + 1] = words[i];
    program_run(argv, &end, errors);
    cr_assert(end.exited, "tenk-report was ended by signal %d: %s", end.signal, errors);
    return end.status;
}

const char *report_printed(void)
{
    return end.out;
}

const char *report_errors(void)
{
    return errors;
}

static char *next_path(void)
{
    static char paths[PATHS][PATH_SIZE];
    static unsigned next;

    return paths[next++ % PATHS];
}

const char *report_path(const char *name)
{
    char *path = next_path();

    snprintf(path, PATH_SIZE, "%s/%s", directory, name);
    return path;
}

const char *report_fixture(const char *name)
{
    char *path = next_path();

    snprintf(path, PATH_SIZE, "tests/fixtures/runs/%s", name);
    return path;
}

void report_render(const char *fixture)
{
    const char *const words[] = {report_fixture(fixture), "--no-plots", "-o", report_path("out"), NULL};

    cr_assert_eq(report_run(words), 0, "%s", errors);
    cr_assert_str_empty(errors);
}

char *report_read(const char *path)
{
    struct stat status;
    FILE *in = fopen(path, "r");
    char *text;

    cr_assert(in && fstat(fileno(in), &status) == 0, "cannot read %s", path);
    text = malloc((size_t)status.st_size + 1);
    cr_assert_not_null(text);
    cr_assert_eq(fread(text, 1, (size_t)status.st_size, in), (size_t)status.st_size);
    text[status.st_size] = '\0';
    fclose(in);
    return text;
}

void report_write(const char *path, const char *text)
{
    FILE *out = fopen(path, "w");

    cr_assert(out && fputs(text, out) >= 0 && fclose(out) == 0, "cannot write %s", path);
}

static void write_large_group(FILE *out, unsigned models, unsigned count)
{
    fprintf(out,
            "{\"scenario\":\"large\",\"client\":\"tenk-load\",\"connections\":%u,\"control\":\"model0\","
            "\"smallest_difference\":0.02,\"cells\":[",
            count);
    for (unsigned m = 0; m < models; m++)
        fprintf(
            out,
            "%s{\"model\":\"model%u\",\"server_cpu_us_per_request\":%u.5,\"cpu_ratio\":%u.25,"
            "\"cpu_ratio_low\":%u.125,\"cpu_ratio_high\":%u.5,\"requests_per_s\":%u.75,\"verdict\":\"%s\"}",
            m > 0 ? "," : "", m, m + count, m + 1, m + 1, m + 1, 1000 * (m + 1) + count,
            m % 10 == 9 ? "INVALID" : "VALID");
    fputs("]}", out);
}

void report_make_large(const char *name, unsigned models, unsigned counts)
{
    char path[PATH_SIZE];
    FILE *out;

    cr_assert_eq(mkdir(report_path(name), 0777), 0);
    snprintf(path, sizeof(path), "%s/%s/results.json", directory, name);
    out = fopen(path, "w");
    cr_assert_not_null(out);
    fputs("{\"groups\":[", out);
    for (unsigned c = 0; c < counts; c++) {
        fputs(c > 0 ? "," : "", out);
        write_large_group(out, models, c + 1);
    }
    fputs("]}", out);
    cr_assert_eq(fclose(out), 0);
}

/* ---- what it wrote ---- */

char *report_page(void)
{
    return report_read(report_path("out/report.html"));
}

void report_expect_in(const char *page, const char *text)
{
    cr_assert_not_null(strstr(page, text), "not in the page: %s", text);
}

void report_expect_not_in(const char *page, const char *text)
{
    const char *at = strstr(page, text);

    cr_assert_null(at, "in the page: %.80s", at);
}
