/*
 * load_request - the constant bytes of an HTTP request.
 *
 * As little as RFC 9112 allows: request line, Host, what the user adds. A request costs the server
 * parsing, and we measure the server, not our own headers.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "load_plan.h"

/* Host as RFC 9110 7.2 wants it: brackets around IPv6, no port when it is 80. */
static void print_host(FILE *out, const struct net_endpoint *endpoint)
{
    if (net_transport_is_unix(endpoint->transport)) {
        fputs("Host: localhost\r\n", out);
        return;
    }
    bool v6 = strchr(endpoint->host, ':') != NULL;
    fprintf(out, "Host: %s%s%s", v6 ? "[" : "", endpoint->host, v6 ? "]" : "");
    if (strcmp(endpoint->port, "80") != 0)
        fprintf(out, ":%s", endpoint->port);
    fputs("\r\n", out);
}

static void print_request(FILE *out, const struct load_plan *plan, const struct load_kind *kind, bool last)
{
    const struct load_options *options = plan->options;

    fprintf(out, "%s %s HTTP/1.1\r\n", kind->method, kind->path);
    print_host(out, &plan->endpoint);
    for (size_t i = 0; i < options->headers.count; i++)
        fprintf(out, "%s\r\n", options->headers.items[i]);
    if (last)
        fputs("Connection: close\r\n", out);
    bool post = strcmp(kind->method, "POST") == 0;
    if (post)
        fprintf(out, "Content-Length: %zu\r\n", plan->body_size);
    fputs("\r\n", out);
    if (post && plan->body_size > 0)
        fwrite(plan->body, 1, plan->body_size, out);
}

int load_request_build(const struct load_plan *plan, struct load_kind *kind)
{
    size_t size = 0;
    FILE *out = open_memstream(&kind->burst, &size);

    if (out == NULL)
        return -1;
    for (uint64_t i = 0; i < plan->options->pipeline; i++)
        print_request(out, plan, kind, false);
    fflush(out);
    kind->request_size = size / plan->options->pipeline;
    print_request(out, plan, kind, true);
    if (fclose(out) != 0)
        return -1;
    kind->last_size = size - plan->options->pipeline * kind->request_size;
    return 0;
}
