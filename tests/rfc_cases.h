/*
 * rfc_cases - what HTTP/1.1 asks of a server, case by case: bytes in, answers out. RFC 9110, RFC 9112
 *
 * One table for the parser (cut at every byte), for the connection without I/O (the same), and for every
 * model over a socket. Behind each case stands one more request, which must be answered or must not.
 */
#ifndef RFC_CASES_H
#define RFC_CASES_H

#include <stddef.h>

struct rfc_case {
    const char
        *section; /* "9112 6.1": the RFC and where it says so; "ours": a limit or a choice of this server */
    const char *name;
    /*
     * The statuses in order, with spaces between; "200h" answers HEAD (no body follows). Then
     *   "."  the connection stays open: the next request is answered
     *   "!"  it says Connection: close and ends: the next request is not answered
     *   "~"  it ends in the middle of an answer that was under way
     *   "?"  it waits for more; at the end of input it says nothing more
     */
    const char *says;
    const char *bytes;
    size_t size;
    int refused;       /* the status with which the parser of heads refuses it; 0: it does not */
    size_t filling;    /* so many letters 'a' stand between bytes and `rest` */
    const char *rest;  /* NULL: nothing */
    const char *holds; /* what must stand in the answers; NULL: nothing special */
    const char *lacks; /* what must not */
};

extern const struct rfc_case rfc_cases[];
extern const size_t rfc_cases_count;

/* The bytes of the case: its size, at most RFC_CASE_MAX, in `bytes`. */
enum { RFC_CASE_MAX = 32768 };
size_t rfc_case_build(const struct rfc_case *item, char *bytes);

/* The request that stands behind a case, and ends the connection; "" behind those that wait for more. */
const char *rfc_case_next(const struct rfc_case *item);

/*
 * Holds what was said, from the first byte to the end of the connection, NUL-terminated, against the case.
 * NULL, or the sentence that tells what is wrong (static storage).
 */
const char *rfc_case_check(const struct rfc_case *item, const char *said, size_t size);

#endif
