/*
 * tenk-probe - which TCP ports of a host answer: connects to many side by side, each for a bounded time.
 *
 *     ports waiting --> [ connecting | connecting | ... at most PARALLEL ] --poll(2)--> open: accepted
 *                              ^                                                        closed: refused
 *                              '--- the next port takes the place <---'                 filtered: no answer
 *
 * Nothing is sent over a connection that is made; it is closed at once. Probing what is not yours is
 * taken for an attack in most places and is a crime in some, so any host but this machine has to be
 * asked for with a word (--i-have-permission).
 *
 * Exit status: 0 a port is open; 1 none is; 2 wrong usage; 3 cannot run here.
 */
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "net.h"
#include "options.h"

enum { EXIT_GOOD = 0, EXIT_FAULT = 1, EXIT_USAGE = 2, EXIT_CANNOT = 3 };

enum {
    PORTS = 65536,
    PARALLEL = 256, /* connections being made at once */
};

enum answer { NOT_ASKED, ASKED, OPEN, CLOSED, FILTERED, ANSWERS };

static const char *const words[ANSWERS] = {"", "", "open", "closed", "filtered"};

struct attempt {
    unsigned port;
    int64_t deadline_ns;
};

struct probe {
    struct net_address host;
    int64_t timeout_ns;
    uint8_t ports[PORTS]; /* enum answer, ASKED at first for those that are asked for */
    struct pollfd polled[PARALLEL];
    struct attempt attempts[PARALLEL]; /* the same places */
    unsigned count;                    /* under way */
    unsigned next;                     /* ports below are done or under way */
};

/* ---- which ports: "22,80,8000-8100" ---- */

/* One number of the list; moves *text behind it. -1 when there is none from 1 to 65535. */
static long take_port(const char **text)
{
    char *end;
    long port = strtol(*text, &end, 10);

    if (end == *text || **text < '0' || **text > '9' || port < 1 || port >= PORTS)
        return -1;
    *text = end;
    return port;
}

static bool parse_ports(const char *text, uint8_t ports[PORTS])
{
    for (;;) {
        long first = take_port(&text), last = first;

        if (*text == '-') {
            text++;
            last = take_port(&text);
        }
        if (first < 0 || last < first)
            return false;
        memset(ports + first, ASKED, (size_t)(last - first) + 1);
        if (*text == '\0')
            return true;
        if (*text++ != ',')
            return false;
    }
}

/* ---- whose host ---- */

