/*
 * tenk-serve - serves one protocol with one concurrency model.
 *
 * main only wires: options, listening socket, counters, signals, the ready line; then the model runs;
 * then the counters are printed.
 */
#include "blocking.h"
#include "clock.h"
#include "command.h"
#include "files.h"
#include "http.h"
#include "model.h"
#include "net.h"
#include "stop.h"

#include <errno.h>
#include <fcntl.h>
#include <nss.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

_Noreturn static void cannot(const char *operation, const char *object, const char *reason)
{
    fprintf(stderr, "tenk-serve: cannot %s %s: %s\n", operation, object, reason);
    exit(EXIT_CANNOT);
}

/* A server started without standard streams must not take its first client for one of them. */
static void open_standard_streams(void)
{
    int fd;

    do
        fd = open("/dev/null", O_RDWR);
    while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd >= 0)
        close(fd);
}

/* Descriptors are allowed up to the hard limit; returns how many that is. */
static unsigned raise_descriptor_limit(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return 1024;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    return limit.rlim_cur > CONNECTIONS_LIMIT ? CONNECTIONS_LIMIT : (unsigned)limit.rlim_cur;
}

/*
 * How many connections may be open: what was asked for, else what the descriptors allow; never more
 * than the model can take.
 */
static unsigned connections_allowed(const struct command *command, unsigned descriptors)
{
    unsigned each = command->root != NULL ? 2 : 1; /* a file beside the socket */
    unsigned allowed = command->max_connections > 0 ? (unsigned)command->max_connections : descriptors / each;
    unsigned limit = command->model->connections_max;

    return limit > 0 && limit < allowed ? limit : allowed;
}

/* A blocking worker is a connection being served: there are never more of them than are allowed. */
static unsigned workers_allowed(const struct command *command, unsigned connections)
{
    unsigned workers = command->workers > 0 ? (unsigned)command->workers : model_workers(command->model);
    bool blocking = (command->model->properties & MODEL_NONBLOCKING) == 0;

    return blocking && workers > connections ? connections : workers;
}

static int listen_or_exit(const struct command *command, unsigned properties)
{
    struct net_listen_options options = {
        .backlog = (int)command->backlog,
        .nonblocking = (properties & MODEL_NONBLOCKING) != 0,
        .reuse_port =
            (properties & MODEL_REUSE_PORT) != 0 && !net_transport_is_unix(command->endpoint.transport),
    };
    struct net_failure failure = {0};
    int effective = net_backlog_effective(options.backlog);
    int listener = (command->datagrams ? net_bind : net_listen)(&command->endpoint, &options, &failure);

    if (listener < 0)
        cannot(failure.operation, command->listen, failure.reason);
    if (effective < options.backlog && !command->datagrams)
        fprintf(stderr, "tenk-serve: the backlog is %d, not %d: net.core.somaxconn caps it\n", effective,
                options.backlog);
    return listener;
}

void server_ready(const struct server *server)
{
    char text[NET_TEXT_MAX];

    printf("ready %s\n", net_endpoint_format(server->endpoint, text));
    fflush(stdout);
}

static void print_counters(const struct server *server)
{
    struct counters_sum sum = counters_sum(server->counters);
    char fields[1024];

    counters_json(&sum, fields, sizeof fields);
    printf("{\"model\": \"%s\", %s}\n", server->model->name, fields);
    fflush(stdout);
}

static void name_process(const char *model)
{
    char name[16];

    snprintf(name, sizeof name, "tenk-%s", model);
    prctl(PR_SET_NAME, name);
}

void server_warn_once(enum warning what, const char *sentence)
{
    static atomic_bool said[WARNINGS];

    if (!atomic_exchange(&said[what], true))
        fprintf(stderr, "tenk-serve: %s\n", sentence);
}

static const struct files *open_root_or_exit(const struct command *command, struct files *files)
{
    if (command->root == NULL)
        return NULL;
    if (files_open(files, command->root, command->listing) < 0)
        cannot("serve files from", command->root, strerror(errno));
    return files;
}

/* The port is bound, the root is open: nothing after this needs privileges. */
static void drop_privileges_or_exit(const struct command *command)
{
    const char *failed;

    if (command->user == NULL)
        return;
    if (geteuid() != 0)
        cannot("become", command->user, "only root can become somebody else");
    failed = privileges_drop(&command->privileges);
    if (failed != NULL)
        cannot(failed, command->user, strerror(errno));
}

