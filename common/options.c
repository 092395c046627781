/*
 * options - see options.h. getopt_long(3) splits the command line; this file turns the table into
 * what it wants, its answers into values, and its complaints into sentences.
 */
#include "options.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "units.h"

enum {
    SPECS_MAX = 64,  /* options of one program */
    LONG_BASE = 256, /* getopt's value for the long option i is LONG_BASE + i: no letter */
    SHORT_MAX = 2 * SPECS_MAX + 2,
    GOT_MAX = 80, /* bytes of a bad value that a sentence quotes */
    HELP_COLUMNS = 100,
    HELP_GAP = 2, /* columns between an option and its text */
    HELP_TEXT_AT_MIN = 16,
    HELP_TEXT_AT_MAX = 34, /* a longer option has its text on the next line */
    HELP_LEFT_MAX = 128,
};

static int fail(char error[OPTIONS_ERROR_MAX], const char *format, ...) __attribute__((format(printf, 2, 3)));

static int fail(char error[OPTIONS_ERROR_MAX], const char *format, ...)
{
    va_list values;

    va_start(values, format);
    vsnprintf(error, OPTIONS_ERROR_MAX, format, values);
    va_end(values);
    return -1;
}

/* ---- the table as getopt_long(3) wants it ---- */

static size_t count_specs(const struct option_spec *specs)
{
    size_t count = 0;

    while (specs[count].name)
        count++;
    assert(count <= SPECS_MAX);
    return count;
}

static void make_long_options(const struct option_spec *specs, size_t count, struct option *options)
{
    for (size_t i = 0; i < count; i++)
        options[i] = (struct option){
            .name = specs[i].name,
            .has_arg = specs[i].kind == OPTION_FLAG ? no_argument : required_argument,
            .val = LONG_BASE + (int)i,
        };
    options[count] = (struct option){0};
}

/* The colon in front makes getopt tell a missing value (':') from an unknown option ('?'). */
static void make_short_options(const struct option_spec *specs, size_t count, char *text)
{
    *text++ = ':';
    for (size_t i = 0; i < count; i++) {
        if (!specs[i].letter)
            continue;
        *text++ = specs[i].letter;
        if (specs[i].kind != OPTION_FLAG)
            *text++ = ':';
    }
    *text = '\0';
}

/* What getopt_long(3) returned, or found no value for: always one of the table. */
static const struct option_spec *find_spec(const struct option_spec *specs, size_t count, int value)
{
    if (value >= LONG_BASE)
        return &specs[value - LONG_BASE];
    for (size_t i = 0; i < count; i++)
        if (value && specs[i].letter == value)
            return &specs[i];
    assert(!"an option of the table");
    return NULL;
}

/* ---- values ---- */

static const char *kind_takes(enum option_kind kind)
{
    switch (kind) {
    case OPTION_COUNT:
        return "a count such as 64, 10k or 1.5M";
    case OPTION_BYTES:
        return "a size such as 512, 64KiB or 1MiB";
    case OPTION_DURATION:
        return "a duration such as 10s, 500ms or 0.5 (seconds)";
    case OPTION_NUMBER:
        return "a number such as 2 or 0.75";
    default:
        return "a value";
    }
}

static int parse_number(const char *text, double *number)
{
    char *end;
    double value;

    /* strtod(3) skips white space and knows "inf", "nan" and hexadecimal; people type none of these. */
    errno = EINVAL;
    if (text[strspn(text, "+-.0123456789eE")] != '\0')
        return -1;
    value = strtod(text, &end);
    if (end == text || *end)
        return -1;
    errno = ERANGE;
    if (!isfinite(value))
        return -1;
    *number = value;
    return 0;
}

static int append(struct option_list *list, const char *text)
{
    errno = ENOSPC;
    if (list->count == OPTIONS_LIST_MAX)
        return -1;
    list->items[list->count++] = text;
    return 0;
}

/* Puts one value where the table says. 0, or -1 with errno saying why not. */
static int store(const struct option_spec *spec, const char *text)
{
    switch (spec->kind) {
    case OPTION_FLAG:
        *(bool *)spec->into = true;
        return 0;
    case OPTION_TEXT:
        *(const char **)spec->into = text;
        return 0;
    case OPTION_COUNT:
        return units_parse_count(text, spec->into);
    case OPTION_BYTES:
        return units_parse_bytes(text, spec->into);
    case OPTION_DURATION:
        return units_parse_duration_ns(text, spec->into);
    case OPTION_NUMBER:
        return parse_number(text, spec->into);
    case OPTION_LIST:
        return append(spec->into, text);
    }
    assert(!"a kind of the enum");
    return -1;
}

static int explain_value(const struct option_spec *spec, const char *got, char error[OPTIONS_ERROR_MAX])
{
    if (errno == ENOSPC)
        return fail(error, "--%s can be given at most %d times", spec->name, OPTIONS_LIST_MAX);
    if (errno == ERANGE)
        return fail(error, "--%s takes %s, and \"%.*s\" is too large", spec->name, kind_takes(spec->kind),
                    GOT_MAX, got);
    return fail(error, "--%s takes %s, not \"%.*s\"", spec->name, kind_takes(spec->kind), GOT_MAX, got);
}

