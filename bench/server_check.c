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
#include "units.h"

/* <net/tcp_states.h>, which the tables of udp use as well: its unconnected sockets are TCP_CLOSE. */
enum { STATE_CLOSE = 7, STATE_LISTEN = 10 };

enum { ECHO_BYTES = 64, ANSWER_MAX = 4096 /* with its header */, SHOWN_MAX = 80 };

static const char body_expected[] = "Hello, world!";
static const char not_hello[] = "its answer to GET / is not the 13 bytes \"Hello, world!\"";

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

/* The connection it is asked on, and what came back. */
struct asking {
    int fd;
    int64_t begun_ns, deadline_ns;
    size_t size;
    char answer[ANSWER_MAX + 1]; /* NUL-terminated */
    char *wrong;
};

/*
 * Receives more of the answer. SO_RCVTIMEO is set to what is left each time: a server that sends a byte now
 * and then would start the patience of one receive anew with each. -1 with a sentence.
 */
static int receive_more(struct asking *asking, size_t most)
{
    int64_t left_ns = asking->deadline_ns - clock_now_ns();
    char patience[UNITS_TEXT_MAX];
    ssize_t received = -1;

    errno = EAGAIN;
    if (left_ns > 0 && net_set_timeouts_ns(asking->fd, left_ns) == 0)
        received = net_receive(asking->fd, asking->answer + asking->size, most - asking->size);
    if (received > 0) {
        asking->size += (size_t)received;
        asking->answer[asking->size] = '\0';
        return 0;
    }
    if (received < 0 && errno == EAGAIN)
        snprintf(asking->wrong, CHECK_TEXT_MAX,
                 "it took the connection and gave no whole answer within %s (%zu bytes came)",
                 units_format_duration(patience, asking->deadline_ns - asking->begun_ns), asking->size);
    else
        snprintf(asking->wrong, CHECK_TEXT_MAX, "it closed the connection before its answer was whole");
    return -1;
}

/* The value of that header; NULL without it. */
static const char *header_value(const char *head, const char *name)
{
    size_t length = strlen(name);

    for (const char *line = strstr(head, "\r\n"); line; line = strstr(line, "\r\n")) {
        line += 2;
        if (strncasecmp(line, name, length) == 0 && line[length] == ':')
            return line + length + 1 + strspn(line + length + 1, " \t");
    }
    return NULL;
}

/* How much of a line is shown. */
static int shown(const char *line)
{
    size_t length = strcspn(line, "\r\n");

    return length < SHOWN_MAX ? (int)length : SHOWN_MAX;
}

/* Whether it begins as a good one does, as far as it has come. */
static bool begins_well(const struct asking *asking)
{
    static const char good[] = "HTTP/1.1 200 ";
    size_t length = sizeof(good) - 1;

    return strncmp(asking->answer, good, asking->size < length ? asking->size : length) == 0;
}

/* Where the body begins; NULL with a sentence. */
static const char *read_head(struct asking *asking)
{
    char *end;

    while (!(end = strstr(asking->answer, "\r\n\r\n")) && begins_well(asking)) {
        if (asking->size == ANSWER_MAX) {
            wrong_answer(asking->wrong, "the header of its answer to GET / does not end");
            return NULL;
        }
        if (receive_more(asking, ANSWER_MAX) < 0)
            return NULL;
    }
    if (!begins_well(asking)) {
        snprintf(asking->wrong, CHECK_TEXT_MAX, "it answered GET / with \"%.*s\"", shown(asking->answer),
                 asking->answer);
        return NULL;
    }
    end[2] = '\0'; /* the headers are searched alone */
    return end + 4;
}

static int check_http(struct asking *asking, const char *model)
{
    static const char request[] = "GET / HTTP/1.1\r\nHost: tenk\r\n\r\n";
    const size_t expected_size = sizeof(body_expected) - 1;
    const char *length, *server, *body;
    char expected[80];

    if (net_send_all(asking->fd, request, sizeof(request) - 1) < 0)
        return wrong_answer(asking->wrong, "it closed the connection before the request was sent");
    body = read_head(asking);
    if (!body)
        return -1;
    length = header_value(asking->answer, "Content-Length");
    if (!length || strtoul(length, NULL, 10) != expected_size ||
        body + expected_size > asking->answer + ANSWER_MAX)
        return wrong_answer(asking->wrong, not_hello);
    while (asking->answer + asking->size < body + expected_size)
        if (receive_more(asking, ANSWER_MAX) < 0)
            return -1;
    if (memcmp(body, body_expected, expected_size) != 0)
        return wrong_answer(asking->wrong, not_hello);
    if (!model)
        return 0;
    server = header_value(asking->answer, "Server");
    snprintf(expected, sizeof(expected), "tenk/%s", model);
    if (server && strcspn(server, "\r") == strlen(expected) &&
        strncmp(server, expected, strlen(expected)) == 0)
        return 0;
    snprintf(asking->wrong, CHECK_TEXT_MAX, "it calls itself \"%.*s\" instead of \"%s\"",
             server ? shown(server) : 0, server ? server : "", expected);
    return -1;
}

static int check_echo(struct asking *asking)
{
    char sent[ECHO_BYTES];

    for (int i = 0; i < ECHO_BYTES; i++)
        sent[i] = (char)(i * 37 + 1);
    if (net_send_all(asking->fd, sent, sizeof(sent)) < 0)
        return wrong_answer(asking->wrong, "it closed the connection before 64 bytes were sent");
    while (asking->size < sizeof(sent))
        if (receive_more(asking, sizeof(sent)) < 0)
            return -1;
    return memcmp(sent, asking->answer, sizeof(sent)) == 0
               ? 0
               : wrong_answer(asking->wrong, "it sent other bytes back than it was given");
}

int server_check_answer(const struct net_endpoint *endpoint, const char *protocol, const char *model,
                        int64_t deadline_ns, char wrong[CHECK_TEXT_MAX])
{
    struct asking asking = {.begun_ns = clock_now_ns(), .wrong = wrong};
    struct net_failure failure;
    int64_t left_ns;
    int status;

    asking.deadline_ns = clock_sooner_ns(asking.begun_ns + CHECK_ANSWER_TIMEOUT_S * NS_PER_S, deadline_ns);
    left_ns = asking.deadline_ns - asking.begun_ns;
    if (left_ns <= 0)
        return wrong_answer(wrong, "it was ready too late to be asked");
    asking.fd = net_connect(endpoint, left_ns, &failure);
    if (asking.fd < 0) {
        snprintf(wrong, CHECK_TEXT_MAX, "one cannot connect to it: %s: %s", failure.operation,
                 failure.reason);
        return -1;
    }
    net_set_timeouts_ns(asking.fd, left_ns);
    status = strcmp(protocol, "echo") == 0 ? check_echo(&asking) : check_http(&asking, model);
    close(asking.fd);
    return status;
}
