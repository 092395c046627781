/*
 * http_file - the answers that come from a file: which one, all or a part of it or nothing new, and its head.
 * Preconditions: RFC 9110, 13; ranges: 14; fields: 8.8, 14.3, 14.4. For http.c.
 */
#ifndef HTTP_FILE_H
#define HTTP_FILE_H

#include "http.h"
#include "protocol.h"

/*
 * Looks for the path of a GET or HEAD under the root; the file, and what of it is to be sent, then stand in
 * exchange->found. 0, or the status that refuses the request (files.h); 301: http_put_redirect answers it.
 */
int http_file_find(struct exchange *exchange, const struct service *service,
                   const struct http_request *request);

/*
 * Writes the answer with the head and as much of the file as fits; the rest is sent from the file itself
 * (exchange->fill_left).
 */
void http_file_put(struct exchange *exchange, const struct reply_cache *cache, struct protocol_output *out);

/*
 * Where a directory is: the last name of the path once more, with a slash behind it. As a relative reference
 * it cannot lead to another host, whatever the path begins with. False: that name is too long to be one.
 */
bool http_file_put_redirect(const struct exchange *exchange, const struct reply_cache *cache,
                            const struct http_request *request, struct protocol_output *out);

#endif
