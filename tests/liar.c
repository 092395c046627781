/*
 * liar - see liar.h. Blocking sockets, one thread per connection.
 */
#include "liar.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { REQUEST_MAX = 65536, HEAD_MAX = 512, BACKLOG = 1024 };

/* One connection, as its thread knows it. */
struct client {
    struct liar *liar;
    uint64_t index; /* in the tables of the liar */
    int fd;
    uint64_t requests;
    bool wants_close; /* the request asked for it */
    bool has_crossed; /* there is a request of another connection in: */
    char crossed[LIAR_ECHO_MAX];
    size_t size;
    char bytes[REQUEST_MAX]; /* received, not yet answered */
};

/* ---- bytes ---- */

static bool put(const struct client *client, const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t sent = send(client->fd, bytes, size, MSG_NOSIGNAL);

        if (sent <= 0)
            return false;
        bytes += sent;
        size -= (size_t)sent;
    }
    return true;
}

static bool put_text(const struct client *client, const char *text)
{
    return put(client, text, strlen(text));
}

/* Writes a whole answer into `text`. */
static void compose(const struct client *client, char text[HEAD_MAX], const char *status, const char *body,
                    const char *extra)
{
    snprintf(text, HEAD_MAX,
             "HTTP/1.1 %s\r\nServer: %s\r\nContent-Type: text/plain\r\n%s%sContent-Length: %zu\r\n\r\n%s",
             status, client->liar->plan.tenk ? "tenk/liar" : "liar", extra,
             client->wants_close && client->liar->plan.lie != LIAR_KEEP_OPEN ? "Connection: close\r\n" : "",
             strlen(body), body);
}

static bool answer(const struct client *client, const char *status, const char *body, const char *extra)
{
    char text[HEAD_MAX];

    compose(client, text, status, body, extra);
    return put_text(client, text);
}

/* The body of a good answer to this request: what all are given, or the target that it asks for. */
static const char *body_for(const struct client *client, const char *request, char body[LIAR_TARGET_MAX])
{
    if (!client->liar->plan.mirror || sscanf(request, "%*s %63s", body) != 1)
        return LIAR_BODY;
    return body;
}

static bool answer_well(const struct client *client)
{
    char body[LIAR_TARGET_MAX];

    return answer(client, "200 OK", body_for(client, client->bytes, body), "");
}

static bool answer_crossed(const struct client *client)
{
    char body[LIAR_TARGET_MAX];

    return answer(client, "200 OK", body_for(client, client->crossed, body), "");
}

/* ---- lies: true to go on with the connection ---- */

static bool answer_in_pieces(const struct client *client)
{
    char text[HEAD_MAX];

    compose(client, text, "200 OK", LIAR_BODY, "");
    for (const char *at = text; *at != '\0'; at++)
        if (!put(client, at, 1))
            return false;
    return true;
}

