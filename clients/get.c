/*
 * tenk-get - fetches one URL over HTTP/1.1 and writes the body to stdout: a small real client, blocking
 * from end to end.
 *
 *     connect -> send the request -> status line -> header lines -> body, as it says it is delimited
 *
 * It believes nothing: a body that ends early is an error though bytes have been printed. RFC 9112.
 *
 * Exit status: 0 a 2xx or 3xx answer, complete; 1 another status, or no complete answer; 2 wrong usage;
 * 3 cannot run here.
 */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/time.h>
#include <unistd.h>

#include "clock.h"
#include "net.h"
#include "options.h"

enum { EXIT_GOOD = 0, EXIT_FAULT = 1, EXIT_USAGE = 2, EXIT_CANNOT = 3 };

struct get_options {
    const char *url, *data, *output;
    struct option_list headers;
    int64_t timeout_ns, max_time_ns; /* for each wait; for all of it, 0: no limit */
    bool head, include;
};

struct url {
    struct net_endpoint endpoint;
    char host[NET_TEXT_MAX]; /* as the Host header wants it */
    const char *path;        /* points into the argument */
};

/* How the body ends. */
struct body {
    bool none, chunked, has_length;
    uint64_t length;
};

static int complain(int status, const char *what, const char *why)
{
    fprintf(stderr, "tenk-get: %s: %s\n", what, why);
    return status;
}

/* ---- all of it in time ---- */

static volatile sig_atomic_t expired, talking = -1; /* the socket, as soon as there is one */

/*
 * Whatever waits is woken: the socket is ended, so that what has come is kept and told apart from the whole.
 * While a name is looked up or a connection made there is nothing to keep.  signal-safety(7)
 */
static void time_is_up(int signal_number)
{
    static const char sentence[] = "tenk-get: not connected within --max-time\n";

    (void)signal_number;
    expired = 1;
    if (talking >= 0)
        shutdown(talking, SHUT_RDWR);
    else if (write(STDERR_FILENO, sentence, sizeof(sentence) - 1) >= 0 || true)
        _exit(EXIT_FAULT);
}

static void limit_time(int64_t max_time_ns)
{
    struct sigaction action = {.sa_handler =
                                   time_is_up}; /* no SA_RESTART: a write to a full pipe ends, too */
    int64_t us = (max_time_ns + NS_PER_US - 1) / NS_PER_US;
    struct itimerval timer = {.it_value = {.tv_sec = us / 1000000, .tv_usec = us % 1000000}};

    if (max_time_ns == 0)
        return;
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &timer, NULL);
}

/* Why the answer is not complete. */
static const char *reason(const char *otherwise)
{
    return expired ? "not complete within --max-time" : errno != 0 ? strerror(errno) : otherwise;
}

/* ---- URL ---- */

/* http://host[:port][/path] */
static const char *parse_http(const char *rest, struct url *url)
{
    size_t length = strcspn(rest, "/");
    char text[NET_TEXT_MAX];

    if (length == 0 || length > NET_HOST_MAX)
        return "it names no host";
    snprintf(url->host, sizeof(url->host), "%.*s", (int)length, rest);
    const char *bracket = strchr(url->host, ']');
    bool has_port = strchr(bracket != NULL ? bracket : url->host, ':') != NULL;
    snprintf(text, sizeof(text), "tcp://%.*s%s", (int)length, rest, has_port ? "" : ":80");
    url->path = rest[length] != '\0' ? rest + length : "/";
    return net_endpoint_parse(text, &url->endpoint);
}

/* http+unix:/path/of/socket[:/path] */
static const char *parse_http_unix(const char *rest, struct url *url)
{
    const char *path = strstr(rest, ":/");
    size_t length = path != NULL ? (size_t)(path - rest) : strlen(rest);
    char text[NET_TEXT_MAX];

    if (length >= NET_PATH_MAX)
        return "the path of its socket is too long";
    snprintf(text, sizeof(text), "unix:%.*s", (int)length, rest);
    strcpy(url->host, "localhost");
    url->path = path != NULL ? path + 1 : "/";
    return net_endpoint_parse(text, &url->endpoint);
}

