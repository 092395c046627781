/*
 * load_reply - the state machine of one HTTP/1.1 answer.
 *
 *     HEAD -> BODY ---------------------------------> DONE
 *          -> CHUNK_SIZE -> CHUNK -> CHUNK_END -+       ^
 *          |       ^------------------------------+       |
 *          |       +-> TRAILER ---------------------------+
 *          -> UNTIL_CLOSE -- end of input ----------------+
 *
 * Every other way ends in BROKEN. Wrong content or a wrong status does not: the answer is read to
 * its end, so that the connection stays usable and the next answer is judged by itself.
 */
#include "load_reply.h"

#include <stdlib.h>
#include <string.h>

#include "load_head.h"

void load_reply_begin(struct load_reply *reply, struct load_expect *expect)
{
    reply->expect = expect;
    reply->phase = LOAD_REPLY_HEAD;
    reply->error = LOAD_ERROR_NONE;
    reply->status = 0;
    reply->closes = reply->from_tenk = reply->interim = false;
    reply->rule = (struct load_rule){.kind = LOAD_RULE_NONE};
    reply->left = reply->offset = 0;
    reply->learned = NULL;
    reply->learned_size = reply->learned_space = 0;
    reply->line_size = reply->head_size = 0;
}

void load_reply_close(struct load_reply *reply)
{
    free(reply->learned);
    reply->learned = NULL;
}

static void blame(struct load_reply *reply, enum load_error error)
{
    if (reply->error == LOAD_ERROR_NONE)
        reply->error = error;
}

static void broken(struct load_reply *reply)
{
    reply->error = LOAD_ERROR_FRAMING;
    reply->phase = LOAD_REPLY_BROKEN;
}

/* ---- the body ---- */

/* Keeps a body that is being learned. Beyond the limit, and without memory, nothing is kept. */
static void learn_bytes(struct load_reply *reply, const char *bytes, size_t size)
{
    if (size > LOAD_LEARN_MAX - reply->learned_size)
        size = LOAD_LEARN_MAX - reply->learned_size;
    if (reply->learned_size + size > reply->learned_space) {
        size_t space = 2 * (reply->learned_size + size);
        char *learned = realloc(reply->learned, space);

        if (learned == NULL) { /* this one cannot be learned; a later one may */
            reply->rule.kind = LOAD_RULE_ANY;
            return;
        }
        reply->learned = learned;
        reply->learned_space = space;
    }
    if (size > 0)
        memcpy(reply->learned + reply->learned_size, bytes, size);
    reply->learned_size += size;
}

static void body_bytes(struct load_reply *reply, const char *bytes, size_t size)
{
    if (reply->error == LOAD_ERROR_NONE) {
        if (reply->rule.kind == LOAD_RULE_NONE)
            learn_bytes(reply, bytes, size);
        else if (!load_rule_matches(&reply->rule, reply->offset, bytes, size))
            blame(reply, LOAD_ERROR_CONTENT);
    }
    reply->offset += size;
}

static bool body_has_length(const struct load_rule *rule)
{
    return rule->kind == LOAD_RULE_BYTES || rule->kind == LOAD_RULE_PATTERN;
}

static void body_complete(struct load_reply *reply)
{
    reply->phase = LOAD_REPLY_DONE;
    if (reply->error != LOAD_ERROR_NONE || reply->expect->head)
        return;
    if (body_has_length(&reply->rule) && reply->offset != reply->rule.size)
        blame(reply, LOAD_ERROR_CONTENT);
    if (reply->rule.kind == LOAD_RULE_NONE &&
        !load_expect_learn(reply->expect, reply->learned, reply->learned_size, reply->offset))
        blame(reply, LOAD_ERROR_CONTENT);
}

/* ---- the head ---- */

/* How the body is delimited: RFC 9112 6.3. */
static void choose_body(struct load_reply *reply, const struct load_head *head)
{
    if (reply->expect->head || head->status == 204 || head->status == 304) {
        body_complete(reply);
    } else if (head->coded) {
        if (!head->chunked)
            broken(reply);
        else
            reply->phase = LOAD_REPLY_CHUNK_SIZE;
    } else if (head->has_length) {
        reply->left = head->length;
        reply->phase = LOAD_REPLY_BODY;
        if (head->length == 0)
            body_complete(reply);
    } else {
        reply->closes = true;
        reply->phase = LOAD_REPLY_UNTIL_CLOSE;
    }
}

static void take_head(struct load_reply *reply, const char *bytes, size_t size)
{
    struct load_head head;

    if (!load_head_parse(&head, bytes, size) || head.status == 101) {
        broken(reply);
        return;
    }
    if (head.status < 200) { /* 100 Continue and the like: the answer itself is still to come */
        reply->interim = true;
        reply->head_size = 0;
        return;
    }
    reply->status = head.status;
    reply->from_tenk = head.from_tenk;
    reply->closes = head.close || (head.minor == 0 && !head.keep_alive);
    reply->rule = load_expect_rule(reply->expect, head.from_tenk);
    if (head.status != reply->expect->status)
        blame(reply, LOAD_ERROR_STATUS);
    choose_body(reply, &head);
}

