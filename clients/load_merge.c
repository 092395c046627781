/*
 * load_merge - reads logs, adds the intervals of equal tags, prints and writes the sums.
 */
#include "load_merge.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "histogram.h"
#include "load_draw.h"
#include "load_report.h"
#include "options.h"

enum { EXIT_USAGE = 2, EXIT_CANNOT = 3, GROUPS_MAX = 256, COMMENT_MAX = 128 };

/* The intervals of one tag. */
struct group {
    char tag[HISTOGRAM_TAG_MAX]; /* "": latency */
    uint64_t intervals;
    int64_t begin_wall_ns, end_wall_ns; /* of the earliest and of the latest */
    struct histogram sum;
};

struct merge {
    const char *out, *hgrm;
    bool json;
    int files;
    struct group groups[GROUPS_MAX];
    size_t count;
};

static const char usage[] =
    "usage: tenk-load merge FILE.hlog ... [options]\n"
    "\n"
    "Adds the histograms of several runs (--hlog), tag by tag and cell by cell, and prints the result.\n"
    "\n";

__attribute__((format(printf, 2, 3))) static int complain(int status, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    fputs("tenk-load: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    return status;
}

/* ---- reading ---- */

/* The group of a tag, made when it is new. NULL with errno: ENOMEM, or ENOSPC when there are too many. */
static struct group *find_group(struct merge *merge, const struct histogram_interval *interval)
{
    for (size_t i = 0; i < merge->count; i++)
        if (strcmp(merge->groups[i].tag, interval->tag) == 0)
            return &merge->groups[i];
    if (merge->count == GROUPS_MAX) {
        errno = ENOSPC;
        return NULL;
    }
    struct group *group = &merge->groups[merge->count];
    if (histogram_open(&group->sum) < 0)
        return NULL;
    memcpy(group->tag, interval->tag, sizeof(group->tag));
    group->begin_wall_ns = interval->begin_wall_ns;
    group->end_wall_ns = interval->end_wall_ns;
    merge->count++;
    return group;
}

static int add_interval(struct merge *merge, const struct histogram_interval *interval,
                        const struct histogram *values)
{
    struct group *group = find_group(merge, interval);

    if (group == NULL)
        return -1;
    histogram_add(&group->sum, values);
    group->intervals++;
    if (interval->begin_wall_ns < group->begin_wall_ns)
        group->begin_wall_ns = interval->begin_wall_ns;
    if (interval->end_wall_ns > group->end_wall_ns)
        group->end_wall_ns = interval->end_wall_ns;
    return 0;
}

/* Adds all intervals of a log. How many, or -1 with errno and *line. */
static int64_t read_log(struct merge *merge, FILE *in, struct histogram *values, unsigned *line)
{
    struct histogram_interval interval;
    int64_t count = 0;
    int result;

    while ((result = histogram_hlog_read_interval(in, values, &interval, line)) > 0) {
        if (add_interval(merge, &interval, values) < 0)
            return -1;
        histogram_clear(values);
        count++;
    }
    return result < 0 ? -1 : count;
}

static int read_file(struct merge *merge, const char *path, struct histogram *values)
{
    unsigned line = 0;
    FILE *in = fopen(path, "re");

    if (in == NULL)
        return complain(EXIT_USAGE, "cannot read %s: %s", path, strerror(errno));
    int64_t count = read_log(merge, in, values, &line);
    int error = errno;
    fclose(in);
    if (count > 0)
        return 0;
    if (count == 0)
        return complain(EXIT_USAGE, "%s holds no histogram: a log that --hlog wrote is wanted", path);
    if (error == EINVAL)
        return complain(
            EXIT_USAGE,
            "%s is not a log of histograms such as --hlog writes (HdrHistogram V2, 3 digits): line %u", path,
            line);
    if (error == ENOSPC)
        return complain(EXIT_CANNOT, "%s has too many tags: all files together may have %d", path,
                        GROUPS_MAX);
    return complain(EXIT_CANNOT, "cannot read %s: %s", path, strerror(error));
}

/* ---- the result ---- */

static const char *name_of(const struct group *group)
{
    return *group->tag != '\0' ? group->tag : "latency";
}

static void print_text(const struct merge *merge)
{
    const struct load_draw_style style = load_draw_style_of(STDOUT_FILENO);

    printf("%d file%s merged, cell by cell\n\n", merge->files, merge->files == 1 ? "" : "s");
    for (size_t i = 0; i < merge->count; i++) {
        load_report_latency(stdout, name_of(&merge->groups[i]), &merge->groups[i].sum);
        printf("             %" PRIu64 " values in %" PRIu64 " interval%s\n", merge->groups[i].sum.total,
               merge->groups[i].intervals, merge->groups[i].intervals == 1 ? "" : "s");
    }
    if (*merge->groups[0].tag != '\0')
        printf("\n  Of %s:\n", merge->groups[0].tag);
    load_report_percentiles(stdout, &merge->groups[0].sum);
    load_draw(stdout, &style, &merge->groups[0].sum);
}

static int print_json(const struct merge *merge)
{
    json_t *histograms = json_object();

    for (size_t i = 0; i < merge->count; i++)
        json_object_set_new(histograms, name_of(&merge->groups[i]),
                            load_report_latency_json(&merge->groups[i].sum));
    json_t *object = json_pack("{s:i, s:o}", "files", merge->files, "histograms_us", histograms);
    if (object == NULL)
        return -1;
    int status = json_dumpf(object, stdout, JSON_INDENT(2) | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(9));
    putchar('\n');
    json_decref(object);
    return status;
}

static int write_log(const struct merge *merge)
{
    char comment[COMMENT_MAX];
    FILE *out = fopen(merge->out, "we");

    if (out == NULL)
        return -1;
    snprintf(comment, sizeof(comment), "tenk-load merge of %d files", merge->files);
    int status = histogram_hlog_header(out, comment, merge->groups[0].begin_wall_ns);
    for (size_t i = 0; i < merge->count && status == 0; i++)
        status = histogram_hlog_interval(out, merge->groups[i].tag, merge->groups[i].begin_wall_ns,
                                         merge->groups[i].end_wall_ns, &merge->groups[i].sum);
    int error = errno;
    if (fclose(out) != 0)
        return -1;
    errno = error;
    return status;
}

static int write_hgrm(const struct merge *merge)
{
    FILE *out = fopen(merge->hgrm, "we");

    if (out == NULL)
        return -1;
    int status = histogram_write_hgrm(out, &merge->groups[0].sum, (double)NS_PER_US);
    return fclose(out) == 0 ? status : -1;
}

static int report(const struct merge *merge)
{
    if (!merge->json)
        print_text(merge);
    else if (print_json(merge) < 0)
        return complain(EXIT_CANNOT, "cannot write the result: %s", strerror(ENOMEM));
    if (fflush(stdout) != 0)
        return complain(EXIT_CANNOT, "cannot write the result: %s", strerror(errno));
    if (merge->out != NULL && write_log(merge) < 0)
        return complain(EXIT_CANNOT, "cannot write %s: %s", merge->out, strerror(errno));
    if (merge->hgrm != NULL && write_hgrm(merge) < 0)
        return complain(EXIT_CANNOT, "cannot write %s: %s", merge->hgrm, strerror(errno));
    return 0;
}

/* Everything is read before anything is written, so that a wrong file leaves no half result. */
static int merge_files(struct merge *merge, char **paths)
{
    struct histogram values;
    int status = 0;

    if (histogram_open(&values) < 0)
        return complain(EXIT_CANNOT, "out of memory");
    for (int i = 0; i < merge->files && status == 0; i++)
        status = read_file(merge, paths[i], &values);
    histogram_close(&values);
    if (status == 0)
        status = report(merge);
    for (size_t i = 0; i < merge->count; i++)
        histogram_close(&merge->groups[i].sum);
    return status;
}

int load_merge_main(int argc, char **argv)
{
    static struct merge merge;
    bool help = false;
    const struct option_spec specs[] = {
        {"output", 'o', OPTION_TEXT, &merge.out, "FILE", "write the sums as a log again"},
        {"hgrm", 0, OPTION_TEXT, &merge.hgrm, "FILE", "write the percentile distribution of the first tag"},
        {"json", 'j', OPTION_FLAG, &merge.json, NULL, "print one JSON object"},
        {"help", 'h', OPTION_FLAG, &help, NULL, "this text"},
        {0},
    };
    char error[OPTIONS_ERROR_MAX];
    int first = 0;

    if (options_parse(specs, argc, argv, &first, error) < 0)
        return complain(EXIT_USAGE, "%s", error);
    if (help) {
        fputs(usage, stdout);
        options_help(stdout, specs);
        return 0;
    }
    merge.files = argc - first;
    if (merge.files == 0)
        return complain(EXIT_USAGE, "what to merge is missing: tenk-load merge A.hlog B.hlog");
    return merge_files(&merge, argv + first);
}
