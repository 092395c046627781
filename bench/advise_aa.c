/*
 * advise_aa - see advise_aa.h.
 */
#include "advise_aa.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "splitmix.h"

enum { COPIES = 2 };

/* Rounds of both, those of one start side by side. */
struct sitting {
    unsigned rounds[ADVISE_ROUNDS_MAX], count;
    unsigned first[ADVISE_ROUNDS_MAX + 1], starts; /* where each start begins; one more for the end */
};

static void read_sitting(struct sitting *sitting, const struct advise_field *field)
{
    const struct advise_sample *one = field->runners[0].rounds, *other = field->runners[1].rounds;

    *sitting = (struct sitting){.count = 0};
    for (unsigned i = 0; i < field->rounds; i++) {
        if (!one[i].measured || !other[i].measured)
            continue;
        if (sitting->count == 0 || one[sitting->rounds[sitting->count - 1]].start != one[i].start)
            sitting->first[sitting->starts++] = sitting->count;
        sitting->rounds[sitting->count++] = i;
    }
    sitting->first[sitting->starts] = sitting->count;
}

/* One start of a session, drawn. */
static void draw_start(struct advise_field *session, const struct advise_field *from,
                       const struct sitting *sitting, unsigned most, double planted, struct splitmix *random)
{
    unsigned drawn = splitmix_below(random, sitting->starts), swap = splitmix_below(random, COPIES);
    unsigned first = sitting->first[drawn], size = sitting->first[drawn + 1] - first;
    unsigned start = session->runners[0].partly++;

    for (unsigned i = 0; i < size && session->rounds < most; i++, session->rounds++) {
        unsigned round = sitting->rounds[first + splitmix_below(random, size)];

        for (unsigned copy = 0; copy < COPIES; copy++) {
            struct advise_sample *sample = &session->runners[copy].rounds[session->rounds];

            *sample = from->runners[copy ^ swap].rounds[round];
            sample->start = start;
            sample->rate_per_s *= copy == 0 ? planted : 1;
        }
    }
}

/* As a race goes: looks between starts, and ends where one is enough. */
static struct advise_answer run_session(struct advise_field *session, const struct advise_field *from,
                                        const struct sitting *sitting, double planted,
                                        struct splitmix *random)
{
    session->rounds = session->peeks = session->peek = 0;
    session->seed = splitmix_next(random);
    for (unsigned copy = 0; copy < COPIES; copy++) {
        session->runners[copy].out = false;
        session->runners[copy].partly = 0;
    }
    do
        draw_start(session, from, sitting, sitting->count, planted, random);
    while (session->rounds < sitting->count && !advise_prune(session));
    return advise_choose(session);
}

int advise_aa_judge(const struct advise_field *field, unsigned sessions, struct advise_aa *aa)
{
    struct advise_runner *runners = calloc(COPIES, sizeof(*runners));
    double *ratios = calloc(sessions, sizeof(*ratios));
    struct advise_field session = *field;
    struct splitmix random = {.state = field->seed};
    struct sitting sitting;
    bool possible;

    read_sitting(&sitting, field);
    possible = runners && ratios && sitting.count >= STATISTICS_PAIRS_MIN;
    *aa = (struct advise_aa){.rounds = sitting.count};
    if (possible) {
        memcpy(runners, field->runners, COPIES * sizeof(*runners));
        session.runners = runners;
        session.count = session.finalists = COPIES;
    }
    for (; possible && aa->sessions < sessions; aa->sessions++) {
        struct advise_answer answer = run_session(&session, field, &sitting, 1, &random);
        double sign = answer.chosen == runners ? 1 : -1;

        aa->alarms += answer.shown;
        ratios[aa->sessions] = sign * log(answer.margin.rate.ratio);
        answer = run_session(&session, field, &sitting, ADVISE_AA_PLANTED, &random);
        aa->found += answer.shown && answer.chosen == runners;
    }
    aa->low = possible ? exp(statistics_quantile(ratios, sessions, 0.025)) : (double)NAN;
    aa->high = possible ? exp(statistics_quantile(ratios, sessions, 0.975)) : (double)NAN;
    free(ratios);
    free(runners);
    return possible ? 0 : -1;
}

void advise_aa_print(FILE *out, const struct advise_field *field, const struct advise_aa *aa)
{
    double share = 100.0 / aa->sessions;

    fprintf(out,
            "false alarms: %.1f %% of %u sessions of %u rounds, %s loop, called a difference between %s and "
            "itself\n",
            aa->alarms * share, aa->sessions, aa->rounds, field->open ? "open" : "closed",
            field->runners[0].name);
    fprintf(out, "found: %.1f %% when one of the two answers %.1f times the requests per second\n",
            aa->found * share, ADVISE_AA_PLANTED);
    fprintf(out, "ratios of the two: 95 %% of them from %.2f to %.2f\n", aa->low, aa->high);
}
