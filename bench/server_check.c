/*
 * server_check - see server_check.h. proc(5): /proc/net/tcp, /proc/net/unix, /proc/PID/fd
 */
#include "server_check.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "clock.h"

/* <net/tcp_states.h>, which the tables of udp use as well: its unconnected sockets are TCP_CLOSE. */
enum { STATE_CLOSE = 7, STATE_LISTEN = 10 };

enum { ANSWER_TIMEOUT_S = 10, ECHO_BYTES = 64, HEADERS_MAX = 100 };

static const char body_expected[] = "Hello, world!";

/* ---- the owner of the listening socket ---- */

/* The inode of the socket with that port and state; 0 when there is none. */
static unsigned long find_inet_inode(const char *table, unsigned port, unsigned wanted)
{
    FILE *in = fopen(table, "re");
    char line[512];
    unsigned long inode, found = 0;
    unsigned local_port, state;

    while (in && !found && fgets(line, sizeof(line), in))
        if (sscanf(line, " %*d: %*[0-9A-Fa-f]:%x %*s %x %*s %*s %*s %*d %*d %lu", &local_port, &state,
                   &inode) == 3 &&
            local_port == port && state == wanted)
            found = inode;
    if (in)
        fclose(in);
    return found;
}

static unsigned long find_unix_inode(const char *path)
{
    FILE *in = fopen("/proc/net/unix", "re");
    char line[512], name[256];
    unsigned long inode, found = 0;

    while (in && !found && fgets(line, sizeof(line), in))
        if (sscanf(line, "%*x: %*x %*x %*x %*x %*x %lu %255s", &inode, name) == 2 && strcmp(name, path) == 0)
            found = inode;
    if (in)
        fclose(in);
    return found;
}

static unsigned long find_inode(const struct net_endpoint *endpoint)
{
    unsigned port = (unsigned)atoi(endpoint->port);
    bool udp = endpoint->transport == NET_UDP;
    unsigned state = udp ? STATE_CLOSE : STATE_LISTEN;
    unsigned long inode;

    if (net_transport_is_unix(endpoint->transport))
        return find_unix_inode(endpoint->path);
    inode = find_inet_inode(udp ? "/proc/net/udp" : "/proc/net/tcp", port, state);
    return inode ? inode : find_inet_inode(udp ? "/proc/net/udp6" : "/proc/net/tcp6", port, state);
}

static bool process_holds(int pid, const char *link_wanted)
{
    char path[320], link[64];
    struct dirent *entry;
    bool held = false;
    DIR *directory;

    snprintf(path, sizeof(path), "/proc/%d/fd", pid);
    directory = opendir(path);
    while (directory && !held && (entry = readdir(directory))) {
        snprintf(path, sizeof(path), "/proc/%d/fd/%s", pid, entry->d_name);
        ssize_t length = readlink(path, link, sizeof(link) - 1);

        if (length > 0) {
            link[length] = '\0';
            held = strcmp(link, link_wanted) == 0;
        }
    }
    if (directory)
        closedir(directory);
    return held;
}

int server_check_owner(pid_t leader, const struct net_endpoint *endpoint, char wrong[CHECK_TEXT_MAX])
{
    unsigned long inode = find_inode(endpoint);
    char text[NET_TEXT_MAX], wanted[64];
    DIR *directory = opendir("/proc");
    struct dirent *entry;
    bool held = false;

    net_endpoint_format(endpoint, text);
    snprintf(wanted, sizeof(wanted), "socket:[%lu]", inode);
    while (inode && directory && !held && (entry = readdir(directory))) {
        int pid = atoi(entry->d_name);

        held = pid > 0 && getpgid(pid) == leader && process_holds(pid, wanted);
    }
    if (directory)
        closedir(directory);
    if (held)
        return 0;
    snprintf(wrong, CHECK_TEXT_MAX,
             inode ? "the socket listening on %.120s belongs to another process"
                   : "nothing listens on %.120s",
             text);
    return -1;
}

/* ---- one answer ---- */

