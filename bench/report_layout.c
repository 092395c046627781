/*
 * report_layout - see report_layout.h.
 */
#include "report_layout.h"

#include <math.h>
#include <stdarg.h>
#include <string.h>

enum { BARS_WIDTH_MIN = 60, BARS_MAX = 40, NAME_MAX_SHOWN = 20 };

void report_put_rate(char field[REPORT_FIELD_MAX], double rate, bool ranked)
{
    char digits[32];
    size_t length, used = 0;

    if (isnan(rate)) {
        strcpy(field, "-");
        return;
    }
    length = (size_t)snprintf(digits, sizeof(digits), "%.0f", rate);
    if (!ranked)
        field[used++] = '(';
    for (size_t i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0)
            field[used++] = ' ';
        field[used++] = digits[i];
    }
    if (!ranked)
        field[used++] = ')';
    field[used] = '\0';
}

void report_find_shown(const struct report_line *lines, unsigned count, bool shown[REPORT_FIELDS])
{
    for (unsigned f = 0; f < REPORT_FIELDS; f++) {
        shown[f] = f == MODEL || f == VERDICT;
        for (unsigned i = 1; i < count; i++)
            shown[f] |= strcmp(lines[i].fields[f], "-") != 0;
    }
}

static bool is_left(unsigned f)
{
    return f == MODEL || f == RATIO || f == VERDICT || f == WHY;
}

/* ---- paragraphs ---- */

/* How much of the text fits a line: whole words, or one that is longer. */
static size_t line_length(const char *text, size_t width)
{
    size_t length = 0;

    while (text[length]) {
        size_t word = strspn(text + length, " ");

        word += strcspn(text + length + word, " ");
        if (length > 0 && length + word > width)
            break;
        length += word;
    }
    return length;
}

void report_layout_paragraph(FILE *out, const char *text, const struct terminal *terminal, bool bold)
{
    const char *style = bold && terminal->colour ? TERMINAL_BOLD : "";
    size_t note = strspn(text, " "), indent = 0;

    while (*text) {
        size_t room = terminal->width > indent ? terminal->width - indent : 0;
        size_t length = terminal->width > 0 ? line_length(text, room) : strlen(text);

        fprintf(out, "%*s%s%.*s%s\n", (int)indent, "", style, (int)length, text,
                style[0] ? TERMINAL_PLAIN : "");
        text += length + strspn(text + length, " ");
        indent = note > 0 ? note + 2 : 0;
    }
}

void report_say(FILE *out, enum report_style style, const char *format, ...)
{
    char text[REPORT_SAID_MAX];
    struct terminal terminal = {0};
    va_list values;

    if (style != REPORT_MARKDOWN)
        terminal = terminal_of(out);
    va_start(values, format);
    vsnprintf(text, sizeof(text), format, values);
    va_end(values);
    report_layout_paragraph(out, text, &terminal, false);
}

/* ---- aligned text ---- */

static void measure(const struct report_line *lines, unsigned count, size_t widths[REPORT_FIELDS])
{
    for (unsigned i = 0; i < count; i++)
        for (unsigned f = 0; f < REPORT_FIELDS; f++)
            if (strlen(lines[i].fields[f]) > widths[f])
                widths[f] = strlen(lines[i].fields[f]);
}

static size_t width_of(const size_t widths[REPORT_FIELDS], const bool shown[REPORT_FIELDS])
{
    size_t width = 0;

    for (unsigned f = 0; f < REPORT_FIELDS; f++)
        if (shown[f])
            width += widths[f] + (f == MODEL ? 0 : 2);
    return width;
}

/* Leaves columns out, the ones least missed first, until the table fits. */
static void fit(const size_t widths[REPORT_FIELDS], bool shown[REPORT_FIELDS], unsigned width)
{
    static const enum report_field least[] = {WRK, SYSCALLS, SERVED, P50, P99, RATE};

    for (size_t i = 0; width > 0 && i < sizeof(least) / sizeof(least[0]) && width_of(widths, shown) > width;
         i++)
        shown[least[i]] = false;
}

/* Which columns the window has no room for, by the head of the table. */
static void write_left_out(FILE *out, const struct report_line *head, const bool before[REPORT_FIELDS],
                           const bool after[REPORT_FIELDS], const struct terminal *terminal)
{
    char text[REPORT_FIELDS * REPORT_FIELD_MAX + 100];
    size_t used = 0;

    for (unsigned f = 0; f < REPORT_FIELDS; f++)
        if (before[f] && !after[f])
            used += (size_t)snprintf(
                text + used, sizeof(text) - used, "%s%s",
                used > 0 ? ", " : "(columns left out, the window is too narrow: ", head->fields[f]);
    if (used == 0)
        return;
    snprintf(text + used, sizeof(text) - used, "; results.md has them)");
    report_layout_paragraph(out, text, terminal, false);
}

