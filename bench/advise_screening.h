/*
 * advise_screening - who gets into the finals, after one look at each (advise_choice.h has the field).
 */
#ifndef ADVISE_SCREENING_H
#define ADVISE_SCREENING_H

#include "advise_choice.h"

/*
 * Of one that did not serve everybody at its first look: whether a longer ramp would not help, for even so it
 * answered far less than two others. Then why says so.
 */
bool advise_hopeless(const struct advise_field *field, struct advise_runner *runner);

/* After the screening: says which loop, and takes all but the most promising out of the race (two stay). */
void advise_screen(struct advise_field *field, unsigned finalists);

/*
 * Nobody keeps the objective in closed loop, though one look at each had said so: begins anew in open loop,
 * with a search.
 */
void advise_reopen(struct advise_field *field);

#endif
