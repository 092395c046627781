/*
 * advise_finals - the rounds of tenk-advise between the finalists, and in open loop the search before them.
 */
#ifndef ADVISE_FINALS_H
#define ADVISE_FINALS_H

#include "advise_look.h"

/* Until enough is known or the time is up: look_goes_on, or LOOK_TIME_UP. Else *failure says why. */
enum look advise_finals_run(struct advise_race *race, struct failure *failure);

#endif