/* A head that arrived whole is parsed where it stands; one in pieces is collected first. */
static size_t feed_head(struct load_reply *reply, const char *bytes, size_t size)
{
    size_t before = reply->head_size, length;

    if (before == 0) {
        length = load_head_size(bytes, size);
        if (length > 0 && length <= LOAD_HEAD_MAX) {
            take_head(reply, bytes, length);
            return length;
        }
    }
    size_t copied = size < LOAD_HEAD_MAX - before ? size : LOAD_HEAD_MAX - before;
    memcpy(reply->head + before, bytes, copied);
    reply->head_size += copied;
    length = load_head_size(reply->head, reply->head_size);
    if (length > 0) {
        take_head(reply, reply->head, length);
        return length - before;
    }
    if (reply->head_size == LOAD_HEAD_MAX)
        broken(reply);
    return copied;
}

/* ---- chunked transfer coding: RFC 9112 7.1 ---- */

/* "1a" or "1a;name=value" */
static bool chunk_size(const char *line, size_t size, uint64_t *value)
{
    size_t i = 0;

    *value = 0;
    for (; i < size && line[i] != ';' && line[i] != ' ' && line[i] != '\t'; i++) {
        char c = line[i] | 0x20;
        unsigned digit = c >= '0' && c <= '9' ? (unsigned)(c - '0') : (unsigned)(c - 'a' + 10);

        if (digit > 15 || (line[i] < '0') || i == 15)
            return false;
        *value = *value * 16 + digit;
    }
    return i > 0;
}

/* One line of the framing is complete, its CR LF cut off. */
static void take_chunk_line(struct load_reply *reply, const char *line, size_t size)
{
    switch (reply->phase) {
    case LOAD_REPLY_CHUNK_SIZE:
        if (!chunk_size(line, size, &reply->left))
            broken(reply);
        else
            reply->phase = reply->left > 0 ? LOAD_REPLY_CHUNK : LOAD_REPLY_TRAILER;
        break;
    case LOAD_REPLY_CHUNK_END:
        if (size > 0)
            broken(reply);
        else
            reply->phase = LOAD_REPLY_CHUNK_SIZE;
        break;
    default: /* LOAD_REPLY_TRAILER: fields are skipped, the empty line ends the answer */
        if (size == 0)
            body_complete(reply);
        break;
    }
}

static size_t feed_chunk_line(struct load_reply *reply, const char *bytes, size_t size)
{
    const char *end = memchr(bytes, '\n', size);
    size_t taken = end != NULL ? (size_t)(end - bytes) + 1 : size;

    if (reply->line_size + taken > LOAD_CHUNK_LINE_MAX) {
        broken(reply);
        return taken;
    }
    memcpy(reply->head + reply->line_size, bytes, taken);
    reply->line_size += taken;
    if (end == NULL)
        return taken;

    size_t length = reply->line_size;
    reply->line_size = 0;
    if (length < 2 || reply->head[length - 2] != '\r')
        broken(reply);
    else
        take_chunk_line(reply, reply->head, length - 2);
    return taken;
}

/* ---- all of it ---- */

static size_t feed_counted(struct load_reply *reply, const char *bytes, size_t size)
{
    size_t taken = size < reply->left ? size : (size_t)reply->left;

    body_bytes(reply, bytes, taken);
    reply->left -= taken;
    if (reply->left == 0) {
        if (reply->phase == LOAD_REPLY_BODY)
            body_complete(reply);
        else
            reply->phase = LOAD_REPLY_CHUNK_END;
    }
    return taken;
}

static size_t feed_some(struct load_reply *reply, const char *bytes, size_t size)
{
    switch (reply->phase) {
    case LOAD_REPLY_HEAD:
        return feed_head(reply, bytes, size);
    case LOAD_REPLY_BODY:
    case LOAD_REPLY_CHUNK:
        return feed_counted(reply, bytes, size);
    case LOAD_REPLY_UNTIL_CLOSE:
        body_bytes(reply, bytes, size);
        return size;
    default:
        return feed_chunk_line(reply, bytes, size);
    }
}

size_t load_reply_feed(struct load_reply *reply, const char *bytes, size_t size)
{
    size_t taken = 0;

    while (taken < size && reply->phase < LOAD_REPLY_DONE)
        taken += feed_some(reply, bytes + taken, size - taken);
    return taken;
}

void load_reply_end_of_input(struct load_reply *reply)
{
    if (reply->phase == LOAD_REPLY_UNTIL_CLOSE)
        body_complete(reply);
    else if (reply->phase < LOAD_REPLY_DONE)
        reply->error = LOAD_ERROR_SHORT;
}
