/*
 * http_syntax - the small grammar that heads, chunks and trailers of HTTP/1.1 share: slices of the input,
 * character classes, lines, one field line, a host. RFC 9110, 5.5 and 5.6; RFC 9112, 2.2 and 5
 */
#ifndef HTTP_SYNTAX_H
#define HTTP_SYNTAX_H

#include <stdbool.h>
#include <stddef.h>

/* Bytes of the input; never NUL-terminated. */
struct slice {
    const char *at;
    size_t size;
};

/* tchar of RFC 9110, 5.6.2: what names of methods and fields are made of. */
extern const bool http_is_token[256];

/* VCHAR, SP, HTAB and obs-text: what a field value may hold (RFC 9110, 5.5). */
extern const bool http_is_value[256];

/* How many bytes from the front are of that class. */
size_t http_span(struct slice text, const bool class[256]);

/* Is it that word, upper or lower case? */
bool http_same_text(struct slice text, const char *word);

/* Without the spaces and tabs at both ends (OWS of RFC 9110, 5.6.3). */
struct slice http_trim(struct slice text);

/* Takes the next element of a comma-separated list, which may be empty; false at its end. */
bool http_next_element(struct slice *list, struct slice *element);

/* The value of a hexadecimal digit, -1 when it is none. */
int http_hex_digit(char c);

/*
 * Decodes the "%2F" of a path (RFC 3986, 2.1) whose encoding has been checked, into `room`. Returns how long
 * it is; more than `max`: it did not fit.
 */
size_t http_decode(struct slice path, char *room, size_t max);

/* Finds the line at `at`. 1 found; 0 incomplete; -400 when it ends in a bare LF or holds a bare CR. */
int http_find_line(const char *at, size_t size, struct slice *line);

/* Splits "Name: value" (RFC 9112, 5): 0, or -400 when it is none; the value comes without white space around.
 */
int http_split_field(struct slice line, struct slice *name, struct slice *value);

/*
 * Is it `uri-host [ ":" port ]` (RFC 9110, 7.2; RFC 3986, 3.2.2)? The host may be empty, as that of a Host
 * field; a comma, which the grammar allows, is refused, because lists of fields are joined with it.
 */
bool http_is_host(struct slice value);

#endif
