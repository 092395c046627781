/*
 * server_process - see server_process.h.
 */
#include "server_process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "interrupt.h"
#include "server_check.h"

enum {
    READY_TIMEOUT_S = 10,
    STOP_TIMEOUT_S = 15, /* beyond tenk-serve's drain time-out of 5 s */
    SETTLE_TIMEOUT_MS = 2000,
    SERVER_ARGUMENT_MAX = 256,
};

/* The words of a command line, and where they are kept. */
struct arguments {
    char listen[SERVER_ARGUMENT_MAX], workers[32], command[SCENARIO_COMMAND_MAX + 64];
};

/* ---- starting ---- */

static void name_files(struct server_process *server, const struct server_setting *setting, unsigned copy)
{
    const char *name = server->model->name;

    snprintf(server->log_path, sizeof(server->log_path), "%.3500s/%s-%s-%u%s.log", setting->directory,
             setting->scenario->name, name, setting->start, copy > 0 ? "b" : "");
    if (!server->model->command)
        snprintf(server->counters_path, sizeof(server->counters_path), "/dev/shm/tenk-bench-%d-%s-%u-%u",
                 getpid(), name, setting->start, copy);
}

/* Unique among the servers of this process that are alive: its starts are one after the other. */
static unsigned socket_number(const struct server_process *server, const struct server_setting *setting,
                              unsigned copy)
{
    return (unsigned)(server->model - setting->registry->models) * 2 + copy;
}

static void our_command(struct launch *program, struct arguments *arguments,
                        const struct server_process *server, const struct server_setting *setting,
                        unsigned copy)
{
    unsigned workers = model_workers(server->model, (unsigned)setting->scenario->workers);
    const char **argv = program->argv;
    int n = 0;

    transport_listen(server->model->transport, socket_number(server, setting, copy), arguments->listen,
                     sizeof(arguments->listen));
    argv[n++] = server->model->program ? server->model->program : setting->registry->serve;
    argv[n++] = model_served_as(server->model);
    argv[n++] = "--listen";
    argv[n++] = arguments->listen;
    argv[n++] = "--protocol";
    argv[n++] = setting->scenario->protocol;
    argv[n++] = "--counters";
    argv[n++] = server->counters_path;
    if (workers > 0) {
        snprintf(arguments->workers, sizeof(arguments->workers), "%u", workers);
        argv[n++] = "--workers";
        argv[n++] = arguments->workers;
    }
}

/* A free port: bound, read, and let go. Somebody else may take it first; then the start fails. */
static int free_port(const struct transport *transport)
{
    struct net_endpoint endpoint;
    struct net_failure failure;
    int fd, port = 0;

    net_endpoint_parse(transport->listen, &endpoint);
    fd = net_bind(&endpoint, &(struct net_listen_options){0}, &failure);
    if (fd >= 0) {
        if (net_local(fd, &endpoint) == 0)
            sscanf(endpoint.port, "%d", &port);
        close(fd);
    }
    return port;
}

/* External servers run under the shell, which is replaced by them; {port} becomes a free port. */
static void external_command(struct launch *program, struct arguments *arguments,
                             struct server_process *server)
{
    const char *from = server->model->command, *mark;
    size_t used = (size_t)snprintf(arguments->command, sizeof(arguments->command), "exec ");
    int port = free_port(server->model->transport);

    while ((mark = strstr(from, "{port}")) && used < sizeof(arguments->command)) {
        used += (size_t)snprintf(arguments->command + used, sizeof(arguments->command) - used, "%.*s%d",
                                 (int)(mark - from), from, port);
        from = mark + 6;
    }
    if (used < sizeof(arguments->command))
        snprintf(arguments->command + used, sizeof(arguments->command) - used, "%s", from);
    program->argv[0] = "/bin/sh";
    program->argv[1] = "-c";
    program->argv[2] = arguments->command;
    snprintf(arguments->listen, sizeof(arguments->listen), "%s://127.0.0.1:%d",
             server->model->transport->name, port);
    net_endpoint_parse(arguments->listen, &server->endpoint);
    server->has_endpoint = true;
}

/* ---- ready? ---- */

/* The last line of the log is usually why a server did not start. */
static void last_log_line(const struct server_process *server, char *text, size_t size)
{
    FILE *in = fopen(server->log_path, "re");
    char line[256];

    snprintf(text, size, "it said nothing");
    while (in && fgets(line, sizeof(line), in)) {
        line[strcspn(line, "\n")] = '\0';
        if (line[0])
            snprintf(text, size, "it said: %.150s", line);
    }
    if (in)
        fclose(in);
}

