/*
 * load_plan - puts the plan together: target, addresses, request bytes, what must come back.
 */
#include "load_plan.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "splitmix.h"

enum {
    EXIT_USAGE = 2,
    EXIT_CANNOT = 3,
    FILE_MAX = 64 * 1024 * 1024, /* longest --body and --expect */
    LOCALS_DEFAULT = 32,         /* 32 addresses have 900 000 ports: no TIME_WAIT lasts long enough */
    LOCALS_FROM = 4000, /* connections; connect(2) searches long for one of the last of 28 000 ports */
    LOCALS_PER_OCTET = 250,
};

/* ---- what the user hands over: "text:..." or a file ---- */

static int read_file(const char *path, char **bytes, size_t *size)
{
    FILE *file = fopen(path, "re");

    if (file == NULL)
        return -1;
    *size = 0;
    *bytes = malloc(FILE_MAX + 1);
    if (*bytes != NULL)
        *size = fread(*bytes, 1, FILE_MAX + 1, file);
    int error = *bytes == NULL ? ENOMEM : ferror(file) ? EIO : *size > FILE_MAX ? EFBIG : 0;
    fclose(file);
    errno = error;
    return error == 0 ? 0 : -1;
}

static int read_argument(const char *option, const char *argument, char **bytes, size_t *size, char *error)
{
    if (strncmp(argument, "text:", 5) == 0) {
        *bytes = strdup(argument + 5);
        *size = strlen(argument + 5);
        return *bytes != NULL ? 0 : EXIT_CANNOT;
    }
    if (read_file(argument, bytes, size) == 0)
        return 0;
    snprintf(error, LOAD_ERROR_TEXT_MAX, "%s cannot read %s: %s (a literal is written text:...)", option,
             argument, strerror(errno));
    return EXIT_USAGE;
}

/* ---- expectation ---- */

/* What --expect says holds for every kind; what tenk-serve is known to answer depends on its target. */
static int plan_expect(struct load_plan *plan, char *error)
{
    const struct load_options *options = plan->options;
    struct load_rule given = {.kind = LOAD_RULE_NONE};

    if (options->expect != NULL && strcmp(options->expect, "any") == 0) {
        given.kind = LOAD_RULE_ANY;
    } else if (options->expect != NULL) {
        int status = read_argument("--expect", options->expect, &plan->expected, &plan->expected_size, error);

        if (status != 0)
            return status;
        given = load_rule_bytes(plan->expected, plan->expected_size);
    }
    for (size_t i = 0; i < plan->kind_count; i++) {
        struct load_kind *kind = &plan->kinds[i];

        kind->expect.status = (int)options->status;
        kind->expect.head = strcmp(kind->method, "HEAD") == 0;
        kind->expect.given = given;
        kind->expect.tenk = load_rule_of_tenk(kind->path, plan->body, plan->body_size);
    }
    return 0;
}

/* ---- addresses ---- */

static bool is_loopback(const struct net_address *address)
{
    const struct sockaddr_in *in = (const struct sockaddr_in *)&address->storage;

    return in->sin_family == AF_INET && (ntohl(in->sin_addr.s_addr) >> 24) == 127;
}

/* 127.0.0.1, 127.0.0.2, ... 127.0.0.250, 127.0.1.1, ...; port 0: chosen at connect. */
static struct net_address local_address(size_t index)
{
    struct net_address address = {.length = sizeof(struct sockaddr_in)};
    struct sockaddr_in *in = (struct sockaddr_in *)&address.storage;

    in->sin_family = AF_INET;
    in->sin_addr.s_addr = htonl((127u << 24) | (uint32_t)(index / LOCALS_PER_OCTET) << 8 |
                                (uint32_t)(index % LOCALS_PER_OCTET + 1));
    return address;
}

/*
 * A client address has 28 000 ports (ip_local_port_range), and one whose connection the client closed
 * first is blocked for a while (TIME_WAIT). The whole of 127.0.0.0/8 belongs to the loopback
 * interface, so a loopback target can be loaded from as many addresses as are needed.
 */
static int plan_locals(struct load_plan *plan, char *error)
{
    const struct load_options *options = plan->options;
    size_t count = options->local_addresses;

    if (!is_loopback(&plan->addresses[0])) {
        if (count == 0)
            return 0;
        snprintf(error, LOAD_ERROR_TEXT_MAX, "--local-addresses needs a target in 127.0.0.0/8");
        return EXIT_USAGE;
    }
    if (count == 0 &&
        (options->requests_per_connection > 0 || options->connections + options->idle > LOCALS_FROM))
        count = LOCALS_DEFAULT;
    if (count == 0 && options->of > 1) /* each process has an address of its own */
        count = 1;
    if (count == 1 && options->of <= 1)
        count = 0; /* the kernel chooses that one anyway, without a bind(2) */
    plan->locals = calloc(count + 1, sizeof(*plan->locals));
    if (plan->locals == NULL)
        return EXIT_CANNOT;
    for (size_t i = 0; i < count; i++)
        plan->locals[i] = local_address(options->rank * count + i);
    plan->local_count = count;
    return 0;
}

