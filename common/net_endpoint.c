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

#define FORMS                                                                                                \
    "tcp://HOST:PORT, tcp://[IPV6]:PORT, udp://HOST:PORT, unix:/PATH, unixpacket:/PATH, "                    \
    "unixdgram:/PATH, HOST:PORT, :PORT or PORT"

/* ---- the transports ---- */

static const int types[] = {
    [NET_TCP] = SOCK_STREAM,           [NET_UDP] = SOCK_DGRAM,       [NET_UNIX] = SOCK_STREAM,
    [NET_UNIXPACKET] = SOCK_SEQPACKET, [NET_UNIXDGRAM] = SOCK_DGRAM,
};

/* How an endpoint begins, and what that makes of it. */
static const struct form {
    const char *prefix;
    enum net_transport transport;
    int family;
} forms[] = {
    {"tcp://", NET_TCP, AF_UNSPEC},
    {"tcp4://", NET_TCP, AF_INET},
    {"tcp6://", NET_TCP, AF_INET6},
    {"udp://", NET_UDP, AF_UNSPEC},
    {"udp4://", NET_UDP, AF_INET},
    {"udp6://", NET_UDP, AF_INET6},
    {"unix:", NET_UNIX, AF_UNSPEC},
    {"unixpacket:", NET_UNIXPACKET, AF_UNSPEC},
    {"unixdgram:", NET_UNIXDGRAM, AF_UNSPEC},
};

enum { FORM_COUNT = sizeof forms / sizeof *forms };

int net_transport_type(enum net_transport transport)
{
    return types[transport];
}

bool net_transport_is_unix(enum net_transport transport)
{
    return transport == NET_UNIX || transport == NET_UNIXPACKET || transport == NET_UNIXDGRAM;
}

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

static const char *parse_inet(const char *text, struct net_endpoint *endpoint)
{
    const char *colon = strchr(text, ':');
    const char *problem;

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

    if (length == 0)
        return "the path of the Unix socket is missing; write unix:/PATH";
    if (strcmp(text, "@") == 0)
        return "the name behind the @ is missing; write unix:@NAME, or unix:/PATH for a file";
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
    for (const struct form *form = forms; form < forms + FORM_COUNT; form++) {
        size_t length = strlen(form->prefix);

        if (strncmp(text, form->prefix, length) != 0)
            continue;
        endpoint->transport = form->transport;
        endpoint->family = form->family;
        return (net_transport_is_unix(form->transport) ? parse_unix : parse_inet)(text + length, endpoint);
    }
    if (strncmp(text, "rdm://", 6) == 0)
        return "Linux has no reliably delivered messages (SOCK_RDM) over IP; use udp:// and repeat what is "
               "lost, or unixpacket: on one machine";
    if (strstr(text, "://"))
        return "the transport is unknown; write " FORMS;
    if (all_digits(text))
        return parse_port(text, endpoint);
    return parse_inet(text, endpoint);
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

static const char *prefix_of(const struct net_endpoint *endpoint)
{
    const struct form *form = forms;

    while (form->transport != endpoint->transport || form->family != endpoint->family)
        form++;
    assert(form < forms + FORM_COUNT);
    return form->prefix;
}

const char *net_endpoint_format(const struct net_endpoint *endpoint, char *text)
{
    bool brackets = strchr(endpoint->host, ':') != NULL;
    const char *prefix = prefix_of(endpoint);

    if (net_transport_is_unix(endpoint->transport))
        snprintf(text, NET_TEXT_MAX, "%s%s", prefix, endpoint->path);
    else
        snprintf(text, NET_TEXT_MAX, brackets ? "%s[%s]:%s" : "%s%s:%s", prefix, endpoint->host,
                 endpoint->port);
    return text;
}

/* ---- parts to addresses ---- */

/*
 * A file's name ends with a NUL that counts; an abstract name begins with one, written here as '@',
 * and its length is all that ends it. unix(7)
 */
static int resolve_unix(const struct net_endpoint *endpoint, struct net_address *address)
{
    struct sockaddr_un *path = (struct sockaddr_un *)&address->storage;
    size_t length = strlen(endpoint->path);
    bool abstract = *endpoint->path == '@';

    *address = (struct net_address){.type = net_transport_type(endpoint->transport)};
    path->sun_family = AF_UNIX;
    memcpy(path->sun_path, endpoint->path, length + 1);
    if (abstract)
        path->sun_path[0] = '\0';
    address->length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length + !abstract);
    return 1;
}

