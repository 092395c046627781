/*
 * The small clients: tenk-echo over every transport, tenk-get -o, tenk-probe, tenk-ping.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "fixture.h"
#include "program.h"
#include "sockets.h"

TestSuite(clients, .timeout = 90, .init = sockets_make_directory, .fini = sockets_remove_directory);

static struct program_end end;
static char errors[PROGRAM_TEXT_MAX];

static void run(const char *name, const char *first, const char *second, const char *third)
{
    program_run((const char *[]){program_path(name), first, second, third, NULL}, &end, errors);
    cr_assert(end.exited, "%s does not end", name);
}

static void expect(int status, const char *in_output, const char *in_errors)
{
    cr_assert(end.status == status, "status %d: %s%s", end.status, end.out, errors);
    cr_assert(in_output == NULL || strstr(end.out, in_output), "`%s` is not in: %s", in_output, end.out);
    cr_assert(in_errors == NULL || strstr(errors, in_errors), "`%s` is not in: %s", in_errors, errors);
    cr_assert(in_errors != NULL || errors[0] == '\0', "it complains: %s", errors);
}

/* A script of sh(1) in which $1 is tenk-echo and $2 the endpoint. */
static void shell(const char *script, const char *endpoint)
{
    program_run((const char *[]){"/bin/sh", "-c", script, "sh", program_path("tenk-echo"), endpoint, NULL},
                &end, errors);
    cr_assert(end.exited);
}

/* ---- tenk-echo ---- */

/* Bytes of all values, more than any buffer on the way; cksum(1) stands for them at both ends. */
static void check_echo(enum fixture_transport transport)
{
    struct fixture fixture;

    fixture_start(&fixture, &(struct fixture_plan){
                                .model = "epoll", .protocol = "echo", .transport = transport, .clients = 2});
    shell("a=$(seq 1 50000 | tr '5\\n' '\\0\\377' | cksum); b=$(seq 1 50000 | tr '5\\n' '\\0\\377' | $1 $2 | "
          "cksum); [ \"$a\" = \"$b\" ] && echo same",
          fixture.endpoint);
    expect(0, "same", NULL);
    shell("printf hello | $1 $2", fixture.endpoint);
    expect(0, "hello", NULL);
    shell("$1 $2 </dev/null", fixture.endpoint);
    expect(0, NULL, NULL);
    fixture_stop(&fixture);
}

#define ECHO_TEST(name, transport)                                                                           \
    Test(clients, name)                                                                                      \
    {                                                                                                        \
        check_echo(transport);                                                                               \
    }
ECHO_TEST(echo_over_tcp, FIXTURE_TCP)
ECHO_TEST(echo_over_unix, FIXTURE_UNIX)
ECHO_TEST(echo_over_unixpacket, FIXTURE_UNIXPACKET)
ECHO_TEST(echo_over_udp, FIXTURE_UDP)
ECHO_TEST(echo_over_unixdgram, FIXTURE_UNIXDGRAM)

Test(clients, echo_says_what_was_lost)
{
    struct net_endpoint bound;
    char text[NET_TEXT_MAX];
    int deaf = sockets_bind("udp://127.0.0.1:0", &bound);

    net_endpoint_format(&bound, text);
    shell("(printf a; sleep 0.2; printf b) | $1 $2 --timeout=50ms", text);
    expect(1, NULL, "tenk-echo: 2 of 2 records did not come back");
    sockets_turn_away(deaf);
    shell("printf a | $1 $2 --timeout=5s", text);
    expect(1, NULL, "receive: Connection refused");
    close(deaf);
}

Test(clients, echo_refuses_what_is_no_endpoint)
{
    run("tenk-echo", "rdm://127.0.0.1:1", NULL, NULL);
    expect(2, NULL, "Linux has no reliably delivered messages");
    run("tenk-echo", NULL, NULL, NULL);
    expect(2, NULL, "takes one endpoint");
}

/* ---- tenk-get ---- */

Test(clients, get_writes_into_a_file)
{
    struct fixture fixture;
    char url[2 * FIXTURE_ENDPOINT_MAX], command[2048];

    fixture_start(&fixture, &(struct fixture_plan){.model = "epoll", .transport = FIXTURE_TCP6});
    snprintf(url, sizeof url, "http%s/bytes/300000", fixture.endpoint + 3);
    snprintf(command, sizeof command,
             "%s %s -o %s && [ $(wc -c < %s) = 300000 ] && %s %s | cmp - %s && echo same; rm %s",
             program_path("tenk-get"), url, sockets_path, sockets_path, program_path("tenk-get"), url,
             sockets_path, sockets_path);
    program_run((const char *[]){"/bin/sh", "-c", command, NULL}, &end, errors);
    expect(0, "same", NULL);
    run("tenk-get", url, "-o", "/no/such/directory/file");
    expect(3, NULL, "/no/such/directory/file: No such file or directory");
    fixture_stop(&fixture);
}

/* A server that is never silent for long, and never done. Ends when its client has left. */
static void *drip(void *listener)
{
    static const char head[] = "HTTP/1.1 200 OK\r\n\r\n";
    int fd = accept(*(int *)listener, NULL, NULL);

    net_send_all(fd, head, sizeof head - 1);
    while (net_send_all(fd, "x", 1) == 0)
        clock_sleep_ns(10 * NS_PER_MS);
    close(fd);
    return NULL;
}