static int wrong_answer(char *wrong, const char *text)
{
    snprintf(wrong, CHECK_TEXT_MAX, "%s", text);
    return -1;
}

/* The value of a header line, or NULL when it is another one. */
static const char *header_value(const char *line, const char *name)
{
    size_t length = strlen(name);

    if (strncasecmp(line, name, length) != 0 || line[length] != ':')
        return NULL;
    line += length + 1;
    return line + strspn(line, " \t");
}

struct head {
    size_t content_length;
    char server[80];
};

static int read_head(struct net_reader *reader, struct head *head, char *wrong)
{
    char *line;

    *head = (struct head){0};
    if (net_read_line(reader, &line) < 0)
        return wrong_answer(wrong, "it closed the connection, or kept silent, instead of answering GET /");
    if (strncmp(line, "HTTP/1.1 200 ", 13) != 0) {
        snprintf(wrong, CHECK_TEXT_MAX, "it answered GET / with \"%.80s\"", line);
        return -1;
    }
    for (int i = 0; i < HEADERS_MAX && net_read_line(reader, &line) > 0; i++) {
        const char *value = header_value(line, "Content-Length");

        if (value)
            head->content_length = strtoul(value, NULL, 10);
        value = header_value(line, "Server");
        if (value)
            snprintf(head->server, sizeof(head->server), "%s", value);
    }
    return 0;
}

static int check_http(int fd, const char *model, char *wrong)
{
    static const char request[] = "GET / HTTP/1.1\r\nHost: tenk\r\n\r\n";
    static struct net_reader reader;
    char body[sizeof(body_expected)] = "", expected[80];
    struct head head;

    if (net_send_all(fd, request, sizeof(request) - 1) < 0)
        return wrong_answer(wrong, "it closed the connection before the request was sent");
    net_reader_open(&reader, fd);
    if (read_head(&reader, &head, wrong) < 0)
        return -1;
    if (head.content_length != sizeof(body_expected) - 1 ||
        net_read_exactly(&reader, body, head.content_length) < 0 || strcmp(body, body_expected) != 0)
        return wrong_answer(wrong, "its answer to GET / is not the 13 bytes \"Hello, world!\"");
    if (!model)
        return 0;
    snprintf(expected, sizeof(expected), "tenk/%s", model);
    if (strcmp(head.server, expected) == 0)
        return 0;
    snprintf(wrong, CHECK_TEXT_MAX, "it calls itself \"%s\" instead of \"%s\"", head.server, expected);
    return -1;
}

static int check_echo(int fd, char *wrong)
{
    char sent[ECHO_BYTES], got[ECHO_BYTES] = {0};

    for (int i = 0; i < ECHO_BYTES; i++)
        sent[i] = (char)(i * 37 + 1);
    for (size_t have = 0; have < sizeof(got);) {
        ssize_t n = have == 0 && net_send_all(fd, sent, sizeof(sent)) < 0
                        ? -1
                        : net_receive(fd, got + have, sizeof(got) - have);

        if (n <= 0)
            return wrong_answer(wrong, "it did not send 64 bytes back");
        have += (size_t)n;
    }
    return memcmp(sent, got, sizeof(got)) == 0
               ? 0
               : wrong_answer(wrong, "it sent other bytes back than it was given");
}

int server_check_answer(const struct net_endpoint *endpoint, const char *protocol, const char *model,
                        char wrong[CHECK_TEXT_MAX])
{
    struct net_failure failure;
    int fd = net_connect(endpoint, ANSWER_TIMEOUT_S * NS_PER_S, &failure);
    int status;

    if (fd < 0) {
        snprintf(wrong, CHECK_TEXT_MAX, "one cannot connect to it: %s: %s", failure.operation,
                 failure.reason);
        return -1;
    }
    net_set_timeouts_ns(fd, ANSWER_TIMEOUT_S * NS_PER_S);
    status = strcmp(protocol, "echo") == 0 ? check_echo(fd, wrong) : check_http(fd, model, wrong);
    close(fd);
    return status;
}
