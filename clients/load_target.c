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
static const char *parse_tcp(struct load_plan *plan, const char *authority)
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
    snprintf(text, sizeof(text), "tcp://%.*s%s", (int)length, authority, has_port ? "" : ":80");
    const char *wrong = net_endpoint_parse(text, &plan->endpoint);
    return wrong != NULL ? wrong : set_path(plan, authority + length);
}

/* /path/of/socket[:/target]: the socket ends at the first ":/". */
static const char *parse_unix(struct load_plan *plan, const char *rest)
{
    const char *target = strstr(rest, ":/");
    size_t length = target != NULL ? (size_t)(target - rest) : strlen(rest);
    char text[NET_PATH_MAX + sizeof("unix:")];

    if (length >= NET_PATH_MAX)
        return "the path of its socket is too long";
    snprintf(text, sizeof(text), "unix:%.*s", (int)length, rest);
    const char *wrong = net_endpoint_parse(text, &plan->endpoint);
    return wrong != NULL ? wrong : set_path(plan, target != NULL ? target + 1 : "/");
}

const char *load_target_parse(const char *text, struct load_plan *plan)
{
    const char *rest;

    plan->protocol = LOAD_HTTP;
    if ((rest = after(text, "http://")) != NULL)
        return parse_tcp(plan, rest);
    if ((rest = after(text, "http+unix:")) != NULL)
        return parse_unix(plan, rest);
    plan->protocol = LOAD_ECHO;
    if ((rest = after(text, "echo://")) != NULL)
        return parse_tcp(plan, rest);
    if ((rest = after(text, "echo+unix:")) != NULL)
        return parse_unix(plan, rest);
    if (after(text, "https://") != NULL)
        return "TLS is not spoken here; use http://";
    return "it must begin with http://, http+unix:, echo:// or echo+unix:";
}
