/*
 * fuzz_conn - a connection and whatever may happen to it: bytes in portions, sends that fall short, turns,
 * waits, the end of input, resets. The first byte chooses the protocol; then one byte says what happens, and
 * how much of it.
 *
 * It must never ask for what cannot be given, never run for ever, and give back all it has borrowed.
 */
#include "fuzz.h"

#include "conn.h"
#include "handler.h"

#include <string.h>

enum { SAID_MAX = 1 << 20, STEPS_MAX = 4000 };

static struct conn_worker worker;
static struct counters_table *table;

/* --wrap=handler_spin: the target /spin/60000000 is a minute of CPU time. */
void __wrap_handler_spin(uint64_t usec);
void __wrap_handler_spin(uint64_t usec)
{
    FUZZ_CHECK(usec <= HANDLER_WAIT_MAX_US);
}

struct script {
    const uint8_t *at;
    size_t size;
};

static uint8_t next(struct script *script)
{
    if (script->size == 0)
        return 0;
    script->size--;
    return *script->at++;
}

static void receive(struct conn *conn, struct script *script, size_t most)
{
    char *at;
    size_t room = conn_space(conn, &at), n = most < script->size ? most : script->size;

    FUZZ_CHECK(room > 0);
    n = n < room ? n : room;
    memcpy(at, script->at, n);
    script->at += n, script->size -= n;
    conn_received(conn, n);
}

static size_t send_some(struct conn *conn, size_t most)
{
    const char *at;
    size_t size = conn_pending(conn, &at);
    volatile char last = size > 0 ? at[size - 1] : 0;

    (void)last;
    FUZZ_CHECK(!conn_sends_file(conn));
    size = size < most ? size : most;
    conn_sent(conn, size);
    return size;
}

/* One thing that may happen now. Returns how many bytes were sent. */
static size_t happen(struct conn *conn, struct script *script, uint8_t what)
{
    size_t much = what >> 3;

    if ((what & 7) == 7 && much == 31)
        conn_abort(conn);
    else if ((what & 7) == 6 && much == 31)
        conn_expire(conn);
    else if (conn_wants(conn) == CONN_WANT_WRITE)
        return send_some(conn, (what & 1) != 0 ? SIZE_MAX : much + 1);
    else if (conn_wants(conn) == CONN_WANT_TIME)
        FUZZ_CHECK(conn_wait_ns(conn) >= 0), conn_waited(conn);
    else
        receive(conn, script, (what & 1) != 0 ? SIZE_MAX : much * much + 1);
    return 0;
}

static void play(struct script script)
{
    size_t said = 0, steps = 0;
    struct conn conn;

    conn_open(&conn, &worker, -1);
    while (conn_wants(&conn) != CONN_DONE && script.size > 0 && said < SAID_MAX && steps++ < STEPS_MAX) {
        said += happen(&conn, &script, next(&script));
        FUZZ_CHECK(worker.buffers.lent <= 2);
        FUZZ_CHECK(!conn_idle(&conn) || worker.buffers.lent == 0);
    }
    while (conn_wants(&conn) != CONN_DONE && said < SAID_MAX) { /* the client is gone: it comes to its end */
        if (conn_wants(&conn) == CONN_WANT_READ)
            conn_received(&conn, 0);
        else if (conn_wants(&conn) == CONN_WANT_TIME)
            conn_waited(&conn);
        else
            said += send_some(&conn, SIZE_MAX);
        FUZZ_CHECK(steps++ < 2 * STEPS_MAX);
    }
    conn_close(&conn);
    FUZZ_CHECK(worker.buffers.lent == 0 && worker.buffers.allocated == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct service service = {.model = "fuzz"};

    if (table == NULL)
        table = counters_open(NULL, 1);
    if (size == 0 || table == NULL)
        return 0;
    service.protocol = (data[0] & 1) != 0 ? &protocol_echo : &protocol_http;
    service.counters = table;
    conn_worker_open(&worker, &service, counters_slot(table, 0));
    play((struct script){data + 1, size - 1});
    conn_worker_close(&worker);
    return 0;
}