/* The best figure of a column among the ranked: the highest rate, the lowest of everything else. */
static bool is_best(const struct report_line *lines, unsigned count, unsigned line, unsigned f)
{
    double value = lines[line].values[f];

    if (line == 0 || isnan(value))
        return false;
    for (unsigned i = 1; i < count; i++)
        if (f == RATE ? lines[i].values[f] > value : lines[i].values[f] < value)
            return false;
    return true;
}

static void write_field(FILE *out, const char *text, int width, const char *style)
{
    int padding = (width < 0 ? -width : width) - (int)strlen(text);

    fprintf(out, "%*s%s%s%s%*s", width > 0 ? padding : 0, "", style, text, style[0] ? TERMINAL_PLAIN : "",
            width < 0 ? padding : 0, "");
}

const struct report_signs *report_signs(enum report_style style)
{
    static const struct report_signs ascii = {"us", "x", "", "  ", ""},
                                     markdown = {"µs", "×", "### ", "* ", "\n"};

    return style == REPORT_MARKDOWN ? &markdown : &ascii;
}

void report_layout_text(FILE *out, const struct report_line *lines, unsigned count, bool shown[REPORT_FIELDS],
                        const struct terminal *terminal)
{
    size_t widths[REPORT_FIELDS] = {0};
    bool before[REPORT_FIELDS];

    memcpy(before, shown, sizeof(before));
    measure(lines, count, widths);
    fit(widths, shown, terminal->width);
    for (unsigned i = 0; i < count; i++) {
        for (unsigned f = 0; f < REPORT_FIELDS; f++) {
            const char *style = !terminal->colour             ? ""
                                : is_best(lines, count, i, f) ? TERMINAL_BOLD
                                : i > 0 && !lines[i].ranked   ? TERMINAL_GREY
                                                              : "";

            if (!shown[f])
                continue;
            fputs(f == MODEL ? "" : "  ", out);
            if (f == VERDICT)
                write_field(out, lines[i].fields[f], 0, style);
            else
                write_field(out, lines[i].fields[f], is_left(f) ? -(int)widths[f] : (int)widths[f], style);
        }
        putc('\n', out);
    }
    write_left_out(out, lines, before, shown, terminal);
}

/* ---- bars ---- */

/* Eighths of a block where the terminal knows them, else '#'. */
static void write_bar(FILE *out, double length, bool utf8)
{
    static const char *const eighths[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
    unsigned whole = (unsigned)length;

    if (!utf8) {
        for (unsigned i = 0; i < (unsigned)lround(length); i++)
            putc('#', out);
        return;
    }
    for (unsigned i = 0; i < whole; i++)
        fputs("█", out);
    fputs(eighths[(unsigned)((length - whole) * 8)], out);
}

void report_layout_bars(FILE *out, const struct report_line *lines, unsigned count,
                        const struct terminal *terminal)
{
    double most = 0;
    int name = 0, room;

    for (unsigned i = 1; i < count; i++)
        if (!isnan(lines[i].values[CPU])) {
            int length = (int)strlen(lines[i].fields[MODEL]);

            most = fmax(most, lines[i].values[CPU]);
            name = length > name ? length : name;
        }
    if (terminal->width < BARS_WIDTH_MIN || !(most > 0))
        return;
    name = name > NAME_MAX_SHOWN ? NAME_MAX_SHOWN : name;
    room = (int)terminal->width - name - 12;
    room = room > BARS_MAX ? BARS_MAX : room;
    fputs("\nserver CPU, us per request\n", out);
    for (unsigned i = 1; i < count; i++) {
        if (isnan(lines[i].values[CPU]))
            continue;
        fprintf(out, "  %-*.*s ", name, name, lines[i].fields[MODEL]);
        write_bar(out, lines[i].values[CPU] / most * room, terminal->utf8);
        fprintf(out, " %s\n", lines[i].fields[CPU]);
    }
}

/* ---- Markdown ---- */

void report_layout_markdown(FILE *out, const struct report_line *lines, unsigned count,
                            const bool shown[REPORT_FIELDS])
{
    for (unsigned i = 0; i < count; i++) {
        for (unsigned f = 0; f < REPORT_FIELDS; f++)
            if (shown[f])
                fprintf(out, "| %s ", lines[i].fields[f]);
        fputs("|\n", out);
        for (unsigned f = 0; i == 0 && f < REPORT_FIELDS; f++)
            if (shown[f])
                fputs(is_left(f) ? "|---" : "|---:", out);
        if (i == 0)
            fputs("|\n", out);
    }
}

void report_layout(FILE *out, const struct report_line *lines, unsigned count, bool shown[REPORT_FIELDS],
                   enum report_style style)
{
    struct terminal terminal;

    if (style == REPORT_MARKDOWN) {
        report_layout_markdown(out, lines, count, shown);
        return;
    }
    terminal = terminal_of(out);
    report_layout_text(out, lines, count, shown, &terminal);
}
