/*
 * session_left - how much of a session is there, and how much is left to be run: see session.h.
 */
#include "session.h"

#include <stdlib.h>

#include "capacity.h"

void session_mark_done(const struct session *session, const struct session_part *part, bool *done)
{
    samples_mark_done(&session->samples, part->scenario.name, done, part->plan.count);
    capacity_mark_needless(&part->scenario, &session->samples, &part->plan, done);
}

int64_t session_part_expected_ns(const struct session *session, const struct session_part *part)
{
    bool *done = calloc(part->plan.count + 1, sizeof(*done));
    int64_t expected_ns;

    if (done)
        session_mark_done(session, part, done);
    expected_ns = plan_expected_ns(&part->plan, &part->scenario, done);
    free(done);
    return expected_ns;
}

bool session_stopped(const struct session *session)
{
    bool stopped = false;

    for (unsigned i = 0; i < session->part_count; i++)
        stopped |= session->parts[i].stopped[0] != '\0';
    return stopped;
}

int64_t session_expected_ns(const struct session *session)
{
    int64_t sum_ns = 0;

    for (unsigned i = 0; i < session->part_count; i++)
        sum_ns += session_part_expected_ns(session, &session->parts[i]);
    return sum_ns;
}

unsigned session_slices(const struct session *session, unsigned *done_count)
{
    unsigned slices = 0;

    *done_count = 0;
    for (unsigned i = 0; i < session->part_count; i++) {
        const struct plan *plan = &session->parts[i].plan;
        bool *done = calloc(plan->count + 1, sizeof(*done));

        slices += plan->count;
        if (done)
            session_mark_done(session, &session->parts[i], done);
        for (unsigned s = 0; done && s < plan->count; s++)
            *done_count += done[s];
        free(done);
    }
    return slices;
}
