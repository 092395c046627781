/*
 * advise_look - one server started and stopped, one slice of it: what the race of tenk-advise is made of.
 */
#ifndef ADVISE_LOOK_H
#define ADVISE_LOOK_H

#include "advise_race.h"
#include "server_process.h"

/* Where a server did not serve everybody in its ramp it gets so many times that. */
enum { LOOK_RAMP_GROWTH = 3 };

/* A runner and its server. */
struct stand {
    struct advise_runner *runner;
    struct server_process server;
};

enum look {
    LOOK_GOOD,
    LOOK_PARTLY,  /* not everybody was served */
    LOOK_SPOILED, /* the server did something wrong */
    LOOK_TIME_UP,
    LOOK_INTERRUPTED,
    LOOK_IMPOSSIBLE,
};

/* Whether the race goes on after it. */
bool look_goes_on(enum look look);

/* When the last slice has to be over (clock_now_ns()). */
int64_t look_end_ns(const struct advise_race *race);

/* How long a slice is expected to take by what they took so far, and whether so long is left until then. */
int64_t look_slice_ns(const struct advise_race *race, const struct advise_runner *runner);
bool look_fits(int64_t needed_ns, int64_t until_ns);

/* What the lines are that look_at writes to race->log. */
void look_log_begin(FILE *log);

/* 0; -1 with a sentence. */
int look_start(struct advise_race *race, struct stand *stand, struct failure *failure);

/* A server that does not end well makes its runner unusable. */
void look_stop(struct advise_race *race, struct stand *stand);

/*
 * A slice; rate 0: closed loop. LOOK_GOOD: fills the sample; LOOK_PARTLY: its rate only, it is not measured.
 * LOOK_PARTLY, LOOK_SPOILED: runner->why says by what. Not *steady: a longer ramp may help. LOOK_IMPOSSIBLE:
 * *failure says why.
 */
enum look look_at(struct advise_race *race, struct stand *stand, double rate_per_s,
                  struct advise_sample *sample, bool *steady, struct failure *failure);

#endif
