/*
 * transcript - drives a connection without any I/O: bytes in, all that it says kept in one string.
 *
 * The driver does what a model does (receive when it wants to read, send when it wants to write, wait
 * when it wants time), in pieces of any size.
 */
#ifndef TRANSCRIPT_H
#define TRANSCRIPT_H

#include <stdbool.h>
#include <stddef.h>

#include "conn.h"

enum { TRANSCRIPT_MAX = 4 << 20 };

struct transcript {
    struct conn_worker worker;
    struct service service;
    struct counters_table *table;
    struct conn conn;
    atomic_bool closing; /* service.closing */
    size_t send_most;    /* bytes "sent" at a time; 0: all there are */
    size_t waits;        /* how often it wanted time */
    char *said;          /* everything so far, NUL-terminated */
    size_t size;
};

/* Opens a worker and one connection on it. Asserts that there is memory. */
void transcript_open(struct transcript *transcript, const struct protocol *protocol);

/* A new connection on the same worker; what was said is forgotten. */
void transcript_next(struct transcript *transcript);

void transcript_close(struct transcript *transcript);

/* Sends, starts turns and waits until it wants to read or is done. */
void transcript_settle(struct transcript *transcript);

/* Feeds bytes as far as it wants them, settling in between; returns how many it took. */
size_t transcript_feed(struct transcript *transcript, const char *bytes, size_t size);

/* The same with a string, all of which must be taken (asserts, Criterion). */
void transcript_text(struct transcript *transcript, const char *text);

/* Gives it the string in one piece and does nothing more: what it says stays pending. Asserts. */
void transcript_receive(struct transcript *transcript, const char *text);

/* The end of input, then settles. */
void transcript_end(struct transcript *transcript);

/* How often a word was said. */
size_t transcript_count(const struct transcript *transcript, const char *word);

/* The counters of its worker. */
struct counters_sum transcript_sums(const struct transcript *transcript);

/* Replaces the value of each Date by dashes, so that two transcripts can be compared. */
void transcript_mask_dates(struct transcript *transcript);

#endif
