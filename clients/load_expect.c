/*
 * load_expect - what the body of a good answer is: rules, and learning one from the first answer.
 */
#include "load_expect.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The bytes of /bytes/N: this period over and over; the last of its 65 bytes is a newline. */
static const char period[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_\n";

enum { PERIOD = sizeof(period) - 1 };

static const char hello[] = "Hello, world!";

struct load_rule load_rule_bytes(const char *bytes, uint64_t size)
{
    return (struct load_rule){.kind = LOAD_RULE_BYTES, .bytes = bytes, .size = size, .kept = size};
}

/* The number that `path` ends with after `prefix`; false when it is not of that form. */
static bool number_after(const char *path, const char *prefix, uint64_t *number)
{
    size_t length = strlen(prefix);
    char *end;

    if (strncmp(path, prefix, length) != 0 || path[length] < '0' || path[length] > '9')
        return false;
    errno = 0;
    *number = strtoull(path + length, &end, 10);
    return errno == 0 && *end == '\0';
}

struct load_rule load_rule_of_tenk(const char *path, const char *body, uint64_t body_size)
{
    uint64_t number;

    if (strcmp(path, "/") == 0 || number_after(path, "/spin/", &number) ||
        number_after(path, "/wait/", &number))
        return load_rule_bytes(hello, sizeof(hello) - 1);
    if (number_after(path, "/bytes/", &number))
        return (struct load_rule){.kind = LOAD_RULE_PATTERN, .size = number};
    if (strcmp(path, "/echo") == 0)
        return load_rule_bytes(body, body_size);
    if (strcmp(path, "/stats") == 0)
        return (struct load_rule){.kind = LOAD_RULE_ANY};
    return (struct load_rule){.kind = LOAD_RULE_NONE};
}

/* Compares against the pattern a period at a time, starting anywhere in it. */
static bool pattern_matches(uint64_t offset, const char *bytes, uint64_t size)
{
    uint64_t at = offset % PERIOD;

    while (size > 0) {
        uint64_t span = PERIOD - at < size ? PERIOD - at : size;

        if (memcmp(bytes, period + at, span) != 0)
            return false;
        bytes += span;
        size -= span;
        at = 0;
    }
    return true;
}

bool load_rule_matches(const struct load_rule *rule, uint64_t offset, const char *bytes, uint64_t size)
{
    if (rule->kind == LOAD_RULE_ANY || rule->kind == LOAD_RULE_NONE)
        return true;
    if (offset > rule->size || size > rule->size - offset)
        return false;
    if (rule->kind == LOAD_RULE_PATTERN)
        return pattern_matches(offset, bytes, size);
    if (offset >= rule->kept)
        return true;
    return memcmp(bytes, rule->bytes + offset, size < rule->kept - offset ? size : rule->kept - offset) == 0;
}

struct load_rule load_expect_rule(const struct load_expect *expect, bool from_tenk)
{
    if (expect->given.kind != LOAD_RULE_NONE)
        return expect->given;
    if (from_tenk && expect->tenk.kind != LOAD_RULE_NONE)
        return expect->tenk;

    const struct load_body *body = atomic_load_explicit(&expect->learned, memory_order_acquire);
    if (body == NULL)
        return (struct load_rule){.kind = LOAD_RULE_NONE};
    return (struct load_rule){
        .kind = LOAD_RULE_BYTES, .bytes = body->bytes, .size = body->size, .kept = body->kept};
}

bool load_expect_learn(struct load_expect *expect, const char *bytes, uint64_t kept, uint64_t size)
{
    struct load_body *body = malloc(sizeof(*body) + kept), *first = NULL;

    if (body == NULL)
        return false;
    body->size = size;
    body->kept = kept;
    if (kept > 0)
        memcpy(body->bytes, bytes, kept);
    if (atomic_compare_exchange_strong(&expect->learned, &first, body))
        return true;
    bool same = first->size == size && first->kept == kept && memcmp(first->bytes, body->bytes, kept) == 0;
    free(body);
    return same;
}

void load_expect_close(struct load_expect *expect)
{
    free(atomic_load(&expect->learned));
}
