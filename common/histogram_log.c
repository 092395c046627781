/*
 * histogram_log - writes and reads HdrHistogram's interval log, format version 1.3 (.hlog).
 *
 * The file is lines of text. Lines that start with `#` are comments, of which readers know a few; the
 * legend names the columns; every other line is one interval:
 *
 *     #[tenk-load epoll]
 *     #[Histogram log format version 1.3]
 *     #[StartTime: 1700000000.000 (seconds since epoch), Tue Nov 14 22:13:20 UTC 2023]
 *     "StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram"
 *     Tag=warm-up,1700000000.000,1.000,12.345678,HISTFAAAAC...
 *
 *   begin and length  in seconds. Readers take times for absolute unless they lie more than a year
 *                     before StartTime; ours are absolute.
 *   Interval_Max      in milliseconds. Others print microseconds; we print all digits down to the
 *                     nanosecond, which every reader accepts, so that the exact maximum, of which the
 *                     cells know three digits, survives the file. (HdrHistogram_c writes raw units
 *                     here: a maximum that does not belong to the last cell is ignored.)
 *   Tag=              optional; without commas, blanks and line ends.
 *   the histogram     see histogram_v2.c.
 *
 * A log is untrusted input: lines are bounded, and the caller's histogram changes only when the whole
 * line was good.
 */
#include "histogram.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "clock.h"
#include "histogram_v2.h"

/* What any HdrHistogram of our digits can need, incompressible and as base64, fits in one line twice. */
enum { LINE_MAX_BYTES = 1 << 20 };

/* ---- writing ---- */

/* Seconds with milliseconds, in integers: exact, and no locale can put a comma where the dot belongs. */
static void seconds_put(FILE *out, int64_t time_ns)
{
    fprintf(out, "%" PRId64 ".%03d", time_ns / NS_PER_S, (int)(time_ns % NS_PER_S / NS_PER_MS));
}

int histogram_hlog_header(FILE *out, const char *comment, int64_t start_wall_ns)
{
    time_t start = (time_t)(start_wall_ns / NS_PER_S);
    struct tm parts;
    char date[64];

    if (comment && strpbrk(comment, "\r\n")) {
        errno = EINVAL;
        return -1;
    }
    gmtime_r(&start, &parts);
    strftime(date, sizeof(date), "%a %b %d %H:%M:%S UTC %Y", &parts);
    if (comment)
        fprintf(out, "#[%s]\n", comment);
    fprintf(out, "#[Histogram log format version 1.3]\n#[StartTime: ");
    seconds_put(out, start_wall_ns);
    fprintf(out, " (seconds since epoch), %s]\n", date);
    fprintf(out,
            "\"StartTimestamp\",\"Interval_Length\",\"Interval_Max\",\"Interval_Compressed_Histogram\"\n");
    return fflush(out) == 0 && !ferror(out) ? 0 : -1;
}

static bool tag_valid(const char *tag)
{
    return strlen(tag) < HISTOGRAM_TAG_MAX && !strpbrk(tag, ", \t\r\n");
}

/*
 * The histogram is encoded before anything is written, so that a lack of memory leaves no half line; and
 * the line is flushed, so that a measurement that is killed leaves every interval it has finished.
 */
int histogram_hlog_interval(FILE *out, const char *tag, int64_t begin_wall_ns, int64_t end_wall_ns,
                            const struct histogram *histogram)
{
    int64_t length_ns = end_wall_ns - begin_wall_ns;
    char *text;

    if (tag && !tag_valid(tag)) {
        errno = EINVAL;
        return -1;
    }
    text = histogram_v2_text(histogram);
    if (!text)
        return -1;
    if (tag && *tag)
        fprintf(out, "Tag=%s,", tag);
    seconds_put(out, begin_wall_ns);
    putc(',', out);
    seconds_put(out, length_ns > 0 ? length_ns : 0); /* the date can be set back */
    fprintf(out, ",%" PRId64 ".%06d,%s\n", histogram->max_ns / NS_PER_MS,
            (int)(histogram->max_ns % NS_PER_MS), text);
    free(text);
    return fflush(out) == 0 && !ferror(out) ? 0 : -1;
}

/* ---- reading ---- */

/* value * 10 + digit; once it does not fit, INT64_MAX for good. */
static int64_t append_digit(int64_t value, int digit)
{
    if (__builtin_mul_overflow(value, 10, &value) || __builtin_add_overflow(value, digit, &value))
        return INT64_MAX;
    return value;
}

/*
 * Takes a decimal number, digits and at most one dot, and the comma behind it, as millionths; what is finer
 * is dropped. Says false for anything else.
 */
static bool millionths_take(char **at, int64_t *value)
{
    char *text = *at;
    size_t whole = strspn(text, "0123456789");
    size_t fraction = text[whole] == '.' ? strspn(text + whole + 1, "0123456789") : 0;
    size_t length = whole + (text[whole] == '.') + fraction;

    if (whole + fraction == 0 || text[length] != ',')
        return false;
    *at = text + length + 1;
    *value = 0;
    for (size_t i = 0; i < whole; i++)
        *value = append_digit(*value, text[i] - '0');
    for (size_t i = 0; i < 6; i++)
        *value = append_digit(*value, i < fraction ? text[whole + 1 + i] - '0' : 0);
    return true;
}