/* ---- complaints of getopt_long(3) ---- */

static int explain_missing(const struct option_spec *spec, char error[OPTIONS_ERROR_MAX])
{
    const char *argument = spec->argument ? spec->argument : "VALUE";

    if (spec->kind == OPTION_TEXT || spec->kind == OPTION_LIST)
        return fail(error, "--%s needs a value: --%s %s", spec->name, spec->name, argument);
    return fail(error, "--%s needs a value: --%s %s, %s", spec->name, spec->name, argument,
                kind_takes(spec->kind));
}

/* An unknown long option, or one cut so short that it could be several. */
static int explain_unknown_long(const struct option_spec *specs, const char *got,
                                char error[OPTIONS_ERROR_MAX])
{
    int length = (int)strcspn(got + 2, "=");
    const char *found[2] = {NULL, NULL};

    for (; specs->name && !found[1]; specs++)
        if (strncmp(specs->name, got + 2, (size_t)length) == 0)
            found[found[0] != NULL] = specs->name;
    if (found[1])
        return fail(error, "--%.*s could be --%s or --%s: write more of it", length, got + 2, found[0],
                    found[1]);
    return fail(error, "there is no option --%.*s; --help lists what there is",
                length < GOT_MAX ? length : GOT_MAX, got + 2);
}

/*
 * What '?' meant stands in optopt: 0 for a long option that is unknown or ambiguous, the option's own
 * value for a flag that was given one ("--json=1"), else an unknown letter.
 */
static int explain_unknown(const struct option_spec *specs, char *const *argv, char error[OPTIONS_ERROR_MAX])
{
    if (optopt == 0)
        return explain_unknown_long(specs, argv[optind - 1], error);
    if (optopt >= LONG_BASE)
        return fail(error, "--%s takes no value, but got one in \"%.*s\"", specs[optopt - LONG_BASE].name,
                    GOT_MAX, argv[optind - 1]);
    if (isprint((unsigned char)optopt))
        return fail(error, "there is no option -%c; --help lists what there is", optopt);
    return fail(error, "there is no option with the letter \\x%02x; --help lists what there is",
                (unsigned char)optopt);
}

/* ---- parsing ---- */

int options_parse(const struct option_spec *specs, int argc, char **argv, int *first_operand,
                  char error[OPTIONS_ERROR_MAX])
{
    struct option long_options[SPECS_MAX + 1];
    char short_options[SHORT_MAX];
    size_t count = count_specs(specs);
    int value;

    make_long_options(specs, count, long_options);
    make_short_options(specs, count, short_options);
    optind = 0; /* start afresh, also after an earlier parse: getopt(3), NOTES */
    opterr = 0; /* the sentences are ours */
    while ((value = getopt_long(argc, argv, short_options, long_options, NULL)) != -1) {
        if (value == ':')
            return explain_missing(find_spec(specs, count, optopt), error);
        if (value == '?')
            return explain_unknown(specs, argv, error);
        const struct option_spec *spec = find_spec(specs, count, value);
        if (store(spec, optarg) < 0)
            return explain_value(spec, optarg, error);
    }
    *first_operand = optind;
    return 0;
}

/* ---- help ---- */

/* "  -c, --connections N" */
static int write_left(const struct option_spec *spec, char left[HELP_LEFT_MAX])
{
    char letter[] = "    ";

    if (spec->letter)
        snprintf(letter, sizeof(letter), "-%c, ", spec->letter);
    return snprintf(left, HELP_LEFT_MAX, "  %s--%s%s%s", letter, spec->name, spec->argument ? " " : "",
                    spec->argument ? spec->argument : "");
}

/* Writes text word by word from column `at`, starting a new line (indented as far) when one is full. */
static void write_wrapped(FILE *out, const char *text, int at)
{
    int column = at;

    while (*text) {
        int length = (int)strcspn(text, " ");

        if (column > at && column + 1 + length > HELP_COLUMNS) {
            fprintf(out, "\n%*s", at, "");
            column = at;
        }
        column += fprintf(out, "%s%.*s", column > at ? " " : "", length, text);
        text += length;
        text += strspn(text, " ");
    }
    fputc('\n', out);
}

/* The column where all texts start: behind the longest option that is not too long. */
static int text_column(const struct option_spec *specs)
{
    char left[HELP_LEFT_MAX];
    int column = HELP_TEXT_AT_MIN;

    for (; specs->name; specs++) {
        int width = write_left(specs, left) + HELP_GAP;

        if (width > column && width <= HELP_TEXT_AT_MAX)
            column = width;
    }
    return column;
}

void options_help(FILE *out, const struct option_spec *specs)
{
    int at = text_column(specs);

    for (; specs->name; specs++) {
        char left[HELP_LEFT_MAX];
        int width = write_left(specs, left);

        fputs(left, out);
        if (width + HELP_GAP > at) {
            fputc('\n', out);
            width = 0;
        }
        fprintf(out, "%*s", at - width, "");
        write_wrapped(out, specs->help, at);
    }
}
