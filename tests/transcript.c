/*
 * transcript - drives a connection without any I/O.
 */
#include "transcript.h"

#include <assert.h>
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

void transcript_open(struct transcript *transcript, const struct protocol *protocol)
{
    memset(transcript, 0, sizeof(*transcript));
    transcript->table = counters_open(NULL, 1);
    transcript->said = malloc(TRANSCRIPT_MAX);
    assert(transcript->table && transcript->said);
    transcript->service = (struct service){.protocol = protocol,
                                           .model = "test",
                                           .counters = transcript->table,
                                           .closing = &transcript->closing};
    conn_worker_open(&transcript->worker, &transcript->service, counters_slot(transcript->table, 0));
    conn_open(&transcript->conn, &transcript->worker, -1);
    transcript->said[0] = '\0';
}

void transcript_next(struct transcript *transcript)
{
    conn_close(&transcript->conn);
    conn_open(&transcript->conn, &transcript->worker, -1);
    transcript->size = 0;
    transcript->said[0] = '\0';
}

void transcript_close(struct transcript *transcript)
{
    conn_close(&transcript->conn);
    conn_worker_close(&transcript->worker);
    counters_unmap(transcript->table);
    free(transcript->said);
}

/* "Sends" some of what is pending. */
static void send_some(struct transcript *transcript)
{
    const char *bytes;

    conn_load(&transcript->conn);
    size_t size = conn_pending(&transcript->conn, &bytes);
    if (transcript->send_most > 0 && size > transcript->send_most)
        size = transcript->send_most;
    assert(transcript->size + size < TRANSCRIPT_MAX);
    if (size > 0)
        memcpy(transcript->said + transcript->size, bytes, size);
    transcript->size += size;
    transcript->said[transcript->size] = '\0';
    conn_sent(&transcript->conn, size); /* 0: its turn was over, a new one starts */
}

void transcript_settle(struct transcript *transcript)
{
    for (;;) {
        switch (conn_wants(&transcript->conn)) {
        case CONN_WANT_WRITE:
            send_some(transcript);
            break;
        case CONN_WANT_TIME:
            transcript->waits++;
            conn_waited(&transcript->conn);
            break;
        case CONN_WANT_READ:
        case CONN_DONE:
            return;
        }
    }
}

size_t transcript_feed(struct transcript *transcript, const char *bytes, size_t size)
{
    size_t fed = 0;

    while (fed < size && conn_wants(&transcript->conn) == CONN_WANT_READ) {
        char *at;
        size_t room = conn_space(&transcript->conn, &at);
        size_t n = room < size - fed ? room : size - fed;

        assert(room > 0);
        memcpy(at, bytes + fed, n);
        conn_received(&transcript->conn, n);
        fed += n;
        transcript_settle(transcript);
    }
    return fed;
}

void transcript_text(struct transcript *transcript, const char *text)
{
    cr_assert_eq(transcript_feed(transcript, text, strlen(text)), strlen(text), "not all was taken of %s",
                 text);
}

void transcript_receive(struct transcript *transcript, const char *text)
{
    char *at;

    cr_assert(conn_space(&transcript->conn, &at) >= strlen(text));
    memcpy(at, text, strlen(text));
    conn_received(&transcript->conn, strlen(text));
}

void transcript_end(struct transcript *transcript)
{
    if (conn_wants(&transcript->conn) == CONN_WANT_READ)
        conn_received(&transcript->conn, 0);
    transcript_settle(transcript);
}

size_t transcript_count(const struct transcript *transcript, const char *word)
{
    const char *at = transcript->said;
    size_t count = 0;

    while ((at = strstr(at, word))) {
        at += strlen(word);
        count++;
    }
    return count;
}

struct counters_sum transcript_sums(const struct transcript *transcript)
{
    return counters_sum(transcript->table);
}

void transcript_mask_dates(struct transcript *transcript)
{
    char *at = transcript->said;

    while ((at = strstr(at, "\r\nDate: "))) {
        at += strlen("\r\nDate: ");
        memset(at, '-', strcspn(at, "\r"));
    }
}