static int64_t nanoseconds(int64_t time_us)
{
    return time_us > INT64_MAX / NS_PER_US ? INT64_MAX : time_us * NS_PER_US;
}

/*
 * Replaces the upper end of the last cell by the maximum in the line, if that can be it. A maximum
 * above what we record proves that at least one value was clamped; how many is not in the file.
 */
static void max_take(struct histogram *histogram, int64_t max_ns)
{
    unsigned last = histogram_cell(histogram->max_ns);
    bool clamped =
        last == histogram_cell(HISTOGRAM_HIGHEST_NS) && max_ns > HISTOGRAM_HIGHEST_NS && max_ns < INT64_MAX;

    if (histogram->total == 0 || (histogram_cell(max_ns) != last && !clamped))
        return;
    assert(max_ns >= histogram->min_ns); /* that is in this cell or an earlier one */
    histogram->max_ns = max_ns;
    if (clamped)
        histogram->clamped = 1;
}

/* Cuts the tag off, if there is one. */
static bool tag_take(char **at, const char **tag)
{
    *tag = "";
    if (strncmp(*at, "Tag=", 4) != 0)
        return true;
    *tag = *at + 4;
    *at = strchr(*at, ',');
    if (!*at)
        return false;
    *(*at)++ = '\0';
    return tag_valid(*tag);
}

/* Decodes one interval line into an empty histogram. 0, or -1 with EINVAL or ENOMEM. */
static int interval_take(char *line, struct histogram *values, struct histogram_interval *interval)
{
    int64_t begin_us, length_us, max_ns; /* seconds and milliseconds, in millionths */
    const char *tag;

    errno = EINVAL;
    if (!tag_take(&line, &tag) || !millionths_take(&line, &begin_us) || !millionths_take(&line, &length_us) ||
        !millionths_take(&line, &max_ns))
        return -1;
    if (histogram_v2_read(line, values) < 0)
        return -1;
    max_take(values, max_ns);
    memcpy(interval->tag, tag, strlen(tag) + 1);
    interval->begin_wall_ns = nanoseconds(begin_us);
    interval->end_wall_ns = nanoseconds(begin_us > INT64_MAX - length_us ? INT64_MAX : begin_us + length_us);
    return 0;
}

/* Decodes the line beside `into` and adds it only when all of it was good. 1, or -1 with errno. */
static int interval_add(char *line, struct histogram *into, struct histogram_interval *interval)
{
    struct histogram values;
    int result = -1;

    if (histogram_open(&values) < 0)
        return -1;
    if (interval_take(line, &values, interval) < 0)
        goto out_close;
    if (into->total > INT64_MAX - values.total) {
        errno = EINVAL;
        goto out_close;
    }
    histogram_add(into, &values);
    result = 1;
out_close:
    histogram_close(&values);
    return result;
}

/* Reads a line without its end. 1, 0 at the end of the file, -1: too long, not text, or unreadable. */
static int line_read(FILE *in, char *line, unsigned *line_number)
{
    if (!fgets(line, LINE_MAX_BYTES, in))
        return ferror(in) ? -1 : 0;
    ++*line_number;

    size_t length = strcspn(line, "\n");

    if (line[length] != '\n' && !feof(in)) {
        errno = EINVAL;
        return -1;
    }
    if (length > 0 && line[length - 1] == '\r')
        length--;
    line[length] = '\0';
    return 1;
}

/* Comments, the legend and blank lines carry no values. */
static bool line_is_interval(const char *line)
{
    return *line != '\0' && *line != '#' && strncmp(line, "\"StartTimestamp\"", 16) != 0;
}

/* Only a file that says it is another major version is foreign: the line itself is optional. */
static bool line_is_foreign(const char *line)
{
    static const char version[] = "#[Histogram log format version ";

    return strncmp(line, version, sizeof(version) - 1) == 0 &&
           strncmp(line + sizeof(version) - 1, "1.", 2) != 0;
}

int histogram_hlog_read_interval(FILE *in, struct histogram *into, struct histogram_interval *interval,
                                 unsigned *line_number)
{
    char *line = malloc(LINE_MAX_BYTES);
    int result;

    if (!line)
        return -1;
    do {
        result = line_read(in, line, line_number);
        if (result > 0 && line_is_foreign(line)) {
            errno = EINVAL;
            result = -1;
        }
    } while (result > 0 && !line_is_interval(line));
    if (result > 0)
        result = interval_add(line, into, interval);
    free(line);
    return result;
}

int histogram_hlog_read(FILE *in, struct histogram *into, char tag[HISTOGRAM_TAG_MAX], unsigned *line_number)
{
    struct histogram_interval interval;
    int result = histogram_hlog_read_interval(in, into, &interval, line_number);

    if (result > 0 && tag)
        memcpy(tag, interval.tag, sizeof(interval.tag));
    return result;
}