static const char *parse_url(const char *text, struct url *url)
{
    if (strpbrk(text, " \t\r\n") != NULL)
        return "it must not contain blanks: write %20";
    if (strncmp(text, "http://", 7) == 0)
        return parse_http(text + 7, url);
    if (strncmp(text, "http+unix:", 10) == 0)
        return parse_http_unix(text + 10, url);
    return "it must begin with http:// or http+unix:";
}

/* ---- request ---- */

static int send_request(int fd, const struct get_options *options, const struct url *url)
{
    char *bytes = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&bytes, &size);

    if (out == NULL)
        return -1;
    fprintf(out, "%s %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: tenk-get\r\nConnection: close\r\n",
            options->head           ? "HEAD"
            : options->data != NULL ? "POST"
                                    : "GET",
            url->path, url->host);
    for (size_t i = 0; i < options->headers.count; i++)
        fprintf(out, "%s\r\n", options->headers.items[i]);
    if (options->data != NULL)
        fprintf(out, "Content-Length: %zu\r\n", strlen(options->data));
    fprintf(out, "\r\n%s", options->data != NULL ? options->data : "");
    int status = fclose(out) != 0 ? -1 : net_send_all(fd, bytes, size);
    free(bytes);
    return status;
}

/* ---- answer ---- */

/* The value of a header line, or NULL when it is another one. */
static const char *value_of(const char *line, const char *name)
{
    size_t length = strlen(name);

    if (strncasecmp(line, name, length) != 0 || line[length] != ':')
        return NULL;
    return line + length + 1 + strspn(line + length + 1, " \t");
}

/* Reads status line and header, which it prints when asked to. The status; -1 when it is not HTTP. */
static int read_head(struct net_reader *reader, bool print, struct body *body)
{
    const char *value;
    char *line;
    int status;

    *body = (struct body){0};
    if (net_read_line(reader, &line) < 0 || sscanf(line, "HTTP/1.%*1[01] %3d", &status) != 1)
        return -1;
    for (;;) {
        if (print)
            printf("%s\n", line);
        ssize_t size = net_read_line(reader, &line);
        if (size < 0)
            return -1;
        if (size == 0)
            break;
        if ((value = value_of(line, "Content-Length")) != NULL) {
            if (*value == '\0' || value[strspn(value, "0123456789")] != '\0')
                return -1;
            body->has_length = true;
            body->length = strtoull(value, NULL, 10);
        } else if ((value = value_of(line, "Transfer-Encoding")) != NULL) {
            body->chunked = strcasecmp(value, "chunked") == 0;
        }
    }
    if (print)
        putchar('\n');
    body->none = status < 200 || status == 204 || status == 304;
    return status;
}

/* Copies exactly `size` bytes, or all there are when it is UINT64_MAX. 0, or -1: input ended early. */
static int copy(struct net_reader *reader, uint64_t size)
{
    static char bytes[NET_READER_SIZE];

    while (size > 0) {
        size_t piece = size < sizeof(bytes) ? (size_t)size : sizeof(bytes);
        ssize_t got = net_read(reader, bytes, piece);

        if (got == 0)
            return size == UINT64_MAX ? 0 : -1;
        if (got < 0 || fwrite(bytes, 1, (size_t)got, stdout) != (size_t)got)
            return -1;
        if (size != UINT64_MAX)
            size -= (uint64_t)got;
    }
    return 0;
}

static int copy_chunks(struct net_reader *reader)
{
    char *line, *end;

    for (;;) {
        if (net_read_line(reader, &line) < 0)
            return -1;
        uint64_t size = strtoull(line, &end, 16);
        if (end == line || size == UINT64_MAX)
            return -1;
        if (size == 0)
            break;
        if (copy(reader, size) < 0 || net_read_line(reader, &line) != 0)
            return -1;
    }
    for (;;) { /* trailer fields, up to the empty line */
        ssize_t size = net_read_line(reader, &line);
        if (size <= 0)
            return (int)size;
    }
}

static int copy_body(struct net_reader *reader, const struct body *body)
{
    if (body->none)
        return 0;
    if (body->chunked)
        return copy_chunks(reader);
    return copy(reader, body->has_length ? body->length : UINT64_MAX);
}

