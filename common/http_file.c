/* http_file - see http_file.h. */
#include "http_file.h"

#include "files.h"
#include "http_answer.h"
#include "http_range.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    FIELDS_MAX = 512,
    NAME_MAX_ENCODED = 3 * 255, /* of one name in a path */
};

static_assert(HTTP_REPLY_ROOM > REPLY_CACHE_SIZE / 2 + FIELDS_MAX, "the head of a file fits its room");
static_assert(HTTP_REPLY_ROOM > REPLY_CACHE_SIZE / 2 + NAME_MAX_ENCODED + 256, "a redirection does");

int http_file_find(struct exchange *exchange, const struct service *service,
                   const struct http_request *request)
{
    struct file file;
    int status = files_find(service->files, (struct slice){request->target, request->target_size}, &file);

    if (status != 0)
        return status;
    struct found *found = malloc(sizeof *found);
    if (found == NULL) {
        close(file.fd);
        return 503;
    }
    exchange->found = found;
    *found = (struct found){.fd = file.fd,
                            .size = file.size,
                            .length = file.size,
                            .modified_ns = file.modified_ns,
                            .type = file.type,
                            .status = 200};
    if (file.modified_ns != 0)
        http_range_select(request, found);
    return 0;
}

/* "ETag", "Last-Modified" and the like; nothing for a page that was made just now. */
static void put_validators(const struct found *found, struct protocol_output *out)
{
    char fields[FIELDS_MAX], date[HTTP_DATE_SIZE], tag[HTTP_TAG_SIZE];

    if (found->modified_ns == 0)
        return;
    snprintf(fields, sizeof fields, "Last-Modified: %s\r\nETag: %s\r\nAccept-Ranges: bytes\r\n",
             http_date(found, date), http_tag(found, tag));
    http_put_text(out, fields);
}

static void put_range(const struct found *found, struct protocol_output *out)
{
    char field[128];

    if (found->status == 206)
        snprintf(field, sizeof field, "Content-Range: bytes %ju-%ju/%ju\r\n", (uintmax_t)found->start,
                 (uintmax_t)(found->start + found->length - 1), (uintmax_t)found->size);
    else if (found->status == 416)
        snprintf(field, sizeof field, "Content-Range: bytes */%ju\r\n", (uintmax_t)found->size);
    else
        return;
    http_put_text(out, field);
}

/* An answer without a body has a length all the same (0), but 304 has none: RFC 9110, 8.6. */
static void put_body_fields(const struct found *found, struct protocol_output *out)
{
    if (found->status != 304) {
        http_put_text(out, "Content-Type: ");
        http_put_text(out, found->type);
        http_put_text(out, "\r\nX-Content-Type-Options: nosniff\r\nContent-Length: ");
        http_put_number(out, found->length, 10);
        http_put_text(out, "\r\n");
    }
    http_put_text(out, "\r\n");
}

/* What cannot be read now is found missing by who sends the rest. */
static void put_front(struct exchange *exchange, struct protocol_output *out)
{
    const struct found *found = exchange->found;
    size_t size = found->length < out->size ? (size_t)found->length : out->size;
    ssize_t have = size > 0 ? files_read(found->fd, out->at, size, found->start) : 0;

    if (have > 0)
        out->at += have, out->size -= (size_t)have;
    else
        have = 0;
    exchange->fill_at = found->start + (uint64_t)have;
    exchange->fill_left = found->length - (uint64_t)have;
}

void http_file_put(struct exchange *exchange, const struct reply_cache *cache, struct protocol_output *out)
{
    const struct found *found = exchange->found;

    http_put_start(exchange, cache, out, found->status);
    put_validators(found, out);
    put_range(found, out);
    put_body_fields(found, out);
    if (!exchange->head_only)
        put_front(exchange, out);
}

bool http_file_put_redirect(const struct exchange *exchange, const struct reply_cache *cache,
                            const struct http_request *request, struct protocol_output *out)
{
    const char *end = request->target + request->target_size;
    const char *slash = memrchr(request->target, '/', request->target_size);
    size_t size = (size_t)(end - slash) - 1;

    if (size > NAME_MAX_ENCODED)
        return false;
    http_put_start(exchange, cache, out, 301);
    http_put_text(out, "Location: ./");
    http_put(out, slash + 1, size);
    http_put_text(out, "/\r\nContent-Type: text/plain\r\nContent-Length: 0\r\n\r\n");
    return true;
}
