/*
 * bad_requests - requests that must be refused, and with which status.
 *
 * One table for the parser's unit tests (cut at every byte) and for every model over a socket.
 */
#ifndef BAD_REQUESTS_H
#define BAD_REQUESTS_H

#include <stddef.h>

struct bad_request {
    const char *name;
    int status;
    const char *bytes;
    size_t size;      /* 0: strlen(bytes); for requests that hold a NUL */
    size_t filling;   /* so many letters 'a' stand between bytes and `rest` */
    const char *rest; /* NULL: nothing */
};

extern const struct bad_request bad_requests[];
extern const size_t bad_requests_count;

/* The bytes of the request: its size, at most BAD_REQUEST_MAX, in `bytes`. */
enum { BAD_REQUEST_MAX = 32768 };
size_t bad_request_build(const struct bad_request *request, char *bytes);

#endif