static int read_ready_line(struct server_process *server, int64_t deadline_ns, char *wrong, size_t size)
{
    char line[NET_TEXT_MAX + 16], said[200];
    size_t used = 0;

    while (used + 1 < sizeof(line) && wait_readable(server->output, deadline_ns) > 0 &&
           read(server->output, line + used, 1) == 1 && line[used] != '\n')
        used++;
    line[used] = '\0';
    if (strncmp(line, "ready ", 6) == 0 && net_endpoint_parse(line + 6, &server->endpoint) == NULL) {
        server->has_endpoint = true;
        return 0;
    }
    last_log_line(server, said, sizeof(said));
    snprintf(wrong, size, "it printed no ready line in time; %s", said);
    return -1;
}

/* Connections are tried; a socket for datagrams is looked for among the server's descriptors. */
static bool answers_on_port(const struct server_process *server)
{
    struct net_failure failure;
    char wrong[CHECK_TEXT_MAX];
    int fd;

    if (model_over_datagrams(server->model))
        return server_check_owner(server->pid, &server->endpoint, wrong) == 0;
    fd = net_connect(&server->endpoint, NS_PER_S, &failure);
    if (fd < 0)
        return false;
    close(fd);
    return true;
}

/* An external server says nothing: it is ready when one can connect. */
static int wait_for_port(const struct server_process *server, int64_t deadline_ns, char *wrong, size_t size)
{
    char said[200];

    while (clock_now_ns() < deadline_ns && !interrupted() && server_process_alive(server)) {
        if (answers_on_port(server))
            return 0;
        wait_until(clock_now_ns() + 20 * NS_PER_MS);
    }
    last_log_line(server, said, sizeof(said));
    snprintf(wrong, size, "nothing answered on its port in time; %s", said);
    return -1;
}

/* What the server is made of once the connections of our own check are gone. */
static void read_base(struct server_process *server, int64_t ready_ns)
{
    int64_t deadline_ns = clock_sooner_ns(clock_now_ns() + SETTLE_TIMEOUT_MS * NS_PER_MS, ready_ns);
    struct counters_sum sum;

    do {
        clock_sleep_ns(5 * NS_PER_MS);
        sum = server_process_counters(server);
    } while (sum.accepted != sum.closed && clock_now_ns() < deadline_ns);
    process_tree_read(server->pid, TREE_DESCRIPTORS | TREE_MEMORY, &server->base);
}

static int prove(struct server_process *server, const struct server_setting *setting, char *wrong,
                 size_t size)
{
    const char *own_name = server->model->command ? NULL : model_served_as(server->model);
    int64_t ready_ns = clock_sooner_ns(clock_now_ns() + READY_TIMEOUT_S * NS_PER_S, setting->deadline_ns);

    if (server->model->command ? wait_for_port(server, ready_ns, wrong, size) < 0
                               : read_ready_line(server, ready_ns, wrong, size) < 0)
        return -1;
    if (server_check_owner(server->pid, &server->endpoint, wrong) < 0 ||
        server_check_answer(&server->endpoint, setting->scenario->protocol, own_name, setting->deadline_ns,
                            wrong) < 0)
        return -1;
    if (server->counters_path[0] && !(server->counters = counters_map(server->counters_path))) {
        snprintf(wrong, size, "its counters cannot be read from %s: %s", server->counters_path,
                 strerror(errno));
        return -1;
    }
    read_base(server, ready_ns);
    return 0;
}

static void close_if_open(int fd)
{
    if (fd >= 0)
        close(fd);
}

static void release_resources(struct server_process *server)
{
    if (server->counters)
        counters_unmap(server->counters);
    if (server->counters_path[0])
        unlink(server->counters_path);
    close_if_open(server->output);
    cpu_group_close(&server->group);
    *server = (struct server_process){.model = server->model, .output = -1};
}

