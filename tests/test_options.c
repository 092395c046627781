/*
 * Command lines: every kind of option in every way it can be written, and every mistake with the
 * sentence that people get for it.
 */
#include <criterion/criterion.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "options.h"

enum { ARGUMENTS_MAX = 2 * OPTIONS_LIST_MAX + 8 };

TestSuite(options, .timeout = 30);

/* ---- a program with one option of each kind ---- */

static struct {
    bool json;
    const char *listen;
    uint64_t connections;
    uint64_t buffer;
    int64_t duration_ns;
    double rate;
    struct option_list servers;
} given;

static const struct option_spec specs[] = {
    {"json", 'j', OPTION_FLAG, &given.json, NULL, "print one JSON object"},
    {"listen", 'l', OPTION_TEXT, &given.listen, "ENDPOINT", "where to listen"},
    {"connections", 'c', OPTION_COUNT, &given.connections, "N", "how many connections to hold"},
    {"buffer", 0, OPTION_BYTES, &given.buffer, "BYTES", "how much to buffer"},
    {"duration", 'd', OPTION_DURATION, &given.duration_ns, "TIME", "how long to measure"},
    {"rate", 'r', OPTION_NUMBER, &given.rate, "R", "requests per second"},
    {"server", 's', OPTION_LIST, &given.servers, "NAME", "a server; may be given several times"},
    {0},
};

static char program[] = "program";
static char *arguments[ARGUMENTS_MAX];
static int argument_count;
static int first_operand;
static char error[OPTIONS_ERROR_MAX];

/* Parses a command line given as one text, cut at its spaces. */
static int parse(const char *line)
{
    static char copy[4096];

    memset(&given, 0, sizeof(given));
    strcpy(copy, line);
    argument_count = 0;
    arguments[argument_count++] = program;
    for (char *word = strtok(copy, " "); word; word = strtok(NULL, " "))
        arguments[argument_count++] = word;
    arguments[argument_count] = NULL;
    first_operand = -1;
    strcpy(error, "untouched");
    return options_parse(specs, argument_count, arguments, &first_operand, error);
}

static void expect_operands(const char *expected)
{
    char got[256] = "";

    for (int i = first_operand; i < argument_count; i++) {
        strcat(got, arguments[i]);
        strcat(got, i + 1 < argument_count ? " " : "");
    }
    cr_expect(strcmp(got, expected) == 0, "operands \"%s\", not \"%s\"", expected, got);
}

static void expect_error(const char *line, const char *expected)
{
    cr_expect(parse(line) == -1, "\"%s\" is wrong", line);
    cr_expect(strcmp(error, expected) == 0, "\"%s\":\n  expected: %s\n  got:      %s", line, expected, error);
}

/* ---- right ---- */

Test(options, nothing_given_changes_nothing)
{
    cr_assert(parse("") == 0);
    cr_assert(!given.json && !given.listen && given.connections == 0 && given.servers.count == 0);
    expect_operands("");
    cr_assert(strcmp(error, "untouched") == 0);
}

Test(options, a_default_stays_unless_the_option_is_given)
{
    uint64_t count = 64;
    const struct option_spec one[] = {{"count", 'c', OPTION_COUNT, &count, "N", "a count"}, {0}};
    char *none[] = {program, NULL};
    char *some[] = {program, (char[]){"-c65"}, NULL};

    cr_assert(options_parse(one, 1, none, &first_operand, error) == 0 && count == 64);
    cr_assert(options_parse(one, 2, some, &first_operand, error) == 0 && count == 65);
}

Test(options, every_kind_in_every_form)
{
    static const char *const lines[] = {
        "--json --listen=:80 --connections=10k --buffer=64KiB --duration=500ms --rate=2.5 --server=a "
        "--server=b",
        "--json --listen :80 --connections 10k --buffer 64KiB --duration 500ms --rate 2.5 --server a "
        "--server b",
        "-j -l :80 -c 10k --buffer 64KiB -d 500ms -r 2.5 -s a -s b",
        "-jl:80 -c10k --buffer 64KiB -d500ms -r2.5 -sa -sb",
        "--js --li :80 --conn 10k --buf 64KiB --du 0.5 --ra 25e-1 --se a --se b",
    };

    for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
        cr_assert(parse(lines[i]) == 0, "%s: %s", lines[i], error);
        cr_expect(given.json && strcmp(given.listen, ":80") == 0 && given.connections == 10000);
        cr_expect(given.buffer == 65536 && given.duration_ns == NS_PER_S / 2 && given.rate == 2.5);
        cr_expect(given.servers.count == 2 && strcmp(given.servers.items[0], "a") == 0 &&
                  strcmp(given.servers.items[1], "b") == 0);
        expect_operands("");
    }
}

