/*
 * plot - see plot.h. plot_lines.c and plot_bars.c write the panels.
 */
#include "plot.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "plot_panel.h"

enum { DEADLINE_S = 60, TITLE_PIXELS = 30, CAPTION_PIXELS = 15, CAPTION_CHAR_PIXELS = 6 };

/* ---- text ---- */

/* In single quotes nothing is special to gnuplot but the quote itself, which is doubled. */
void plot_quote(FILE *out, const char *text)
{
    putc('\'', out);
    for (; *text; text++) {
        if (*text == '\'')
            putc('\'', out);
        putc((unsigned char)*text < ' ' ? ' ' : *text, out);
    }
    putc('\'', out);
}

/* How much of a text fits a line of that many characters; words are kept whole where they can. */
static size_t line_length(const char *text, size_t width)
{
    size_t length = strlen(text), cut = width;

    if (length <= width)
        return length;
    while (cut > 0 && text[cut] != ' ')
        cut--;
    return cut > 0 ? cut : width;
}

/* What spread, shade and hollow points mean, under the title, a label per line. Returns how many lines; out
 * NULL: only counts them. */
static unsigned write_caption(FILE *out, const struct chart *chart, const struct plot_layout *layout,
                              int height)
{
    size_t width = (size_t)(layout->columns * layout->width - 20) / CAPTION_CHAR_PIXELS;
    char all[CHART_CAPTION_MAX], line[CHART_CAPTION_MAX];
    unsigned lines = 0;

    chart_caption(all, chart);
    for (const char *at = all; *at; lines++) {
        size_t length = line_length(at, width);

        snprintf(line, sizeof(line), "%.*s", (int)length, at);
        at += length + strspn(at + length, " ");
        if (!out)
            continue;
        fputs("set label ", out);
        plot_quote(out, line);
        fprintf(out, " at screen %.5f, screen %.5f left font 'sans-serif,11' tc rgb '" PLOT_TEXT "'\n",
                10.0 / (layout->columns * layout->width),
                1 - (TITLE_PIXELS + CAPTION_PIXELS * (double)lines + 4) / height);
    }
    return lines;
}

/* ---- layout ---- */

static void lay_out_lines(struct plot_layout *layout, const struct chart *chart)
{
    size_t longest = 0;

    for (size_t i = 0; i < chart->count; i++)
        for (size_t j = 0; j < chart->panels[i].count; j++)
            if (!chart->panels[i].series[j].context && strlen(chart->panels[i].series[j].name) > longest)
                longest = strlen(chart->panels[i].series[j].name);
    layout->columns = chart->count == 1 ? 1 : chart->count == 2 || chart->count == 4 ? 2 : 3;
    layout->width = layout->columns == 1 ? 860 : layout->columns == 2 ? 480 : 380;
    layout->height = layout->columns == 1 ? 400 : 290;
    layout->left = chart->apart || layout->columns < 3 ? 76 : 66;
    layout->right = 16 + 7 * (int)(longest > 24 ? 24 : longest);
}

static void lay_out_bars(struct plot_layout *layout, const struct chart *chart)
{
    size_t longest = 0;

    for (size_t i = 0; i < chart->count; i++)
        for (size_t j = 0; j < chart->panels[i].count; j++)
            if (strlen(chart->panels[i].series[j].name) > longest)
                longest = strlen(chart->panels[i].series[j].name);
    layout->columns = chart->count == 1 ? 1 : chart->count == 2 || chart->count == 4 ? 2 : 3;
    layout->width = layout->columns == 1 ? 720 : layout->columns == 2 ? 480 : 380;
    layout->height = 70;
    layout->bar = 22;
    layout->left = 20 + 7 * (int)(longest > 24 ? 24 : longest);
    layout->right = chart->kind == CHART_DOTS ? 130 : 60; /* a value; dots: with its interval */
}

static struct plot_layout lay_out(const struct chart *chart)
{
    struct plot_layout layout = {.top = 26, .bottom = 52};

    if (chart->kind == CHART_LINES)
        lay_out_lines(&layout, chart);
    else
        lay_out_bars(&layout, chart);
    layout.title = TITLE_PIXELS + CAPTION_PIXELS * (int)write_caption(NULL, chart, &layout, 0);
    layout.rows = ((int)chart->count + layout.columns - 1) / layout.columns;
    return layout;
}

