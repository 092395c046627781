/*
 * load_turns - clients that ask by turns (--turn I/N:TIME), so that two servers can be compared within
 * milliseconds though each is loaded alone.
 *
 * Time is cut into cycles of N turns, one for each of N clients on this machine. They do not talk: cycles are
 * counted on CLOCK_MONOTONIC from its zero, and the order of a cycle follows from its number. Every second
 * cycle has the order of the one before it backwards, so that whatever drifts weighs on all alike.
 *
 *     cycle         2k           2k + 1
 *     turns     | 1 | 2 | 0 || 0 | 2 | 1 || ...
 *     client 2      |===.|       |===.|            === it asks;  . what is in flight is answered
 *
 * In the last tenth of a turn nothing new is asked. The time between its last answer and its next turn is no
 * time in which a client measures: rates are per second of the rest.
 */
#ifndef LOAD_TURNS_H
#define LOAD_TURNS_H

#include <stdbool.h>
#include <stdint.h>

struct load_worker;

enum { LOAD_TURNS_MAX = 64 };

/* The turn of client `place` of `of`; of 0: it always may ask. */
struct load_turn {
    unsigned place, of;
    int64_t length_ns;
};

/* Where a worker stands. */
struct load_turns {
    struct load_turn turn;
    int64_t begin_ns, end_ns; /* of the present turn, or of the next one */
    int64_t rest_ns;          /* since when it waits for that, all answered; 0: it does not wait */
    uint32_t ready;           /* connections that would ask then */
    int64_t paused_ns;        /* of the window */
};

/* Reads "1/3:5ms": the second of three. NULL, or a sentence that says what --turn takes. */
const char *load_turn_parse(const char *text, struct load_turn *turn);

/* The first turn that is not over at now_ns, its last tenth left out: [*begin_ns, *end_ns). */
void load_turn_next(const struct load_turn *turn, int64_t now_ns, int64_t *begin_ns, int64_t *end_ns);

/* Is this worker to ask now? Without turns always. */
bool load_turns_ours(const struct load_worker *worker);

/* Goes on to what is at now_ns. True: a turn has begun or ended. */
bool load_turns_step(struct load_worker *worker);

/* The window has ended, perhaps between two turns. */
void load_turns_end(struct load_worker *worker);

#endif
