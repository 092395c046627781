/*
 * histogram - latencies without losing any: an HdrHistogram-compatible log-linear histogram.
 *
 * Values are nanoseconds. Each power of two is cut into equal cells so that a value is known to
 * HISTOGRAM_DIGITS significant digits; the smallest and the largest are kept exactly. Histograms
 * are added cell by cell and never averaged. Layout and V2 log format are those of HdrHistogram
 * (lowest discernible value 1, highest trackable HISTOGRAM_HIGHEST_NS, auto-resize off), so its
 * other readers open our logs.
 */
#ifndef HISTOGRAM_H
#define HISTOGRAM_H

#include <stdint.h>
#include <stdio.h>

/* One hour; larger values are clamped and counted. */
#define HISTOGRAM_HIGHEST_NS (INT64_C(3600) * 1000000000)

enum {
    HISTOGRAM_DIGITS = 3,
    HISTOGRAM_SUB_BUCKETS = 2048,  /* smallest power of two >= 2 * 10^digits */
    HISTOGRAM_HALF_MAGNITUDE = 10, /* log2(HISTOGRAM_SUB_BUCKETS / 2) */
    HISTOGRAM_BUCKETS = 32,        /* how often 2048 doubles until it exceeds the highest value */
    HISTOGRAM_CELLS = (HISTOGRAM_BUCKETS + 1) * (HISTOGRAM_SUB_BUCKETS / 2),
};

struct histogram {
    uint64_t *cells;  /* HISTOGRAM_CELLS of them */
    uint64_t total;   /* values recorded */
    int64_t min_ns;   /* INT64_MAX while empty */
    int64_t max_ns;   /* 0 while empty */
    uint64_t clamped; /* how many were above HISTOGRAM_HIGHEST_NS */
};

/* Allocates and clears. 0, or -1 with ENOMEM. */
int histogram_open(struct histogram *histogram);
void histogram_close(struct histogram *histogram);
void histogram_clear(struct histogram *histogram);

/* The cell a value belongs to (0 <= value_ns <= HISTOGRAM_HIGHEST_NS). */
static inline unsigned histogram_cell(int64_t value_ns)
{
    uint64_t value = (uint64_t)value_ns;
    unsigned magnitude = 63u - (unsigned)__builtin_clzll(value | (HISTOGRAM_SUB_BUCKETS - 1));
    unsigned bucket = magnitude - HISTOGRAM_HALF_MAGNITUDE;

    return (bucket << HISTOGRAM_HALF_MAGNITUDE) + (unsigned)(value >> bucket);
}

/* The inverse: the smallest and the largest value that share a cell. */
static inline int64_t histogram_cell_lowest_ns(unsigned cell)
{
    unsigned bucket = cell < HISTOGRAM_SUB_BUCKETS ? 0 : (cell >> HISTOGRAM_HALF_MAGNITUDE) - 1;

    return (int64_t)(cell - (bucket << HISTOGRAM_HALF_MAGNITUDE)) << bucket;
}

static inline int64_t histogram_cell_highest_ns(unsigned cell)
{
    unsigned bucket = cell < HISTOGRAM_SUB_BUCKETS ? 0 : (cell >> HISTOGRAM_HALF_MAGNITUDE) - 1;

    return histogram_cell_lowest_ns(cell) + ((INT64_C(1) << bucket) - 1);
}

/* Records one value, about 1 ns: no call, no branch that is not predicted. Negative counts as 0. */
static inline void histogram_record(struct histogram *histogram, int64_t value_ns)
{
    if (value_ns < 0)
        value_ns = 0;
    if (value_ns > histogram->max_ns)
        histogram->max_ns = value_ns;
    if (value_ns < histogram->min_ns)
        histogram->min_ns = value_ns;
    if (value_ns > HISTOGRAM_HIGHEST_NS) {
        value_ns = HISTOGRAM_HIGHEST_NS;
        histogram->clamped++;
    }
    histogram->cells[histogram_cell(value_ns)]++;
    histogram->total++;
}

/* Adds `from` into `into`, cell by cell. */
void histogram_add(struct histogram *into, const struct histogram *from);

/*
 * The value below or at which `percent` (0 to 100) of the values lie, as HdrHistogram reports it:
 * the upper end of the cell; never above the exact maximum. 0 when empty.
 */
int64_t histogram_percentile_ns(const struct histogram *histogram, double percent);
double histogram_mean_ns(const struct histogram *histogram);
double histogram_stddev_ns(const struct histogram *histogram);

/* ---- files ---- */

/*
 * Percentile distribution as HdrHistogram prints it (.hgrm): value, percentile, total, 1/(1-p);
 * values divided by `unit_ns` (1000 for microseconds). 0, or -1 when the stream failed.
 */
int histogram_write_hgrm(FILE *out, const struct histogram *histogram, double unit_ns);

/*
 * Interval log, V2 (.hlog): header once, then one line per interval; times as CLOCK_REALTIME ns. 0, or -1
 * with errno: EINVAL (a tag with a comma, a blank or HISTOGRAM_TAG_MAX bytes; a comment of several lines),
 * ENOMEM, or what fflush(3) said. comment and tag may be NULL.
 */
int histogram_hlog_header(FILE *out, const char *comment, int64_t start_wall_ns);
int histogram_hlog_interval(FILE *out, const char *tag, int64_t begin_wall_ns, int64_t end_wall_ns,
                            const struct histogram *histogram);

/*
 * Reads the next interval line of a V2 log and adds it into `into`. 1 read, 0 end of file, -1 with
 * errno EINVAL (not such a line; *line_number says which) or ENOMEM. Comments are skipped; our
 * digits and lowest value are required. tag (may be NULL) receives the tag, "" without one. Start with
 * *line_number 0; it counts the lines read. After -1 `into` is as it was before.
 */
enum { HISTOGRAM_TAG_MAX = 64 };
int histogram_hlog_read(FILE *in, struct histogram *into, char tag[HISTOGRAM_TAG_MAX], unsigned *line_number);

/* What a line says beside its histogram. Times are as in the file: of a log that is not ours they may be
 * relative. */
struct histogram_interval {
    char tag[HISTOGRAM_TAG_MAX]; /* "" without one */
    int64_t begin_wall_ns, end_wall_ns;
};

/* The same with the times of the interval. */
int histogram_hlog_read_interval(FILE *in, struct histogram *into, struct histogram_interval *interval,
                                 unsigned *line_number);

#endif
