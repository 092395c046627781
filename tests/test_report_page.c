/*
 * report.html in a browser: no error, nothing fetched, charts drawn, models switched, tables sorted and
 * filtered.
 *
 * The page is a copy into which tests/report_selfcheck.js is put; headless Chromium prints what is left of
 * the document then. Skipped where Chromium is not installed.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "program.h"
#include "report_runs.h"

enum { TIMEOUT_S = 180, BROWSER_DEADLINE_MS = 120000 };

TestSuite(report_page, .init = report_enter, .fini = report_leave, .timeout = TIMEOUT_S);

static const char recorder[] =
    "<script>window.selfcheckErrors = [];\n"
    "addEventListener('error', (event) => selfcheckErrors.push(`error: ${event.message}`));\n"
    "addEventListener('securitypolicyviolation', (event) => selfcheckErrors.push(`fetches "
    "${event.blockedURI}`));\n"
    "console.error = (text) => selfcheckErrors.push(`console: ${text}`);</script>\n";

/* Writes `page` with the recorder at the end of its head and the check at its end. */
static void write_checked_page(const char *path, const char *page)
{
    const char *head = strstr(page, "</head>"), *end = strstr(page, "</body>");
    char *check = report_read("tests/report_selfcheck.js");
    FILE *out = fopen(path, "w");

    cr_assert(out && head && end);
    fwrite(page, 1, (size_t)(head - page), out);
    fputs(recorder, out);
    fwrite(head, 1, (size_t)(end - head), out);
    fprintf(out, "<script>\n%s</script>\n%s", check, end);
    cr_assert_eq(fclose(out), 0);
    free(check);
}

static void browse(const char *width)
{
    char *page = report_read(report_path("out/report.html"));
    char address[256], profile[256];
    struct program browser;
    struct program_end end;
    const char *const argv[] = {"chromium",
                                "--headless",
                                "--no-sandbox",
                                "--disable-gpu",
                                "--disable-quic",
                                "--no-first-run",
                                "--disable-background-networking",
                                "--disable-component-update",
                                "--disable-sync",
                                "--disable-dev-shm-usage",
                                width,
                                profile,
                                "--dump-dom",
                                address,
                                NULL};

    write_checked_page(report_path("out/checked.html"), page);
    free(page);
    snprintf(address, sizeof(address), "file://%s", report_path("out/checked.html"));
    snprintf(profile, sizeof(profile), "--user-data-dir=%s", report_path("profile"));
    cr_assert_eq(program_start(&browser, argv, 0), 0);
    program_wait(&browser, &end, BROWSER_DEADLINE_MS);
    program_forget(&browser);
    cr_assert_not_null(strstr(end.out, "selfcheck: ok, "), "%.2000s", end.out);
}

Test(report_page, runs_side_by_side)
{
    const char *const words[] = {report_fixture("alike"),
                                 report_fixture("invalid"),
                                 report_fixture("hostile"),
                                 "--no-plots",
                                 "-o",
                                 report_path("out"),
                                 NULL};

    if (!program_installed("chromium"))
        cr_skip_test("chromium is not installed");
    cr_assert_eq(report_run(words), 0, "%s", report_errors());
    browse("--window-size=1280,2000");
}

Test(report_page, ten_thousand_cells_in_a_narrow_window)
{
    const char *const words[] = {report_path("large"), "--no-plots", "-o", report_path("out"), NULL};

    if (!program_installed("chromium"))
        cr_skip_test("chromium is not installed");
    report_make_large("large", 100, 100);
    cr_assert_eq(report_run(words), 0, "%s", report_errors());
    browse("--window-size=500,2000");
}