/* --verbose: what bounds whom. */
static void tell_limits(const struct server *server, const struct command *command)
{
    char text[NET_TEXT_MAX];

    fprintf(
        stderr,
        "tenk-serve: %s on %s as user %u%s\n"
        "tenk-serve: at most %u connections, %u workers, a backlog of %d; idle for %.3g s, a request in %.3g "
        "s, draining for %.3g s\n"
        "tenk-serve: a request line of %d bytes, %d bytes and %d of fields, a body of %ju bytes\n",
        server->model->name, net_endpoint_format(server->endpoint, text), (unsigned)geteuid(),
        geteuid() == 0 ? " (root: --user NAME gives that up)" : "", server->max_connections, server->workers,
        net_backlog_effective(server->backlog), (double)server->idle_timeout_ns / NS_PER_S,
        (double)command->request_timeout_ns / NS_PER_S, (double)command->drain_timeout_ns / NS_PER_S,
        HTTP_LINE_MAX, HTTP_HEADERS_MAX, HTTP_FIELDS_MAX, (uintmax_t)HTTP_BODY_MAX);
    if (server->service->files != NULL)
        fprintf(stderr, "tenk-serve: files under %s; directories are %slisted%s\n", command->root,
                command->listing ? "" : "not ",
                server->service->files->walk ? "; no openat2(2) here, so no symbolic links" : "");
}

static void serve(const struct command *command)
{
    const struct server_model *model = command->model;
    unsigned descriptors = raise_descriptor_limit();
    unsigned connections = connections_allowed(command, descriptors);
    unsigned workers = workers_allowed(command, connections);
    bool slot_each = (model->properties & MODEL_PER_CONNECTION) != 0;
    struct counters_table *counters =
        counters_open(command->counters, 1 + (slot_each ? connections : workers));
    if (counters == NULL)
        cannot("map counters in", command->counters != NULL ? command->counters : "memory", strerror(errno));
    struct files files;
    const struct files *root = open_root_or_exit(command, &files);
    int listener = listen_or_exit(command, model->properties);
    struct net_endpoint endpoint;
    net_local(listener, &endpoint);
    struct service service = {
        .protocol = command->protocol,
        .model = model->name,
        .counters = counters,
        .closing = stop_flag(),
        .files = root,
        .request_timeout_ns = command->request_timeout_ns,
        .records = command->endpoint.transport == NET_UNIXPACKET,
    };
    struct server server = {
        .model = model,
        .service = &service,
        .counters = counters,
        .listener = listener,
        .endpoint = &endpoint,
        .backlog = (int)command->backlog,
        /* Only the user who bound a port may bind it once more (SO_REUSEPORT, socket(7)). */
        .accept_shared = command->accept_shared || command->user != NULL,
        .accepted_inherit = command->endpoint.transport == NET_TCP,
        .workers = workers,
        .max_connections = connections,
        .idle_timeout_ns = command->idle_timeout_ns,
        .slice_ns = blocking_slice_ns(model, command->idle_timeout_ns),
    };

    /* SO_RCVTIMEO and SO_SNDTIMEO only act on blocking sockets; accepted TCP sockets inherit them. */
    if ((model->properties & MODEL_NONBLOCKING) == 0 && !command->datagrams)
        net_set_timeouts_ns(listener, server.slice_ns);
    name_process(model->name);
    drop_privileges_or_exit(command);
    if (command->verbose)
        tell_limits(&server, command);
    const char *path = net_endpoint_file(&command->endpoint);
    if (command->datagrams)
        stop_answers_to_come();
    stop_install(listener, path, command->drain_timeout_ns);
    (command->datagrams ? model->run_datagrams : model->run)(&server);
    close(listener);
    if (root != NULL)
        files_close(&files);
    print_counters(&server);
}

/*
 * Names of hosts and users come from the files in /etc and from DNS. Other services that nsswitch.conf(5) may
 * name are modules, and a program linked statically cannot load them safely.
 */
static void use_built_in_lookups(void)
{
    __nss_configure_lookup("hosts", "files dns");
    __nss_configure_lookup("passwd", "files");
    __nss_configure_lookup("group", "files");
}

int main(int argc, char **argv)
{
    struct command command;

    use_built_in_lookups();
    open_standard_streams();
    int status = command_parse(&command, argc, argv);
    if (status >= 0)
        return status;
    serve(&command);
    return 0;
}
