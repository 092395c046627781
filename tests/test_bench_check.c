/*
 * The one answer every server has to give before it is measured, and how long is waited for it.
 */
#include <criterion/criterion.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../bench/server_check.c"
#include "liar.h"
#include "sockets.h"

enum { TIMEOUT_S = 20, SOON_MS = 200 };

static char wrong[CHECK_TEXT_MAX];

TestSuite(bench_check, .timeout = TIMEOUT_S);

static int ask(const struct net_endpoint *endpoint, const char *protocol)
{
    return server_check_answer(endpoint, protocol, NULL, clock_now_ns() + SOON_MS * NS_PER_MS, wrong);
}

static void expect_wrong(int status, const char *part)
{
    cr_assert_eq(status, -1);
    cr_assert_not_null(strstr(wrong, part), "\"%s\" is not in: %s", part, wrong);
}

/* The kernel takes the connection, and nobody ever reads from it. */
Test(bench_check, a_server_that_accepts_and_stays_silent)
{
    struct net_endpoint endpoint;
    int fd = sockets_listen("tcp://127.0.0.1:0", 1, &endpoint);

    expect_wrong(ask(&endpoint, "http"), "gave no whole answer within ");
    expect_wrong(ask(&endpoint, "echo"), "(0 bytes came)");
    close(fd);
}

/* One byte of an answer every few milliseconds. It ends when the client closes. */
static void *trickle(void *listener)
{
    int fd = accept(*(int *)listener, NULL, NULL);

    while (send(fd, "x", 1, MSG_NOSIGNAL) == 1)
        clock_sleep_ns(SOON_MS / 20 * NS_PER_MS);
    close(fd);
    return NULL;
}

Test(bench_check, a_server_that_never_ends_its_answer)
{
    struct net_endpoint endpoint;
    int fd = sockets_listen("tcp://127.0.0.1:0", 1, &endpoint);
    pthread_t thread;

    cr_assert_eq(pthread_create(&thread, NULL, trickle, &fd), 0);
    expect_wrong(ask(&endpoint, "echo"), "gave no whole answer within ");
    cr_assert_eq(pthread_join(thread, NULL), 0);
    close(fd);
}

Test(bench_check, no_time_is_left)
{
    struct net_endpoint endpoint;
    int fd = sockets_listen("tcp://127.0.0.1:0", 1, &endpoint);

    expect_wrong(server_check_answer(&endpoint, "http", NULL, 1, wrong), "too late to be asked");
    close(fd);
}

/* What is said of a server that answers in that way; "": nothing. */
static const char *said_of(enum liar_lie lie, const char *model)
{
    struct liar_plan plan = {.lie = lie, .every = 1, .tenk = true};
    struct net_endpoint endpoint;
    struct liar liar;
    char address[LIAR_TARGET_MAX + 8];

    liar_start(&liar, &plan);
    snprintf(address, sizeof(address), "tcp%s", strchr(liar.target, ':'));
    endpoint = sockets_endpoint(address);
    if (server_check_answer(&endpoint, "http", model, clock_now_ns() + TIMEOUT_S * NS_PER_S / 2, wrong) == 0)
        wrong[0] = '\0';
    liar_stop(&liar);
    return wrong;
}

Test(bench_check, good_answers_pass)
{
    cr_assert_str_empty(said_of(LIAR_HONEST, NULL), "%s", wrong);
    cr_assert_str_empty(said_of(LIAR_HONEST, "liar"), "%s", wrong);
}

Test(bench_check, each_wrong_answer_is_named)
{
    cr_assert_str_eq(said_of(LIAR_HONEST, "epoll"),
                     "it calls itself \"tenk/liar\" instead of \"tenk/epoll\"");
    cr_assert_str_eq(said_of(LIAR_WRONG_BYTE, NULL), not_hello);
    cr_assert_str_eq(said_of(LIAR_WRONG_LENGTH, NULL), not_hello);
    cr_assert_str_eq(said_of(LIAR_SHORT_BODY, NULL), "it closed the connection before its answer was whole");
    cr_assert_str_eq(said_of(LIAR_SHORT_HEAD, NULL), "it closed the connection before its answer was whole");
    cr_assert_str_eq(said_of(LIAR_NO_ANSWER, NULL), "it closed the connection before its answer was whole");
    said_of(LIAR_STATUS, NULL);
    expect_wrong(-1, "it answered GET / with \"HTTP/1.1 503");
    said_of(LIAR_GARBAGE, NULL);
    expect_wrong(-1, "it answered GET / with \"");
}
