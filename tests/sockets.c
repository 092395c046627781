/*
 * sockets - see sockets.h.
 */
#include "sockets.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"

enum { PESTER_EVERY_MS = 5, DESCRIPTORS_MAX = 1024 };

struct net_endpoint sockets_endpoint(const char *text)
{
    struct net_endpoint endpoint;
    const char *problem = net_endpoint_parse(text, &endpoint);

    cr_assert(problem == NULL, "%s: %s", text, problem);
    return endpoint;
}

int sockets_listen(const char *text, int backlog, struct net_endpoint *bound)
{
    struct net_endpoint endpoint = sockets_endpoint(text);
    struct net_listen_options options = {.backlog = backlog};
    struct net_failure failure = {0};
    int fd = net_listen(&endpoint, &options, &failure);

    cr_assert(fd >= 0, "cannot %s %s: %s", failure.operation, text, failure.reason);
    if (bound)
        cr_assert(net_local(fd, bound) == 0);
    return fd;
}

int sockets_bind(const char *text, struct net_endpoint *bound)
{
    struct net_endpoint endpoint = sockets_endpoint(text);
    struct net_failure failure = {0};
    int fd = net_bind(&endpoint, &(struct net_listen_options){0}, &failure);

    cr_assert(fd >= 0, "cannot %s %s: %s", failure.operation, text, failure.reason);
    if (bound)
        cr_assert(net_local(fd, bound) == 0);
    return fd;
}

void sockets_turn_away(int fd)
{
    struct net_endpoint nobody = sockets_endpoint("udp://127.0.0.1:9");
    struct net_address address;
    struct net_failure failure;

    cr_assert(net_resolve(&nobody, false, &address, 1, &failure) == 1);
    cr_assert(net_connect_number(fd, &address) == 0);
}

int sockets_connect(const struct net_endpoint *endpoint)
{
    struct net_failure failure = {0};
    int fd = net_connect(endpoint, 5 * NS_PER_S, &failure);

    cr_assert(fd >= 0, "cannot %s: %s", failure.operation, failure.reason);
    return fd;
}

void sockets_expect_reaches(const struct net_endpoint *endpoint, int listener)
{
    int client = sockets_connect(endpoint), server = -1;

    cr_assert(net_accept(listener, false, &server) == NET_ACCEPTED);
    cr_assert(net_send(client, "x", 1) == 1);
    cr_assert(net_receive(server, (char[1]){0}, 1) == 1);
    close(client);
    close(server);
}

int sockets_descriptors(void)
{
    int count = 0;

    for (int fd = 0; fd < DESCRIPTORS_MAX; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

struct sockets_pair sockets_pair_over(const char *text)
{
    struct net_endpoint bound;
    int listener = sockets_listen(text, 0, &bound);
    struct sockets_pair pair = {.client = sockets_connect(&bound)};

    cr_assert(net_accept(listener, false, &pair.server) == NET_ACCEPTED);
    close(listener);
    return pair;
}

struct sockets_pair sockets_tcp_pair(void)
{
    return sockets_pair_over("tcp://127.0.0.1:0");
}

void sockets_close(struct sockets_pair *pair)
{
    close(pair->client);
    close(pair->server);
}

bool sockets_have_ipv6(void)
{
    struct net_endpoint endpoint = sockets_endpoint("tcp://[::1]:0");
    struct net_failure failure;
    int fd = net_listen(&endpoint, &(struct net_listen_options){0}, &failure);

    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

/* ---- a directory ---- */

char sockets_directory[SOCKETS_PATH_MAX];
char sockets_path[SOCKETS_PATH_MAX];
char sockets_unix[SOCKETS_PATH_MAX];

void sockets_make_directory(void)
{
    strcpy(sockets_directory, "/tmp/tenk-net-XXXXXX");
    cr_assert(mkdtemp(sockets_directory) != NULL);
    snprintf(sockets_path, sizeof(sockets_path), "%.40s/socket", sockets_directory);
    snprintf(sockets_unix, sizeof(sockets_unix), "unix:%.50s", sockets_path);
}

void sockets_remove_directory(void)
{
    unlink(sockets_path);
    rmdir(sockets_directory);
}

/* ---- signals ---- */

static _Atomic int signals_handled;

static void count_signal(int number)
{
    (void)number;
    signals_handled++;
}

static void *pester_run(void *argument)
{
    struct sockets_pester *pester = argument;

    while (!pester->stop) {
        clock_sleep_ns(PESTER_EVERY_MS * NS_PER_MS);
        pthread_kill(pester->target, SIGUSR1);
    }
    return NULL;
}

void sockets_pester_start(struct sockets_pester *pester)
{
    signals_handled = 0;
    pester->stop = false;
    pester->target = pthread_self();
    sigaction(SIGUSR1, &(struct sigaction){.sa_handler = count_signal}, NULL);
    cr_assert(pthread_create(&pester->thread, NULL, pester_run, pester) == 0);
}

void sockets_pester_wait(int signals)
{
    while (signals_handled < signals)
        clock_sleep_ns(NS_PER_MS);
}

int sockets_pester_stop(struct sockets_pester *pester)
{
    pester->stop = true;
    pthread_join(pester->thread, NULL);
    return signals_handled;
}
