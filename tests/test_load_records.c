/*
 * tenk-load over transports that keep messages: what it counts is what the server counts, and what is lost,
 * wrong or refused on the way is an error of its own kind.
 */
#include <criterion/criterion.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fixture.h"
#include "load_outcome.h"
#include "sockets.h"

TestSuite(load_records, .timeout = 60, .fini = fixture_leave);

static struct fixture server;
static struct load_outcome outcome;

static uint64_t count(const char *path)
{
    return load_outcome_count(&outcome, path);
}

static void load(const char *endpoint, const char *const *arguments)
{
    char target[2 * NET_TEXT_MAX];

    snprintf(target, sizeof target, "echo+%s", endpoint);
    load_outcome_run(&outcome, target, arguments);
}

#define SHORT_RUN "-d", "0.5s", "--warmup", "0.2s"

/* The load has run; now the server is asked what it saw. */
static void compare_counts(void)
{
    struct program_end end;
    struct counters_sum counters;

    fixture_terminate(&server);
    fixture_finish(&server, &end, &counters);
    cr_assert_eq(outcome.end.status, 0, "%s%s", end.out, outcome.end.out);
    cr_assert(count("requests") > 0 && count("connections.served") == 16 && count("errors.total") == 0);
    cr_assert_eq(count("total.requests"), counters.requests, "the server counted %llu: %s",
                 (unsigned long long)counters.requests, outcome.end.out);
    load_outcome_close(&outcome);
}

static void check_counts(enum fixture_transport transport, const char *payload)
{
    fixture_start(&server,
                  &(struct fixture_plan){.model = "epoll", .protocol = "echo", .transport = transport});
    load(server.endpoint, (const char *[]){"-c", "16", "--payload", payload, SHORT_RUN, NULL});
    compare_counts();
}

static void check_http(const char *path, const char *pipeline)
{
    char target[2 * NET_TEXT_MAX];

    fixture_start(&server, &(struct fixture_plan){.model = "epoll", .transport = FIXTURE_UNIXPACKET});
    snprintf(target, sizeof target, "http+%s:%s", server.endpoint, path);
    load_outcome_run(&outcome, target, (const char *[]){"-c", "16", "--pipeline", pipeline, SHORT_RUN, NULL});
    compare_counts();
}

/* An answer longer than a record comes in several, and several requests may share one. */
Test(load_records, http_counts_equal_over_unixpacket)
{
    check_http("/", "1");
    check_http("/", "64");
    check_http("/bytes/200000", "2");
}

Test(load_records, counts_equal_over_unixpacket)
{
    check_counts(FIXTURE_UNIXPACKET, "64");
    check_counts(FIXTURE_UNIXPACKET, "16000");
}

Test(load_records, counts_equal_over_udp)
{
    check_counts(FIXTURE_UDP, "64");
}

Test(load_records, counts_equal_over_unixdgram)
{
    check_counts(FIXTURE_UNIXDGRAM, "64");
}

/* ---- a server that cannot be trusted ---- */

enum { DROP_EVERY = 50, SPOIL_EVERY = 33, CUT_EVERY = 27 };

static _Atomic unsigned dropped, spoilt, cut;

/* Echoes most datagrams. Those it drops, changes or cuts it counts. */
static void *be_unreliable(void *socket)
{
    int fd = *(int *)socket;
    char bytes[256];

    for (unsigned i = 1;; i++) {
        struct net_address from;
        ssize_t size = net_receive_from(fd, bytes, sizeof bytes, &from);

        if (size <= 0)
            return NULL;
        if (i % DROP_EVERY == 0) {
            dropped++;
            continue;
        }
        if (i % SPOIL_EVERY == 0) {
            spoilt++;
            bytes[size - 1] ^= 1;
        } else if (i % CUT_EVERY == 0) {
            cut++;
            size--;
        }
        net_send_to(fd, bytes, (size_t)size, &from);
    }
}

/* An answer that a busy machine delays must not count as lost: the time-out is long. */
Test(load_records, what_is_lost_or_wrong_is_counted)
{
    struct net_endpoint bound;
    char endpoint[NET_TEXT_MAX];
    int fd = sockets_bind("udp://127.0.0.1:0", &bound);
    pthread_t thread;

    net_endpoint_format(&bound, endpoint);
    cr_assert(pthread_create(&thread, NULL, be_unreliable, &fd) == 0);
    load(endpoint, (const char *[]){"-c", "4", "--timeout", "1s", "-d", "2500ms", "--warmup", "0s", NULL});
    shutdown(fd, SHUT_RDWR);
    pthread_join(thread, NULL);
    cr_assert_eq(outcome.end.status, 1, "%s", outcome.end.out);
    cr_assert(count("requests") > 0 && dropped > 0 && spoilt > 0 && cut > 0);
    cr_assert(count("errors.lost") > 0 && count("errors.lost") <= dropped, "%u were dropped: %s", dropped,
              outcome.end.out);
    cr_assert(count("errors.content") > 0 && count("errors.content") <= spoilt + cut,
              "%u were spoilt, %u cut: %s", spoilt, cut, outcome.end.out);
    cr_assert_eq(count("errors.timeout"), 0, "%s", outcome.end.out);
    load_outcome_close(&outcome);
    close(fd);
}

Test(load_records, nobody_there_is_an_error_and_no_storm)
{
    struct net_endpoint bound;
    char endpoint[NET_TEXT_MAX];

    int nobody = sockets_bind("udp://127.0.0.1:0", &bound);
    sockets_turn_away(nobody);
    load(net_endpoint_format(&bound, endpoint), (const char *[]){"-c", "2", SHORT_RUN, NULL});
    cr_assert_eq(outcome.end.status, 1);
    cr_assert(count("requests") == 0 && count("errors.total") > 0 && count("errors.total") < 1000, "%s",
              outcome.end.out);
    load_outcome_close(&outcome);
    close(nobody);
}

Test(load_records, http_requests_fit_one_record)
{
    static const char *const wrong[][2] = {{"--pipeline", "1000"}, {"--slow-read", "100"}};
    char errors[PROGRAM_TEXT_MAX];
    struct program_end end;

    for (size_t i = 0; i < 2; i++) {
        program_run((const char *[]){program_path("tenk-load"), "http+unixpacket:/nowhere", wrong[i][0],
                                     wrong[i][1], NULL},
                    &end, errors);
        cr_assert(end.exited && end.status == 2);
        cr_assert(strstr(errors, "at most 16384 bytes") && strstr(errors, "--slow-read"), "%s", errors);
    }
}

Test(load_records, a_request_is_one_message)
{
    char errors[PROGRAM_TEXT_MAX];
    struct program_end end;
    static const char *const wrong[][2] = {{"--pipeline", "2"}, {"--payload", "65508"}};

    for (size_t i = 0; i < 2; i++) {
        program_run((const char *[]){program_path("tenk-load"), "echo+udp://127.0.0.1:9", wrong[i][0],
                                     wrong[i][1], NULL},
                    &end, errors);
        cr_assert(end.exited && end.status == 2);
        cr_assert(strstr(errors, "keeps messages, and a request is one: --pipeline 1 and --payload up to "
                                 "65507 bytes"),
                  "%s", errors);
    }
}
