/*
 * load_draw - bars over latency. The scale is logarithmic, because latencies are: a linear one would put
 * everything but the tail into its first row.
 */
#include "load_draw.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "units.h"

enum { LABEL_WIDTH = 26 }; /* everything in a row but its bar */

/* Upper ends of the rows within a decade, from fine to coarse; 0 ends a list. */
static const double steps[][11] = {
    {1.25, 1.6, 2, 2.5, 3.2, 4, 5, 6.3, 8, 10},
    {1.6, 2.5, 4, 6.3, 10},
    {2, 5, 10},
    {10},
};

enum { STEPS = sizeof(steps) / sizeof(steps[0]) };

struct row {
    int64_t below_ns;
    uint64_t count;
};

/* ---- the terminal ---- */

static bool is_set(const char *name)
{
    const char *value = getenv(name);

    return value != NULL && *value != '\0';
}

static bool is_utf8(void)
{
    const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};

    for (int i = 0; i < 3; i++)
        if (is_set(names[i]))
            return strcasestr(getenv(names[i]), "utf-8") != NULL ||
                   strcasestr(getenv(names[i]), "utf8") != NULL;
    return false;
}

static int columns_of(int fd)
{
    struct winsize size = {0};
    int columns = 0;

    if (ioctl(fd, TIOCGWINSZ, &size) == 0)
        columns = size.ws_col;
    if (columns == 0 && is_set("COLUMNS"))
        columns = atoi(getenv("COLUMNS"));
    return columns > 0 ? columns : 80;
}

struct load_draw_style load_draw_style_of(int fd)
{
    const char *terminal = getenv("TERM");

    if (!isatty(fd))
        return (struct load_draw_style){0};
    return (struct load_draw_style){
        .width = columns_of(fd),
        .blocks = is_utf8(),
        .colour = !is_set("NO_COLOR") && terminal != NULL && strcmp(terminal, "dumb") != 0,
    };
}

/* ---- the rows ---- */

/* The ends of the rows from the least value to the largest, at most `most` of them; -1: they do not fit. */
static int lay_rows(struct row *rows, int most, const double *step, int64_t min_ns, int64_t max_ns)
{
    double decade = 1;
    int count = 0;

    while (decade * 10 <= (double)min_ns)
        decade *= 10;
    for (int i = 0;; i++) {
        if (step[i] == 0) {
            decade *= 10;
            i = 0;
        }
        int64_t end_ns = (int64_t)(decade * step[i]);
        if (end_ns <= min_ns)
            continue;
        if (count == most)
            return -1;
        rows[count++] = (struct row){.below_ns = end_ns};
        if (end_ns > max_ns)
            return count;
    }
}

static void fill_rows(struct row *rows, int count, const struct histogram *histogram)
{
    int row = 0;

    for (unsigned cell = 0; cell < HISTOGRAM_CELLS; cell++) {
        if (histogram->cells[cell] == 0)
            continue;
        while (row < count - 1 && histogram_cell_lowest_ns(cell) >= rows[row].below_ns)
            row++;
        rows[row].count += histogram->cells[cell];
    }
}

/* A bar of `length` columns, in eighths where the terminal has them; never nothing. */
static void draw_bar(FILE *out, const struct load_draw_style *style, double length)
{
    static const char *const parts[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
    int eighths = (int)(length * 8);

    if (style->colour)
        fputs("\033[36m", out);
    if (eighths == 0)
        eighths = 1;
    for (int i = 0; i < eighths / 8; i++)
        fputs(style->blocks ? "█" : "#", out);
    if (style->blocks)
        fputs(parts[eighths % 8], out);
    else if (eighths < 8)
        fputc('.', out);
    if (style->colour)
        fputs("\033[0m", out);
}

static void draw_row(FILE *out, const struct load_draw_style *style, const struct row *row, uint64_t total,
                     uint64_t largest)
{
    int width = style->width < LOAD_DRAW_WIDTH_MAX ? style->width : LOAD_DRAW_WIDTH_MAX;
    char below[UNITS_TEXT_MAX];

    fprintf(out, "  < %9s %7.3f %% ", units_format_duration(below, row->below_ns),
            100 * (double)row->count / (double)total);
    if (row->count > 0)
        draw_bar(out, style, (double)row->count / (double)largest * (width - LABEL_WIDTH));
    fputc('\n', out);
}

void load_draw(FILE *out, const struct load_draw_style *style, const struct histogram *histogram)
{
    struct row rows[LOAD_DRAW_ROWS_MAX];
    uint64_t largest = 0;
    int count = -1;

    if (style->width < LOAD_DRAW_WIDTH_MIN || histogram->total == 0)
        return;
    for (int i = 0; i < STEPS && count < 0; i++)
        count = lay_rows(rows, LOAD_DRAW_ROWS_MAX, steps[i], histogram->min_ns, histogram->max_ns);
    if (count < 0) /* from nanoseconds to hours */
        return;
    fill_rows(rows, count, histogram);
    for (int i = 0; i < count; i++)
        largest = rows[i].count > largest ? rows[i].count : largest;
    fputc('\n', out);
    for (int i = 0; i < count; i++)
        draw_row(out, style, &rows[i], histogram->total, largest);
}
