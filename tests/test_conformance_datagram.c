/*
 * The echo service over datagrams (RFC 862), under every model that has it: whole, to its sender, from the
 * address that was asked; counted, and stopped without loss. The others refuse with a sentence.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "datagrams.h"
#include "expect.h"
#include "matrix.h"

enum {
    LARGEST = 65507,         /* over UDP and IPv4 */
    TOO_LARGE = 65536 + 500, /* io_uring has some room to spare for what comes with a datagram */
    CLIENTS = 64,
    WAITING = 5, /* below the 10 that a Unix socket queues by default */
    DEADLINE_MS = 20000,
    SILENCE_MS = 100,
};

static struct fixture fixture;

/* A model that has no use for datagrams says so, and which have. */
static void expect_refused(const char *model)
{
    char errors[PROGRAM_TEXT_MAX], expected[128];
    struct program_end end;

    program_run((const char *[]){program_path("tenk-serve"), model, "--protocol=echo",
                                 "--listen=udp://127.0.0.1:0", NULL},
                &end, errors);
    snprintf(expected, sizeof expected,
             "tenk-serve: %s serves connections and has no use for datagrams; these have: iterative ", model);
    cr_assert(end.exited && end.status == 2 && strncmp(errors, expected, strlen(expected)) == 0, "%s",
              errors);
}

/* Starts the server. False when its model does not serve datagrams: then it has refused to. */
static bool begin(struct fixture_plan *plan)
{
    struct model_facts facts;

    fixture_facts(plan->model, &facts);
    if (facts.available && !facts.datagrams)
        expect_refused(plan->model);
    plan->clients = plan->clients ? plan->clients : 4; /* workers: fewer are started faster */
    if (facts.datagrams)
        fixture_start(&fixture, plan);
    return facts.datagrams;
}

static void finish(struct counters_sum *counters)
{
    struct program_end end;

    fixture_expect_at_rest(&fixture);
    fixture_terminate(&fixture);
    fixture_finish(&fixture, &end, counters);
}

/* Every length once, with the empty one and the longest among them; and all of it counted. */
static void lengths(struct fixture_plan plan)
{
    struct counters_sum counters;
    uint64_t count = 0, bytes = 0;

    if (!begin(&plan))
        return;
    char *noise = expect_noise(LARGEST, 4);
    int client = datagrams_connect(fixture.endpoint);
    for (size_t size = 0; size <= LARGEST; size += size < 100 ? 1 : size / 3, count++, bytes += size)
        datagrams_expect_echo(client, noise, size);
    datagrams_expect_echo(client, noise, LARGEST);
    close(client);
    finish(&counters);
    cr_assert_eq(counters.requests, count + 1, "%llu are counted", (unsigned long long)counters.requests);
    cr_assert(counters.bytes_in == counters.bytes_out && counters.bytes_in > LARGEST);
    cr_assert(counters.accepted == 0 && counters.aborted == 0 && counters.bad_requests == 0);
    free(noise);
}

/* Each client has one under way all the time; answers never cross. */
static void clients(struct fixture_plan plan)
{
    struct counters_sum counters;
    char text[64], back[64];
    int fds[CLIENTS];

    if (!begin(&plan))
        return;
    for (int i = 0; i < CLIENTS; i++)
        fds[i] = datagrams_connect(fixture.endpoint);
    for (int round = 0; round < 20; round++) {
        for (int i = 0; i < CLIENTS; i++)
            datagrams_send(fds[i], text, (size_t)snprintf(text, sizeof text, "%d of client %d", round, i));
        for (int i = 0; i < CLIENTS; i++) {
            int size = snprintf(text, sizeof text, "%d of client %d", round, i);

            cr_assert_eq(datagrams_receive(fds[i], back, sizeof back, DEADLINE_MS), size);
            cr_assert(memcmp(text, back, (size_t)size) == 0, "client %d gets another's", i);
        }
    }
    for (int i = 0; i < CLIENTS; i++)
        close(fds[i]);
    finish(&counters);
    cr_assert_eq(counters.requests, 20 * CLIENTS);
}

/* Clients that leave before their answer comes cost an error somewhere, and nobody else anything. */
static void vanished(struct fixture_plan plan)
{
    struct counters_sum counters;

    if (!begin(&plan))
        return;
    int client = datagrams_connect(fixture.endpoint);
    for (int i = 0; i < 50; i++) {
        int gone = datagrams_connect(fixture.endpoint);

        datagrams_send(gone, "going", 5);
        close(gone);
        datagrams_expect_echo(client, "staying", 7);
    }
    close(client);
    finish(&counters);
    cr_assert(counters.requests >= 50 && counters.requests + counters.aborted == 100,
              "%llu answered, %llu could not be", (unsigned long long)counters.requests,
              (unsigned long long)counters.aborted);
}

/* What had come before the stop is answered after it. */
static void drained(struct fixture_plan plan)
{
    struct counters_sum counters;
    struct program_end end;
    char back[8];

    if (!begin(&plan))
        return;
    int client = datagrams_connect(fixture.endpoint);
    datagrams_expect_echo(client, "x", 1);
    kill(-fixture.program.pid, SIGSTOP);
    for (char i = 0; i < WAITING; i++)
        datagrams_send(client, &i, 1);
    fixture_terminate(&fixture);
    kill(-fixture.program.pid, SIGCONT);
    fixture_finish(&fixture, &end, &counters);
    for (int i = 0; i < WAITING; i++)
        cr_assert_eq(datagrams_receive(client, back, sizeof back, DEADLINE_MS), 1, "answer %d is lost", i);
    cr_assert_eq(counters.requests, WAITING + 1);
    close(client);
}