/* No wait is long, so only --max-time ends it; what came is kept, though a body without length looks
 * complete. */
Test(clients, get_gives_up_when_all_of_it_takes_too_long)
{
    struct net_endpoint bound;
    char url[80];
    pthread_t thread;
    int listener = sockets_listen("tcp4://127.0.0.1:0", 0, &bound);

    cr_assert(pthread_create(&thread, NULL, drip, &listener) == 0);
    snprintf(url, sizeof url, "http://127.0.0.1:%s/", bound.port);
    run("tenk-get", url, "--timeout=20s", "--max-time=300ms");
    expect(1, "x", "not complete within --max-time");
    pthread_join(thread, NULL);
    close(listener);
}

/* An answer that never begins; and one that is there in time. */
Test(clients, get_in_time_or_not)
{
    struct fixture fixture;
    char url[2 * FIXTURE_ENDPOINT_MAX];

    fixture_start(&fixture, &(struct fixture_plan){.model = "epoll"});
    snprintf(url, sizeof url, "http%s/wait/20000000", fixture.endpoint + 3);
    run("tenk-get", url, "--max-time=200ms", NULL);
    expect(1, NULL, "not complete within --max-time");
    snprintf(url, sizeof url, "http%s/", fixture.endpoint + 3);
    run("tenk-get", url, "--max-time=20s", NULL);
    expect(0, "Hello, world!", NULL);
    fixture_stop(&fixture);
}

/* ---- tenk-probe ---- */

Test(clients, probe_tells_open_from_closed)
{
    struct net_endpoint open_one, closed_one;
    int listener = sockets_listen("tcp4://127.0.0.1:0", 0, &open_one);
    char ports[80], line[128];

    close(sockets_listen("tcp4://127.0.0.1:0", 0, &closed_one));
    snprintf(ports, sizeof ports, "%s,%s", closed_one.port, open_one.port);
    run("tenk-probe", "127.0.0.1", ports, NULL);
    snprintf(line, sizeof line, "%s open\n1 open, 1 closed, 0 filtered\n", open_one.port);
    expect(0, line, NULL);
    run("tenk-probe", "127.0.0.1", ports, "--all");
    snprintf(line, sizeof line, "%s closed\n", closed_one.port);
    expect(0, line, NULL);
    run("tenk-probe", "127.0.0.1", closed_one.port, NULL);
    expect(1, "0 open, 1 closed, 0 filtered\n", NULL);
    close(listener);
}

/* A full backlog drops what knocks, as a firewall does. */
Test(clients, probe_calls_filtered_what_says_nothing)
{
    struct net_endpoint bound;
    struct net_address address;
    struct net_failure failure;
    int listener = sockets_listen("tcp4://127.0.0.1:0", 1, &bound), fds[8];

    cr_assert(net_resolve(&bound, false, &address, 1, &failure) == 1);
    for (int i = 0; i < 8; i++)
        fds[i] = net_connect_start(&address, NULL);
    run("tenk-probe", "127.0.0.1", bound.port, "--timeout=300ms");
    expect(1, "0 open, 0 closed, 1 filtered\n", NULL);
    for (int i = 0; i < 8; i++)
        close(fds[i]);
    close(listener);
}

Test(clients, probe_takes_whole_ranges)
{
    run("tenk-probe", "127.0.0.1", "1-2000,1500-2500", NULL);
    int open, closed, filtered;
    const char *last = strstr(end.out, " open, ");

    cr_assert_not_null(last, "%s%s", end.out, errors);
    while (last > end.out && last[-1] >= '0' && last[-1] <= '9')
        last--;
    cr_assert(sscanf(last, "%d open, %d closed, %d filtered", &open, &closed, &filtered) == 3);
    cr_assert_eq(open + closed + filtered, 2500, "%s", last);
}

Test(clients, probe_leaves_other_machines_alone)
{
    run("tenk-probe", "192.0.2.1", "80", NULL);
    expect(2, NULL, "192.0.2.1: it is another machine");
    cr_assert(strstr(errors, "--i-have-permission"), "and how to go on");
}

Test(clients, probe_refuses_what_is_no_port)
{
    static const char *const wrong[] = {"0", "65536", "80-", "-80", "90-80", "80,,81", "http", "", "80 81"};

    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        run("tenk-probe", "127.0.0.1", wrong[i], NULL);
        expect(2, NULL, "tenk-probe: ");
    }
}

/* ---- tenk-ping ---- */

Test(clients, ping_this_machine)
{
    run("tenk-ping", "127.0.0.1", "--count=3", "--interval=0");
    if (end.status == 3)
        cr_skip_test("no ICMP here: %s", errors);
    expect(0, "3 sent, 3 answered, 0 lost; min ", NULL);
    cr_assert(strstr(end.out, "1: ") && strstr(end.out, "3: "), "each is told: %s", end.out);
    run("tenk-ping", "127.0.0.1", "--count=0", NULL);
    expect(2, NULL, "it is a number from 1 to 100000");
    run("tenk-ping", "no.such.host.invalid", NULL, NULL);
    expect(3, NULL, "cannot resolve no.such.host.invalid");
}

/* ---- the front door ---- */

Test(clients, the_front_door_knows_them)
{
    run("tenk", "help", NULL, NULL);
    expect(0, "\n  probe ", NULL);
    expect(0, "\n  ping ", NULL);
    run("tenk", "ping", "--help", NULL);
    expect(0, "usage: tenk-ping HOST", NULL);
}
