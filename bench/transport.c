/*
 * transport - see transport.h.
 */
#include "transport.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const struct transport transports[] = {
    {"tcp", "tcp4://127.0.0.1:0", "://", NET_TCP, false},
    {"tcp6", "tcp6://[::1]:0", "://", NET_TCP, false},
    {"unix", "unix:", "+unix:", NET_UNIX, false},
    {"unixpacket", "unixpacket:", "+unixpacket:", NET_UNIXPACKET, false},
    {"udp", "udp4://127.0.0.1:0", "+udp://", NET_UDP, true},
    {"unixdgram", "unixdgram:", "+unixdgram:", NET_UNIXDGRAM, true},
};
enum { TRANSPORTS = sizeof(transports) / sizeof(transports[0]) };

const struct transport *transport_find(const char *name)
{
    for (unsigned i = 0; i < TRANSPORTS; i++)
        if (strcmp(transports[i].name, name) == 0)
            return &transports[i];
    return NULL;
}

const char *transport_names(void)
{
    static char names[128];

    if (names[0] == '\0')
        for (unsigned i = 0; i < TRANSPORTS; i++) {
            strcat(names, i > 0 ? " " : "");
            strcat(names, transports[i].name);
        }
    return names;
}

void transport_listen(const struct transport *transport, unsigned number, char *text, size_t size)
{
    if (net_transport_is_unix(transport->net))
        snprintf(text, size, "%s/tmp/tenk-bench-%d-%u.sock", transport->listen, getpid(), number);
    else
        snprintf(text, size, "%s", transport->listen);
}

void transport_target(const struct transport *transport, const struct net_endpoint *endpoint,
                      const char *protocol, const char *path, char *text, size_t size)
{
    bool http = strcmp(protocol, "http") == 0, brackets = strchr(endpoint->host, ':') != NULL;

    if (net_transport_is_unix(transport->net))
        snprintf(text, size, "%s%s%s%s%s", protocol, transport->scheme, endpoint->path, http ? ":" : "",
                 http ? path : "");
    else
        snprintf(text, size, "%s%s%s%s%s:%s%s", protocol, transport->scheme, brackets ? "[" : "",
                 endpoint->host, brackets ? "]" : "", endpoint->port, http ? path : "");
}