Test(options, the_last_of_several_counts)
{
    cr_assert(parse("-c 1 --connections=2 -c3") == 0);
    cr_assert(given.connections == 3);
}

Test(options, operands_may_stand_anywhere)
{
    cr_assert(parse("epoll --json poll -c 5 select") == 0);
    cr_assert(given.json && given.connections == 5);
    expect_operands("epoll poll select");
}

Test(options, two_dashes_end_the_options)
{
    cr_assert(parse("a --json -- --listen -c") == 0);
    cr_assert(given.json && !given.listen && given.connections == 0);
    expect_operands("a --listen -c");
}

Test(options, a_single_dash_is_an_operand)
{
    cr_assert(parse("- -j") == 0);
    cr_assert(given.json);
    expect_operands("-");
}

Test(options, a_value_may_start_with_a_dash)
{
    cr_assert(parse("--rate -2 --listen --json") == 0);
    cr_assert(given.rate == -2 && !given.json);
    cr_assert(strcmp(given.listen, "--json") == 0);
}

Test(options, an_empty_text_is_a_text)
{
    cr_assert(parse("--listen=") == 0);
    cr_assert(given.listen && *given.listen == '\0');
}

Test(options, texts_point_into_argv)
{
    cr_assert(parse("--listen tcp://127.0.0.1:80") == 0);
    cr_assert(given.listen == arguments[2]);
}

static void make_server_line(char *line, int count)
{
    *line = '\0';
    for (int i = 0; i < count; i++)
        strcat(line, "-s x ");
}

Test(options, a_list_has_a_limit)
{
    char line[(OPTIONS_LIST_MAX + 1) * 5 + 1];

    make_server_line(line, OPTIONS_LIST_MAX);
    cr_assert(parse(line) == 0);
    cr_assert(given.servers.count == OPTIONS_LIST_MAX);
    make_server_line(line, OPTIONS_LIST_MAX + 1);
    expect_error(line, "--server can be given at most 64 times");
    cr_assert(given.servers.count == OPTIONS_LIST_MAX);
}

Test(options, parsing_starts_afresh_after_an_error_in_the_middle)
{
    cr_assert(parse("-jz -c 5 a") == -1);
    cr_assert(parse("-c 7 b") == 0);
    cr_assert(given.connections == 7 && !given.json);
    expect_operands("b");
}

/* ---- wrong ---- */

Test(options, a_bad_value_is_named_with_what_would_be_good)
{
    expect_error("--connections x", "--connections takes a count such as 64, 10k or 1.5M, not \"x\"");
    expect_error("-c 5s", "--connections takes a count such as 64, 10k or 1.5M, not \"5s\"");
    expect_error("-c -5", "--connections takes a count such as 64, 10k or 1.5M, not \"-5\"");
    expect_error("--connections=", "--connections takes a count such as 64, 10k or 1.5M, not \"\"");
    expect_error("--buffer 1s", "--buffer takes a size such as 512, 64KiB or 1MiB, not \"1s\"");
    expect_error("-d 5min", "--duration takes a duration such as 10s, 500ms or 0.5 (seconds), not \"5min\"");
    expect_error("-r fast", "--rate takes a number such as 2 or 0.75, not \"fast\"");
}

Test(options, a_number_is_what_people_call_a_number)
{
    static const char *const wrong[] = {"nan", "inf", "0x10", "1,5",   "",   "-",
                                        ".",   "1e",  "e5",   "1.2.3", "1-2"};
    char line[64];

    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
        snprintf(line, sizeof(line), "--rate=%s", wrong[i]);
        cr_expect(parse(line) == -1 && given.rate == 0, "\"%s\"", wrong[i]);
    }
    cr_expect(parse("--rate=-1.5e3") == 0 && given.rate == -1500);
    cr_expect(parse("--rate=.5") == 0 && given.rate == 0.5);
    expect_error("-r 1e999", "--rate takes a number such as 2 or 0.75, and \"1e999\" is too large");
}

Test(options, a_value_that_does_not_fit_is_called_too_large)
{
    expect_error(
        "-c 18446744073709551616",
        "--connections takes a count such as 64, 10k or 1.5M, and \"18446744073709551616\" is too large");
    expect_error(
        "-d 9223372037",
        "--duration takes a duration such as 10s, 500ms or 0.5 (seconds), and \"9223372037\" is too large");
    expect_error("--buffer 99999999TiB",
                 "--buffer takes a size such as 512, 64KiB or 1MiB, and \"99999999TiB\" is too large");
}

Test(options, a_missing_value_is_asked_for)
{
    expect_error("--listen", "--listen needs a value: --listen ENDPOINT");
    expect_error("-j -l", "--listen needs a value: --listen ENDPOINT");
    expect_error("-s", "--server needs a value: --server NAME");
    expect_error("-c", "--connections needs a value: --connections N, a count such as 64, 10k or 1.5M");
    expect_error("--duration",
                 "--duration needs a value: --duration TIME, a duration such as 10s, 500ms or 0.5 "
                 "(seconds)");
}

