/*
 * tenk-ping - how long the kernels on both ends take to answer when no program is involved: ICMP echo.
 *
 *     echo request --> the other kernel --> echo reply      one at a time; the next --interval later
 *
 * It is the floor under every latency a client of a server on that machine can see. Without root it takes
 * a ping socket (sysctl net.ipv4.ping_group_range), else CAP_NET_RAW.
 *
 * Exit status: 0 all requests were answered; 1 some were not; 2 wrong usage; 3 cannot run here.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "net_ping.h"
#include "options.h"

enum { EXIT_GOOD = 0, EXIT_FAULT = 1, EXIT_USAGE = 2, EXIT_CANNOT = 3 };

enum { COUNT_MAX = 100000, PAYLOAD = 56 };

struct plan {
    uint64_t count;
    int64_t interval_ns, timeout_ns;
    bool quiet;
};

static int complain(int status, const char *what, const char *why)
{
    fprintf(stderr, "tenk-ping: %s: %s\n", what, why);
    return status;
}

/*
 * One request and its reply. The time it took; -1 when it was not answered in time. Replies to earlier
 * requests, come too late, are passed over.
 */
static int64_t ask(const struct net_ping *ping, uint16_t sequence, int64_t timeout_ns)
{
    static const char payload[PAYLOAD] = "tenk-ping";
    char back[PAYLOAD];
    int64_t start_ns = clock_now_ns(), left_ns;
    uint16_t answered;

    if (net_ping_send(ping, sequence, payload, sizeof payload) < 0)
        return -1;
    while ((left_ns = start_ns + timeout_ns - clock_now_ns()) > 0) {
        ssize_t size = net_ping_receive(ping, left_ns, &answered, back, sizeof back);

        if (size < 0)
            return -1;
        if (answered == sequence && size == sizeof payload && memcmp(back, payload, sizeof payload) == 0)
            return clock_now_ns() - start_ns;
    }
    errno = ETIMEDOUT;
    return -1;
}

static int compare(const void *a, const void *b)
{
    const int64_t *left = a, *right = b;

    return (*left > *right) - (*left < *right);
}

static int summarize(int64_t *times_ns, uint64_t answered, uint64_t sent)
{
    qsort(times_ns, answered, sizeof *times_ns, compare);
    printf("%ju sent, %ju answered, %ju lost", (uintmax_t)sent, (uintmax_t)answered,
           (uintmax_t)(sent - answered));
    if (answered > 0)
        printf("; min %.1f us, median %.1f us, max %.1f us", (double)times_ns[0] / NS_PER_US,
               (double)times_ns[answered / 2] / NS_PER_US, (double)times_ns[answered - 1] / NS_PER_US);
    printf("\n");
    return fflush(stdout) != 0 ? EXIT_CANNOT : answered == sent ? EXIT_GOOD : EXIT_FAULT;
}

static int run(const struct net_ping *ping, const struct plan *plan)
{
    static int64_t times_ns[COUNT_MAX];
    uint64_t answered = 0;

    for (uint64_t i = 1; i <= plan->count; i++) {
        int64_t took_ns = ask(ping, (uint16_t)i, plan->timeout_ns);

        if (took_ns >= 0)
            times_ns[answered++] = took_ns;
        if (!plan->quiet && took_ns >= 0)
            printf("%ju: %.1f us\n", (uintmax_t)i, (double)took_ns / NS_PER_US);
        else if (!plan->quiet)
            printf("%ju: %s\n", (uintmax_t)i, errno == ETIMEDOUT ? "lost" : strerror(errno));
        fflush(stdout);
        if (plan->interval_ns > 0 && i < plan->count)
            clock_sleep_ns(plan->interval_ns);
    }
    return summarize(times_ns, answered, plan->count);
}

static int resolve_and_run(const char *host, int family, const struct plan *plan)
{
    struct net_endpoint endpoint = {.transport = NET_UDP, .family = family, .port = "0"};
    struct net_address address;
    struct net_failure failure;
    struct net_ping ping;

    if (strlen(host) >= sizeof endpoint.host || *host == '\0')
        return complain(EXIT_USAGE, host, "it is no name of a host");
    strcpy(endpoint.host, host);
    if (net_resolve(&endpoint, false, &address, 1, &failure) < 1 ||
        net_ping_open(&ping, &address, &failure) < 0) {
        fprintf(stderr, "tenk-ping: cannot %s %s: %s\n", failure.operation, host, failure.reason);
        return EXIT_CANNOT;
    }
    int status = run(&ping, plan);
    close(ping.fd);
    return status;
}

int main(int argc, char **argv)
{
    struct plan plan = {.count = 5, .interval_ns = 200 * NS_PER_MS, .timeout_ns = NS_PER_S};
    bool help = false, four = false, six = false;
    const struct option_spec specs[] = {
        {"count", 'n', OPTION_COUNT, &plan.count, "N", "how many requests (5)"},
        {"interval", 'i', OPTION_DURATION, &plan.interval_ns, "TIME",
         "pause before the next one; 0: none (200ms)"},
        {"timeout", 0, OPTION_DURATION, &plan.timeout_ns, "TIME", "an answer later than this is lost (1s)"},
        {"quiet", 'q', OPTION_FLAG, &plan.quiet, NULL, "only the summary"},
        {"ipv4", '4', OPTION_FLAG, &four, NULL, "an IPv4 address only"},
        {"ipv6", '6', OPTION_FLAG, &six, NULL, "an IPv6 address only"},
        {"help", 'h', OPTION_FLAG, &help, NULL, "this text"},
        {0},
    };
    char error[OPTIONS_ERROR_MAX];
    int first;

    if (options_parse(specs, argc, argv, &first, error) < 0)
        return complain(EXIT_USAGE, "options", error);
    if (help) {
        puts("usage: tenk-ping HOST [options]\n\nMeasures how long the kernel of a host takes to answer an "
             "ICMP echo request: the floor\nunder every latency of a server there.\n");
        options_help(stdout, specs);
        return EXIT_GOOD;
    }
    if (argc - first != 1)
        return complain(EXIT_USAGE, "usage", "it takes one host, such as 127.0.0.1 (see --help)");
    if (plan.count < 1 || plan.count > COUNT_MAX)
        return complain(EXIT_USAGE, "--count", "it is a number from 1 to 100000");
    if (plan.timeout_ns <= 0)
        return complain(EXIT_USAGE, "--timeout", "it must be longer than 0: a lost answer never comes");
    if (four && six)
        return complain(EXIT_USAGE, "-4 -6", "one family at a time");
    return resolve_and_run(argv[first], four ? AF_INET : six ? AF_INET6 : AF_UNSPEC, &plan);
}