static size_t copy_family(const struct addrinfo *from, int family, struct net_address *to, size_t max)
{
    size_t count = 0;

    for (; from && count < max; from = from->ai_next) {
        if (family != AF_UNSPEC && from->ai_family != family)
            continue;
        to[count] = (struct net_address){.length = from->ai_addrlen, .type = from->ai_socktype};
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
    const struct addrinfo hints = {.ai_family = endpoint->family,
                                   .ai_socktype = net_transport_type(endpoint->transport),
                                   .ai_flags = passive ? AI_PASSIVE : 0};
    const char *host = *endpoint->host ? endpoint->host : NULL;
    struct addrinfo *found;
    size_t count;
    int result;

    if (net_transport_is_unix(endpoint->transport))
        return resolve_unix(endpoint, addresses);
    result = getaddrinfo(host, endpoint->port, &hints, &found);
    if (result != 0)
        return explain_resolve(result, failure);
    count = copy_addresses(found, passive && !host, addresses, max);
    freeaddrinfo(found);
    for (size_t i = 0; i < count; i++)
        addresses[i].ipv6_only = endpoint->family == AF_INET6;
    return (int)count;
}

const char *net_endpoint_file(const struct net_endpoint *endpoint)
{
    bool has_file = net_transport_is_unix(endpoint->transport) && *endpoint->path && *endpoint->path != '@';

    return has_file ? endpoint->path : NULL;
}

bool net_is_wildcard(const struct net_endpoint *endpoint)
{
    const char *host = endpoint->host;

    return !net_transport_is_unix(endpoint->transport) &&
           (*host == '\0' || strcmp(host, "0.0.0.0") == 0 || strcmp(host, "::") == 0);
}

/* ---- addresses to parts ---- */

static int describe_inet(const struct net_address *address, struct net_endpoint *endpoint)
{
    const struct sockaddr *any = (const struct sockaddr *)&address->storage;
    int result = getnameinfo(any, address->length, endpoint->host, sizeof(endpoint->host), endpoint->port,
                             sizeof(endpoint->port), NI_NUMERICHOST | NI_NUMERICSERV);

    if (result == 0)
        return 0;
    if (result != EAI_SYSTEM)
        errno = EINVAL;
    return -1;
}

/*
 * A client's Unix socket has no name, unless it was bound to one: then the path stays empty. The
 * NULs of an abstract name become '@', of which a name made by net_resolve has one, in front. unix(7)
 */
static int describe_unix(const struct net_address *address, struct net_endpoint *endpoint)
{
    const struct sockaddr_un *path = (const struct sockaddr_un *)&address->storage;
    size_t size = address->length - offsetof(struct sockaddr_un, sun_path);

    if (address->length <= offsetof(struct sockaddr_un, sun_path))
        return 0;
    if (size > NET_PATH_MAX - 1)
        size = NET_PATH_MAX - 1;
    if (path->sun_path[0] != '\0')
        size = strnlen(path->sun_path, size);
    for (size_t i = 0; i < size; i++)
        endpoint->path[i] = path->sun_path[i] != '\0' ? path->sun_path[i] : '@';
    return 0;
}

int net_address_describe(const struct net_address *address, enum net_transport transport,
                         struct net_endpoint *endpoint)
{
    *endpoint = (struct net_endpoint){.transport = transport};
    if (net_transport_is_unix(transport))
        return describe_unix(address, endpoint);
    return describe_inet(address, endpoint);
}

/* The transport of a socket: the family of its address and its type make one. -1 with errno. */
static int transport_of(int fd, int family)
{
    int type;

    if (net_get_option(fd, SOL_SOCKET, SO_TYPE, &type) < 0)
        return -1;
    if (family == AF_UNIX)
        return type == SOCK_STREAM ? NET_UNIX : type == SOCK_SEQPACKET ? NET_UNIXPACKET : NET_UNIXDGRAM;
    if (family == AF_INET || family == AF_INET6)
        return type == SOCK_STREAM ? NET_TCP : NET_UDP;
    errno = EAFNOSUPPORT;
    return -1;
}

static int describe(int fd, const struct net_address *address, struct net_endpoint *endpoint)
{
    int family = address->storage.ss_family, ipv6_only = 0;
    int transport = transport_of(fd, family);

    if (transport < 0 || net_address_describe(address, (enum net_transport)transport, endpoint) < 0)
        return -1;
    /* Bound to an IPv6 address a socket is for IPv6 only in any case; for "::" it is a choice. ipv6(7) */
    if (family == AF_INET6 && strcmp(endpoint->host, "::") == 0 &&
        net_get_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, &ipv6_only) == 0 && ipv6_only)
        endpoint->family = AF_INET6;
    return 0;
}

int net_local(int fd, struct net_endpoint *endpoint)
{
    struct net_address address = {.length = sizeof(address.storage)};

    if (getsockname(fd, (struct sockaddr *)&address.storage, &address.length) < 0)
        return -1;
    return describe(fd, &address, endpoint);
}

int net_peer(int fd, struct net_endpoint *endpoint)
{
    struct net_address address = {.length = sizeof(address.storage)};

    if (getpeername(fd, (struct sockaddr *)&address.storage, &address.length) < 0)
        return -1;
    return describe(fd, &address, endpoint);
}
