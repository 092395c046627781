/*
 * load_life - connections that do not simply ask again: they think, only sit there, read or write slowly,
 * or reset.
 *
 *     --think        after an answer the client pauses, as people do; then it asks again
 *     --idle         connections beside the others that are held and never asked
 *     --slow-read    answers are taken out of the socket in slices; its receive buffer is small
 *     --slow-write   requests are given to the socket in slices
 *     --reset-every  a request is sent and its connection reset, its answer unread
 *
 * What a connection does later stands in its `later_ns`; the earliest of these times is its timer in the heap
 * of the worker, which is looked at between two batches of events. Without such options none of this is
 * called.
 */
#ifndef LOAD_LIFE_H
#define LOAD_LIFE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct load_conn;
struct load_options;
struct load_worker;

/* What a connection can have to do later, in the order in which it is done. */
enum load_later {
    LOAD_LATER_RESET, /* end it with a reset */
    LOAD_LATER_START, /* connect, or ask: it has thought */
    LOAD_LATER_WRITE, /* send the next slice */
    LOAD_LATER_READ,  /* receive the next slice */
    LOAD_LATERS,
};

/* What a slow reader has not read stays with the server, but for so many bytes in its own kernel. */
enum { LOAD_SLOW_BUFFER = 4096 };

/* Does a run with these options need timers for its connections? */
bool load_life_is_special(const struct load_options *options);

/* The size of a slice at this rate, at most `size`; a rate of 0 is none. */
size_t load_life_slice(uint64_t bytes_per_s, size_t size);

/* After an answer: the client asks again when it has thought. */
void load_life_think(struct load_worker *worker, struct load_conn *conn);

/* Before the first request: connection i of n thinks for i/n of the time, so that they do not march in step.
 */
void load_life_think_first(struct load_worker *worker, struct load_conn *conn);

/* An idle connection that could not be made, or was closed by the server, is made again a while later. */
void load_life_idle_again(struct load_worker *worker, struct load_conn *conn);

/* The next slice is read when the `size` bytes of this one have had their time. */
void load_life_read_later(struct load_worker *worker, struct load_conn *conn, size_t size);

/* The next slice is sent when the one before has had its time; a slice of `size` bytes was sent now. */
void load_life_write_later(struct load_worker *worker, struct load_conn *conn);
void load_life_written(struct load_worker *worker, struct load_conn *conn, size_t size);

/* A request was sent: every K-th is reset as soon as the present batch of events is done. */
void load_life_sent(struct load_worker *worker, struct load_conn *conn);

/* There is nothing to do later any more. */
void load_life_forget(struct load_worker *worker, struct load_conn *conn);

/* Does what is due. */
void load_life_due(struct load_worker *worker);

#endif