/* Panels side by side are as high as the one with the most bars. */
static int row_height(const struct plot_layout *layout, const struct chart *chart, int row)
{
    size_t bars = 0, first = (size_t)(row * layout->columns);

    for (size_t i = first; i < first + (size_t)layout->columns && i < chart->count; i++)
        if (chart->panels[i].count > bars)
            bars = chart->panels[i].count;
    return layout->height + (int)bars * layout->bar;
}

/* Where a row begins, from the top of the plot; of the row after the last: the height of the plot. */
static int row_top(const struct plot_layout *layout, const struct chart *chart, int row)
{
    int top = layout->title;

    for (int i = 0; i < row; i++)
        top += row_height(layout, chart, i);
    return top;
}

/* ---- script ---- */

static void write_panel_place(FILE *out, const struct plot_layout *layout, const struct chart *chart,
                              size_t index)
{
    int row = (int)index / layout->columns;
    double width = layout->columns * layout->width, height = row_top(layout, chart, layout->rows);
    double x = (double)(index % (size_t)layout->columns) * layout->width;
    double y = row_top(layout, chart, row);

    fprintf(out, "set lmargin at screen %.5f\nset rmargin at screen %.5f\n", (x + layout->left) / width,
            (x + layout->width - layout->right) / width);
    fprintf(out, "set tmargin at screen %.5f\nset bmargin at screen %.5f\n", 1 - (y + layout->top) / height,
            1 - (y + row_height(layout, chart, row) - layout->bottom) / height);
}

void plot_script(FILE *out, const struct chart *chart)
{
    struct plot_layout layout = lay_out(chart);
    int height = row_top(&layout, chart, layout.rows);

    fprintf(out, "set terminal svg noenhanced fixed size %d,%d font 'sans-serif,12'\n",
            layout.columns * layout.width, height);
    fputs(
        "set encoding utf8\nset border 0 lc rgb '#808080'\nset tics nomirror out scale 0.4 tc rgb '" PLOT_TEXT
        "'\n"
        "set grid ytics lc rgb '" PLOT_GRID "' lw 0.5\nset key off\nset multiplot\n",
        out);
    fputs("set label 1 ", out);
    plot_quote(out, chart->title);
    fprintf(out, " at screen %.5f, screen %.5f left font 'sans-serif,16' tc rgb '" PLOT_TEXT "'\n",
            10.0 / (layout.columns * layout.width), 1 - 16.0 / height);
    write_caption(out, chart, &layout, height);
    for (size_t i = 0; i < chart->count; i++) {
        write_panel_place(out, &layout, chart, i);
        if (chart->kind == CHART_LINES)
            plot_lines(out, chart, &chart->panels[i], i, &layout);
        else
            plot_bars(out, chart, &chart->panels[i], i);
        fputs("unset label\nunset arrow\nunset object\n", out);
    }
    fputs("unset multiplot\n", out);
}

/* ---- running gnuplot ---- */

bool plot_available(char gnuplot[LAUNCH_PATH_MAX])
{
    return launch_find_in_path("gnuplot", gnuplot);
}

static int run_gnuplot(const char *gnuplot, const char *script, int into, struct failure *failure)
{
    struct launch program = launch_empty();
    struct launch_result result;
    pid_t pid;

    program.argv[0] = gnuplot;
    program.argv[1] = script;
    program.stdout_fd = into;
    pid = launch_start(&program, failure);
    if (pid < 0)
        return -1;
    result = launch_wait(pid, clock_now_ns() + DEADLINE_S * NS_PER_S, true);
    if (result.end == LAUNCH_ENDED && result.wait_status == 0)
        return 0;
    return failure_set(failure, EXIT_HERE, "gnuplot could not draw the chart: %s",
                       result.end == LAUNCH_DEADLINE ? "it took more than a minute"
                                                     : launch_end_text(&result));
}

int plot_draw(const char *gnuplot, const struct chart *chart, const char *path, struct failure *failure)
{
    char script[] = "/tmp/tenk-plot-XXXXXX";
    int fd = mkstemp(script), into, status;
    FILE *out = fd < 0 ? NULL : fdopen(fd, "w");

    if (!out) {
        if (fd >= 0)
            close(fd);
        return failure_set(failure, EXIT_HERE, "cannot write a script into /tmp: %s", strerror(errno));
    }
    plot_script(out, chart);
    status = fclose(out);
    into = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (status != 0 || into < 0)
        status = failure_set(failure, EXIT_HERE, "cannot write %.300s: %s", path, strerror(errno));
    else
        status = run_gnuplot(gnuplot, script, into, failure);
    if (into >= 0)
        close(into);
    unlink(script);
    return status;
}
