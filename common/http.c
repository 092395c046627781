/*
 * http - HTTP/1.1 as a protocol of steps: one request, or one piece of its body, at a time.
 *
 *    HEAD --(no body)--------------------------------------------> ANSWER --(/wait)--> WAITED
 *      |--(Content-Length)--> BODY ------------------------------>   ^
 *      '--(chunked)--> CHUNK_LINE -> CHUNK_DATA -> CHUNK_END -> TRAILER
 *
 * /echo sends its body back while it arrives; every other body is thrown away before the answer.
 */
#include "http.h"

#include "buffers.h"
#include "handler.h"
#include "protocol.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

enum phase {
    PHASE_HEAD,
    PHASE_BODY,
    PHASE_CHUNK_LINE,
    PHASE_CHUNK_DATA,
    PHASE_CHUNK_END,
    PHASE_TRAILER,
    PHASE_ANSWER,
    PHASE_WAITED,
};

enum {
    REPLY_ROOM = 1536,           /* the longest answer that must fit whole: head and /stats body */
    UNWANTED_BODY_MAX = 1 << 18, /* a longer body that nobody asked for is not waited for */
    CHUNK_FRAME = 16 + 4,        /* size in hex, two CRLF */
    PLAIN_CHUNK_LINE = 16 + 2,   /* what a chunk line is longer counts as if it stood in the trailer */
};

static_assert(REPLY_ROOM > REPLY_CACHE_SIZE + HANDLER_STATS_MAX, "an answer fits its room");
static_assert(BUFFER_SIZE > HTTP_LINE_MAX + HTTP_HEADERS_MAX + 6, "a request head fits a buffer");

/* ---- writing ---- */

static void put(struct protocol_output *out, const char *text, size_t size)
{
    assert(size <= out->size);
    memcpy(out->at, text, size);
    out->at += size, out->size -= size;
}

static void put_text(struct protocol_output *out, const char *text)
{
    put(out, text, strlen(text));
}

static void put_number(struct protocol_output *out, uint64_t number, unsigned base)
{
    char digits[20];
    size_t at = sizeof digits;

    do {
        digits[--at] = "0123456789abcdef"[number % base];
        number /= base;
    } while (number > 0);
    put(out, digits + at, sizeof digits - at);
}

const char *http_reason(int status)
{
    switch (status) {
    case 200:
        return "OK";
    case 400:
        return "Bad Request";
    case 404:
        return "Not Found";
    case 405:
        return "Method Not Allowed";
    case 413:
        return "Content Too Large";
    case 414:
        return "URI Too Long";
    case 417:
        return "Expectation Failed";
    case 431:
        return "Request Header Fields Too Large";
    case 501:
        return "Not Implemented";
    case 505:
        return "HTTP Version Not Supported";
    default:
        return "Unknown";
    }
}

/* ---- answers ---- */

static const char text_fields[] = "Content-Type: text/plain\r\nContent-Length: 13\r\n\r\n" HANDLER_TEXT;

/* Renders what all answers of this second share (Date: RFC 9110, 6.6.1). */
static void refresh(struct reply_cache *cache, const struct service *service, time_t second)
{
    struct tm utc;
    char date[40];

    gmtime_r(&second, &utc);
    strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", &utc);
    cache->head_size = (unsigned)snprintf(cache->head, sizeof cache->head,
                                          "Server: tenk/%.63s\r\nDate: %s\r\n", service->model, date);
    cache->full_size = (unsigned)snprintf(cache->full, sizeof cache->full, "HTTP/1.1 200 OK\r\n%s%s",
                                          cache->head, text_fields);
    cache->second = second;
}

struct reply {
    int status;
    const char *type;
    const char *body; /* NULL: the body follows by other means */
    uint64_t length;  /* of the body */
};

static void put_reply(const struct exchange *exchange, const struct reply_cache *cache,
                      struct protocol_output *out, const struct reply *reply)
{
    put_text(out, "HTTP/1.1 ");
    put_number(out, (uint64_t)reply->status, 10);
    put_text(out, " ");
    put_text(out, http_reason(reply->status));
    put_text(out, "\r\n");
    put(out, cache->head, cache->head_size);
    if (reply->status == 405) {
        put_text(out, "Allow: ");
        put_text(out, handler_allow(exchange->route));
        put_text(out, "\r\n");
    }
    if (!exchange->keep_alive)
        put_text(out, "Connection: close\r\n");
    else if (exchange->http_1_0)
        put_text(out, "Connection: keep-alive\r\n");
    put_text(out, "Content-Type: ");
    put_text(out, reply->type);
    if (exchange->chunked && exchange->route == ROUTE_ECHO && reply->status == 200) {
        put_text(out, "\r\nTransfer-Encoding: chunked\r\n\r\n");
    } else {
        put_text(out, "\r\nContent-Length: ");
        put_number(out, reply->length, 10);
        put_text(out, "\r\n\r\n");
    }
    if (reply->body != NULL && !exchange->head_only)
        put(out, reply->body, (size_t)reply->length);
}

