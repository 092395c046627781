/*
 * The corpora of the fuzz targets, replayed: what once crashed, and a few inputs of every kind.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "program.h"

TestSuite(fuzz, .timeout = 60);

static struct program_end end;
static char errors[PROGRAM_TEXT_MAX];

/* Runs a program of build/fuzz to its good end; what it prints stands in `end`. */
static void run(const char *name, const char *argument)
{
    char program[64];

    snprintf(program, sizeof(program), "fuzz/%s", name);
    if (strstr(name, "llhttp") && access(program_path(program), X_OK) != 0)
        cr_skip_test("%s was not built: it needs the C sources of llhttp (Debian: node-llhttp)", name);
    program_run((const char *[]){program_path(program), argument, NULL}, &end, errors);
    cr_assert(end.exited && end.status == 0, "%s: %s%s", name, end.out, errors);
}

static void replay(const char *target)
{
    char name[64], corpus[64];
    int replayed;

    snprintf(name, sizeof(name), "replay_%s", target);
    snprintf(corpus, sizeof(corpus), "tests/fuzz/corpus/%s", target);
    run(name, corpus);
    cr_assert(sscanf(end.out, "%d replayed", &replayed) == 1 && replayed > 0, "%s: %s", target, end.out);
}

#define REPLAY(target)                                                                                       \
    Test(fuzz, target)                                                                                       \
    {                                                                                                        \
        replay(#target);                                                                                     \
    }

REPLAY(http)
REPLAY(conn)
REPLAY(endpoint)
REPLAY(scenario)
REPLAY(hlog)
REPLAY(counters)
REPLAY(registry)
REPLAY(llhttp)

/* The cases of RFC 9110 and RFC 9112 as the parser of Node.js reads them: alike, or by name among the
 * exceptions. */
Test(fuzz, rfc_cases_as_llhttp_reads_them)
{
    run("llhttp_cases", NULL);
}