static bool is_this_machine(const struct net_address *address)
{
    const struct sockaddr_in *inet = (const struct sockaddr_in *)&address->storage;
    const struct sockaddr_in6 *inet6 = (const struct sockaddr_in6 *)&address->storage;

    if (address->storage.ss_family == AF_INET)
        return ntohl(inet->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
    return IN6_IS_ADDR_LOOPBACK(&inet6->sin6_addr) ||
           (IN6_IS_ADDR_V4MAPPED(&inet6->sin6_addr) && inet6->sin6_addr.s6_addr[12] == IN_LOOPBACKNET);
}

static void set_port(struct net_address *address, unsigned port)
{
    struct sockaddr_in *inet = (struct sockaddr_in *)&address->storage;
    struct sockaddr_in6 *inet6 = (struct sockaddr_in6 *)&address->storage;

    if (address->storage.ss_family == AF_INET)
        net_put_16(&inet->sin_port, (uint16_t)port);
    else
        net_put_16(&inet6->sin6_port, (uint16_t)port);
}

/* ---- probing ---- */

/* What an error number of connect(2) says about the port. Somebody has answered only when it is refused. */
static enum answer answer_of(int error)
{
    return error == 0 ? OPEN : error == ECONNREFUSED || error == ECONNRESET ? CLOSED : FILTERED;
}

static bool is_shortage(int error)
{
    return error == EMFILE || error == ENFILE || error == ENOBUFS || error == EADDRNOTAVAIL;
}

/* Starts with one port. False when the system is short of something: try again when one has ended. */
static bool start(struct probe *probe, unsigned port)
{
    set_port(&probe->host, port);
    int fd = net_connect_start(&probe->host, NULL);

    if (fd < 0 && is_shortage(errno))
        return false;
    if (fd < 0) {
        probe->ports[port] = (uint8_t)answer_of(errno);
        return true;
    }
    probe->polled[probe->count] = (struct pollfd){.fd = fd, .events = POLLOUT};
    probe->attempts[probe->count++] = (struct attempt){port, clock_now_ns() + probe->timeout_ns};
    return true;
}

static void start_some(struct probe *probe)
{
    while (probe->next < PORTS && probe->count < PARALLEL) {
        if (probe->ports[probe->next] == ASKED && !start(probe, probe->next))
            return;
        probe->next++;
    }
}

/* The last one under way takes the place. */
static void end(struct probe *probe, unsigned place, enum answer answer)
{
    close(probe->polled[place].fd);
    probe->ports[probe->attempts[place].port] = (uint8_t)answer;
    probe->count--;
    probe->polled[place] = probe->polled[probe->count];
    probe->attempts[place] = probe->attempts[probe->count];
}

/* They all have the same patience, but places move: the earliest deadline may stand anywhere. */
static int wait_ms(const struct probe *probe)
{
    int64_t first_ns = INT64_MAX, left_ns;

    for (unsigned i = 0; i < probe->count; i++)
        if (probe->attempts[i].deadline_ns < first_ns)
            first_ns = probe->attempts[i].deadline_ns;
    left_ns = first_ns - clock_now_ns();
    return left_ns <= 0 ? 0 : (int)(left_ns / NS_PER_MS) + 1;
}

static void wait_for_some(struct probe *probe)
{
    if (poll(probe->polled, probe->count, wait_ms(probe)) < 0)
        return; /* a signal */
    int64_t now_ns = clock_now_ns();

    for (unsigned i = probe->count; i-- > 0;) {
        if (probe->polled[i].revents != 0)
            end(probe, i, answer_of(net_connect_error(probe->polled[i].fd)));
        else if (probe->attempts[i].deadline_ns <= now_ns)
            end(probe, i, FILTERED);
    }
}

/* False when nothing can be started and nothing is under way that could end. */
static bool run(struct probe *probe)
{
    do {
        start_some(probe);
        if (probe->count > 0)
            wait_for_some(probe);
        else if (probe->next < PORTS)
            return false;
    } while (probe->count > 0 || probe->next < PORTS);
    return true;
}

/* ---- the result ---- */

static int print(const struct probe *probe, bool all)
{
    unsigned counts[ANSWERS] = {0};

    for (unsigned port = 1; port < PORTS; port++) {
        enum answer answer = (enum answer)probe->ports[port];

        counts[answer]++;
        if (answer == OPEN || (all && answer != NOT_ASKED))
            printf("%u %s\n", port, words[answer]);
    }
    printf("%u open, %u closed, %u filtered\n", counts[OPEN], counts[CLOSED], counts[FILTERED]);
    return fflush(stdout) != 0 ? EXIT_CANNOT : counts[OPEN] > 0 ? EXIT_GOOD : EXIT_FAULT;
}

/* ---- all of it ---- */

static int wrong(const char *what, const char *why)
{
    fprintf(stderr, "tenk-probe: %s: %s\n", what, why);
    return EXIT_USAGE;
}

static int resolve(const char *host, struct net_address *address)
{
    struct net_endpoint endpoint = {.transport = NET_TCP, .port = "0"};
    struct net_failure failure;

    if (strlen(host) >= sizeof endpoint.host || *host == '\0')
        return wrong(host, "it is no name of a host");
    strcpy(endpoint.host, host);
    if (net_resolve(&endpoint, false, address, 1, &failure) == 1)
        return EXIT_GOOD;
    fprintf(stderr, "tenk-probe: cannot %s %s: %s\n", failure.operation, host, failure.reason);
    return EXIT_CANNOT;
}

int main(int argc, char **argv)
{
    static struct probe probe = {.timeout_ns = NS_PER_S, .next = 1};
    bool help = false, permission = false, all = false;
    const struct option_spec specs[] = {
        {"timeout", 0, OPTION_DURATION, &probe.timeout_ns, "TIME",
         "a port that says nothing for so long is filtered (1s)"},
        {"all", 'a', OPTION_FLAG, &all, NULL, "print closed and filtered ports too, not only how many"},
        {"i-have-permission", 0, OPTION_FLAG, &permission, NULL,
         "probe another machine than this one; ask its owner first"},
        {"help", 'h', OPTION_FLAG, &help, NULL, "this text"},
        {0},
    };
    char error[OPTIONS_ERROR_MAX];
    int first;

    if (options_parse(specs, argc, argv, &first, error) < 0)
        return wrong("options", error);
    if (help) {
        puts("usage: tenk-probe HOST PORTS [options]\n\nTells which TCP ports of a host are open, closed or "
             "filtered. PORTS is a list such\nas 22,80,8000-8100.\n");
        options_help(stdout, specs);
        return EXIT_GOOD;
    }
    if (argc - first != 2)
        return wrong("usage", "it takes a host and ports, such as 127.0.0.1 8000-8100 (see --help)");
    if (!parse_ports(argv[first + 1], probe.ports))
        return wrong(argv[first + 1], "ports are numbers from 1 to 65535 and ranges, such as 22,8000-8100");
    if (probe.timeout_ns <= 0)
        return wrong("--timeout", "it must be longer than 0: a filtered port never answers");
    int status = resolve(argv[first], &probe.host);
    if (status != EXIT_GOOD)
        return status;
    if (!permission && !is_this_machine(&probe.host))
        return wrong(argv[first], "it is another machine, and probing it without its owner's leave is taken "
                                  "for an attack; with that leave, add --i-have-permission");
    if (!run(&probe))
        return wrong("connect", "not one descriptor is free") + 1;
    return print(&probe, all);
}
