/*
 * limit: libmicrohttpd with a constant reply, in the shape of a model: PORT epoll | thread | pool | loops
 * [THREADS]. Not a bare loop but the library that people embed; built when it is installed
 * (libmicrohttpd-dev).
 *
 * Its thread pool is a set of event loops that share the listening socket: of 64 threads the few that wake
 * first take all the connections, and the others sleep (`loops`, the shape of epoll_workers --listener
 * shared). The library divides its limit of connections among the threads; with a limit of one for each
 * thread it is the pool of the textbooks, where a thread has one client (`pool`, the shape of thread_pool and
 * prethread).
 */
#include <arpa/inet.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CONNECTIONS_MAX = 16384, BACKLOG = 4096, THREADS = 64, THREADS_MAX = 1024, NO_FLAGS = 0 };

static struct MHD_Response *reply;

static enum MHD_Result answer(void *context, struct MHD_Connection *connection, const char *url,
                              const char *method, const char *version, const char *upload,
                              size_t *upload_size, void **state)
{
    (void)context, (void)url, (void)method, (void)version, (void)upload, (void)upload_size;
    if (*state == NULL) { /* the head is here; an answer at this point would close the connection */
        *state = reply;
        return MHD_YES;
    }
    return MHD_queue_response(connection, MHD_HTTP_OK, reply);
}

static bool has_threads(const char *shape)
{
    return strcmp(shape, "pool") == 0 || strcmp(shape, "loops") == 0;
}

/* A thread for each, or one that waits with epoll, or a pool of them that share the listening socket. */
static unsigned flags_of(const char *shape)
{
    if (strcmp(shape, "thread") == 0)
        return MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_POLL |
               MHD_USE_ITC; /* or the descriptors of the gone stay open until the next one comes */
    if (strcmp(shape, "epoll") == 0 || has_threads(shape))
        return MHD_USE_EPOLL_INTERNAL_THREAD;
    return NO_FLAGS;
}

int main(int argc, char **argv)
{
    static char body[] = "Hello, world!";
    const char *shape = argc > 2 ? argv[2] : "";
    unsigned flags = flags_of(shape);
    unsigned threads = has_threads(shape) ? (argc > 3 ? (unsigned)atoi(argv[3]) : THREADS) : 0;
    unsigned limit = strcmp(shape, "pool") == 0 ? threads : CONNECTIONS_MAX;
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons((uint16_t)(argc > 1 ? atoi(argv[1]) : 0)),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    sigset_t stop;
    int number;

    if (flags == NO_FLAGS || threads > THREADS_MAX) {
        fputs("usage: microhttpd PORT epoll|thread|pool|loops [THREADS]\n", stderr);
        return 2;
    }
    sigemptyset(&stop);
    sigaddset(&stop, SIGTERM);
    sigprocmask(SIG_BLOCK, &stop, NULL);
    reply = MHD_create_response_from_buffer(sizeof body - 1, body, MHD_RESPMEM_PERSISTENT);
    MHD_add_response_header(reply, "Content-Type", "text/plain");
    struct MHD_Daemon *daemon =
        MHD_start_daemon(flags, 0, NULL, NULL, answer, NULL, MHD_OPTION_SOCK_ADDR, &address,
                         MHD_OPTION_THREAD_POOL_SIZE, threads, MHD_OPTION_CONNECTION_LIMIT, limit,
                         MHD_OPTION_LISTEN_BACKLOG_SIZE, (unsigned)BACKLOG, MHD_OPTION_END);
    if (daemon == NULL)
        return 3;
    sigwait(&stop, &number);
    _exit(0); /* as the bare loops: nothing to tidy up */
}
