/*
 * The table of tenk-bench: plain when piped; on a terminal bold, grey, as wide as the window, with bars.
 */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../bench/report_layout.c"
#include "../bench/terminal.c"

enum { LINES = 4, TEXT_SIZE = 8192 };

static struct report_line lines[LINES];
static bool shown[REPORT_FIELDS];
static char *text;

static void set(unsigned line, const char *model, double cpu, double rate, const char *verdict, bool ranked)
{
    for (unsigned f = 0; f < REPORT_FIELDS; f++) {
        strcpy(lines[line].fields[f], "1");
        lines[line].values[f] = NAN;
    }
    strcpy(lines[line].fields[MODEL], model);
    strcpy(lines[line].fields[VERDICT], verdict);
    snprintf(lines[line].fields[CPU], REPORT_FIELD_MAX, "%.2f", cpu);
    snprintf(lines[line].fields[RATE], REPORT_FIELD_MAX, "%.0f", rate);
    lines[line].ranked = ranked;
    lines[line].values[CPU] = ranked ? cpu : (double)NAN;
    lines[line].values[RATE] = ranked ? rate : (double)NAN;
}

static void enter(void)
{
    set(0, "model", 0, 0, "verdict", true);
    set(1, "epoll", 5, 200, "VALID", true);
    set(2, "thread", 10, 100, "VALID", true);
    set(3, "fork", 1, 900, "INVALID(noisy)", false);
    report_find_shown(lines, LINES, shown);
}

static void leave(void)
{
    free(text);
}

TestSuite(bench_layout, .init = enter, .fini = leave);

static const char *lay_out(struct terminal terminal)
{
    size_t size;
    FILE *out = open_memstream(&text, &size);

    cr_assert_not_null(out);
    report_layout_text(out, lines, LINES, shown, &terminal);
    report_layout_bars(out, lines, LINES, &terminal);
    cr_assert_eq(fclose(out), 0);
    return text;
}

static size_t longest_line(const char *from)
{
    size_t longest = 0;

    for (; *from; from += strcspn(from, "\n") + (from[strcspn(from, "\n")] == '\n'))
        if (strcspn(from, "\n") > longest)
            longest = strcspn(from, "\n");
    return longest;
}

Test(bench_layout, piped_is_plain)
{
    lay_out((struct terminal){0});
    cr_assert_null(strchr(text, '\033'));
    cr_assert_null(strstr(text, "us per request"), "bars in a pipe:\n%s", text);
    cr_assert_not_null(strstr(text, "INVALID(noisy)"));
}

Test(bench_layout, best_is_bold_and_invalid_is_grey)
{
    lay_out((struct terminal){.width = 200, .colour = true});
    cr_assert_not_null(strstr(text, TERMINAL_BOLD "5.00" TERMINAL_PLAIN), "%s", text);
    cr_assert_not_null(strstr(text, TERMINAL_BOLD "200" TERMINAL_PLAIN), "the highest rate is best:\n%s",
                       text);
    cr_assert_null(strstr(text, TERMINAL_BOLD "1.00"), "an invalid cell is no best:\n%s", text);
    cr_assert_not_null(strstr(text, TERMINAL_GREY "INVALID(noisy)" TERMINAL_PLAIN), "%s", text);
}

/* Styles take no room: without their codes the styled table is the plain one. */
Test(bench_layout, styles_keep_the_columns)
{
    char plain[TEXT_SIZE], *into = plain;

    lay_out((struct terminal){.colour = true});
    for (const char *from = text; *from; from++) {
        if (*from == '\033')
            from = strchr(from, 'm');
        else
            *into++ = *from;
    }
    *into = '\0';
    free(text);
    cr_assert_str_eq(lay_out((struct terminal){0}), plain);
}

Test(bench_layout, fits_the_window)
{
    for (unsigned width = 40; width <= 120; width += 20) {
        report_find_shown(lines, LINES, shown);
        lay_out((struct terminal){.width = width});
        cr_assert_leq(longest_line(text), width > 72 ? width : 72u,
                      /* the note itself */ "in %u columns:\n%s", width, text);
        cr_assert_not_null(strstr(text, "INVALID(noisy)"), "the verdict is never left out:\n%s", text);
        free(text);
    }
    report_find_shown(lines, LINES, shown);
    for (unsigned f = 0; f < REPORT_FIELDS; f++)
        snprintf(lines[0].fields[f], REPORT_FIELD_MAX, "head%u", f);
    lay_out((struct terminal){.width = 40});
    cr_assert_not_null(strstr(text, "columns left out"), "%s", text);
    cr_assert_not_null(strstr(text, "head8;"), "it does not say which:\n%s", text);
}