/* The request is answered: the exchange is as new, and either the next request follows or the end. */
static enum protocol_result answered(struct exchange *exchange)
{
    bool keep_alive = exchange->keep_alive;
    uint64_t fill_at = exchange->fill_at, fill_left = exchange->fill_left;

    *exchange = (struct exchange){.fill_at = fill_at, .fill_left = fill_left};
    return keep_alive ? PROTOCOL_ANSWERED : PROTOCOL_CLOSE;
}

static void put_error(struct exchange *exchange, const struct reply_cache *cache, struct protocol_output *out,
                      int status)
{
    char body[64];
    int size = snprintf(body, sizeof body, "%d %s\n", status, http_reason(status));

    put_reply(exchange, cache, out, &(struct reply){status, "text/plain", body, (uint64_t)size});
}

/* Answers a request after which nothing can be trusted or awaited any more. */
static enum protocol_result refuse(struct exchange *exchange, const struct reply_cache *cache,
                                   struct protocol_output *out, int status)
{
    exchange->keep_alive = false;
    put_error(exchange, cache, out, status);
    answered(exchange);
    return PROTOCOL_REFUSED;
}

static void put_hello(const struct exchange *exchange, const struct reply_cache *cache,
                      struct protocol_output *out)
{
    if (exchange->keep_alive && !exchange->head_only && !exchange->http_1_0)
        put(out, cache->full, cache->full_size);
    else
        put_reply(exchange, cache, out,
                  &(struct reply){200, "text/plain", HANDLER_TEXT, sizeof HANDLER_TEXT - 1});
}

/* The head, and as much of the body as fits; the rest is sent straight from the pattern. */
static void put_bytes(struct exchange *exchange, const struct reply_cache *cache, struct protocol_output *out)
{
    const char *bytes;

    put_reply(exchange, cache, out,
              &(struct reply){200, "application/octet-stream", NULL, exchange->argument});
    if (exchange->head_only)
        return;
    size_t size = handler_pattern(0, exchange->argument < out->size ? exchange->argument : out->size, &bytes);
    put(out, bytes, size);
    exchange->fill_at = size;
    exchange->fill_left = exchange->argument - size;
}

static void put_stats(const struct exchange *exchange, const struct service *service,
                      const struct reply_cache *cache, struct protocol_output *out)
{
    char body[HANDLER_STATS_MAX];
    size_t size = handler_stats(service, body);

    put_reply(exchange, cache, out, &(struct reply){200, "application/json", body, size});
}

/* The whole request is here: do what it asks for. */
static enum protocol_result answer(struct exchange *exchange, const struct service *service,
                                   const struct reply_cache *cache, struct protocol_output *out)
{
    if (exchange->error != 0) {
        put_error(exchange, cache, out, exchange->error);
        return answered(exchange);
    }
    switch ((enum handler_route)exchange->route) {
    case ROUTE_WAIT:
        if (exchange->phase != PHASE_WAITED) {
            exchange->phase = PHASE_WAITED;
            return PROTOCOL_WAIT;
        }
        put_hello(exchange, cache, out);
        break;
    case ROUTE_SPIN:
        handler_spin(exchange->argument);
        put_hello(exchange, cache, out);
        break;
    case ROUTE_TEXT:
        put_hello(exchange, cache, out);
        break;
    case ROUTE_BYTES:
        put_bytes(exchange, cache, out);
        break;
    case ROUTE_ECHO: /* with a body it has been answered on the way */
        put_reply(exchange, cache, out, &(struct reply){200, "application/octet-stream", "", 0});
        break;
    case ROUTE_MODEL:
        put_reply(exchange, cache, out,
                  &(struct reply){200, "text/plain", service->model, strlen(service->model)});
        break;
    case ROUTE_STATS:
        put_stats(exchange, service, cache, out);
        break;
    }
    return answered(exchange);
}

/* ---- bodies ---- */