Test(options, a_flag_takes_no_value)
{
    expect_error("--json=1", "--json takes no value, but got one in \"--json=1\"");
    cr_assert(!given.json);
}

Test(options, an_unknown_option_is_named)
{
    expect_error("--nope", "there is no option --nope; --help lists what there is");
    expect_error("--nope=5", "there is no option --nope; --help lists what there is");
    expect_error("-z", "there is no option -z; --help lists what there is");
    expect_error("-jz", "there is no option -z; --help lists what there is");
    expect_error("-\xc3", "there is no option with the letter \\xc3; --help lists what there is");
    expect_error("-:", "there is no option -:; --help lists what there is");
}

Test(options, an_ambiguous_option_is_told_apart)
{
    uint64_t count = 0;
    const struct option_spec two[] = {
        {"count", 0, OPTION_COUNT, &count, "N", ""}, {"counters", 0, OPTION_COUNT, &count, "N", ""}, {0}};
    char *arguments_short[] = {program, (char[]){"--coun=3"}, NULL};
    char *arguments_exact[] = {program, (char[]){"--count=3"}, NULL};

    cr_assert(options_parse(two, 2, arguments_short, &first_operand, error) == -1);
    cr_assert_str_eq(error, "--coun could be --count or --counters: write more of it");
    cr_assert(options_parse(two, 2, arguments_exact, &first_operand, error) == 0 && count == 3);
}

Test(options, an_error_about_a_huge_value_still_ends)
{
    char line[1024] = "--duration=";

    memset(line + strlen(line), 'x', 900);
    cr_assert(parse(line) == -1);
    cr_assert(strlen(error) < OPTIONS_ERROR_MAX);
    cr_assert(strncmp(error, "--duration takes a duration", 27) == 0);
    cr_assert(error[strlen(error) - 1] == '"', "the quotation is closed: %s", error);
    memcpy(line, "--xxxxxxxx=", 11);
    cr_assert(parse(line) == -1 && strlen(error) < OPTIONS_ERROR_MAX);
    cr_assert(strstr(error, "; --help lists what there is") != NULL);
}

/* ---- help ---- */

static char *help_of(const struct option_spec *table)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    options_help(out, table);
    fclose(out);
    return text;
}

Test(options, help_is_aligned)
{
    const struct option_spec table[] = {
        {"json", 0, OPTION_FLAG, NULL, NULL, "print one JSON object"},
        {"connections", 'c', OPTION_COUNT, NULL, "N", "how many connections to hold"},
        {0},
    };
    char *text = help_of(table);

    cr_assert_str_eq(text, "      --json           print one JSON object\n"
                           "  -c, --connections N  how many connections to hold\n");
    free(text);
}

Test(options, help_of_a_long_option_stands_on_the_next_line)
{
    const struct option_spec table[] = {
        {"an-option-whose-name-is-long", 'a', OPTION_TEXT, NULL, "VALUE", "text"},
        {"b", 'b', OPTION_FLAG, NULL, NULL, "text"},
        {0},
    };
    char *text = help_of(table);

    cr_assert_str_eq(text, "  -a, --an-option-whose-name-is-long VALUE\n"
                           "                text\n"
                           "  -b, --b       text\n");
    free(text);
}

Test(options, help_is_wrapped_at_100_columns_between_words)
{
    char words[400] = "";
    const struct option_spec table[] = {{"option", 'o', OPTION_FLAG, NULL, NULL, words}, {0}};
    int word_count = 0;
    char *text;

    for (int i = 0; i < 60; i++)
        strcat(words, i % 3 ? "four " : "threes ");
    text = help_of(table);
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        cr_expect(strlen(line) <= 100, "%zu columns: %s", strlen(line), line);
        cr_expect(line[strlen(line) - 1] != ' ', "no space at the end");
        for (char *at = line; (at = strstr(at, "four")); at++)
            word_count++;
    }
    cr_assert(word_count == 40, "all words are there: %d", word_count);
    free(text);
}

Test(options, help_fills_a_line_to_its_last_column)
{
    char words[128];
    const struct option_spec table[] = {{"option", 'o', OPTION_FLAG, NULL, NULL, words}, {0}};

    /* The text starts in column 16: two words of 40 and 43 bytes reach column 100, one byte more does not
     * fit. */
    for (int extra = 0; extra < 2; extra++) {
        char *text;

        snprintf(words, sizeof(words), "%040d %0*d", 0, 43 + extra, 0);
        text = help_of(table);
        cr_assert(strcspn(text, "\n") == (extra ? 16 + 40 : 100), "%s", text);
        free(text);
    }
}
