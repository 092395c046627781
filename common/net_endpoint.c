/*
 * net_endpoint - endpoints as text, as parts and as addresses (net.h). Nothing here makes a socket.
 *
 *     "tcp://[::1]:8080"  -- net_endpoint_parse -->  { NET_TCP, "::1", "8080" }
 *                        <-- net_endpoint_format --
 *                                                    -- net_resolve -->  sockaddr_in6
 *                                          net_local, net_peer <--  getsockname(2), getpeername(2)
 */
#include "net.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FORMS "tcp://HOST:PORT, tcp://[IPV6]:PORT, unix:/PATH, HOST:PORT, :PORT or PORT"

/* ---- text to parts: each step returns NULL, or the sentence that says what is wrong ---- */

static bool all_digits(const char *text)
{
    return *text && text[strspn(text, "0123456789")] == '\0';
}

static const char *parse_port(const char *text, struct net_endpoint *endpoint)
{
    size_t length = strlen(text);

    if (length == 0)
        return "the port is missing; write " FORMS;
    /* strtoul stops at ULONG_MAX, so any number of digits is safe here. */
    if (all_digits(text) && strtoul(text, NULL, 10) > UINT16_MAX)
        return "the port is larger than 65535; write " FORMS;
    for (const char *c = text; *c; c++)
        if (!isalnum((unsigned char)*c) && *c != '-' && *c != '_')
            return "the port is neither a number nor the name of a service; write " FORMS;
    if (length >= NET_PORT_MAX)
        return "the port is too long; write a number from 0 to 65535 or the name of a service";
    memcpy(endpoint->port, text, length + 1);
    return NULL;
}

static const char *parse_host(const char *text, size_t length, struct net_endpoint *endpoint)
{
    if (length >= NET_HOST_MAX)
        return "the host is longer than 255 bytes, which no name may be";
    for (size_t i = 0; i < length; i++)
        if (!isgraph((unsigned char)text[i]) || strchr("/[]@?#", text[i]))
            return "the host holds a character that no name or address has; write " FORMS;
    memcpy(endpoint->host, text, length);
    endpoint->host[length] = '\0';
    return NULL;
}

/* "[::1]:8080": the colons of an IPv6 address would otherwise look like the one before the port. */
static const char *parse_bracketed(const char *text, struct net_endpoint *endpoint)
{
    const char *end = strchr(text, ']');
    const char *problem;

    if (!end)
        return "the bracket around the IPv6 address is not closed; write tcp://[::1]:8080";
    if (!memchr(text, ':', (size_t)(end - text)))
        return "only an IPv6 address stands in brackets; write tcp://[::1]:8080 or tcp://127.0.0.1:8080";
    if (end[1] != ':')
        return "the port is missing after the bracket; write tcp://[::1]:8080";
    problem = parse_host(text + 1, (size_t)(end - text - 1), endpoint);
    return problem ? problem : parse_port(end + 2, endpoint);
}

static const char *parse_tcp(const char *text, struct net_endpoint *endpoint)
{
    const char *colon = strchr(text, ':');
    const char *problem;

    endpoint->transport = NET_TCP;
    if (*text == '[')
        return parse_bracketed(text, endpoint);
    if (!colon)
        return "the port is missing; write " FORMS;
    if (strchr(colon + 1, ':'))
        return "an IPv6 address needs brackets: write tcp://[::1]:8080";
    problem = parse_host(text, (size_t)(colon - text), endpoint);
    return problem ? problem : parse_port(colon + 1, endpoint);
}

static const char *parse_unix(const char *text, struct net_endpoint *endpoint)
{
    size_t length = strlen(text);

    endpoint->transport = NET_UNIX;
    if (length == 0)
        return "the path of the Unix socket is missing; write unix:/PATH";
    if (length >= NET_PATH_MAX)
        return "the path of a Unix socket has at most 107 bytes, and this one is longer; use a shorter one";
    memcpy(endpoint->path, text, length + 1);
    return NULL;
}

static_assert(NET_PATH_MAX == 108, "the sentence above says 107");

static const char *parse(const char *text, struct net_endpoint *endpoint)
{
    if (*text == '\0')
        return "the endpoint is empty; write " FORMS;
    if (strncmp(text, "unix:", 5) == 0)
        return parse_unix(text + 5, endpoint);
    if (strncmp(text, "tcp://", 6) == 0)
        return parse_tcp(text + 6, endpoint);
    if (strstr(text, "://"))
        return "the transport is unknown; write " FORMS;
    if (all_digits(text))
        return parse_port(text, endpoint);
    return parse_tcp(text, endpoint);
}

const char *net_endpoint_parse(const char *text, struct net_endpoint *endpoint)
{
    struct net_endpoint parsed = {.transport = NET_TCP};
    const char *problem = parse(text, &parsed);

    if (!problem)
        *endpoint = parsed;
    return problem;
}

/* ---- parts to text ---- */

