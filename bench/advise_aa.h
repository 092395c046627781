/*
 * advise_aa - how often would the advice be wrong? Of one model, measured as two: `tenk advise --aa`.
 *
 * The rounds of the two copies are drawn into sessions; for each it is tossed anew which copy is which. Each
 * session is judged as a race is, with its looks before the end. A difference shown is a false alarm. With
 * the rates of one of them multiplied by ADVISE_AA_PLANTED it has to be found.
 */
#ifndef ADVISE_AA_H
#define ADVISE_AA_H

#include "advise_choice.h"

enum { ADVISE_AA_SESSIONS = 400 };
#define ADVISE_AA_PLANTED 1.3

struct advise_aa {
    unsigned sessions, rounds; /* of each session, as many as were measured */
    unsigned alarms;           /* sessions in which a difference was shown */
    unsigned found;            /* in which the planted one was, the right way round */
    double low, high;          /* the 2.5 % and 97.5 % quantiles of the ratio of rates in the margin */
};

/* Of a field with two runners that has been measured. 0; -1: fewer than STATISTICS_INDEPENDENT_MIN rounds of
 * both, or no memory. */
int advise_aa_judge(const struct advise_field *field, unsigned sessions, struct advise_aa *aa);

/* In three lines. */
void advise_aa_print(FILE *out, const struct advise_field *field, const struct advise_aa *aa);

#endif