static int read_answer(int fd, const struct get_options *options)
{
    static struct net_reader reader;
    struct body body;
    int status;

    net_reader_open(&reader, fd);
    do { /* 100 Continue and its like come before the answer */
        errno = 0;
        status = read_head(&reader, options->include || options->head, &body);
    } while (status >= 100 && status < 200);
    if (status < 0)
        return complain(EXIT_FAULT, options->url, reason("what came back is not HTTP/1.1"));
    errno = 0;
    if (!options->head && (copy_body(&reader, &body) < 0 || expired))
        return complain(EXIT_FAULT, options->url, reason("the body ended early"));
    if (fflush(stdout) != 0)
        return complain(EXIT_CANNOT, "stdout", strerror(errno));
    if (status >= 400)
        fprintf(stderr, "tenk-get: %s: status %d\n", options->url, status);
    return status >= 400 ? EXIT_FAULT : EXIT_GOOD;
}

/* ---- all of it ---- */

static int get(const struct get_options *options, const struct url *url)
{
    struct net_failure failure;

    limit_time(options->max_time_ns);
    int fd = net_connect(&url->endpoint, options->timeout_ns, &failure);

    if (fd < 0) {
        fprintf(stderr, "tenk-get: cannot %s %s: %s\n", failure.operation, options->url, failure.reason);
        return EXIT_FAULT;
    }
    talking = fd;
    net_set_timeouts_ns(fd, options->timeout_ns);
    int status = EXIT_FAULT;
    if (options->output != NULL && freopen(options->output, "we", stdout) == NULL)
        status = complain(EXIT_CANNOT, options->output, strerror(errno));
    else if (send_request(fd, options, url) < 0)
        complain(status, options->url, reason(""));
    else
        status = read_answer(fd, options);
    talking = -1;
    close(fd);
    return status;
}

static int parse_options(int argc, char **argv, struct get_options *options)
{
    bool help = false;
    const struct option_spec specs[] = {
        {"include", 'i', OPTION_FLAG, &options->include, NULL,
         "print status line and header before the body"},
        {"head", 'I', OPTION_FLAG, &options->head, NULL, "ask with HEAD; print status line and header"},
        {"data", 0, OPTION_TEXT, &options->data, "TEXT", "ask with POST and send this body"},
        {"header", 'H', OPTION_LIST, &options->headers, "'NAME: VALUE'", "add a header; may be repeated"},
        {"output", 'o', OPTION_TEXT, &options->output, "FILE", "write what would be printed into a file"},
        {"timeout", 0, OPTION_DURATION, &options->timeout_ns, "TIME",
         "give up when nothing moves for so long (10s)"},
        {"max-time", 0, OPTION_DURATION, &options->max_time_ns, "TIME",
         "give up when all of it takes longer (no limit)"},
        {"help", 'h', OPTION_FLAG, &help, NULL, "this text"},
        {0},
    };
    char error[OPTIONS_ERROR_MAX];
    int first;

    if (options_parse(specs, argc, argv, &first, error) < 0) {
        fprintf(stderr, "tenk-get: %s\n", error);
        return EXIT_USAGE;
    }
    if (help) {
        puts("usage: tenk-get URL [options]\n\nFetches http://host:port/path or "
             "http+unix:/path/of/socket:/path\n"
             "and writes the body to stdout.\n");
        options_help(stdout, specs);
        return EXIT_GOOD;
    }
    if (argc - first != 1) {
        fprintf(stderr, "tenk-get: takes one URL, such as http://127.0.0.1:8080/ (see --help)\n");
        return EXIT_USAGE;
    }
    options->url = argv[first];
    return -1;
}

int main(int argc, char **argv)
{
    struct get_options options = {.timeout_ns = 10 * NS_PER_S};
    struct url url;

    int status = parse_options(argc, argv, &options);
    if (status >= 0)
        return status;
    const char *wrong = parse_url(options.url, &url);
    if (wrong != NULL)
        return complain(EXIT_USAGE, options.url, wrong);
    return get(&options, &url);
}
