/*
 * bad_requests - requests that must be refused, and with which status.
 *
 * Each of these ends the connection: what follows it cannot be told apart. RFC 9112, RFC 9110
 */
#include "bad_requests.h"

#include <string.h>

#define HOST       "Host: test\r\n"
#define HELD(text) text, sizeof(text) - 1

const struct bad_request bad_requests[] = {
    /* the request line: RFC 9112, 3 */
    {"no target", 400, "GET\r\n\r\n"},
    {"no version", 400, "GET /\r\n\r\n"},
    {"no method", 400, " / HTTP/1.1\r\n" HOST "\r\n"},
    {"two spaces", 400, "GET  / HTTP/1.1\r\n" HOST "\r\n"},
    {"space in the target", 400, "GET /a b HTTP/1.1\r\n" HOST "\r\n"},
    {"space behind the version", 400, "GET / HTTP/1.1 \r\n" HOST "\r\n"},
    {"tab for a space", 400, "GET\t/ HTTP/1.1\r\n" HOST "\r\n"},
    {"no slash in the target", 400, "GET index HTTP/1.1\r\n" HOST "\r\n"},
    {"a method that is no token", 400, "G@T / HTTP/1.1\r\n" HOST "\r\n"},
    {"lower-case version", 400, "GET / http/1.1\r\n" HOST "\r\n"},
    {"version of one digit", 400, "GET / HTTP/1\r\n" HOST "\r\n"},
    {"version of many digits", 400, "GET / HTTP/1.10\r\n" HOST "\r\n"},
    {"version of letters", 400, "GET / HTTP/x.y\r\n" HOST "\r\n"},
    {"another protocol", 400, "GET / ICAP/1.0\r\n" HOST "\r\n"},
    {"HTTP/2.0", 505, "GET / HTTP/2.0\r\n" HOST "\r\n"},
    {"HTTP/0.9", 505, "GET / HTTP/0.9\r\n" HOST "\r\n"},
    {"the preface of HTTP/2", 505, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"},
    {"a TLS hello", 400, HELD("\x16\x03\x01\x00\xc4\x01\x00\x00\xc0\x03\x03\r\n\r\n")},
    {"NUL in the target", 400, HELD("GET /\0 HTTP/1.1\r\n" HOST "\r\n")},
    {"bare LF behind the request line", 400, "GET / HTTP/1.1\n" HOST "\r\n"},
    {"bare CR in the request line", 400, "GET /\r HTTP/1.1\r\n" HOST "\r\n"},
    {"a long target", 414, "GET /", 0, 8000, " HTTP/1.1\r\n" HOST "\r\n"},
    {"a target without end", 414, "GET /", 0, 10000},
    {"a method without end", 414, "", 0, 10000},
    /* fields: RFC 9112, 5 */
    {"no Host", 400, "GET / HTTP/1.1\r\n\r\n"},
    {"two Hosts", 400, "GET / HTTP/1.1\r\n" HOST HOST "\r\n"},
    {"a Host of two words", 400, "GET / HTTP/1.1\r\nHost: a b\r\n\r\n"},
    {"white space before the colon", 400, "GET / HTTP/1.1\r\nHost : test\r\n\r\n"},
    {"white space before the name", 400, "GET / HTTP/1.1\r\n Host: test\r\n\r\n"},
    {"a folded line", 400, "GET / HTTP/1.1\r\n" HOST "X: a\r\n b\r\n\r\n"},
    {"no colon", 400, "GET / HTTP/1.1\r\n" HOST "nonsense\r\n\r\n"},
    {"no name", 400, "GET / HTTP/1.1\r\n" HOST ": x\r\n\r\n"},
    {"NUL in a value", 400, HELD("GET / HTTP/1.1\r\n" HOST "X: a\0b\r\n\r\n")},
    {"NUL in a name", 400, HELD("GET / HTTP/1.1\r\n" HOST "X\0Y: a\r\n\r\n")},
    {"bare CR in a value", 400, "GET / HTTP/1.1\r\n" HOST "X: a\rb\r\n\r\n"},
    {"bare LF behind a field", 400, "GET / HTTP/1.1\r\n" HOST "X: a\n\r\n"},
    {"bare LF for the empty line", 400, "GET / HTTP/1.1\r\n" HOST "\n"},
    {"a control character in a value", 400, "GET / HTTP/1.1\r\n" HOST "X: a\x01\r\n\r\n"},
    {"a long field", 431, "GET / HTTP/1.1\r\n" HOST "X: ", 0, 8192, "\r\n\r\n"},
    {"a field without end", 431, "GET / HTTP/1.1\r\n" HOST "X: ", 0, 12000},
    /* framing of the body: RFC 9112, 6 */
    {"Content-Length of letters", 400, "POST /echo HTTP/1.1\r\n" HOST "Content-Length: five\r\n\r\n"},
    {"negative Content-Length", 400, "POST /echo HTTP/1.1\r\n" HOST "Content-Length: -1\r\n\r\n"},
    {"Content-Length with a sign", 400, "POST /echo HTTP/1.1\r\n" HOST "Content-Length: +5\r\n\r\n"},
    {"hexadecimal Content-Length", 400, "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 0x5\r\n\r\n"},
    {"empty Content-Length", 400, "POST /echo HTTP/1.1\r\n" HOST "Content-Length:\r\n\r\n"},
    {"Content-Length as a list", 400, "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 5, 5\r\n\r\nhello"},
    {"two Content-Lengths", 400,
     "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!"},
    {"Content-Length beyond 64 bits", 413,
     "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 99999999999999999999999\r\n\r\n"},
    {"a body above the limit", 413, "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 1073741825\r\n\r\n"},
    {"Content-Length and chunked", 400,
     "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
    {"chunked and Content-Length", 400,
     "POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n"},
    {"unknown transfer coding", 501, "POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: rot13\r\n\r\n"},
    {"gzip, chunked", 501, "POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip, chunked\r\n\r\n"},
    {"chunked twice", 400, "POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked, chunked\r\n\r\n"},
    {"chunked by HTTP/1.0", 400, "POST /echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
    {"unknown expectation", 417, "GET / HTTP/1.1\r\n" HOST "Expect: a miracle\r\n\r\n"},
};

const size_t bad_requests_count = sizeof(bad_requests) / sizeof(bad_requests[0]);

size_t bad_request_build(const struct bad_request *request, char *bytes)
{
    size_t size = request->size ? request->size : strlen(request->bytes);

    memcpy(bytes, request->bytes, size);
    memset(bytes + size, 'a', request->filling);
    size += request->filling;
    if (request->rest) {
        memcpy(bytes + size, request->rest, strlen(request->rest));
        size += strlen(request->rest);
    }
    return size;
}
