/*
 * advise_aa - see advise_aa.h.
 */
#include "advise_aa.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "splitmix.h"

enum { COPIES = 2 };

/* The rounds in which both were measured. */
struct sitting {
    unsigned rounds[ADVISE_ROUNDS_MAX], count;
};

static void read_sitting(struct sitting *sitting, const struct advise_field *field)
{
    *sitting = (struct sitting){.count = 0};
    for (unsigned i = 0; i < field->rounds; i++)
        if (field->runners[0].rounds[i].measured && field->runners[1].rounds[i].measured)
            sitting->rounds[sitting->count++] = i;
}

/* One round of a session, drawn; which copy is which is tossed. Rounds are starts: nothing else is shared. */
static void draw_round(struct advise_field *session, const struct advise_field *from,
                       const struct sitting *sitting, double planted, struct splitmix *random)
{
    unsigned round = sitting->rounds[splitmix_below(random, sitting->count)];
    unsigned swap = splitmix_below(random, COPIES);

    for (unsigned copy = 0; copy < COPIES; copy++) {
        struct advise_sample *sample = &session->runners[copy].rounds[session->rounds];

        *sample = from->runners[copy ^ swap].rounds[round];
        sample->rate_per_s *= copy == 0 ? planted : 1;
    }
    session->rounds++;
}

/* As a race goes: looks between rounds, and ends where one is enough. */
static struct advise_answer run_session(struct advise_field *session, const struct advise_field *from,
                                        const struct sitting *sitting, double planted,
                                        struct splitmix *random)
{
    session->rounds = session->peeks = session->peek = 0;
    session->seed = splitmix_next(random);
    for (unsigned copy = 0; copy < COPIES; copy++)
        session->runners[copy].out = false;
    do
        draw_round(session, from, sitting, planted, random);
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
    possible = runners && ratios && sitting.count >= STATISTICS_INDEPENDENT_MIN;
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
