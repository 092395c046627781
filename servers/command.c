/* command - see command.h. */
#include "command.h"

#include "clock.h"
#include "options.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { GO_ON = -1, DONE = 0 };

/* ---- the registry, as text and as JSON ---- */

static void list_text(void)
{
    const struct server_model *model;

    for (unsigned i = 0; (model = model_at(i)) != NULL; i++) {
        const char *why = model_unavailable(model);

        printf("%-12s %s%s%s%s\n", model->name, model->summary, why != NULL ? " (unavailable: " : "",
               why != NULL ? why : "", why != NULL ? ")" : "");
    }
}

static void list_properties(const struct server_model *model)
{
    static const struct {
        unsigned property;
        const char *name;
    } names[] = {
        {MODEL_CONCURRENT, "concurrent"},   {MODEL_WORKERS, "workers"},
        {MODEL_NONBLOCKING, "nonblocking"}, {MODEL_PER_CONNECTION, "per-connection"},
        {MODEL_REUSE_PORT, "reuse-port"},   {MODEL_SCANS, "scans"},
    };
    const char *separator = "";

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if ((model->properties & names[i].property) != 0) {
            printf("%s\"%s\"", separator, names[i].name);
            separator = ", ";
        }
    if (model->run_datagrams != NULL)
        printf("%s\"datagrams\"", separator);
}

/* How many clients the model serves at a time by its nature; 0: as many as there are resources for. */
static unsigned clients_at_once(const struct server_model *model)
{
    if ((model->properties & MODEL_CONCURRENT) == 0)
        return 1;
    if ((model->properties & MODEL_WORKERS) != 0 && (model->properties & MODEL_NONBLOCKING) == 0)
        return model_workers(model);
    return 0;
}

static void list_json(void)
{
    const struct server_model *model;

    printf("[");
    for (unsigned i = 0; (model = model_at(i)) != NULL; i++) {
        const char *why = model_unavailable(model);
        const char *quote = why != NULL ? "\"" : "";

        printf("%s\n  {\"name\": \"%s\", \"summary\": \"%s\", \"family\": \"%s\",\n"
               "   \"unavailable\": %s%s%s, \"reference\": %s,\n"
               "   \"properties\": [",
               i > 0 ? "," : "", model->name, model->summary, model->family, quote,
               why != NULL ? why : "null", quote,
               (model->properties & MODEL_REFERENCE) != 0 ? "true" : "false");
        list_properties(model);
        printf("], \"connections_max\": %u, \"workers_default\": %u, \"clients_at_once\": %u,\n"
               "   \"syscalls_per_request\": %u}",
               model->connections_max, model_workers(model), clients_at_once(model),
               model->syscalls_per_request);
    }
    printf("\n]\n");
}

/* ---- the command line ---- */

__attribute__((format(printf, 1, 2))) static int wrong(const char *format, ...)
{
    va_list arguments;

    fprintf(stderr, "tenk-serve: ");
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fprintf(stderr, "; `tenk-serve --help` explains\n");
    return EXIT_USAGE;
}

static int unknown_model(const char *name)
{
    const struct server_model *model;

    fprintf(stderr, "tenk-serve: there is no model '%s'; there are:", name);
    for (unsigned i = 0; (model = model_at(i)) != NULL; i++)
        fprintf(stderr, " %s", model->name);
    fprintf(stderr, "\n");
    return EXIT_USAGE;
}

static void help(const struct option_spec *specs)
{
    printf("usage: tenk-serve MODEL [OPTION...]\n"
           "       tenk-serve --list [--json]\n\n"
           "Serves HTTP/1.1 or echo with one concurrency model. Prints `ready ENDPOINT` when it serves;\n"
           "SIGTERM or SIGINT ends it: what is in flight is finished, the counters are printed as JSON.\n\n");
    options_help(stdout, specs);
    printf("\nTargets: / /bytes/N /spin/USEC /wait/USEC /echo (POST) /model /stats, files with "
           "--root\n\nModels:\n");
    list_text();
}

static int check_limit(const char *option, uint64_t value, uint64_t limit)
{
    if (value <= limit)
        return GO_ON;
    return wrong("--%s is at most %ju, not %ju", option, (uintmax_t)limit, (uintmax_t)value);
}

/* Files and users: what goes together, and what there is. */
static int check_service(struct command *command)
{
    if (command->listing && command->root == NULL)
        return wrong("%s", "--listing lists what --root DIR serves: name the directory");
    if (command->root != NULL && command->protocol != &protocol_http)
        return wrong("--root serves files by http, not by %s", command->protocol->name);
    if (command->user == NULL)
        return GO_ON;
    const char *why = privileges_find(command->user, &command->privileges);
    return why != NULL ? wrong("--user cannot be '%s': %s", command->user, why) : GO_ON;
}

/* Datagrams come without a connection: not every protocol, and not every model, has a use for them. */
static int check_datagrams(struct command *command)
{
    const struct server_model *model;

    command->datagrams = net_transport_type(command->endpoint.transport) == SOCK_DGRAM;
    if (!command->datagrams)
        return GO_ON;
    if (!command->protocol->datagrams)
        return wrong("%s needs a connection, which '%s' is not: over datagrams there is --protocol echo",
                     command->protocol->name, command->listen);
    if (command->model->run_datagrams != NULL)
        return GO_ON;
    fprintf(stderr, "tenk-serve: %s serves connections and has no use for datagrams; these have:",
            command->model->name);
    for (unsigned i = 0; (model = model_at(i)) != NULL; i++)
        if (model->run_datagrams != NULL)
            fprintf(stderr, " %s", model->name);
    fprintf(stderr, "\n");
    return EXIT_USAGE;
}

