/*
 * up_down - see up_down.h.
 */
#include "up_down.h"

#include <math.h>

enum { TURNS_SETTLED = 2 };

static double within(const struct up_down *walk, double rate_per_s)
{
    return fmax(walk->least_per_s, fmin(rate_per_s, walk->most_per_s));
}

void up_down_open(struct up_down *walk, double first_per_s, double least_per_s, double most_per_s)
{
    *walk = (struct up_down){
        .least_per_s = least_per_s, .most_per_s = fmax(least_per_s, most_per_s), .step = log(UP_DOWN_FIRST)};
    walk->rate_per_s = within(walk, first_per_s);
}

void up_down_note(struct up_down *walk, bool held)
{
    bool turned = walk->held + walk->failed > 0 && held != walk->last;
    double step;

    if (turned) {
        walk->turns++;
        walk->step = fmax(walk->step / 2, log(UP_DOWN_LEAST));
    }
    walk->held += held;
    walk->failed += !held;
    walk->last = held;
    step = walk->held == 0 ? log(UP_DOWN_FALL) : walk->step;
    walk->rate_per_s = within(walk, walk->rate_per_s * exp(held ? step : -step));
}

bool up_down_settled(const struct up_down *walk)
{
    return walk->turns >= TURNS_SETTLED;
}
