/*
 * reply - reads an HTTP/1.1 response to its exact end.
 */
#include "reply.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static int fail(struct reply *reply, const char *failure)
{
    reply->failure = failure;
    return -1;
}

const char *reply_header(const struct reply *reply, const char *name, char value[REPLY_LINE_MAX])
{
    size_t length = strlen(name);

    for (const char *line = reply->head; *line; line = strchr(line, '\n') + 1) {
        if (strncasecmp(line, name, length) != 0 || line[length] != ':')
            continue;
        line += length + 1;
        line += strspn(line, " \t");
        snprintf(value, REPLY_LINE_MAX, "%.*s", (int)strcspn(line, "\n"), line);
        return value;
    }
    return NULL;
}

static int read_status_line(struct wire *wire, struct reply *reply)
{
    char line[REPLY_LINE_MAX];

    if (wire_line(wire, line, sizeof(line)) < 0)
        return fail(reply, "no status line came");
    if (strncmp(line, "HTTP/1.1 ", 9) != 0 || !isdigit((unsigned char)line[9]) ||
        !isdigit((unsigned char)line[10]) || !isdigit((unsigned char)line[11]) || line[12] != ' ')
        return fail(reply, "the first line is not `HTTP/1.1 NNN reason`");
    reply->status = atoi(line + 9);
    return 0;
}

static int read_headers(struct wire *wire, struct reply *reply)
{
    char line[REPLY_LINE_MAX];
    ssize_t length;

    while ((length = wire_line(wire, line, sizeof(line))) > 0) {
        const char *colon = strchr(line, ':');

        if (!colon || strcspn(line, " \t") < (size_t)(colon - line))
            return fail(reply, "a header line is not `Name: value`");
        if (reply->head_size + (size_t)length + 2 > sizeof(reply->head))
            return fail(reply, "the headers are longer than a test expects");
        memcpy(reply->head + reply->head_size, line, (size_t)length);
        reply->head_size += (size_t)length;
        reply->head[reply->head_size++] = '\n';
    }
    return length < 0 ? fail(reply, "the connection ended within the headers") : 0;
}

/* What the headers say about the body. */
static int read_framing(struct reply *reply)
{
    char value[REPLY_LINE_MAX];
    char *end = value;

    reply->closes = reply_header(reply, "Connection", value) && strcasecmp(value, "close") == 0;
    reply->chunked = reply_header(reply, "Transfer-Encoding", value) && strcasecmp(value, "chunked") == 0;
    if (reply_header(reply, "Content-Length", value)) {
        if (reply->chunked)
            return fail(reply, "it has both Content-Length and Transfer-Encoding");
        reply->announced = strtoul(value, &end, 10);
        return *end ? fail(reply, "its Content-Length is not a number") : 0;
    }
    return reply->chunked ? 0 : fail(reply, "it says neither Content-Length nor chunked");
}

static int append(struct wire *wire, struct reply *reply, size_t size)
{
    char *body = realloc(reply->body, reply->size + size + 1);

    if (!body)
        return fail(reply, "out of memory");
    reply->body = body;
    if (wire_receive_all(wire, body + reply->size, size) < 0)
        return fail(reply, "the connection ended within the body");
    reply->size += size;
    body[reply->size] = '\0';
    return 0;
}

static int read_chunks(struct wire *wire, struct reply *reply)
{
    char line[REPLY_LINE_MAX];
    size_t size;

    do {
        if (wire_line(wire, line, sizeof(line)) < 1 || strspn(line, "0123456789abcdefABCDEF") != strlen(line))
            return fail(reply, "a chunk does not begin with its size");
        size = strtoul(line, NULL, 16);
        if (append(wire, reply, size) < 0)
            return -1;
        if (wire_line(wire, line, sizeof(line)) != 0)
            return fail(reply, "a chunk does not end with an empty line");
    } while (size > 0);
    return 0;
}

int reply_read(struct wire *wire, struct reply *reply, bool of_head)
{
    memset(reply, 0, sizeof(*reply));
    if (read_status_line(wire, reply) < 0 || read_headers(wire, reply) < 0 || read_framing(reply) < 0)
        return -1;
    if (of_head)
        return 0;
    return reply->chunked ? read_chunks(wire, reply) : append(wire, reply, reply->announced);
}

void reply_free(struct reply *reply)
{
    free(reply->body);
    reply->body = NULL;
}
