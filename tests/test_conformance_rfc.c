/*
 * The cases of RFC 9110 and RFC 9112 over a socket, held against every model: whole, and cut in two.
 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "matrix.h"
#include "rfc_cases.h"

enum { SAID_MAX = 65536 };

static struct fixture fixture;
static struct wire wire;

/* Everything until the end of the connection, NUL-terminated: its size. */
static size_t listen_to_the_end(const struct rfc_case *item, char said[SAID_MAX])
{
    size_t size = 0;
    ssize_t n;

    while ((n = wire_receive(&wire, said + size, SAID_MAX - 1 - size)) > 0)
        size += (size_t)n;
    said[size] = '\0';
    cr_assert(n == 0, "RFC %s, %s: the connection does not end in order", item->section, item->name);
    return size;
}

static void play(const struct rfc_case *item, size_t cut)
{
    char bytes[RFC_CASE_MAX], said[SAID_MAX];
    size_t size = rfc_case_build(item, bytes), length = strlen(rfc_case_next(item));
    const char *wrong;

    memcpy(bytes + size, rfc_case_next(item), length);
    cut = cut < size ? cut : size + length;
    fixture_connect(&fixture, &wire);
    wire_send(&wire, bytes, cut);
    if (cut < size + length) {
        wire_consumed(&wire);
        wire_send(&wire, bytes + cut, size + length - cut);
    }
    if (length == 0)
        wire_half_close(&wire);
    wrong = rfc_case_check(item, said, listen_to_the_end(item, said));
    cr_assert(!wrong, "RFC %s, %s, cut at %zu: %s, %s: %.300s", item->section, item->name, cut, item->says,
              wrong, said);
    wire_close(&wire);
}

static void every_case(struct fixture_plan plan)
{
    fixture_start(&fixture, &plan);
    for (size_t i = 0; i < rfc_cases_count; i++)
        play(&rfc_cases[i], RFC_CASE_MAX);
    fixture_expect_unharmed(&fixture);
}

/* At another byte in each case; everywhere is what the unit tests do. */
static void every_case_in_two_pieces(struct fixture_plan plan)
{
    fixture_start(&fixture, &plan);
    for (size_t i = 0; i < rfc_cases_count; i++)
        play(&rfc_cases[i], 1 + i * 7919 % (rfc_cases[i].size + 1));
    fixture_expect_unharmed(&fixture);
}

MATRIX_SUITE(conformance_http_tcp);

#define MODEL(model) HTTP_TCP(model, every_case) HTTP_TCP(model, every_case_in_two_pieces)
#define REFERENCE(model)
#include "models.def"
