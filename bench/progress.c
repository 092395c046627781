/*
 * progress - see progress.h. Everything goes to stderr: stdout belongs to the table.
 */
#include "progress.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "clock.h"
#include "units.h"

#define CLEAR_LINE "\r\033[K"

void progress_begin(struct progress *progress, int64_t expected_ns)
{
    *progress = (struct progress){
        .terminal = isatty(STDERR_FILENO) == 1,
        .started_ns = clock_now_ns(),
        .expected_ns = expected_ns,
        .round = UINT32_MAX,
    };
}

/* The plan's time for what is left, stretched by how much longer than planned it has taken so far. */
static const char *time_left(const struct progress *progress, char *text)
{
    double stretch = 1, left_ns = (double)(progress->expected_ns - progress->gone_ns);

    if (progress->gone_ns > 5 * NS_PER_S)
        stretch = (double)(clock_now_ns() - progress->started_ns) / (double)progress->gone_ns;
    left_ns = left_ns > 0 ? left_ns * stretch : 0;
    return units_format_duration(text, (int64_t)(left_ns / 1e9) * NS_PER_S);
}

static void plain_line(struct progress *progress, const struct scenario *scenario, const struct slice *slice,
                       const char *left)
{
    if (slice->cost && !progress->cost)
        fprintf(stderr, "%s: counting system calls and memory, about %s left\n", scenario->name, left);
    else if (slice->search &&
             (progress->round != slice->round || progress->connections != slice->connections))
        fprintf(stderr, "%s: search %u of %u, about %s left\n", scenario->name, slice->round + 1,
                (unsigned)scenario->searches, left);
    else if (!slice->cost && !slice->search &&
             (progress->round != slice->round || progress->connections != slice->connections))
        fprintf(stderr, "%s: round %u of %u, %u connections, about %s left\n", scenario->name,
                slice->round + 1, (unsigned)scenario->rounds, slice->connections, left);
    progress->round = slice->round;
    progress->connections = slice->connections;
    progress->cost = slice->cost;
}

void progress_slice(struct progress *progress, const struct scenario *scenario, const struct slice *slice,
                    unsigned attempt)
{
    char text[UNITS_TEXT_MAX];
    const char *left = time_left(progress, text);

    if (!progress->terminal) {
        plain_line(progress, scenario, slice, left);
        return;
    }
    if (slice->cost)
        fprintf(stderr, CLEAR_LINE "%s: counting, %s, %u connections; about %s left", scenario->name,
                scenario->models.items[slice->model], slice->connections, left);
    else if (slice->search)
        fprintf(stderr, CLEAR_LINE "%s: search %u of %u, step %u, %s, %u connections; about %s left",
                scenario->name, slice->round + 1, (unsigned)scenario->searches, slice->step + 1,
                scenario->models.items[slice->model], slice->connections, left);
    else
        fprintf(stderr, CLEAR_LINE "%s: round %u of %u, %s, %u connections, %s%s; about %s left",
                scenario->name, slice->round + 1, (unsigned)scenario->rounds,
                scenario->models.items[slice->model], slice->connections, client_name(slice->client),
                attempt > 0 ? ", again" : "", left);
    progress->line_open = true;
}

void progress_done(struct progress *progress, int64_t expected_ns)
{
    progress->gone_ns += expected_ns;
}

void progress_end(struct progress *progress)
{
    if (progress->line_open)
        fputs(CLEAR_LINE, stderr);
    progress->line_open = false;
}

void progress_note(struct progress *progress, const char *format, ...)
{
    va_list arguments;

    progress_end(progress);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    putc('\n', stderr);
}
