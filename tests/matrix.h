/*
 * matrix - one named test per case, model and transport, from servers/models.def.
 *
 * A test file lists its cases and then has every test made:
 *
 *     #define CASES(test, model) test(model, get) test(model, head)
 *     #define MODEL(model) CASES(HTTP_TCP, model) CASES(HTTP_UNIX, model)
 *     #define REFERENCE(model)
 *     #include "models.def"
 *
 * which makes, among others, Test(conformance_http_unix, epoll_head) calling
 *
 *     static void head(struct fixture_plan plan);
 *
 * with the plan's model, protocol and transport filled. A parameterized test would give all of them
 * one name that cannot be asked for.
 */
#ifndef MATRIX_H
#define MATRIX_H

#include <criterion/criterion.h>

#include "fixture.h"

/* Below some 10 s Criterion's own clock can hang the runner. 200 lives of 64 threads under a sanitizer take
 * minutes. */
#ifdef SERVERS_UNDER_TSAN
enum { MATRIX_TIMEOUT_S = 360 };
#else
enum { MATRIX_TIMEOUT_S = 90 };
#endif

#define MATRIX_SUITE(suite) TestSuite(suite, .timeout = MATRIX_TIMEOUT_S, .fini = fixture_leave)

#define MATRIX_TEST(suite, model_name, case_name, protocol_name, transport_kind)                             \
    Test(suite, model_name##_##case_name)                                                                    \
    {                                                                                                        \
        case_name((struct fixture_plan){                                                                     \
            .model = #model_name, .protocol = protocol_name, .transport = transport_kind});                  \
    }

#define HTTP_TCP(model, name)    MATRIX_TEST(conformance_http_tcp, model, name, "http", FIXTURE_TCP)
#define HTTP_UNIX(model, name)   MATRIX_TEST(conformance_http_unix, model, name, "http", FIXTURE_UNIX)
#define ECHO_TCP(model, name)    MATRIX_TEST(conformance_echo_tcp, model, name, "echo", FIXTURE_TCP)
#define ECHO_UNIX(model, name)   MATRIX_TEST(conformance_echo_unix, model, name, "echo", FIXTURE_UNIX)
#define HTTP_TCP6(model, name)   MATRIX_TEST(conformance_http_tcp6, model, name, "http", FIXTURE_TCP6)
#define ECHO_PACKET(model, name) MATRIX_TEST(conformance_echo_packet, model, name, "echo", FIXTURE_UNIXPACKET)
#define HTTP_PACKET(model, name) MATRIX_TEST(conformance_http_packet, model, name, "http", FIXTURE_UNIXPACKET)
#define FAULTS(model, name)      MATRIX_TEST(faults, model, name, "http", FIXTURE_TCP)

#endif
