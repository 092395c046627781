/*
 * options - command lines from one table per program: parsing, --help and (later) completion all
 * come from it, so that an option is described in exactly one place.
 *
 *     struct option_spec specs[] = {
 *         {"connections", 'c', OPTION_COUNT, &connections, "N", "how many connections to hold"},
 *         {"json", 0, OPTION_FLAG, &json, NULL, "print one JSON object"},
 *         {0},
 *     };
 *
 * Long names take "--name value" and "--name=value"; operands may stand between options; "--" ends
 * them. getopt_long(3) does the splitting.
 */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdio.h>

enum option_kind {
    OPTION_FLAG,     /* bool *: set to true; takes no argument */
    OPTION_TEXT,     /* const char **: points into argv */
    OPTION_COUNT,    /* uint64_t *: units_parse_count */
    OPTION_BYTES,    /* uint64_t *: units_parse_bytes */
    OPTION_DURATION, /* int64_t *, ns: units_parse_duration_ns */
    OPTION_NUMBER,   /* double * */
    OPTION_LIST,     /* struct option_list *: may be given several times; points into argv */
};

enum { OPTIONS_LIST_MAX = 64, OPTIONS_ERROR_MAX = 256 };

struct option_list {
    const char *items[OPTIONS_LIST_MAX];
    size_t count;
};

struct option_spec {
    const char *name; /* without the dashes; NULL ends the table */
    char letter;      /* short form, or 0 */
    enum option_kind kind;
    void *into;           /* where the value goes; holds the default before */
    const char *argument; /* how --help calls the value, NULL for a flag */
    const char *help;     /* one line; the default belongs in it */
};

/*
 * Parses argv. 0: operands stand in argv[*first_operand ...argc-1] (argv is permuted). -1: `error`
 * holds one sentence that names the option and what it takes, for the caller to print before it
 * exits with 2.
 */
int options_parse(const struct option_spec *specs, int argc, char **argv, int *first_operand,
                  char error[OPTIONS_ERROR_MAX]);

/* Writes the table as aligned lines, wrapped at 100 columns. */
void options_help(FILE *out, const struct option_spec *specs);

#endif