/* ---- Unix sockets only ---- */

/* Longer than a server's buffer, which over IP cannot be: what is cut off is not sent back. */
static void too_large(struct fixture_plan plan)
{
    struct counters_sum counters;
    char byte;

    if (!begin(&plan))
        return;
    char *noise = expect_noise(TOO_LARGE, 5);
    int client = datagrams_connect(fixture.endpoint);
    datagrams_send(client, noise, TOO_LARGE);
    datagrams_send(client, noise, TOO_LARGE);
    datagrams_expect_echo(client, "after", 5);
    cr_assert_eq(datagrams_receive(client, &byte, 1, SILENCE_MS), -1);
    close(client);
    finish(&counters);
    cr_assert(counters.bad_requests == 2 && counters.requests == 1);
    free(noise);
}

/*
 * A connected client that never reads pins answers in the server's send buffer, and when that is full the
 * kernel takes none for anybody (unix(7) knows no other bound). They are dropped and counted, the server
 * does not wait, and all is well again when the client reads or leaves.
 */
static void deaf(struct fixture_plan plan)
{
    enum { SHOUTS = 1000, SIZE = 1000 };
    struct counters_sum counters;

    if (!begin(&plan))
        return;
    char *noise = expect_noise(SIZE, 6);
    int deaf_one = datagrams_connect(fixture.endpoint), client = datagrams_connect(fixture.endpoint);
    datagrams_expect_echo(client, "are you there?", 14);
    for (int i = 0; i < SHOUTS; i++)
        datagrams_send(deaf_one, noise, SIZE);
    close(deaf_one);
    datagrams_expect_echo(client, "still there?", 12);
    close(client);
    finish(&counters);
    cr_assert(counters.aborted > 0, "answers it did not take are dropped and counted");
    cr_assert_eq(counters.requests + counters.aborted, SHOUTS + 2);
    free(noise);
}

/* ---- IP only ---- */

static void wildcard(struct fixture_plan plan)
{
    struct counters_sum counters;
    char endpoint[FIXTURE_ENDPOINT_MAX];
    int port;

    plan.options[0] = "--listen=udp://0.0.0.0:0";
    if (!begin(&plan))
        return;
    cr_assert(sscanf(fixture.endpoint, "udp://0.0.0.0:%d", &port) == 1, "%s", fixture.endpoint);
    for (int i = 1; i < 4; i++) {
        snprintf(endpoint, sizeof endpoint, "udp://127.0.%d.1:%d", i, port);
        int client = datagrams_connect(endpoint); /* receives from that address alone */
        datagrams_expect_echo(client, "who is there?", 13);
        close(client);
    }
    finish(&counters);
    cr_assert_eq(counters.requests, 3);
}

Test(conformance_datagram, http_needs_a_connection)
{
    char errors[PROGRAM_TEXT_MAX];
    struct program_end end;

    program_run((const char *[]){program_path("tenk-serve"), "epoll", "--listen=unixdgram:@x", NULL}, &end,
                errors);
    cr_assert(end.exited && end.status == 2);
    cr_assert(strstr(errors, "http needs a connection, which 'unixdgram:@x' is not: over datagrams there is "
                             "--protocol echo"),
              "%s", errors);
}

Test(conformance_datagram, ipv6_and_an_abstract_name)
{
    static const char *const listen[] = {"--listen=udp://[::1]:0", "--listen=udp6://[::]:0"};

    for (size_t i = 0; i < 2; i++) {
        struct fixture_plan plan = {
            .model = "epoll", .protocol = "echo", .transport = FIXTURE_UDP, .options = {listen[i]}};
        char endpoint[FIXTURE_ENDPOINT_MAX];
        int port;

        fixture_start(&fixture, &plan);
        cr_assert(sscanf(strrchr(fixture.endpoint, ':'), ":%d", &port) == 1);
        snprintf(endpoint, sizeof endpoint, "udp://[::1]:%d", port);
        int client = datagrams_connect(endpoint);
        datagrams_expect_echo(client, "six", 3);
        close(client);
        fixture_stop(&fixture);
    }
}

TestSuite(conformance_datagram, .timeout = MATRIX_TIMEOUT_S, .fini = fixture_leave);
MATRIX_SUITE(conformance_echo_udp);
MATRIX_SUITE(conformance_echo_unixdgram);

#define UDP(model, name)   MATRIX_TEST(conformance_echo_udp, model, name, "echo", FIXTURE_UDP)
#define DGRAM(model, name) MATRIX_TEST(conformance_echo_unixdgram, model, name, "echo", FIXTURE_UNIXDGRAM)
#define CASES(test, model)                                                                                   \
    test(model, lengths) test(model, clients) test(model, vanished) test(model, drained)
#define MODEL(model)                                                                                         \
    CASES(UDP, model)                                                                                        \
    UDP(model, wildcard) CASES(DGRAM, model) DGRAM(model, too_large) DGRAM(model, deaf)
#define REFERENCE(model)
#include "models.def"