static int plan_addresses(struct load_plan *plan, char *error)
{
    struct net_failure failure = {0};
    int count = net_resolve(&plan->endpoint, false, plan->addresses, NET_ADDRESSES_MAX, &failure);

    if (count <= 0) {
        snprintf(error, LOAD_ERROR_TEXT_MAX, "cannot %s %s: %s", failure.operation, plan->options->target,
                 failure.reason);
        return EXIT_CANNOT;
    }
    plan->address_count = (size_t)count;
    return plan_locals(plan, error);
}

/* ---- payload ---- */

/* The pool is followed by a repetition long enough for the largest burst and the largest receive. */
static int plan_pool(struct load_plan *plan)
{
    size_t burst = plan->options->payload * plan->options->pipeline;
    size_t tail = burst > LOAD_BUFFER_SIZE ? burst : LOAD_BUFFER_SIZE;
    struct splitmix random = {.state = plan->options->seed + plan->options->rank};

    plan->pool = malloc(LOAD_POOL_PERIOD + tail);
    if (plan->pool == NULL)
        return EXIT_CANNOT;
    for (size_t i = 0; i < LOAD_POOL_PERIOD; i++)
        plan->pool[i] = (char)(splitmix_next(&random) >> 56);
    for (size_t i = 0; i < tail; i++)
        plan->pool[LOAD_POOL_PERIOD + i] = plan->pool[i];
    return 0;
}

/* ---- messages ---- */

/* Over transports that keep messages a request is one of them: it cannot share it, nor be cut in two. */
static int plan_records(struct load_plan *plan, char *error)
{
    const struct load_options *options = plan->options;
    int type = net_transport_type(plan->endpoint.transport);
    size_t payload_max = plan->endpoint.transport == NET_UDP ? LOAD_DATAGRAM_MAX : LOAD_BUFFER_SIZE;

    plan->records = type != SOCK_STREAM && plan->protocol == LOAD_ECHO;
    plan->datagrams = type == SOCK_DGRAM;
    plan->pieces = type != SOCK_STREAM && plan->protocol == LOAD_HTTP;
    if (!plan->records || (options->pipeline == 1 && options->payload <= payload_max))
        return 0;
    snprintf(error, LOAD_ERROR_TEXT_MAX,
             "%s keeps messages, and a request is one: --pipeline 1 and --payload up to %zu bytes",
             options->target, payload_max);
    return EXIT_USAGE;
}

/* HTTP is a stream of bytes in any case; but what leaves in one send is one record, and must be received
 * whole. */
static int check_http_records(const struct load_plan *plan, char *error)
{
    const struct load_options *options = plan->options;
    size_t most = 0;

    if (!plan->pieces)
        return 0;
    for (size_t i = 0; i < plan->kind_count; i++)
        if (plan->kinds[i].request_size > most)
            most = plan->kinds[i].request_size;
    if (most * options->pipeline <= LOAD_RECORD_MAX && options->slow_read == 0)
        return 0;
    snprintf(error, LOAD_ERROR_TEXT_MAX,
             "%s keeps messages: --pipeline requests with what they carry are at most %d bytes, not %zu, and "
             "there is no --slow-read",
             options->target, LOAD_RECORD_MAX, most * options->pipeline);
    return EXIT_USAGE;
}

/* ---- all of it ---- */

static int plan_http(struct load_plan *plan, char *error)
{
    const struct load_options *options = plan->options;
    int status = 0;

    if (options->body != NULL)
        status = read_argument("--body", options->body, &plan->body, &plan->body_size, error);
    if (status != 0)
        return status;
    if (plan->body_size > LOAD_BURST_MAX / options->pipeline) {
        snprintf(error, LOAD_ERROR_TEXT_MAX, "--body times --pipeline exceeds 64 MiB");
        return EXIT_USAGE;
    }
    status = plan_expect(plan, error);
    for (size_t i = 0; i < plan->kind_count && status == 0; i++)
        if (load_request_build(plan, &plan->kinds[i]) < 0)
            status = EXIT_CANNOT;
    return status != 0 ? status : check_http_records(plan, error);
}

int load_plan_open(struct load_plan *plan, const struct load_options *options,
                   char error[LOAD_ERROR_TEXT_MAX])
{
    *plan = (struct load_plan){.options = options};
    snprintf(error, LOAD_ERROR_TEXT_MAX, "out of memory");

    const char *wrong = load_target_parse(options->target, plan);
    if (wrong != NULL) {
        snprintf(error, LOAD_ERROR_TEXT_MAX, "%s is not a target: %s", options->target, wrong);
        return EXIT_USAGE;
    }
    if (options->mix.count > 0 && plan->protocol != LOAD_HTTP) {
        snprintf(error, LOAD_ERROR_TEXT_MAX, "--mix is for http: an echo has no targets");
        return EXIT_USAGE;
    }
    wrong = load_mix_open(plan);
    if (wrong != NULL) {
        snprintf(error, LOAD_ERROR_TEXT_MAX, "--mix '%s': %s",
                 options->mix.count > 0 ? options->mix.items[plan->kind_count - 1] : "", wrong);
        return EXIT_USAGE;
    }
    int status = plan_records(plan, error);
    if (status == 0)
        status = plan->protocol == LOAD_HTTP ? plan_http(plan, error) : plan_pool(plan);
    return status != 0 ? status : plan_addresses(plan, error);
}

void load_plan_close(struct load_plan *plan)
{
    free(plan->locals);
    load_mix_close(plan);
    free(plan->body);
    free(plan->expected);
    free(plan->pool);
}
