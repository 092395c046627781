/*
 * load_target - reads what to load: protocol, endpoint, request target.
 */
#include <stdio.h>
#include <string.h>

#include "load_plan.h"

/* The part of a target behind its scheme; NULL when it has another scheme. */
static const char *after(const char *text, const char *scheme)
{
    size_t length = strlen(scheme);

    return strncmp(text, scheme, length) == 0 ? text + length : NULL;
}

static const char *set_path(struct load_plan *plan, const char *path)
{
    if (*path == '\0')
        path = "/";
    if (strlen(path) >= sizeof(plan->path))
        return "its path is longer than 4095 bytes";
    if (*path != '/')
        return "its path must begin with /";
    if (strpbrk(path, " \t\r\n") != NULL)
        return "its path must not contain blanks: write %20";
    strcpy(plan->path, path);
    return NULL;
}

/* host[:port][/path]: the endpoint ends at the first slash; without a port it is 80. */
static const char *parse_inet(struct load_plan *plan, const char *transport, const char *authority)
{
    size_t length = strcspn(authority, "/?#");
    char text[NET_TEXT_MAX];

    if (length == 0)
        return "it names no host";
    if (length > NET_HOST_MAX + NET_PORT_MAX)
        return "its host is too long";
    const char *bracket = memchr(authority, ']', length);
    const char *from = bracket != NULL ? bracket : authority;
    bool has_port = memchr(from, ':', length - (size_t)(from - authority)) != NULL;
    if (!has_port && plan->protocol == LOAD_ECHO)
        return "it names no port";
    snprintf(text, sizeof(text), "%s%.*s%s", transport, (int)length, authority, has_port ? "" : ":80");
    const char *wrong = net_endpoint_parse(text, &plan->endpoint);
    return wrong != NULL ? wrong : set_path(plan, authority + length);
}

/* /path/of/socket[:/target]: the socket ends at the first ":/". */
static const char *parse_unix(struct load_plan *plan, const char *transport, const char *rest)
{
    const char *target = strstr(rest, ":/");
    size_t length = target != NULL ? (size_t)(target - rest) : strlen(rest);
    char text[NET_PATH_MAX + sizeof("unixpacket:")];

    if (length >= NET_PATH_MAX)
        return "the path of its socket is too long";
    snprintf(text, sizeof(text), "%s%.*s", transport, (int)length, rest);
    const char *wrong = net_endpoint_parse(text, &plan->endpoint);
    return wrong != NULL ? wrong : set_path(plan, target != NULL ? target + 1 : "/");
}

static const struct scheme {
    const char *name;
    enum load_protocol protocol;
    const char *transport; /* how its endpoint begins */
    const char *(*parse)(struct load_plan *plan, const char *transport, const char *rest);
} schemes[] = {
    {"http://", LOAD_HTTP, "tcp://", parse_inet},
    {"http+unix:", LOAD_HTTP, "unix:", parse_unix},
    {"http+unixpacket:", LOAD_HTTP, "unixpacket:", parse_unix},
    {"echo://", LOAD_ECHO, "tcp://", parse_inet},
    {"echo+unix:", LOAD_ECHO, "unix:", parse_unix},
    {"echo+udp://", LOAD_ECHO, "udp://", parse_inet},
    {"echo+unixpacket:", LOAD_ECHO, "unixpacket:", parse_unix},
    {"echo+unixdgram:", LOAD_ECHO, "unixdgram:", parse_unix},
};

const char *load_target_parse(const char *text, struct load_plan *plan)
{
    const char *rest;

    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
        if ((rest = after(text, schemes[i].name)) == NULL)
            continue;
        plan->protocol = schemes[i].protocol;
        return schemes[i].parse(plan, schemes[i].transport, rest);
    }
    if (after(text, "https://") != NULL)
        return "TLS is not spoken here; use http://";
    return "it must begin with http://, http+unix:, http+unixpacket:, echo://, echo+unix:, echo+udp://, "
           "echo+unixpacket: or echo+unixdgram:";
}