const char *net_endpoint_format(const struct net_endpoint *endpoint, char *text)
{
    bool brackets = strchr(endpoint->host, ':') != NULL;

    if (endpoint->transport == NET_UNIX)
        snprintf(text, NET_TEXT_MAX, "unix:%s", endpoint->path);
    else
        snprintf(text, NET_TEXT_MAX, brackets ? "tcp://[%s]:%s" : "tcp://%s:%s", endpoint->host,
                 endpoint->port);
    return text;
}

/* ---- parts to addresses ---- */

static int resolve_unix(const struct net_endpoint *endpoint, struct net_address *address)
{
    struct sockaddr_un *path = (struct sockaddr_un *)&address->storage;
    size_t length = strlen(endpoint->path);

    *address = (struct net_address){0};
    path->sun_family = AF_UNIX;
    memcpy(path->sun_path, endpoint->path, length + 1);
    address->length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length + 1);
    return 1;
}

static size_t copy_family(const struct addrinfo *from, int family, struct net_address *to, size_t max)
{
    size_t count = 0;

    for (; from && count < max; from = from->ai_next) {
        if (family != AF_UNSPEC && from->ai_family != family)
            continue;
        to[count] = (struct net_address){.length = from->ai_addrlen};
        memcpy(&to[count++].storage, from->ai_addr, from->ai_addrlen);
    }
    return count;
}

/*
 * The resolver's order (RFC 6724) is kept, but for one case: to listen on any address, "::" goes
 * first, because a socket bound to it takes IPv4 clients as well and one bound to 0.0.0.0, which
 * glibc lists first, takes no IPv6 ones.
 */
static size_t copy_addresses(const struct addrinfo *from, bool any, struct net_address *to, size_t max)
{
    size_t count;

    if (!any)
        return copy_family(from, AF_UNSPEC, to, max);
    count = copy_family(from, AF_INET6, to, max);
    return count + copy_family(from, AF_INET, to + count, max - count);
}

static int explain_resolve(int result, struct net_failure *failure)
{
    int error = result == EAI_SYSTEM ? errno : 0;

    *failure = (struct net_failure){"resolve", error ? strerrordesc_np(error) : gai_strerror(result), error};
    errno = error;
    return -1;
}

int net_resolve(const struct net_endpoint *endpoint, bool passive, struct net_address *addresses, size_t max,
                struct net_failure *failure)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = passive ? AI_PASSIVE : 0};
    const char *host = *endpoint->host ? endpoint->host : NULL;
    struct addrinfo *found;
    size_t count;
    int result;

    if (endpoint->transport == NET_UNIX)
        return resolve_unix(endpoint, addresses);
    result = getaddrinfo(host, endpoint->port, &hints, &found);
    if (result != 0)
        return explain_resolve(result, failure);
    count = copy_addresses(found, passive && !host, addresses, max);
    freeaddrinfo(found);
    return (int)count;
}

/* ---- addresses to parts ---- */

static int describe_inet(const struct net_address *address, struct net_endpoint *endpoint)
{
    const struct sockaddr *any = (const struct sockaddr *)&address->storage;
    int result = getnameinfo(any, address->length, endpoint->host, sizeof(endpoint->host), endpoint->port,
                             sizeof(endpoint->port), NI_NUMERICHOST | NI_NUMERICSERV);

    endpoint->transport = NET_TCP;
    if (result == 0)
        return 0;
    if (result != EAI_SYSTEM)
        errno = EINVAL;
    return -1;
}

/* A client's Unix socket has no name, unless it was bound to one: then the path stays empty. unix(7) */
static int describe_unix(const struct net_address *address, struct net_endpoint *endpoint)
{
    const struct sockaddr_un *path = (const struct sockaddr_un *)&address->storage;
    size_t size = address->length - offsetof(struct sockaddr_un, sun_path);

    endpoint->transport = NET_UNIX;
    memcpy(endpoint->path, path->sun_path,
           strnlen(path->sun_path, size < NET_PATH_MAX ? size : NET_PATH_MAX - 1));
    return 0;
}

static int describe(const struct net_address *address, struct net_endpoint *endpoint)
{
    *endpoint = (struct net_endpoint){0};
    switch (address->storage.ss_family) {
    case AF_INET:
    case AF_INET6:
        return describe_inet(address, endpoint);
    case AF_UNIX:
        return describe_unix(address, endpoint);
    }
    errno = EAFNOSUPPORT;
    return -1;
}

int net_local(int fd, struct net_endpoint *endpoint)
{
    struct net_address address = {.length = sizeof(address.storage)};

    if (getsockname(fd, (struct sockaddr *)&address.storage, &address.length) < 0)
        return -1;
    return describe(&address, endpoint);
}

int net_peer(int fd, struct net_endpoint *endpoint)
{
    struct net_address address = {.length = sizeof(address.storage)};

    if (getpeername(fd, (struct sockaddr *)&address.storage, &address.length) < 0)
        return -1;
    return describe(&address, endpoint);
}