static bool echoes(const struct exchange *exchange)
{
    return exchange->route == ROUTE_ECHO && exchange->error == 0;
}

static void use(struct protocol_input *input, size_t size)
{
    input->at += size, input->size -= size;
}

static size_t least(uint64_t a, size_t b)
{
    return a < b ? (size_t)a : b;
}

/* The body is complete. */
static enum protocol_result body_complete(struct exchange *exchange, struct protocol_output *out)
{
    if (!echoes(exchange)) {
        exchange->phase = PHASE_ANSWER;
        return PROTOCOL_ADVANCED;
    }
    if (exchange->chunked)
        put_text(out, "0\r\n\r\n");
    return answered(exchange);
}

static enum protocol_result body_step(struct exchange *exchange, struct protocol_input *input,
                                      struct protocol_output *out)
{
    size_t size = least(exchange->body_left, input->size);

    if (size == 0)
        return PROTOCOL_NEED_INPUT;
    if (echoes(exchange)) {
        size = least(size, out->size);
        if (size == 0)
            return PROTOCOL_NEED_ROOM;
        put(out, input->at, size);
    }
    use(input, size);
    exchange->body_left -= size;
    return exchange->body_left == 0 ? body_complete(exchange, out) : PROTOCOL_ADVANCED;
}

/* A chunked body went wrong: say so, unless an answer is on its way already. */
static enum protocol_result bad_chunk(struct exchange *exchange, const struct reply_cache *cache,
                                      struct protocol_output *out, int status)
{
    if (!echoes(exchange))
        return refuse(exchange, cache, out, status);
    answered(exchange);
    return PROTOCOL_REFUSED;
}

static enum protocol_result chunk_line_step(struct exchange *exchange, const struct reply_cache *cache,
                                            struct protocol_input *input, struct protocol_output *out)
{
    int used = http_parse_chunk(input->at, input->size, &exchange->body_left);

    if (used == 0)
        return PROTOCOL_NEED_INPUT;
    if (used < 0)
        return bad_chunk(exchange, cache, out, -used);
    use(input, (size_t)used);
    if (used > PLAIN_CHUNK_LINE)
        exchange->trailer += (uint16_t)(used - PLAIN_CHUNK_LINE);
    if (exchange->trailer > HTTP_HEADERS_MAX)
        return bad_chunk(exchange, cache, out, 431);
    uint64_t most = echoes(exchange) ? HTTP_BODY_MAX : UNWANTED_BODY_MAX;
    if (exchange->body_left > most - exchange->body_total)
        return bad_chunk(exchange, cache, out, 413);
    exchange->body_total += exchange->body_left;
    exchange->phase = exchange->body_left > 0 ? PHASE_CHUNK_DATA : PHASE_TRAILER;
    return PROTOCOL_ADVANCED;
}

static enum protocol_result chunk_data_step(struct exchange *exchange, struct protocol_input *input,
                                            struct protocol_output *out)
{
    size_t size = least(exchange->body_left, input->size);

    if (size == 0)
        return PROTOCOL_NEED_INPUT;
    if (echoes(exchange)) {
        if (out->size <= CHUNK_FRAME)
            return PROTOCOL_NEED_ROOM;
        size = least(size, out->size - CHUNK_FRAME);
        put_number(out, size, 16);
        put_text(out, "\r\n");
        put(out, input->at, size);
        put_text(out, "\r\n");
    }
    use(input, size);
    exchange->body_left -= size;
    if (exchange->body_left == 0)
        exchange->phase = PHASE_CHUNK_END;
    return PROTOCOL_ADVANCED;
}

static enum protocol_result chunk_end_step(struct exchange *exchange, const struct reply_cache *cache,
                                           struct protocol_input *input, struct protocol_output *out)
{
    if (input->size < 2)
        return PROTOCOL_NEED_INPUT;
    if (input->at[0] != '\r' || input->at[1] != '\n')
        return bad_chunk(exchange, cache, out, 400);
    use(input, 2);
    exchange->phase = PHASE_CHUNK_LINE;
    return PROTOCOL_ADVANCED;
}

/* Trailer fields are read and ignored (RFC 9110, 6.5.1), line by line, up to the empty one. */
static enum protocol_result trailer_step(struct exchange *exchange, const struct reply_cache *cache,
                                         struct protocol_input *input, struct protocol_output *out)
{
    int used = http_parse_trailer(input->at, input->size);
    size_t size = used > 0 ? (size_t)used : input->size;

