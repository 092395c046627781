/* ping_floor - see ping_floor.h. */
#include "ping_floor.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <unistd.h>

#include "clock.h"
#include "net_ping.h"

enum { PINGS = 101, PATIENCE_MS = 1000 };

static int compare(const void *a, const void *b)
{
    const int64_t *left = a, *right = b;

    return (*left > *right) - (*left < *right);
}

/* How many of the PINGS were answered before time was up; their times, in order of size. */
static int measure(const struct net_ping *ping, int64_t times_ns[PINGS])
{
    int64_t end_ns = clock_now_ns() + PATIENCE_MS * NS_PER_MS;
    int count = 0;

    for (uint16_t i = 0; i < PINGS && clock_now_ns() < end_ns; i++) {
        int64_t start_ns = clock_now_ns();
        uint16_t answered;
        char payload[8] = "tenk";

        if (net_ping_send(ping, i, payload, sizeof payload) == 0 &&
            net_ping_receive(ping, end_ns - start_ns, &answered, payload, sizeof payload) >= 0 &&
            answered == i)
            times_ns[count++] = clock_now_ns() - start_ns;
    }
    qsort(times_ns, (size_t)count, sizeof *times_ns, compare);
    return count;
}

int64_t ping_floor_ns(void)
{
    struct net_endpoint loopback = {.transport = NET_UDP, .host = "127.0.0.1", .port = "0"};
    struct net_address address;
    struct net_failure failure;
    struct net_ping ping;
    int64_t times_ns[PINGS];

    if (net_resolve(&loopback, false, &address, 1, &failure) < 1 ||
        net_ping_open(&ping, &address, &failure) < 0)
        return -1;
    int count = measure(&ping, times_ns);
    close(ping.fd);
    return count > 0 ? times_ns[count / 2] : -1;
}
