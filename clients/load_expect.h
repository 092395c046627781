/*
 * load_expect - what the body of a good answer is.
 *
 * Three sources, in this order: what --expect says; what tenk-serve is known to answer, when the
 * answer says it comes from there; else the first complete answer, which every later one must equal.
 */
#ifndef LOAD_EXPECT_H
#define LOAD_EXPECT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    /* Of a learned body only so much is kept and compared; beyond it only the length counts. */
    LOAD_LEARN_MAX = 16 * 1024 * 1024,
};

enum load_rule_kind {
    LOAD_RULE_NONE,    /* nothing is known */
    LOAD_RULE_ANY,     /* everything is right */
    LOAD_RULE_BYTES,   /* exactly these bytes */
    LOAD_RULE_PATTERN, /* the pattern of tenk-serve's /bytes/N */
};

struct load_rule {
    enum load_rule_kind kind;
    const char *bytes;
    uint64_t size; /* length of the body */
    uint64_t kept; /* how many of its bytes are in `bytes` */
};

/* The first complete body, published once, then read by all threads. */
struct load_body {
    uint64_t size;
    uint64_t kept;
    char bytes[];
};

struct load_expect {
    int status;             /* of a good answer */
    bool head;              /* the request was HEAD: no body follows */
    struct load_rule given; /* from --expect */
    struct load_rule tenk;  /* what tenk-serve answers to this target */
    _Atomic(struct load_body *) learned;
};

/* A rule for a body of exactly these bytes, which must outlive it. */
struct load_rule load_rule_bytes(const char *bytes, uint64_t size);

/*
 * What tenk-serve must answer to `path`: LOAD_RULE_NONE when it is not one of its targets. `body` is
 * what a POST sends, the answer of /echo.
 */
struct load_rule load_rule_of_tenk(const char *path, const char *body, uint64_t body_size);

/* Whether `size` bytes at `offset` of the body are right. */
bool load_rule_matches(const struct load_rule *rule, uint64_t offset, const char *bytes, uint64_t size);

/* The rule for an answer, by whether it comes from tenk-serve; LOAD_RULE_NONE: it is the first, learn it. */
struct load_rule load_expect_rule(const struct load_expect *expect, bool from_tenk);

/*
 * Publishes the first complete body, `kept` of its `size` bytes being given. False when another thread
 * was first with a different one, or when there is no memory for it.
 */
bool load_expect_learn(struct load_expect *expect, const char *bytes, uint64_t kept, uint64_t size);

void load_expect_close(struct load_expect *expect);

#endif