    if (used < 0)
        return bad_chunk(exchange, cache, out, -used);
    if (exchange->trailer + size > HTTP_HEADERS_MAX)
        return bad_chunk(exchange, cache, out, 431);
    if (used == 0)
        return PROTOCOL_NEED_INPUT;
    use(input, size);
    exchange->trailer += (uint16_t)size;
    return size == 2 ? body_complete(exchange, out) : PROTOCOL_ADVANCED;
}

/* ---- heads ---- */

/* A client that asks first sends its body only after this (RFC 9110, 10.1.1). */
static void put_continue(const struct http_request *request, const struct protocol_input *input,
                         struct protocol_output *out)
{
    if (request->expects_continue && input->size == 0)
        put_text(out, "HTTP/1.1 100 Continue\r\n\r\n");
}

static bool unwanted_body(const struct http_request *request, const struct exchange *exchange)
{
    if (echoes(exchange))
        return false;
    return (request->has_length && request->length > UNWANTED_BODY_MAX) ||
           (request->expects_continue && exchange->error != 0);
}

/* The head is here: decide about the body. */
static enum protocol_result begin(struct exchange *exchange, const struct reply_cache *cache,
                                  const struct http_request *request, struct protocol_input *input,
                                  struct protocol_output *out)
{
    bool has_body = request->chunked || (request->has_length && request->length > 0);

    if (!has_body) {
        exchange->phase = PHASE_ANSWER;
        return PROTOCOL_ADVANCED;
    }
    if (unwanted_body(request, exchange))
        return refuse(exchange, cache, out, exchange->error != 0 ? exchange->error : 413);
    exchange->chunked = request->chunked;
    exchange->body_left = request->length;
    exchange->phase = request->chunked ? PHASE_CHUNK_LINE : PHASE_BODY;
    put_continue(request, input, out);
    if (echoes(exchange))
        put_reply(exchange, cache, out,
                  &(struct reply){200, "application/octet-stream", NULL, request->length});
    return PROTOCOL_ADVANCED;
}

static enum protocol_result head_step(struct exchange *exchange, const struct service *service,
                                      const struct reply_cache *cache, struct protocol_input *input,
                                      struct protocol_output *out)
{
    struct http_request request;
    enum handler_route route = ROUTE_TEXT;

    if (input->size == 0)
        return PROTOCOL_NEED_INPUT;
    int used = http_parse(input->at, input->size, &request);
    if (used == 0)
        return PROTOCOL_NEED_INPUT;
    if (used < 0)
        return refuse(exchange, cache, out, -used);
    bool closing = service->closing != NULL && atomic_load_explicit(service->closing, memory_order_relaxed);
    exchange->keep_alive = request.keep_alive && !closing;
    exchange->http_1_0 = request.http_1_0;
    exchange->head_only = request.method == HTTP_HEAD;
    exchange->error = (uint16_t)handler_route(&request, &route, &exchange->argument);
    exchange->route = (uint8_t)route;
    use(input, (size_t)used);
    enum protocol_result result = begin(exchange, cache, &request, input, out);
    return exchange->phase == PHASE_ANSWER ? answer(exchange, service, cache, out) : result;
}

static enum protocol_result http_step(struct exchange *exchange, const struct service *service,
                                      struct reply_cache *cache, struct protocol_input *input,
                                      struct protocol_output *out)
{
    time_t second = time(NULL);

    if (second != cache->second)
        refresh(cache, service, second);
    if (exchange->phase == PHASE_BODY)
        return body_step(exchange, input, out);
    if (exchange->phase == PHASE_CHUNK_DATA)
        return chunk_data_step(exchange, input, out);
    if (out->size < REPLY_ROOM)
        return PROTOCOL_NEED_ROOM;
    switch ((enum phase)exchange->phase) {
    case PHASE_HEAD:
        return head_step(exchange, service, cache, input, out);
    case PHASE_CHUNK_LINE:
        return chunk_line_step(exchange, cache, input, out);
    case PHASE_CHUNK_END:
        return chunk_end_step(exchange, cache, input, out);
    case PHASE_TRAILER:
        return trailer_step(exchange, cache, input, out);
    default:
        return answer(exchange, service, cache, out);
    }
}

static bool http_at_rest(const struct exchange *exchange)
{
    return exchange->phase == PHASE_HEAD;
}

const struct protocol protocol_http = {
    .name = "http",
    .step = http_step,
    .at_rest = http_at_rest,
};
