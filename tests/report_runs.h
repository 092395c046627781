/*
 * report_runs - runs for the tests of tenk-report, and what became of them.
 */
#ifndef REPORT_RUNS_H
#define REPORT_RUNS_H

#include <stddef.h>

/* Makes an empty directory for a test, and removes it with everything in it. */
void report_enter(void);
void report_leave(void);

/* Runs `tenk-report WORDS...`, ending with NULL; its status. What it printed is kept until the next run. */
int report_run(const char *const words[]);
const char *report_printed(void);
const char *report_errors(void);

/* The path of a name in the test's directory; of a committed run. Static storage, eight at a time. */
const char *report_path(const char *name);
const char *report_fixture(const char *name);

/* Renders one committed run into the test's directory; fails the test when that fails. */
void report_render(const char *fixture);

/* The page it wrote last with `-o report_path("out")`; the caller frees it. */
char *report_page(void);
/* Fails the test when the text is not, or is, in the page. */
void report_expect_in(const char *page, const char *text);
void report_expect_not_in(const char *page, const char *text);

/* A whole file; the caller frees it. Fails the test when it cannot be read. */
char *report_read(const char *path);
void report_write(const char *path, const char *text);

/* A run of `models` × `counts` cells in the directory `name` of the test. */
void report_make_large(const char *name, unsigned models, unsigned counts);

#endif
