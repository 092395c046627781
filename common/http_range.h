/*
 * http_range - preconditions and byte ranges: what of a found file a request wants. RFC 9110, 13 and 14
 */
#ifndef HTTP_RANGE_H
#define HTTP_RANGE_H

#include "http.h"
#include "protocol.h"

enum { HTTP_DATE_SIZE = 40, HTTP_TAG_SIZE = 40 };

/*
 * Evaluates the request's preconditions in the order of RFC 9110, 13.2.2, then its range. Sets status to 200,
 * 206, 304, 412 or 416, and which part is to be sent: start and length, 0 where no body follows. Several
 * ranges, and what is no range, are answered with all of it (14.2).
 */
void http_range_select(const struct http_request *request, struct found *found);

/* The value of Last-Modified (5.6.7), and that of ETag with its quotes: strong, of the time in nanoseconds.
 */
const char *http_date(const struct found *found, char text[HTTP_DATE_SIZE]);
const char *http_tag(const struct found *found, char text[HTTP_TAG_SIZE]);

#endif