Test(bench_layout, a_paragraph_fits_the_window)
{
    static const char sentence[] =
        "At 64 connections epoll was the cheapest, and averyverylongwordcannotbreak.";
    size_t size;
    FILE *out = open_memstream(&text, &size);

    report_layout_paragraph(out, sentence, &(struct terminal){.width = 20, .colour = true}, true);
    fclose(out);
    cr_assert_str_eq(text,
                     TERMINAL_BOLD "At 64 connections" TERMINAL_PLAIN "\n" TERMINAL_BOLD
                                   "epoll was the" TERMINAL_PLAIN "\n" TERMINAL_BOLD
                                   "cheapest, and" TERMINAL_PLAIN "\n" TERMINAL_BOLD
                                   "averyverylongwordcannotbreak." TERMINAL_PLAIN "\n",
                     "%s", text);
    free(text);
    out = open_memstream(&text, &size);
    report_layout_paragraph(out, sentence, &(struct terminal){0}, true);
    fclose(out);
    cr_assert_eq(strlen(text), strlen(sentence) + 1, "a pipe has no width:\n%s", text);
    free(text);
    out = open_memstream(&text, &size);
    report_layout_paragraph(out, "  a/b: CPU x 1.12, rate x 0.90", &(struct terminal){.width = 20}, false);
    fclose(out);
    cr_assert_str_eq(text, "  a/b: CPU x 1.12,\n    rate x 0.90\n", "a note is indented:\n%s", text);
}

static unsigned count_in_line(const char *model, const char *what)
{
    const char *bars = strstr(text, "us per request\n"), *line, *end;
    unsigned count = 0;

    cr_assert_not_null(bars, "no bars:\n%s", text);
    line = strstr(bars, model);
    cr_assert_not_null(line);
    end = strchr(line, '\n');
    for (const char *at = line; (at = strstr(at, what)) && at < end; at += strlen(what))
        count++;
    return count;
}

Test(bench_layout, bars_are_in_proportion)
{
    lay_out((struct terminal){.width = 100});
    cr_assert_eq(count_in_line("thread", "#"), 2 * count_in_line("epoll", "#"), "%s", text);
    free(text);
    lay_out((struct terminal){.width = 100, .utf8 = true});
    cr_assert_eq(count_in_line("thread", "█"), 2 * count_in_line("epoll", "█"), "%s", text);
    cr_assert_null(strstr(strstr(text, "us per request"), "fork"), "an invalid cell has a bar:\n%s", text);
}

Test(bench_layout, a_pipe_is_no_terminal)
{
    int ends[2];
    struct terminal terminal;
    FILE *out;

    cr_assert_eq(pipe(ends), 0);
    out = fdopen(ends[1], "w");
    setenv("COLUMNS", "100", 1);
    terminal = terminal_of(out);
    cr_assert(terminal.width == 0 && !terminal.colour);
    fclose(out);
    close(ends[0]);
}

Test(bench_layout, no_color_and_width_of_a_terminal)
{
    int master = posix_openpt(O_RDWR | O_NOCTTY);
    struct winsize size = {.ws_col = 77};
    FILE *out;

    cr_assert(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
    out = fopen(ptsname(master), "w");
    cr_assert_not_null(out);
    cr_assert_eq(ioctl(fileno(out), TIOCSWINSZ, &size), 0);
    unsetenv("NO_COLOR");
    setenv("TERM", "xterm", 1);
    setenv("LC_ALL", "C.UTF-8", 1);
    cr_assert(terminal_of(out).colour && terminal_of(out).utf8);
    cr_assert_eq(terminal_of(out).width, 77u);
    setenv("NO_COLOR", "1", 1);
    cr_assert_not(terminal_of(out).colour);
    unsetenv("NO_COLOR");
    setenv("TERM", "dumb", 1);
    cr_assert_not(terminal_of(out).colour);
    fclose(out);
    close(master);
}
