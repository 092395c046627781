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
#include "http_answer.h"
#include "http_file.h"
#include "protocol.h"

#include <assert.h>
#include <string.h>

enum {
    UNWANTED_BODY_MAX = 1 << 18, /* a longer body that nobody asked for is not waited for */
    CHUNK_FRAME = 16 + 4,        /* size in hex, two CRLF */
    PLAIN_CHUNK_LINE = 16 + 2,   /* what a chunk line is longer counts as if it stood in the trailer */
};

static_assert(BUFFER_SIZE > HTTP_LINE_MAX + HTTP_HEADERS_MAX + 6, "a request head fits a buffer");

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
        http_put_text(out, "0\r\n\r\n");
    return http_answered(exchange);
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
        http_put(out, input->at, size);
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
        return http_refuse(exchange, cache, out, status);
    http_answered(exchange);
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
        http_put_number(out, size, 16);
        http_put_text(out, "\r\n");
        http_put(out, input->at, size);
        http_put_text(out, "\r\n");
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
        http_put_text(out, "HTTP/1.1 100 Continue\r\n\r\n");
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
        return http_refuse(exchange, cache, out, exchange->error != 0 ? exchange->error : 413);
    exchange->chunked = request->chunked;
    exchange->body_left = request->length;
    exchange->phase = request->chunked ? PHASE_CHUNK_LINE : PHASE_BODY;
    put_continue(request, input, out);
    if (echoes(exchange))
        http_put_reply(exchange, cache, out,
                       &(struct http_reply){200, "application/octet-stream", NULL, request->length});
    return PROTOCOL_ADVANCED;
}

/*
 * What the request is for. A target of our own comes first, all but "/", which is the root directory's where
 * there is one. Only reading is for files.
 */
static void find_route(struct exchange *exchange, const struct service *service,
                       const struct http_request *request)
{
    enum handler_route route = ROUTE_TEXT;
    int status = handler_route(request, &route, &exchange->argument);
    bool reads = request->method == HTTP_GET || request->method == HTTP_HEAD;

    if (service->files != NULL && (status == 404 || (status == 0 && route == ROUTE_TEXT))) {
        route = ROUTE_FILE;
        status = reads ? http_file_find(exchange, service, request) : 405;
    }
    exchange->route = (uint8_t)route;
    exchange->error = (uint16_t)status;
}

/* A directory without its slash. The path is at hand now and not later, so who sends a body is not awaited.
 */
static enum protocol_result redirect(struct exchange *exchange, const struct reply_cache *cache,
                                     const struct http_request *request, struct protocol_output *out)
{
    bool has_body = request->chunked || (request->has_length && request->length > 0);

    if (has_body)
        exchange->keep_alive = false;
    if (!http_file_put_redirect(exchange, cache, request, out))
        return http_refuse(exchange, cache, out, 404);
    enum protocol_result result = http_answered(exchange);
    return has_body ? PROTOCOL_REFUSED : result;
}

static enum protocol_result head_step(struct exchange *exchange, const struct service *service,
                                      const struct reply_cache *cache, struct protocol_input *input,
                                      struct protocol_output *out)
{
    struct http_request request;

    if (input->size == 0)
        return PROTOCOL_NEED_INPUT;
    int used = http_parse(input->at, input->size, &request);
    if (used == 0)
        return PROTOCOL_NEED_INPUT;
    if (used < 0)
        return http_refuse(exchange, cache, out, -used);
    bool closing = service->closing != NULL && atomic_load_explicit(service->closing, memory_order_relaxed);
    exchange->keep_alive = request.keep_alive && !closing;
    exchange->http_1_0 = request.http_1_0;
    exchange->head_only = request.method == HTTP_HEAD;
    find_route(exchange, service, &request);
    use(input, (size_t)used);
    if (exchange->error == 301)
        return redirect(exchange, cache, &request, out);
    enum protocol_result result = begin(exchange, cache, &request, input, out);
    return exchange->phase == PHASE_ANSWER ? http_answer(exchange, service, cache, out) : result;
}

static enum protocol_result http_step(struct exchange *exchange, const struct service *service,
                                      struct reply_cache *cache, struct protocol_input *input,
                                      struct protocol_output *out)
{
    http_refresh(cache, service);
    if (exchange->phase == PHASE_BODY)
        return body_step(exchange, input, out);
    if (exchange->phase == PHASE_CHUNK_DATA)
        return chunk_data_step(exchange, input, out);
    if (out->size < HTTP_REPLY_ROOM)
        return PROTOCOL_NEED_ROOM;
    switch ((enum http_phase)exchange->phase) {
    case PHASE_HEAD:
        return head_step(exchange, service, cache, input, out);
    case PHASE_CHUNK_LINE:
        return chunk_line_step(exchange, cache, input, out);
    case PHASE_CHUNK_END:
        return chunk_end_step(exchange, cache, input, out);
    case PHASE_TRAILER:
        return trailer_step(exchange, cache, input, out);
    default:
        return http_answer(exchange, service, cache, out);
    }
}

static bool http_at_rest(const struct exchange *exchange)
{
    return exchange->phase == PHASE_HEAD;
}

const struct protocol protocol_http = {
    .name = "http",
    .step = http_step,
    .refresh = http_refresh,
    .at_rest = http_at_rest,
};
