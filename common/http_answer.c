/* http_answer - see http_answer.h. */
#include "http_answer.h"

#include "handler.h"
#include "http.h"
#include "http_file.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

static_assert(HTTP_REPLY_ROOM > REPLY_CACHE_SIZE + HANDLER_STATS_MAX, "an answer fits its room");

/* ---- writing ---- */

void http_put(struct protocol_output *out, const char *text, size_t size)
{
    assert(size <= out->size);
    memcpy(out->at, text, size);
    out->at += size, out->size -= size;
}

void http_put_text(struct protocol_output *out, const char *text)
{
    http_put(out, text, strlen(text));
}

void http_put_number(struct protocol_output *out, uint64_t number, unsigned base)
{
    char digits[20];
    size_t at = sizeof digits;

    do {
        digits[--at] = "0123456789abcdef"[number % base];
        number /= base;
    } while (number > 0);
    http_put(out, digits + at, sizeof digits - at);
}

const char *http_reason(int status)
{
    switch (status) {
    case 200:
        return "OK";
    case 206:
        return "Partial Content";
    case 301:
        return "Moved Permanently";
    case 304:
        return "Not Modified";
    case 400:
        return "Bad Request";
    case 403:
        return "Forbidden";
    case 404:
        return "Not Found";
    case 405:
        return "Method Not Allowed";
    case 412:
        return "Precondition Failed";
    case 413:
        return "Content Too Large";
    case 414:
        return "URI Too Long";
    case 416:
        return "Range Not Satisfiable";
    case 417:
        return "Expectation Failed";
    case 431:
        return "Request Header Fields Too Large";
    case 500:
        return "Internal Server Error";
    case 501:
        return "Not Implemented";
    case 503:
        return "Service Unavailable";
    case 505:
        return "HTTP Version Not Supported";
    default:
        return "Unknown";
    }
}

/* ---- answers ---- */

static const char text_fields[] = "Content-Type: text/plain\r\nContent-Length: 13\r\n\r\n" HANDLER_TEXT;

static void render(struct reply_cache *cache, const struct service *service, time_t second)
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

void http_refresh(struct reply_cache *cache, const struct service *service)
{
    time_t second = time(NULL);

    if (second != cache->second)
        render(cache, service, second);
}

void http_put_start(const struct exchange *exchange, const struct reply_cache *cache,
                    struct protocol_output *out, int status)
{
    http_put_text(out, "HTTP/1.1 ");
    http_put_number(out, (uint64_t)status, 10);
    http_put_text(out, " ");
    http_put_text(out, http_reason(status));
    http_put_text(out, "\r\n");
    http_put(out, cache->head, cache->head_size);
    if (status == 405) {
        http_put_text(out, "Allow: ");
        http_put_text(out, handler_allow(exchange->route));
        http_put_text(out, "\r\n");
    }
    if (!exchange->keep_alive)
        http_put_text(out, "Connection: close\r\n");
    else if (exchange->http_1_0)
        http_put_text(out, "Connection: keep-alive\r\n");
}

void http_put_reply(const struct exchange *exchange, const struct reply_cache *cache,
                    struct protocol_output *out, const struct http_reply *reply)
{
    http_put_start(exchange, cache, out, reply->status);
    http_put_text(out, "Content-Type: ");
    http_put_text(out, reply->type);
    if (exchange->chunked && exchange->route == ROUTE_ECHO && reply->status == 200) {
        http_put_text(out, "\r\nTransfer-Encoding: chunked\r\n\r\n");
    } else {
        http_put_text(out, "\r\nContent-Length: ");
        http_put_number(out, reply->length, 10);
        http_put_text(out, "\r\n\r\n");
    }
    if (reply->body != NULL && !exchange->head_only)
        http_put(out, reply->body, (size_t)reply->length);
}

enum protocol_result http_answered(struct exchange *exchange)
{
    bool keep_alive = exchange->keep_alive;
    uint64_t fill_at = exchange->fill_at, fill_left = exchange->fill_left;

    if (fill_left == 0)
        exchange_close_file(exchange);
    *exchange = (struct exchange){.fill_at = fill_at, .fill_left = fill_left, .found = exchange->found};
    return keep_alive ? PROTOCOL_ANSWERED : PROTOCOL_CLOSE;
}

static void put_error(struct exchange *exchange, const struct reply_cache *cache, struct protocol_output *out,
                      int status)
{
    char body[64];
    int size = snprintf(body, sizeof body, "%d %s\n", status, http_reason(status));

    http_put_reply(exchange, cache, out, &(struct http_reply){status, "text/plain", body, (uint64_t)size});
}

enum protocol_result http_refuse(struct exchange *exchange, const struct reply_cache *cache,
                                 struct protocol_output *out, int status)
{
    exchange->keep_alive = false;
    put_error(exchange, cache, out, status);
    http_answered(exchange);
    return PROTOCOL_REFUSED;
}

static void put_hello(const struct exchange *exchange, const struct reply_cache *cache,
                      struct protocol_output *out)
{
    if (exchange->keep_alive && !exchange->head_only && !exchange->http_1_0)
        http_put(out, cache->full, cache->full_size);
    else
        http_put_reply(exchange, cache, out,
                       &(struct http_reply){200, "text/plain", HANDLER_TEXT, sizeof HANDLER_TEXT - 1});
}

/* The head, and as much of the body as fits; the rest is sent straight from the pattern. */
static void put_bytes(struct exchange *exchange, const struct reply_cache *cache, struct protocol_output *out)
{
    const char *bytes;

    http_put_reply(exchange, cache, out,
                   &(struct http_reply){200, "application/octet-stream", NULL, exchange->argument});
    if (exchange->head_only)
        return;
    size_t size = handler_pattern(0, exchange->argument < out->size ? exchange->argument : out->size, &bytes);
    http_put(out, bytes, size);
    exchange->fill_at = size;
    exchange->fill_left = exchange->argument - size;
}

static void put_stats(const struct exchange *exchange, const struct service *service,
                      const struct reply_cache *cache, struct protocol_output *out)
{
    char body[HANDLER_STATS_MAX];
    size_t size = handler_stats(service, body);

    http_put_reply(exchange, cache, out, &(struct http_reply){200, "application/json", body, size});
}

enum protocol_result http_answer(struct exchange *exchange, const struct service *service,
                                 const struct reply_cache *cache, struct protocol_output *out)
{
    if (exchange->error != 0) {
        put_error(exchange, cache, out, exchange->error);
        return http_answered(exchange);
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
        http_put_reply(exchange, cache, out, &(struct http_reply){200, "application/octet-stream", "", 0});
        break;
    case ROUTE_MODEL:
        http_put_reply(exchange, cache, out,
                       &(struct http_reply){200, "text/plain", service->model, strlen(service->model)});
        break;
    case ROUTE_FILE:
        http_file_put(exchange, cache, out);
        break;
    case ROUTE_STATS:
        put_stats(exchange, service, cache, out);
        break;
    }
    return http_answered(exchange);
}
