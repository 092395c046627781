/*
 * rfc_cases - what HTTP/1.1 asks of a server, case by case.
 */
#include "rfc_cases.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define HOST "Host: test\r\n"

#define SAYS(section, name, says, bytes) {section, name, says, bytes, sizeof(bytes) - 1},
#define HOLDS(section, name, says, bytes, holds, lacks)                                                      \
    {section, name, says, bytes, sizeof(bytes) - 1, 0, 0, NULL, holds, lacks},
#define FILLED(section, name, says, bytes, filling, rest)                                                    \
    {section, name, says, bytes, sizeof(bytes) - 1, 0, filling, rest},
#define BAD(section, name, status, bytes) {section, name, #status "!", bytes, sizeof(bytes) - 1, status},
#define BAD_FILLED(section, name, status, bytes, filling, rest)                                              \
    {section, name, #status "!", bytes, sizeof(bytes) - 1, status, filling, rest},

const struct rfc_case rfc_cases[] = {
#include "rfc_cases.def"
};

const size_t rfc_cases_count = sizeof(rfc_cases) / sizeof(rfc_cases[0]);

size_t rfc_case_build(const struct rfc_case *item, char *bytes)
{
    size_t size = item->size;

    memcpy(bytes, item->bytes, size);
    memset(bytes + size, 'a', item->filling);
    size += item->filling;
    if (item->rest) {
        memcpy(bytes + size, item->rest, strlen(item->rest));
        size += strlen(item->rest);
    }
    return size;
}

static char last_of(const char *says)
{
    return says[strlen(says) - 1];
}

const char *rfc_case_next(const struct rfc_case *item)
{
    return last_of(item->says) == '?' ? "" : "GET /model HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n";
}

/* ---- answers ---- */

/* What is still to be looked at. */
struct rest {
    const char *at;
    size_t size;
};

static const char *find(const char *at, const char *end, const char *word)
{
    return memmem(at, (size_t)(end - at), word, strlen(word));
}

/* The end of a chunked body; NULL when it has none. */
static const char *skip_chunks(const char *at, const char *end)
{
    for (;;) {
        const char *line_end = find(at, end, "\r\n");
        size_t size = strtoul(at, NULL, 16);

        if (!line_end || size > (size_t)(end - line_end) - 2)
            return NULL;
        at = line_end + 2 + size;
        if (end - at < 2 || memcmp(at, "\r\n", 2) != 0)
            return NULL;
        at += 2;
        if (size == 0)
            return at;
    }
}

/* Takes one answer off the front. NULL, or what is wrong with it. */
static const char *take_answer(struct rest *rest, int status, bool of_head, bool *closes)
{
    const char *end = rest->at + rest->size, *body = find(rest->at, end, "\r\n\r\n"), *field;

    if (rest->size < 13 || strncmp(rest->at, "HTTP/1.1 ", 9) != 0 || !body)
        return "an answer is missing, or cut off in its head";
    if (atoi(rest->at + 9) != status)
        return "an answer has another status";
    body += 4;
    *closes = find(rest->at, body, "\r\nConnection: close\r\n") != NULL;
    if (status >= 200 && !find(rest->at, body, "\r\nDate: "))
        return "an answer has no Date";
    if (find(rest->at, body, "\r\nTransfer-Encoding: chunked\r\n")) {
        body = of_head ? body : skip_chunks(body, end);
    } else if ((field = find(rest->at, body, "\r\nContent-Length: "))) {
        size_t size = strtoul(field + strlen("\r\nContent-Length: "), NULL, 10);

        body = of_head ? body : size <= (size_t)(end - body) ? body + size : NULL;
    } else if (status >= 200) {
        return "an answer says neither Content-Length nor chunked";
    }
    if (!body)
        return "the body of an answer is cut off";
    *rest = (struct rest){body, (size_t)(end - body)};
    return NULL;
}

/* Whether "100 Continue" comes may depend on how the bytes of the request came. */
static void skip_interim(struct rest *rest, int status)
{
    static const char interim[] = "HTTP/1.1 100 Continue\r\n\r\n";
    size_t size = sizeof(interim) - 1;

    if (status != 100 && rest->size > size && memcmp(rest->at, interim, size) == 0)
        *rest = (struct rest){rest->at + size, rest->size - size};
}

/* What the last character of `says` asks for. */
static const char *check_end(char how, struct rest *rest, bool closes)
{
    bool last_closes;
    const char *wrong;

    switch (how) {
    case '.':
        if (closes)
            return "an answer says Connection: close, and should not";
        wrong = take_answer(rest, 200, false, &last_closes);
        if (wrong)
            return "the next request is not answered";
        return last_closes && rest->size == 0 ? NULL : "the answer to the next request is another one";
    case '!':
        if (!closes)
            return "the last answer does not say Connection: close";
        return rest->size == 0 ? NULL : "something is said behind the last answer";
    case '~':
        return rest->size > 0 && take_answer(rest, 200, false, &last_closes) ? NULL : "an answer is complete";
    default:
        return rest->size == 0 ? NULL : "it should wait for more";
    }
}

const char *rfc_case_check(const struct rfc_case *item, const char *said, size_t size)
{
    struct rest rest = {said, size};
    const char *says = item->says, *wrong = NULL;
    bool closes = false;

    if (item->holds && !memmem(said, size, item->holds, strlen(item->holds)))
        return "the answers lack what they must hold";
    if (item->lacks && memmem(said, size, item->lacks, strlen(item->lacks)))
        return "the answers hold what they must not";
    while (!wrong && strspn(says, "0123456789") == 3) {
        skip_interim(&rest, atoi(says));
        wrong = take_answer(&rest, atoi(says), says[3] == 'h', &closes);
        says += says[3] == 'h' ? 4 : 3;
        says += *says == ' ';
    }
    return wrong ? wrong : check_end(*says, &rest, closes);
}