static int check(struct command *command, const char *model, const char *protocol)
{
    const char *why = net_endpoint_parse(command->listen, &command->endpoint);

    command->model = model_find(model);
    command->protocol = protocol_find(protocol);
    if (command->model == NULL)
        return unknown_model(model);
    if (command->protocol == NULL)
        return wrong("there is no protocol '%s': it is http or echo", protocol);
    if (why != NULL)
        return wrong("cannot listen on '%s': %s", command->listen, why);
    int status = check_datagrams(command);
    if (status != GO_ON)
        return status;
    const char *unavailable = model_unavailable(command->model);
    if (unavailable != NULL) {
        fprintf(stderr, "tenk-serve: model %s cannot run here: %s\n", model, unavailable);
        return EXIT_CANNOT;
    }
    status = check_limit("workers", command->workers, WORKERS_LIMIT);
    if (status == GO_ON)
        status = check_limit("max-connections", command->max_connections, CONNECTIONS_LIMIT);
    if (status == GO_ON)
        status = check_limit("backlog", command->backlog, INT32_MAX);
    return status == GO_ON ? check_service(command) : status;
}

int command_parse(struct command *command, int argc, char **argv)
{
    const char *protocol = "http";
    const char *accept_how = "own";
    bool list = false, json = false, ask_help = false;
    char error[OPTIONS_ERROR_MAX];
    int first;

    *command = (struct command){.listen = "tcp://127.0.0.1:0",
                                .backlog = NET_BACKLOG,
                                .idle_timeout_ns = 60 * NS_PER_S,
                                .request_timeout_ns = 30 * NS_PER_S,
                                .drain_timeout_ns = 5 * NS_PER_S};
    const struct option_spec specs[] = {
        {"listen", 'l', OPTION_TEXT, &command->listen, "ENDPOINT",
         "tcp://HOST:PORT, unix:/PATH, unixpacket:/PATH, HOST:PORT or PORT; with echo also udp://HOST:PORT "
         "and unixdgram:/PATH; port 0 takes a free one (tcp://127.0.0.1:0)"},
        {"protocol", 'p', OPTION_TEXT, &protocol, "NAME", "http or echo (http)"},
        {"workers", 'w', OPTION_COUNT, &command->workers, "N", "threads or processes of a pool (by model)"},
        {"backlog", 'b', OPTION_COUNT, &command->backlog, "N",
         "connections the kernel queues before they are accepted (4096)"},
        {"max-connections", 'm', OPTION_COUNT, &command->max_connections, "N",
         "connections served at once; more wait in the backlog (by descriptors)"},
        {"idle-timeout", 'i', OPTION_DURATION, &command->idle_timeout_ns, "TIME",
         "closes a connection on which nothing moves; 0: never (60s)"},
        {"request-timeout", 0, OPTION_DURATION, &command->request_timeout_ns, "TIME",
         "how long a request, or its answer, may take, plus a second per 500 bytes; 0: any time (30s)"},
        {"drain-timeout", 'd', OPTION_DURATION, &command->drain_timeout_ns, "TIME",
         "how long requests in flight may take after SIGTERM (5s)"},
        {"accept", 0, OPTION_TEXT, &accept_how, "HOW",
         "epoll_workers: own or shared listening sockets (own)"},
        {"root", 'r', OPTION_TEXT, &command->root, "DIR",
         "also serve the files under it; / is then its index.html"},
        {"listing", 0, OPTION_FLAG, &command->listing, NULL, "... and list directories without index.html"},
        {"user", 'u', OPTION_TEXT, &command->user, "NAME",
         "when root has bound the port, become NAME (or a number) for good"},
        {"counters", 0, OPTION_TEXT, &command->counters, "FILE",
         "keep the counters in a file others can map"},
        {"verbose", 'v', OPTION_FLAG, &command->verbose, NULL, "say at the start what the limits are"},
        {"list", 0, OPTION_FLAG, &list, NULL, "list the models"},
        {"json", 0, OPTION_FLAG, &json, NULL, "with --list: as JSON"},
        {"help", 'h', OPTION_FLAG, &ask_help, NULL, "this page"},
        {0},
    };

    if (options_parse(specs, argc, argv, &first, error) < 0)
        return wrong("%s", error);
    if (ask_help || list) {
        ask_help ? help(specs) : json ? list_json() : list_text();
        return DONE;
    }
    if (first == argc)
        return wrong("%s", "which model? `tenk-serve --list` names them");
    if (argc - first > 1)
        return wrong("one model at a time, not '%s' as well", argv[first + 1]);
    command->accept_shared = strcmp(accept_how, "shared") == 0;
    if (!command->accept_shared && strcmp(accept_how, "own") != 0)
        return wrong("--accept takes own or shared, not '%s'", accept_how);
    return check(command, argv[first], protocol);
}
