/*
 * http_answer - writing the answers of HTTP/1.1 into the output of a step (protocol.h). For http.c.
 *
 * Who writes sees to it that HTTP_REPLY_ROOM bytes are free before an answer is begun.
 */
#ifndef HTTP_ANSWER_H
#define HTTP_ANSWER_H

#include "protocol.h"

#include <stddef.h>
#include <stdint.h>
#include <time.h>

enum { HTTP_REPLY_ROOM = 1536 }; /* the longest answer that must fit whole: head and /stats body */

/* exchange->phase: see the picture in http.c. */
enum http_phase {
    PHASE_HEAD,
    PHASE_BODY,
    PHASE_CHUNK_LINE,
    PHASE_CHUNK_DATA,
    PHASE_CHUNK_END,
    PHASE_TRAILER,
    PHASE_ANSWER,
    PHASE_WAITED,
};

struct http_reply {
    int status;
    const char *type;
    const char *body; /* NULL: the body follows by other means */
    uint64_t length;  /* of the body */
};

void http_put(struct protocol_output *out, const char *text, size_t size);
void http_put_text(struct protocol_output *out, const char *text);
void http_put_number(struct protocol_output *out, uint64_t number, unsigned base);

/* Renders what all answers of a second share (Date: RFC 9110, 6.6.1), when it has begun. */
void http_refresh(struct reply_cache *cache, const struct service *service);

/* How every answer begins: status line, Server, Date, Allow with 405, Connection. Other fields follow. */
void http_put_start(const struct exchange *exchange, const struct reply_cache *cache,
                    struct protocol_output *out, int status);

/* The head, and the body unless it answers HEAD. */
void http_put_reply(const struct exchange *exchange, const struct reply_cache *cache,
                    struct protocol_output *out, const struct http_reply *reply);

/* The request is answered: the exchange is as new, and either the next request follows or the end. */
enum protocol_result http_answered(struct exchange *exchange);

/* Answers a request after which nothing can be trusted or awaited any more. */
enum protocol_result http_refuse(struct exchange *exchange, const struct reply_cache *cache,
                                 struct protocol_output *out, int status);

/* The whole request is here: does what it asks for. */
enum protocol_result http_answer(struct exchange *exchange, const struct service *service,
                                 const struct reply_cache *cache, struct protocol_output *out);

#endif
