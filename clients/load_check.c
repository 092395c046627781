/*
 * load_check - what came back: is it right, and how long did it take?
 *
 * A server that is well sends the same bytes again and again; only Date changes, once a second. So the
 * last answer that was checked in full (status, framing, length, content) is kept as a sample, and an
 * answer that equals it byte for byte is as good as the sample was. One memcmp(3) checks everything.
 * What differs goes through the parser, and becomes the new sample when it is good.
 *
 * Only answers that say themselves where they end (Content-Length or chunked) become samples, so what
 * follows equal bytes is always another answer, never a continuation.
 */
#include <stdlib.h>
#include <string.h>

#include "load_worker.h"

/* Takes the oldest request out of flight. */
static struct load_request take_request(struct load_worker *worker, struct load_conn *conn)
{
    struct load_request request = conn->ring[conn->head];

    conn->head = conn->head + 1 < worker->plan->options->pipeline ? conn->head + 1 : 0;
    conn->outstanding--;
    return request;
}

static void record_answer(struct load_worker *worker, struct load_conn *conn)
{
    struct load_request request = take_request(worker, conn);
    struct load_stats *stats = worker->stats;

    histogram_record(&stats->latency, worker->now_ns - request.start_ns);
    if (worker->paced)
        histogram_record(&stats->service, worker->now_ns - request.sent_ns);
    stats->requests++;
    conn->served++;
    if (worker->mixed && worker->phase == LOAD_WINDOW) {
        worker->kinds[request.kind].requests++;
        histogram_record(&worker->kinds[request.kind].latency, worker->now_ns - request.start_ns);
    }
}

/* ---- http ---- */

static struct load_reply *borrow_reply(struct load_worker *worker, uint32_t kind)
{
    struct load_reply *reply =
        worker->spare_count > 0 ? worker->spare[--worker->spare_count] : malloc(sizeof(*reply));

    if (reply != NULL)
        load_reply_begin(reply, &worker->plan->kinds[kind].expect);
    return reply;
}

void load_check_forget(struct load_worker *worker, struct load_conn *conn)
{
    if (conn->reply == NULL)
        return;
    load_reply_close(conn->reply);
    worker->spare[worker->spare_count++] = conn->reply;
    conn->reply = NULL;
}

/* Keeps `bytes`, a whole good answer, as the sample. */
static void keep_sample(struct load_kind_seen *seen, const struct load_reply *reply, const char *bytes,
                        size_t size)
{
    if (reply->interim || size > LOAD_BUFFER_SIZE)
        return;
    memcpy(seen->sample, bytes, size);
    seen->sample_size = size;
    seen->sample_closes = reply->closes;
}

static void finish_reply(struct load_worker *worker, struct load_conn *conn)
{
    const struct load_reply *reply = conn->reply;

    conn->closing = reply->closes;
    if (reply->error == LOAD_ERROR_NONE) {
        record_answer(worker, conn);
    } else {
        struct load_request request = take_request(worker, conn);

        worker->stats->errors[reply->error]++;
        worker->kinds[request.kind].errors += worker->phase == LOAD_WINDOW;
    }
    load_check_forget(worker, conn);
}

/* The slow way: parse. *used says how many bytes belonged to this answer. */
static enum load_error parse_reply(struct load_worker *worker, struct load_conn *conn, const char *bytes,
                                   size_t size, size_t *used)
{
    bool whole = conn->reply == NULL;
    uint32_t kind = conn->ring[conn->head].kind;

    if (whole)
        conn->reply = borrow_reply(worker, kind);
    if (conn->reply == NULL)
        return LOAD_ERROR_RESET; /* no memory for it: the answer cannot be received */
    *used = load_reply_feed(conn->reply, bytes, size);
    if (conn->reply->phase == LOAD_REPLY_BROKEN)
        return LOAD_ERROR_FRAMING;
    if (conn->reply->phase != LOAD_REPLY_DONE)
        return LOAD_ERROR_NONE;
    if (whole && conn->reply->error == LOAD_ERROR_NONE)
        keep_sample(&worker->kinds[kind], conn->reply, bytes, *used);
    finish_reply(worker, conn);
    return LOAD_ERROR_NONE;
}

static bool equals_sample(const struct load_kind_seen *seen, const struct load_conn *conn, const char *bytes,
                          size_t size)
{
    return size >= seen->sample_size && conn->reply == NULL &&
           memcmp(bytes, seen->sample, seen->sample_size) == 0;
}

static enum load_error check_http(struct load_worker *worker, struct load_conn *conn, const char *bytes,
                                  size_t size)
{
    while (size > 0) {
        const struct load_kind_seen *seen = &worker->kinds[conn->ring[conn->head].kind];
        size_t used = seen->sample_size;

        if (conn->outstanding == 0 || conn->closing)
            return LOAD_ERROR_FRAMING; /* bytes that nobody asked for */
        if (equals_sample(seen, conn, bytes, size)) {
            record_answer(worker, conn);
            conn->closing = seen->sample_closes;
        } else {
            enum load_error error = parse_reply(worker, conn, bytes, size, &used);

            if (error != LOAD_ERROR_NONE)
                return error;
        }
        bytes += used;
        size -= used;
    }
    return LOAD_ERROR_NONE;
}

/* ---- echo ---- */

/* The stream that comes back must be the stream that went out, and no longer. */
static enum load_error check_echo(struct load_worker *worker, struct load_conn *conn, const char *bytes,
                                  size_t size)
{
    uint64_t payload = worker->plan->options->payload;

    if (conn->outstanding == 0 || size > conn->echo_missing + (conn->outstanding - 1) * payload)
        return LOAD_ERROR_FRAMING; /* more than was sent */
    if (memcmp(worker->plan->pool + conn->stream_in, bytes, size) != 0)
        return LOAD_ERROR_CONTENT;
    conn->stream_in = (uint32_t)((conn->stream_in + size) % LOAD_POOL_PERIOD);
    while (size >= conn->echo_missing) {
        size -= conn->echo_missing;
        conn->echo_missing = payload;
        record_answer(worker, conn);
        if (conn->outstanding == 0)
            break;
    }
    conn->echo_missing -= size;
    return LOAD_ERROR_NONE;
}

/* ---- both ---- */

enum load_error load_check(struct load_worker *worker, struct load_conn *conn, const char *bytes, size_t size)
{
    return worker->plan->protocol == LOAD_HTTP ? check_http(worker, conn, bytes, size)
                                               : check_echo(worker, conn, bytes, size);
}

enum load_error load_check_end(struct load_worker *worker, struct load_conn *conn)
{
    if (conn->reply != NULL) {
        load_reply_end_of_input(conn->reply);
        if (conn->reply->phase != LOAD_REPLY_DONE)
            return LOAD_ERROR_SHORT;
        finish_reply(worker, conn);
        return LOAD_ERROR_NONE;
    }
    return conn->outstanding > 0 ? LOAD_ERROR_SHORT : LOAD_ERROR_NONE;
}