static bool reset(const struct client *client)
{
    struct linger linger = {.l_onoff = 1, .l_linger = 0};

    setsockopt(client->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
    return false;
}

/* Waits for the end of the connection, which is the client's to make. */
static bool hang(const struct client *client)
{
    char byte;

    while (recv(client->fd, &byte, 1, 0) > 0)
        ;
    return false;
}

static bool answer_twice(const struct client *client)
{
    char text[2 * HEAD_MAX];

    compose(client, text, "200 OK", LIAR_BODY, "");
    size_t size = strlen(text);
    memcpy(text + size, text, size);
    return put(client, text, 2 * size);
}

static bool end_after(const struct client *client, const char *text)
{
    put_text(client, text);
    return false;
}

static bool lie_http(const struct client *client)
{
    switch (client->liar->plan.lie) {
    case LIAR_WRONG_BYTE:
        return answer(client, "200 OK", "Hello, worlD!", "");
    case LIAR_WRONG_LENGTH:
        return answer(client, "200 OK", LIAR_BODY "!", "");
    case LIAR_SHORT_BODY:
        return end_after(client, "HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\nHello");
    case LIAR_SHORT_HEAD:
        return end_after(client, "HTTP/1.1 200 OK\r\nContent-Le");
    case LIAR_EXTRA_REPLY:
        return answer_twice(client);
    case LIAR_EXTRA_BYTE:
        return put_text(client, "HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\n" LIAR_BODY "!");
    case LIAR_NO_ANSWER:
        return false;
    case LIAR_RESET:
        return reset(client);
    case LIAR_HANG:
        return hang(client);
    case LIAR_STATUS:
        return answer(client, "503 Service Unavailable", LIAR_BODY, "");
    case LIAR_GARBAGE:
        return put_text(client, "220 mail.example.org ready\r\n\r\n");
    case LIAR_TWO_LENGTHS:
        return answer(client, "200 OK", LIAR_BODY, "Content-Length: 13\r\n");
    case LIAR_BAD_CHUNK:
        return put_text(client, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n" LIAR_BODY);
    case LIAR_PIECES:
        return answer_in_pieces(client);
    case LIAR_CHUNKED:
        return put_text(client, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                                "7\r\nHello, \r\n6;x=y\r\nworld!\r\n0\r\nTrailer: 1\r\n\r\n");
    case LIAR_LEAVES:
        answer(client, "200 OK", LIAR_BODY, "Connection: close\r\n");
        return false;
    case LIAR_UNTIL_CLOSE:
        return end_after(client, "HTTP/1.0 200 OK\r\n\r\n" LIAR_BODY);
    case LIAR_CROSSED:
        return answer_crossed(client);
    case LIAR_CONTINUE:
        return put_text(client, "HTTP/1.1 100 Continue\r\n\r\n") && answer_well(client);
    default: /* LIAR_KEEP_OPEN lies by what it does afterwards */
        return answer_well(client);
    }
}

static bool lie_echo(struct client *client)
{
    unsigned size = client->liar->plan.echo;

    switch (client->liar->plan.lie) {
    case LIAR_ECHO_WRONG_BYTE:
        client->bytes[size / 2] ^= 1;
        return put(client, client->bytes, size);
    case LIAR_ECHO_EXTRA_BYTE:
        client->bytes[size] = 'x';
        return put(client, client->bytes, size + 1);
    case LIAR_ECHO_CROSSED:
        return put(client, client->crossed, size);
    case LIAR_ECHO_LOSES_BYTE:
        return put(client, client->bytes, size - 1);
    default:
        put(client, client->bytes, size / 2);
        return false;
    }
}

/* ---- the service ---- */

/* The size of the first request received, 0 when it is not complete. The client sends no bodies here. */
static size_t request_size(const struct client *client)
{
    unsigned echo = client->liar->plan.echo;

    if (echo > 0)
        return client->size >= echo ? echo : 0;
    const char *end = memmem(client->bytes, client->size, "\r\n\r\n", 4);
    return end != NULL ? (size_t)(end - client->bytes) + 4 : 0;
}

/* The whole server stands still: whoever answers meanwhile waits for the lock. */
static void stand_still(struct liar *liar, uint64_t number)
{
    pthread_mutex_lock(&liar->standing);
    if (liar->plan.pause_at != 0 && number == liar->plan.pause_at)
        usleep(liar->plan.pause_ms * 1000);
    pthread_mutex_unlock(&liar->standing);
}

static void note_busiest(struct client *client)
{
    uint64_t busiest = atomic_load(&client->liar->busiest);

    client->requests++;
    while (client->requests > busiest &&
           !atomic_compare_exchange_weak(&client->liar->busiest, &busiest, client->requests))
        ;
}

/* Takes what another connection asked last, and leaves what this one asks. */
static void swap_requests(struct client *client)
{
    struct liar *liar = client->liar;
    size_t size = liar->plan.echo > 0 ? liar->plan.echo : LIAR_TARGET_MAX;

    pthread_mutex_lock(&liar->lock);
    client->has_crossed = liar->last_index != 0 && liar->last_index != client->index + 1 &&
                          memcmp(client->bytes, liar->last, size) != 0;
    memcpy(client->crossed, liar->last, size);
    memcpy(liar->last, client->bytes, size);
    liar->last_index = client->index + 1;
    pthread_mutex_unlock(&liar->lock);
}

static bool serve_request(struct client *client)
{
    struct liar *liar = client->liar;
    uint64_t number = atomic_fetch_add(&liar->requests, 1) + 1;
    bool lie = liar->plan.lie != LIAR_HONEST && number % liar->plan.every == 0;

    if (liar->plan.lie == LIAR_ECHO_CROSSED || liar->plan.lie == LIAR_CROSSED) {
        swap_requests(client);
        lie = lie && client->has_crossed; /* else nobody has asked for something else in between */
    }
    note_busiest(client);
    if (liar->plan.pause_at != 0)
        stand_still(liar, number);
    if (liar->plan.wait_ms > 0)
        usleep(liar->plan.wait_ms * 1000);
    if (lie)
        atomic_fetch_add(&liar->lies, 1);
    if (liar->plan.echo > 0)
        return lie ? lie_echo(client) : put(client, client->bytes, liar->plan.echo);
    client->wants_close = memmem(client->bytes, client->size, "Connection: close", 17) != NULL;
    bool go_on = lie ? lie_http(client) : answer_well(client);
    if (client->wants_close && liar->plan.lie == LIAR_KEEP_OPEN && lie)
        return hang(client);
    return go_on && !client->wants_close;
}

/* Serves what has been received. False when the connection is to end. */
static bool serve_received(struct client *client)
{
    size_t size;

    while ((size = request_size(client)) > 0) {
        char after = client->bytes[size]; /* LIAR_ECHO_EXTRA_BYTE writes there */

        if (!serve_request(client))
            return false;
        client->bytes[size] = after;
        client->size -= size;
        memmove(client->bytes, client->bytes + size, client->size);
    }
    return true;
}

static void *serve_client(void *argument)
{
    struct client *client = argument;
    struct liar *liar = client->liar;

    for (;;) {
        ssize_t size = recv(client->fd, client->bytes + client->size, REQUEST_MAX - 1 - client->size, 0);

        if (size <= 0)
            break;
        client->size += (size_t)size;
        if (!serve_received(client))
            break;
    }
    pthread_mutex_lock(&liar->lock);
    close(client->fd);
    liar->sockets[client->index] = -1;
    pthread_mutex_unlock(&liar->lock);
    free(client);
    return NULL;
}

static void take_client(struct liar *liar, int fd)
{
    struct client *client = calloc(1, sizeof(*client));
    int on = 1;

    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    atomic_fetch_add(&liar->accepted, 1);
    pthread_mutex_lock(&liar->lock);
    uint64_t index = liar->count;
    bool taken = client != NULL && index < LIAR_CONNECTIONS_MAX;
    if (taken) {
        *client = (struct client){.liar = liar, .index = index, .fd = fd};
        liar->sockets[index] = fd;
        taken = pthread_create(&liar->threads[index], NULL, serve_client, client) == 0;
    }
    if (taken)
        liar->count++;
    pthread_mutex_unlock(&liar->lock);
    if (!taken) {
        close(fd);
        free(client);
    }
}

static void *accept_clients(void *argument)
{
    struct liar *liar = argument;

    while (!atomic_load(&liar->stopping)) {
        int fd = accept4(liar->listener, NULL, NULL, SOCK_CLOEXEC);

        if (fd >= 0)
            take_client(liar, fd);
    }
    return NULL;
}

/* ---- life ---- */

void liar_start(struct liar *liar, const struct liar_plan *plan)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof(address);

    *liar = (struct liar){.plan = *plan};
    pthread_mutex_init(&liar->lock, NULL);
    pthread_mutex_init(&liar->standing, NULL);
    liar->sockets = calloc(LIAR_CONNECTIONS_MAX, sizeof(*liar->sockets));
    liar->threads = calloc(LIAR_CONNECTIONS_MAX, sizeof(*liar->threads));
    cr_assert(liar->sockets != NULL && liar->threads != NULL);
    liar->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert_eq(bind(liar->listener, (struct sockaddr *)&address, sizeof(address)), 0);
    cr_assert_eq(listen(liar->listener, BACKLOG), 0);
    cr_assert_eq(getsockname(liar->listener, (struct sockaddr *)&address, &length), 0);
    snprintf(liar->target, sizeof(liar->target), "%s://127.0.0.1:%u", plan->echo > 0 ? "echo" : "http",
             (unsigned)ntohs(address.sin_port));
    cr_assert_eq(pthread_create(&liar->thread, NULL, accept_clients, liar), 0);
}

/*
 * Whoever stands in the backlog when the client's program has ended was connected, and may have sent a
 * request: on a busy machine the accepting thread has not got round to it yet.
 */
static void take_backlog(struct liar *liar)
{
    int fd;

    fcntl(liar->listener, F_SETFL, O_NONBLOCK);
    while ((fd = accept4(liar->listener, NULL, NULL, SOCK_CLOEXEC)) >= 0)
        take_client(liar, fd);
}

void liar_stop(struct liar *liar)
{
    take_backlog(liar);
    atomic_store(&liar->stopping, true);
    shutdown(liar->listener, SHUT_RDWR);
    pthread_join(liar->thread, NULL);
    close(liar->listener);
    pthread_mutex_lock(&liar->lock);
    for (uint64_t i = 0; i < liar->count; i++)
        if (liar->sockets[i] >= 0)
            shutdown(liar->sockets[i], SHUT_RDWR);
    pthread_mutex_unlock(&liar->lock);
    for (uint64_t i = 0; i < liar->count; i++)
        pthread_join(liar->threads[i], NULL);
    free(liar->sockets);
    free(liar->threads);
    pthread_mutex_destroy(&liar->lock);
    pthread_mutex_destroy(&liar->standing);
}