static pid_t fork_server(struct server_process *server, struct launch *program,
                         void (*attach)(pid_t pid, void *context), void *context, struct failure *failure)
{
    int output[2] = {-1, -1}, hold[2] = {-1, -1};
    pid_t pid = -1;

    program->stderr_fd = open(server->log_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (program->stderr_fd < 0 || pipe2(output, O_CLOEXEC) < 0 || (attach && pipe2(hold, O_CLOEXEC) < 0)) {
        failure_set(failure, EXIT_HERE, "cannot write %.400s: %s", server->log_path, strerror(errno));
    } else {
        program->stdout_fd = output[1];
        program->hold_fd = hold[0];
        pid = launch_start(program, failure);
    }
    if (pid > 0 && attach) {
        attach(pid, context);
        if (write(hold[1], "", 1) != 1)
            launch_kill_group(pid); /* it cannot go on; the ready line will be missed */
    }
    server->output = output[0];
    close_if_open(program->stderr_fd);
    close_if_open(output[1]);
    close_if_open(hold[0]);
    close_if_open(hold[1]);
    return pid;
}

int server_process_start(struct server_process *server, const struct server_setting *setting,
                         const struct model *model, unsigned copy, void (*attach)(pid_t pid, void *context),
                         void *context, struct failure *failure)
{
    struct launch program = launch_empty();
    char wrong[512] = "", name[128];
    struct arguments arguments;

    *server = (struct server_process){.model = model, .output = -1};
    name_files(server, setting, copy);
    snprintf(name, sizeof(name), "%d-%s-%u-%u", getpid(), model->name, setting->start, copy);
    cpu_group_open(&server->group, name);
    if (model->command)
        external_command(&program, &arguments, server);
    else
        our_command(&program, &arguments, server, setting, copy);
    program.cpus = setting->cpus;
    program.group = &server->group;
    program.padding = setting->padding;
    server->pid = fork_server(server, &program, attach, context, failure);
    server->group.leader = server->pid;
    if (server->pid > 0 && prove(server, setting, wrong, sizeof(wrong)) == 0)
        return 0;
    if (server->pid > 0) {
        launch_kill_group(server->pid);
        launch_wait(server->pid, clock_now_ns() + NS_PER_S, false);
        failure_set(failure, EXIT_HERE, "the server %s did not start properly: %s", model->name, wrong);
    }
    server->pid = 0;
    release_resources(server);
    return -1;
}

/* ---- running ---- */

bool server_process_alive(const struct server_process *server)
{
    siginfo_t info = {0};

    if (server->pid <= 0)
        return false;
    return waitid(P_PID, (id_t)server->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == 0;
}

void server_process_death(const struct server_process *server, char *text, size_t size)
{
    siginfo_t info = {0};

    if (server->pid <= 0 || waitid(P_PID, (id_t)server->pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0)
        snprintf(text, size, "is gone");
    else if (info.si_code == CLD_EXITED)
        snprintf(text, size, "ended with exit status %d", info.si_status);
    else
        snprintf(text, size, "was killed by SIG%s", sigabbrev_np(info.si_status));
}

struct counters_sum server_process_counters(const struct server_process *server)
{
    return server->counters ? counters_sum(server->counters) : (struct counters_sum){0};
}

void server_process_target(const struct server_process *server, const struct scenario *scenario, char *text,
                           size_t size)
{
    transport_target(server->model->transport, &server->endpoint, scenario->protocol, scenario->target, text,
                     size);
}

/* ---- stopping ---- */

static void read_counters_line(struct server_process *server, struct server_end *end)
{
    size_t used = 0;
    ssize_t n = 0;

    fcntl(server->output, F_SETFL, O_NONBLOCK);
    while (used + 1 < sizeof(end->counters) &&
           (n = read(server->output, end->counters + used, sizeof(end->counters) - 1 - used)) > 0)
        used += (size_t)n;
    end->counters[used] = '\0';
    end->counters[strcspn(end->counters, "\n")] = '\0';
}

static void stop_one(struct server_process *server, int64_t deadline_ns, struct server_end *end)
{
    pid_t group = server->pid;
    struct launch_result result;
    struct process_tree tree;

    *end = (struct server_end){.good = true};
    if (server->pid <= 0)
        return;
    result = launch_wait(server->pid, deadline_ns, false);
    read_counters_line(server, end);
    process_tree_read(group, 0, &tree);
    end->left = tree.processes;
    launch_kill_group(group);
    while (waitpid(-group, NULL, 0) > 0) /* what it left behind became ours: PR_SET_CHILD_SUBREAPER */
        ;
    if (result.end != LAUNCH_ENDED || result.wait_status != 0)
        snprintf(end->text, sizeof(end->text), "after SIGTERM it %s", launch_end_text(&result));
    else if (end->left > 0)
        snprintf(end->text, sizeof(end->text), "it left %u process%s behind", end->left,
                 end->left > 1 ? "es" : "");
    end->good = end->text[0] == '\0';
    if (server->has_endpoint && net_endpoint_file(&server->endpoint))
        unlink(server->endpoint.path);
    server->pid = 0;
    release_resources(server);
}

void server_process_stop_by(struct server_process *servers, unsigned count, int64_t deadline_ns,
                            struct server_end *ends)
{
    for (unsigned i = 0; i < count; i++)
        if (servers[i].pid > 0)
            kill(servers[i].pid, SIGTERM);
    for (unsigned i = 0; i < count; i++)
        stop_one(&servers[i], deadline_ns, &ends[i]);
}

void server_process_stop_all(struct server_process *servers, unsigned count, struct server_end *ends)
{
    server_process_stop_by(servers, count, clock_now_ns() + STOP_TIMEOUT_S * NS_PER_S, ends);
}
