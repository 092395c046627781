/*
 * http - the head of an HTTP/1.1 request, strictly: RFC 9112 (syntax, framing), RFC 9110 (meaning).
 *
 * A pure function of bytes. What two parsers could read in two ways is refused, because that is how
 * requests are smuggled: bare LF, white space before a colon, folded lines, Content-Length beside
 * Transfer-Encoding, repeated Content-Length.
 */
#ifndef HTTP_H
#define HTTP_H

#include "http_syntax.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    HTTP_LINE_MAX = 8000,     /* request line; longer: 414 (RFC 9112, 3 asks for 8000 at least) */
    HTTP_HEADERS_MAX = 8192,  /* all fields together; more: 431 */
    HTTP_FIELDS_MAX = 100,    /* number of fields; more: 431 */
    HTTP_CHUNK_LINE_MAX = 256 /* chunk size and extensions; longer: 400 */
};
#define HTTP_BODY_MAX (UINT64_C(1) << 30) /* larger: 413 */

enum http_method { HTTP_GET, HTTP_HEAD, HTTP_POST, HTTP_OTHER };

struct http_request {
    enum http_method method;
    const char *target; /* path only: no authority, no query; in the input, or a "/" where it has none */
    size_t target_size;
    bool http_1_0;
    bool keep_alive;
    bool expects_continue; /* Expect: 100-continue */
    bool asks_tunnel;      /* CONNECT: what follows may be no HTTP, so it is the last (RFC 9110, 9.3.6) */
    bool has_length;
    bool chunked;
    uint64_t length; /* of the body, when has_length */
    /* Values of fields that matter to files; `at` is NULL where one is not there; they point into the input.
     */
    struct slice range, if_range, if_match, if_none_match, if_modified_since, if_unmodified_since;
};

/*
 * Parses a request head. Returns its size in bytes, up to and with the empty line; 0 when more is
 * needed; -STATUS when it must be refused with that status.
 */
int http_parse(const char *bytes, size_t size, struct http_request *request);

/*
 * Parses a chunk-size line (RFC 9112, 7.1). Returns its size with CRLF and sets *length; 0 when
 * more is needed; -400 when it is none.
 */
int http_parse_chunk(const char *bytes, size_t size, uint64_t *length);

/*
 * Checks one line of a trailer section (RFC 9112, 7.1.2). Returns its size with CRLF, 2 for the empty
 * line that ends the section; 0 when more is needed; -400 when it is no field.
 */
int http_parse_trailer(const char *bytes, size_t size);

/* The reason phrase of a status we send. */
const char *http_reason(int status);

#endif
